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


def judge_payloads(files: Files) -> None:
    """Hash the payloads. Enforces E614.

    Where a payload has not its listed digest, E601 says it.
    """
    say = files.ladder.say
    for name in _payloads(files):
        path = files.at(name)
        try:
            files.hash(name)
        except (SessionfsError, OSError) as error:
            say(Rung.STRUCTURE, unreadable(error, path))
            continue
        actual = files.digests[name]
        if actual != name[len(FILES) :] and not files.is_damaged(name):
            say(Rung.DIGESTS, finding("E614", path, f"its digest is {actual}"))


def judge_use(files: Files, messages: Messages) -> None:
    """Look for payloads that no message names. Enforces E515."""
    for name in _payloads(files) if messages.whole else ():
        if name[len(FILES) :] not in messages.used:
            said = finding("E515", files.at(name), "no message names it")
            files.ladder.say(Rung.SEMANTICS, said)


def _payloads(files: Files) -> list[str]:
    return sorted(name for name in files.names if name.startswith(FILES))
