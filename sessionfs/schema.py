"""The published JSON Schemas as a judge; the only importer of jsonschema.

The fast path never comes here: what it accepts is proved to be valid. Whatever it refuses is
judged by these schemas, and each broken keyword names its rule in `x-rules` beside it.
"""

from __future__ import annotations

import json
import re
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Literal

from sessionfs.canonical import MAX_INTEGER, UNSET
from sessionfs.model import FORMAT, Finding
from sessionfs.rules import RULES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Test = Callable[[Any], bool]

SchemaName = Literal["archive", "manifest", "message", "summary", "redactions"]

_LONGEST = 80
"""Most characters of a file's own text that a finding repeats."""


def finding(
    code: str, path: str, message: str, *, line: int | None = None, pointer: str | None = None
) -> Finding:
    """Return the finding that a rule is broken at a place; level and hint are the rule's."""
    rule = RULES[code]
    return Finding(
        code=code,
        level=rule.level,
        path=path,
        line=UNSET if line is None else line,
        pointer=UNSET if pointer is None else pointer,
        message=message,
        hint=rule.hint,
    )


@cache
def load(name: SchemaName) -> dict[str, Any]:
    """Return a schema of the version of the format that this package writes."""
    package = files("sessionfs")
    shipped = package / "schemas" / FORMAT / f"{name}.schema.json"
    if not shipped.is_file():  # an editable install: they stand beside the package
        shipped = package / ".." / "schemas" / FORMAT / f"{name}.schema.json"
    schema: dict[str, Any] = json.loads(shipped.read_bytes())
    return schema


@cache
def _validator(name: SchemaName) -> Any:  # noqa: ANN401  jsonschema is imported only where used
    # 65 ms that no --help should pay
    from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # noqa: PLC0415

    return Draft202012Validator(load(name))


def is_valid(value: object, name: SchemaName) -> bool:
    """Tell whether a value is valid against a schema, as jsonschema judges."""
    return bool(_validator(name).is_valid(value))


def is_plainly_valid(
    value: object, name: SchemaName, definition: str = "", member: str = ""
) -> bool:
    """Tell at once that a value is valid; where it tells nothing, `validate` is the judge.

    It knows the few keywords that our flat schemas use, and it never accepts what jsonschema
    refuses. A definition of the schema, or one member of that, can be meant instead of the whole.
    """
    return _plain_test(name, definition, member)(value)


def pattern(name: SchemaName, definition: str) -> str:
    """Return the regular expression of a definition, without its anchors."""
    text: str = load(name)["$defs"][definition]["pattern"]
    return text.removeprefix("^").removesuffix("(?!\\n)").removesuffix("$")


@cache
def _plain_test(name: SchemaName, definition: str, member: str) -> Test:
    schema = load(name)
    if definition:
        schema = schema["$defs"][definition]
    if member:
        schema = schema["properties"][member]
    return _compile(schema, name)


_TYPES: dict[str, Test] = {
    "string": lambda value: type(value) is str,
    "integer": lambda value: type(value) is int and -MAX_INTEGER <= value <= MAX_INTEGER,
    "null": lambda value: value is None,
    "boolean": lambda value: type(value) is bool,
    "array": lambda value: type(value) is list,
    "object": lambda value: type(value) is dict,
}
_SILENT = frozenset(("$schema", "$id", "$defs", "title", "description", "x-rules"))


def _compile(schema: Any, name: SchemaName) -> Test:  # noqa: ANN401  a mapping, or true, or false
    """Return a test that is True only for what the schema allows."""
    if isinstance(schema, bool):
        return lambda _: schema
    tests = [
        _keyword(keyword, schema[keyword], schema, name)
        for keyword in sorted(schema.keys() - _SILENT, key=lambda word: (word != "type", word))
    ]
    return tests[0] if len(tests) == 1 else lambda value: all(test(value) for test in tests)


