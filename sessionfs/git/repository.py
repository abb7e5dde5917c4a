"""Where a repository is, and what it hides."""

from __future__ import annotations

import os
from pathlib import Path

from sessionfs.git.running import ask


def toplevel(directory: str) -> str | None:
    """Return the root of the work tree that `directory` lies in, or None outside of one."""
    answer = ask(directory, "rev-parse", "--show-toplevel")
    return os.fsdecode(answer.removesuffix(b"\n")) if answer else None


def is_ignored(path: str) -> bool:
    """Tell whether the repository would leave `path` out of a commit."""
    place = Path(path)
    answer = ask(str(place.parent), "check-ignore", "--", place.name)
    return bool(answer)
