"""The one place that starts git: with a list of arguments, never through a shell."""

from __future__ import annotations

import os
import subprocess

_SECONDS = 60


def environment() -> dict[str, str]:
    """Return the environment for git: it takes no lock that it can do without."""
    return {**os.environ, "GIT_OPTIONAL_LOCKS": "0"}


def ask(directory: str, *arguments: str) -> bytes | None:
    """Return what git prints, or None where it is missing, fails, or takes too long."""
    try:
        finished = subprocess.run(
            ["git", "-C", directory, *arguments],
            capture_output=True,
            timeout=_SECONDS,
            check=False,
            env=environment(),
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return finished.stdout if finished.returncode == 0 else None
