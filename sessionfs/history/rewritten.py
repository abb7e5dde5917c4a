"""Sessions whose messages were all mapped anew, or whose agent rewrites its own past."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

from sessionfs.check.explained import EXCERPT
from sessionfs.digest import Hasher
from sessionfs.history.edition import as_message
from sessionfs.schema import finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sessionfs.history.edition import Edition
    from sessionfs.history.redacted import Redactions
    from sessionfs.model import Finding, Message


def explain_rewrite(
    old: Edition, new: Edition, redactions: Redactions, place: tuple[str, int]
) -> Finding | None:
    """Return what says that a session was rewritten as it may be, or None. Enforces W715, W716.

    `place` is the first message that differs. A log that was mapped anew is whole in what its
    messages stand for, and tells of it: another mapping in the manifest, or further files.
    """
    name, line = place
    if old.source.get("nature") == "document" == new.source.get("nature"):
        said = "the agent rewrote the document that these messages come from"
        return finding("W716", name, said, line=line)
    before, after = _Native(old), _Native(new)
    if not _begins_with(after, before, redactions):
        return None
    if not all(after.files.get(key) == value for key, value in before.files.items()):
        return None
    mapped = old.source.get("adapter") != new.source.get("adapter")
    if not mapped and before.files.keys() == after.files.keys():
        return None
    adapter = str(new.source.get("adapter"))[:EXCERPT]
    said = f"from here on written anew by {adapter}; the native log is whole"
    return finding("W715", name, said, line=line)


def is_continued(old: Edition, new: Edition, redactions: Redactions) -> bool:
    """Tell whether the log of a session under another id begins with an earlier one's, whole."""
    before, after = _Native(old), _Native(new)
    return _begins_with(after, before, redactions) and all(
        after.files.get(key) == value for key, value in before.files.items()
    )


class _Native:
    """The native log of an edition, and the files beside it by name, known once it is read."""

    def __init__(self, edition: Edition) -> None:
        self.edition = edition
        self.files: dict[str, str] = {}
        self.is_known = True

    def messages(self) -> Iterator[Message]:
        """Yield the messages of the main log; note the files."""
        beside: dict[str, Hasher] = {}
        with closing(self.edition.lines(self.edition.segments)) as lines:
            for line in lines:
                message = as_message(line)
                if message is None or not isinstance(message.native, dict):
                    self.is_known = False
                    return
                files: dict[str, Any] = message.native.get("files", {})
                self.files |= files
                source = message.native.get("source")
                if source is None:
                    yield message
                    continue
                hasher = beside.setdefault(source, Hasher())
                try:
                    for piece in self.edition.native_line(message):
                        hasher.update(piece)
                except ValueError:
                    self.is_known = False
                    return
        self.files |= {source: hasher.hexdigest() for source, hasher in beside.items()}


def _begins_with(longer: _Native, shorter: _Native, redactions: Redactions) -> bool:
    """Tell whether a native log begins with another one, line by line; read both to the end."""
    theirs = longer.messages()
    for ours in shorter.messages():
        other = next(theirs, None)
        if other is None or not _same_line(
            shorter.edition, ours, longer.edition, other, redactions
        ):
            return False
    for _ in theirs:
        pass
    return shorter.is_known and longer.is_known


def _same_line(
    old: Edition, before: Message, new: Edition, after: Message, redactions: Redactions
) -> bool:
    if is_completed(old, before, new, after):
        return True
    left, right = before.native or {}, after.native or {}
    if left.get("eol") != right.get("eol"):
        return False
    recorded = redactions.is_recorded(after)
    return redactions.covers_line(before, after, may_differ=recorded)


def is_completed(old: Edition, before: Message, new: Edition, after: Message) -> bool:
    """Tell whether a message stands for more of the line that another one had no end of."""
    native = before.native
    if not isinstance(native, dict) or native.get("eol") != "":
        return False
    if not isinstance(after.native, dict) or after.native.get("source") != native.get("source"):
        return False
    held = b""
    longer = new.native_line(after)
    try:
        for piece in old.native_line(before):
            while len(held) < len(piece):
                held += next(longer)
            if not held.startswith(piece):
                return False
            held = held[len(piece) :]
        return bool(held) or any(longer)
    except (StopIteration, ValueError):
        return False
