"""What the rules say: verify, explain."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, overload

from sessionfs.api.places import find_archive, session_root
from sessionfs.archive import CHECKSUMS, MANIFEST
from sessionfs.disk.archive import DEFAULT, POLICY, Archive, bare_tree
from sessionfs.disk.tree import DirTree
from sessionfs.errors import FormatError, NotFound, UnsupportedVersion
from sessionfs.rules import RULES
from sessionfs.verify import Report, merge_reports, verify_archive, verify_tree

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sessionfs.rules import Rule


@overload
def explain(code: str) -> Rule: ...


@overload
def explain() -> list[Rule]: ...


def explain(code: str | None = None) -> Rule | list[Rule]:
    """Return the rule that a code names, or every rule; raises `NotFound`."""
    if code is None:
        return list(RULES.values())
    try:
        return RULES[code.strip().upper()]
    except KeyError:
        message = f"no rule {code}"
        raise NotFound(message, hint="`sessionfs explain` lists the rules") from None


def verify(paths: Sequence[str] = ()) -> Report:
    """Verify archives and sessions; without a path, the nearest archive.

    What asks for a newer reader is not judged, only named. Raises `NotFound` for a path that
    is not there.
    """
    if not paths:
        return _verify_one(find_archive())
    if len(paths) == 1:
        return _verify_one(paths[0])
    return merge_reports({path: _verify_one(path) for path in paths})


def _verify_one(path: str) -> Report:
    if not os.path.lexists(path):
        message = f"no such file or directory: {path}"
        raise NotFound(message, hint="name an archive or a session")
    root = session_root(path)
    if root is not None:
        return verify_tree(DirTree(root), name=os.path.basename(root))
    if os.path.isdir(path) and not os.path.isfile(os.path.join(path, POLICY)):
        if any(os.path.isfile(os.path.join(path, name)) for name in (CHECKSUMS, MANIFEST)):
            return verify_tree(DirTree(path), name=None)
        path = find_archive(path) if os.path.isdir(os.path.join(path, DEFAULT)) else path
    if not os.path.isfile(os.path.join(path, POLICY)):
        message = f"no archive or session at {path}"
        raise NotFound(
            message, hint="name a directory with archive.yaml, or one with manifest.yaml"
        )
    try:
        tree = Archive(path).tree
    except (FormatError, UnsupportedVersion):
        tree = bare_tree(path)  # what keeps it from being opened is verify's to name
    return verify_archive(tree)
