"""The versions of a file, and where their lines come from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sessionfs.provenance.told import Certainty

Evidence = Literal["replay", "text"]


@dataclass(frozen=True)
class Version:
    """What a file was in a commit, or is in the work tree."""

    lines: Sequence[str]
    parents: tuple[int, ...] = ()
    """The versions before, by their places in the sequence; none where the file is new."""
    authored: int | None = None
    """Milliseconds since 1970; None for the work tree, which is later than everything."""
    committed: int | None = None
    follows: int | None = None
    """When the commit before was authored, whatever it changed: it has left out earlier edits."""
    named: frozenset[str] = frozenset()
    """The sessions that the commit names."""


class Claim(NamedTuple):
    """That an edit wrote a line: its place in the sequence of edits, and how sure that is."""

    edit: int
    certainty: Certainty
    evidence: Evidence
    others: int
    """How many other edits have added the same line somewhere in the file."""


class Origin(NamedTuple):
    """Where a line comes from: the version that brought it, and the claim, if there is one."""

    version: int
    claim: Claim | None = None
