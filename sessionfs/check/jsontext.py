"""JSON as strict readers read it: the value of a text, or what readers would disagree on."""

from __future__ import annotations

import json
import math
import re
from itertools import islice
from typing import TYPE_CHECKING, Any

from sessionfs.canonical import (
    MAX_DEPTH,
    MAX_INTEGER,
    MAX_VALUES,
    MAX_VALUES_IN_LINE,
    depth,
    is_crowded,
)
from sessionfs.check.explained import EXCERPT, MAX_FINDINGS, Explained
from sessionfs.restore import escape
from sessionfs.schema import finding

if TYPE_CHECKING:
    from collections.abc import Iterator

_SURROGATE = re.compile("[\ud800-\udfff]")


def explain_json(text: bytes, path: str, number: int | None, *, syntax: str = "E401") -> Explained:
    """Return the value of a JSON text, or what is wrong with it.

    Enforces E007, E008, E311, E401 to E406.
    """
    most = MAX_VALUES if number is None else MAX_VALUES_IN_LINE
    if is_crowded(text, most):
        said = f"more than {most} of [ {{ ,"
        return Explained(None, (finding("E008", path, said, line=number),))
    if depth(text) > MAX_DEPTH:
        return Explained(None, (finding("E007", path, "nested too deep", line=number),))
    decoded = text.decode().strip(" \t\n")
    try:
        value, end = _strict.raw_decode(decoded)
    except json.JSONDecodeError as error:
        said = f"{error.msg.removesuffix(' at')} at character {error.pos}"
        return Explained(None, (finding(syntax, path, said, line=number),))
    except RecursionError:
        return Explained(None, (finding("E007", path, "nested too deep", line=number),))
    if end < len(decoded) or not isinstance(value, dict):
        said = "more than one value" if end < len(decoded) else "no object"
        code = "E311" if syntax == "E401" else syntax
        return Explained(None, (finding(code, path, said, line=number),))
    flaws = tuple(
        finding(code, path, said, line=number, pointer=pointer)
        for code, pointer, said in islice(_flaws(value, ""), MAX_FINDINGS)
    )
    return Explained(value, flaws)


class _Flaw:
    """A number that JSON does not allow, where it stood."""

    def __init__(self, code: str, said: str) -> None:
        self.code = code
        self.said = said[:EXCERPT]


class _Doubled(dict[str, Any]):
    """An object that holds a name twice."""

    name = ""


def _integer(literal: str) -> int | _Flaw:
    if len(literal) > len(str(-MAX_INTEGER)) or abs(int(literal)) > MAX_INTEGER:
        return _Flaw("E404", literal)
    return int(literal)


def _float(literal: str) -> float | _Flaw:
    number = float(literal)
    return number if math.isfinite(number) else _Flaw("E405", literal)


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) == len(pairs):
        return members
    doubled = _Doubled(members)
    seen: set[str] = set()
    for name, _ in pairs:
        if name in seen:
            doubled.name = name
            break
        seen.add(name)
    return doubled


_strict = json.JSONDecoder(
    object_pairs_hook=_members,
    parse_int=_integer,
    parse_float=_float,
    parse_constant=lambda literal: _Flaw("E403", literal),
)


def _flaws(value: Any, pointer: str) -> Iterator[tuple[str, str, str]]:  # noqa: ANN401  any JSON
    """Yield code, pointer and words for each thing in a value that JSON readers disagree on."""
    match value:
        case _Flaw():
            yield value.code, pointer, value.said
        case str() if _SURROGATE.search(value):
            yield "E406", pointer, "half of a surrogate pair"
        case dict():
            if isinstance(value, _Doubled):
                yield "E402", f"{pointer}/{escape(value.name)}", "the name stands there twice"
            for key, member in value.items():
                if _SURROGATE.search(key):
                    yield "E406", pointer, "half of a surrogate pair in a name"
                yield from _flaws(member, f"{pointer}/{escape(key)}")
        case list():
            for number, item in enumerate(value):
                yield from _flaws(item, f"{pointer}/{number}")
