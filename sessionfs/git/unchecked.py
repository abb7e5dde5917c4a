"""Sessions that git's index has and the work tree has not: left out there, or deleted."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from sessionfs.archive import SUMMARY
from sessionfs.git.objects import Entry, ObjectTree
from sessionfs.git.running import ask, require
from sessionfs.git.unmerged import split_path

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from sessionfs.git.objects import Objects
    from sessionfs.git.unmerged import Unmerged

_FILE: Final = "100644"


def is_sparse(directory: str) -> bool:
    """Tell whether a work tree has only some of the files: `git add` takes the others if told."""
    return ask(directory, "config", "--type=bool", "core.sparseCheckout") == b"true\n"


def unchecked(place: str, present: Collection[str]) -> list[str]:
    """Return the paths of sessions that the index has in an archive, but for those present."""
    listing = require(
        place, "ls-files", "-z", "--", f":(glob)*/*/*/{SUMMARY}",
        otherwise="cannot read git's index", hint="`git status` tells what is wrong with it",
    )  # fmt: skip
    found = {os.fsdecode(path).removesuffix(f"/{SUMMARY}") for path in listing.split(b"\0")[:-1]}
    return sorted(found - set(present))


def trees_of(
    objects: Objects, index: Unmerged, archive: str, paths: Iterable[str]
) -> dict[str, ObjectTree]:
    """Return the sessions at some paths of an archive as the index has them, none in conflict.

    `archive` is the archive's path from the top of the work tree.
    """
    directories = {f"{archive}/{path}".lstrip("/"): path for path in paths}
    in_conflict = index.sessions()
    files: dict[str, list[Entry]] = {}
    for name, _, blob in index.files(sorted(directories.keys() - in_conflict)):
        at = split_path(name)
        if at is not None:
            files.setdefault(at.session, []).append(Entry(at.name, _FILE, blob))
    return {
        path: ObjectTree(objects, sorted(entries, key=_order), f"the index: {path}")
        for path, entries in files.items()
    }


def _order(entry: Entry) -> bytes:
    return os.fsencode(entry.path)
