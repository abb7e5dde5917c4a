"""What git's index and the commits around a conflict say of the sessions that both sides changed.

Git merges file by file. Of a session it may have taken one file from each side without a
conflict, and followed a rename that never was. So the sides of a session are put together from
its list of checksums, which always conflicts, and from every blob that may be meant.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from typing import TYPE_CHECKING, Final, NamedTuple

from sessionfs.archive import CHECKSUMS, Session, parse_checksums
from sessionfs.digest import digest_stream
from sessionfs.errors import Conflict, FormatError
from sessionfs.git.objects import Entry, ObjectTree
from sessionfs.git.running import ask, require
from sessionfs.model import MAX_DERIVED
from sessionfs.tree import read_bytes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sessionfs.git.objects import Objects

_SESSION = re.compile(r"(?:(.*)/)?([0-9]{4}/[0-9]{2}/[0-7][0-9A-HJKMNP-TV-Z]{25})/(.+)", re.DOTALL)
_AT_ONCE: Final = 256
"""Directories that one git is asked about."""

_ENDED: Final = (
    ("MERGE_HEAD", "MERGE_HEAD", None),
    ("CHERRY_PICK_HEAD", "CHERRY_PICK_HEAD", "CHERRY_PICK_HEAD^1"),
    ("REVERT_HEAD", "REVERT_HEAD^1", "REVERT_HEAD"),
    ("REBASE_HEAD", "REBASE_HEAD", "REBASE_HEAD^1"),
)
"""What git calls a commit that it could not finish with: the other side, and where it began."""

_FILE: Final = "100644"
OURS: Final = 2
THEIRS: Final = 3
"""The stages of the index that have the sides of a conflict."""

_STASHES: Final = 50
_OLDER: Final = 100
"""Commits that are looked into for a file that no side of the conflict has any more."""

_LISTED: Final = re.compile(rb"([0-7]{6}) (?:blob )?([0-9a-f]+)(?: ([0-3]))?\t(.+)", re.DOTALL)
_CHANGED: Final = re.compile(rb":[0-7]{6} ([0-7]{6}) [0-9a-f]+ ([0-9a-f]+) [A-Z]")
_COMMIT: Final = re.compile(rb"^commit ([0-9a-f]{40,64})$", re.MULTILINE)
_MOST: Final = 1 << 16
"""Bytes of a message in which the first commit stands that is squashed."""

_LINKS: Final = (b"120000", b"160000")


class Path(NamedTuple):
    """A path of the index, taken apart: archive, session, name in it; empty for what is none."""

    archive: str
    session: str
    name: str


def split_path(path: str) -> Path | None:
    """Return what a path of a session's file consists of, or None."""
    match = _SESSION.fullmatch(path)
    return Path(match[1] or "", match[2], match[3]) if match else None


class Unmerged:
    """Git's index, as far as it is about what could not be merged."""

    def __init__(self, top: str) -> None:
        """Read the unmerged paths of a work tree."""
        self.top = top
        self.paths: dict[str, dict[int, str]] = {}
        """Blob by stage (1: the common ancestor, 2: ours, 3: theirs) by path."""
        for path, stage, blob in self._files("-u", "."):
            self.paths.setdefault(path, {})[stage] = blob

    def sessions(self) -> set[str]:
        """Return the directories of the sessions that have unmerged paths."""
        parts = map(split_path, self.paths)
        return {f"{p.archive}/{p.session}".lstrip("/") for p in parts if p is not None}

    def files(self, directories: Sequence[str]) -> Iterator[tuple[str, int, str]]:
        """Yield path, stage and blob of each file below directories."""
        for some in _batches(directories):
            yield from self._files("-s", *(f":(top,literal){one}" for one in some))

    def _files(self, which: str, *under: str) -> Iterator[tuple[str, int, str]]:
        listing = require(
            self.top, "ls-files", which, "-z", "--", *under,
            otherwise="cannot read git's index", hint="`git status` tells what is wrong with it",
        )  # fmt: skip
        for mode, blob, stage, path in _listed(listing):
            if mode not in _LINKS:
                yield path, stage, blob


