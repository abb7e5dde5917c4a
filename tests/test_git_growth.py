"""What git is given when a session grows: one segment, and what is derived."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import sessionfs
from claude_logs import SESSION, log
from test_git import git

if TYPE_CHECKING:
    from pathlib import Path

DERIVED = {"summary.json", "checksums.b3"}


def bring(repository: Path, count: int) -> None:
    native = repository.parent / "native" / f"{SESSION}.jsonl"
    native.parent.mkdir(exist_ok=True)
    native.write_bytes(log(count))
    sessionfs.import_logs([str(native)], archive=str(repository / ".sessions"))


def staged(repository: Path) -> dict[str, str]:
    """What `git add` takes in: `M` or `A` by the name of each file."""
    git(repository, "add", "--all")
    rows = git(repository, "diff", "--cached", "--name-status").splitlines()
    git(repository, "commit", "--quiet", "-m", "a turn")
    return {row.rpartition("/")[2]: row[0] for row in rows}


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with a session of two segments, the second nearly full."""
    place = tmp_path / "repository"
    place.mkdir()
    git(place, "init", "--quiet")
    bring(place, 508)
    git(place, "add", "--all")
    git(place, "commit", "--quiet", "-m", "before")
    return place


def test_one_more_turn_touches_the_last_segment_or_adds_one(repository: Path) -> None:
    derived = dict.fromkeys(DERIVED, "M")
    bring(repository, 512)
    assert staged(repository) == derived | {"messages-00000257.jsonl": "M"}
    bring(repository, 516)
    assert staged(repository) == derived | {"messages-00000513.jsonl": "A"}
    bring(repository, 520)
    assert staged(repository) == derived | {"messages-00000513.jsonl": "M"}
    bring(repository, 520)
    assert git(repository, "status", "--porcelain") == ""


def test_what_is_added_is_as_large_as_the_open_segment(repository: Path) -> None:
    """Objects that a commit adds: one a file that changed, one a directory above them, itself."""
    before = set(git(repository, "rev-list", "--objects", "--all").split())
    bring(repository, 512)
    staged(repository)
    rows = git(repository, "rev-list", "--objects", "--all").splitlines()
    new = [row for row in rows if row.split()[0] not in before]
    blobs = [row for row in new if git(repository, "cat-file", "-t", row.split()[0]) == "blob\n"]
    assert len(blobs) == 3
    assert len(new) == 3 + 1 + len([".", ".sessions", "2026", "11", "the session"])
