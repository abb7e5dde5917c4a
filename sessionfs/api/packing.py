"""Sessions in one file: pack."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, BinaryIO

from sessionfs.api.named import place_of
from sessionfs.api.places import find_archive, naming, open_archive, open_session
from sessionfs.api.read import list_sessions
from sessionfs.archive import Session
from sessionfs.disk.archive import Archive
from sessionfs.disk.output import check_place, new_file
from sessionfs.disk.pack import COMPRESSED, ENDINGS, open_pack
from sessionfs.disk.threads import in_threads
from sessionfs.disk.tree import DirTree
from sessionfs.errors import Conflict, NotFound, SessionfsError
from sessionfs.identity import shard
from sessionfs.pack import PackWriter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from sessionfs.pack import Packed


def pack(
    names: Sequence[str],
    output: str | BinaryIO,
    *,
    archive: str | None = None,
    compress: bool | None = None,
    force: bool = False,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
    **filters: Any,  # noqa: ANN401  those of list_sessions
) -> Packed:
    """Write sessions into one file, or to a binary stream, and return what it holds.

    `names` are archives, packs, sessions by path, id or uid; without one, the nearest archive, or
    `archive`. `filters` are those of `list_sessions`, for archives and packs. What is packed is
    compressed where `compress` says it, else where the name of the output does.

    The same sessions give the same tar everywhere. Raises `FormatError` where one is damaged, and
    `Conflict` where the output exists, unless `force` replaces it; then nothing is left.
    """
    if isinstance(output, str):
        compress = _is_compressed(output) if compress is None else compress
        check_place(output, force=force)
    chosen = _chosen(names, archive, filters)
    if not chosen:
        message = "no session to pack"
        raise NotFound(message, hint="`sessionfs list`, with the same filters, shows what there is")
    total = sum(sum(session.summary.files.values()) for session in chosen.values())
    writer = PackWriter(chosen)
    chunks = writer.write(in_threads if compress else None)
    if not isinstance(output, str):
        _copy(chunks, output.write, writer, total, progress)
        output.flush()
        return writer.finish()
    with new_file(output, force=force) as write:
        _copy(chunks, write, writer, total, progress)
    return writer.finish()


def _copy(
    chunks: Iterator[bytes],
    write: Callable[[bytes], object],
    writer: PackWriter,
    total: int,
    progress: Callable[[int, int], None],
) -> None:
    for chunk in chunks:
        write(chunk)
        progress(min(writer.done, total), total)


def _is_compressed(output: str) -> bool:
    if not output.endswith(ENDINGS):
        message = f"{output} says neither tar nor zstd"
        raise SessionfsError(message, hint="name a file that ends in .tar or .tar.zst")
    return output.endswith(COMPRESSED)


def _chosen(
    names: Sequence[str], archive: str | None, filters: Mapping[str, Any]
) -> dict[str, Session]:
    """Return the sessions that are to be packed, by the paths that follow from their ids."""
    chosen: dict[str, Session] = {}
    for name in names or [archive or find_archive()]:
        for session in _named(name, archive, filters):
            with naming(session):
                path = _home(session)
                known = chosen.setdefault(path, session)
                if known is not session and known.seal != session.seal:
                    message = f"{path} was named twice, with different content"
                    raise Conflict(message, hint="name the one to pack")
    return chosen


def _named(name: str, archive: str | None, filters: Mapping[str, Any]) -> Iterable[Session]:
    """Return what a name stands for: the sessions of an archive or pack, or one session."""
    if not os.path.lexists(name):
        return [open_session(name, open_archive(archive) if archive is not None else None)]
    place = place_of(name)
    if place.kind == "session":
        return [Session(DirTree(place.root), place.root)]
    collection = open_pack(name) if place.kind == "pack" else Archive(place.root)
    rows = list_sessions(collection, **filters)
    return [collection.session(row.path) for row in rows]


def _home(session: Session) -> str:
    """Return the path that follows from a session's id."""
    try:
        return f"{shard(session.id)}/{session.id}"
    except (ValueError, OverflowError):
        message = f"its id, {session.id}, has no month"
        raise SessionfsError(message, hint="run `sessionfs verify`") from None
