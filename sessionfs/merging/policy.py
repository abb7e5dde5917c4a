"""archive.yaml merged: what both sides changed, and of two ways with secrets the stricter one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sessionfs.canonical import encode
from sessionfs.errors import Conflict
from sessionfs.schema import validate
from sessionfs.yamltext import YamlError, edit, parse

if TYPE_CHECKING:
    from collections.abc import Mapping

_VERSIONS: Final = ("format", "min_reader")
_LENIENT: Final = ("disable", "allow")
"""Lists that let secrets through: without a common form only what both sides have counts."""

_ABSENT: Final = object()


def merge_policies(common: bytes | None, one: bytes, other: bytes) -> bytes:
    """Return the archive.yaml that has what both sides changed; their order does not matter.

    `common` is the form that both come from, None where there is none. Raises `Conflict` where
    they contradict each other, or one cannot be read.
    """
    first, second = sorted((one, other))
    if second in {first, common}:
        return first
    if common == first:
        return second
    try:
        before = None if common is None else parse(common)
    except YamlError:
        before = None
    try:
        left, right = parse(first), parse(second)
        merged = _merge(before, left, right)
        changes = {key: value for key, value in merged.items() if value != left.get(key)}
        changes |= {key: None for key in left if key not in merged}
        text = edit(first, changes, "archive")
    except YamlError as error:
        raise _unclear(f"one side's cannot be read: {error.said}") from error
    broken = next(iter(validate(parse(text), "archive", "archive.yaml")), None)
    if broken is not None:
        raise _unclear(broken.message)
    return text


def _unclear(said: str) -> Conflict:
    message = f"archive.yaml: {said}"
    return Conflict(message, hint="mend it by hand, then `git add` it")


def _merge(
    before: Mapping[str, Any] | None, left: Mapping[str, Any], right: Mapping[str, Any]
) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for key in [*left, *(key for key in right if key not in left)]:
        was = _ABSENT if before is None else before.get(key)
        value = _value(key, was, left.get(key), right.get(key))
        if value is not None:
            merged[key] = value
    return merged


def _value(key: str, was: Any, left: Any, right: Any) -> Any:  # noqa: ANN401  JSON is any value
    if left == right:
        return left
    if key in _VERSIONS and left is not None and right is not None:
        return max(left, right, key=lambda version: [int(part) for part in version.split(".")])
    if key == "redaction":
        return _redaction(was, left or {}, right or {}) or None
    if isinstance(left or right, list) and isinstance(right or left, list):
        united = _united(was, left or [], right or [])
        return sorted(united, key=encode) if key == "ignored" else united or None
    return _either(key, was, left, right)


def _either(key: str, was: Any, left: Any, right: Any) -> Any:  # noqa: ANN401
    if was is not _ABSENT and left == was:
        return right
    if was is not _ABSENT and right == was:
        return left
    if left is None or right is None:
        return right if left is None else left
    raise _unclear(f"both sides changed {key}")


def _redaction(was: Any, left: Mapping[str, Any], right: Mapping[str, Any]) -> dict[str, Any]:  # noqa: ANN401
    merged: dict[str, Any] = {}
    known = was if isinstance(was, dict) else {}
    for key in [*left, *(key for key in right if key not in left)]:
        before = _ABSENT if was is _ABSENT else known.get(key)
        mine, theirs = left.get(key), right.get(key)
        value: Any
        if mine == theirs:
            value = mine
        elif key in ("enabled", "anonymize"):
            strict = {"enabled": (True, None), "anonymize": (True,)}[key]
            try:
                value = _ABSENT if before is _ABSENT else _either(key, before, mine, theirs)
            except Conflict:
                value = _ABSENT
            if value is _ABSENT:
                value = mine if mine in strict else theirs
        elif key in _LENIENT and before is _ABSENT:
            value = [item for item in mine or () if item in (theirs or ())]
        elif key == "rules":
            value = _rules(before, mine or [], theirs or [])
        else:
            value = _united(before, mine or [], theirs or [])
        if value not in (None, []):
            merged[key] = value
    return merged


def _rules(before: Any, left: list[Any], right: list[Any]) -> list[Any]:  # noqa: ANN401
    united = _united(before, left, right)
    ids = [rule.get("id") for rule in united]
    twice = next((name for name in ids if ids.count(name) > 1), None)
    if twice is not None:
        raise _unclear(f"both sides changed the rule {twice}")
    return united


def _united(before: Any, left: list[Any], right: list[Any]) -> list[Any]:  # noqa: ANN401
    """Return the items of both, without those that either side took out of the common form."""
    known = before if isinstance(before, list) else []
    kept = [item for item in left if item in right or item not in known]
    return kept + [item for item in right if item not in left and item not in known]
