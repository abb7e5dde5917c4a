"""What commands print with: painted lines, notes beside the output, progress, a pager."""

from __future__ import annotations

import os
import shutil
import sys
from typing import TYPE_CHECKING, Any, Self

import click

from sessionfs.cli.verb import manner
from sessionfs.view.text import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sessionfs.view import Line

_PAINT: dict[str, dict[str, Any]] = {
    "plain": {},
    "title": {"bold": True},
    "speaker": {"bold": True, "fg": "cyan"},
    "faint": {"dim": True},
    "call": {"fg": "blue"},
    "good": {"fg": "green"},
    "bad": {"fg": "red"},
    "doubtful": {"fg": "yellow"},
}


def paint(line: Line) -> str:
    """Return a line with the escapes of its style; click takes them out where nobody wants them."""
    style = _PAINT[line.style]
    return click.style(line.text, **style) if style and line.text else line.text


def say(lines: Iterable[Line]) -> None:
    """Print lines on stdout."""
    for line in lines:
        click.echo(paint(line))


def page(lines: Iterator[Line]) -> None:
    """Print lines, through a pager where somebody sits at a terminal."""
    if not sys.stdout.isatty():
        say(lines)
        return
    os.environ.setdefault("LESS", "FRX")  # as git has it: short texts stay on the screen
    click.echo_via_pager(paint(line) + "\n" for line in lines)


def note(text: str) -> None:
    """Print a line for people on stderr, unless they want quiet."""
    if not manner().quiet:
        click.echo(one_line(text), err=True)


def columns() -> int | None:
    """Return the width to fit text into: a terminal's, or COLUMNS; None where there is neither."""
    if sys.stdout.isatty() or os.environ.get("COLUMNS", "").isdecimal():
        return shutil.get_terminal_size().columns
    return None


class Progress:
    """A bar on stderr that tells how far a long command is; nothing where nobody watches."""

    def __init__(self, label: str, *, hidden: bool = False) -> None:
        """Show nothing until the first step."""
        self._label = label
        self._hidden = hidden or manner().quiet or not sys.stderr.isatty()
        self._bar: Any = None
        self._done = 0

    def __call__(self, done: int, total: int) -> None:
        """Show that `done` of `total` are done."""
        if self._hidden:
            return
        if self._bar is None:
            self._bar = click.progressbar(length=total, label=self._label, file=sys.stderr)
            self._bar.render_progress()
        self._bar.update(done - self._done)
        self._done = done

    def __enter__(self) -> Self:
        """Begin."""
        return self

    def __exit__(self, *_: object) -> None:
        """Leave the terminal clean."""
        if self._bar is not None:
            self._bar.render_finish()
