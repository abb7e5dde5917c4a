"""What every command has: examples in its help, and the options that work everywhere."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


HELP: dict[str, Any] = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


@dataclass(slots=True)
class Manner:
    """How a command speaks: beside its output, and how much of it."""

    quiet: bool = False
    verbose: int = 0


class Verb(click.Command):
    """A command with examples, and with the options that work everywhere."""

    def __init__(self, *args: Any, examples: Sequence[str], **kwargs: Any) -> None:  # noqa: ANN401
        """Take what `click.Command` takes, and lines that a person would type."""
        super().__init__(*args, **{"context_settings": HELP, **kwargs})
        self.examples = list(examples)
        add_options(self)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write the examples."""
        with formatter.section("Examples"):
            for line in self.examples:
                formatter.write(f"{'':>{formatter.current_indent}}{line}\n")


def verb(name: str, *examples: str) -> Callable[[Callable[..., Any]], Verb]:
    """Return a decorator that makes a function the command `name`, with examples in its help."""
    return click.command(name, cls=Verb, examples=[f"$ {line}" for line in examples])


def add_options(command: click.Command) -> None:
    """Give a command the options that work everywhere."""
    command.params += [
        click.Option(
            ["-q", "--quiet"], is_flag=True, expose_value=False, callback=_keep,
            help="Say only what was asked for, and errors.",
        ),
        click.Option(
            ["-v", "--verbose"], count=True, expose_value=False, callback=_keep,
            help="Say more.",
        ),
        click.Option(
            ["--color"], type=click.Choice(["auto", "always", "never"]), expose_value=False,
            callback=_paint, help="Colour the output; NO_COLOR and FORCE_COLOR are obeyed.",
        ),
    ]  # fmt: skip


def manner() -> Manner:
    """Return how the running command speaks."""
    return click.get_current_context().ensure_object(Manner)


def _keep(ctx: click.Context, parameter: click.Parameter, value: Any) -> None:  # noqa: ANN401
    if value:
        setattr(ctx.ensure_object(Manner), str(parameter.name), value)


def _paint(ctx: click.Context, _parameter: click.Parameter, value: str | None) -> None:
    if value is not None:
        ctx.meta["sessionfs.color"] = value
    ctx.color = colour(ctx.meta.get("sessionfs.color"))


def colour(asked: str | None) -> bool | None:
    """Return whether to print colours; None leaves it to whether a terminal is there."""
    if asked is not None:
        return {"always": True, "never": False}.get(asked)
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return True if os.environ.get("FORCE_COLOR") else None


def in_archive(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command `-a`, the archive that it works in."""
    return click.option(
        "-a", "--archive", metavar="DIR",
        help="The archive; by default the .sessions of this directory or the nearest above it.",
    )(function)  # fmt: skip


def from_archive(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command `-a`, the archive or the pack that it reads."""
    return click.option(
        "-a", "--archive", metavar="DIR|PACK",
        help="The archive, or a pack; by default the nearest .sessions, here or above.",
    )(function)  # fmt: skip


def as_json(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command `--json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON.")(function)
