"""redactions.jsonl: what was taken out of a session, and where; never what it was."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from sessionfs.archive import REDACTIONS, read_lines
from sessionfs.canonical import Struct, encode, typed_decoder
from sessionfs.errors import FormatError, NotFound

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sessionfs.archive import Session
    from sessionfs.redact.messages import Mark


class Redaction(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A line: how many secrets of one rule were taken out of one place."""

    rule: str
    seq: int | None
    message: str | None
    pointer: str
    count: int


_decode = typed_decoder(Redaction)


def read_redactions(session: Session) -> Iterator[Redaction]:
    """Yield the lines of a session's redactions.jsonl; none where it has no such file."""
    lines = enumerate(read_lines(session.tree, REDACTIONS), 1)
    while True:
        try:
            number, line = next(lines)
        except (NotFound, StopIteration):
            return
        try:
            yield _decode(line)
        except ValueError as error:
            raise FormatError("E617", f"{REDACTIONS}:{number}", str(error)) from error


class Record:
    """The redactions of a session in the making, beside those that it had before."""

    def __init__(self, old: Session | None) -> None:
        """Start with those of an older state of the session, if there is one."""
        self._counts: Counter[tuple[int, str, str, str]] = Counter()
        self._old: dict[int, list[Redaction]] = {}
        for row in read_redactions(old) if old is not None else ():
            self._old.setdefault(row.seq or 0, []).append(row)

    def has(self, seq: int) -> bool:
        """Tell whether a message of the older state was redacted."""
        return seq in self._old

    def add(self, marks: Iterable[Mark], seq: int | None = None, message: str = "") -> None:
        """Take in what was taken out of a message, or of the manifest."""
        for mark in marks:
            self._counts[seq or 0, mark.pointer, mark.rule, message] += mark.number

    def keep(self, seq: int | None = None) -> None:
        """Take in what was taken out of a message, or of the manifest, before."""
        self.take(self._old.get(seq or 0, ()))

    def take(self, rows: Iterable[Redaction]) -> None:
        """Take in lines that stand somewhere already."""
        for row in rows:
            self._counts[row.seq or 0, row.pointer, row.rule, row.message or ""] += row.count

    @property
    def total(self) -> int:
        """How many secrets were taken out."""
        return self._counts.total()

    def encode(self) -> bytes:
        """Return the content of redactions.jsonl. Enforces E620."""
        rows = sorted(
            self._counts.items(), key=lambda row: (row[0][0], row[0][1].encode(), row[0][2])
        )
        return b"".join(
            encode(
                Redaction(
                    rule=rule,
                    seq=seq or None,
                    message=message or None,
                    pointer=pointer,
                    count=count,
                )
            )
            + b"\n"
            for (seq, pointer, rule, message), count in rows
        )
