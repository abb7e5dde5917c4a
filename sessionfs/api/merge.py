"""Sessions that git could not merge, merged: from its index and objects into the work tree."""

from __future__ import annotations

import os
from contextlib import closing
from typing import TYPE_CHECKING, Literal

from sessionfs.api.conflicts import below_top, is_by_hand, is_in, roots_of, top_of
from sessionfs.api.hidden import hidden_archive
from sessionfs.api.places import check_named
from sessionfs.api.sparse import SparseArchive
from sessionfs.archive import CHECKSUMS, MANIFEST, SUMMARY
from sessionfs.canonical import Struct, replace
from sessionfs.digest import digest_stream, git_blob_id
from sessionfs.disk.archive import POLICY, write_policy
from sessionfs.disk.marker import is_archive
from sessionfs.disk.tree import DirTree
from sessionfs.errors import Conflict, NotFound, SessionfsError
from sessionfs.git.objects import Objects
from sessionfs.git.unchecked import is_sparse
from sessionfs.git.unmerged import (
    OURS,
    THEIRS,
    Candidates,
    Commits,
    Unmerged,
    split_directory,
    split_path,
)
from sessionfs.git.upkeep import require_version
from sessionfs.merging.forms import Sides
from sessionfs.merging.merger import Merged, Merger
from sessionfs.merging.policy import merge_policies
from sessionfs.tree import read_bytes
from sessionfs.verify import verify_tree

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sessionfs.archive import Session


_MARK = b"<<<<<<<"
"""How a line begins with which git marks a conflict."""

_SHA256 = 64
"""Hex digits of an object's id in a repository that uses SHA-256."""


class MergeReport(Struct, frozen=True, kw_only=True):
    """What became of every session that git left in conflict."""

    sessions: list[Merged]
    policies: list[str]
    """The files archive.yaml that were merged, from the top of the work tree."""
    left: list[str]
    """Unmerged paths of archives that are still to be resolved by hand, from the top."""
    others: int
    """Unmerged paths outside of archives."""
    sparse: bool
    """Whether `git add` takes all that was written only with `--sparse`."""

    @property
    def ok(self) -> bool:
        """Whether no conflict is left in an archive, nor what one side has removed."""
        return not self.left and not any(
            row.status == "conflict" or row.uncleared for row in self.sessions
        )

    def totals(self) -> dict[str, int]:
        """Return how many sessions have each status."""
        counts = dict.fromkeys(("merged", "forked", "kept", "conflict"), 0)
        for row in self.sessions:
            counts[row.status] += 1
        return counts


def merge(archive: str | None = None) -> MergeReport:
    """Merge the sessions of which git left unmerged paths, into the work tree.

    Of one archive, or of all in the repository of the working directory. Index and commits stay
    as they are: `git add` takes what was written. A session that cannot be merged stays in
    conflict and is told; the others are merged. Raises `SessionfsError` where there is no
    repository with a work tree, or no git.
    """
    check_named(archive)
    place = os.curdir if archive is None else archive
    if not os.path.isdir(place):
        raise NotFound(f"no directory {place}", hint="name an archive in a work tree of git")
    require_version(place)
    top = top_of(place)
    if archive is not None and not is_archive(archive):
        raise NotFound(f"no archive at {archive}", hint="name a directory with archive.yaml")
    index = Unmerged(top)
    only = None if archive is None else below_top(top, archive)
    roots = sorted(roots_of(index, top) if only is None else {only})
    sessions: list[Merged] = []
    policies: list[str] = []
    left: list[str] = []
    with closing(Objects(top)) as objects:
        commits = Commits(top, index)
        for root in roots:
            if not is_archive(os.path.join(top, *root.split("/")) if root else top):
                hidden = hidden_archive([os.path.join(top, *root.split("/")) if root else top])
                if hidden is None:  # it was moved or removed on one side
                    left += (path for path in index.paths if is_in(path, root))
                else:
                    sessions += _hidden(index, root, hidden)
                continue
            one = _Root(top, root, index, objects, commits)
            policies += one.merge_policy()
            sessions += one.merge_sessions()
            left += one.left
    inside = [path for path in index.paths if any(is_in(path, root) for root in roots)]
    return MergeReport(
        sessions=sessions,
        policies=policies,
        left=left,
        others=len(index.paths) - len(inside) if only is None else 0,
        sparse=is_sparse(top),
    )


