"""The upkeep of an archive: what is well around it, what is not, and what to do, as values.

Here is what can be said without a disk or git: limits of hosts, days that are left, and what a
number of files means.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final, Literal

from sessionfs.canonical import Struct
from sessionfs.view import Line
from sessionfs.view.text import counted, one_line, size

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from sessionfs.view import Style

Level = Literal["ok", "warning", "problem", "skipped"]
"""`problem`: something is lost, or will be. `skipped`: there is nothing to look at."""

_STYLES: Final[dict[Level, Style]] = {
    "ok": "good", "warning": "doubtful", "problem": "bad", "skipped": "faint",
}  # fmt: skip

SHOWN: Final = 12
"""Logs that are named for people; programs are told all."""

SOON: Final = 7
"""Days that are left of a log when it becomes a problem that it is not archived."""

REFUSED: Final = 100 << 20
"""GitHub and GitLab refuse a larger file, in bytes."""
WARNED: Final = 50 << 20
"""GitHub warns of a larger one."""
MANY: Final = 2_000
"""Sessions from which on `git status` is noticeably faster with a cache."""
CROWDED: Final = 3_000
"""More entries in a directory than GitHub recommends."""


class Check(Struct, frozen=True, kw_only=True):
    """One thing that was looked at: its name, how it is, and what to do about it."""

    name: str
    level: Level
    message: str
    hint: str = ""


class Unarchived(Struct, frozen=True, kw_only=True):
    """A native log that the archive lacks, or of which it lacks the end.

    `refused` is one that import cannot take, and `reason` says why.
    """

    path: str
    agent: str
    state: Literal["new", "grown", "refused"]
    reason: str = ""
    days_left: int | None
    """Whole days until its agent deletes it; 0: at its next start; None: never, as far as known."""


class Checkup(Struct, frozen=True, kw_only=True):
    """Everything that was looked at, and the logs that are not archived, the most urgent first."""

    archive: str | None
    checks: list[Check]
    logs: list[Unarchived]

    @property
    def ok(self) -> bool:
        """Whether there is no problem; warnings are fine."""
        return all(check.level != "problem" for check in self.checks)


def days_left(period: int | None, age: float | None) -> int | None:
    """Return the whole days until a log is deleted whose agent keeps logs for a period of days."""
    return None if period is None or age is None else max(0, int(period - age))


def by_urgency(logs: Iterable[Unarchived]) -> list[Unarchived]:
    """Return logs, those that go first before the others."""
    return sorted(logs, key=lambda log: (log.days_left is None, log.days_left or 0, log.path))


def judge_logs(logs: Sequence[Unarchived], looked_at: int, where: str) -> Check:
    """Return what logs that are not archived mean; `looked_at` is how many there are.

    It is a problem where an import is urgent. What import cannot take is none: nobody can mend it.
    """
    if not logs:
        said = f"{counted(looked_at, 'log')} of {where}, all archived"
        return Check(name="logs", level="ok", message=said if looked_at else f"no logs of {where}")
    wanted = [log for log in logs if log.state != "refused"]
    refused = len(logs) - len(wanted)
    told = ["not archived, or grown since"] if wanted else []
    told += [f"import cannot take {refused:,}"] if refused else []
    said = f"{len(logs)} of {counted(looked_at, 'log')} of {where}: {'; '.join(told)}"
    left = min((log.days_left for log in logs if log.days_left is not None), default=None)
    if left is not None:
        when = "at the agent's next start" if left == 0 else f"in {counted(left, 'day')}"
        said += f"; the first is deleted {when}"
    urgent = any(log.days_left is not None and log.days_left <= SOON for log in wanted)
    option = "--here" if where.endswith("here") else "--all"
    return Check(
        name="logs",
        level="problem" if urgent else "warning",
        message=said,
        hint=f"`sessionfs import {option}` archives them"
        if wanted
        else "copy what import cannot take to another place before it is deleted",
    )


def judge_sizes(sizes: Mapping[str, int]) -> Check:
    """Return what hosts of git say of the sizes of files."""
    largest = max(sizes, key=lambda path: (sizes[path], path), default=None)
    if largest is None:
        return Check(name="sizes", level="ok", message="no files yet")
    told = size(sizes[largest])
    over = sum(number > WARNED for number in sizes.values())
    if sizes[largest] <= WARNED:
        return Check(name="sizes", level="ok", message=f"the largest file has {told}")
    refused = sizes[largest] > REFUSED
    said = "GitHub and GitLab refuse more than 100 MiB" if refused else "GitHub warns from 50 MiB"
    return Check(
        name="sizes",
        level="problem" if refused else "warning",
        message=f"{largest} has {told}; {said}"
        + (f" ({over} files over 50 MiB)" if over > 1 else ""),
        hint="keep such a session in an archive that is not pushed there, or remove it",
    )


def judge_directories(entries: Mapping[str, int]) -> Check:
    """Return what hosts say of the number of entries in directories."""
    fullest = max(entries, key=lambda path: (entries[path], path), default=None)
    if fullest is None or entries[fullest] <= CROWDED:
        return Check(
            name="directories",
            level="ok",
            message=f"none has more than {CROWDED:,} entries",
        )
    return Check(
        name="directories",
        level="warning",
        message=f"{fullest} has {entries[fullest]:,} entries; GitHub recommends {CROWDED:,}",
        hint="everything works, but pages of that directory are slow or cut off on the web",
    )


def judge_speed(sessions: int, settings: Iterable[str | None]) -> Check | None:
    """Return that git could be faster; None where it is, or where that would be little.

    `settings` are the values of `core.untrackedCache` and `feature.manyFiles`.
    """
    if sessions < MANY or "true" in settings:
        return None
    return Check(
        name="speed",
        level="ok",
        message=f"{counted(sessions, 'session')}: `git status` looks into each directory",
        hint="`git config core.untrackedCache true` takes about half of its time away",
    )


def entries_of(paths: Iterable[str]) -> dict[str, int]:
    """Return how many entries each directory has in which files stand."""
    inside: dict[str, set[str]] = {}
    for path in paths:
        child = path
        while "/" in child:
            parent, _, name = child.rpartition("/")
            names = inside.setdefault(parent, set())
            if name in names:
                break
            names.add(name)
            child = parent
    return {directory: len(names) for directory, names in inside.items()}


def lines(checkup: Checkup) -> Iterator[Line]:
    """Yield a line for each check, what to do below it, the most urgent logs, and a count."""
    for check in checkup.checks:
        yield Line(
            f"{check.level:<8} {check.name:<12} {one_line(check.message)}", _STYLES[check.level]
        )
        if check.hint:
            yield Line(f"{'':<8} {'':<12} hint: {one_line(check.hint)}", "faint")
        if check.name == "logs":
            yield from _log_lines(checkup.logs)
    counts = Counter(check.level for check in checkup.checks)
    told = [counted(counts[level], level) for level in ("problem", "warning") if counts[level]]
    yield Line(" and ".join(told) or "all is well", _STYLES[_worst(checkup)])


def _log_lines(logs: Sequence[Unarchived]) -> Iterator[Line]:
    for log in logs[:SHOWN]:
        told = f"{log.path}: {log.reason}" if log.reason else log.path
        left = "" if log.days_left is None else counted(log.days_left, "day")
        yield Line(f"{'':<8} {left:>12} {log.agent}  {log.state:<7}  {one_line(told)}")
    if len(logs) > SHOWN:
        yield Line(f"{'':<8} {'':<12} and {len(logs) - SHOWN:,} more", "faint")


def _worst(checkup: Checkup) -> Level:
    levels = {check.level for check in checkup.checks}
    return "problem" if "problem" in levels else "warning" if "warning" in levels else "ok"
