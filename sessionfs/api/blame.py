"""From a line through the commit to the message that wrote it: blame."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from sessionfs.api.beside import open_beside
from sessionfs.api.edited import edits_in
from sessionfs.api.traced import committed_versions, next_version, witnesses_of
from sessionfs.api.witnesses import SessionsOfCommits
from sessionfs.errors import NotFound, SessionfsError
from sessionfs.git.commits import authored, commit_of, is_shallow
from sessionfs.git.contents import Contents
from sessionfs.git.repository import remotes
from sessionfs.git.staged import renamed
from sessionfs.git.versions import file_versions, is_text
from sessionfs.git.worktree import content_of, find_work_tree, tracked
from sessionfs.identity import format_time
from sessionfs.placeholder import as_text
from sessionfs.provenance.edits import lines_of
from sessionfs.provenance.notes import NOTES
from sessionfs.provenance.roots import Files
from sessionfs.provenance.told import Blame, BlamedLine, Writer
from sessionfs.provenance.trace import trace

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sessionfs.api.traced import Witnesses
    from sessionfs.git.commits import Commit
    from sessionfs.git.versions import FileVersion
    from sessionfs.provenance.edits import Edit
    from sessionfs.provenance.versions import Origin


class _Place(NamedTuple):
    top: str
    path: str
    directory: str


def blame(
    file: str,
    *,
    first: int = 1,
    last: int | None = None,
    archive: str | None = None,
    revision: str | None = None,
    unreadable: Callable[[SessionfsError], None] = lambda _: None,
) -> Blame:
    """Return who wrote lines of a file: a message of a session, else whoever made the commit.

    `first` and `last` count from 1. Without a revision it is the file as it stands in the work
    tree. Lines that no message wrote have no `writer`. A session that cannot be read is given to
    `unreadable`, and left out. Raises `SessionfsError` where the file is not in the repository,
    is no text, or has no such line.
    """
    place = _find(file)
    commit = commit_of(place.directory, revision or "HEAD")
    if commit is None and revision is not None:
        message = f"no commit {revision!r} in the repository of {place.top}"
        raise NotFound(message, hint="name a branch, a tag or a commit")
    collection = open_beside(archive, place.directory)
    with Contents(place.top) as contents:
        now = (
            _work_tree_file(file, place)
            if revision is None or commit is None
            else _committed_file(contents, commit, place.path, shown=f"{file} in {revision}")
        )
        if not is_text(now):
            message = f"{file} is binary: it has no lines"
            raise SessionfsError(message, hint="name a text")
        found = _found(place, commit, contents, is_new=revision is None)
        witnesses = witnesses_of(found, SessionsOfCommits(collection, place.top))
        versions = committed_versions(found, witnesses, contents)
        commits: list[Commit | None] = [version.commit for version in found]
        if revision is None:
            follows = authored(contents, commit) if commit else None
            versions.append(next_version(lines_of(as_text(now)), versions, follows))
            commits.append(None)
    lines = lines_of(as_text(now))
    _check_lines(file, len(lines), first, last)

    names = {place.path, *(version.path for version in found)}
    paths = [*tracked(place.top, commit if revision else None), *names]
    files = Files(paths, place.top, remotes(place.top))
    edits = [edit for edit, _ in edits_in(collection, names, files, unreadable)]
    origins = trace(versions, edits)[-1] if versions else []
    stop = len(lines) if last is None else last
    return Blame(
        file=place.path,
        revision=commit if revision is not None else None,
        lines=[
            _line(
                origins[number - 1],
                commits,
                edits,
                witnesses,
                number=number,
                text=lines[number - 1],
            )
            for number in range(first, stop + 1)
        ],
        shallow=is_shallow(place.directory),
    )


def _find(file: str) -> _Place:
    above = os.path.dirname(file) or os.curdir
    directory = above if os.path.isdir(above) else os.curdir
    tree = find_work_tree(directory)
    whole = os.path.join(os.path.realpath(above), os.path.basename(file))
    path = tree.path(whole, directory)
    if not path:
        message = f"{file} is a directory"
        raise SessionfsError(message, hint="name a file")
    return _Place(tree.top, path, directory)


def _found(
    place: _Place, commit: str | None, contents: Contents, *, is_new: bool
) -> list[FileVersion]:
    """Return the committed versions of a file; where it `is_new`, also under the name before."""
    if commit is None:
        return []
    found = file_versions(place.top, commit, place.path, contents, notes=NOTES)
    if is_new and not (found and found[-1].is_there):
        former = renamed(place.top).get(place.path)
        if former is not None:
            return file_versions(place.top, commit, former, contents, notes=NOTES)
    return found


def _work_tree_file(file: str, place: _Place) -> bytes:
    """Return a tracked file as it stands in the work tree."""
    if os.path.isdir(file) and not os.path.islink(file):
        kind = "submodule" if os.path.lexists(os.path.join(file, ".git")) else "directory"
        raise SessionfsError(f"{file} is a {kind}", hint="name a file in it")
    if place.path not in tracked(place.top):
        there = os.path.lexists(file)
        message = f"git does not track {file}" if there else f"no such file: {file}"
        hint = "`git add` it first" if there else "name a file of the repository"
        raise NotFound(message, hint=hint)
    if not os.path.lexists(file):
        message = f"{file} is not in the work tree"
        raise NotFound(message, hint="--rev HEAD looks at it as it was committed")
    return content_of(file)


def _committed_file(contents: Contents, commit: str, path: str, *, shown: str) -> bytes:
    """Return a file as a commit has it; `shown` names it."""
    found = contents.read(f"{commit}:".encode() + os.fsencode(path)) if "\n" not in path else None
    if found is None:
        message = f"no file {shown}"
        raise NotFound(message, hint="`git log --follow` tells its former names")
    if found.kind != "blob":
        kind = "directory" if found.kind == "tree" else "submodule"
        raise SessionfsError(f"a {kind}, and no file: {shown}", hint="name a file in it")
    return found.content


def _check_lines(file: str, count: int, first: int, last: int | None) -> None:
    wanted = max(first, last or first)
    if first < 1 or (last is not None and last < first):
        message = f"no lines {first}-{last}"
        raise SessionfsError(message, hint="lines count from 1, upwards")
    if wanted > count and (count or last or first > 1):
        message = f"{file} has {count} {'line' if count == 1 else 'lines'}, and no line {wanted}"
        raise SessionfsError(message, hint="name a line that it has")


def _line(
    origin: Origin,
    commits: Sequence[Commit | None],
    edits: Sequence[Edit],
    witnesses: Witnesses,
    *,
    number: int,
    text: str,
) -> BlamedLine:
    commit, writer = commits[origin.version], None
    if origin.claim is not None:
        edit = edits[origin.claim.edit]
        tied = witnesses.get(commit.id, {}).get(edit.session, []) if commit else []
        writer = Writer(
            session=edit.session,
            seq=edit.seq,
            message=edit.message,
            speaker=edit.speaker,
            call=edit.call,
            certainty=origin.claim.certainty,
            evidence=[origin.claim.evidence, *tied],
            others=origin.claim.others,
        )
    return BlamedLine(
        line=number,
        text=text,
        commit=commit.id if commit else None,
        author=commit.author if commit else None,
        date=format_time(commit.authored) if commit else None,
        writer=writer,
    )
