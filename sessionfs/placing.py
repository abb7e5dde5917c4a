"""Where a log belongs: the session that it continues, or the branch that it opens.

Logs may claim one uid and differ: after a resume, a fork, a copy. Two are the same where the
bytes of one begin with the other's. Else the newcomer is a fork, when it shares the first
lines, or a continuation, and gets an id of its own that its later bytes never change.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING, BinaryIO, Protocol

from sessionfs.canonical import UNSET
from sessionfs.digest import Hasher
from sessionfs.errors import SessionfsError
from sessionfs.identity import branch_native_id
from sessionfs.logs import decode_lines, raw_lines
from sessionfs.model import Lineage
from sessionfs.placeholder import as_text, is_beginning, pair, pair_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Sequence

    from sessionfs.archive import Session
    from sessionfs.logs import Identity, Log
    from sessionfs.native import Line

_CHUNK = 1 << 18


class Torn(SessionfsError):
    """A log ends inside of the line that would name its branch: it belongs nowhere yet."""


class Shelf(Protocol):
    """Where sessions are looked up."""

    def find(self, uid: str) -> Session | None:
        """Return the session with this uid."""

    def branches(self, uid: str) -> Sequence[Session]:
        """Return the forks and continuations of this uid, sorted by uid."""


@dataclass(slots=True, frozen=True, kw_only=True)
class Place:
    """A log's identity and, where it is archived already, its session."""

    identity: Identity
    session: Session | None = None
    lineage: Lineage | None = None
    """Set for a new branch."""
    archived: int = 0
    """Bytes of the log that the session has, more than the log where it has more."""
    redacted: bool = False
    """Whether the session has placeholders where the log has other text."""


def find_place(
    log: Log,
    identity: Identity,
    shelf: Shelf,
    clean: Callable[[bytes], bytes] = lambda line: line,
) -> Place:
    """Return where a log belongs; raises `SessionfsError` where that cannot be told yet.

    `clean` takes the secrets out of a line before its digest becomes a part of an id.
    """
    main = shelf.find(identity.uid)
    for session in [*([main] if main else []), *shelf.branches(identity.uid)]:
        redacted = session.summary.redactions > 0
        archived = _paired(log, session) if redacted else _same(log, session)
        if archived is not None:
            found = identity.branch(session.manifest.source.native_id)
            return Place(identity=found, session=session, archived=archived, redacted=redacted)
    lineage = None
    while main is not None:
        main.check_digests()  # damage must not pass for another history
        line, at = _first_difference(log, main)
        if not line.eol and not _is_whole(line):
            message = "the log is torn at the very line where it differs from its session"
            raise Torn(message, hint="import it again when the line is complete")
        lineage = Lineage(
            parent=main.manifest.source.uid,
            relation="fork" if at else "continuation",
            at=at or UNSET,
        )
        differing = line.content if line.eol else line.content.removesuffix(b"\r")
        identity = identity.branch(branch_native_id(identity.native_id, clean(differing)))
        main = shelf.find(identity.uid)
    return Place(identity=identity, lineage=lineage)


def _is_whole(line: Line) -> bool:
    """Tell whether a line that has no line end yet is all there; a CR may be half of one."""
    return isinstance(line.value, (dict, list))


def longest_first(left: tuple[Log, Identity], right: tuple[Log, Identity]) -> int:
    """Compare two logs with one uid: the longer goes first, then the one with smaller bytes.

    Of equal ones, that with most files beside it goes first: it has most to bring in.
    """
    if left[0].size != right[0].size:
        return right[0].size - left[0].size
    with left[0].open() as one, right[0].open() as other:
        for ours, theirs in zip_longest(
            _chunks(one, left[0].size), _chunks(other, right[0].size), fillvalue=b""
        ):
            if ours != theirs:
                return -1 if ours < theirs else 1
    return _beside(right[0]) - _beside(left[0])


def _beside(log: Log) -> int:
    adapter = log.adapter
    found = adapter.leading(log.tree, log.path), adapter.attachable(log.tree, log.path)
    return sum(map(len, found))


def _archived(session: Session) -> tuple[int, str | None]:
    """Return size and digest of the log that a session gives back."""
    name = session.manifest.source.name
    found = (source for source in session.summary.source_files if source.name == name)
    source = next(found, None)
    return (0, None) if source is None else (source.bytes, source.blake3)


def _same(log: Log, session: Session) -> int | None:
    """Return the bytes that a session has, if log and session begin with one another's bytes."""
    archived, digest = _archived(session)
    common = min(log.size, archived)
    with log.open() as stream:
        ours = _digest_of(_chunks(stream, common))
    same = digest if common == archived else _digest_of(_first_bytes(session.restore(), common))
    return archived if ours == same else None


def _paired(log: Log, session: Session) -> int | None:
    """Return the bytes of a log that a session with placeholders has, or None where it differs."""
    paired = 0
    with log.open() as stream, closing(session.restore()) as restored:
        for ours, theirs in zip_longest(raw_lines(stream, log.size), restored):
            if ours is None:
                return log.size + 1
            if theirs is None:
                break
            if pair_lines(theirs, ours):
                paired += len(ours)
            elif not theirs.endswith(b"\n") and _goes_on(ours, theirs):
                break  # the session has the beginning of this line
            elif not ours.endswith(b"\n") and is_beginning(as_text(ours), as_text(theirs)):
                return log.size + 1
            else:
                return None
    return paired


def _goes_on(line: bytes, template: bytes) -> bool:
    return pair(as_text(template), as_text(line), whole=False) is not None


def _first_difference(log: Log, session: Session) -> tuple[Line, str | None]:
    """Return the log's first line that the session has not, and the id of the message before."""
    at = None
    theirs = (
        (message.id, session.native_line(message)[1])
        for message in session.messages()
        if isinstance(message.native, dict) and "source" not in message.native
    )
    with log.open() as stream:
        for ours, known in zip_longest(raw_lines(stream, log.size), theirs):
            if ours is None:
                break
            if known is None or not pair_lines(known[1], ours):
                return next(decode_lines(iter((ours,)))), at
            at = known[0]
    message = "the log changed while it was compared"
    raise SessionfsError(message, hint="import it again")


def _chunks(stream: BinaryIO, size: int) -> Iterator[bytes]:
    left = size
    while left > 0 and (chunk := stream.read(min(left, _CHUNK))):
        left -= len(chunk)
        yield chunk


def _first_bytes(lines: Generator[bytes, None, None], size: int) -> Iterator[bytes]:
    left = size
    with closing(lines):
        for line in lines:
            yield line[:left]
            left -= len(line)
            if left <= 0:
                return


def _digest_of(chunks: Iterable[bytes]) -> str:
    hasher = Hasher()
    for chunk in chunks:
        hasher.update(chunk)
    return hasher.hexdigest()
