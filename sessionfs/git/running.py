"""The one place that starts git: with a list of arguments, never through a shell."""

from __future__ import annotations

import os
import subprocess

from sessionfs.errors import SessionfsError

_SECONDS = 60

_OURS = {
    "GIT_OPTIONAL_LOCKS": "0",  # reading takes no lock that somebody's commit waits for
    "GIT_NO_REPLACE_OBJECTS": "1",  # what is proved is what was committed, not a stand-in
    "GIT_NO_LAZY_FETCH": "1",  # nothing is fetched behind anyone's back …
    "GIT_ALLOW_PROTOCOL": "none",  # … nor by a git that does not know the line above yet
    "GIT_TERMINAL_PROMPT": "0",
}
_AROUND = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX")
"""What a hook is given for the repository that it runs in, relative to another directory."""

_PATHSPECS = tuple(f"GIT_{kind}_PATHSPECS" for kind in ("LITERAL", "GLOB", "NOGLOB", "ICASE"))


def environment(index: str | None = None) -> dict[str, str]:
    """Return the environment for git: it takes no lock that it can do without, fetches nothing.

    Which repository is meant follows from the directory alone, also when a hook calls us. `index`
    is the file of another index than the repository's own.
    """
    kept = {name: value for name, value in os.environ.items() if name not in _AROUND + _PATHSPECS}
    return kept | _OURS | ({} if index is None else {"GIT_INDEX_FILE": index})


def command(directory: str, *arguments: str) -> list[str]:
    """Return the command line of a git that works in `directory`.

    It runs no program that the repository's configuration names.
    """
    return ["git", "-c", "core.fsmonitor=false", "-C", directory, *arguments]


def ask(
    directory: str, *arguments: str, given: bytes = b"", index: str | None = None
) -> bytes | None:
    """Return what git prints, or None where it is missing, fails, or takes too long.

    `given` is what it reads, `index` another index than the repository's own.
    """
    try:
        finished = subprocess.run(
            command(directory, *arguments),
            input=given,
            capture_output=True,
            timeout=_SECONDS,
            check=False,
            env=environment(index),
        )
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    return finished.stdout if finished.returncode == 0 else None


def require(
    directory: str, *arguments: str, otherwise: str, hint: str, index: str | None = None
) -> bytes:
    """Return what git prints; raises `SessionfsError` with git's own reason where it fails."""
    try:
        finished = subprocess.run(
            command(directory, *arguments),
            capture_output=True,
            stdin=subprocess.DEVNULL,
            check=False,
            env=environment(index),
        )
    except FileNotFoundError:
        message = f"{otherwise}: git is not installed"
        raise SessionfsError(message, hint="install git, and put it on PATH") from None
    except (OSError, ValueError) as error:
        raise SessionfsError(f"{otherwise}: {error}", hint=hint) from error
    if finished.returncode:
        said = finished.stderr.decode("utf-8", "replace").strip().splitlines()
        reason = f": {said[0]}" if said else ""
        trust = next((line.strip() for line in said if "safe.directory" in line), None)
        if trust is not None and trust != said[0]:  # the repository is somebody else's
            hint = f"if you trust it: `{trust}`"
        raise SessionfsError(otherwise + reason, hint=hint)
    return finished.stdout
