"""Findings for services that take only some: which are the worst, and what tells them apart."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from sessionfs.canonical import UNSET
from sessionfs.digest import first_bytes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sessionfs.model import Finding

_BYTES = 16


def worst(findings: Sequence[Finding], number: int) -> list[Finding]:
    """Return the worst findings, `number` at most, in the order in which they were given."""
    if len(findings) <= number:
        return list(findings)
    return [findings[place] for place in sorted(worst_first(findings)[:number])]


def worst_first(findings: Sequence[Finding]) -> list[int]:
    """Return the places of the findings, from the worst to the least.

    Errors go before warnings. Among these each directory has its turn, in it each file, before
    a second finding of any file: so one broken file does not hide the others.
    """
    in_file: Counter[tuple[str, str]] = Counter()
    files: Counter[str] = Counter()
    turn_of: dict[str, int] = {}
    turns = []
    for place, found in enumerate(findings):
        if found.path not in turn_of:
            directory = found.path.rpartition("/")[0].removesuffix("/files")
            turn_of[found.path] = files[directory]
            files[directory] += 1
        key = found.level, found.path
        turns.append((found.level != "error", in_file[key], turn_of[found.path], place))
        in_file[key] += 1
    return [place for *_, place in sorted(turns)]


def fingerprints(findings: Sequence[Finding]) -> list[str]:
    """Return a fingerprint for each finding: 32 hex digits, unique among them.

    It follows from code and place, not from the message: the same one next time, on any
    machine, in any wording. What stands at one place repeatedly is counted.
    """
    seen: Counter[str] = Counter()
    prints = []
    for found in findings:
        line = "" if found.line is UNSET else str(found.line)
        pointer = "" if found.pointer is UNSET else found.pointer
        place = f"{found.code}\0{found.path}\0{line}\0{pointer}"
        counted = f"{place}\0{seen[place]}".encode("utf-8", "surrogatepass")
        prints.append(first_bytes(counted, _BYTES).hex())
        seen[place] += 1
    return prints
