"""Patches in the form of `apply_patch`, also within a command of a shell, and here-documents."""

from __future__ import annotations

import re
from bisect import bisect_left
from typing import TYPE_CHECKING, NamedTuple

from sessionfs.provenance.edits import Hunk, Patched, Written, lines_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_BEGIN = "*** Begin Patch"
_END = re.compile(r"\*\*\* End Patch\b")
_FILE = re.compile(r"\*\*\* (Add|Update|Delete) File: (.+)")
_MOVE = "*** Move to: "
_HERE = re.compile(
    r"(?P<first>(?:(?:[^<>|;&'\"#]|'[^']*'|\"[^\"]*\")++(?:&&|;))*+)[ \t]*cat[ \t]*(?:"
    r"(?P<mode>>>?)[ \t]*(?P<to>[^\s<>|;&]+)[ \t]*<<-?[ \t]*(?P<q>['\"])(?P<end>\w+)(?P=q)"
    r"|<<-?[ \t]*(?P<r>['\"])(?P<last>\w+)(?P=r)[ \t]*(?P<how>>>?)[ \t]*(?P<onto>[^\s<>|;&]+)"
    r")[ \t]*(?:(?:&&|;)[^<]*)?"
)
"""A line with a here-document that `cat` puts into a file; commands may stand before and behind.

Nothing in it can be read in two ways: a line of a hostile log is read once.
"""
_INTO = re.compile(r"(?:^|&&|;)[ \t]*cd[ \t]+([^\s;&]+)")


class FileChange(NamedTuple):
    """What a text does to one file: its names, before and after, and the change."""

    paths: tuple[str, ...]
    change: Written | Patched


def is_patch(text: str) -> bool:
    """Tell whether a text may hold a patch or a here-document."""
    return "*** Begin Patch" in text or "<<" in text


def changes_in(text: str) -> Iterator[FileChange]:
    """Yield what the patches and here-documents of a text do, file by file."""
    lines = text.replace("\r\n", "\n").split("\n")
    ends = [number for number, line in enumerate(lines) if _END.match(line)]
    places: dict[str, list[int]] = {}
    for number, line in enumerate(lines):
        places.setdefault(line, []).append(number)
    number = 0
    while number < len(lines):  # what stands within one of them is its text, and no command
        line = lines[number]
        number += 1
        if line == _BEGIN:
            stop = _next(ends, number)
            if stop is not None:
                yield from _files(lines[number:stop])
                number = stop + 1
        elif "<<" in line and (start := _HERE.fullmatch(line)) is not None:
            stop = _next(places.get(start["end"] or start["last"], ()), number)
            if stop is not None:
                yield _put(start, "".join(f"{one}\n" for one in lines[number:stop]))
                number = stop + 1


def _next(places: Sequence[int], number: int) -> int | None:
    """Return the first of ascending places that is not before a line."""
    found = bisect_left(places, number)
    return places[found] if found < len(places) else None


def _put(start: re.Match[str], content: str) -> FileChange:
    """Return what a here-document does: it is the whole file, or comes to the end of it."""
    directory = None
    for into in _INTO.findall(start["first"]):
        directory = joined(directory, into.strip("'\""))
    path = joined(directory, (start["to"] or start["onto"]).strip("'\""))
    if (start["mode"] or start["how"]) == ">":
        return FileChange((path,), Written(content))
    return FileChange((path,), Patched((Hunk((), (), tuple(lines_of(content))),)))


def joined(directory: str | None, path: str) -> str:
    """Return a path as seen from where a directory is named; one that is absolute stays."""
    if not directory or path.startswith(("/", "~")):
        return path
    return f"{directory.rstrip('/')}/{path}"


def _files(lines: list[str]) -> Iterator[FileChange]:
    """Yield the files of one patch."""
    places = [number for number, line in enumerate(lines) if _FILE.fullmatch(line)]
    for start, end in zip(places, [*places[1:], len(lines)], strict=True):
        head = _FILE.fullmatch(lines[start])
        body = lines[start + 1 : end]
        if head is None:
            continue
        paths: tuple[str, ...] = (head[2],)
        if body and body[0].startswith(_MOVE):
            paths = (head[2], body.pop(0).removeprefix(_MOVE))
        if head[1] == "Add":
            added = [line[1:] for line in body if line.startswith("+")]
            content = "".join(f"{line}\n" for line in added)
            yield FileChange(paths, Written(content, is_new=True))
        elif head[1] == "Delete":
            yield FileChange(paths, Written(""))
        else:
            yield FileChange(paths, Patched(tuple(_hunks(body))))


def _hunks(lines: list[str]) -> Iterator[Hunk]:
    heads: list[str] = []
    old: list[str] = []
    new: list[str] = []
    for line in [*lines, "@@"]:
        if line.startswith("@@"):
            if old or new:
                yield Hunk(tuple(heads), tuple(old), tuple(new))
                heads, old, new = [], [], []
            if line[2:].strip():
                heads.append(line[2:].strip())
        elif line.startswith("-"):
            old.append(line[1:])
        elif line.startswith("+"):
            new.append(line[1:])
        elif line.startswith(" ") or not line:
            old.append(line[1:])
            new.append(line[1:])
