"""The archive that tells of a repository's commits, also where it stands elsewhere."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from sessionfs.api.places import archive_within, find_archive, open_archive
from sessionfs.disk.marker import is_archive
from sessionfs.disk.pack import is_pack
from sessionfs.errors import Hidden, NotFound
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

    It is the nearest in the work tree; where there is none, the one that git's setting
    `sessionfs.archive` names; else, in a linked work tree, that of the main one; else the nearest
    above. Raises `NotFound` where there is none, and `Hidden` where only git has it.
    """
    hidden: Hidden | None = None
    try:
        if (near := archive_within(os.path.realpath(directory))) is not None:
            return near
    except Hidden as error:  # another that is meant for this repository stands in for it
        hidden = error
    top = toplevel(directory)
    if top is None:
        return find_archive(directory)
    main = main_work_tree(directory)
    if named := path_setting(directory, _SETTING):
        return _at_setting(named, top, main)
    if main is not None and (of_main := archive_within(main)) is not None:
        return of_main
    if hidden is not None:
        raise hidden
    return _above(directory, main)


def _at_setting(named: str, top: str, main: str | None) -> str:
    for start in (top, main or top):
        place = os.path.normpath(os.path.join(start, named))
        if is_archive(place) or is_pack(place):
            return place
    message = f"git's setting {_SETTING} names {named}, and no archive is there"
    raise NotFound(
        message, hint=f"`git config {_SETTING} DIR` names another, from the top of the work tree"
    )


def _above(directory: str, main: str | None) -> str:
    """Return the nearest archive above a directory, else above the main work tree."""
    try:
        return find_archive(directory)
    except Hidden:
        raise
    except NotFound as error:
        if main is not None:
            with suppress(NotFound):
                return find_archive(main)
        hint = f"`sessionfs init` makes one; -a names one, or for good `git config {_SETTING} DIR`"
        raise NotFound(error.message, hint=hint) from None
