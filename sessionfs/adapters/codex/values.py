"""Values of a record as the type that they should have, or None: a log may hold anything."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, TypeGuard

from sessionfs.canonical import MAX_INTEGER

if TYPE_CHECKING:
    from collections.abc import Mapping

_IDENTIFIER = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,127}")


def text_of(record: Mapping[str, Any], key: str) -> str | None:
    """Return the member that is a string and not empty."""
    value = record.get(key)
    return value if isinstance(value, str) and value else None


def identifier_of(record: Mapping[str, Any], key: str) -> str | None:
    """Return the member that can stand in a uid: a UUID, or another short ASCII name."""
    value = record.get(key)
    return value if isinstance(value, str) and _IDENTIFIER.fullmatch(value) else None


def mapping_of(record: Mapping[str, Any], key: str) -> dict[str, Any]:
    """Return the member that is an object, else an empty one."""
    value = record.get(key)
    return value if isinstance(value, dict) else {}


def list_of(record: Mapping[str, Any], key: str) -> list[Any]:
    """Return the member that is an array, else an empty one."""
    value = record.get(key)
    return value if isinstance(value, list) else []


def is_count(value: object) -> TypeGuard[int]:
    """Tell whether a value is a number of things."""
    return is_integer(value) and value >= 0


def is_integer(value: object) -> TypeGuard[int]:
    """Tell whether a value is an integer that every JSON reader keeps exact."""
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) <= MAX_INTEGER
