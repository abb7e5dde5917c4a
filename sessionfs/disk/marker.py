"""What tells an archive from a directory in which another program keeps its own archive.yaml."""

from __future__ import annotations

import os

from sessionfs.disk.archive import DEFAULT, POLICY

_HEAD = 1 << 16
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
            head = stream.read(_HEAD)
    except OSError:
        return True
    return all(key in head for key in _KEYS)
