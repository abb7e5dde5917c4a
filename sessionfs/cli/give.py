"""Commands that give something out: export, completion."""

from __future__ import annotations

import sys

import click

from sessionfs.cli import PROGRAM
from sessionfs.cli.terminal import note
from sessionfs.cli.verb import from_archive, verb
from sessionfs.view.text import one_line, safe


@verb(
    "export",
    "sessionfs export 01M81CYG > session.jsonl",
    "sessionfs export 01M81CYG --to native -o session.jsonl",
    "sessionfs export 01M81CYG --with-children -o restored/",
)
@click.argument("session")
@click.option(
    "--to",
    "form",
    type=click.Choice(["native"]),
    default="native",
    show_default=True,
    help="The agent's own log, byte for byte.",
)
@click.option(
    "-o",
    "--output",
    metavar="FILE|DIR",
    help="Where to write: a directory where there are several files; - is stdout.",
)
@click.option("--with-children", is_flag=True, help="The logs of subagents too, in a directory.")
@click.option("--force", is_flag=True, help="Write over what exists.")
@from_archive
def export_command(
    session: str,
    *,
    form: str,  # noqa: ARG001  there is one, so far
    output: str | None,
    with_children: bool,
    force: bool,
    archive: str | None,
) -> None:
    """Give the native log back as the agent wrote it; to stdout where there is no -o.

    A terminal gets it without the control characters that it would obey.
    """
    import sessionfs

    asked = archive is not None or with_children
    store = sessionfs.open_archive(archive) if asked else None
    opened = sessionfs.open_session(session, store)
    children = sessionfs.children(opened, store) if store is not None and with_children else []
    if output is None or output == "-":
        if children or len(opened.summary.source_files) > 1:
            raise click.UsageError(
                "this session comes from several files: name a directory with -o"
            )
        shown = sys.stdout.isatty()
        for line in sessionfs.native_content(opened):
            click.echo(safe(line.decode("utf-8", "replace")) if shown else line, nl=False)
        return
    for path in sessionfs.export_native(
        opened, output, force=force, children=children, whole=with_children
    ):
        note(f"wrote {path}")


@verb(
    "completion",
    'eval "$(sessionfs completion bash)"',
    "sessionfs completion fish > ~/.config/fish/completions/sessionfs.fish",
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion_command(shell: str) -> None:
    """Print the script that lets a shell complete commands and options."""
    from click.shell_completion import get_completion_class

    from sessionfs.cli.run import COMPLETE, commands

    kind = get_completion_class(shell)
    if kind is None:
        raise click.UsageError(one_line(f"no completion for {shell}"))
    click.echo(kind(commands, {}, PROGRAM, COMPLETE).source())
