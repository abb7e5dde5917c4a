"""What is said of a line, or of a file that is one JSON value, and on which rung."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from sessionfs.model import Finding

EXCERPT: Final = 40
"""Most characters of a file's own text that a finding repeats."""


MAX_FINDINGS: Final = 1000
"""Findings after which a file is judged no further: it is broken, and hostile files are long."""


class Rung(IntEnum):
    """The steps of the ladder; a failed one stops the higher ones of its file.

    Damage that is recognised stops them all: what else was found follows from it.
    """

    DAMAGE = 0
    STRUCTURE = 1
    FRAMING = 2
    SCHEMA = 3
    SEMANTICS = 4
    DIGESTS = 5


@dataclass(frozen=True, slots=True)
class Explained:
    """What the slow path says of one line, or of a file that is one JSON value."""

    value: Any = None
    findings: tuple[Finding, ...] = ()
    rung: Rung = Rung.FRAMING

    @property
    def broken(self) -> bool:
        """Whether an error was found."""
        return any(found.level == "error" for found in self.findings)
