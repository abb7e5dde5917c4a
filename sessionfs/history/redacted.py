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
from sessionfs.history.edition import NEITHER, as_message, differences
from sessionfs.home import tilde
from sessionfs.model import MAX_LINE
from sessionfs.placeholder import (
    HOME_DIRECTORY,
    PLACEHOLDER,
    as_text,
    covers,
    file_text,
    is_beginning,
    pair_lines,
    pair_values,
    split_placeholder,
)
from sessionfs.restore import escape
from sessionfs.schema import finding

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from sessionfs.history.edition import Edition, Line
    from sessionfs.model import Finding, Message
    from sessionfs.placeholder import Pairs

MAX_NAMED: Final = 10
"""Places that are named one by one; a history that was rewritten would else fill the report."""

_Recorded = dict[str, Counter[str]]
"""How much of each rule was taken out, by pointer."""


class Redactions:
    """The redactions that the newer of two editions records and the older one does not."""

    def __init__(self, old: Edition, new: Edition) -> None:
        """Compare what the two record."""
        self._old = old
        self._new = new
        self._added: dict[str | None, _Recorded] = {}
        for place, count in (new.redacted() - old.redacted()).items():
            rules = self._added.setdefault(place.message, {}).setdefault(place.pointer, Counter())
            rules[place.rule] += count

    @classmethod
    def of_fork(cls, old: Edition, fork: Edition) -> Redactions:
        """Compare a session with its fork, whose messages have other ids and the same seq."""
        made = cls(old, old)
        made._new = fork
        ids = {
            message.seq: message.id
            for line in fork.lines(fork.segments)
            if (message := as_message(line)) is not None
        }
        more = fork.redacted_by_seq() - old.redacted_by_seq()
        for (seq, rule, pointer), count in more.items():
            recorded = made._added.setdefault(None if seq is None else ids.get(seq), {})
            recorded.setdefault(pointer, Counter())[rule] += count
        return made

    def explain_manifest(self, pointer: str, before: object, after: object) -> bool:
        """Tell whether a recorded redaction is what changed a fact of the manifest."""
        return _is_covered(before, after, _rules_at(pointer, self._added.get(None, {})))

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
        ) and self._covers_native(left, right, recorded)

    def _explains(self, pointer: str, before: object, after: object, recorded: _Recorded) -> bool:
        place, _, key = pointer.rpartition("/")
        if key == "bytes" and f"{place}/file" in recorded:
            return True  # the size of the payload that took the other one's place
        rules = _rules_at(pointer, recorded)
        return _is_covered(before, after, rules) or self._covers_file(before, after, rules)

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
        return (
            one is not None
            and other is not None
            and is_beginning(as_text(one), as_text(other), torn=r'[^\s"\\]{0,4096}')
        )

    def _covers_native(self, old: Message, new: Message, recorded: _Recorded) -> bool:
        """Tell whether a native record is the other one with what is recorded, or the same.

        Its own texts are compared place by place, what it refers to as the line that it gives.
        """
        left, right = old.native, new.native
        if not isinstance(left, dict) or not isinstance(right, dict):
            return left == right
        return all(
            self._explains(pointer, one, other, recorded)
            or _is_spelling(pointer, one, other, recorded)
            for pointer, one, other in _changes(left, right, "/native")
        ) and self.covers_line(old, new, may_differ=True)

    def covers_line(self, old: Message, new: Message, *, may_differ: bool) -> bool:
        """Tell whether a native line is the same, or if it may differ, is so with placeholders."""
        left, right = old.native or {}, new.native or {}
        if "raw_file" in left and left["raw_file"] == right.get("raw_file"):
            return True
        one, other = _restored(self._old, old), _restored(self._new, new)
        if one is None or other is None:
            return False
        return one == other or (may_differ and pair_lines(other, one))

    def _covers_file(self, before: object, after: object, rules: Counter[str] | None) -> bool:
        if rules is None or not all(
            isinstance(side, str) and is_digest(side) for side in (before, after)
        ):
            return False
        try:
            text, template = self._old.payload(str(before)), self._new.payload(str(after))
        except KeyError:
            return False
        return _is_covered(file_text(text), file_text(template), rules)


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


def _is_covered(before: object, after: object, rules: Counter[str] | None) -> bool:
    """Tell whether a text is another one with what these rules took out, so often."""
    if rules is None or not isinstance(before, str) or not isinstance(after, str):
        return False
    pairs: Pairs = []
    if before == after or not pair_values(after, before, pairs):
        return False
    taken = Counter(split_placeholder(name)[0] for name, text in pairs if name != text)
    at_home = after.count("~") - before.count("~")
    if at_home > 0 and tilde(before) != before:
        taken[HOME_DIRECTORY] += at_home
    return taken <= rules and all(text != "" for _, text in pairs)


def _rules_at(pointer: str, recorded: _Recorded) -> Counter[str] | None:
    """Return what is recorded of a place, or of the innermost one around it."""
    while pointer not in recorded:
        if not pointer:
            return None
        pointer = pointer.rpartition("/")[0]
    return recorded[pointer]


def _is_spelling(pointer: str, before: object, after: object, recorded: _Recorded) -> bool:
    """Tell whether a difference is in how a record is kept; the line that it gives decides then."""
    if NEITHER not in (before, after):
        return False
    place, _, key = pointer.rpartition("/")
    return key in ("$ref", "$file", "encoding") or (place == "/native" and place in recorded)


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
            left == right or pair_values(right, left, [])
            for left, right in zip(old, new, strict=True)
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
