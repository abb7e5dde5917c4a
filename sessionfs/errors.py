"""The errors that sessionfs raises: one root, few leaves, each with a hint."""

from __future__ import annotations

import errno

_REMEDIES = {
    errno.ENOSPC: "free space, then try again",
    errno.EDQUOT: "free space, then try again",
    errno.EACCES: "check permissions, then try again",
    errno.EPERM: "check permissions, then try again",
    errno.EROFS: "the disk is mounted read-only: name another place",
    errno.ENAMETOOLONG: "name a shorter place",
    errno.EMFILE: "let a process open more files (`ulimit -n`), then try again",
    errno.EIO: "check the disk, then try again",
}
"""What to do about an operating system's error, where its number says it."""


class SessionfsError(Exception):
    """The root of every error that this package raises on purpose.

    `hint` is one sentence that tells a person what to do next; it may be empty.
    """

    def __init__(self, message: str, *, hint: str = "") -> None:
        """Keep the message for people and the hint beside it."""
        super().__init__(message)
        self.message = message
        self.hint = hint


class FormatError(SessionfsError):
    """A file breaks a rule of the format; `code` and `where` name the rule and the place.

    `said` is what was seen there, without code and place.
    """

    def __init__(self, code: str, where: str, message: str, *, hint: str = "") -> None:
        """Keep the rule's code and the place, `file:line#pointer`, beside the message."""
        super().__init__(f"{code} {where}: {message}" if where else f"{code} {message}", hint=hint)
        self.code = code
        self.where = where
        self.said = message


class UnsupportedVersion(SessionfsError):
    """A file asks for a newer reader than this one. Enforces E002."""


class UnsafePath(SessionfsError):
    """A path that would leave its tree, or that some system could not hold. Enforces E108."""


class NotFound(SessionfsError):
    """A path, an archive or a session that is not there, or an ID that fits more than one."""


class Hidden(NotFound):
    """An archive that git has, and that is not in the work tree."""


class Conflict(SessionfsError):
    """What was asked for contradicts what stands in the archive."""


class Busy(SessionfsError):
    """Another process holds the archive's lock."""


def from_system(error: OSError) -> SessionfsError:
    """Return an operating system's error as one of ours: one line that says what and where."""
    place = f"{error.filename}: " if error.filename else ""
    remedy = _REMEDIES.get(error.errno or 0, "look at what stands there, then try again")
    return SessionfsError(
        f"{place}{error.strerror or error}", hint=f"nothing was half-written; {remedy}"
    )
