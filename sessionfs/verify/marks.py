"""What people mark in the manifest: whether it leads to messages of the session."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sessionfs.archive import MANIFEST
from sessionfs.check.explained import Rung
from sessionfs.schema import finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sessionfs.model import Finding, Manifest, Message
    from sessionfs.verify.files import Files


class Marks:
    """The bookmarks and checkpoints of a manifest, checked off as messages pass by."""

    def __init__(self, manifest: Manifest | None) -> None:
        """Take the marks of a manifest, of none where there is none."""
        self._bookmarks = list((manifest and manifest.bookmarks) or ())
        self._checkpoints = list((manifest and manifest.checkpoints) or ())
        self._open = {bookmark.message for bookmark in self._bookmarks}
        self._last = 0

    @property
    def waits(self) -> bool:
        """Whether there is any."""
        return bool(self._bookmarks or self._checkpoints)

    def meet(self, message: Message) -> None:
        """Check off what leads to a message."""
        self._last = message.seq
        self._open.discard(message.id)

    def finish(self, files: Files, *, whole: bool) -> None:
        """Say what leads nowhere; `whole` tells whether every message has passed."""
        path = files.at(MANIFEST)
        files.ladder.say(Rung.SEMANTICS, *self._repeated(path))
        if whole:
            files.ladder.say(Rung.SEMANTICS, *self._astray(path))

    def _astray(self, path: str) -> Iterator[Finding]:
        """Yield the marks that lead to no message. Enforces W220, W221."""
        for number, bookmark in enumerate(self._bookmarks):
            if bookmark.message in self._open:
                place = f"/bookmarks/{number}/message"
                yield finding("W220", path, "no message has this id", pointer=place)
        for number, checkpoint in enumerate(self._checkpoints):
            if checkpoint.seq > self._last:
                said = f"{checkpoint.seq}, and the last message is {self._last}"
                yield finding("W221", path, said, pointer=f"/checkpoints/{number}/seq")

    def _repeated(self, path: str) -> Iterator[Finding]:
        """Yield the checkpoints that have the name of an earlier one. Enforces W222."""
        seen: set[str] = set()
        for number, checkpoint in enumerate(self._checkpoints):
            if checkpoint.name in seen:
                place = f"/checkpoints/{number}/name"
                yield finding("W222", path, "an earlier one has this name", pointer=place)
            seen.add(checkpoint.name)
