"""The verbs of sessionfs as functions: what the command line calls, and what programs call.

The module is long because it is a list: each verb is short, and stands here once.
"""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
from typing import TYPE_CHECKING, Any, Literal, overload

from sessionfs import git
from sessionfs.adapters import load_adapters
from sessionfs.archive import CHECKSUMS, FILES, MANIFEST, SUMMARY, Session
from sessionfs.canonical import Struct
from sessionfs.digest import Hasher
from sessionfs.disk import steps
from sessionfs.disk.archive import DEFAULT, POLICY, Archive, bare_tree
from sessionfs.disk.find import Found, find_logs, stores, within
from sessionfs.disk.seen import Seen
from sessionfs.disk.tree import DirTree
from sessionfs.errors import (
    Conflict,
    FormatError,
    NotFound,
    SessionfsError,
    UnsupportedVersion,
)
from sessionfs.identity import is_ulid
from sessionfs.importer import Imported
from sessionfs.importer import import_logs as import_into
from sessionfs.model import PEOPLE
from sessionfs.rules import RULES
from sessionfs.schema import validate
from sessionfs.tree import check_path, read_bytes
from sessionfs.verify import Report, merge_reports, verify_archive, verify_tree
from sessionfs.writer import derive, write_sealed
from sessionfs.yamltext import edit as edit_text
from sessionfs.yamltext import parse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from sessionfs.adapters import Adapter
    from sessionfs.disk.archive import DirectoryStage
    from sessionfs.model import Summary
    from sessionfs.rules import Rule


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


class Listed(Struct, frozen=True, kw_only=True):
    """One line of a listing: a session's path and seal beside its summary."""

    path: str
    seal: str
    summary: Summary


def init(directory: str = DEFAULT) -> Archive:
    """Make an archive with its guards; one that exists is completed and otherwise left alone."""
    place = os.path.abspath(directory)
    if os.path.lexists(place) and not os.path.isdir(place):
        message = f"{directory} is no directory"
        raise Conflict(message, hint="name a directory for the archive")
    return Archive.init(place)


def is_hidden_from_git(archive: Archive) -> bool:
    """Tell whether the repository around an archive would leave it out of commits."""
    return git.is_ignored(os.path.join(archive.root, POLICY))


def find_archive(start: str = ".") -> str:
    """Return the archive that `start` lies in, or the `.sessions` nearest above it.

    Raises `NotFound` where there is none.
    """
    directory = os.path.abspath(start)
    while True:
        for place in (directory, os.path.join(directory, DEFAULT)):
            if os.path.isfile(os.path.join(place, POLICY)):
                return place
        above = os.path.dirname(directory)
        if above == directory:
            message = f"no archive in {start} or above it"
            raise NotFound(message, hint="`sessionfs init` makes one, or name one with -a")
        directory = above


def open_archive(path: str | None = None) -> Archive:
    """Open the archive at `path`, or the nearest one; raises `NotFound`."""
    if path is not None and os.path.lexists(path) and not os.path.isdir(path):
        message = f"{path} is no archive: it is no directory"
        raise NotFound(message, hint="name a directory with archive.yaml")
    return Archive(find_archive() if path is None else path)


def _open_around(names: Sequence[str], archive: str | None) -> Archive:
    """Open the archive at `archive`, else the one that a named path lies in, else the nearest."""
    if archive is None:
        roots = [_session_root(name) for name in names if name and os.path.lexists(name)]
        around = [os.path.dirname(os.path.dirname(os.path.dirname(root))) for root in roots if root]
        archive = next(iter(around), None)
    return open_archive(archive)


def _open_inside(name: str, store: Archive) -> Session:
    """Open a session that will be changed; raises `NotFound` where it is of another archive."""
    session = open_session(name, store)
    root = _session_root(name) if name and os.path.lexists(name) else None
    place = os.path.join(store.root, *session.path.split("/"))
    if root is not None and root != os.path.realpath(place):
        message = f"{name} is not in {store.root}"
        raise NotFound(message, hint="name its archive with -a")
    return session


def open_session(name: str, archive: Archive | None = None) -> Session:
    """Return the session that `name` says: a path inside it, a ULID or a prefix of it, a uid.

    Raises `NotFound` where there is none, or more than one.
    """
    if os.path.lexists(name) and (root := _session_root(name)) is not None:
        return _at(root)
    archive = archive or open_archive()
    session = archive.find(name)
    if session is not None:
        return session
    matches = [path for path in archive.paths() if path.rpartition("/")[2].startswith(name.upper())]
    if len(matches) == 1 and name:
        return archive.session(matches[0])
    message = (
        f"{len(matches)} sessions begin with {name}" if matches and name else f"no session {name}"
    )
    raise NotFound(message, hint="`sessionfs list` shows what there is")