class _Root:
    """One archive with conflicts, at a path seen from the top of its work tree."""

    _candidates: Candidates

    def __init__(
        self, top: str, root: str, index: Unmerged, objects: Objects, commits: Commits
    ) -> None:
        self._top = top
        self._root = root
        self._place = os.path.join(top, *root.split("/")) if root else top
        self._index = index
        self._objects = objects
        self._commits = commits
        self._wanted: set[str] = set()
        self.left: list[str] = []

    def merge_policy(self) -> list[str]:
        """Merge archive.yaml, if it is in conflict; return its path."""
        unmerged = self._index.paths
        self.left += (p for p in unmerged if is_in(p, self._root) and is_by_hand(p))
        path = f"{self._root}/{POLICY}".lstrip("/")
        content = self._policy(path, unmerged[path]) if path in unmerged else b""
        if content is None:
            self.left.append(path)
        if not content:
            return []
        write_policy(self._place, content)
        return [path]

    def _policy(self, path: str, stages: dict[int, str]) -> bytes | None:
        """Return an archive.yaml merged, or None where the two sides contradict each other."""
        contents = {stage: self._content(blob, path) for stage, blob in stages.items()}
        sides = [contents[stage] for stage in (2, 3) if stage in contents]
        try:
            merged = merge_policies(contents.get(1), sides[0], sides[-1])
        except Conflict:
            return None
        there = read_bytes(DirTree(self._place), POLICY)
        untouched = there in {merged, *contents.values()} or _has_marks(there.splitlines())
        return merged if untouched else None  # somebody is about to resolve it

    def _content(self, blob: str, path: str) -> bytes:
        stream = self._objects.open(blob)
        if stream is None:
            message = f"git cannot give {path} as one side has it"
            raise SessionfsError(message, hint="`git fsck` tells what is damaged")
        with stream:
            return stream.read()

    def merge_sessions(self) -> list[Merged]:
        """Merge each session that has unmerged paths, forks before what they are forks of."""
        wanted = {
            directory
            for directory in self._index.sessions()
            if split_directory(directory)[0] == self._root
        }
        if not wanted:
            return []
        self._wanted = wanted
        moved = self._moved(wanted)
        self._wanted |= moved
        candidates = self._candidates = Candidates(
            self._objects, self._index, self._commits, (*wanted, *moved), anywhere=bool(moved)
        )
        try:
            store = SparseArchive(self._place, self._root, self._index, self._objects)
        except SessionfsError as error:
            return [_conflict(directory, self._policy_first(error)) for directory in sorted(wanted)]
        rows: list[Merged] = []
        with store.lock():
            merger = Merger(store, _check, self._guard)
            pending = []
            for directory in sorted({*wanted, *moved}):
                try:
                    sides = self._sides(directory, candidates, committed=directory in moved)
                    pending.append((_uid(sides), directory, sides))
                except SessionfsError as error:
                    rows.append(_conflict(directory, error))
            for uid, directory, sides in sorted(pending, key=lambda one: one[:2], reverse=True):
                above = [one[2] for one in pending if uid[1].startswith(f"{one[0][1]}#")]
                rows += self._merge_one(merger, directory, sides, above)
        return sorted(rows, key=lambda row: row.path)

    def _policy_first(self, error: SessionfsError) -> SessionfsError:
        """Return why nothing can be merged where archive.yaml itself is in conflict."""
        if f"{self._root}/{POLICY}".lstrip("/") not in self.left:
            return error
        hint = f"resolve {POLICY} by hand, then run `sessionfs merge` again"
        return Conflict(f"{POLICY} is in conflict itself", hint=hint)

    def _merge_one(
        self, merger: Merger, directory: str, sides: Sides, above: list[Sides]
    ) -> list[Merged]:
        path = split_directory(directory)[1]
        if sides.ours is None and sides.theirs is None:
            return []
        try:
            return [replace(merger.merge(path, sides, above), archive=self._root)]
        except (SessionfsError, OSError, ValueError) as error:
            return [_conflict(directory, error)]

    def _guard(self, session: Session) -> None:
        """Raise `Conflict` where a session that was written would overwrite somebody's work.

        What stands in the work tree must be known to git, be about to be written again, or be what
        git wrote about the conflict.
        """
        directory = f"{self._root}/{session.path}".lstrip("/")
        if directory not in self._wanted:
            return  # a fork that is archived already: it was verified, and is in what is written
        there = DirTree(os.path.join(self._place, *session.path.split("/")))
        odd = next((name for name, kind in there.oddities() if kind != "directory"), None)
        if odd is not None:
            message = f"{directory}/{odd} is no file, and would be lost"
            raise Conflict(message, hint="take it out of the session")
        new = session.checksums()
        for name in there.paths():
            if not self._is_known(directory, name, there, new.get(name)):
                message = f"{directory}/{name} is not as git left it, and would be lost"
                raise Conflict(message, hint="put it aside, or bring it back from git")

    def _is_known(self, directory: str, name: str, there: DirTree, digest: str | None) -> bool:
        path = f"{directory}/{name}"
        known = self._candidates.known(path)
        algorithm: Literal["sha1", "sha256"] = (
            "sha256" if any(len(blob) == _SHA256 for blob in known) else "sha1"
        )
        with closing(there.open(name)) as stream:
            if git_blob_id(stream, there.size(name), algorithm) in known:
                return True
        with closing(there.open(name)) as stream:
            if digest is not None and digest_stream(stream)[0] == digest:
                return True
        if name == CHECKSUMS:
            return True  # it follows from the others
        with closing(there.open(name)) as stream:
            return path in self._index.paths and _has_marks(stream)

    def _sides(self, directory: str, candidates: Candidates, *, committed: bool) -> Sides:
        """Return the forms of a session: from the index, or where that is mixed up from commits."""
        commits = self._commits
        stages = candidates.staged.get(f"{directory}/{CHECKSUMS}", {})
        if committed or 0 in stages:
            if commits.theirs is None and not self._is_another(directory):
                message = f"{directory}: git does not tell where the other side is"
                raise Conflict(message, hint="resolve it by hand: take one side, or seal it anew")
            common, ours, theirs = (
                candidates.committed(directory, commit)
                for commit in (commits.common, commits.ours, commits.theirs)
            )
            return Sides(common, ours, theirs)
        found: list[Session | None] = []
        for stage, commit in ((2, commits.ours), (3, commits.theirs)):
            if stage in stages:
                found.append(candidates.session(directory, stages[stage], commit, stage))
            elif candidates.has(directory, commit, stage):
                raise candidates.unlisted(directory)
            else:
                found.append(None)
        try:
            known = commits.common if 1 in stages else None
            common = candidates.session(directory, stages[1], known, 1) if 1 in stages else None
        except SessionfsError:  # of several merge bases git makes one that nobody wrote
            common = None
        return Sides(common, found[0], found[1])

    def _is_another(self, directory: str) -> bool:
        """Tell whether git has put files of another session there, which it took for a renamed one.

        A manifest and a summary name their session.
        """
        named = directory.rpartition("/")[2].encode()
        paths = {f"{directory}/{name}" for name in (MANIFEST, SUMMARY)}
        others = [
            self._content(blob, path)
            for path in paths & self._index.paths.keys()
            for stage, blob in self._index.paths[path].items()
            if stage != OURS
        ]
        if others:
            return not any(named in content for content in others)
        inside = (p for p in self._index.paths if p.startswith(f"{directory}/"))
        return not any(THEIRS in self._index.paths[path] for path in inside)

    def _moved(self, wanted: Iterable[str]) -> set[str]:
        """Return the sessions that git has mixed up by following a rename from one to another."""
        commits = self._commits
        if commits.ours is None or commits.theirs is None or commits.common is None:
            return set()
        ours = commits.changed(commits.ours, self._root)
        theirs = commits.changed(commits.theirs, self._root)
        misplaced = {
            path
            for path, stages in self._index.paths.items()
            if is_in(path, self._root)
            and any(
                path not in changes or (stage in stages and stages[stage] != changes[path])
                for stage, changes in ((2, ours), (3, theirs))
            )
        }
        found = {_directory(path) for path in misplaced}
        if not misplaced:
            return set()
        both = {_directory(path) for path in ours} & {_directory(path) for path in theirs}
        found |= both - set(wanted)
        touched = sorted({_directory(path) for path in (*ours, *theirs)} - {""})
        for path, stage, blob in self._index.files(touched):
            known = {changes.get(path) for changes in (ours, theirs)}
            if stage == 0 and (path in ours or path in theirs) and blob not in known:
                found.add(_directory(path))
        return found - {""}


