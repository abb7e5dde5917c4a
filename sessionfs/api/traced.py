"""The versions of a file of a repository, as a trace wants them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sessionfs.git.commits import authored_before
from sessionfs.provenance.versions import Version

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from sessionfs.api.witnesses import SessionsOfCommits
    from sessionfs.git.contents import Contents
    from sessionfs.git.versions import FileVersion
    from sessionfs.provenance.told import Witness

Witnesses = dict[str, dict[str, "list[Witness]"]]
"""By commit and session, what ties the one to the other."""


def witnesses_of(found: Sequence[FileVersion], sessions: SessionsOfCommits) -> Witnesses:
    """Return what ties the commits of versions to sessions."""
    commits = {version.commit.id: version.commit for version in found}
    behind = sessions.behind(list(commits.values()))
    return {
        commit: {row.ref: list(row.evidence) for row in rows if row.kind == "session"}
        for commit, rows in behind.items()
    }


def committed_versions(
    found: Sequence[FileVersion],
    witnesses: Mapping[str, Collection[str]],
    contents: Contents,
) -> list[Version]:
    """Return versions to trace, each in its place."""
    places = {(version.commit.id, version.path): place for place, version in enumerate(found)}
    return [
        Version(
            lines=version.lines,
            parents=tuple(places[parent] for parent in version.parents),
            authored=version.commit.authored,
            committed=version.commit.committed,
            follows=authored_before(contents, version.commit),
            named=frozenset(witnesses.get(version.commit.id, ())),
        )
        for version in found
    ]


def next_version(lines: Sequence[str], versions: Sequence[Version], follows: int | None) -> Version:
    """Return what no commit has yet; `follows` is when the last one was authored."""
    return Version(lines, parents=(len(versions) - 1,) if versions else (), follows=follows)
