"""What a redaction explains between two editions of a session, and one that was undone.

A placeholder stands for any text. So an older text follows from a newer one where everything
around the newer one's placeholders is still there, and the place is recorded.
"""

from __future__ import annotations

from collections import Counter
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from sessionfs.archive import REDACTIONS
from sessionfs.digest import is_digest
from sessionfs.history.edition import as_message, differences
from sessionfs.model import MAX_LINE
from sessionfs.placeholder import (
    PLACEHOLDER,
    as_text,
    covers,
    file_text,
    is_beginning,
    pair_lines,
    pair_values,
)
from sessionfs.restore import escape
from sessionfs.schema import finding

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from sessionfs.history.edition import Edition, Line
    from sessionfs.model import Finding, Message

MAX_NAMED: Final = 10
"""Places that are named one by one; a history that was rewritten would else fill the report."""


class Redactions:
    """The redactions that the newer of two editions records and the older one does not."""

    def __init__(self, old: Edition, new: Edition) -> None:
        """Compare what the two record."""
        self._old = old
        self._new = new
        self._added: dict[str | None, set[str]] = {}
        for place in new.redacted() - old.redacted():
            self._added.setdefault(place.message, set()).add(place.pointer)

    def explain_manifest(self, pointer: str, before: object, after: object) -> bool:
        """Tell whether a recorded redaction is what changed a fact of the manifest."""
        return _is_covered(before, after) and pointer in self._added.get(None, ())

    def explain(self, before: Mapping[str, Any], old: Line, new: Line) -> bool:
        """Tell whether recorded redactions are all that changed a message, given as its object."""
        recorded = self._added.get(str(before.get("id")))
        left, right = as_message(old), as_message(new)
        if recorded is None or left is None or right is None:
            return False
        after = new.value or {}
        return all(
            self._explains(pointer, one, other, recorded)
            for pointer, one, other in _changes(_outside(before), _outside(after))
        ) and self.covers_native(left, right)

    def _explains(self, pointer: str, before: object, after: object, recorded: set[str]) -> bool:
        place, _, key = pointer.rpartition("/")
        if key == "bytes" and f"{place}/file" in recorded:
            return True  # the size of the payload that took the other one's place
        if pointer not in recorded:
            return False
        return _is_covered(before, after) or (key == "file" and self._covers_file(before, after))

    def is_recorded(self, message: Message) -> bool:
        """Tell whether a redaction in a message is recorded that was not before."""
        return message.id in self._added

    def covers_beginning(self, old: Message, new: Message) -> bool:
        """Tell whether a record that had no end may be the beginning of one that was redacted."""
        left, right = old.native, new.native
        if not isinstance(left, dict) or not isinstance(right, dict) or left.get("eol") != "":
            return False
        if left.get("source") != right.get("source") or not self.is_recorded(new):
            return False
        one, other = _restored(self._old, old), _restored(self._new, new)
        return one is not None and other is not None and is_beginning(as_text(one), as_text(other))

    def covers_native(self, old: Message, new: Message) -> bool:
        """Tell whether a native record is the other one with placeholders, or the same."""
        left, right = old.native, new.native
        if not isinstance(left, dict) or not isinstance(right, dict):
            return left == right
        for key in ("eol", "source"):
            if left.get(key) != right.get(key):
                return False
        names, files = left.get("files", {}), right.get("files", {})
        return (
            names.keys() == files.keys()
            and all(self._covers_file(names[name], files[name]) for name in names)
            and self.covers_line(old, new, may_differ=True)
        )

    def covers_line(self, old: Message, new: Message, *, may_differ: bool) -> bool:
        """Tell whether a native line is the same, or if it may differ, is so with placeholders."""
        left, right = old.native or {}, new.native or {}
        if "raw_file" in left and left["raw_file"] == right.get("raw_file"):
            return True
        one, other = _restored(self._old, old), _restored(self._new, new)
        if one is None or other is None:
            return False
        return one == other or (may_differ and pair_lines(other, one))

    def _covers_file(self, before: object, after: object) -> bool:
        if before == after:
            return True
        if not all(isinstance(side, str) and is_digest(side) for side in (before, after)):
            return False
        try:
            text, template = self._old.payload(str(before)), self._new.payload(str(after))
        except KeyError:
            return False
        return _is_covered(file_text(text), file_text(template))


