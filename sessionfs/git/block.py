"""Our lines in a file that belongs to others: between two marks, everything else untouched."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sessionfs.errors import SessionfsError

if TYPE_CHECKING:
    from collections.abc import Sequence

BEGIN: Final = b"# >>> sessionfs git setup >>>"
END: Final = b"# <<< sessionfs git setup <<<"


def block_of(content: bytes, name: str) -> list[bytes] | None:
    """Return the lines between the marks, None where there are no marks.

    Raises `SessionfsError`, which tells the file's name, where the marks are no pair.
    """
    parts = _parts(content, name)
    return None if parts is None else [line.rstrip(b"\r\n") for line in parts[1][1:-1]]


def with_block(
    content: bytes, lines: Sequence[bytes], name: str, *, below_first: bool = False
) -> bytes:
    """Return a content with these lines between the marks, where they were or at the end.

    `below_first` has new ones stand below the first line of the content.
    """
    ours = b"".join(line + b"\n" for line in (BEGIN, *lines, END))
    parts = _parts(content, name)
    if parts is not None:
        return b"".join([*parts[0], ours, *parts[2]])
    if content and not content.endswith(b"\n"):
        content += b"\n"
    first, end, rest = content.partition(b"\n") if below_first else (content, b"", b"")
    return first + end + ours + rest


def without_block(content: bytes, name: str) -> bytes:
    """Return a content without the marks and what is between them."""
    parts = _parts(content, name)
    return content if parts is None else b"".join([*parts[0], *parts[2]])


def _parts(content: bytes, name: str) -> tuple[list[bytes], list[bytes], list[bytes]] | None:
    """Return the lines before the marks, with the marks and what is between, and behind."""
    lines = content.splitlines(keepends=True)
    told = [line.rstrip(b"\r\n") for line in lines]
    if BEGIN not in told and END not in told:
        return None
    if told.count(BEGIN) != 1 or told.count(END) != 1 or told.index(END) < told.index(BEGIN):
        message = f"{name}: the lines of `sessionfs git setup` have lost one of their marks"
        hint = f"remove those lines and `{BEGIN.decode()}` by hand, then try again"
        raise SessionfsError(message, hint=hint)
    begin, end = told.index(BEGIN), told.index(END) + 1
    return lines[:begin], lines[begin:end], lines[end:]
