"""What is staged for the next commit, and what the commit would be."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sessionfs.errors import SessionfsError
from sessionfs.git.running import ask, command, environment

if TYPE_CHECKING:
    from sessionfs.git.contents import Contents

_FILES = (b"100644", b"100755", b"120000", b"000000")
_GOING_ON = ("rebase-merge", "rebase-apply", "CHERRY_PICK_HEAD", "REVERT_HEAD", "MERGE_HEAD")


@dataclass(frozen=True)
class Staged:
    """A file that the next commit changes: its content before and after, None for none."""

    path: str
    before: bytes | None
    after: bytes | None


def staged_files(
    top: str, contents: Contents, index: str | None = None, *, without: str | None = None
) -> list[Staged]:
    """Return the files whose content the next commit changes, but for those below `without`.

    `index` is the file of git's index to look at, as a hook is told it.
    """
    done = subprocess.run(
        command(
            top,
            *("diff", "--cached", "--raw", "-z", "--no-renames", "--no-abbrev"),
            *("--no-ext-diff", "--no-textconv", "--ignore-submodules=all"),
        ),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        env=environment() | ({"GIT_INDEX_FILE": index} if index else {}),
    )
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        message = f"cannot tell what is staged: {said[0] if said else 'git failed'}"
        raise SessionfsError(message, hint="run it in a work tree of git")
    fields = done.stdout.split(b"\0")[:-1]
    found = []
    for facts, path in zip(fields[::2], fields[1::2], strict=False):
        if without is not None and path.startswith(os.fsencode(without) + b"/"):
            continue
        old_mode, mode, old, new, _ = facts.removeprefix(b":").split(b" ")
        if old_mode in _FILES and mode in _FILES and old != new:
            found.append(Staged(os.fsdecode(path), _read(contents, old), _read(contents, new)))
    return found


def renamed(top: str, index: str | None = None) -> dict[str, str]:
    """Return the files that the next commit moves, by their new names, and the former ones."""
    answer = ask(
        top,
        *("diff", "--cached", "--name-status", "-z", "--find-renames", "--diff-filter=R"),
        *("--no-ext-diff", "--no-textconv", "--ignore-submodules=all"),
        index=index,
    )
    fields = [os.fsdecode(field) for field in (answer or b"").split(b"\0")[:-1]]
    return dict(zip(fields[2::3], fields[1::3], strict=True))


def _read(contents: Contents, identifier: bytes) -> bytes | None:
    if not identifier.strip(b"0"):
        return None
    blob = contents.read(identifier)
    return None if blob is None else blob.content


def goes_on(top: str) -> bool:
    """Tell whether git is in the middle of a merge, a rebase, a cherry-pick or a revert."""
    for name in _GOING_ON:
        answer = ask(top, "rev-parse", "--git-path", name)
        if answer is not None:
            path = os.path.join(top, os.fsdecode(answer.removesuffix(b"\n")))
            if os.path.lexists(path):
                return True
    return False
