"""The sessions that wrote what is staged, judged as `blame` judges what a work tree has."""

from __future__ import annotations

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
from sessionfs.provenance.linking import may_be_in
from sessionfs.provenance.notes import NOTES
from sessionfs.provenance.roots import Files
from sessionfs.provenance.trace import SKEW, brought
from sessionfs.provenance.versions import Version

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sessionfs.collection import Collection
    from sessionfs.git.commits import Commit
    from sessionfs.provenance.edits import Edit


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
        told: set[str] = set()
        staging = _Staging(SessionsOfCommits(collection, top), top, head, contents)
        for file in changed:
            named = {file.path, file.former}
            mine = [edit for edit, paths in edits if not named.isdisjoint(paths)]
            try:
                staging.look_at(file, mine)
            except SessionfsError as error:  # in a partial clone, of an older version
                if str(error) not in told:
                    unreadable(error)
                told.add(str(error))
    return staging.found


def _changed(top: str, contents: Contents, index: str | None, place: str | None) -> list[_Changed]:
    """Return the texts that the next commit changes; those that it moves under the new name."""
    staged = {file.path: file for file in staged_files(top, contents, index, without=place)}
    formers = renamed(top, index) if any(file.before is None for file in staged.values()) else {}
    found = []
    for path, file in staged.items():
        former = formers.get(path, path)
        before = staged[former].before if former in staged else file.before
        if path not in formers.values() and is_text(before or b"") and is_text(file.after or b""):
            found.append(_Changed(path, former, _lines(before), _lines(file.after)))
    return found


def _lines(content: bytes | None) -> list[str]:
    return lines_of(as_text(content or b""))


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

    def look_at(self, file: _Changed, edits: Sequence[Edit]) -> None:
        """Find the sessions behind a file that are not found yet."""
        able = {edit.session for edit in edits if may_be_in(edit, file.before, file.after)}
        if able <= self.found:
            return
        # Mostly the newest edits explain all, and nobody needs to read the history of the file.
        head = self._head
        latest = max(head.authored, head.committed) + SKEW if head else -1
        recent = [edit for edit in edits if (edit.time or 0) > latest]
        self._trace(file, [Version(file.before, authored=head.authored)] if head else [], recent)
        if head and not able <= self.found and len(recent) < len(edits):
            found = file_versions(self._top, head.id, file.former, self._contents, notes=NOTES)
            witnesses = witnesses_of(found, self._sessions)
            self._trace(file, committed_versions(found, witnesses, self._contents), edits)

    def _trace(self, file: _Changed, past: Sequence[Version], edits: Sequence[Edit]) -> None:
        now = next_version(file.after, past, self._head.authored if self._head else None)
        self.found |= {edits[edit].session for edit in brought([*past, now], edits)}


def last_commit(top: str) -> Commit | None:
    """Return the commit that the next one follows; None where there is none."""
    return next(iter(read_log(top, "HEAD", (), "--max-count=1", notes=NOTES)), None)
