"""Commits and sessions: log, link."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from sessionfs.api.beside import open_beside
from sessionfs.api.staging import last_commit, sessions_behind
from sessionfs.api.witnesses import SessionsOfCommits
from sessionfs.errors import NotFound, SessionfsError
from sessionfs.git.commits import commit_of, is_shallow, read_log
from sessionfs.git.messages import (
    cleanup_mode,
    comment_mark,
    is_squash,
    leave_note,
    read_message,
    take_note,
    template,
    write_message,
)
from sessionfs.git.staged import goes_on
from sessionfs.git.worktree import find_work_tree
from sessionfs.identity import format_time
from sessionfs.provenance.messages import cleanup_of, words
from sessionfs.provenance.notes import NOTES
from sessionfs.provenance.told import Log, LoggedCommit, SessionOfCommit
from sessionfs.provenance.trailers import SESSION, names_any, parse_trailers, with_trailers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sessionfs.git.commits import Commit

_FIRST = 200
"""Commits that are looked at first where only some are wanted."""


def log(
    paths: Sequence[str] = (),
    *,
    archive: str | None = None,
    revision: str = "HEAD",
    limit: int | None = None,
    everything: bool = False,
) -> Log:
    """Return the commits of a revision or range that touch some paths, with their sessions.

    Without `everything` only those that have one; `limit` counts what is returned. The
    repository is that of the working directory. Raises `SessionfsError` where there is none,
    a bare one, or no such revision, `NotFound` where there is no archive.
    """
    tree = find_work_tree(os.curdir)
    collection = open_beside(archive)
    _check_revision(revision)
    sessions = SessionsOfCommits(collection, tree.top)
    behind: dict[str, list[SessionOfCommit]] = {}
    shown: list[Commit] = []
    for commits in _in_steps(revision, paths, limit):
        found = sessions.behind(commits)
        behind |= found
        shown += [commit for commit in commits if everything or found[commit.id]]
        if limit is not None and len(shown) >= limit:
            break
    return Log(
        commits=[
            LoggedCommit(
                commit=commit.id,
                author=commit.author,
                date=format_time(commit.authored),
                subject=commit.subject,
                sessions=behind[commit.id],
            )
            for commit in shown[:limit]
        ],
        shallow=is_shallow(os.curdir),
    )


def _in_steps(revision: str, paths: Sequence[str], limit: int | None) -> Iterator[list[Commit]]:
    """Yield the commits of a history; where few are wanted, not all of it at once."""
    if limit is None:
        yield read_log(os.curdir, revision, paths, notes=NOTES)
        return
    skip, count = 0, max(limit, _FIRST)
    while True:
        window = (f"--skip={skip}", f"--max-count={count}")
        commits = read_log(os.curdir, revision, paths, *window, notes=NOTES)
        yield commits
        if len(commits) < count:
            return
        skip, count = skip + count, count * 4


def _check_revision(revision: str) -> None:
    if not revision or revision.startswith("-") or "\0" in revision:
        message = f"no revision {revision!r}"
        raise NotFound(message, hint="name a branch, a tag, a commit, or a range")
    if revision == "HEAD" and commit_of(os.curdir, revision) is None:
        raise NotFound("no commit yet", hint="`git commit` makes the first one")


def sessions_of_staged(
    archive: str | None = None,
    *,
    directory: str = ".",
    index: str | None = None,
    unreadable: Callable[[SessionfsError], None] = lambda _: None,
) -> list[str]:
    """Return the ULIDs of the sessions that wrote what is staged in a work tree, sorted.

    An edit counts if the staged files have what it wrote, or lack what it took out, and no commit
    did before: as `blame` tells it of a work tree. `index` is the file of git's index where that
    is another one. Raises `SessionfsError`.
    """
    tree = find_work_tree(directory)
    collection = open_beside(archive, tree.top)
    head = last_commit(tree.top) if commit_of(tree.top, "HEAD") else None
    return sorted(sessions_behind(collection, tree.top, head, index, unreadable))


def link_message(
    path: str,
    source: str = "",
    archive: str | None = None,
    *,
    plain: bool = False,
    unfinished: bool = False,
    index: str | None = None,
    unreadable: Callable[[SessionfsError], None] = lambda _: None,
) -> list[str]:
    """Write trailers into the file of a commit's message, as a hook; return those sessions.

    `source` is what git tells a prepare-commit-msg hook of where the message comes from, and a
    commit-msg hook has none. A `plain` message is one that no editor sees. One that the first
    hook has and an editor will see is `unfinished`: it stays as it is until the second. A merge,
    and commits that git makes anew in a rebase, cherry-pick or revert, name their sessions
    already; of a squash the sessions of its commits are kept. A message that git would not commit
    stays as it is: one without a word, or an untouched template.
    """
    top = find_work_tree(os.curdir).top
    left = take_note(top)
    if source == "merge" or goes_on(top):
        return []
    message = read_message(path)
    if source:
        if plain or unfinished:  # it is git that calls
            leave_note(top, message if source == "template" else "")
        if source == "template" or unfinished:
            return []
    elif plain and (left is not None or names_any(message)):  # the first hook has done it
        return []
    mark = comment_mark(top, message)
    cleanup = cleanup_of(message, mark, cleanup_mode(top), plain=plain)
    said = words(message, cleanup)
    begun = () if source == "message" else (left or "", template(top))
    if not said or said in (words(text, cleanup) for text in begun):
        return []
    sessions = set(sessions_of_staged(archive, index=index, unreadable=unreadable))
    if source == "squash" or is_squash(top):
        rows = open_beside(archive, top).paths()
        known = {row.rpartition("/")[2] for row in rows}
        named = (trailer.ref for trailer in parse_trailers(message) if trailer.key == SESSION)
        sessions |= known.intersection(named)
    linked = with_trailers(message, sessions, cleanup)
    if linked != message:
        write_message(path, linked)
    return sorted(sessions)
