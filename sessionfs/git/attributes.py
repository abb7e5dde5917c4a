"""What git would do to files: the attributes that it gives them, and what it leaves out."""

from __future__ import annotations

import os
import re
import time
from contextlib import suppress
from itertools import islice
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from sessionfs.errors import SessionfsError
from sessionfs.git.block import block_of, without_block
from sessionfs.git.definitions import DRIVER
from sessionfs.git.running import ask

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_BATCH: Final = 4096
"""Files that one process is asked about: what it answers is a few megabytes."""

_MOST: Final = 1 << 20
"""Bytes of a file of attributes that are looked at; more is more than ours."""

_MERGED: Final = re.compile(rb'(?:"(?:[^"\\]|\\.)*"|[^"\s]\S*) merge=' + DRIVER.encode())
"""A line that has files merged by our driver, and says nothing else of them."""

_SECONDS: Final = 60
"""Seconds after which no more is asked: advice is not worth more."""


def own_attributes(directory: str) -> str | None:
    """Return the file of attributes that only this repository has, whether it is there or not.

    It outranks every `.gitattributes`. None where `directory` is in no work tree.
    """
    answer = ask(
        directory, "rev-parse", "--is-inside-work-tree", "--git-path", "info/attributes"
    )  # fmt: skip
    inside, _, path = (answer or b"").partition(b"\n")
    if inside != b"true":
        return None
    return os.path.join(directory, os.fsdecode(path.removesuffix(b"\n")))


def attributes_in(
    directory: str,
    commit: str | None,
    paths: Iterable[str],
    names: Sequence[str],
    *,
    index: str | None = None,
) -> Iterator[tuple[str, str, str]]:
    """Yield what `attributes` does, as the files of a commit say it; without one, of an index.

    The commit is read into an index of its own, for git older than 2.40 cannot ask a commit.
    """
    if commit is None:
        yield from attributes(directory, paths, names, index=index, cached=True)
        return
    with TemporaryDirectory(prefix="sessionfs-") as scratch:
        index = os.path.join(scratch, "index")
        if ask(directory, "read-tree", commit, index=index) is not None:
            yield from attributes(directory, paths, names, index=index, cached=True)


def attributes(
    directory: str,
    paths: Iterable[str],
    names: Sequence[str],
    *,
    index: str | None = None,
    cached: bool = False,
) -> Iterator[tuple[str, str, str]]:
    """Yield path, name and value of the attributes that git gives files below a directory.

    Values are as `git check-attr` says them: `set`, `unset`, `unspecified`, or a text. Ends
    early where git fails, or is slow. `cached` asks the index alone.
    """
    end = time.monotonic() + _SECONDS
    rest = iter(paths)
    while (batch := list(islice(rest, _BATCH))) and time.monotonic() < end:
        asked = b"".join(os.fsencode(path) + b"\0" for path in batch)
        options = ("-z", "--stdin", *(["--cached"] if cached else []))
        answer = ask(directory, "check-attr", *options, *names, given=asked, index=index)
        if answer is None:
            return
        fields = iter(answer.split(b"\0")[:-1])
        for path, name, value in zip(fields, fields, fields, strict=False):
            yield os.fsdecode(path), os.fsdecode(name), os.fsdecode(value)


def left_out(directory: str, exclude: str) -> list[str]:
    """Return the files below a directory that git ignores and has not, but for one directory."""
    answer = ask(
        directory,
        *("ls-files", "--others", "--ignored", "--exclude-standard", "-z", "--"),
        *(".", f":(exclude){exclude}"),
    )
    return [os.fsdecode(path) for path in (answer or b"").split(b"\0")[:-1]]


def outranks_nothing(path: str) -> bool:
    """Tell whether a file of attributes is not there, or only says what our driver merges."""
    with suppress(OSError, SessionfsError), open(path, "rb") as stream:
        content = stream.read(_MOST)
        lines = block_of(content, path) or []
        return not without_block(content, path) and all(map(_MERGED.fullmatch, lines))
    return not os.path.lexists(path)
