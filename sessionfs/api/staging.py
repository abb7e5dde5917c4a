"""The sessions that wrote what is staged, judged as `blame` judges what a work tree has."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from sessionfs.api.edited import edits_in
from sessionfs.api.traced import committed_versions, next_version, witnesses_of
from sessionfs.api.witnesses import SessionsOfCommits, place_in
from sessionfs.errors import SessionfsError
from sessionfs.git.commits import read_log
from sessionfs.git.contents import Contents
from sessionfs.git.repository import remotes
from sessionfs.git.staged import renamed, staged_files
from sessionfs.git.versions import file_versions, is_text
from sessionfs.git.worktree import tracked
from sessionfs.placeholder import as_text
from sessionfs.provenance.edits import lines_of
from sessionfs.provenance.linking import Difference
from sessionfs.provenance.notes import NOTES
from sessionfs.provenance.roots import Files
from sessionfs.provenance.trace import SKEW, brought
from sessionfs.provenance.versions import Version

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sessionfs.collection import Collection
    from sessionfs.git.commits import Commit
    from sessionfs.provenance.edits import Edit

_MOST_FILES = 20
"""Files whose history is asked for in one commit: a hook may not take long."""
_MOST_LINES = 100_000
"""Lines of older versions that are read in one commit, of all its files."""
_LEAST = 500
"""What a version counts at least, in lines: git has to find it."""


class _Changed(NamedTuple):
    """A file that the next commit changes, and what it was called before."""

    path: str
    former: str
    before: list[str]
    after: list[str]


def sessions_behind(
    collection: Collection,
    top: str,
    head: Commit | None,
    index: str | None,
    unreadable: Callable[[SessionfsError], None],
) -> set[str]:
    """Return the ULIDs of the sessions whose edits are in what is staged, and in no commit yet.

    `head` is the last commit, `index` the file of git's index. A session that cannot be read is
    given to `unreadable`, and so is a file's history. Raises `SessionfsError`.
    """
    with Contents(top) as contents:
        changed = _changed(top, contents, index, place_in(collection, top))
        names = {name for file in changed for name in (file.path, file.former)}
        edits = edits_in(
            collection, names, Files([*tracked(top), *names], top, remotes(top)), unreadable
        )
        staging = _Staging(SessionsOfCommits(collection, top), top, head, contents)
        of_path: dict[str, list[int]] = defaultdict(list)
        for number, (_, paths) in enumerate(edits):
            for path in paths:
                of_path[path].append(number)
        for file in changed:
            mine = {number for name in (file.path, file.former) for number in of_path[name]}
            staging.look_at(file, [edits[number][0] for number in sorted(mine)])
        told: set[str] = set()
        for error in staging.look_back():  # in a partial clone, of an older version
            if str(error) not in told:
                unreadable(error)
            told.add(str(error))
    return staging.found


def _changed(top: str, contents: Contents, index: str | None, place: str | None) -> list[_Changed]:
    """Return the texts that the next commit changes; those that it moves under the new name."""
    staged = {file.path: file for file in staged_files(top, contents, index, without=place)}
    formers = renamed(top, index) if any(file.before is None for file in staged.values()) else {}
    gone = set(formers.values())
    found = []
    for path, file in staged.items():
        former = formers.get(path, path)
        before = staged[former].before if former in staged else file.before
        if path not in gone and is_text(before or b"") and is_text(file.after or b""):
            found.append(_Changed(path, former, _lines(before), _lines(file.after)))
    return found


def _lines(content: bytes | None) -> list[str]:
    return lines_of(as_text(content or b""))


def _until(commit: Commit) -> int:
    """Return the time of the last edit that a commit can have."""
    return max(commit.authored, commit.committed) + SKEW


class _Waiting(NamedTuple):
    """A file that the edits since the last commit do not explain."""

    file: _Changed
    edits: Sequence[Edit]
    able: Sequence[Edit]
    """Those that may be in what the next commit changes."""
    difference: Difference

    @property
    def newest(self) -> int:
        """The time of the newest edit that may be in it."""
        return max(edit.time or 0 for edit in self.able)


class _Staging:
    """What is staged, and the sessions behind the files that have been looked at."""

    def __init__(
        self, sessions: SessionsOfCommits, top: str, head: Commit | None, contents: Contents
    ) -> None:
        self.found: set[str] = set()
        self._sessions = sessions
        self._top = top
        self._head = head
        self._contents = contents
        self._waiting: list[_Waiting] = []

    def look_at(self, file: _Changed, edits: Sequence[Edit]) -> None:
        """Find the sessions behind a file that are not found yet, by edits since the last commit.

        Mostly these explain all, and nobody needs to read the history of the file.
        """
        difference = Difference(file.before, file.after)
        able = [edit for edit in edits if difference.may_have(edit)]
        if self._explains(able):
            return
        head = self._head
        latest = _until(head) if head else -1
        recent = [edit for edit in edits if (edit.time or 0) > latest]
        if recent:
            self._trace(
                file, [Version(file.before, authored=head.authored)] if head else [], recent
            )
        if len(recent) < len(edits) and not self._explains(able):
            self._waiting.append(_Waiting(file, edits, able, difference))

    def look_back(self) -> Iterator[SessionfsError]:
        """Find the others by the history of the files; yield what cannot be read.

        The files with the newest edits come first, for their sessions may be behind the others.
        """
        waiting = sorted(self._waiting, key=lambda one: one.newest, reverse=True)[:_MOST_FILES]
        for one in waiting:
            share = _MOST_LINES // len(waiting) // max(len(one.file.before), _LEAST)
            try:
                self._look_back(one, max(share, 2))
            except SessionfsError as error:
                yield error

    def _look_back(self, waiting: _Waiting, most: int) -> None:
        """Follow a file through its newest versions, at most so many, as far as it takes.

        What an edit that is older became is not known then: it may have been committed long ago.
        """
        if self._head is None or self._explains(waiting.able):
            return
        head, file = self._head.id, waiting.file
        limits = ("--parents", f"--max-count={most}")
        commits = read_log(self._top, head, [file.former], *limits, notes=NOTES)
        since = commits[0].authored if commits else -1
        times = [
            edit.time or 0
            for edit in waiting.edits
            if (edit.time or 0) > since or waiting.difference.may_have_late(edit)
        ]
        if len(commits) == most:
            times = [time for time in times if time > _until(commits[-1])]
        if not times:
            return
        if all(len(commit.parents) <= 1 for commit in commits):  # one after the other
            before = (n for n, commit in enumerate(commits, 1) if _until(commit) < min(times))
            most = next(before, most)
        found = file_versions(self._top, head, file.former, self._contents, notes=NOTES, most=most)
        unknown = max((_until(version.commit) for version in found if version.is_cut), default=-1)
        edits = [edit for edit in waiting.edits if (edit.time or 0) > unknown]
        past = committed_versions(found, witnesses_of(found, self._sessions), self._contents)
        self._trace(file, past, edits)

    def _explains(self, edits: Sequence[Edit]) -> bool:
        return all(edit.session in self.found for edit in edits)

    def _trace(self, file: _Changed, past: Sequence[Version], edits: Sequence[Edit]) -> None:
        now = next_version(file.after, past, self._head.authored if self._head else None)
        self.found |= {edits[edit].session for edit in brought([*past, now], edits)}


def last_commit(top: str) -> Commit | None:
    """Return the commit that the next one follows; None where there is none."""
    return next(iter(read_log(top, "HEAD", (), "--max-count=1", notes=NOTES)), None)
