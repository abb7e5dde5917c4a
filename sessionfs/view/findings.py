"""A verifier's report as lines for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sessionfs.view import Line
from sessionfs.view.text import counted, one_line, size

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from sessionfs.model import Finding
    from sessionfs.view import Style

ONLY_A_LOOK: Final = "names, sizes and seals only, which is not a verification"
"""What every form says of the mode `fast`, so that nobody takes it for more."""


def report_lines(
    findings: Sequence[Finding], checked: Mapping[str, int], mode: str = "full"
) -> Iterator[Line]:
    """Yield a line for each finding, then how to mend them, and a count last."""
    yield from finding_lines(findings)
    yield verdict(findings, checked, mode)


def finding_lines(findings: Sequence[Finding]) -> Iterator[Line]:
    """Yield a line for each finding, then how to mend them."""
    for finding in findings:
        style: Style = "bad" if finding.level == "error" else "doubtful"
        place = f" {finding.where}" if finding.where else ""  # none: a pack as a whole
        yield Line(one_line(f"{finding.code}{place}: {finding.message}"), style)
    for codes, hint in hints(findings):
        yield Line(f"hint ({codes}): {one_line(hint)}", "faint")


def hints(findings: Iterable[Finding]) -> Iterator[tuple[str, str]]:
    """Yield each hint once, behind the codes that it mends."""
    codes: dict[str, dict[str, None]] = {}
    for finding in findings:
        if finding.hint:
            codes.setdefault(finding.hint, {})[finding.code] = None
    for hint, named in codes.items():
        yield ", ".join(named), hint


def verdict(findings: Sequence[Finding], checked: Mapping[str, int], mode: str = "full") -> Line:
    """Return the last line: ok or not, how much was looked at, and that a look is not all."""
    kinds = ("session", "file") if mode == "fast" else ("session", "message", "file")
    seen = ", ".join(
        [*(counted(checked[f"{kind}s"], kind) for kind in kinds), size(checked["bytes"])]
    )
    if mode == "fast":
        seen += f"; {ONLY_A_LOOK}"
    errors = sum(finding.level == "error" for finding in findings)
    warnings = len(findings) - errors
    told = [counted(errors, "error")] if errors else []
    if errors and mode == "secrets":
        told = [f"{counted(errors, 'place')} with secrets"]
    told += [counted(warnings, "warning")] if warnings else []
    if errors:
        return Line(f"{' and '.join(told)} in {seen}", "bad")
    return Line(f"ok{', ' + told[0] if told else ''}: {seen}", "good")
