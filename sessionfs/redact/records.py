"""The native record of a message without its secrets: references stay references."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sessionfs.redact.values import KEY, SCALARS, Place, Values, pointer_to
from sessionfs.redact.views import COLUMNS
from sessionfs.restore import MARKERS, Unresolvable, resolve

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sessionfs.model import Message
    from sessionfs.redact.texts import Look, Remover


class Record(Values):
    """Takes secrets out of a native record, in which markers stand for what the message carries."""

    def __init__(
        self,
        values: Values,
        remover: Remover,
        message: Message,
        payload: Callable[[str, str], str],
        moved: Mapping[str, str],
    ) -> None:
        """Count beside `values`.

        `payload` gives the digest of a file without secrets; `moved` has the files of texts that
        no longer fit into the message, by pointer.
        """
        super().__init__(remover, values.carried, look=values.look)
        self.removed = values.removed
        self.telling = values.telling
        self._message = message
        self._payload = payload
        self._moved = moved

    def object(self, value: dict[str, Any], place: Place) -> Any:  # noqa: ANN401
        """Return an object or a marker without secrets."""
        first = next(iter(value), None)
        if first not in MARKERS:
            return self.members(value, place)
        if first == "$lit" and isinstance(value["$lit"], dict):
            members = self.members(value["$lit"], (place, "$lit"))
            return value if members is value["$lit"] else {"$lit": members}
        if first == "$file":
            address = self._payload(value["$file"], f"{pointer_to(place)}/$file")
            return value if address == value["$file"] else value | {"$file": address}
        if first == "$ref":
            return self._reference(value, place)
        return value

    def _reference(self, marker: dict[str, Any], place: Place) -> Any:  # noqa: ANN401
        """Return a reference, or text where only its key tells that it stands for a secret."""
        target = marker["$ref"]
        if (address := self._moved.get(target)) is not None:
            return {"$file": address, "encoding": "utf-8"}
        key = place[1] if isinstance(place, tuple) else None
        if not self.is_close or not isinstance(key, str):
            return marker
        if self.telling is not None and id(marker) not in self.telling:
            return marker
        try:
            value = resolve(self._message, target)
        except Unresolvable:
            return marker
        if not isinstance(value, str):
            return marker
        if not self._remover.is_told_by(key, value):
            return marker
        if self.bare.text(value, "", key) == self.bare.text(value, ""):
            return marker
        return self.text(value, place, key)


class Texts:
    """The texts of a message as a plain object: each with its identity and what it is called.

    A reference counts as what it stands for, by the identity of the marker; a key by that of none.
    """

    def __init__(self, shortest_key: int, message: Message | None = None) -> None:
        """Gather none yet. Without a message nothing is a reference."""
        self._key = shortest_key
        self._message = message
        self.found: list[tuple[int, str, str | None]] = []

    def gather(self, value: Any, key: str | None = None, *, refers: bool = False) -> None:  # noqa: ANN401
        """Take in every text of a value that an object calls `key`.

        Only in a native record, which `refers`, an object may be a marker.
        """
        kind = type(value)
        if kind is str:
            self.found.append((id(value), value, key))
        elif kind is list:
            for item in value:
                if type(item) not in SCALARS:
                    self.gather(item, key, refers=refers)
        elif kind is dict:
            if refers:
                first = next(iter(value), None)
                if first == "$ref" and self._refer(value, key):
                    return
                if first == "$lit" and isinstance(value["$lit"], dict):
                    value = value["$lit"]
            for name, member in value.items():
                if len(name) >= self._key:
                    self.found.append((KEY, name, None))
                if type(member) not in SCALARS:
                    self.gather(member, name, refers=refers)

    def telling(self, remover: Remover, look: Look) -> set[int]:
        """Return the identities of those that may hold what is to be removed."""
        telling: set[int] = set()
        if look.closely:
            numbers = remover.numbers_of([(text, key) for _, text, key in self.found])
            telling.update(self.found[number][0] for number in numbers)
        for identity, text, _ in self.found if look.as_shown else ():
            hides = len(text) > COLUMNS or "\\" in text or "\x1b" in text
            if hides and remover.may_be_shown_in(text):
                telling.add(identity)
        return telling

    def _refer(self, marker: dict[str, Any], key: str | None) -> bool:
        if self._message is None:
            return False
        try:
            text = resolve(self._message, str(marker["$ref"]))
        except Unresolvable:
            return False
        if isinstance(text, str):
            self.found.append((id(marker), text, key))
        return True
