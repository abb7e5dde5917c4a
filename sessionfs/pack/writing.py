"""Sessions written as a pack: the same bytes for the same sessions, wherever they stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sessionfs.archive import CHECKSUMS, VERIFY, collection_root
from sessionfs.canonical import Struct
from sessionfs.digest import CHUNK, Fingerprint, digest
from sessionfs.errors import SessionfsError
from sessionfs.pack.frames import FRAME, framed
from sessionfs.pack.limits import ratio
from sessionfs.pack.members import Chunks
from sessionfs.pack.ustar import END, header, padding
from sessionfs.tree import path_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from sessionfs.archive import ProvedFile, Session
    from sessionfs.pack.frames import Each


class Packed(Struct, frozen=True, kw_only=True):
    """What a pack holds. The digests are of the tar, compressed or not: its identity."""

    sessions: int
    files: int
    bytes: int
    """Of the tar."""
    packed: int
    """Of the pack."""
    ratio: int
    """The bytes of the tar for one of the pack that a reader must be ready for."""
    blake3: str
    sha256: str
    root: str
    """The root of the sessions as a collection."""


class PackWriter:
    """Writes sessions, given by their paths `YYYY/MM/ULID`, as a tar of the profile."""

    def __init__(self, sessions: Mapping[str, Session]) -> None:
        """Take the sessions, unread."""
        self._sessions = sorted(sessions.items(), key=lambda item: path_bytes(item[0]))
        self._fingerprint = Fingerprint()
        self._seals: dict[str, str] = {}
        self._files = 0
        self._packed = 0
        self._ratio = 1

    @property
    def done(self) -> int:
        """Bytes of the tar so far."""
        return self._fingerprint.size

    def write(self, each: Each | None = None) -> Iterator[bytes]:
        """Yield the pack, piece by piece: compressed by `each`, else the tar itself.

        Raises `FormatError` at the first file that is not what its session's checksums say:
        what was yielded is then no pack. Enforces E102, E125, E601.
        """
        # Without frames, smaller pieces: large ones cost the system more than they spare.
        pieces = self._pieces(CHUNK if each is None else FRAME)
        for count, piece in enumerate(pieces if each is None else framed(pieces, each), 1):
            self._packed += len(piece)
            # The tar is ahead of the frames: some are being compressed.
            plain = self._packed if each is None else min(count * FRAME, self.done)
            self._ratio = max(self._ratio, ratio(plain, self._packed))
            yield piece

    def finish(self) -> Packed:
        """Return what was written."""
        return Packed(
            sessions=len(self._seals),
            files=self._files,
            bytes=self.done,
            packed=self._packed,
            ratio=self._ratio,
            blake3=self._fingerprint.blake3,
            sha256=self._fingerprint.sha256,
            root=collection_root(self._seals),
        )

    def _pieces(self, size: int) -> Iterator[bytes]:
        tar = Chunks(self._tar())
        while piece := tar.read(size):
            self._fingerprint.update(piece)
            yield piece

    def _tar(self) -> Iterator[bytes]:
        for path, session in self._sessions:
            _refuse_oddities(session)
            for file in session.proved_files():
                yield _header(f"{path}/{file.name}", file.size)
                yield from self._content(path, file)
                yield bytes(padding(file.size))
        yield END

    def _content(self, path: str, file: ProvedFile) -> Iterable[bytes]:
        self._files += 1
        if file.name != CHECKSUMS:
            return file.chunks
        (content,) = file.chunks
        self._seals[path] = digest(content)
        return (content,)


def _refuse_oddities(session: Session) -> None:
    """Raise where a session holds what is no file: a pack would leave it out in silence."""
    ask = getattr(session.tree, "oddities", None)
    for path, kind in () if ask is None else ask():
        if (path, kind) != ("files", "directory"):
            message = f"{session.path}/{path} is no file: {kind.replace('_', ' ')}"
            raise SessionfsError(message, hint=VERIFY)


def _header(path: str, size: int) -> bytes:
    try:
        return header(path_bytes(path), size)
    except ValueError as error:
        message = f"{path} cannot be packed: {error}"
        raise SessionfsError(message, hint="leave its session out") from error
