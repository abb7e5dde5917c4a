"""What people say of a session, merged: three forms where there was a common one, else two.

What only one side changed is taken. Of a single fact that both changed, the value whose UTF-8
bytes are smaller wins, so that no side is preferred, and the other one is kept under
`ext.alternatives`. Lists are united, and what either side took out of the common form is out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sessionfs.canonical import convert, encode
from sessionfs.merging.removed import comments_of
from sessionfs.model import Manifest
from sessionfs.placeholder import covers
from sessionfs.yamltext import edit, parse

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_SINGLE: Final = ("title", "outcome", "task_ref", "domain", "actor", "notes")
_LISTS: Final = ("tags", "bookmarks", "checkpoints", "links")
_FACTS: Final = ("agent", "workspace")
"""Facts of which one side may know more: what is absent is taken from the other."""

ALTERNATIVES: Final = "alternatives"
"""The key of `ext` that keeps what a merge could not give its own place."""

_NOTHING: Final = object()
"""What stands for the common form of a key where there is no common form at all."""


class People:
    """The manifest of a session as both sides have it: facts of the first, words of both."""

    def __init__(
        self,
        common: dict[str, Any] | None,
        first: dict[str, Any],
        second: dict[str, Any],
        is_there: Callable[[str, Mapping[str, Any]], bool],
    ) -> None:
        """Merge what the two say, as plain objects; `first` says what the session is.

        `is_there` tells of a bookmark or checkpoint of the second, given as its list's key and
        its object, whether the merged session has what it marks.
        """
        self._common = common
        self._first = first
        self._second = second
        self._is_there = is_there
        self._losers: dict[str, list[Any]] = {}

    def merged(self) -> dict[str, Any]:
        """Return the keys of the manifest that a merge may give another value; None: no value."""
        merged: dict[str, Any] = {key: self._fact(key) for key in _FACTS}
        if "lineage" not in self._first and "lineage" in self._second:
            merged["lineage"] = self._second["lineage"]
        merged |= {key: self._single(key) for key in _SINGLE}
        merged |= {key: self._list(key) for key in _LISTS}
        merged["ext"] = self._ext()
        return merged

    def _fact(self, key: str) -> Any:  # noqa: ANN401  JSON is any value
        mine, theirs = self._first.get(key), self._second.get(key)
        if mine is None or theirs is None:
            return theirs if mine is None else mine
        return {**theirs, **mine} if theirs.keys() - mine.keys() else mine

    def _before(self, key: str) -> Any:  # noqa: ANN401
        return _NOTHING if self._common is None else self._common.get(key)

    def _single(self, key: str) -> Any:  # noqa: ANN401
        mine, theirs = self._first.get(key), self._second.get(key)
        sure = _changed_one(self._before(key), mine, theirs)
        if sure is not _NOTHING:
            return sure
        if key == "notes":
            return _both_notes(str(mine), str(theirs))
        if key == "outcome" and "unknown" in (mine, theirs):
            return theirs if mine == "unknown" else mine
        winner, loser = sorted((mine, theirs), key=encode)
        self._losers[key] = [loser]
        return winner

    def _list(self, key: str) -> list[Any] | None:
        before = self._before(key)
        known = {encode(item) for item in before or ()} if before is not _NOTHING else set()
        mine = {encode(item): item for item in self._first.get(key) or ()}
        theirs = {encode(item): item for item in self._second.get(key) or ()}
        ours = [spelt for spelt in mine if spelt in theirs or spelt not in known]
        others = [
            spelt
            for spelt, item in theirs.items()
            if spelt in mine or (spelt not in known and self._is_there(key, item))
        ]
        kept = [{**theirs, **mine}[spelt] for spelt in _united(ours, others)]
        if not kept and [] in (self._first.get(key), self._second.get(key)):
            return []  # somebody wrote that there is none
        return kept or None

    def _ext(self) -> dict[str, Any] | None:
        before: Any = self._before("ext")
        mine, theirs = self._first.get("ext") or {}, self._second.get("ext") or {}
        common = before if before is _NOTHING else before or {}
        sides = [
            {key: value for key, value in side.items() if key != ALTERNATIVES}
            for side in (mine, theirs)
        ]
        merged = self._objects(common, sides[0], sides[1], "ext")
        told = [
            side.get(ALTERNATIVES) if isinstance(side, dict) else None
            for side in (before, mine, theirs)
        ]
        untouched = _changed_one(_NOTHING if before is _NOTHING else told[0], told[1], told[2])
        if untouched is _NOTHING or self._losers:
            untouched = self._alternatives(told[0], told[1], told[2])
        if untouched:
            merged[ALTERNATIVES] = untouched
        return merged or None

    def _objects(self, before: Any, mine: Any, theirs: Any, place: str) -> dict[str, Any]:  # noqa: ANN401
        merged = {}
        for key in _united(list(mine), list(theirs)):
            was = before if before is _NOTHING else before.get(key)
            left, right = mine.get(key), theirs.get(key)
            value = _changed_one(was, left, right)
            if value is _NOTHING:
                if isinstance(left, dict) and isinstance(right, dict):
                    inner = was if was is _NOTHING or isinstance(was, dict) else {}
                    value = self._objects(inner, left, right, f"{place}.{key}")
                else:
                    value, loser = sorted((left, right), key=encode)
                    self._losers.setdefault(f"{place}.{key}", []).append(loser)
            if value is not None:
                merged[key] = value
        return merged

    def _alternatives(self, before: Any, mine: Any, theirs: Any) -> dict[str, list[Any]]:  # noqa: ANN401
        """Return what lost by the key that it was for: of both sides, and now; each once."""
        merged: dict[str, list[Any]] = {}
        sides = [
            side if isinstance(side, dict) else {f"ext.{ALTERNATIVES}": [side]} if side else {}
            for side in (before, mine, theirs)
        ]
        for key in sorted({*sides[1], *sides[2], *self._losers}):
            was, left, right = ({encode(v): v for v in _list_of(side.get(key))} for side in sides)
            kept = {
                spelt: value
                for spelt, value in {**left, **right}.items()
                if spelt not in was or (spelt in left and spelt in right)
            }
            kept |= {encode(value): value for value in self._losers.get(key, ())}
            if kept:
                merged[key] = [kept[spelt] for spelt in sorted(kept)]
        return merged


def _united(mine: list[Any], theirs: list[Any]) -> list[Any]:
    """Return what either list has, in an order that uniting with one of them again keeps."""
    one, other = set(mine), set(theirs)
    if one == other:
        return min(mine, theirs)
    if one < other:
        return theirs
    return mine + [item for item in theirs if item not in one]


def _list_of(value: Any) -> list[Any]:  # noqa: ANN401
    return value if isinstance(value, list) else [] if value is None else [value]


def _changed_one(before: Any, mine: Any, theirs: Any) -> Any:  # noqa: ANN401
    """Return the value where only one side changed it, or both alike; else `_NOTHING`."""
    if mine == theirs or theirs is None:
        # What one side took away and the other one changed stays: it was said.
        return None if theirs is None and mine == before and before is not _NOTHING else mine
    if mine is None:
        return None if theirs == before and before is not _NOTHING else theirs
    if before is not _NOTHING and mine == before:
        return theirs
    if before is not _NOTHING and theirs == before:
        return mine
    if isinstance(mine, str) and isinstance(theirs, str):
        return mine if covers(mine, theirs) else theirs if covers(theirs, mine) else _NOTHING
    return _NOTHING


def _both_notes(mine: str, theirs: str) -> str:
    """Return the notes of both sides: one below the other, unless one has the other in it."""
    one, other = sorted((mine, theirs), key=str.encode)
    if one in other or other in one:
        return max(one, other, key=len)
    return f"{one}\n{other}"


def merge_text(
    first: bytes, second: bytes, common: bytes | None, merged: Mapping[str, Any]
) -> tuple[Manifest, bytes]:
    """Return the manifest that the first one becomes, and its text; comments of both are kept.

    `merged` are the values of keys, None for no value. A comment that stood in the common form
    and that one side took away is not kept.
    """
    before = parse(first)
    wanted = {**before, **merged}
    wanted = {key: value for key, value in wanted.items() if value is not None}
    changes = {key: value for key, value in merged.items() if value != before.get(key)}
    text = second if parse(second) == wanted else edit(first, changes) if changes else first
    text = _with_comments(text, first, second, common)
    return convert(parse(text), Manifest), text


def _with_comments(text: bytes, first: bytes, second: bytes, common: bytes | None) -> bytes:
    """Return a text with the comments of both, without those that either side took away."""
    sides = comments_of(first), comments_of(second)
    known = set(comments_of(common)) if common is not None else set()
    gone = {line for line in known if any(line not in side for side in sides)}
    lines = [line for line in text.decode().split("\n") if line not in gone]
    there = set(lines)
    more = [line for side in sides for line in side if line not in there and line not in gone]
    if more:
        lines = [*"\n".join(lines).rstrip("\n").split("\n"), *dict.fromkeys(more), ""]
    return "\n".join(lines).encode()