def _session_root(path: str) -> str | None:
    place = os.path.realpath(path)
    while True:
        if is_ulid(os.path.basename(place)) and os.path.isdir(place):
            return place
        above = os.path.dirname(place)
        if above == place:
            return None
        place = above


def _at(root: str) -> Session:
    return Session(DirTree(root), "/".join(root.split(os.sep)[-3:]))


def import_logs(
    paths: Sequence[str] = (),
    *,
    archive: str | None = None,
    here: str | None = None,
    everything: bool = False,
    agent: str | None = None,
    dry_run: bool = False,
    rewrite: bool = False,
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
    target = archive if archive is not None else _default_archive(here or ".")
    exists = os.path.lexists(os.path.join(target, POLICY))
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
            rows += import_into(found.logs, store, rewrite=rewrite, advance=advance)
            if isinstance(store, Archive):
                seen.remember(store, rows, found.stamps)
    named = {log.shown for log in found.logs if log.named}
    failed = found.failed or any(
        row.status == "skipped"
        and (row.path in named or row.uid is not None)  # whose it is was clear: it should be in
        and not _is_wanted(row)
        for row in rows
    )
    rows += found.rows
    return ImportReport(sessions=sorted(rows, key=lambda row: row.path), failed=failed)


def _is_wanted(row: Imported) -> bool:
    return row.reason == "removed: archive.yaml ignores this uid"


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
        logs = more.logs if here is None else within(more.logs, git.toplevel(here) or here)
        found.logs += [log for log in logs if log.shown not in known]
        rows = more.rows if here is None else [row for row in more.rows if row.session is not None]
        found.rows += [row for row in rows if row.path not in known]
        found.stamps |= more.stamps


def _default_archive(start: str) -> str:
    try:
        return find_archive(start)
    except NotFound:
        return os.path.join(git.toplevel(start) or os.path.abspath(start), DEFAULT)


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

    def find(self, uid: str) -> Session | None:
        return self._scratch.find(uid) or (self._real.find(uid) if self._real else None)

    def branches(self, uid: str) -> list[Session]:
        stores = [store for store in (self._real, self._scratch) if store is not None]
        return [session for store in stores for session in store.branches(uid)]

    def stage(self, session_id: str) -> DirectoryStage:
        return self._scratch.stage(session_id)


def remove(names: Sequence[str], archive: str | None = None) -> list[Summary]:
    """Take sessions out of an archive; their uids go to archive.yaml, so that they stay out."""
    store = _open_around(names, archive)
    with store.lock():
        found = [_open_inside(name, store) for name in names]
        sessions = list({session.path: session for session in found}.values())
        summaries = [session.summary for session in sessions]
        store.ignore([summary.uid for summary in summaries])
        for session in sessions:
            store.remove(session.path)
    return summaries


def list_sessions(
    archive: Archive,
    *,
    agent: str | None = None,
    tags: Iterable[str] = (),
    since: str | None = None,
    until: str | None = None,
    state: str | None = None,
    sort: Literal["newest", "oldest", "title", "messages"] = "newest",
    offset: int = 0,
    limit: int | None = None,
    unreadable: Callable[[SessionfsError], None] | None = None,
) -> list[Listed]:
    """Return a listing from the summaries alone; `since` and `until` bound the start time.

    A session that cannot be read raises, unless `unreadable` takes its error.
    """
    wanted = frozenset(tags)
    rows = []
    for session in archive.sessions():
        try:
            summary, address = session.summary, session.seal
        except SessionfsError as error:
            if unreadable is None:
                raise
            unreadable(_in_session(session, error))
            continue
        started = summary.started_at or ""
        if (
            (agent is None or summary.flavor == agent)
            and wanted <= frozenset(summary.tags or ())
            and (since is None or started >= since)
            and (until is None or started < until or started.startswith(until))
            and (state is None or summary.state == state)
        ):
            rows.append(Listed(path=session.path, seal=address, summary=summary))
    orders: dict[str, Callable[[Listed], Any]] = {
        "newest": lambda row: row.path.rpartition("/")[2],
        "oldest": lambda row: row.path.rpartition("/")[2],
        "title": lambda row: ((row.summary.title or "").casefold(), row.path),
        "messages": lambda row: (row.summary.messages, row.path),
    }
    rows.sort(key=orders[sort], reverse=sort in ("newest", "messages"))
    return rows[offset : None if limit is None else offset + limit]


def _in_session(session: Session, error: SessionfsError) -> SessionfsError:
    place = "" if session.path in error.message else f"{session.path}: "
    return SessionfsError(f"{place}{error.message}", hint="`sessionfs verify` names what is wrong")


@overload
def explain(code: str) -> Rule: ...
@overload
def explain() -> list[Rule]: ...
def explain(code: str | None = None) -> Rule | list[Rule]:
    """Return the rule that a code names, or every rule; raises `NotFound`."""
    if code is None:
        return list(RULES.values())
    try:
        return RULES[code.strip().upper()]
    except KeyError:
        message = f"no rule {code}"
        raise NotFound(message, hint="`sessionfs explain` lists the rules") from None


def verify(paths: Sequence[str] = ()) -> Report:
    """Verify archives and sessions; without a path, the nearest archive.

    What asks for a newer reader is not judged, only named. Raises `NotFound` for a path that
    is not there.
    """
    if not paths:
        return _verify_one(find_archive())
    if len(paths) == 1:
        return _verify_one(paths[0])
    return merge_reports({path: _verify_one(path) for path in paths})


def _verify_one(path: str) -> Report:
    if not os.path.lexists(path):
        message = f"no such file or directory: {path}"
        raise NotFound(message, hint="name an archive or a session")
    root = _session_root(path)
    if root is not None:
        return verify_tree(DirTree(root), name=os.path.basename(root))
    if os.path.isdir(path) and not os.path.isfile(os.path.join(path, POLICY)):
        if any(os.path.isfile(os.path.join(path, name)) for name in (CHECKSUMS, MANIFEST)):
            return verify_tree(DirTree(path), name=None)
        path = find_archive(path) if os.path.isdir(os.path.join(path, DEFAULT)) else path
    if not os.path.isfile(os.path.join(path, POLICY)):
        message = f"no archive or session at {path}"
        raise NotFound(
            message, hint="name a directory with archive.yaml, or one with manifest.yaml"
        )
    try:
        tree = Archive(path).tree
    except (FormatError, UnsupportedVersion):
        tree = bare_tree(path)  # what keeps it from being opened is verify's to name
    return verify_archive(tree)


def seal(
    names: Sequence[str], archive: str | None = None, *, accept_content: bool = False
) -> list[tuple[Session, str]]:
    """Make anew what is derived, summary.json and checksums.b3, and return each seal.

    Raises `Conflict` where content differs from its checksums, unless that is accepted.
    """
    store = _open_around(names, archive)
    sealed = []
    with store.lock():
        for name in names or store.paths():
            session = _open_inside(name, store) if names else store.session(name)
            if not accept_content:
                _check_content(session)
            sealed.append((session, _rewrite(store, session, None)))
    return sealed


def _check_content(session: Session) -> None:
    try:
        listed = session.checksums()
    except NotFound:
        return
    _, digests = derive(session)
    for path, address in sorted(digests.items()):
        if path != MANIFEST and listed.get(path) != address:
            message = f"{session.path}/{path} is not what checksums.b3 says"
            raise Conflict(message, hint="bring it back from git, or seal with --accept-content")
    missing = sorted(set(listed) - set(digests) - {SUMMARY})
    if missing:
        message = f"{session.path}/{missing[0]} is missing"
        raise Conflict(message, hint="bring it back from git, or seal with --accept-content")


def _rewrite(store: Archive, session: Session, manifest: bytes | None) -> str:
    identifier = session.path.rpartition("/")[2]
    stage = store.stage(identifier, known=True)
    try:
        _, value = write_sealed(session, stage.tree, manifest)
        stage.publish()
    finally:
        stage.discard()
    return value


def edit(
    name: str,
    changes: Mapping[str, Any],
    archive: str | None = None,
    *,
    add_tags: Sequence[str] = (),
    remove_tags: Sequence[str] = (),
) -> str:
    """Set what people say of a session and re-seal it; None takes a key away. Returns the seal.

    `add_tags` and `remove_tags` change the tags that it has. The session must be undamaged.
    Comments and order of an edited manifest stay.
    """
    unknown = sorted(set(changes) - set(PEOPLE))
    if unknown:
        message = f"{unknown[0]} cannot be edited"
        raise Conflict(message, hint=f"there are: {', '.join(PEOPLE)}")
    store = _open_around([name], archive)
    with store.lock():
        session = _open_inside(name, store)
        session.check_digests()
        if add_tags or remove_tags:
            tags = changes.get("tags", session.manifest.tags) or ()
            kept = [tag for tag in dict.fromkeys([*tags, *add_tags]) if tag not in remove_tags]
            changes = {**changes, "tags": kept or None}
        text = edit_text(read_bytes(session.tree, MANIFEST), changes)
        for broken in validate(parse(text), "manifest", MANIFEST):
            message = f"{(broken.pointer or '').strip('/')}: {broken.message}"
            raise SessionfsError(message, hint="nothing was changed; give another value")
        return _rewrite(store, session, text)


def children(session: Session, archive: Archive) -> list[Session]:
    """Return the sessions of a session's subagents, and of theirs, in the order of paths."""
    found, parents = dict[str, Session](), {session.summary.uid}
    rest = [row for row in list_sessions(archive, unreadable=lambda _: None) if row.summary.lineage]
    while fresh := [
        row
        for row in rest
        if row.path not in found
        and row.summary.lineage
        and row.summary.lineage.relation == "subagent"
        and row.summary.lineage.parent in parents
    ]:
        found |= {row.path: archive.session(row.path) for row in fresh}
        parents |= {row.summary.uid for row in fresh}
    return [found[path] for path in sorted(found)]


def native_content(session: Session) -> Iterator[bytes]:
    """Yield a session's native log, and raise at its end where the bytes are not the log's."""
    return _proved(session, session.manifest.source.name)


def export_native(
    session: Session,
    output: str,
    *,
    force: bool = False,
    children: Sequence[Session] = (),
    whole: bool = False,
) -> list[str]:
    """Write a session's native files to `output` and return their paths.

    Where there is one file, `output` is that file; where there are several, or where `whole`
    asks for it, a directory. `children` are written beside the session.
    """
    sources = {
        source.name: owner
        for owner in (*children, session)
        for source in owner.summary.source_files
    }
    if session not in sources.values():
        message = f"{session.path} has no native record"
        raise Conflict(message, hint="it was not made from a native log")
    if os.path.lexists(output) and not force:
        message = f"{output} exists"
        raise Conflict(message, hint="name another, or use --force")
    if not os.path.isdir(os.path.dirname(os.path.abspath(output))):
        message = f"no directory {os.path.dirname(output)}"
        raise NotFound(message, hint="make it first")
    if len(sources) == 1 and not whole:
        _write_all(output, _proved(session, next(iter(sources))))
        return [output]
    written = []
    for name, owner in sorted(sources.items()):
        check_path(name)
        place = os.path.join(output, *name.split("/"))
        steps.make_directories(os.path.dirname(os.path.abspath(place)))
        _write_all(place, _proved(owner, name))
        written.append(place)
    return written


def _proved(session: Session, name: str) -> Iterator[bytes]:
    hasher = Hasher()
    for chunk in _source(session, name):
        hasher.update(chunk)
        yield chunk
    told = next((s.blake3 for s in session.summary.source_files if s.name == name), None)
    if told != hasher.hexdigest():
        message = f"{session.path} does not give {name} back: it is damaged"
        raise SessionfsError(message, hint="`sessionfs verify` names what is wrong")


def _source(session: Session, name: str) -> Iterator[bytes]:
    if name == session.manifest.source.name:
        yield from session.restore()
        return
    for message in session.messages():
        native = message.native if isinstance(message.native, dict) else {}
        if native.get("source") == name:
            yield session.native_line(message)[1]
        elif name in native.get("files", {}):
            yield read_bytes(session.tree, FILES + native["files"][name])
            return


def _write_all(place: str, chunks: Iterable[bytes]) -> None:
    draft = f"{place}.part"
    steps.remove_file(draft)
    descriptor = steps.create_file(draft)
    try:
        for chunk in chunks:
            steps.write(descriptor, chunk)
    except BaseException:
        os.close(descriptor)
        steps.remove_file(draft)
        raise
    os.close(descriptor)
    steps.rename(draft, place)


def error_of(error: OSError) -> SessionfsError:
    """Return an operating system's error as one of ours: one line that says what and where."""
    place = f"{error.filename}: " if error.filename else ""
    return SessionfsError(
        f"{place}{error.strerror or error}",
        hint="nothing was half-written; free space or check permissions, then try again",
    )
