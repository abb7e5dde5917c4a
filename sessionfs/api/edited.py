"""The edits that the sessions of an archive made of some files of a repository."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sessionfs.api.places import naming
from sessionfs.errors import SessionfsError
from sessionfs.provenance.calls import SHELLS, edits_of
from sessionfs.provenance.roots import Files, absolute, below
from sessionfs.tree import read_bytes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sessionfs.archive import Session
    from sessionfs.collection import Collection
    from sessionfs.model import Summary
    from sessionfs.provenance.edits import Edit

_IN_SHELLS = (b"*** Begin Patch", b"<<")
"""What a command holds that writes a file, as far as `calls` understands it."""

_TOLD = frozenset(["claude-code", "codex"])
"""Flavors of whose calls a summary tells the edited files."""


def edits_in(
    collection: Collection,
    names: Iterable[str],
    files: Files,
    unreadable: Callable[[SessionfsError], None],
) -> list[tuple[Edit, tuple[str, ...]]]:
    """Return the edits of some files, each with the paths that it means, by session and seq.

    `names` are paths of the repository, also former ones. Only sessions that edited one of them
    are read. What several sessions repeat, as a fork does, is there once, from the oldest.
    """
    wanted = frozenset(names)
    found: list[tuple[Edit, tuple[str, ...]]] = []
    seen: set[tuple[object, ...]] = set()
    for session in sorted(collection.sessions(), key=_branch_last):
        try:
            with naming(session):
                edits = _of_session(session, wanted, files)
        except SessionfsError as error:
            unreadable(error)
            continue
        for edit, paths in edits:
            key = (edit.call_id, edit.paths, edit.changes)
            if edit.call_id is None or key not in seen:
                seen.add(key)
                found.append((edit, paths))
    return sorted(found, key=lambda row: (row[0].session, row[0].seq))


def _branch_last(session: Session) -> tuple[bool, str]:
    """Order sessions so that a fork, which repeats its parent's messages, comes after it."""
    try:
        return "#" in session.summary.uid, session.path
    except SessionfsError:
        return True, session.path


def _of_session(
    session: Session, wanted: frozenset[str], files: Files
) -> list[tuple[Edit, tuple[str, ...]]]:
    summary = session.summary
    cwd = summary.workspace.cwd if summary.workspace else None
    directory = cwd if isinstance(cwd, str) else ""
    told = summary.workspace.repository if summary.workspace else None
    repository = told if isinstance(told, str) else ""
    touched = [*summary.files_edited, *summary.files_read]
    here = files.root(directory, touched, repository)

    def meant(path: str) -> str | None:
        inside = below(absolute(path, directory), here) if here is not None else None
        return inside if inside in wanted else None

    if not any(map(meant, summary.files_edited)) and not _may_hide(session, summary, wanted):
        return []
    edits = edits_of(session.messages(), summary.id, summary.agent.name)
    if here is None:  # a session that wrote by a shell alone names its files only there
        touched += [path for edit in edits for path in edit.paths]
        here = files.root(directory, touched, repository)
    return [
        (edit, paths) for edit in edits if (paths := tuple(filter(None, map(meant, edit.paths))))
    ]


def _may_hide(session: Session, summary: Summary, wanted: frozenset[str]) -> bool:
    """Tell whether a session may have written a file in a way that its summary does not tell."""
    marks: tuple[bytes, ...] = _IN_SHELLS
    if summary.flavor in _TOLD:
        if SHELLS.isdisjoint(summary.tools) and "apply_patch" not in summary.tools:
            return False
    else:
        marks = (b"",)
    names = {path.rpartition("/")[2].encode("utf-8", "surrogateescape") for path in wanted}
    for segment in session.segments():
        content = read_bytes(session.tree, segment)
        if any(mark in content for mark in marks) and any(name in content for name in names):
            return True
    return False
