"""The payloads in `files/`: each has the digest that it is named for, and is named."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sessionfs.archive import FILES
from sessionfs.check.explained import Rung
from sessionfs.errors import SessionfsError
from sessionfs.schema import finding
from sessionfs.verify.oddities import unreadable

if TYPE_CHECKING:
    from sessionfs.verify.files import Files
    from sessionfs.verify.segments import Messages


def judge_payloads(files: Files, messages: Messages) -> None:
    """Hash the payloads. Enforces E515, E614."""
    say = files.ladder.say
    for name in sorted(name for name in files.names if name.startswith(FILES)):
        path, address = files.at(name), name[len(FILES) :]
        try:
            files.hash(name)
        except (SessionfsError, OSError) as error:
            say(Rung.STRUCTURE, unreadable(error, path))
            continue
        if (actual := files.digests[name]) != address:
            say(Rung.DIGESTS, finding("E614", path, f"its digest is {actual}"))
        if messages.whole and address not in messages.used:
            say(Rung.SEMANTICS, finding("E515", path, "no message names it"))
