"""How old files are. The clock is read to tell a person, never to write into an archive."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_DAY: Final = 86_400
_LIMIT: Final = 1 << 20
"""Most bytes of a file of settings that are read."""


def age_in_days(path: str) -> float | None:
    """Return the days since a file was changed, None where it cannot be asked."""
    try:
        return (time.time() - os.stat(path).st_mtime) / _DAY
    except OSError:
        return None


def contents(paths: Iterable[str]) -> Iterator[bytes]:
    """Yield the content of those small files that can be read."""
    for path in paths:
        with suppress(OSError), open(path, "rb") as stream:
            yield stream.read(_LIMIT)
