"""The command that git runs for each version of a file that it shows: git textconv."""

from __future__ import annotations

import sys

import click

from sessionfs.cli.verb import verb
from sessionfs.view.text import safe


@verb("textconv", "sessionfs git textconv .sessions/archive.yaml")
@click.argument("file")
def textconv_command(file: str) -> None:
    """Print a file of an archive as `git diff` shows it."""
    with open(file, "rb") as stream:
        for line in stream:
            sys.stdout.write(safe(line.decode("utf-8", "replace")))
