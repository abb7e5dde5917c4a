"""What a tree holds that cannot be judged: what is no regular file, and what cannot be read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sessionfs.errors import SessionfsError
from sessionfs.schema import finding

if TYPE_CHECKING:
    from sessionfs.model import Finding
    from sessionfs.tree import Tree

DIRECTORIES: Final = ("directory", "empty_directory")
"""Kinds of what stands in a tree and is no fault by itself."""

_CODES: Final = {"symlink": "E104", "special": "E105", "unreadable": "E001"}
_WORDS: Final = {
    "symlink": "a symbolic link",
    "special": "neither a file nor a directory",
    "unreadable": "it cannot be read",
}


def oddities(tree: Tree) -> dict[str, str]:
    """Return path and kind of what is no regular file, where the tree knows such things."""
    ask = getattr(tree, "oddities", None)
    return {} if ask is None else dict(ask())


def odd(path: str, kind: str) -> Finding | None:
    """Return the finding about what is no file, None for a directory. Enforces E104, E105."""
    return finding(_CODES[kind], path, _WORDS[kind]) if kind in _CODES else None


def unreadable(error: Exception, path: str) -> Finding:
    """Return the finding that a file cannot be read. Enforces E001."""
    said = error.message if isinstance(error, SessionfsError) else type(error).__name__
    return finding("E001", path, said)
