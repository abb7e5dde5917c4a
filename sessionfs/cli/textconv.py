"""The command that git runs for each version of a file that it shows: git textconv."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from sessionfs.cli.verb import verb

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_PIECE = 1 << 16
"""Characters that are written at once."""


@verb("textconv", "sessionfs git textconv .sessions/archive.yaml")
@click.argument("file")
@click.option(
    "--rendering",
    type=int,
    metavar="N",
    expose_value=False,
    help="The way of showing that is expected; git asks anew where it changes.",
)
def textconv_command(file: str) -> None:
    """Print a file of an archive as `git diff` shows it: messages as a conversation.

    git runs this once for each version of a file, after `sessionfs git setup`. What FILE is
    follows from its content. What is damaged is printed as it is; control characters are spelt.
    """
    from sessionfs.view.textconv import textconv

    with open(file, "rb") as stream:
        for piece in _gathered(textconv(stream)):
            click.echo(piece.encode("utf-8", "backslashreplace"), nl=False)


def _gathered(pieces: Iterable[str]) -> Iterator[str]:
    held: list[str] = []
    size = 0
    for piece in pieces:
        held.append(piece)
        size += len(piece)
        if size >= _PIECE:
            yield "".join(held)
            held, size = [], 0
    yield "".join(held)
