"""A directory of a revision as a tree: read from git's objects, never from the work tree."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from sessionfs.errors import NotFound, SessionfsError
from sessionfs.git.objects import Entry, Objects, ObjectTree
from sessionfs.git.running import ask, require

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Self


class GitTree(ObjectTree):
    """The files that a directory had in a revision; none where it was not there.

    A context manager: leaving it ends git. `commit` is the revision's full id.
    """

    def __init__(self, directory: str, revision: str, prefix: str | None = None) -> None:
        """Look at what `directory` had in `revision` of the repository that it lies in.

        `prefix` is the directory in the revision; None asks where `directory` stands in its work
        tree. Raises `SessionfsError` where there is no repository, no such revision, or no git.
        """
        prefix = _prefix(directory) if prefix is None else prefix
        self.commit = commit_of(directory, revision)
        listed = _list(directory, f"{self.commit}:{prefix}", revision)
        super().__init__(Objects(directory), listed, revision)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the git that gives contents."""
        self.objects.close()


def _list(directory: str, place: str, revision: str) -> Iterator[Entry]:
    """Yield what stands below a directory, given as REVISION:PATH."""
    found = ask(directory, "rev-parse", "--verify", "--quiet", place)
    if found is None:
        return  # it came later
    identifier = found.decode().strip()
    if ask(directory, "cat-file", "-t", identifier) != b"tree\n":
        return  # a file or a link stood there
    listing = require(
        directory,
        "ls-tree", "-r", "-z", "--full-tree", identifier,
        otherwise=f"cannot list the files of {revision}",
        hint="a partial clone may lack directories: `git fetch --refetch --no-filter` brings them;"
        " else `git fsck` tells whether the repository is whole",
    )  # fmt: skip
    for line in listing.split(b"\0")[:-1]:
        facts, _, name = line.partition(b"\t")
        mode, _, blob = facts.decode().split(" ")
        yield Entry(os.fsdecode(name), mode, blob)


def _prefix(directory: str) -> str:
    """Return where a directory stands in its work tree: empty, or a path that ends in `/`."""
    hint = "--against compares with a commit: name an archive or a session in a git work tree"
    answer = require(
        directory, "rev-parse", "--show-prefix", "--is-inside-work-tree",
        otherwise=f"cannot look up a revision for {directory}", hint=hint,
    )  # fmt: skip
    prefix, _, inside = answer.removesuffix(b"\n").rpartition(b"\n")
    if inside != b"true":
        message = f"{directory} is in no work tree of git"
        raise SessionfsError(message, hint=hint)
    return os.fsdecode(prefix).removesuffix("/")


def commit_of(directory: str, revision: str) -> str:
    """Return the id of the commit that a revision names; raises `NotFound`."""
    sound = revision and not revision.startswith("-") and "\0" not in revision
    wanted = f"{revision}^{{commit}}"
    found = sound and ask(directory, "rev-parse", "--verify", "--quiet", wanted)
    if found and found.strip().isalnum():  # `^HEAD` is a name of what is left out
        return found.decode().strip()
    message = f"no commit {revision!r} in the repository of {directory}"
    hint = "name a branch, a tag or a commit; `git fetch` brings those of a remote"
    if ask(directory, "rev-parse", "--is-shallow-repository") == b"true\n":
        hint = (
            "the clone is shallow: `git fetch --unshallow` brings the rest;"
            " in actions/checkout it is `fetch-depth: 0`"
        )
    raise NotFound(message, hint=hint)
