"""The guards of an archive: what keeps git from touching the bytes of its sessions."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from sessionfs.disk.tree import DirTree
from sessionfs.errors import SessionfsError
from sessionfs.tree import read_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator

ATTRIBUTES: Final = """\
# The bytes below are hashed: git must never rewrite, convert or text-merge them.
* -text -ident -filter -working-tree-encoding -export-subst -export-ignore -merge diff=sessionfs
*.jsonl linguist-generated
"""
IGNORE: Final = """\
# Sessions are content: undo what a global or parent .gitignore hides …
!*
!*/
# … and keep out what this machine alone needs, and what editors and systems leave.
/.cache
.DS_Store
*.swp
*~
Thumbs.db
"""
GUARDS: Final = {".gitattributes": ATTRIBUTES.encode(), ".gitignore": IGNORE.encode()}
"""Content by name of the files that guard the bytes of sessions in git."""

_GUARD: Final = ".gitattributes"
_MOST: Final = 1 << 20
"""Most bytes in a file of attributes or ignores that is read."""

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


def guard_contents(root: str) -> Iterator[tuple[str, bytes | None, bytes]]:
    """Yield name and content of each guard of an archive, None for a missing one, and as it ought.

    Raises `SessionfsError` for one that cannot be read.
    """
    for name, guard in GUARDS.items():
        found = os.path.lexists(os.path.join(root, name))
        content = read_bytes(DirTree(root), name, _MOST) if found else None
        yield name, content, completed(content or b"", guard)


def completed(content: bytes, guard: bytes) -> bytes:
    """Return a guard that has all of our lines, the added ones below, where they outrank ours.

    One that lacks none stays as it is.
    """
    lines, ours = content.splitlines(), guard.splitlines()
    if all(line in lines for line in ours if not line.startswith(b"#")):
        return content
    return guard + b"".join(line + b"\n" for line in lines if line not in ours)


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
