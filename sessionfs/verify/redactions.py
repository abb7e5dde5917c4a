"""redactions.jsonl: what was taken out, line by line, beside the messages that it names."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from sessionfs.archive import REDACTIONS
from sessionfs.canonical import MAX_VALUES_IN_LINE, decode, is_crowded
from sessionfs.check.explained import MAX_FINDINGS, Explained, Rung
from sessionfs.check.explanation import is_redaction
from sessionfs.errors import SessionfsError
from sessionfs.schema import finding, is_plainly_valid
from sessionfs.verify.lines import Lines
from sessionfs.verify.oddities import unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

    from sessionfs.model import Finding, Message
    from sessionfs.verify.files import Files


class Redactions:
    """The lines of redactions.jsonl, read as the messages that they name pass by.

    Both are in the order of `seq`, so a line and a message are held at a time, however many
    there are. `count` is how many removals the lines tell of.
    """

    def __init__(self, files: Files, *, newer: bool) -> None:
        """Start before the first line; `newer` says that a newer version wrote it."""
        self._files = files
        self._path = files.at(REDACTIONS)
        self._newer = newer
        self._lost: list[Finding] = []
        self.count = 0
        self._lines = self._read() if REDACTIONS in files.names else iter(())
        self._next = next(self._lines, None)

    @property
    def waits(self) -> bool:
        """Whether a line waits for the message that it names."""
        return self._next is not None

    def meet(self, message: Message) -> None:
        """Compare the lines up to a message with it."""
        while self._next is not None and self._next[1]["seq"] <= message.seq:
            number, value = self._next
            if value["seq"] < message.seq:
                self._lose(number, "/seq", f"no message has the seq {value['seq']}")
            elif value["message"] != message.id:
                self._lose(number, "/message", f"message {value['seq']} is {message.id}")
            self._next = next(self._lines, None)

    def finish(self, *, whole: bool) -> None:
        """Read what is left; `whole` tells whether every message has passed."""
        while self._next is not None:
            number, value = self._next
            self._lose(number, "/seq", f"no message has the seq {value['seq']}")
            self._next = next(self._lines, None)
        if whole:
            self._files.ladder.say(Rung.SEMANTICS, *self._lost)

    def _lose(self, number: int, pointer: str, said: str) -> None:
        """Note that a line names no message. Enforces E619."""
        if len(self._lost) < MAX_FINDINGS:
            self._lost.append(finding("E619", self._path, said, line=number, pointer=pointer))

    def _read(self) -> Iterator[tuple[int, Mapping[str, Any]]]:
        """Yield number and value of each line that names a message and stands in order.

        Enforces E620.
        """
        say = self._files.ladder.say
        last: tuple[int, bytes, bytes] = (0, b"", b"")
        try:
            with closing(self._files.tree.open(self._path)) as stream:
                lines = Lines(self._files, REDACTIONS, stream, newer=self._newer)
                for number, line in enumerate(lines, 1):
                    explained = _proved(line) or lines.explain(line, number, "redactions")
                    if explained is None or explained.broken:
                        continue
                    value = explained.value
                    self.count += value["count"]
                    place = _place(value)
                    if place <= last:
                        said = "it stands too late, or twice"
                        say(Rung.SEMANTICS, finding("E620", self._path, said, line=number))
                        continue
                    last = place
                    if value["seq"] is not None:
                        yield number, value
                    elif value["message"] is not None:
                        self._lose(number, "/seq", "a message without its seq")
        except (SessionfsError, OSError) as error:
            say(Rung.STRUCTURE, unreadable(error, self._path))
        else:
            lines.finish()


def _place(value: Mapping[str, Any]) -> tuple[int, bytes, bytes]:
    """Return what lines are sorted by."""
    return value["seq"] or 0, value["pointer"].encode(), value["rule"].encode()


def _proved(line: bytes | None) -> Explained | None:
    """Return the value of a line that is valid and in its one spelling."""
    if line is None or is_crowded(line, MAX_VALUES_IN_LINE):
        return None
    try:
        value = decode(line)
    except ValueError:
        return None
    if is_plainly_valid(value, "redactions") and is_redaction(line, value):
        return Explained(value)
    return None
