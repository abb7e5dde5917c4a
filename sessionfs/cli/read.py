"""Commands that read: list, show."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import click

from sessionfs.cli import FINDINGS, FINE
from sessionfs.cli.failure import complain, explained, say_json
from sessionfs.cli.filters import filters
from sessionfs.cli.terminal import columns, note, page, say
from sessionfs.cli.verb import as_json, from_archive, verb
from sessionfs.view.text import counted, safe_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sessionfs.archive import Session
    from sessionfs.errors import SessionfsError
    from sessionfs.view import Line

_TEXT_WIDTH = 100


class Span(click.ParamType):  # type: ignore[type-arg]
    """One message, or a range of them: `7`, `7-12`, `7-`, `-12`."""

    name = "span"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, int | None]:
        """Return the first and the last seq; None where there is no last."""
        match = re.fullmatch(r"([0-9]{0,15})(-?)([0-9]{0,15})", str(value))
        if match is None or not (match[1] or match[3]):
            self.fail(f"{value!r} is no message: 7, 7-12, 7- or -12", param, ctx)
        first = int(match[1] or 1)
        last = int(match[3]) if match[3] else None if match[2] else first
        if first < 1 or (last is not None and last < first):
            self.fail(f"{value!r} names no message: they count from 1, upwards", param, ctx)
        return first, last


@verb(
    "list",
    "sessionfs list",
    "sessionfs list --agent codex --since 7d --tag review",
    "sessionfs list --json | jq -r '.sessions[] | [.id, .title] | @tsv'",
)
@filters
@from_archive
@as_json
def list_command(*, archive: str | None, as_json: bool, **filters: Any) -> int:  # noqa: ANN401  click gives them
    """List sessions, the newest first."""
    import sessionfs
    from sessionfs.view.listing import table

    damaged: list[SessionfsError] = []
    opened = sessionfs.open_archive(archive)
    rows = sessionfs.list_sessions(opened, **filters, unreadable=damaged.append)
    if as_json:
        from sessionfs.canonical import to_plain

        say_json(
            {
                "sessions": [
                    {"path": row.path, "seal": row.seal, **to_plain(row.summary)} for row in rows
                ]
            }
        )
    else:
        paths = opened.paths()
        readable = len(paths) - len(damaged)
        if rows:
            say(table([row.summary for row in rows], [path[-26:] for path in paths], columns()))
        elif readable:
            note(f"none of {counted(readable, 'session')} in {opened.name} is like that")
        elif not paths:
            note(f"no sessions in {opened.name} yet: `sessionfs import --here` brings them in")
    for error in damaged:
        complain(explained(error))
    return FINDINGS if damaged else FINE


@verb(
    "show",
    "sessionfs show 01M81CYG",
    "sessionfs show 01M81CYG --message 7",
    "sessionfs show 01M81CYG --message 7-12 --full",
)
@click.argument("session")
@click.option(
    "--message",
    "span",
    type=Span(),
    metavar="N[-M]",
    help="Only this message, unfolded, or this range.",
)
@click.option("--full", is_flag=True, help="Fold nothing: whole results, reasoning, housekeeping.")
@from_archive
@as_json
def show_command(
    session: str,
    *,
    span: tuple[int, int | None] | None,
    full: bool,
    archive: str | None,
    as_json: bool,
) -> None:
    """Show a session as a conversation; tool calls take a line, results are folded.

    SESSION is an id, the beginning of one, a uid, or a path inside the session.
    """
    import sessionfs
    from sessionfs.view.transcript import conversation, header_lines

    store = sessionfs.open_archive(archive) if archive is not None else None
    opened = sessionfs.open_session(session, store)
    first, last = span or (1, None)
    if span is not None and first > opened.summary.messages:
        raise click.UsageError(
            f"there is no message {first}: the session has {opened.summary.messages}"
        )
    if as_json:
        _show_json(opened, first, last)
        return

    def lines() -> Iterator[Line]:
        if span is None:
            yield from header_lines(opened)
        unfold = full or (span is not None and first == last)
        yield from conversation(
            opened, first=first, last=last, full=unfold, columns=columns() or _TEXT_WIDTH
        )

    page(lines())


def _show_json(session: Session, first: int, last: int | None) -> None:
    """Print a session as one JSON document, one message at a time."""
    from sessionfs.canonical import encode
    from sessionfs.model import encode_message

    def put(text: bytes) -> None:
        click.echo(safe_json(text.decode()).encode(), nl=False)

    head = encode({"path": session.path, "seal": session.seal, "summary": session.summary})
    put(head[:-1] + b',"messages":[')
    before = b"\n"
    for message in session.messages():
        if message.seq < first:
            continue
        if last is not None and message.seq > last:
            break
        put(before + encode_message(message))
        before = b",\n"
    put(b"\n]}\n")