def _keyword(  # noqa: C901, PLR0911, PLR0912  one case a keyword
    keyword: str,
    wanted: Any,  # noqa: ANN401  as the keyword has it
    schema: dict[str, Any],
    name: SchemaName,
) -> Test:
    match keyword:
        case "$ref":
            return _compile(load(name)["$defs"][wanted.rpartition("/")[2]], name)
        case "type":
            kinds = [_TYPES[kind] for kind in (wanted if isinstance(wanted, list) else [wanted])]
            return kinds[0] if len(kinds) == 1 else lambda value: any(k(value) for k in kinds)
        case "enum" if all(isinstance(item, str) for item in wanted):
            return lambda value: type(value) is str and value in wanted
        case "pattern":
            search = re.compile(wanted).search
            return lambda value: type(value) is not str or search(value) is not None
        case "minLength":
            return lambda value: type(value) is not str or len(value) >= wanted
        case "maxLength":
            return lambda value: type(value) is not str or len(value) <= wanted
        case "minimum":
            return lambda value: type(value) is not int or value >= wanted
        case "maximum":
            return lambda value: type(value) is not int or value <= wanted
        case "minProperties":
            return lambda value: len(value) >= wanted
        case "required":
            keys = frozenset(wanted)
            return lambda value: keys <= value.keys()
        case "propertyNames":
            named = _compile(wanted, name)
            return lambda value: all(map(named, value))
        case "items":
            item = _compile(wanted, name)
            return lambda value: value is None or all(map(item, value))
        case "uniqueItems" if schema.get("items") and wanted:
            return lambda value: len(set(map(repr, value))) == len(value)
        case "properties":
            members = {key: _compile(member, name) for key, member in wanted.items()}
            return lambda value: all(
                test(value[key]) for key, test in members.items() if key in value
            )
        case "additionalProperties":
            known = schema.get("properties", {})
            other = _compile(wanted, name)
            return lambda value: all(other(value[key]) for key in value if key not in known)
    return lambda _: False


def validate(
    value: object, name: SchemaName, path: str, *, line: int | None = None, newer: bool = False
) -> Iterator[Finding]:
    """Yield a finding for each rule that a value breaks at a place in a file, once a place.

    In a file of a newer minor version an unknown key is a warning.
    """
    seen: set[tuple[str, str]] = set()
    for error in _validator(name).iter_errors(value):
        code = error.schema["x-rules"][error.validator]
        for pointer, said in _places(error):
            unknown = error.validator == "additionalProperties" and newer
            place = (f"W{code[1:]}" if unknown else code, pointer)
            if place not in seen:
                seen.add(place)
                yield finding(place[0], path, said, line=line, pointer=pointer)


def _places(error: Any) -> Iterator[tuple[str, str]]:  # noqa: ANN401  a jsonschema error
    """Yield the places that an error is about, with words that repeat little of the file."""
    place = "".join(f"/{_escape(str(element))}" for element in error.absolute_path)
    wanted = error.validator_value
    match error.validator:
        case "additionalProperties":
            for key in error.instance:
                if key not in error.schema.get("properties", ()):
                    yield f"{place}/{_escape(key)}", f"unknown key {_short(key)}"
        case "required":
            yield place, f"lacks {' or '.join(k for k in wanted if k not in error.instance)}"
        case "type":
            kinds = wanted if isinstance(wanted, list) else [wanted]
            yield place, f"is not of type {' or '.join(kinds)}"
        case "enum":
            yield place, f"{_short(error.instance)} is none of {', '.join(map(str, wanted))}"
        case "pattern":
            yield place, f"{_short(error.instance)} has not the required form"
        case "minimum" | "maximum" | "const" | "minLength" | "maxLength" | "minProperties":
            yield place, f"breaks {error.validator} {wanted}"
        case "uniqueItems":
            yield place, "holds an item twice"
        case "dependentRequired":
            yield place, f"has {' or '.join(wanted)} without what it belongs to"
        case _:
            yield place, "has too many, or none, of the keys that exclude each other"


def _escape(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")


def _short(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
