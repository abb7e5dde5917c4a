"""A file that a command writes: whole or not at all, and never over another one by chance."""

from __future__ import annotations

import contextlib
import errno
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from sessionfs.disk import steps
from sessionfs.disk.marker import check_outside
from sessionfs.errors import Conflict, NotFound, SessionfsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


_LONGEST = 60
"""Characters of a file's name in that of its draft: whatever they are, a name can be that long."""


def check_place(output: str, *, force: bool) -> None:
    """Raise where no file may be written at `output`.

    `force` allows a regular file to stand there, which is then replaced.
    """
    if not output:
        message = "the name of the output is empty"
        raise SessionfsError(message, hint="name another; is a variable of the shell unset?")
    check_outside(output)
    if os.path.lexists(output) and not force:
        raise _exists(output)
    check_file(output)
    if not os.path.isdir(os.path.dirname(os.path.abspath(output))):
        message = f"no directory {os.path.dirname(output)}"
        raise NotFound(message, hint="make it first")


def check_file(place: str) -> None:
    """Raise `Conflict` where something stands that a file cannot take the place of."""
    if os.path.lexists(place) and (os.path.islink(place) or not os.path.isfile(place)):
        message = f"{place} is no regular file"
        raise Conflict(message, hint="name another, or remove it first")


@contextmanager
def new_file(place: str, *, force: bool) -> Iterator[Callable[[bytes], None]]:
    """Give a function that writes a file; it is at `place`, durably, once the block is left.

    Where the block fails nothing is left. Raises `Conflict` where meanwhile another file has
    come to stand there, unless `force` replaces it.
    """
    draft, descriptor = _create_draft(place)
    try:
        try:
            yield lambda content: steps.write(descriptor, content)
            steps.sync_file(descriptor)
        finally:
            os.close(descriptor)
        if force:
            steps.rename(draft, place)
        else:
            _name(draft, place)
    except BaseException:
        steps.remove_file(draft)
        raise
    steps.sync_directory(os.path.dirname(os.path.abspath(place)))


def _name(draft: str, place: str) -> None:
    """Give a file its name, which nothing has, also where others write at the same time."""
    try:
        steps.link(draft, place)
    except FileExistsError:
        raise _exists(place) from None
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EMLINK):
            raise
        steps.rename_new(draft, place)  # a file system without links
        return
    steps.remove_file(draft)


def _exists(place: str) -> Conflict:
    return Conflict(f"{place} exists", hint="name another, or use --force")


def _create_draft(place: str) -> tuple[str, int]:
    """Create a file beside `place`, under a free name; return that and the descriptor."""
    number = 0
    while True:
        number += 1
        directory, name = os.path.split(place)
        draft = os.path.join(directory, f"{name[:_LONGEST]}.part{number}")
        with contextlib.suppress(FileExistsError):
            return draft, steps.create_file(draft)
