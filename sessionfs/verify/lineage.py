"""The parents of an archive's sessions: whether following them ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sessionfs.archive import MANIFEST
from sessionfs.schema import finding

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sessionfs.model import Finding


def judge_lineage(parents: Mapping[str, tuple[str, str | None]]) -> Iterator[Finding]:
    """Yield each session whose parents lead back to it. Enforces E126.

    `parents` are directory and parent of each session, by uid. One that is its own parent has
    a finding of its own, and a parent that is not archived is none.
    """
    ended: set[str] = set()
    for start in parents:
        line: dict[str, None] = {}
        uid = start
        while uid in parents and uid not in ended and uid not in line:
            line[uid] = None
            uid = parents[uid][1] or ""
        ended.update(line)
        if uid in line:
            members = list(line)
            loop = members[members.index(uid) :]
            if len(loop) > 1:
                for member in loop:
                    root, parent = parents[member]
                    said = f"{parent} comes from this session"
                    yield finding("E126", f"{root}/{MANIFEST}", said, pointer="/lineage/parent")
