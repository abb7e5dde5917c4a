"""What a verification found, and how much it looked at: one report, or several as one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from sessionfs.canonical import Struct, replace
from sessionfs.model import Finding  # noqa: TC001  structs resolve their annotations
from sessionfs.tree import path_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


Mode = Literal["full", "fast", "deep"]
"""How far a verification goes.

`full` is every rule. `fast` compares names, sizes and seals, reads no content, and is no
verification. `deep` is every rule as the reference implementations judge it, message by message.
"""

Purpose = Literal["full", "fast", "deep", "secrets"]
"""What a report is about: a verification, by its mode, or a search for secrets."""


class Checked(Struct, frozen=True, kw_only=True):
    """How much was looked at."""

    sessions: int = 0
    messages: int = 0
    files: int = 0
    bytes: int = 0

    def __add__(self, other: Checked) -> Checked:
        """Both together."""
        return Checked(
            sessions=self.sessions + other.sessions,
            messages=self.messages + other.messages,
            files=self.files + other.files,
            bytes=self.bytes + other.bytes,
        )


class Verdict(Struct, frozen=True):
    """What is known of a session once it is verified: enough to compare it with others."""

    id: str | None
    uid: str | None
    parent: str | None
    findings: list[Finding]
    checked: Checked


class Report(Struct, frozen=True, kw_only=True):
    """What a verification found, sorted by path, line and code, and how much it looked at."""

    findings: list[Finding]
    checked: Checked
    archives: tuple[str, ...] = ()
    """The directory of each archive, as findings name it: `""` where paths are relative to it."""
    sessions: tuple[str, ...] = ()
    """The directory of each session that was looked at, likewise."""
    mode: Purpose = "full"
    changed: tuple[str, ...] = ()
    """Where what git has was verified: the files that have other bytes in the work tree."""

    @property
    def ok(self) -> bool:
        """Whether there is no error; warnings are fine."""
        return not self.errors

    @property
    def errors(self) -> int:
        """The number of errors."""
        return sum(found.level == "error" for found in self.findings)

    @property
    def warnings(self) -> int:
        """The number of warnings."""
        return len(self.findings) - self.errors

    @property
    def newer(self) -> bool:
        """Whether something was not judged because it asks for a newer reader."""
        return any(found.code == "E002" for found in self.findings)


def merge_reports(reports: Mapping[str, Report]) -> Report:
    """Return the reports of several directories as one: the directory stands before each path."""
    return Report(
        findings=in_order(
            replace(found, path=join(place, found.path))
            for place, report in reports.items()
            for found in report.findings
        ),
        checked=sum((report.checked for report in reports.values()), Checked()),
        archives=tuple(
            join(at, path) for at, report in reports.items() for path in report.archives
        ),
        sessions=tuple(
            join(at, path) for at, report in reports.items() for path in report.sessions
        ),
        mode=next((report.mode for report in reports.values()), "full"),
        changed=tuple(join(at, path) for at, report in reports.items() for path in report.changed),
    )


def join(directory: str, path: str) -> str:
    """Return a path below a directory; of either, `""` is none."""
    if not directory or not path:
        return directory or path
    return f"{directory.rstrip('/')}/{path}"


def in_order(found: Iterable[Finding]) -> list[Finding]:
    """Return findings sorted by path, line, code and pointer."""

    def place(item: Finding) -> tuple[bytes, int, str, str]:
        line = item.line if isinstance(item.line, int) else 0
        pointer = item.pointer if isinstance(item.pointer, str) else ""
        return path_bytes(item.path), line, item.code, pointer

    return sorted(found, key=place)
