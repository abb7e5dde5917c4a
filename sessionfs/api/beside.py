"""The archive that tells of a repository's commits, also where it stands elsewhere."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from sessionfs.api.places import find_archive, open_archive
from sessionfs.disk.marker import is_archive
from sessionfs.disk.pack import is_pack
from sessionfs.errors import NotFound
from sessionfs.git.repository import toplevel
from sessionfs.git.worktree import main_work_tree, path_setting

if TYPE_CHECKING:
    from sessionfs.disk.archive import Archive
    from sessionfs.pack import Pack

_SETTING: Final = "sessionfs.archive"


def open_beside(archive: str | None = None, directory: str = ".") -> Archive | Pack:
    """Open the archive or pack at `archive`, else that of the commits of a directory's repository.

    Raises `NotFound`, or `FormatError` where a pack is not whole.
    """
    return open_archive(find_beside(directory) if archive is None else archive)


def find_beside(directory: str = ".") -> str:
    """Return the archive of the commits of a directory's repository.

    It is the nearest, as everywhere; where there is none, the one that git's setting
    `sessionfs.archive` names; else, in a linked work tree, that of the main one. Raises
    `NotFound` where there is none.
    """
    try:
        return find_archive(directory)
    except NotFound:
        top = toplevel(directory)
        if top is None:
            raise
        main = main_work_tree(directory)
        named = path_setting(directory, _SETTING)
        if not named:
            if main is None:
                raise
            return find_archive(main)
    for start in (top, main or top):
        place = os.path.normpath(os.path.join(start, named))
        if is_archive(place) or is_pack(place):
            return place
    message = f"git's setting {_SETTING} names {named}, and no archive is there"
    raise NotFound(
        message, hint=f"`git config {_SETTING} DIR` names another, from the top of the work tree"
    )
