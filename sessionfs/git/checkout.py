"""Which files of a work tree are not, byte for byte, what a commit has: git itself would not say.

What git converts at checkout it converts back before it compares, so `git status` is clean.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from sessionfs.disk.tree import DirTree
from sessionfs.errors import SessionfsError
from sessionfs.git.attributes import attributes
from sessionfs.git.repository import setting

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sessionfs.git.objects import ObjectTree

CONVERTING: Final = ("text", "eol", "crlf", "ident", "filter", "working-tree-encoding")
"""The attributes by which git writes other bytes than it keeps."""

_IDLE: Final = frozenset(("unset", "unspecified"))
_AUTOCRLF: Final = "core.autocrlf"


def differing(tree: ObjectTree, directory: str) -> Iterator[str]:
    """Yield the files below a directory that have other bytes than in the tree.

    Sizes are compared first. What is not there, as in a sparse checkout, is passed over.
    """
    there = DirTree(directory)
    for path in tree.paths():
        try:
            same = there.size(path) == tree.size(path) and tree.is_content(path, there, path)
        except (SessionfsError, OSError):
            continue
        if not same:
            yield path


def reasons(top: str, paths: Sequence[str]) -> dict[str, str]:
    """Return what has git convert each of some files below `top`, in words for people."""
    setting_of_ends = setting(top, _AUTOCRLF)
    found: dict[str, list[str]] = {path: [] for path in paths}
    decided = set()
    for path, name, value in attributes(top, paths, CONVERTING):
        if name == "text" and value != "unspecified":
            decided.add(path)
        if value not in _IDLE:
            found[path].append(f"`{name}` is {value}")
    for path, said in found.items():
        follows = path not in decided or "`text` is auto" in said
        if follows and setting_of_ends not in {None, "false"}:
            said.append(f"{_AUTOCRLF} is {setting_of_ends}")
    return {path: ", ".join(said) for path, said in found.items()}


def beside(top: str, root: str) -> str:
    """Return the directory of a work tree at a path of the commit's."""
    return os.path.join(top, *root.split("/")) if root else top
