"""Commands for git, and commands that git runs."""

from __future__ import annotations

import click

from sessionfs.cli import PROGRAM
from sessionfs.cli.table import Commands

COMMANDS = {
    "setup": ("setup", "Make a clone understand sessions."),
    "textconv": ("textconv", "Print a file of an archive as `git diff` shows it."),
    "merge-driver": ("merging", "Merge one file, as git asks for it."),
    "link": ("commits", "Name the sessions that wrote what is staged."),
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
