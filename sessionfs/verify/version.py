"""Versions of the format: what this package reads, and what asks for a newer reader."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from sessionfs.model import FORMAT
from sessionfs.schema import finding

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sessionfs.model import Finding

_VERSION = re.compile(r"([1-9][0-9]{0,4})\.(0|[1-9][0-9]{0,4})")


def version(text: object) -> tuple[int, int] | None:
    """Return a format version as numbers, or None where it is written otherwise."""
    match = _VERSION.fullmatch(text) if isinstance(text, str) else None
    return (int(match[1]), int(match[2])) if match else None


def is_newer(text: object) -> bool:
    """Tell whether a version is above the one that this package implements."""
    ours = version(FORMAT)
    return ours is not None and (version(text) or ours) > ours


def readable(value: Mapping[str, Any], path: str) -> Iterator[Finding]:
    """Yield a finding where a newer reader is asked for. Enforces E002."""
    wanted = value.get("min_reader")
    if is_newer(wanted):
        said = f"needs a reader of format {wanted}; this one reads {FORMAT}"
        yield finding("E002", path, said, pointer="/min_reader")
