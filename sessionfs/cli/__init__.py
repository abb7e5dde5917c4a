"""The command line: parse, call one function of the library, print, exit.

Exit codes: 0 fine, 1 findings or a conflict, 2 usage or could not run, 130 interrupted.
What was asked for goes to stdout, everything else to stderr; an error is one line that says
what and where, and one that says what to do.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False  # typing and click are for commands: `--version` loads neither
if TYPE_CHECKING:
    from collections.abc import Sequence

PROGRAM = "sessionfs"
FINE, FINDINGS, FAILED, INTERRUPTED, BROKEN_PIPE = 0, 1, 2, 130, 141


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; whatever happens, no traceback."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    _prepare_streams()
    try:
        if given == ["--version"]:
            from sessionfs import __version__

            sys.stdout.write(f"{PROGRAM} {__version__}\n")
            code = FINE
        else:
            from sessionfs.cli.run import run

            code = run(given)
        sys.stdout.flush()
    except BrokenPipeError:
        _abandon(sys.stdout)
        return BROKEN_PIPE
    except KeyboardInterrupt:
        sys.stderr.write(f"{PROGRAM}: interrupted\n")
        return INTERRUPTED
    except BaseException as error:
        if isinstance(error, SystemExit):
            raise
        return _fail(error, given)
    return code


def _fail(error: BaseException, given: Sequence[str]) -> int:
    from sessionfs.cli.failure import report

    try:
        code = report(error, given)
        sys.stdout.flush()
    except OSError:  # nobody can be told: the disk below stdout is full, or stderr is closed
        _abandon(sys.stdout)
        _abandon(sys.stderr)
        return FAILED
    return code


def _prepare_streams() -> None:
    """Have every character printed somehow: UTF-8 to files and pipes, escaped where it must be.

    What a stream that was closed is told goes nowhere.
    """
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115  for good
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            asked = "PYTHONIOENCODING" in os.environ or stream.isatty()
            stream.reconfigure(encoding=None if asked else "utf-8", errors="backslashreplace")


def _abandon(stream: object) -> None:
    """Let what is still buffered for a closed pipe or a full disk go nowhere."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())  # type: ignore[attr-defined]
        os.close(nowhere)
    except (OSError, ValueError):
        return  # it has no file below it: a test's stream
