"""What git would do to what was verified, where it lies in a work tree and git is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sessionfs.archive import is_layout_name
from sessionfs.disk.archive import CACHE, bare_tree
from sessionfs.disk.guards import is_guarded
from sessionfs.disk.tree import DirTree
from sessionfs.git.attributes import attributes, left_out, outranks_nothing, own_attributes
from sessionfs.verify.guards import ATTRIBUTES, judge_attributes, judge_ignored, session_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sessionfs.api.named import Place
    from sessionfs.model import Finding


def judge_guards(place: Place) -> Iterator[Finding]:
    """Yield what git would change or leave out; nothing where there is no git to ask.

    An archive that has our own guard, and nothing that outranks it, needs no question.
    """
    own = own_attributes(place.root)
    if own is None:
        return
    if not (place.kind == "archive" and outranks_nothing(own) and is_guarded(place.root)):
        rows = attributes(place.root, _files(place), ATTRIBUTES)
        yield from judge_attributes(rows, ".gitattributes" if place.kind == "archive" else "")
    yield from judge_ignored(left_out(place.root, CACHE), in_archive=place.kind == "archive")


def _files(place: Place) -> Iterator[str]:
    if place.kind == "archive":
        return (path for path in bare_tree(place.root).paths() if session_of(path) is not None)
    return filter(is_layout_name, DirTree(place.root).paths())