def _hidden(index: Unmerged, root: str, error: SessionfsError) -> list[Merged]:
    """Return the sessions of an archive that is not checked out: nothing can be written there."""
    inside = (one for one in index.sessions() if split_directory(one)[0] == root)
    return [_conflict(directory, error) for directory in sorted(inside)]


def _directory(path: str) -> str:
    found = split_path(path)
    return "" if found is None else f"{found.archive}/{found.session}".lstrip("/")


def _uid(sides: Sides) -> tuple[int, str]:
    """Return what sessions are ordered by, the deepest forks last."""
    side = sides.ours or sides.theirs
    uid = "" if side is None else side.manifest.source.uid
    return uid.count("#"), uid


def _has_marks(lines: Iterable[bytes]) -> bool:
    """Tell whether git has marked a conflict in a text."""
    return any(line.startswith(_MARK) for line in lines)


def _check(session: Session) -> None:
    """Raise `Conflict` where a session breaks a rule."""
    report = verify_tree(session.tree, name=session.path.rpartition("/")[2])
    broken = next((one for one in report.findings if one.level == "error"), None)
    if broken is not None:
        message = f"{session.path}/{broken.where}: {broken.code}: {broken.message}"
        raise Conflict(message, hint="`sessionfs verify` on either branch tells what is wrong")


def _conflict(directory: str, error: SessionfsError | OSError | ValueError) -> Merged:
    archive, path = split_directory(directory)
    reason = error.message if isinstance(error, SessionfsError) else str(error)
    hint = error.hint if isinstance(error, SessionfsError) else ""
    return Merged(
        archive=archive,
        path=path,
        session=path.rpartition("/")[2],
        uid=None,
        status="conflict",
        reason=f"{reason}; {hint}" if hint else reason,
        messages=0,
    )
