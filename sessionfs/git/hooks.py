"""The hooks of a repository, with our lines in them; what others wrote stays."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Final

from sessionfs.git.block import block_of, with_block, without_block

if TYPE_CHECKING:
    from collections.abc import Sequence

_SHELL: Final = re.compile(rb"#!\s*(?:\S*/)?(?:env\s+)?(?:ba|da|k)?sh(?:\s+-\w+)*\s*")
"""The first line of a script that a POSIX shell runs, or one that understands the same."""

_NEW: Final = b"#!/bin/sh\n"


def unfit(path: str, content: bytes, line: bytes) -> str | None:
    """Return why our lines cannot stand in a hook that is there, None where they can.

    It is empty where `line`, the one that matters, was added by hand.
    """
    if line in content and block_of(content, path) is None:
        return ""
    if os.path.islink(path):
        return "it is a link"
    if _SHELL.fullmatch(content.partition(b"\n")[0]) is None:
        return "it is no shell script"
    if not os.access(path, os.X_OK):
        return "it is switched off: not executable"
    return None


def with_lines(content: bytes | None, lines: Sequence[bytes], name: str) -> bytes:
    """Return a hook with our lines, below its first: what follows may end the script."""
    return with_block(_NEW if content is None else content, lines, name, below_first=True)


def without_lines(content: bytes, name: str) -> bytes | None:
    """Return a hook without our lines, None where nothing else is in it."""
    rest = without_block(content, name)
    return None if rest == _NEW and block_of(content, name) is not None else rest
