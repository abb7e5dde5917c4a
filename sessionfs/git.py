"""What sessionfs asks of git, by running it; everything works without git, only less well."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

_SECONDS = 60


def toplevel(directory: str) -> str | None:
    """Return the root of the work tree that `directory` lies in, or None outside of one."""
    answer = _git(directory, "rev-parse", "--show-toplevel")
    return os.fsdecode(answer.removesuffix(b"\n")) if answer else None


def is_ignored(path: str) -> bool:
    """Tell whether the repository would leave `path` out of a commit."""
    place = Path(path)
    answer = _git(str(place.parent), "check-ignore", "--", place.name)
    return bool(answer)


def _git(directory: str, *arguments: str) -> bytes | None:
    try:
        finished = subprocess.run(
            ["git", "-C", directory, *arguments],
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return finished.stdout if finished.returncode == 0 else None
