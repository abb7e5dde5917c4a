"""Patches in the form of `apply_patch`, also within a command of a shell, and here-documents."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from sessionfs.provenance.edits import Hunk, Patched, Written, lines_of
from sessionfs.provenance.shell import BEGIN, Put, moved, puts_of

if TYPE_CHECKING:
    from collections.abc import Iterator

_END = re.compile(r"\*\*\* End Patch\b")
_FILE = re.compile(r"\*\*\* (Add|Update|Delete) File: (.+)")
_MOVE = "*** Move to: "


class FileChange(NamedTuple):
    """What a text does to one file: its names, before and after, and the change."""

    paths: tuple[str, ...]
    change: Written | Patched


def is_patch(text: str) -> bool:
    """Tell whether a text may hold a patch or a here-document."""
    return BEGIN in text or "<<" in text


def changes_in(text: str) -> Iterator[FileChange]:
    """Yield what the patches and here-documents of a text do, file by file.

    Files are named as seen from where the text is run; those where that is not known are left out.
    """
    for put in puts_of(text.replace("\r\n", "\n")):
        for told in _patched(put.text) if put.path is None else [_written(put.path, put)]:
            paths = [moved(put.directory, path) for path in told.paths]
            if all(path is not None for path in paths):
                yield FileChange(tuple(filter(None, paths)), told.change)


def _written(path: str, put: Put) -> FileChange:
    """Return what a here-document does: it is the whole file, or comes to the end of it."""
    if not put.is_appended:
        return FileChange((path,), Written(put.text))
    return FileChange((path,), Patched((Hunk((), (), tuple(lines_of(put.text))),)))


def _patched(text: str) -> Iterator[FileChange]:
    """Yield the files of the patches of a text."""
    begin: int | None = None
    lines = text.split("\n")
    for number, line in enumerate(lines):
        if line == BEGIN and begin is None:
            begin = number
        elif begin is not None and _END.match(line):
            yield from _files(lines[begin + 1 : number])
            begin = None


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
