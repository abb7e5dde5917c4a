"""What git keeps back of an archive, or does to it, that a look at the files does not show."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Final

from sessionfs.errors import SessionfsError
from sessionfs.git.attributes import attributes
from sessionfs.git.running import ask

if TYPE_CHECKING:
    from collections.abc import Iterable

OLDEST: Final = (2, 34)
"""The oldest git that we are tested with."""

_HIDDEN: Final = b"Ss"
"""How `git ls-files -v` marks what a sparse checkout leaves out."""


def version(directory: str) -> tuple[int, ...] | None:
    """Return the version of git, None where there is none on PATH."""
    told = re.search(rb"([0-9]+)\.([0-9]+)", ask(directory, "--version") or b"")
    return None if told is None else (int(told[1]), int(told[2]))


def require_version(directory: str) -> None:
    """Raise `SessionfsError` where git is older than what we are tested with."""
    number = version(directory)
    if number is not None and number < OLDEST:
        told, oldest = (".".join(map(str, each)) for each in (number, OLDEST))
        raise SessionfsError(f"git {told} is too old", hint=f"install git {oldest} or newer")


def hidden(root: str) -> list[str]:
    """Return the files below a directory that a sparse checkout leaves out of the work tree."""
    rows = (ask(root, "ls-files", "-v", "-z", "--", ".") or b"").split(b"\0")[:-1]
    return [os.fsdecode(row[2:]) for row in rows if row[:1] in _HIDDEN]


def in_index(top: str, paths: Iterable[str]) -> dict[str, bool]:
    """Return which of some files git has in its index; true where it is to be left out.

    The paths are relative to `top`, which is the top of a work tree.
    """
    wanted = [f":(top,literal){path}" for path in paths]
    answer = ask(top, "ls-files", "-v", "-z", "--", *wanted) if wanted else None
    rows = (answer or b"").split(b"\0")[:-1]
    return {os.fsdecode(row[2:]): row[:1] in _HIDDEN for row in rows}


def staged_content(top: str, path: str) -> bytes | None:
    """Return what git's index has of a file, None where it cannot be read."""
    return ask(top, "cat-file", "blob", f":0:{path}")


def unmerged(root: str) -> list[str]:
    """Return the files below a directory that a merge has left in conflict."""
    rows = (ask(root, "ls-files", "--unmerged", "-z", "--", ".") or b"").split(b"\0")[:-1]
    return list(dict.fromkeys(os.fsdecode(row.partition(b"\t")[2]) for row in rows))


def is_shallow(root: str) -> bool:
    """Tell whether the clone begins at some commit, and lacks what was before."""
    return ask(root, "rev-parse", "--is-shallow-repository") == b"true\n"


def superproject(root: str) -> str | None:
    """Return the work tree of which the repository is a submodule, or None."""
    answer = ask(root, "rev-parse", "--show-superproject-working-tree")
    return os.fsdecode(answer.removesuffix(b"\n")) if answer else None


def merge_drivers(root: str, paths: Iterable[str]) -> set[str]:
    """Return how git merges some files: names of drivers, `unset`, `unspecified` …."""
    return {value for _, _, value in attributes(root, paths, ["merge"])}