class Commits:
    """The commits around a conflict: ours, theirs, the one that both come from, and stashes."""

    def __init__(self, top: str, unmerged: Unmerged) -> None:
        """Look at what git is in the middle of."""
        self._top = top
        self.ours = self._commit("HEAD")
        self.theirs: str | None = None
        self.common: str | None = None
        self._find(unmerged)

    def _find(self, unmerged: Unmerged) -> None:
        """Take what git is in the middle of, if it has the blobs that the index has of theirs.

        Of a stash and a squash git keeps no name while it waits, of a rebase perhaps an old one.
        """
        found = [
            (name, theirs, common)
            for name, theirs, common in _ENDED
            if name != "REBASE_HEAD" or self._is_rebasing()
        ]
        if any(THEIRS in stages for stages in unmerged.paths.values()):
            squashed = _squashed(self._file("SQUASH_MSG"))
            found += [("refs/stash", "refs/stash", "refs/stash^1")]
            found += [(squashed, squashed, None)] if squashed is not None else []
        for name, theirs, common in found:
            commit = self._commit(theirs) if self._commit(name) is not None else None
            if commit is not None and self._has(commit, unmerged):
                self.theirs = commit
                self.common = self._commit(common) if common else self._merge_base(commit)
                return

    def _is_rebasing(self) -> bool:
        return any(os.path.isdir(self._file(name)) for name in ("rebase-merge", "rebase-apply"))

    def _file(self, name: str) -> str:
        """Return the path of a file of git's own."""
        answer = ask(self._top, "rev-parse", "--git-path", name) or b""
        return os.path.join(self._top, os.fsdecode(answer.removesuffix(b"\n")))

    def _has(self, commit: str, unmerged: Unmerged) -> bool:
        """Tell whether a commit has what the index has of theirs: there, or elsewhere."""
        wanted = {
            path: stages[THEIRS] for path, stages in unmerged.paths.items() if THEIRS in stages
        }
        there = dict(self.files(commit, sorted(wanted)))
        missing = {blob for path, blob in wanted.items() if there.get(path) != blob}
        return not missing or missing <= {blob for _, blob in self.files(commit, [""])}

    def all(self) -> list[str]:
        """Return every commit whose files may be meant, each once."""
        found = [self.ours, self.theirs, self.common]
        if self.theirs is None:
            stashes = ask(self._top, "stash", "list", "--format=%H", f"-{_STASHES}") or b""
            for stash in stashes.decode().split():
                found += [stash, self._commit(f"{stash}^1")]
        return list(dict.fromkeys(one for one in found if one is not None))

    def touching(self, directory: str) -> list[str]:
        """Return the newest commits that changed something below a directory, stashes too."""
        answer = ask(
            self._top, "rev-list", "--all", f"-{_OLDER}", "--", f":(top,literal){directory}"
        )  # fmt: skip
        return (answer or b"").decode().split()

    def files(self, commit: str, directories: Sequence[str]) -> Iterator[tuple[str, str]]:
        """Yield path and blob of each file that a commit has below directories."""
        for some in _batches(directories):
            paths = (one or "." for one in some)
            listing = ask(self._top, "ls-tree", "-r", "-z", "--full-tree", commit, "--", *paths)
            for mode, blob, _, path in _listed(listing or b""):
                if mode not in _LINKS:
                    yield path, blob

    def changed(self, commit: str, archive: str) -> dict[str, str]:
        """Return the blob by path of what a commit changed since the common one; "" for gone."""
        under = f":(top,literal){archive}" if archive else ":(top)"
        answer = ask(
            self._top, "diff-tree", "-r", "-z", "--no-renames", "--raw", "--no-abbrev",
            str(self.common), commit, "--", under,
        )  # fmt: skip
        fields = iter((answer or b"").split(b"\0")[:-1])
        found = {}
        for facts, path in zip(fields, fields, strict=False):
            match = _CHANGED.fullmatch(facts)
            gone = match is None or match[1] == b"000000"
            found[os.fsdecode(path)] = "" if gone or match is None else match[2].decode()
        return found

    def _commit(self, name: str) -> str | None:
        answer = ask(self._top, "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")
        return answer.decode().strip() if answer else None

    def _merge_base(self, name: str) -> str | None:
        answer = ask(self._top, "merge-base", "HEAD", name)
        return answer.decode().split()[0] if answer else None


