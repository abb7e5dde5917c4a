"""The work tree that a directory lies in, and where in it."""

from __future__ import annotations

import os
from dataclasses import dataclass

from sessionfs.errors import SessionfsError
from sessionfs.git.running import ask, require


@dataclass(frozen=True)
class WorkTree:
    """A work tree: its root, and the path in it of the directory that was asked about."""

    top: str
    prefix: str
    """Empty at the root, else with a `/` at its end."""

    def path(self, name: str, directory: str) -> str:
        """Return a path as the repository has it; raises `SessionfsError` where it lies outside.

        `name` is seen from `directory`, the one that was asked about.
        """
        whole = os.path.normpath(os.path.join(os.path.realpath(directory), name))
        top = os.path.realpath(self.top)
        if whole == top:
            return ""
        if not whole.startswith(top.rstrip(os.sep) + os.sep):
            message = f"{name} is outside of the repository at {self.top}"
            raise SessionfsError(message, hint="name a file of the repository")
        return whole[len(top.rstrip(os.sep)) + 1 :].replace(os.sep, "/")


def find_work_tree(directory: str) -> WorkTree:
    """Return the work tree that a directory lies in; raises `SessionfsError` where none is."""
    answer = require(
        directory,
        *("rev-parse", "--is-bare-repository", "--is-inside-work-tree"),
        otherwise=f"no repository at {os.path.abspath(directory)}",
        hint="run it in a work tree of git",
    )
    if answer != b"false\ntrue\n":
        said = "a bare repository" if answer.startswith(b"true") else "no work tree"
        message = f"{os.path.abspath(directory)} is in {said}: it holds no archive to read"
        raise SessionfsError(message, hint="run it in a work tree: `git worktree add` makes one")
    top = require(
        directory, "rev-parse", "--show-toplevel", otherwise="no work tree", hint="ask git why"
    )
    prefix = require(
        directory, "rev-parse", "--show-prefix", otherwise="no work tree", hint="ask git why"
    )
    return WorkTree(os.fsdecode(top.removesuffix(b"\n")), os.fsdecode(prefix.removesuffix(b"\n")))


def tracked(top: str, revision: str | None = None) -> list[str]:
    """Return the files of a work tree's index, or of a revision."""
    listing = ("ls-files", "-z") if revision is None else ("ls-tree", "-r", "-z", "--name-only")
    answer = ask(top, *listing, *(() if revision is None else ("--full-tree", revision)))
    return list(dict.fromkeys(os.fsdecode(path) for path in (answer or b"").split(b"\0")[:-1]))
