"""Errors as people see them: one line that says what and where, one that says what to do."""

from __future__ import annotations

import json
import os
import traceback
from difflib import get_close_matches
from itertools import pairwise
from typing import TYPE_CHECKING

import click

from sessionfs.cli import FAILED, FINDINGS, PROGRAM
from sessionfs.cli.verb import colour
from sessionfs.errors import Conflict, FormatError, SessionfsError
from sessionfs.view.text import one_line, safe_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


_HINT = "`sessionfs verify` names what is wrong in an archive"
"""What to do about an error that does not say it."""


def report(error: BaseException, arguments: Sequence[str]) -> int:
    """Say what went wrong, on stderr or as JSON on stdout, and return the exit code."""
    ours = explained(error)
    if wants_json(arguments):
        say_json({"error": {"message": ours.message, "hint": ours.hint}})
    elif wants_github(arguments):
        from sessionfs.view import github

        click.echo(github.failure(ours.message, ours.hint).encode("utf-8", "backslashreplace"))
    else:
        complain(ours, colour(_asked(arguments, "--color")))
    return FINDINGS if isinstance(ours, Conflict) else FAILED


def complain(error: SessionfsError, color: bool | None = None) -> None:  # noqa: FBT001  as click has it
    """Print an error's two lines on stderr."""
    for word, tint, text in ((PROGRAM, "red", error.message), ("hint", "cyan", error.hint)):
        if text:
            line = click.style(f"{word}:", fg=tint, bold=True) + f" {one_line(text)}"
            click.echo(line, err=True, color=color)


def explained(error: BaseException) -> SessionfsError:
    """Return any error as one of ours, with a hint."""
    match error:
        case SessionfsError():
            error.hint = error.hint or _hint(error)
            return error
        case click.NoSuchOption():
            message = f"no such option: {error.option_name}"
            return SessionfsError(message, hint=nearest(error.option_name, error.possibilities))
        case click.UsageError():
            path = error.ctx.command_path if error.ctx is not None else PROGRAM
            return SessionfsError(
                error.format_message(), hint=f"`{path} --help` shows how it is used"
            )
        case click.ClickException():
            return SessionfsError(error.format_message())
        case FileNotFoundError(filename=None) if not _has_directory():
            message = f"the working directory is gone: {os.environ.get('PWD', '.')}"
            return SessionfsError(message, hint="change to a directory that exists")
        case OSError():
            from sessionfs.errors import from_system

            return from_system(error)
        case MemoryError():
            return SessionfsError("out of memory", hint="free some, or take fewer sessions at once")
        case _:
            pass
    frame = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{os.path.basename(frame.filename)}:{frame.lineno}"
    return SessionfsError(
        f"internal error at {place}: {type(error).__name__}: {error}",
        hint="this is a defect of sessionfs: please report it with the command that you gave",
    )


def _hint(error: SessionfsError) -> str:
    """Return what to do about an error that does not say it; of a pack's form the rule does."""
    from sessionfs.rules import RULES

    if isinstance(error, FormatError) and error.code.startswith("E8"):
        return RULES[error.code].hint
    return _HINT


def _has_directory() -> bool:
    """Tell whether the working directory still exists."""
    try:
        os.getcwd()
    except OSError:
        return False
    return True


def nearest(word: str, known: Iterable[str] | None, command: str = PROGRAM) -> str:
    """Return the hint that names the word that may be meant; `command` knows the words."""
    near = get_close_matches(word, known or (), n=1)
    return f"did you mean {near[0]}?" if near else f"`{command} --help` shows what there is"


def wants_json(arguments: Sequence[str]) -> bool:
    """Tell whether output was asked for as JSON, also where the arguments make no sense."""
    return "--json" in arguments or _asked(arguments, "--output-format") == "json"


def wants_github(arguments: Sequence[str]) -> bool:
    """Tell whether `verify` was to speak to the runner of a GitHub job, as far as one can tell."""
    form = _asked(arguments, "--output-format") or "auto"
    to_file = _asked(arguments, "-o") or _asked(arguments, "--output") or "-"
    is_log = "verify" in arguments and to_file == "-" and on_github()
    return form == "github" or (form == "auto" and is_log)


def on_github() -> bool:
    """Tell whether a job of GitHub Actions runs this."""
    return os.environ.get("GITHUB_ACTIONS") == "true"


def _asked(arguments: Sequence[str], option: str) -> str | None:
    """Return what an option was given as, without parsing the rest."""
    pairs = pairwise(arguments)
    told = [value for name, value in pairs if name == option]
    told += [text.removeprefix(f"{option}=") for text in arguments if text.startswith(f"{option}=")]
    return told[-1] if told else None


def say_json(value: object) -> None:
    """Print one JSON document on stdout, always as UTF-8."""
    click.echo(json_text(value).encode())


def json_text(value: object) -> str:
    r"""Return a JSON document, indented, in which nothing is left that a terminal would obey.

    A byte of a path that is no UTF-8 is spelt `\xff`, as in every form of a report.
    """
    return safe_json(json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False))
