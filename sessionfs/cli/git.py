"""Commands for git, and commands that git runs."""

from __future__ import annotations

import click

from sessionfs.cli import PROGRAM
from sessionfs.cli.table import Commands

COMMANDS = {
    "link": ("commits", "Name the sessions that wrote what is staged."),
    "textconv": ("textconv", "Print a file of an archive as `git diff` shows it."),
}
"""Each command: the module that it lives in, and what `sessionfs git --help` says of it."""


@click.command(
    cls=Commands,
    name="git",
    table=COMMANDS,
    epilog=f"`{PROGRAM} git COMMAND --help` shows examples.",
)
def git_command() -> None:
    """Make git understand sessions: diffs, merges, commits."""
