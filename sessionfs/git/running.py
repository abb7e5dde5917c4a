"""The one place that starts git: with a list of arguments, never through a shell."""

from __future__ import annotations

import os
import subprocess

_SECONDS = 60

_AROUND = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX")
"""What a hook is given for the repository that it runs in, relative to another directory."""

_PATHSPECS = tuple(f"GIT_{kind}_PATHSPECS" for kind in ("LITERAL", "GLOB", "NOGLOB", "ICASE"))


def environment() -> dict[str, str]:
    """Return the environment for git: it takes no lock that it can do without.

    Which repository is meant follows from the directory alone, also when a hook calls us.
    """
    kept = {name: value for name, value in os.environ.items() if name not in _AROUND + _PATHSPECS}
    return {**kept, "GIT_OPTIONAL_LOCKS": "0"}


def ask(directory: str, *arguments: str, given: bytes | None = None) -> bytes | None:
    """Return what git prints, or None where it is missing, fails, or takes too long.

    `given` is what it reads. No program that the repository's configuration names is run.
    """
    try:
        finished = subprocess.run(
            ["git", "-c", "core.fsmonitor=false", "-C", directory, *arguments],
            input=b"" if given is None else given,
            capture_output=True,
            timeout=_SECONDS,
            check=False,
            env=environment(),
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return finished.stdout if finished.returncode == 0 else None
