"""What `git setup` writes, as text: definitions, attributes, hooks. Pure."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, Final

from sessionfs.view.textconv import HEADER, RENDERING

if TYPE_CHECKING:
    from collections.abc import Sequence

DRIVER: Final = "sessionfs"
"""The name of our diff and merge drivers: what attributes of archives refer to."""

CACHE: Final = f"refs/notes/textconv/{DRIVER}"
"""Where git keeps the texts that `git textconv` has made of old versions."""

_OURS: Final = {
    f"diff.{DRIVER}.textconv": re.compile(r".* git textconv(?: --rendering [0-9]+)?"),
    f"merge.{DRIVER}.driver": re.compile(r".* git merge-driver .*"),
}
"""What values of ours look like, of another version or installation too."""

_MEANT: Final = re.compile(r"[*?\[\\]")
_UNSAFE: Final = re.compile(rb'[\x00-\x20"\x7f]')
_SPELT: Final = {0x07: b"a", 0x08: b"b", 0x09: b"t", 0x0A: b"n", 0x0B: b"v", 0x0C: b"f", 0x0D: b"r"}

_BLOCKS: Final = "|| [ $? -ne 1 ] || exit 1"
"""Findings keep a commit from being made; that nothing could be verified does not."""

HOOKS: Final = {
    "prepare-commit-msg": ('git link --hook "$@"', "|| :"),
    "commit-msg": ('git link --hook "$@"', "|| :"),
    "pre-commit": ("verify --staged --quiet", _BLOCKS),
    "pre-merge-commit": ("verify --staged --quiet", _BLOCKS),
}
"""What each hook runs of this program, and what follows from how that ends."""


def in_shell(words: Sequence[str]) -> str:
    """Return a command as POSIX shells read it: git runs what is configured through one."""
    return shlex.join(words)


def definitions(words: Sequence[str]) -> dict[str, str]:
    """Return the configuration of the drivers, by key; `words` start this program.

    The textconv says which rendering it expects: git keeps what it was told under that command.
    """
    command = in_shell(words)
    driver = command.replace("%", "%%")  # git replaces %O and the like in it
    return {
        f"diff.{DRIVER}.textconv": f"{command} git textconv --rendering {RENDERING}",
        f"diff.{DRIVER}.cachetextconv": "true",
        f"diff.{DRIVER}.xfuncname": HEADER,
        f"merge.{DRIVER}.name": "sessions of coding agents",
        f"merge.{DRIVER}.driver": f"{driver} git merge-driver %O %A %B %L %P",
    }


def is_ours(key: str, value: str) -> bool:
    """Tell whether a value is one that we write, or wrote, for a key."""
    pattern = _OURS.get(key)
    if pattern is not None:
        return pattern.fullmatch(value) is not None
    return key == f"diff.{DRIVER}.xfuncname" or definitions(()).get(key) == value


def attribute_lines(path: str) -> list[bytes]:
    """Return the attributes that switch merging on for an archive.

    `path` is where it stands below the top of the work tree, empty for the top itself. Only its
    sessions and archive.yaml are meant: what else stands there is no affair of the driver.
    """
    below = "/" + _MEANT.sub(r"\\\g<0>", path) if path else ""
    patterns = (f"{below}/[0-9][0-9][0-9][0-9]/**", f"{below}/archive.yaml")
    return [_quoted(pattern) + f" merge={DRIVER}".encode() for pattern in patterns]


def _quoted(pattern: str) -> bytes:
    """Return a pattern as a line of attributes holds it: in quotes, as in C, where it must be."""
    raw = pattern.encode("utf-8", "surrogateescape")
    if _UNSAFE.search(raw) is None:
        return raw
    spelt = re.sub(rb'[\x00-\x1f"\\\x7f]', lambda match: b"\\" + _escape(match[0]), raw)
    return b'"' + spelt + b'"'


def _escape(byte: bytes) -> bytes:
    return _SPELT.get(byte[0]) or (byte if byte in b'"\\' else b"%03o" % byte[0])


def hook_lines(name: str, words: Sequence[str]) -> list[bytes]:
    """Return our lines of a hook; without this program on the machine they do nothing."""
    runs, end = HOOKS[name]
    line = f"  {in_shell(words)} {runs} {end}"
    lines = f"if command -v {in_shell(words[:1])} >/dev/null 2>&1; then", line, "fi"
    return [told.encode("utf-8", "surrogateescape") for told in lines]
