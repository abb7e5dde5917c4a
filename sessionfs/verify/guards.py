"""What git would do to the files of sessions, judged: nothing, as the format wants it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from sessionfs.archive import is_layout_name
from sessionfs.schema import finding

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sessionfs.model import Finding

ATTRIBUTES: Final = (
    *("text", "ident", "filter", "working-tree-encoding"),
    *("export-subst", "export-ignore", "merge"),
)
"""The attributes that decide what git does to a file's bytes."""

IN_SESSION: Final = re.compile(r"([0-9]{4}/[0-9]{2}/[^/]+)/(.+)", re.DOTALL)
"""A path in an archive: the session's directory, and the name below it."""

_POLICY: Final = "archive.yaml"


def session_of(path: str) -> str | None:
    """Return the session of an archive that one of its files stands in, None for another path."""
    match = IN_SESSION.fullmatch(path)
    return match[1] if match is not None and is_layout_name(match[2]) else None


def judge_attributes(rows: Iterable[tuple[str, str, str]], place: str) -> Iterator[Finding]:
    """Yield each attribute that would have git change files of sessions, once.

    `rows` are path, name and value as git gives them; the findings are about `place`, or about
    the first file where that is empty.
    """
    harmful: dict[str, tuple[str, str]] = {}
    counts: dict[str, int] = {}
    for path, name, value in rows:
        if _is_harmful(name, value):
            harmful.setdefault(name, (path, value))
            counts[name] = counts.get(name, 0) + 1
    for name in sorted(harmful, key=ATTRIBUTES.index):
        path, value = harmful[name]
        said = f"`{name}` is {value} for {path}{_others(counts[name] - 1)}"
        yield unguarded(place or path, said)


def unguarded(path: str, said: str) -> Finding:
    """Return the finding that git would convert files, or has done so. Enforces W701."""
    return finding("W701", path, said)


def _is_harmful(name: str, value: str) -> bool:
    if name == "text":  # unspecified, it is core.autocrlf that decides
        return value != "unset"
    if name == "merge":
        return value == "union"
    return value not in {"unset", "unspecified"}


def judge_ignored(paths: Iterable[str], *, in_archive: bool) -> Iterator[Finding]:
    """Yield each session that git would not commit whole. Enforces W702.

    `paths` are files that git ignores. Where it ignores all of an archive that is said once.
    """
    first: dict[str, str] = {}
    counts: dict[str, int] = {}
    for path in sorted(paths):
        if in_archive and path == _POLICY:
            yield finding("W702", path, "git ignores the archive")
            return
        root = session_of(path) if in_archive else "" if is_layout_name(path) else None
        if root is not None:
            first.setdefault(root, path)
            counts[root] = counts.get(root, 0) + 1
    for root, path in first.items():
        yield finding("W702", path, f"git ignores it{_others(counts[root] - 1, ' of the session')}")


def _others(count: int, whose: str = "") -> str:
    if not count:
        return ""
    return f" and {count} other file{'s' if count > 1 else ''}{whose}"
