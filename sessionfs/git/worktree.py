"""The work tree that a directory lies in, and where in it."""

from __future__ import annotations

import os
from dataclasses import dataclass

from sessionfs.errors import SessionfsError
from sessionfs.git.repository import setting
from sessionfs.git.running import ask, require


@dataclass(frozen=True)
class WorkTree:
    """A work tree, by its root."""

    top: str

    def path(self, name: str, directory: str) -> str:
        """Return a path as the repository has it; raises `SessionfsError` where it lies outside.

        `name` is seen from `directory`.
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
    answer = ask(directory, "rev-parse", "--is-inside-work-tree", "--show-toplevel")
    inside, _, top = (answer or b"").partition(b"\n")
    if inside == b"true" and top:
        return WorkTree(os.fsdecode(top.removesuffix(b"\n")))
    place = os.path.abspath(directory)
    told = require(
        directory,
        *("rev-parse", "--is-bare-repository"),
        otherwise=f"no repository at {place}",
        hint="run it in a work tree of git",
    )
    said = "a bare repository" if told == b"true\n" else "no work tree"
    message = f"{place} is in {said}: it holds no archive to read"
    raise SessionfsError(message, hint="run it in a work tree: `git worktree add` makes one")


def main_work_tree(directory: str) -> str | None:
    """Return the root of the work tree that the one around a directory is linked to, if it is."""
    asked = ("rev-parse", "--path-format=absolute")
    own = ask(directory, *asked, "--git-dir")
    shared = ask(directory, *asked, "--git-common-dir")
    if shared is None or own == shared:
        return None
    above, name = os.path.split(os.fsdecode(shared.removesuffix(b"\n")))
    return above if name == ".git" else None


def path_setting(directory: str, name: str) -> str | None:
    """Return a path that git's configuration has; it may be relative. None where it has none.

    One that git cannot expand, such as the home of nobody, is as it is written.
    """
    written = setting(directory, name)
    answer = ask(directory, "config", "--path", "--get", "-z", name) if written else None
    return written if answer is None else os.fsdecode(answer.removesuffix(b"\0"))


def content_of(path: str) -> bytes:
    """Return a file of a work tree as git would commit it, but for conversions; a link's target."""
    if os.path.islink(path):
        return os.fsencode(os.readlink(path))
    with open(path, "rb") as stream:
        return stream.read()


def tracked(top: str, revision: str | None = None) -> list[str]:
    """Return the files of a work tree's index, or of a revision."""
    listing = ("ls-files", "-z") if revision is None else ("ls-tree", "-r", "-z", "--name-only")
    answer = ask(top, *listing, *(() if revision is None else ("--full-tree", revision)))
    return list(dict.fromkeys(os.fsdecode(path) for path in (answer or b"").split(b"\0")[:-1]))
