"""Which logs of agents an archive lacks: what import would say of each, without importing it."""

from __future__ import annotations

import os
import sys
from functools import partial
from typing import TYPE_CHECKING, Literal, NamedTuple

from sessionfs.adapters import load_adapters
from sessionfs.disk.ages import age_in_days, contents
from sessionfs.disk.find import find_logs, stores, within
from sessionfs.disk.seen import Seen
from sessionfs.errors import SessionfsError
from sessionfs.git.repository import toplevel
from sessionfs.importer import NothingYet, foresee
from sessionfs.logs import is_decoded
from sessionfs.redact.lines import redact_line
from sessionfs.view.upkeep import Unarchived, by_urgency, days_left

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from sessionfs.adapters import Adapter
    from sessionfs.disk.archive import Archive
    from sessionfs.disk.find import Found
    from sessionfs.importer import Imported
    from sessionfs.logs import Log
    from sessionfs.redact.ruleset import Ruleset

_LOGS = (".jsonl", ".jsonl.zst")
"""How logs of agents are called: a file in a store that is called so should be one."""
_EMPTY = "empty"


class _State(NamedTuple):
    state: Literal["new", "grown", "refused", "archived"]
    reason: str = ""


def unarchived(
    store: Archive | None,
    ruleset: Ruleset | None,
    here: str,
    environment: Mapping[str, str],
    *,
    everything: bool,
) -> tuple[list[Unarchived], int]:
    """Return the logs that an archive lacks in part or whole, and how many there are in all.

    Those of work `here`, or `everything` on this machine. What the last import has seen and did
    not change is not read again; another log is read as import reads it. Without an archive
    every log is new.
    """
    adapters = load_adapters()
    home = environment.get("USERPROFILE" if sys.platform == "win32" else "HOME")
    home = home or os.path.expanduser("~")
    project = toplevel(here) or os.path.abspath(here)
    seen = Seen(store)
    found: list[Unarchived] = []
    number = 0

    def take(path: str, flavor: str, told: _State) -> None:
        nonlocal number
        number += 1
        if told.state != "archived":
            left = days_left(periods.get(flavor), age_in_days(path))
            found.append(
                Unarchived(
                    path=path, agent=flavor, state=told.state, reason=told.reason, days_left=left
                )
            )

    periods = dict(_periods(adapters, environment, home, project))
    for flavor, adapter in adapters.items():
        for place in stores({flavor: adapter}, environment, home, sys.platform):
            there = find_logs([place], adapters)
            logs = there.logs if everything else within(there.logs, project)
            for log in logs:
                told = _state(log, there, seen, store, ruleset)
                if told is not None:
                    take(log.shown, log.adapter.flavor, told)
            for row in there.rows if everything else _of(project, place, adapter, there, logs):
                if row.path.endswith(_LOGS) and row.reason != _EMPTY:
                    take(row.path, flavor, _State("refused", str(row.reason)))
    return by_urgency(found), number


def _periods(
    adapters: Mapping[str, Adapter], environment: Mapping[str, str], home: str, project: str
) -> Iterator[tuple[str, int]]:
    """Yield the agents that delete logs, and after how many days."""
    for flavor, adapter in adapters.items():
        if hasattr(adapter, "days_kept") and hasattr(adapter, "settings"):
            files = adapter.settings(environment, home, project)
            yield flavor, adapter.days_kept(contents(files))


def _state(
    log: Log, there: Found, seen: Seen, store: Archive | None, ruleset: Ruleset | None
) -> _State | None:
    """Return how a log stands to an archive, None where it holds no session or is kept out."""
    real = there.stamps[log.shown][0] if log.shown in there.stamps else None
    if real is not None and seen.find(real, log.shown) is not None:
        return _State("archived")
    try:
        fate = foresee(log, store, partial(redact_line, ruleset))
    except NothingYet as error:
        return _State("refused", str(error)) if _is_damaged(log) else None
    except (SessionfsError, OSError) as error:
        return _State("refused", str(error))
    if fate == "removed":
        return None
    return _State(fate) if fate == "new" or fate == "grown" else _State("archived")  # noqa: PLR1714  it narrows the type


def _is_damaged(log: Log) -> bool:
    """Tell whether a whole line of a log is no JSON: then it may have held more than it does."""
    try:
        return any(line.eol and line.content and not is_decoded(line) for line in log.lines())
    except (SessionfsError, OSError):
        return True


def _of(
    project: str, place: str, adapter: Adapter, there: Found, logs: Iterable[Log]
) -> Iterator[Imported]:
    """Yield what is no log that can be read, and lies where an agent puts those of a project.

    Only an agent that has a directory for each project tells whose such a file is.
    """
    if not hasattr(adapter, "directory"):
        return
    names = {adapter.directory(project)}
    names.update(os.path.relpath(log.shown, place).split(os.sep)[0] for log in logs)
    for row in there.rows:
        if os.path.relpath(row.path, place).split(os.sep)[0] in names:
            yield row
