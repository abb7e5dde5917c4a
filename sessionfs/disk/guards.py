"""The guards of an archive: what keeps git from touching the bytes of its sessions."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from sessionfs.disk.archive import ATTRIBUTES
from sessionfs.disk.tree import DirTree
from sessionfs.errors import SessionfsError
from sessionfs.tree import read_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator

_GUARD: Final = ".gitattributes"
_DEPTH: Final = 3
"""A session is that deep below its archive: year, month, id."""


def is_guarded(root: str) -> bool:
    """Tell whether an archive has the attributes that we write, and none deeper inside."""
    wanted = ATTRIBUTES.encode()
    with suppress(SessionfsError, OSError):
        if read_bytes(DirTree(root), _GUARD, len(wanted)) == wanted:
            return not any(
                os.path.lexists(os.path.join(place, _GUARD)) for place in _below(root, _DEPTH)
            )
    return False


def _below(directory: str, depth: int) -> Iterator[str]:
    """Yield the directories in which a `.gitattributes` would count for files of sessions."""
    if not depth:
        yield os.path.join(directory, "files")
        return
    with os.scandir(directory) as scan:
        inside = [entry.path for entry in scan if entry.is_dir(follow_symlinks=False)]
    for place in inside:
        yield place
        yield from _below(place, depth - 1)
