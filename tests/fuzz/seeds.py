"""What the fuzzers start from: the conformance vectors, and the sealing of what was changed."""

from __future__ import annotations

from contextlib import suppress
from functools import cache
from pathlib import Path

from sessionfs.archive import CHECKSUMS, SUMMARY, Session, format_checksums
from sessionfs.digest import digest
from sessionfs.errors import SessionfsError
from sessionfs.summary import encode_summary
from sessionfs.tree import MemoryTree
from sessionfs.writer import derive

VECTORS = Path(__file__).resolve().parent.parent / "vectors"


@cache
def sessions() -> dict[str, dict[str, bytes]]:
    """The session of each vector by the vector's name: content by path."""
    return _trees("session")


@cache
def archives() -> dict[str, dict[str, bytes]]:
    """The archive of each vector that is one: content by path."""
    return _trees("archive")


def _trees(kind: str) -> dict[str, dict[str, bytes]]:
    return {
        place.parent.relative_to(VECTORS).as_posix(): {
            path.relative_to(place).as_posix(): path.read_bytes()
            for path in sorted(place.rglob("*"))
            if path.is_file()
        }
        for place in sorted(VECTORS.glob(f"*/*/{kind}"))
    }


def everything() -> dict[str, bytes]:
    """A session that is right and holds one of each thing."""
    return dict(sessions()["good/everything"])


def contents(suffix: str) -> list[bytes]:
    """The content of every file of the vectors whose path ends so, each once."""
    found = {
        content
        for tree in (*sessions().values(), *archives().values())
        for path, content in tree.items()
        if path.endswith(suffix)
    }
    return sorted(found)


def resealed(files: dict[str, bytes], *, summary: bool = True) -> dict[str, bytes]:
    """Return a session with its checksums made anew, and its summary where one follows."""
    files = dict(files)
    if summary:
        with suppress(SessionfsError, UnicodeEncodeError):  # … of a path that no text can hold
            follows, _ = derive(Session(MemoryTree(files)))
            files[SUMMARY] = encode_summary(follows)
    digests = {path: digest(content) for path, content in files.items() if path != CHECKSUMS}
    with suppress(UnicodeEncodeError):
        files[CHECKSUMS] = format_checksums(digests)
    return files