class Candidates:
    """Every blob that may be a file of some sessions, found by the digests of their lists."""

    def __init__(
        self,
        objects: Objects,
        index: Unmerged,
        commits: Commits,
        directories: Iterable[str],
        *,
        anywhere: bool,
    ) -> None:
        """Gather what index and commits have in the directories of sessions.

        With `anywhere` what commits have of them in other archives counts, too: one that was moved.
        """
        self._objects = objects
        self._commits = commits
        self._searched: set[str] = set()
        self._wanted = sorted(set(directories))
        self._digests: dict[str, str] = {}
        self._missing: set[str] = set()
        self._blobs: dict[str, dict[str, None]] = {}
        """Blobs by path, in the order in which they were found."""
        self.staged: dict[str, dict[int, str]] = {}
        """Blob by stage by path."""
        self.trees: dict[str, dict[str, str]] = {}
        """Blob by path by commit."""
        self._present: dict[tuple[str, str | None], list[str]] = {}
        """Names of the files of a session, by its directory and by stage or commit."""
        for path, stage, blob in index.files(self._wanted):
            self._note(path, blob, str(stage))
            self.staged.setdefault(path, {})[stage] = blob
        for commit in commits.all():
            tree = self.trees[commit] = self._moved(commit) if anywhere else {}
            tree |= commits.files(commit, self._wanted)
            for path, blob in tree.items():
                self._note(path, blob, commit)

    def _note(self, path: str, blob: str, side: str) -> None:
        self._blobs.setdefault(path, {})[blob] = None
        parts = split_path(path)
        if parts is not None:
            directory = f"{parts.archive}/{parts.session}".lstrip("/")
            self._present.setdefault((directory, side), []).append(parts.name)

    def _moved(self, commit: str) -> dict[str, str]:
        """Return what a commit has of the sessions in other archives, as if it stood here."""
        places = {split_directory(directory)[1]: directory for directory in self._wanted}
        found = {}
        for path, blob in self._commits.files(commit, [""]):
            parts = split_path(path)
            if parts is not None and parts.session in places:
                found[f"{places[parts.session]}/{parts.name}"] = blob
        return found

    def known(self, path: str) -> frozenset[str]:
        """Return every blob that index or commits have at a path."""
        return frozenset(self._blobs.get(path, ()))

    def has(self, directory: str, commit: str | None, stage: int) -> bool:
        """Tell whether a side, given as commit and stage, has any file of a session."""
        return (directory, str(stage)) in self._present or (directory, commit) in self._present

    def session(
        self, directory: str, checksums: str, commit: str | None, stage: int | None = None
    ) -> Session:
        """Return the session that a list of checksums, given as a blob, is about.

        The side is given as its commit, where that is known, and as its stage in the index. Raises
        `Conflict` where the list cannot be read, where git has not all that it lists, or has
        something else in the place of it.
        """
        shown = f"{directory}/{CHECKSUMS}"
        alone = self._tree({CHECKSUMS: checksums}, directory)
        content = read_bytes(alone, CHECKSUMS, MAX_DERIVED)
        try:
            listed = parse_checksums(content)
        except FormatError as error:
            raise Conflict(
                f"{shown}: one side's is no list of checksums",
                hint="take the other side's session: `git checkout --ours` or `--theirs`",
            ) from error
        blobs = {CHECKSUMS: checksums}
        for name, digest in listed.items():
            path = f"{directory}/{name}"
            own = self._own(path, commit, stage)
            found = self._find(own or self._blobs.get(path, ()), digest)
            if found is None and not own and self._search(directory):
                found = self._find(self._blobs.get(path, ()), digest)
            if found is None:
                raise self._lacks(path, own)
            blobs[name] = found
        self._refuse_others(directory, commit, blobs)
        return Session(self._tree(blobs, directory), split_directory(directory)[1])

    def committed(self, directory: str, commit: str | None) -> Session | None:
        """Return the session as a commit has it, or None where it has none."""
        checksums = self.trees.get(commit or "", {}).get(f"{directory}/{CHECKSUMS}")
        if checksums is not None:
            return self.session(directory, checksums, commit)
        if self.has(directory, commit, -1):
            raise self.unlisted(directory)
        return None

    @staticmethod
    def unlisted(directory: str) -> Conflict:
        """Return the error that one side has files of a session, and no list of them."""
        message = f"{directory}: one side has files of it and no {CHECKSUMS}"
        return Conflict(message, hint="that side was damaged when it was committed: take the other")

    def _tree(self, blobs: dict[str, str], directory: str) -> ObjectTree:
        named = (Entry(name, _FILE, blobs[name]) for name in sorted(blobs, key=os.fsencode))
        return ObjectTree(self._objects, named, f"git's objects of {directory}")

    def _search(self, directory: str) -> bool:
        """Gather what older commits have of a session; return whether that is new.

        A patch that was sent by mail, or a file that a stash keeps apart, has no commit here.
        """
        if directory in self._searched:
            return False
        self._searched.add(directory)
        for commit in self._commits.touching(directory):
            for path, blob in self._commits.files(commit, [directory]):
                self._blobs.setdefault(path, {})[blob] = None
        return True

    def _own(self, path: str, commit: str | None, stage: int | None) -> list[str]:
        """Return what a side has at a path: nothing where git took it away or elsewhere."""
        staged, tree = self.staged.get(path, {}), self.trees.get(commit or "", {})
        if stage in staged:
            return [staged[stage]]
        return [blob for blob in (tree.get(path), staged.get(0)) if blob and path in tree]

    def _lacks(self, path: str, own: Iterable[str]) -> Conflict:
        if any(blob in self._missing for blob in (*own, *self._blobs.get(path, ()))):
            message = f"{path}: the clone lacks the file that one side has"
            return Conflict(message, hint="`git fetch --refetch --no-filter` brings old files")
        if own:
            message = f"{path} is not what {CHECKSUMS} of one side says"
            return Conflict(message, hint="`sessionfs seal` it on that branch, and merge again")
        message = f"{path}: git has not the file that one side lists"
        hint = "that side was damaged when it was committed, or the clone lacks old commits"
        return Conflict(message, hint=hint)

    def _refuse_others(self, directory: str, commit: str | None, blobs: dict[str, str]) -> None:
        """Raise where a side has a file that its list has not."""
        for name in self._present.get((directory, commit), ()):
            if name not in blobs:
                message = f"{directory}/{name}: {CHECKSUMS} of one side does not list it"
                raise Conflict(message, hint="`sessionfs seal` it on that branch, and merge again")

    def _find(self, blobs: Iterable[str], digest: str) -> str | None:
        for blob in blobs:
            if blob not in self._digests:
                stream = self._objects.open(blob)
                if stream is None:  # a partial clone lacks it
                    self._missing.add(blob)
                    continue
                with stream:
                    self._digests[blob] = digest_stream(stream)[0]
            if self._digests[blob] == digest:
                return blob
        return None


def split_directory(directory: str) -> tuple[str, str]:
    """Return archive and path of a session's directory."""
    path = split_path(f"{directory}/{CHECKSUMS}")
    assert path is not None, "only directories of sessions are asked"  # noqa: S101
    return path.archive, path.session


def _listed(listing: bytes) -> Iterator[tuple[bytes, str, int, str]]:
    """Yield mode, object, stage and path of each entry of `ls-files -s` or `ls-tree -r`."""
    for entry in listing.split(b"\0")[:-1]:
        match = _LISTED.fullmatch(entry)
        if match is not None:
            yield match[1], match[2].decode(), int(match[3] or 0), os.fsdecode(match[4])


def _squashed(path: str) -> str | None:
    """Return the newest commit that a squash is made of, as git notes them for the message."""
    with suppress(OSError), open(path, "rb") as stream:
        found = _COMMIT.search(stream.read(_MOST))
        return found[1].decode() if found else None
    return None


def _batches(directories: Sequence[str]) -> Iterator[Sequence[str]]:
    for begin in range(0, len(directories), _AT_ONCE):
        yield directories[begin : begin + _AT_ONCE]
