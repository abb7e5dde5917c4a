"""Modes of files: none of an archive's is a program."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sessionfs.schema import finding

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sessionfs.model import Finding
    from sessionfs.tree import Tree


def judge_modes(tree: Tree, paths: Sequence[str]) -> Iterator[Finding]:
    """Yield which of the files of one directory can be run. Enforces W123.

    Where all of them can, the file system has no modes, and nothing is said; nor of a tree
    that knows no modes.
    """
    ask = getattr(tree, "is_executable", None)
    executable = [] if ask is None else [path for path in paths if ask(path)]
    if len(executable) < len(paths):
        for path in executable:
            yield finding("W123", path, "it can be run as a program")
