"""The segments of a session: one pass over its messages, and the limits of each segment."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sessionfs.archive import is_segment
from sessionfs.check.conversation import Conversation
from sessionfs.check.explained import Rung
from sessionfs.check.explanation import typed_message
from sessionfs.check.proof import prove_message
from sessionfs.errors import SessionfsError
from sessionfs.model import MAX_SEGMENT_BYTES, MAX_SEGMENT_MESSAGES
from sessionfs.schema import finding
from sessionfs.summary import Summarizer
from sessionfs.verify.lines import Lines
from sessionfs.verify.oddities import unreadable
from sessionfs.writer import SourceDigests

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sessionfs.model import Finding, Message
    from sessionfs.verify.files import Files

    Watch = Callable[[Message], None]


class Messages:
    """One pass over the messages of a session, and what they leave behind.

    `whole` tells whether every message is known, `used` which payloads they name, `damaged` how
    many messages each segment has that is not what was sealed.
    """

    def __init__(
        self,
        files: Files,
        log_name: str,
        *,
        newer: bool,
        deep: bool = False,
        watch: Sequence[Watch] = (),
    ) -> None:
        """Start before the first segment; the log's name is the manifest's.

        `deep` has the reference judge every message: the published schema, the strict reader
        of JSON, the walk over the native record; and compares with the fast ways. Each of
        `watch` is shown every message that is known, in order.
        """
        self._files = files
        self._watch = watch
        self._newer = newer
        self._deep = deep
        self._conversation = Conversation(
            files.payload, files.payload_size, files.payloads(), log_name
        )
        self.summarizer = Summarizer()
        self.sources = SourceDigests(log_name)
        self.count = 0
        self.damaged: dict[str, int] = {}

    @property
    def whole(self) -> bool:
        """Whether no message is missing or broken."""
        return self._conversation.whole

    @property
    def used(self) -> set[str]:
        """The digests of the payloads that messages name."""
        return self._conversation.used

    def judge(self) -> None:
        """Judge the segments in order."""
        files, conversation = self._files, self._conversation
        before: Segment | None = None
        for name in sorted(filter(is_segment, files.names | (files.listed or {}).keys())):
            if name not in files.names:
                conversation.begin_anew()
                before = None
                continue
            segment = Segment(files.at(name))
            conversation.open_segment(segment.path)
            elsewhere: list[Finding] = []
            try:
                self._segment(name, segment, before, elsewhere)
            except (SessionfsError, OSError) as error:
                files.ladder.say(Rung.STRUCTURE, unreadable(error, segment.path))
                conversation.lose()
            before = segment if files.is_sound(name) else None
            if files.is_damaged(name):
                self.damaged[name] = segment.messages
                conversation.begin_anew()
                before = None
            elif elsewhere:
                files.ladder.say(Rung.SEMANTICS, *elsewhere)
            if before is None:
                conversation.whole = False
        files.ladder.say(Rung.SEMANTICS, *conversation.finish())

    def _segment(
        self, name: str, segment: Segment, before: Segment | None, elsewhere: list[Finding]
    ) -> None:
        """Judge a segment; what its messages say of other segments is gathered in `elsewhere`."""
        files, conversation, say = self._files, self._conversation, self._files.ladder.say
        summarizer, sources = self.summarizer, self.sources
        with closing(files.tree.open(segment.path)) as stream:
            lines = Lines(files, name, stream, newer=self._newer)
            for number, line in enumerate(lines, 1):
                message = None if line is None or self._deep else prove_message(line)
                proved = line if message is not None else None
                if message is None:
                    message = _explained(lines, line, number)
                    if message is None:
                        conversation.lose()
                        continue
                if number == 1 and before is not None and line is not None:
                    elsewhere += before.cut(len(line) + 1)
                found, native = conversation.judge(message, number, proved)
                if found:
                    say(Rung.SEMANTICS, *(one for one in found if one.path == segment.path))
                    elsewhere += (one for one in found if one.path != segment.path)
                if self._deep and line is not None and prove_message(line) == message:
                    say(Rung.SEMANTICS, *conversation.compare(message, number, line, native))
                summarizer.add(message)
                for watch in self._watch:
                    watch(message)
                for piece in native:
                    sources.add(message, piece, files.payload_size)
                segment.messages += 1
        if not lines.finish():
            conversation.lose()
        segment.size = lines.size
        self.count += segment.messages
        say(Rung.SEMANTICS if lines.size else Rung.FRAMING, *segment.limits())


def _explained(lines: Lines, line: bytes | None, number: int) -> Message | None:
    """Say what is wrong with a line; return its message where that can be had."""
    explained = lines.explain(line, number, "message")
    if explained is None or explained.broken:
        return None
    return typed_message(explained.value)


@dataclass(slots=True)
class Segment:
    """What is known of a segment that was read."""

    path: str
    messages: int = 0
    size: int = 0

    def limits(self) -> Iterator[Finding]:
        """Yield where a segment is too large. Enforces E313, E314."""
        if self.messages == 0 and self.size == 0:
            yield finding("E313", self.path, "no message")
        if self.messages > MAX_SEGMENT_MESSAGES or (
            self.size > MAX_SEGMENT_BYTES and self.messages > 1
        ):
            yield finding("E314", self.path, f"{self.messages} messages, {self.size} bytes")

    def cut(self, line: int) -> Iterator[Finding]:
        """Yield where the next message, of so many bytes, would have fitted. Enforces E315."""
        if self.messages < MAX_SEGMENT_MESSAGES and self.size + line <= MAX_SEGMENT_BYTES:
            said = "the next segment's first message would have fitted"
            yield finding("E315", self.path, said, line=self.messages)