def find_undone(before: Mapping[str, Any], after: Mapping[str, Any]) -> str | None:
    """Return the place in a message where text came back instead of a placeholder, or None."""
    for pointer, one, other in differences(before, after):
        if isinstance(one, str) and isinstance(other, str):
            there, here = (len(PLACEHOLDER.findall(side)) for side in (one, other))
            if here < there and covers(one, other):
                return pointer
    return None


def judge_record(
    old: Edition, new: Edition, *, rewritten: bool, completed: Collection[str]
) -> Iterator[Finding]:
    """Yield what an earlier redactions.jsonl records and the new one does not. Enforces E714.

    Where a session was rewritten, places may have moved; then rules are counted. Messages that
    were `completed` stand for more than they did, so that all of them is found anew.
    """
    after = new.redacted()
    if rewritten:
        after = _by_rule(after)
    if REDACTIONS in old.names and not old.is_sound(REDACTIONS):
        if old.redacted() != new.redacted():
            yield old.damage(REDACTIONS)
        return
    lost = []
    for number, place, count in old.redactions():
        if place.message in completed:
            continue
        key = place._replace(message=None, pointer="") if rewritten else place
        if after[key] < count:
            lost.append((number, place))
        after[key] -= count
    for number, place in islice(lost, MAX_NAMED):
        said = f"its record is gone: {place.rule} at {place.message or 'the manifest'}"
        yield undone(REDACTIONS, number, None, said)


def undone(name: str, line: int, pointer: str | None, said: str) -> Finding:
    """Return the finding that a redaction was undone. Enforces E714."""
    return finding("E714", name, said, line=line, pointer=pointer)


def _by_rule(places: Counter[Any]) -> Counter[Any]:
    found: Counter[Any] = Counter()
    for place, count in places.items():
        found[place._replace(message=None, pointer="")] += count
    return found


def _outside(message: Mapping[str, Any]) -> dict[str, Any]:
    """Return a message without its native record, which is compared as the line it stands for."""
    return {key: value for key, value in message.items() if key != "native"}


def _is_covered(before: object, after: object) -> bool:
    if not isinstance(before, str) or not isinstance(after, str):
        return False
    return before != after and pair_values(after, before, [])


def _changes(old: Any, new: Any, pointer: str = "") -> Iterator[tuple[str, Any, Any]]:  # noqa: ANN401
    """Yield each place where two JSON values differ; a key that was redacted is one such place."""
    if isinstance(old, dict) and isinstance(new, dict) and _are_redacted(old, new):
        for (left, before), (right, after) in zip(old.items(), new.items(), strict=True):
            place = f"{pointer}/{escape(right)}"
            if left != right:
                yield place, left, right
            yield from _changes(before, after, place)
    elif isinstance(old, dict) and isinstance(new, dict) and old.keys() == new.keys():
        for key, before in old.items():
            yield from _changes(before, new[key], f"{pointer}/{escape(key)}")
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for number, (before, after) in enumerate(zip(old, new, strict=True)):
            yield from _changes(before, after, f"{pointer}/{number}")
    else:
        yield from differences(old, new, pointer)


def _are_redacted(old: dict[str, Any], new: dict[str, Any]) -> bool:
    """Tell whether keys of an object were redacted, and nothing else became of them."""
    return (
        len(old) == len(new)
        and old.keys() != new.keys()
        and all(
            left == right or _is_covered(left, right) for left, right in zip(old, new, strict=True)
        )
    )


def _restored(edition: Edition, message: Message) -> bytes | None:
    """Return a native line that is not too long to be held, or None."""
    held = bytearray()
    try:
        for piece in edition.native_line(message):
            held += piece
            if len(held) > MAX_LINE:
                return None
    except ValueError:
        return None
    return bytes(held)
