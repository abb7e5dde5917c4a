"""How git, a hook or an editor can start this very program."""

from __future__ import annotations

import os
import shutil
import sys
import sysconfig

_NAME = "sessionfs"


def own_command() -> tuple[str, ...]:
    """Return the words that start this installation from anywhere.

    That is `sessionfs` where PATH leads here, also outside of a virtual environment; else the
    absolute path of the script, or of this interpreter where there is no script.
    """
    places = (sysconfig.get_path("scripts"), os.path.dirname(sys.executable))
    scripts = [found for place in places if (found := shutil.which(_NAME, path=place))]
    if not scripts:
        return (_slashed(sys.executable), "-m", _NAME)
    first = shutil.which(_NAME)
    if first is not None and _real(first) in map(_real, scripts) and not _is_temporary(first):
        return (_NAME,)
    return (_slashed(os.path.abspath(scripts[0])),)


def _is_temporary(path: str) -> bool:
    """Tell whether a program is on PATH only while a virtual environment is active."""
    inside = os.path.abspath(path).startswith(os.path.join(sys.prefix, ""))
    return inside and sys.prefix != sys.base_prefix


def _real(path: str) -> str:
    return os.path.realpath(path)


def _slashed(path: str) -> str:
    return path.replace(os.sep, "/")  # a shell takes the other one for an escape
