"""What changes which sessions an archive has: init, import, remove."""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from typing import TYPE_CHECKING

from sessionfs.adapters import load_adapters
from sessionfs.api.hidden import check_not_hidden
from sessionfs.api.places import check_named, find_archive, open_around, open_inside, session_root
from sessionfs.api.rules import rules_for
from sessionfs.canonical import Struct
from sessionfs.disk.archive import DEFAULT, POLICY, Archive
from sessionfs.disk.find import Found, find_logs, stores, within
from sessionfs.disk.seen import Seen
from sessionfs.errors import Conflict, Hidden, NotFound, SessionfsError
from sessionfs.git.repository import is_ignored, toplevel
from sessionfs.importer import REMOVED, Imported
from sessionfs.importer import import_logs as import_into

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from sessionfs.adapters import Adapter
    from sessionfs.archive import Session
    from sessionfs.disk.archive import DirectoryStage


class Removed(Struct, frozen=True, kw_only=True):
    """A session that was taken out; without a `uid`, nothing keeps it from coming in again."""

    session: str
    uid: str | None


class ImportReport(Struct, frozen=True, kw_only=True):
    """What became of every log of one import.

    `failed` says that one is missing which was named, or which is known to be a session's.
    """

    sessions: list[Imported]
    failed: bool

    def totals(self) -> dict[str, int]:
        """Return how many logs have each status."""
        names = ("new", "extended", "unchanged", "forked", "rewritten", "skipped")
        counts = dict.fromkeys(names, 0)
        for row in self.sessions:
            counts[row.status] += 1
        return counts


def init(directory: str = DEFAULT) -> Archive:
    """Make an archive with its guards; one that exists is completed and otherwise left alone.

    Raises `FormatError` where archive.yaml is damaged; the guards are there then, too. Raises
    `Hidden` where git has an archive there that is not in the work tree.
    """
    check_named(directory)
    place = os.path.abspath(directory)
    if os.path.lexists(place) and not os.path.isdir(place):
        message = f"{directory} is no directory"
        raise Conflict(message, hint="name a directory for the archive")
    if session_root(place) is not None:
        message = f"{directory} lies inside of a session"
        raise Conflict(message, hint="name the archive, or a directory outside of it")
    check_not_hidden(place)
    return Archive.init(place)


def is_hidden_from_git(root: str) -> bool:
    """Tell whether the repository around an archive would leave it out of commits."""
    return is_ignored(os.path.join(root, POLICY))


