"""Commands that change what is said of a session, and what follows from it: edit, seal."""

from __future__ import annotations

import click

from sessionfs.cli.failure import say_json
from sessionfs.cli.terminal import note, say
from sessionfs.cli.verb import as_json, in_archive, verb
from sessionfs.view import Line

_TEXTS = ("title", "task_ref", "domain", "actor", "notes")


@verb(
    "edit",
    "sessionfs edit 01M81CYG --title 'Fix the parser' --outcome success --tag +parser",
    "sessionfs edit 01M81CYG --task-ref '' --tag -parser",
)
@click.argument("session")
@click.option("--title", metavar="TEXT", help="What a listing shows.")
@click.option(
    "--outcome",
    type=click.Choice(["success", "fail", "abandoned", "unknown", ""]),
    help="How it ended.",
)
@click.option("--task-ref", metavar="TEXT", help="The task or issue that it worked on.")
@click.option("--domain", metavar="TEXT", help="The field of work.")
@click.option("--actor", metavar="TEXT", help="Who held the session.")
@click.option("--notes", "--note", "notes", metavar="TEXT", help="Anything else.")
@click.option(
    "--tag",
    "tags",
    metavar="+TAG|-TAG",
    multiple=True,
    help="Add a tag, or take it away; may be repeated.",
)
@in_archive
@as_json
def edit_command(
    session: str, *, tags: tuple[str, ...], archive: str | None, as_json: bool, **told: str | None
) -> None:
    """Set what people say of a session in its manifest, and print the new seal.

    An empty string takes a value away. Comments in the manifest stay.
    """
    import sessionfs

    changes = {name: value or None for name, value in told.items() if value is not None}
    if not changes and not tags:
        raise click.UsageError("nothing to change: give --title, --outcome, --tag …")
    if not all(tag.lstrip("+-") for tag in tags):
        raise click.UsageError("a tag has no name: give --tag +NAME or --tag -NAME")
    seal = sessionfs.edit(
        session, changes, archive,
        add_tags=[tag.removeprefix("+") for tag in tags if tag[:1] != "-"],
        remove_tags=[tag[1:] for tag in tags if tag[:1] == "-"],
    )  # fmt: skip
    if as_json:
        say_json({"seal": seal})
    else:
        say([Line(seal)])


@verb(
    "seal", "sessionfs seal", "sessionfs seal | b3sum", "sessionfs seal 01M81CYG --accept-content"
)
@click.argument("sessions", metavar="[SESSION]...", nargs=-1)
@click.option(
    "--accept-content", is_flag=True, help="Take content as it is now, although it was changed."
)
@in_archive
@as_json
def seal_command(
    sessions: tuple[str, ...], *, accept_content: bool, archive: str | None, as_json: bool
) -> None:
    """Rebuild summary.json and checksums.b3, and print the seal of each session.

    Without SESSION, of every session; the BLAKE3 of that output is the root of the archive.
    Content that its checksums do not know is refused.
    """
    import sessionfs
    from sessionfs.archive import collection_root

    sealed = {
        session.path: value
        for session, value in sessionfs.seal(sessions, archive, accept_content=accept_content)
    }
    root = None if sessions else collection_root(sealed)
    if as_json:
        rows = [{"path": path, "seal": value} for path, value in sealed.items()]
        say_json({"sessions": rows, **({} if root is None else {"root": root})})
        return
    say(Line(f"{value}  {path}") for path, value in sealed.items())
    if root is not None:
        note(f"root {root}")
