"""A verifier's report for GitHub Actions: commands for the runner, and a page for the step.

The runner shows ten errors and ten warnings of a step beside the code, and drops the rest without
a word. So the worst ten are said as commands, all others as lines of the log, and the page has the
table. What stands in a file can be no command: a line of ours begins with our own words, and what
could begin one inside a line is parted.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from sessionfs.canonical import UNSET
from sessionfs.view.findings import finding_lines, hints, verdict
from sessionfs.view.ranking import worst, worst_first
from sessionfs.view.text import counted, encodable, one_line, safe

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sessionfs.model import Finding

SHOWN: Final = 10
"""Annotations of one level that the runner takes from a step."""

PAGE: Final = 1 << 20
"""Bytes of a step's page: GitHub refuses a longer one as a whole."""

_IN_DATA: Final = {ord("%"): "%25", ord("\r"): "%0D", ord("\n"): "%0A"}
_IN_PROPERTY: Final = {**_IN_DATA, ord(":"): "%3A", ord(","): "%2C"}
_MARKUP = re.compile(r"[\\`*_{}\[\]()<>#+!|~@:&$\"']|(?<=[Ww])\.")


def log_lines(
    findings: Sequence[Finding], checked: Mapping[str, int], mode: str = "full"
) -> Iterator[str]:
    """Yield the lines of the log: the worst ten of each level as annotations, then the others."""
    shown = [
        found
        for level in ("error", "warning")
        for found in worst([found for found in findings if found.level == level], SHOWN)
    ]
    for found in shown:
        text = safe(f"{_told(found)}\nhint: {found.hint}" if found.hint else _told(found))
        yield _command(found.level, text, file=found.path, line=found.line, title=found.code)
    taken = set(map(id, shown))
    others = [found for found in findings if id(found) not in taken]
    if others:
        more = counted(len(others), "more finding")
        yield _command("notice", f"{more}: in the log, and on the page of this job", title="verify")
        yield f"::group::{more}"
        yield from (_plain(line.text) for line in finding_lines(others))
        yield "::endgroup::"
    yield _plain(verdict(findings, checked, mode).text)


def failure(message: str, hint: str) -> str:
    """Return the line that says why nothing could be verified."""
    text = safe(f"{message}\nhint: {hint}" if hint else message)
    return _command("error", text, title="sessionfs")


def page(
    findings: Sequence[Finding], checked: Mapping[str, int], room: int = PAGE, mode: str = "full"
) -> str:
    """Return the page of the step in Markdown, at most `room` bytes: if need be only the worst.

    `""` where not even the verdict has room.
    """
    head = f"### sessionfs verify\n\n{_escaped(verdict(findings, checked, mode).text)}\n"
    names = "\n| | Rule | Where | What |\n|---|---|---|---|\n"
    tail = "".join(f"\n**{codes}**: {_escaped(hint)}\n" for codes, hint in hints(findings))
    left = room - len(f"{head}{names}{_rest(len(findings))}{tail}".encode())
    if left < 0:
        return head if len(head.encode()) <= room else ""
    rows: dict[int, str] = {}
    for place in worst_first(findings):
        found = findings[place]
        told = f"{_escaped(found.where)} | {_escaped(found.message)}"
        row = f"| {found.level} | {found.code} | {told} |\n"
        left -= len(row.encode())
        if left < 0:
            break
        rows[place] = row
    rest = _rest(len(findings) - len(rows)) if len(rows) < len(findings) else ""
    table = names + "".join(rows[place] for place in sorted(rows)) if rows else ""
    return head + table + rest + tail


def _rest(number: int) -> str:
    return f"\n{counted(number, 'more finding')}: in the log of the step.\n"


def _told(found: Finding) -> str:
    """Return what was found, with the place inside the line, which the runner does not know."""
    return found.message if found.pointer is UNSET else f"{found.pointer}: {found.message}"


def _command(name: str, text: str, **properties: object) -> str:
    told = ",".join(
        f"{key}={encodable(safe(str(value))).translate(_IN_PROPERTY)}"
        for key, value in properties.items()
        if value not in ("", UNSET)
    )
    return f"::{name}{' ' if told else ''}{told}::{encodable(text).translate(_IN_DATA)}"


def _plain(text: str) -> str:
    """Return a line of the log in which the runner sees no command: its old form is `##[`."""
    return text.replace("##[", "# #[")


def _escaped(text: str) -> str:
    """Return text on one line in which Markdown sees no markup, no link and no person."""
    return _MARKUP.sub(lambda match: f"&#{ord(match[0])};", one_line(text))