def import_logs(
    paths: Sequence[str] = (),
    *,
    archive: str | None = None,
    here: str | None = None,
    everything: bool = False,
    agent: str | None = None,
    dry_run: bool = False,
    rewrite: bool = False,
    redact: bool = True,
    anonymize: bool = False,
    environment: Mapping[str, str] | None = None,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> ImportReport:
    """Import native logs into an archive, which is made where it is missing.

    `paths` are logs, or directories to look through. `here` takes from the agents' stores
    what was said in that directory's repository; `everything` takes all of it. `progress`
    is told the bytes done and the bytes in all. Raises `SessionfsError` where nothing could
    be done; a single log that cannot be imported is reported as skipped.
    """
    adapters = load_adapters()
    if agent is not None:
        if agent not in adapters:
            message = f"no adapter for {agent}"
            raise NotFound(message, hint=f"there are: {', '.join(sorted(adapters))}")
        adapters = {agent: adapters[agent]}
    check_named(archive)
    if len(set(paths)) == 1 and not (os.path.lexists(paths[0]) or here is not None or everything):
        message = f"no such file or directory: {paths[0]}"
        raise NotFound(message, hint="name a log, or a directory with logs")
    target = archive if archive is not None else _default_archive(here or ".")
    exists = os.path.lexists(os.path.join(target, POLICY))
    if not exists:
        check_not_hidden(target)
    seen = Seen(Archive(target) if exists and not rewrite else None)
    found = find_logs(paths, adapters, seen)
    if here is not None or everything:
        world = os.environ if environment is None else environment
        _add_stores(found, seen, adapters, world, here)
    total, done = sum(log.size for log in found.logs), 0

    def advance(size: int) -> None:
        nonlocal done
        done += size
        progress(done, total)

    rows: list[Imported] = []
    if found.logs:
        with _open_store(target, dry_run=dry_run) as store:
            policy = store.redaction
            ruleset = None
            if redact and policy.get("enabled", True):
                ruleset = rules_for(policy, target, anonymize=anonymize)
            rows += import_into(
                found.logs, store, ruleset=ruleset, rewrite=rewrite, advance=advance
            )
            if isinstance(store, Archive):
                seen.remember(store, rows, found.stamps)
    named = {log.shown for log in found.logs if log.named}
    failed = found.failed or any(
        row.status == "skipped"
        and (row.path in named or row.uid is not None)  # whose it is was clear: it should be in
        and row.reason != REMOVED
        for row in rows
    )
    rows += found.rows
    return ImportReport(sessions=sorted(rows, key=lambda row: row.path), failed=failed)


def _add_stores(
    found: Found,
    seen: Seen,
    adapters: Mapping[str, Adapter],
    environment: Mapping[str, str],
    here: str | None,
) -> None:
    home = environment.get("USERPROFILE" if sys.platform == "win32" else "HOME")
    known = {log.shown for log in found.logs} | {row.path for row in found.rows}
    for place in stores(adapters, environment, home or os.path.expanduser("~"), sys.platform):
        more = find_logs([place], adapters, seen)
        logs = more.logs if here is None else within(more.logs, toplevel(here) or here)
        found.logs += [log for log in logs if log.shown not in known]
        rows = more.rows if here is None else [row for row in more.rows if row.session is not None]
        found.rows += [row for row in rows if row.path not in known]
        found.stamps |= more.stamps


def _default_archive(start: str) -> str:
    try:
        return find_archive(start)
    except Hidden:
        raise
    except NotFound:
        return os.path.join(toplevel(start) or os.path.abspath(start), DEFAULT)


@contextlib.contextmanager
def _open_store(target: str, *, dry_run: bool) -> Iterator[Archive | _DryStore]:
    exists = os.path.lexists(os.path.join(target, POLICY))
    if dry_run:
        with tempfile.TemporaryDirectory(prefix="sessionfs-") as scratch:
            yield _DryStore(Archive(target) if exists else None, Archive.init(scratch))
        return
    store = Archive(target) if exists else init(target)
    with store.lock():
        yield store


class _DryStore:
    """An archive that is only read, and a scratch one in front of it that takes what is new."""

    def __init__(self, real: Archive | None, scratch: Archive) -> None:
        self._real = real
        self._scratch = scratch
        self.ignored = real.ignored if real is not None else frozenset()
        self.redaction = real.redaction if real is not None else {}

    def find(self, uid: str) -> Session | None:
        return self._scratch.find(uid) or (self._real.find(uid) if self._real else None)

    def branches(self, uid: str) -> list[Session]:
        stores = [store for store in (self._real, self._scratch) if store is not None]
        return [session for store in stores for session in store.branches(uid)]

    def stage(self, session_id: str, *, replaces: str | None = None) -> DirectoryStage:
        again = replaces if replaces in self._scratch.paths() else None
        return self._scratch.stage(session_id, replaces=again)


def remove(names: Sequence[str], archive: str | None = None) -> list[Removed]:
    """Take sessions out of an archive; their uids go to archive.yaml, so that they stay out.

    A damaged session is removed, too. Where nothing in it says its uid, none is guessed.
    """
    store = open_around(names, archive)
    with store.lock():
        found = [open_inside(name, store) for name in names]
        sessions = list({session.path: session for session in found}.values())
        removed = [
            Removed(session=session.path.rpartition("/")[2], uid=_uid(session))
            for session in sessions
        ]
        uids = [row.uid for row in removed if row.uid is not None]
        if uids:
            store.ignore(uids)
        for session in sessions:
            store.remove(session.path)
    return removed


def _uid(session: Session) -> str | None:
    """Return the uid that the summary says, else the one that the manifest says."""
    with contextlib.suppress(SessionfsError):
        return session.summary.uid
    with contextlib.suppress(SessionfsError):
        return session.manifest.source.uid
    return None
