"""The sessions that commits name, or bring with them, looked up in an archive."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from typing import TYPE_CHECKING

from sessionfs.archive import MANIFEST
from sessionfs.errors import SessionfsError
from sessionfs.git.commits import touched
from sessionfs.provenance.notes import noted_ids, parse_note
from sessionfs.provenance.told import SessionOfCommit
from sessionfs.provenance.trailers import SESSION, parse_trailers
from sessionfs.tree import read_bytes
from sessionfs.yamltext import MAX_SIZE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sessionfs.archive import Session
    from sessionfs.collection import Collection
    from sessionfs.git.commits import Commit
    from sessionfs.model import Summary
    from sessionfs.provenance.told import Kind, Witness

_COMMIT = re.compile(r"(?<![0-9a-f])[0-9a-f]{7,64}(?![0-9a-f])")


def place_in(collection: Collection, top: str) -> str | None:
    """Return where an archive stands in a work tree, `.` for all of it; None where it does not."""
    root, whole = os.path.realpath(collection.name), os.path.realpath(top)
    if root == whole:
        return "."
    below = whole.rstrip(os.sep) + os.sep
    return root.removeprefix(below).replace(os.sep, "/") if root.startswith(below) else None


class SessionsOfCommits:
    """Looks up what commits say of sessions: trailers, notes, what they add, links to them."""

    def __init__(self, collection: Collection, top: str) -> None:
        """`top` is the root of the work tree that the commits are of."""
        self._collection = collection
        self._top = top
        self._paths = {path.rpartition("/")[2]: path for path in collection.paths()}
        self._noted: dict[str, str] | None = None
        self._linked: list[tuple[str, str]] | None = None
        self._under = place_in(collection, top)

    def behind(self, commits: Sequence[Commit]) -> dict[str, list[SessionOfCommit]]:
        """Return the sessions behind each commit, those of the archive first, by id."""
        brought = self._brought(commits)
        return {commit.id: self._of(commit, brought.get(commit.id, ())) for commit in commits}

    def _of(self, commit: Commit, brought: Iterable[str]) -> list[SessionOfCommit]:
        found: dict[tuple[Kind, str], set[Witness]] = {}

        def witness(kind: Kind, ref: str, how: Witness) -> None:
            found.setdefault((kind, ref), set()).add(how)

        for trailer in parse_trailers(commit.message):
            ours = trailer.key == SESSION
            witness("session" if ours else "entire-checkpoint", trailer.ref, "trailer")
        for noted in parse_note(commit.note):
            session = self._by_note(noted.ref)
            witness("session" if session else "git-ai", session or noted.ref, "note")
        for session in brought:
            witness("session", session, "committed with")
        for ref, session in self._links():
            if commit.id.startswith(ref):
                witness("session", session, "link")
        rows = [self._row(kind, ref, how) for (kind, ref), how in found.items()]
        return sorted(rows, key=lambda row: (row.path is None, row.kind != "session", row.ref))

    def _row(self, kind: Kind, ref: str, how: set[Witness]) -> SessionOfCommit:
        path = self._paths.get(ref) if kind == "session" else None
        summary = None
        if path is not None:
            with suppress(SessionfsError):  # one that cannot be read is verify's to name
                summary = self._collection.session(path).summary
        return SessionOfCommit(
            session=ref if kind == "session" else None,
            ref=ref,
            kind=kind,
            evidence=sorted(how),
            agent=summary.flavor if summary else None,
            title=summary.title if summary else None,
            path=path,
        )

    def _brought(self, commits: Sequence[Commit]) -> dict[str, set[str]]:
        """Return the sessions whose directories each commit changes."""
        if self._under is None or not commits:
            return {}
        below = "" if self._under == "." else f"{self._under}/"
        session = re.compile(
            rf"{re.escape(below)}[0-9]{{4}}/[0-9]{{2}}/([0-9A-HJKMNP-TV-Z]{{26}})/"
        )
        changed = touched(self._top, (commit.id for commit in commits), self._under)
        return {
            commit: {match[1] for match in map(session.match, files) if match}
            for commit, files in changed.items()
        }

    def _by_note(self, ref: str) -> str | None:
        if self._noted is None:
            self._noted = {}
            for summary in self._summaries():
                for name in noted_ids(summary.flavor, summary.native_id):
                    self._noted.setdefault(name, summary.id)
        return self._noted.get(ref)

    def _summaries(self) -> Iterator[Summary]:
        for session in self._collection.sessions():
            with suppress(SessionfsError):
                yield session.summary

    def _links(self) -> list[tuple[str, str]]:
        """Return the commits that people linked in manifests, each with the session."""
        if self._linked is None:
            self._linked = []
            for session in self._collection.sessions():
                with suppress(SessionfsError):
                    self._linked += [(ref, _id(session)) for ref in _linked(session)]
        return self._linked


def _id(session: Session) -> str:
    return session.path.rpartition("/")[2]


def _linked(session: Session) -> Iterator[str]:
    if b"links" not in read_bytes(session.tree, MANIFEST, MAX_SIZE):  # most have none
        return
    for link in session.manifest.links or ():
        if link.kind == "commit":
            yield from _COMMIT.findall(link.ref.lower())
