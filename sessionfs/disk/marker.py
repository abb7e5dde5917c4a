"""What tells an archive from other directories, and keeps other files out of one."""

from __future__ import annotations

import os

from sessionfs.archive import CHECKSUMS
from sessionfs.disk.archive import DEFAULT, POLICY
from sessionfs.errors import SessionfsError

HEAD = 1 << 16
"""The bytes of an archive.yaml that are looked at."""
_KEYS = (b"format", b"min_reader")
"""The keys that every archive.yaml of ours begins with."""


def is_archive(place: str) -> bool:
    """Tell whether a directory is an archive, from its name and the start of its archive.yaml.

    A damaged one is still an archive: what is called `.sessions`, what cannot be read.
    """
    policy = os.path.join(place, POLICY)
    if not os.path.isfile(policy):
        return False
    if os.path.basename(os.path.abspath(place)) == DEFAULT:
        return True
    try:
        with open(policy, "rb") as stream:
            head = stream.read(HEAD)
    except OSError:
        return True
    return says_archive(head)


def says_archive(head: bytes) -> bool:
    """Tell whether a file called archive.yaml begins as an archive's does."""
    return all(key in head for key in _KEYS)


def check_outside(output: str) -> None:
    """Raise `SessionfsError` where a file at `output` would stand among records.

    That is in an archive or a session, where it would be a stray file, or take the place of one
    of theirs.
    """
    directory = os.path.dirname(os.path.realpath(output))
    below = ""
    while below != directory:
        if is_archive(directory) or os.path.isfile(os.path.join(directory, CHECKSUMS)):
            message = f"{output} would be a file among the records in {directory}"
            raise SessionfsError(message, hint="name a place outside of it")
        below, directory = directory, os.path.dirname(directory)
