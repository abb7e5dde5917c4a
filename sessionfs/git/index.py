"""What is staged: the index of a work tree, which is what the next commit will have."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from sessionfs.git.objects import Entry, Objects, ObjectTree
from sessionfs.git.repository import head, toplevel
from sessionfs.git.running import require

if TYPE_CHECKING:
    from collections.abc import Iterator

_FILE: Final = "GIT_INDEX_FILE"
_HINT: Final = "`git status` tells whether the index can be read"


class Index:
    """The entries of an index: those that a commit would take, and those that are unmerged."""

    def __init__(self, top: str) -> None:
        """Read the index of the work tree whose top this is; raises `SessionfsError`.

        A hook of `git commit` is told of another one, which has what is committed: that counts.
        """
        self.top = top
        self.file = _given(top)
        merged: list[Entry] = []
        unmerged: dict[str, None] = {}
        for entry, stage in self._listed():
            if stage == "0":
                merged.append(entry)
            else:
                unmerged[entry.path] = None
        self.tree = ObjectTree(Objects(top), merged, "the index")
        self.unmerged = list(unmerged)

    def changed(self) -> frozenset[str]:
        """Return the paths in which the index differs from HEAD: all, before the first commit."""
        if head(self.top) is None:
            return frozenset(self.tree.entries)
        answer = require(
            self.top, "diff-index", "--cached", "--name-only", "-z", "HEAD",
            otherwise="cannot compare the index with HEAD", hint=_HINT, index=self.file,
        )  # fmt: skip
        return frozenset(os.fsdecode(path) for path in answer.split(b"\0")[:-1])

    def _listed(self) -> Iterator[tuple[Entry, str]]:
        answer = require(
            self.top, "ls-files", "--stage", "-z", "--full-name",
            otherwise="cannot read the index", hint=_HINT, index=self.file,
        )  # fmt: skip
        for line in answer.split(b"\0")[:-1]:
            facts, _, name = line.partition(b"\t")
            mode, blob, stage = facts.decode().split(" ")
            yield Entry(os.fsdecode(name), mode, blob), stage


def _given(top: str) -> str | None:
    """Return the index that the environment names, where it is this work tree's.

    git runs a hook at the top, and names it relative to that. Another repository than that of
    the working directory, such as a submodule, has its own.
    """
    named = os.environ.get(_FILE)
    if not named or toplevel(os.curdir) != top:
        return None
    return os.path.join(top, named)
