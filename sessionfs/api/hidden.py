"""Archives that git has in its index and that the work tree lacks: they are hidden, not missing.

A sparse checkout leaves them out, git was told to skip them, or somebody deleted them. A new
archive in such a place would be without the policy that is committed, and would take its place.
"""

from __future__ import annotations

import os
import shlex
from typing import TYPE_CHECKING

from sessionfs.disk.archive import DEFAULT, POLICY
from sessionfs.disk.marker import says_archive
from sessionfs.errors import Hidden
from sessionfs.git.repository import toplevel
from sessionfs.git.upkeep import in_index, staged_content

if TYPE_CHECKING:
    from collections.abc import Iterable


def check_not_hidden(place: str) -> None:
    """Raise `Hidden` where a directory is an archive in git's index, and not in the work tree."""
    if (found := hidden_archive([place])) is not None:
        raise found


def hidden_archive(places: Iterable[str]) -> Hidden | None:
    """Return what is to be said of the first of some directories that is a hidden archive.

    Those count that lie in the work tree of the first one, which itself need not exist.
    """
    wanted = [os.path.realpath(place) for place in places]
    top = toplevel(_existing(wanted[0])) if wanted else None
    if top is None:
        return None
    root = os.path.realpath(top)
    policies = {
        os.path.relpath(os.path.join(place, POLICY), root).replace(os.sep, "/"): place
        for place in wanted
        if place == root or place.startswith(root.rstrip(os.sep) + os.sep)
    }
    known = in_index(top, policies)
    for policy, place in policies.items():
        if policy in known and not os.path.lexists(os.path.join(place, POLICY)):
            content = staged_content(top, policy)
            if os.path.basename(place) == DEFAULT or content is None or says_archive(content):
                return _told(root, place, is_left_out=known[policy])
    return None


def _existing(place: str) -> str:
    while not os.path.isdir(place) and (above := os.path.dirname(place)) != place:
        place = above
    return place


def _told(root: str, place: str, *, is_left_out: bool) -> Hidden:
    from sessionfs.git.unchecked import is_sparse  # noqa: PLC0415  2 ms of every command

    git = "git" if os.path.realpath(os.curdir) == root else f"git -C {shlex.quote(root)}"
    path = os.path.relpath(place, root).replace(os.sep, "/")
    name = shlex.quote(path)
    if is_left_out and is_sparse(root):
        how = "disable" if path == "." else f"add {name}"
        hint = f"`{git} sparse-checkout {how}` brings it back"
        return Hidden(f"a sparse checkout hides the archive {place}", hint=hint)
    lost, what = name, f"the archive {place}"
    if os.path.lexists(place):
        lost, what = shlex.quote(f"{path}/{POLICY}"), os.path.join(place, POLICY)
    if is_left_out:  # git restores nothing that is marked so
        marked = f"{git} ls-files -z {lost} | {git} update-index -z --no-skip-worktree --stdin"
        hint = f"`{marked}`, then `{git} restore {lost}` brings it back"
        return Hidden(f"{what} is not in the work tree; git has it, as skip-worktree", hint=hint)
    hint = f"`{git} restore {lost}` brings it back; `{git} rm -r --cached {name}` lets it go"
    return Hidden(f"{what} is deleted from the work tree; git has it", hint=hint)
