"""Small files that git reads, and that are not ours alone: replaced whole, or left as they were."""

from __future__ import annotations

import os
import stat

from sessionfs.disk import steps
from sessionfs.disk.output import new_file
from sessionfs.errors import SessionfsError

_MOST = 1 << 20
"""Most bytes of a file that is added to."""

_EXECUTABLE = 0o111


def content_of(path: str) -> bytes | None:
    """Return what a file holds, None where there is none.

    Raises `SessionfsError` where it is no small file.
    """
    try:
        with open(path, "rb") as stream:
            content = stream.read(_MOST + 1)
    except FileNotFoundError:
        return None
    if len(content) > _MOST:
        message = f"{path} is too large to add a line to"
        raise SessionfsError(message, hint="look at what it is, and make it smaller")
    return content


def write_file(path: str, content: bytes | None, *, executable: bool = False) -> None:
    """Have a file hold a content, or not be there; what it may be used for stays the same."""
    place = os.path.realpath(path)
    if content is None:
        steps.remove_file(place)
        return
    steps.make_directories(os.path.dirname(place))
    mode = stat.S_IMODE(os.stat(place).st_mode) if os.path.exists(place) else None
    with new_file(place, force=True) as write:
        write(content)
    if mode is not None:
        os.chmod(place, mode)
    elif executable:
        given = stat.S_IMODE(os.stat(place).st_mode)
        os.chmod(place, given | given >> 2 & _EXECUTABLE)  # whoever may read it may run it
