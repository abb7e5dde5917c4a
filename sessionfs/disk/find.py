"""Finding native logs: in files and directories that were named, and in the agents' stores."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sessionfs.disk.archive import POLICY
from sessionfs.disk.marker import is_archive
from sessionfs.disk.seen import Seen, stamp
from sessionfs.disk.tree import DirTree
from sessionfs.errors import SessionfsError
from sessionfs.importer import Imported
from sessionfs.logs import Log, find_adapter, identify, plain_size

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from sessionfs.adapters import Adapter
    from sessionfs.disk.seen import Stamp


_ODDITIES = {
    "unreadable": "cannot be read",
    "symlink": "a symbolic link",
    "special": "no regular file",
}


@dataclass(slots=True)
class Found:
    """Logs to import, rows of what needs no import, and whether something named is missing."""

    logs: list[Log] = field(default_factory=list)
    rows: list[Imported] = field(default_factory=list)
    stamps: dict[str, tuple[str, Stamp]] = field(default_factory=dict)
    """Real path and stamp of each log by the path that is shown, from before it was read."""
    failed: bool = False

    def skip(self, shown: str, reason: str, *, named: bool) -> None:
        """Leave a file out: a failure where somebody named it."""
        self.rows.append(
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


def find_logs(
    paths: Iterable[str], adapters: Mapping[str, Adapter], seen: Seen | None = None
) -> Found:
    """Look through files and directories for native logs, told by their content.

    A file that is named brings in what belongs to it, such as its subagents' logs. What
    `seen` knows to be archived is not read again.
    """
    search = _Search(adapters, seen or Seen(None))
    for path in sorted(set(paths)):
        if os.path.isdir(path):
            search.walk(path)
        elif os.path.isfile(path):
            search.name(path)
        elif os.path.lexists(path):
            search.found.skip(path, "no regular file", named=True)
        else:
            search.found.skip(path, "no such file or directory", named=True)
    return search.finish()


class _Search:
    """One look through files and directories."""

    def __init__(self, adapters: Mapping[str, Adapter], seen: Seen) -> None:
        self.found = Found()
        self._adapters = adapters
        self._seen = seen
        self._looked_at: set[str] = set()
        self._claimed: set[str] = set()

    def finish(self) -> Found:
        """Return what was found, without the files that belong to a log."""
        rows = self.found.rows
        self.found.rows = [row for row in rows if os.path.realpath(row.path) not in self._claimed]
        return self.found

    def walk(self, root: str) -> None:
        """Look at every file below a directory."""
        tree = DirTree(root)
        paths = tree.paths()
        archives = [
            place
            for path in paths
            if f"/{path}".endswith(f"/{POLICY}")
            and is_archive(os.path.join(root, place := path[: -len(POLICY)]))
        ]
        logs = 0
        for path in paths:
            if path.startswith(tuple(archives)) or ".git" in path.split("/"):
                continue  # what an archive or git holds are copies of logs, not logs
            adapter = self._look(tree, root, path, named=False)
            if adapter is not None:
                logs += 1
                for name in (*adapter.leading(tree, path), *adapter.attachable(tree, path)):
                    self._claimed.add(os.path.realpath(os.path.join(root, name)))
        for path, kind in tree.oddities():
            if kind in _ODDITIES:
                shown = os.path.join(root, path) if path else root
                self.found.skip(shown, _ODDITIES[kind], named=not path)
        if not logs:
            self.found.skip(root, "no logs in it", named=True)

    def name(self, path: str) -> None:
        """Look at one file that somebody named, and at what belongs to it."""
        directory, name = os.path.split(os.path.realpath(path))
        tree = DirTree(directory)
        adapter = self._look(tree, os.path.dirname(path), name, named=True, shown=path)
        for child in adapter.children(tree, name) if adapter is not None else ():
            self._look(tree, os.path.dirname(path), child, named=False)

    def _look(
        self, tree: DirTree, root: str, path: str, *, named: bool, shown: str | None = None
    ) -> Adapter | None:
        """Take a file in, if it is a log; return the adapter that knows it."""
        shown = shown or os.path.join(root, *path.split("/"))
        real = os.path.realpath(os.path.join(tree.root, *path.split("/")))
        if real in self._looked_at:
            return None
        self._looked_at.add(real)
        row = self._seen.find(real, shown)
        if row is not None and row.agent is not None and row.agent in self._adapters:
            self.found.rows.append(row)
            return self._adapters[row.agent]
        taken = stamp(real)
        try:
            adapter = find_adapter(tree, path, self._adapters)
            if adapter is None:
                reason = "empty" if tree.size(path) == 0 else "no agent's log that is known"
                self.found.skip(shown, reason, named=named)
                return None
            size = plain_size(tree, path)
        except (SessionfsError, OSError) as error:
            self.found.skip(shown, str(error), named=named)
            return None
        log = Log(shown=shown, tree=tree, path=path, adapter=adapter, named=named, size=size)
        self.found.logs.append(log)
        if taken is not None:
            self.found.stamps[shown] = (real, taken)
        return adapter


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
