"""Where a repository is, what it hides, and what it lacks."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

from sessionfs.errors import SessionfsError
from sessionfs.git.running import ask, require


class Repository(NamedTuple):
    """A repository, and the directory from which git is asked about it."""

    directory: str
    """The top of its work tree; where there is none, the repository itself."""
    has_work_tree: bool


def toplevel(directory: str) -> str | None:
    """Return the root of the work tree that `directory` lies in, or None outside of one."""
    answer = ask(directory, "rev-parse", "--show-toplevel")
    return os.fsdecode(answer.removesuffix(b"\n")) if answer else None


def repository_of(path: str) -> tuple[Repository, str]:
    """Return the repository of a path, and the path in a commit's tree.

    The path need not exist: a commit may have it. In a repository without a work tree, a path
    below its directory is a path in the tree. Raises `SessionfsError` where there is none, or no
    git.
    """
    whole = os.path.abspath(path)
    place, rest = whole, ""
    while not os.path.isdir(place) and (above := os.path.dirname(place)) != place:
        rest = os.path.join(os.path.basename(place), rest) if rest else os.path.basename(place)
        place = above
    otherwise = f"no repository for {path}"
    hint = "--git and --staged read what git has: name a path in a repository, or run there"
    inside = require(
        place, "rev-parse", "--is-inside-work-tree", otherwise=otherwise, hint=hint
    )  # fmt: skip
    if inside == b"true\n":
        prefix = require(place, "rev-parse", "--show-prefix", otherwise=otherwise, hint=hint)
        top = require(place, "rev-parse", "--show-toplevel", otherwise=otherwise, hint=hint)
        below = os.path.join(os.fsdecode(prefix.removesuffix(b"\n")), rest)
        return Repository(_line(top), has_work_tree=True), _slashes(below)
    top = require(place, "rev-parse", "--absolute-git-dir", otherwise=otherwise, hint=hint)
    directory = _line(top)
    below = os.path.relpath(os.path.join(os.path.realpath(place), rest), directory)
    return Repository(directory, has_work_tree=False), _slashes("" if below == "." else below)


def head(directory: str) -> str | None:
    """Return the id of the commit that is checked out, None before the first one."""
    answer = ask(directory, "rev-parse", "--verify", "--quiet", "HEAD^{commit}")
    return answer.decode().strip() if answer else None


def setting(directory: str, name: str) -> str | None:
    """Return a value of git's configuration as it counts in a directory, or None."""
    answer = ask(directory, "config", "--get", "-z", name)
    return None if answer is None else os.fsdecode(answer.removesuffix(b"\0"))


def remotes(directory: str) -> list[str]:
    """Return the addresses of a repository's remotes, as its configuration has them."""
    answer = ask(directory, "config", "-z", "--get-regexp", r"^remote\..*\.url$") or b""
    return [os.fsdecode(entry).partition("\n")[2] for entry in answer.split(b"\0")[:-1]]


def is_partial(directory: str) -> bool:
    """Tell whether the clone was made without some of the objects, which are fetched on demand."""
    named = r"^(remote\..*\.promisor|extensions\.partialclone)$"
    return bool(ask(directory, "config", "--get-regexp", named))


def absent(directory: str, *what: str, index: str | None = None) -> frozenset[str]:
    """Return the ids of objects that a partial clone lacks, of a tree or `--indexed-objects`."""
    if not is_partial(directory):
        return frozenset()
    arguments = ("rev-list", "--objects", "--missing=print", *what)
    answer = ask(directory, *arguments, index=index) or b""
    lines = answer.decode("ascii", "replace").splitlines()
    return frozenset(line[1:] for line in lines if line.startswith("?"))


def is_ignored(path: str) -> bool:
    """Tell whether the repository would leave `path` out of a commit."""
    place = Path(path)
    answer = ask(str(place.parent), "check-ignore", "--", place.name)
    return bool(answer)


def work_tree(directory: str) -> str:
    """Return the root of the work tree around a directory.

    Raises `SessionfsError` where there is no repository, none with a work tree, or no git.
    """
    hint = "go into a work tree of git, or make one: `git init`; --global needs none"
    bare = require(
        directory, "rev-parse", "--is-bare-repository",
        otherwise=f"no repository around {os.path.abspath(directory)}", hint=hint,
    )  # fmt: skip
    top = toplevel(directory)
    if top is None:
        what = "a bare repository" if bare == b"true\n" else "inside of a repository's own files"
        message = f"{os.path.abspath(directory)} is {what}: it has no work tree"
        raise SessionfsError(message, hint="go into a clone, or use --global")
    return top


def files_named(top: str, name: str) -> list[str]:
    """Return the paths of a work tree that end in a name, but for what git ignores."""
    answer = ask(
        top, "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate",
        "--", f":(top,glob)**/{name}",
    )  # fmt: skip
    return [os.fsdecode(path) for path in (answer or b"").split(b"\0")[:-1]]


def hooks_directory(directory: str) -> tuple[str, bool]:
    """Return where a repository's hooks are, and whether `core.hooksPath` has it so."""
    answer = ask(directory, "rev-parse", "--git-path", "hooks") or b""
    elsewhere = ask(directory, "config", "core.hooksPath") is not None
    return os.path.join(directory, os.fsdecode(answer.removesuffix(b"\n"))), elsewhere


def _line(answer: bytes) -> str:
    return os.fsdecode(answer.removesuffix(b"\n"))


def _slashes(path: str) -> str:
    return path.replace(os.sep, "/").strip("/")
