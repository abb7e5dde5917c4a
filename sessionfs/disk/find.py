"""Finding native logs: in files and directories that were named, and in the agents' stores."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sessionfs.disk.archive import POLICY
from sessionfs.disk.tree import DirTree
from sessionfs.errors import NotFound, SessionfsError
from sessionfs.importer import Imported
from sessionfs.logs import Log, find_adapter, identify, plain_size

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from sessionfs.adapters import Adapter


@dataclass(slots=True)
class Found:
    """Logs to import, what was left out and why, and whether something named was among that."""

    logs: list[Log] = field(default_factory=list)
    skipped: list[Imported] = field(default_factory=list)
    failed: bool = False

    def skip(self, shown: str, reason: str, *, named: bool) -> None:
        """Leave a file out: a failure where somebody named it."""
        self.skipped.append(
            Imported(
                path=shown,
                session=None,
                uid=None,
                agent=None,
                status="skipped",
                reason=reason,
                messages=0,
                fidelity=None,
                redactions=0,
            )
        )
        self.failed = self.failed or named


def find_logs(paths: Iterable[str], adapters: Mapping[str, Adapter]) -> Found:
    """Look through files and directories for native logs, told by their content.

    A file that is named brings in what belongs to it, such as its subagents' logs.
    """
    found, seen = Found(), set[str]()
    claimed: set[str] = set()
    for path in sorted(set(paths)):
        if os.path.isdir(path):
            _walk(path, adapters, found, seen, claimed)
        elif os.path.isfile(path):
            _name(path, adapters, found, seen)
        elif os.path.lexists(path):
            found.skip(path, "no regular file", named=True)
        else:
            message = f"no such file or directory: {path}"
            raise NotFound(message, hint="name a log, or a directory with logs")
    found.skipped = [row for row in found.skipped if os.path.realpath(row.path) not in claimed]
    return found


def _walk(
    root: str, adapters: Mapping[str, Adapter], found: Found, seen: set[str], claimed: set[str]
) -> None:
    tree = DirTree(root)
    before = len(found.logs)
    paths = tree.paths()
    archives = [path[: -len(POLICY)] for path in paths if f"/{path}".endswith(f"/{POLICY}")]
    for path in paths:
        if path.startswith(tuple(archives)) or ".git" in path.split("/"):
            continue  # what an archive or git holds are copies of logs, not logs
        log = _look(tree, root, path, adapters, found, seen, named=False)
        if log is not None:
            beside = [*log.adapter.leading(tree, path), *log.adapter.attachable(tree, path)]
            claimed.update(os.path.realpath(os.path.join(root, name)) for name in beside)
    for path, kind in tree.oddities():
        if kind in ("unreadable", "special", "symlink"):
            reasons = {"unreadable": "cannot be read", "symlink": "a symbolic link"}
            reason = reasons.get(kind, "no regular file")
            found.skip(os.path.join(root, path) if path else root, reason, named=not path)
    if len(found.logs) == before and not seen:
        found.skip(root, "no logs in it", named=True)


def _name(path: str, adapters: Mapping[str, Adapter], found: Found, seen: set[str]) -> None:
    real = os.path.realpath(path)
    root, name = os.path.split(real)
    tree = DirTree(root)
    log = _look(tree, os.path.dirname(path), name, adapters, found, seen, named=True)
    for child in log.adapter.children(tree, name) if log is not None else ():
        _look(tree, os.path.dirname(path), child, adapters, found, seen, named=False)


def _look(
    tree: DirTree, root: str, path: str, adapters: Mapping[str, Adapter], found: Found,
    seen: set[str], *, named: bool,
) -> Log | None:  # fmt: skip
    shown = os.path.join(root, *path.split("/"))
    real = os.path.realpath(os.path.join(tree.root, *path.split("/")))
    if real in seen:
        return None
    seen.add(real)
    try:
        adapter = find_adapter(tree, path, adapters)
        if adapter is None:
            reason = "empty" if tree.size(path) == 0 else "no agent's log that is known"
            found.skip(shown, reason, named=named)
            return None
        size = plain_size(tree, path)
    except (SessionfsError, OSError) as error:
        found.skip(shown, str(error), named=named)
        return None
    log = Log(shown=shown, tree=tree, path=path, adapter=adapter, named=named, size=size)
    found.logs.append(log)
    return log


def stores(
    adapters: Mapping[str, Adapter], environment: Mapping[str, str], home: str, platform: str
) -> Sequence[str]:
    """Return the agents' stores that exist on this machine."""
    places = [
        place
        for adapter in adapters.values()
        for place in adapter.stores(environment, home, platform)
    ]
    return sorted({place for place in places if os.path.isdir(place)})


def within(
    logs: Iterable[Log], directory: str, *, real: Callable[[str], str] = os.path.realpath
) -> list[Log]:
    """Return the logs whose working directory lies in `directory`, and their subagents' logs."""
    root = real(directory)
    kept = []
    for log in logs:
        try:
            identity = identify(log, until_directory=True)
        except SessionfsError:
            continue
        cwd = identity.facts.cwd if identity is not None else None
        if cwd is not None and os.path.isabs(cwd):
            place = real(cwd)
            if place == root or place.startswith(root.rstrip(os.sep) + os.sep):
                kept.append(log)
    return kept
