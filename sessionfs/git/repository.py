"""Where a repository is, and what it hides."""

from __future__ import annotations

import os
from pathlib import Path

from sessionfs.errors import SessionfsError
from sessionfs.git.running import ask, require


def toplevel(directory: str) -> str | None:
    """Return the root of the work tree that `directory` lies in, or None outside of one."""
    answer = ask(directory, "rev-parse", "--show-toplevel")
    return os.fsdecode(answer.removesuffix(b"\n")) if answer else None


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
