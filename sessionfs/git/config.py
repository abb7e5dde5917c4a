"""The configuration of git: our definitions in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from sessionfs.git.definitions import CACHE, DRIVER
from sessionfs.git.running import ask, require

if TYPE_CHECKING:
    from collections.abc import Iterator

Scope = Literal["local", "global"]

_HINT = (
    "nothing else was changed; where another git holds the file, wait; where one died, remove its"
    " .lock; else check the permissions"
)


def configured(directory: str, scope: Scope) -> dict[str, list[str]]:
    """Return the values of our drivers' keys, in the file of one scope."""
    pattern = rf"^(diff|merge)\.{DRIVER}\."
    answer = ask(directory, "config", f"--{scope}", "-z", "--get-regexp", pattern)
    values: dict[str, list[str]] = {}
    for key, value in _entries(answer or b""):
        values.setdefault(key, []).append(value)
    return values


def _entries(answer: bytes) -> Iterator[tuple[str, str]]:
    for entry in answer.split(b"\0")[:-1]:
        key, _, value = entry.decode("utf-8", "surrogateescape").partition("\n")
        yield key, value


def configure(directory: str, scope: Scope, key: str, value: str | None) -> None:
    """Give a key one value, or none; raises `SessionfsError` where the file cannot be written."""
    change = ("--unset-all", key) if value is None else ("--replace-all", key, value)
    require(
        directory, "config", f"--{scope}", *change,
        otherwise=f"cannot change git's {scope} configuration", hint=_HINT,
    )  # fmt: skip


def has_cache(directory: str) -> bool:
    """Tell whether git keeps texts that our textconv has made."""
    return ask(directory, "rev-parse", "--verify", "--quiet", CACHE) is not None


def drop_cache(directory: str) -> None:
    """Have git forget the texts that our textconv has made."""
    require(
        directory, "update-ref", "-d", CACHE,
        otherwise=f"cannot remove {CACHE}", hint="`git fsck` tells whether the repository is whole",
    )  # fmt: skip
