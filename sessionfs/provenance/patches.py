"""Patches in the form of `apply_patch`, also within a command of a shell, and here-documents."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from sessionfs.provenance.edits import Hunk, Patched, Written

if TYPE_CHECKING:
    from collections.abc import Iterator

_PATCH = re.compile(r"^\*\*\* Begin Patch\n(.*?)^\*\*\* End Patch\b", re.MULTILINE | re.DOTALL)
_FILE = re.compile(r"\*\*\* (Add|Update|Delete) File: (.+)")
_MOVE = "*** Move to: "
_HERE = re.compile(
    r"^[ \t]*(?:cd (?P<into>[^\s<>|;&]+) && )?cat (?:"
    r">[ \t]*(?P<to>[^\s<>|;&]+)[ \t]*<<-?[ \t]*(?P<q>['\"])(?P<end>\w+)(?P=q)"
    r"|<<-?[ \t]*(?P<r>['\"])(?P<last>\w+)(?P=r)[ \t]*>[ \t]*(?P<onto>[^\s<>|;&]+)"
    r")[ \t]*\n",
    re.MULTILINE,
)


class FileChange(NamedTuple):
    """What a text does to one file: its names, before and after, and the change."""

    paths: tuple[str, ...]
    change: Written | Patched


def is_patch(text: str) -> bool:
    """Tell whether a text may hold a patch or a here-document."""
    return "*** Begin Patch" in text or "<<" in text


def changes_in(text: str) -> Iterator[FileChange]:
    """Yield what the patches and here-documents of a text do, file by file."""
    text = text.replace("\r\n", "\n")
    for patch in _PATCH.finditer(text):
        yield from _files(patch[1].removesuffix("\n").split("\n"))
    for start in _HERE.finditer(text):
        end = re.compile(rf"^{start['end'] or start['last']}$", re.MULTILINE)
        stop = end.search(text, start.end())
        if stop is not None:
            path = joined(start["into"], (start["to"] or start["onto"]).strip("'\""))
            yield FileChange((path,), Written(text[start.end() : stop.start()]))


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
