"""What paths and URLs say of a person: home directories, user information.

Both are told by their shape alone, never by the machine that imports.
"""

from __future__ import annotations

import re

_HOME = re.compile(
    r"(?<![A-Za-z0-9_.~-])"
    r"(?:/home/|/Users/|[A-Za-z]:[\\/]{1,2}Users[\\/]{1,2})"
    r"(?!(?:Shared|Public)(?![A-Za-z0-9_]))[^ \t\n\r\f\v/\\:;,*?\"'`<>|()\[\]{}]+"
)

_USER = re.compile(r"^([^/?#]*//)[^/?#]*@")


def tilde(text: str) -> str:
    """Return `text` with each home directory written as `~`."""
    return _HOME.sub("~", text)


def without_user(url: str) -> str:
    """Return a URL without user information: no name, no password, no token."""
    return _USER.sub(r"\1", url)


def relative(path: str, directory: str) -> str:
    """Return `path` as seen from `directory` where it lies inside it."""
    root = directory.rstrip("/\\")
    inside = root and path.startswith((f"{root}/", f"{root}\\"))
    return path[len(root) + 1 :] or path if inside else path
