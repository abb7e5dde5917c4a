"""Contents from git's objects, as many as one asks for, through one process."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from sessionfs.errors import SessionfsError
from sessionfs.git.batch import Batch, Ended
from sessionfs.git.objects import LACKING

if TYPE_CHECKING:
    from typing import Self


class Found(NamedTuple):
    """An object: its type, and its content."""

    kind: str
    content: bytes


class Contents:
    """The objects of a repository by any name that git understands: an id, `REV:PATH`.

    A context manager: leaving it ends git. Nothing is fetched.
    """

    def __init__(self, directory: str) -> None:
        """Start git in a directory of the repository; raises `SessionfsError` where it cannot."""
        try:
            self._batch = Batch(directory)
        except OSError as error:
            message = f"cannot read the repository of {directory}: {error.strerror}"
            raise SessionfsError(message, hint="install git, and put it on PATH") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._batch.close()

    def read(self, name: bytes) -> Found | None:
        """Return the object of a name, which has no line feed; None where there is none here."""
        try:
            head = self._batch.ask(name)
            if head is None:
                return None
            return Found(head.kind, b"".join(self._batch.content(head.size)))
        except Ended as error:
            raise _lacks(name) from error


def _lacks(name: bytes) -> SessionfsError:
    commit, colon, path = os.fsdecode(name).partition(":")
    shown = f"{path} as it was in {commit[:12]}" if colon else commit
    return SessionfsError(f"git cannot give {shown}", hint=LACKING)
