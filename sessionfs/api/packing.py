"""Sessions in one file: pack."""

from __future__ import annotations

import os
from itertools import chain
from typing import TYPE_CHECKING, Any, BinaryIO

from sessionfs.api.named import place_of
from sessionfs.api.places import naming, open_archive, open_session
from sessionfs.api.read import list_sessions
from sessionfs.archive import VERIFY, Session
from sessionfs.disk.output import check_place, new_file
from sessionfs.disk.pack import COMPRESSED, ENDINGS
from sessionfs.disk.threads import in_threads
from sessionfs.disk.tree import DirTree
from sessionfs.errors import Conflict, FormatError, NotFound, SessionfsError
from sessionfs.identity import is_ulid, session_path
from sessionfs.pack import PackWriter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from sessionfs.collection import Collection
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
    nearest = None if archive is None and names else open_archive(archive)
    chosen: dict[str, Session] = {}
    everything = [nearest] if nearest is not None and not names else []
    found = [_all_of(each, filters) for each in everything]
    found += [_named(name, nearest, filters) for name in names]
    for session in chain.from_iterable(found):
        with naming(session):
            path = _home(session)
            known = chosen.setdefault(path, session)
            if known is not session and known.seal != session.seal:
                message = f"{path} was named twice, with different content"
                raise Conflict(message, hint="name the one to pack")
    return chosen


def _all_of(collection: Collection, filters: Mapping[str, Any]) -> list[Session]:
    return [collection.session(row.path) for row in list_sessions(collection, **filters)]


def _named(name: str, nearest: Collection | None, filters: Mapping[str, Any]) -> list[Session]:
    """Return what a name stands for: the sessions of an archive or pack, or one session."""
    place = place_of(name) if os.path.lexists(name) else None
    if place is not None and place.kind != "session":
        return _all_of(open_archive(place.root), filters)
    if any(value for value in filters.values() if value != "newest"):
        message = f"{name} is one session, and filters choose among those of archives and packs"
        raise SessionfsError(message, hint="name an archive or a pack, or leave the filters out")
    if place is not None:
        return [Session(DirTree(place.root), place.root)]
    return [open_session(name, nearest)]


def _home(session: Session) -> str:
    """Return the path that follows from a session's id. Enforces E119."""
    directory = session.path.replace(os.sep, "/").rpartition("/")[2]
    if is_ulid(directory) and directory != session.id:
        raise FormatError("E119", session.path, f"its id is {session.id}", hint=VERIFY)
    try:
        return session_path(session.id)
    except ValueError as error:
        raise SessionfsError(str(error), hint=VERIFY) from None
