"""Commits as `git log` tells them, and which files they touch."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from sessionfs.errors import SessionfsError
from sessionfs.git.running import ask, require

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sessionfs.git.contents import Contents

_FIELDS: Final = "%H %P %at %ct %an %s %B %N".split()
_LOG: Final = (
    "-c", "log.follow=false", "--literal-pathspecs", "log", "-z", "--no-show-signature",
    "--no-color", "--encoding=UTF-8", "--no-mailmap", "--no-patch",
    "--format=" + "".join(f"{field}%x00" for field in _FIELDS),
)  # fmt: skip
_ID = re.compile(rb"[0-9a-f]{40}(?:[0-9a-f]{24})?")


@dataclass(frozen=True)
class Commit:
    """A commit: times in milliseconds since 1970, `note` what git-ai noted of it."""

    id: str
    parents: tuple[str, ...]
    authored: int
    committed: int
    author: str
    subject: str
    message: str
    note: str


def read_log(
    directory: str, revision: str, paths: Sequence[str] = (), *options: str, notes: str
) -> list[Commit]:
    """Return the commits of a revision or a range that touch some paths, the newest first.

    `notes` is the reference of the notes to read. Raises `SessionfsError`.
    """
    known = ask(directory, "rev-parse", "--verify", "--quiet", notes) is not None
    answer = require(
        directory,
        *_LOG,
        *options,
        *((f"--notes={notes}",) if known else ("--no-notes",)),
        revision,
        "--",
        *paths,
        otherwise=f"cannot read the history of {revision}",
        hint="name a branch, a tag, a commit, or a range such as main..HEAD",
    )
    fields = answer.split(b"\0")
    step = len(_FIELDS) + 1  # each commit ends in one more
    return [_commit(fields[start : start + step]) for start in range(0, len(fields) - 1, step)]


def _commit(fields: list[bytes]) -> Commit:
    identifier, parents, authored, committed, author, subject, message, note = (
        field.decode("utf-8", "replace") for field in fields[: len(_FIELDS)]
    )
    return Commit(
        id=identifier.strip(),
        parents=tuple(parents.split()),
        authored=_millis(authored),
        committed=_millis(committed),
        author=author,
        subject=subject,
        message=message,
        note=note,
    )


def authored_before(contents: Contents, commit: Commit) -> int | None:
    """Return when a parent of a commit was authored, the latest one; None where none is here.

    A parent that seems to be later than the commit, as after a rebase, was not there before it.
    """
    _, parents = _header(contents, commit.id)
    times = (authored(contents, parent) for parent in parents)
    return max((t for t in times if t is not None and t <= commit.authored), default=None)


def authored(contents: Contents, identifier: str) -> int | None:
    """Return when a commit was authored; None where it is not here."""
    return _header(contents, identifier)[0]


def _header(contents: Contents, identifier: str) -> tuple[int | None, list[str]]:
    """Return when a commit was authored and its parents, also those that touch other files."""
    found = contents.read(identifier.encode())
    authored, parents = None, []
    for line in found.content.partition(b"\n\n")[0].split(b"\n") if found else ():
        if line.startswith(b"parent "):
            parents.append(line[len(b"parent ") :].decode())
        elif line.startswith(b"author "):
            authored = _millis(line.split(b" ")[-2].decode("utf-8", "replace"))
    return authored, parents


def _millis(seconds: str) -> int:
    return max(int(seconds) * 1000, 0) if seconds.lstrip("-").isdecimal() else 0


def touched(directory: str, commits: Iterable[str], under: str) -> dict[str, list[str]]:
    """Return which files below a path of the repository each commit changes, but for merges."""
    answer = ask(
        directory,
        *("--literal-pathspecs", "diff-tree", "--stdin", "-z", "-r", "--root", "--no-renames"),
        *("--name-only", "--end-of-options", "--", under),
        given="".join(f"{commit}\n" for commit in commits).encode(),
    )
    if answer is None:
        message = f"cannot tell what the commits change in {under or 'the repository'}"
        raise SessionfsError(message, hint="`git fsck` tells whether the repository is whole")
    found: dict[str, list[str]] = {}
    files: list[str] = []
    for entry in answer.split(b"\0")[:-1]:
        if _ID.fullmatch(entry):
            files = found.setdefault(entry.decode(), [])
        else:
            files.append(os.fsdecode(entry))
    return found


def commit_of(directory: str, revision: str) -> str | None:
    """Return the id of the commit that a revision names, or None where there is none."""
    if not revision or revision.startswith("-") or "\0" in revision:
        return None
    answer = ask(directory, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")
    return answer.decode().strip() if answer else None


def is_shallow(directory: str) -> bool:
    """Tell whether the repository lacks the beginning of its history."""
    return ask(directory, "rev-parse", "--is-shallow-repository") == b"true\n"
