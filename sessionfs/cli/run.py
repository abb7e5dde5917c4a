"""The table of commands, and how one of them is run."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

import click

from sessionfs import __version__
from sessionfs.cli import FINE, PROGRAM
from sessionfs.cli.table import Commands

if TYPE_CHECKING:
    from collections.abc import Sequence

COMMANDS = {
    "init": ("bring", "Make an archive."),
    "import": ("bring", "Bring in the native logs of agents."),
    "list": ("read", "List sessions."),
    "show": ("read", "Show a session as a conversation."),
    "log": ("commits", "List commits and the sessions behind them."),
    "blame": ("commits", "Show which message wrote each line of a file."),
    "verify": ("prove", "Verify archives, sessions and packs."),
    "doctor": ("upkeep", "Check the archive's surroundings: git, hosts, logs about to be deleted."),
    "explain": ("prove", "Say what a rule means and how to mend it."),
    "edit": ("change", "Set title, outcome, tags and notes of a session."),
    "seal": ("change", "Rebuild what is derived, and print the seals."),
    "remove": ("bring", "Take sessions out, and keep them out."),
    "redact": ("secrets", "Look for secrets in what is archived, or take them out."),
    "export": ("give", "Give the native log back."),
    "pack": ("carry", "Write sessions into one file."),
    "unpack": ("carry", "Bring the sessions of such a file into an archive."),
    "merge": ("merging", "Merge the sessions that git left in conflict."),
    "git": ("git", "Make git understand sessions."),
    "demo": ("demo", "See it all work, in a temporary repository."),
    "completion": ("give", "Print the completion script of a shell."),
}
"""Each command: the module that it lives in, and what `sessionfs --help` says of it."""

COMPLETE = "_SESSIONFS_COMPLETE"
"""The variable through which a shell asks for completions."""


@click.command(
    cls=Commands,
    name=PROGRAM,
    table=COMMANDS,
    epilog=f"`{PROGRAM} COMMAND --help` shows examples, `{PROGRAM} demo` how it all fits together.",
)
@click.version_option(__version__, message="%(prog)s %(version)s")
def commands() -> None:
    """Sessions of AI coding agents as plain text in git: verified, and restorable to the byte."""


def run(arguments: Sequence[str]) -> int:
    """Run the command that the arguments name, and return its exit code."""
    if COMPLETE in os.environ:
        from click.shell_completion import shell_complete

        return shell_complete(commands, {}, PROGRAM, COMPLETE, os.environ[COMPLETE])
    try:
        with commands.make_context(PROGRAM, list(arguments)) as ctx:
            code: Any = commands.invoke(ctx)
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.Abort:
        raise KeyboardInterrupt from None
    sys.stdout.flush()
    return code if isinstance(code, int) else FINE
