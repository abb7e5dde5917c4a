"""The command that makes git understand sessions: git setup."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import click

from sessionfs.cli import FINDINGS, FINE
from sessionfs.cli.terminal import note, say
from sessionfs.cli.verb import verb
from sessionfs.view import Line
from sessionfs.view.text import counted, visible

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sessionfs.api.setup import Change


@verb(
    "setup",
    "sessionfs git setup",
    "sessionfs git setup --hooks",
    "sessionfs git setup --check",
    "sessionfs git setup --global",
    "sessionfs git setup --uninstall",
)
@click.option("--local", "scope", flag_value="local", help="In this clone; the default.")
@click.option("--global", "scope", flag_value="global", help="Definitions only, for all clones.")
@click.option("--hooks", is_flag=True, help="Add lines to the hooks of this clone, too.")
@click.option("--uninstall", is_flag=True, help="Take out what was written, hooks too.")
@click.option("--check", is_flag=True, help="Change nothing; exit with 1 where lines are missing.")
@click.option(
    "-a", "--archive", metavar="DIR",
    help="The archive to merge; by default each archive of the work tree.",
)  # fmt: skip
def setup_command(
    *, scope: str | None, hooks: bool, uninstall: bool, check: bool, archive: str | None
) -> int:
    """Make git understand sessions: diffs that read like a conversation, merges that lose nothing.

    \b
    Writes, and prints each line that it writes:
      .git/config           how git shows files of archives, and merges sessions
      .git/info/attributes  that sessions are merged so: what is committed forbids it, for who
                            has no sessionfs
      .gitattributes        of each archive, and .gitignore: what guards its bytes, where missing
      hooks                 with --hooks: sessions are linked to commits, and verified before
    Paths are relative to the top of the work tree. What is there already is left alone.

    --global writes the first for all of your repositories; merging needs each clone's own.
    --uninstall leaves the guards, which are the archive's.

    Exit code 0: all is as it should be. 1: --check, and it is not.
    """  # noqa: D301  click wants the character itself before lines that are to stay
    import sessionfs

    everywhere = scope == "global"
    if everywhere and (hooks or archive is not None):
        raise click.UsageError("--global writes definitions only: no --hooks, no --archive")
    if uninstall and (check or hooks or archive is not None):
        raise click.UsageError("--uninstall takes everything out, and goes alone")
    done = sessionfs.git_setup(
        archive, everywhere=everywhere, hooks=hooks, uninstall=uninstall, check=check
    )
    say(_lines(done.changes, "global" if everywhere else "local"))
    for text in (*done.unmet, *done.notes):
        note(text)
    for found in done.findings:
        note(f"{found.code} {found.where}: {found.message}")
    if not check:
        if not done.changes and not done.unmet:
            note("nothing to take out" if uninstall else "all is there already")
        return FINE
    if done.changes:
        told = counted(len(done.changes), "line is missing", "lines are missing")
        note(f"{told} or different: the same without --check writes them")
    return FINDINGS if done.changes or done.unmet or done.findings else FINE


def _lines(changes: list[Change], scope: str) -> Iterator[Line]:
    """Yield what is changed: a command for git, or a line with its file."""
    for change in changes:
        match change.kind:
            case "ref":
                text = f"git update-ref -d {change.place}"
            case "config":
                value = f"{shlex.quote(change.line)}" if not change.removed else ""
                unset = "--unset-all " if change.removed else ""
                text = f"git config --{scope} {unset}{change.place} {value}".rstrip()
            case _:
                gone = " removed:" if change.removed else ""
                text = f"{change.place}:{gone} {change.line}".rstrip()
        yield Line(visible(text), "faint" if change.removed else "plain")
