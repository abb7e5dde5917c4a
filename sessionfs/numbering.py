"""The ids of a session's messages, as they are written one after the other."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sessionfs.identity import format_time, is_native_id, message_id, parse_time

if TYPE_CHECKING:
    from sessionfs.draft import Draft
    from sessionfs.model import Message


@dataclass(slots=True)
class Ids:
    """Gives each message its id and its parent's, from what came before it."""

    uid: str
    millis: int
    known: dict[str, str] = field(default_factory=dict)

    def next(self, draft: Draft, seq: int) -> tuple[str, str | None, str | None]:
        """Return id, parent and time of the next message."""
        own = parse_time(draft.ts)
        self.millis = self.millis if own is None else own
        name = _known_id(draft)
        repeated = name is not None and name in self.known
        parent = self.known.get(draft.parent) if draft.parent is not None else None
        identifier = message_id(self.uid, self.millis, name, seq, repeated=repeated)
        if name is not None:
            self.known[name] = identifier
        return identifier, parent, None if own is None else format_time(own)

    def keep(self, draft: Draft, message: Message) -> None:
        """Remember a message that is archived already."""
        own = parse_time(draft.ts)
        self.millis = self.millis if own is None else own
        if (name := _known_id(draft)) is not None:
            self.known[name] = message.id


def _known_id(draft: Draft) -> str | None:
    """Return a draft's native id; one that no uid could hold counts as none."""
    return draft.native_id if is_native_id(draft.native_id) else None
