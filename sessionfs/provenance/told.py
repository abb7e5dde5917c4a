"""What is told of commits, sessions and lines: the values that `log` and `blame` return."""

from __future__ import annotations

from typing import Literal

from sessionfs.canonical import Struct

Witness = Literal["trailer", "note", "committed with", "link"]
Kind = Literal["session", "entire-checkpoint", "git-ai"]

Certainty = Literal["exact", "likely", "weak"]


class SessionOfCommit(Struct, frozen=True, kw_only=True):
    """A session behind a commit, and how one knows.

    `ref` is what names it: a ULID, or the id that another tool gives to it. `session` is null
    where that tells of no session of the archive.
    """

    session: str | None
    ref: str
    kind: Kind
    evidence: list[Witness]
    agent: str | None
    title: str | None
    path: str | None
    """Where it stands in the archive; null where it is not there."""


class LoggedCommit(Struct, frozen=True, kw_only=True):
    """A commit and the sessions behind it; `date` is the author's, in UTC."""

    commit: str
    author: str
    date: str
    subject: str
    sessions: list[SessionOfCommit]


class Log(Struct, frozen=True, kw_only=True):
    """Commits, the newest first; `shallow` where the clone lacks the beginning of history."""

    commits: list[LoggedCommit]
    shallow: bool


class Writer(Struct, frozen=True, kw_only=True):
    """The message that wrote a line: its session, seq and id, who spoke, the tool's call.

    `certainty` is as `sessionfs.provenance.trace` defines it; `evidence` says what speaks for
    it: `replay` or `text`, and what ties the commit to the session. `others` is the number of
    other edits that added the same line somewhere in this file.
    """

    session: str
    seq: int
    message: str
    speaker: str
    call: str
    certainty: Certainty
    evidence: list[str]
    others: int


class BlamedLine(Struct, frozen=True, kw_only=True):
    """A line with the commit that brought it, null where none has, and who wrote it, if known."""

    line: int
    text: str
    commit: str | None
    author: str | None
    date: str | None
    writer: Writer | None


class Blame(Struct, frozen=True, kw_only=True):
    """The lines of a file: of a commit, or of the work tree, where `revision` is null."""

    file: str
    revision: str | None
    lines: list[BlamedLine]
    shallow: bool
