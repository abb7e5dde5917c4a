"""Native logs given back, and compared with what was imported before anyone relies on them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from sessionfs.archive import FILES
from sessionfs.digest import Hasher
from sessionfs.disk import steps
from sessionfs.disk.marker import check_outside
from sessionfs.disk.output import check_file, check_place, new_file
from sessionfs.errors import Conflict, SessionfsError
from sessionfs.tree import check_path, read_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sessionfs.archive import Session


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
    one = len(sources) == 1 and not whole
    _check_output(output, one=one, force=force)
    if one:
        _write_all(output, _proved(session, next(iter(sources))), force=force)
        return [output]
    written = []
    for name in sources:
        check_path(name)
        check_file(os.path.join(output, *name.split("/")))
    for name, owner in sorted(sources.items()):
        place = os.path.join(output, *name.split("/"))
        steps.make_directories(os.path.dirname(os.path.abspath(place)))
        _write_all(place, _proved(owner, name), force=force)
        written.append(place)
    return written


def _check_output(output: str, *, one: bool, force: bool) -> None:
    """Raise where nothing can or may be written at `output`: one file, or a directory."""
    if one and output and not os.path.basename(output):
        message = f"{output} is a directory, and this session comes from one file"
        raise Conflict(message, hint="name a file")
    if not one and force and os.path.isdir(output):
        check_outside(output)
        return
    check_place(output, force=force)
    if not one and os.path.lexists(output):
        message = f"{output} is no directory, and there are several files to write"
        raise Conflict(message, hint="name a directory")


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


def _write_all(place: str, chunks: Iterable[bytes], *, force: bool) -> None:
    with new_file(place, force=force) as write:
        for chunk in chunks:
            write(chunk)
