"""Looking at archives from outside: every file that git would see."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def tree(root: Path) -> dict[str, bytes]:
    """Return path and content of every file of an archive but its cache."""
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file() and ".cache" not in path.parts
    }


def sessions(files: dict[str, bytes]) -> dict[str, dict[str, bytes]]:
    """Group an archive's files by session directory."""
    grouped: dict[str, dict[str, bytes]] = {}
    for path, content in files.items():
        elements = path.split("/")
        if len(elements) > 3:
            grouped.setdefault("/".join(elements[:3]), {})["/".join(elements[3:])] = content
    return grouped
