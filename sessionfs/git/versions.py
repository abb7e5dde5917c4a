"""The versions that a file had in the commits of a revision's history, under all its names.

Told by `git log`, which leaves out commits that did not change it and follows renames.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sessionfs.errors import SessionfsError
from sessionfs.git.commits import read_log
from sessionfs.git.objects import LACKING
from sessionfs.git.running import ask
from sessionfs.placeholder import as_text
from sessionfs.provenance.edits import lines_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sessionfs.git.commits import Commit
    from sessionfs.git.contents import Contents

_MOST_RENAMES = 100
_SNIFFED = 8000
"""Bytes in which git looks for a zero to tell that a file is binary."""


@dataclass
class FileVersion:
    """A file as a commit left it: its path there, None where the commit took it away."""

    commit: Commit
    path: str
    parents: list[tuple[str, str]]
    """The versions before, each as commit and path."""
    lines: Sequence[str] = ()
    """Its lines; none where it was no text, or was taken away."""
    is_there: bool = True
    is_cut: bool = False
    """Whether there is a version before that was not read."""


def file_versions(
    directory: str,
    revision: str,
    path: str,
    contents: Contents,
    *,
    notes: str,
    most: int | None = None,
) -> list[FileVersion]:
    """Return the versions of a file in a revision's history, each behind its parents.

    `most` is how many are read at most, the newest. Raises `SessionfsError` where an object
    is not here, as in a partial clone.
    """
    found: dict[tuple[str, str], FileVersion] = {}
    known: dict[str, str] = {}  # each line is held once, however many versions have it
    renames = 0
    rest = [(revision, path)]
    while rest and renames <= _MOST_RENAMES:
        tip, name = rest.pop()
        if (tip, name) in found:
            continue
        fresh = [
            version
            for version in _named(directory, tip, name, notes, _left(most, found))
            if (version.commit.id, name) not in found
        ]
        for version in fresh:
            key = (version.commit.id, name)
            found[key] = version
            content = _content(directory, contents, *key)
            version.is_there = content is not None
            if is_text(content or b""):
                lines = lines_of(as_text(content or b""))
                version.lines = [known.setdefault(line, line) for line in lines]
        for version in fresh:
            # A name that was there earlier, and then was not, may come from another one, too.
            # Of one whose parents were not read, git has told that it had the name before.
            if not version.is_there or _stood(version, found) or _is_cut(version, found):
                continue
            before = _former(directory, version.commit.id, name)
            parent = before and _tip(directory, f"{version.commit.id}^", before, notes)
            if before and parent:
                renames += 1
                version.parents = [(parent, before)]
                if _left(most, found) != 0:
                    rest.append((parent, before))
    return _in_order(found)


def _left(most: int | None, found: dict[tuple[str, str], FileVersion]) -> int | None:
    """Return how many versions may still be read; None for all."""
    return None if most is None else max(most - len(found), 0)


def _is_cut(version: FileVersion, found: dict[tuple[str, str], FileVersion]) -> bool:
    """Tell whether a parent of a version has not been read."""
    return any(parent not in found for parent in version.parents)


def _stood(version: FileVersion, found: dict[tuple[str, str], FileVersion]) -> bool:
    """Tell whether the file was there, under the same name, in a version before."""
    return any(found[parent].is_there for parent in version.parents if parent in found)


def is_text(content: bytes) -> bool:
    """Tell whether a content has lines, as git tells it: by its beginning."""
    return b"\0" not in content[:_SNIFFED]


def _named(
    directory: str, revision: str, path: str, notes: str, most: int | None
) -> list[FileVersion]:
    # In the order of topology git walks through everything before it tells the first commit.
    order = "--topo-order" if most is None else f"--max-count={most}"
    commits = read_log(directory, revision, [path], order, "--parents", notes=notes)
    return [
        FileVersion(commit, path, [(parent, path) for parent in commit.parents])
        for commit in commits
    ]


def _tip(directory: str, revision: str, path: str, notes: str) -> str | None:
    """Return the last commit of a revision's history that changed a file."""
    commits = read_log(directory, revision, [path], "--max-count=1", notes=notes)
    return commits[0].id if commits else None


def _content(directory: str, contents: Contents, commit: str, path: str) -> bytes | None:
    name = f"{commit}:".encode() + os.fsencode(path)
    if b"\n" in name:
        message = f"a file whose name has a line feed cannot be followed: {path!r}"
        raise SessionfsError(message, hint="rename it")
    blob = contents.read(name)
    if blob is not None:
        return blob.content if blob.kind == "blob" else None
    if ask(directory, "rev-parse", "--verify", "--quiet", os.fsdecode(name)) is not None:
        raise SessionfsError(
            f"git cannot give {path} as it was in {commit[:12]}",
            hint=LACKING,
        )
    return None


def _former(directory: str, commit: str, path: str) -> str | None:
    """Return the name that a file had before a commit, where that renamed it."""
    answer = ask(
        directory,
        *("diff-tree", "-r", "-z", "--no-commit-id", "--find-renames", "--diff-filter=R"),
        *("--name-status", commit),
    )
    fields = [os.fsdecode(field) for field in (answer or b"").split(b"\0")]
    steps = zip(fields[::3], fields[1::3], fields[2::3], strict=False)
    return next((old for _, old, new in steps if new == path), None)


def _in_order(found: dict[tuple[str, str], FileVersion]) -> list[FileVersion]:
    """Return versions so that each stands behind its parents; those not there are left out."""
    done: dict[tuple[str, str], FileVersion] = {}
    stack = [(key, False) for key in found]
    while stack:
        key, is_ready = stack.pop()
        if key in done:
            continue
        version = found[key]
        if is_ready:
            version.is_cut = _is_cut(version, found)
            version.parents = [parent for parent in version.parents if parent in done]
            done[key] = version
        else:
            stack.append((key, True))
            stack += [(parent, False) for parent in version.parents if parent in found]
    return list(done.values())
