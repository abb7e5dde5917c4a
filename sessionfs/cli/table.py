"""A group of commands by name: a module is imported when one of its commands is run."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import click

from sessionfs.cli.verb import HELP, add_options

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class Commands(click.Group):
    """Commands by name, each with the module that it lives in and what help says of it.

    The command `merge-driver` is `merge_driver_command` in its module, a function or a group.
    """

    def __init__(self, *args: Any, table: Mapping[str, tuple[str, str]], **kwargs: Any) -> None:  # noqa: ANN401
        """Take what `click.Group` takes, and the table, in the order that a person meets it."""
        super().__init__(*args, **{"context_settings": HELP, **kwargs})
        self.table = table
        add_options(self)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the arguments; without any, help is what was asked for."""
        return super().parse_args(ctx, args or ["--help"])

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Return the names, in the order in which a person meets them."""
        return list(self.table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Return a command, or None where there is none of that name."""
        if cmd_name not in self.table:
            return None
        module = import_module(f"{__package__}.{self.table[cmd_name][0]}")
        command: click.Command = getattr(module, f"{cmd_name.replace('-', '_')}_command")
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that the arguments begin with, or say which one may be meant."""
        if args[0] not in self.table and not args[0].startswith("-"):
            from sessionfs.cli.failure import nearest
            from sessionfs.errors import SessionfsError

            hint = nearest(args[0], self.table, ctx.command_path)
            raise SessionfsError(f"no such command: {args[0]}", hint=hint)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write the list of commands without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, told) for name, (_, told) in self.table.items()])

    def walk(self, *before: str) -> Iterator[tuple[tuple[str, ...], click.Command]]:
        """Yield every command with the words that name it, also those of the groups inside."""
        ctx = click.Context(self)
        for name in self.table:
            command = self.get_command(ctx, name)
            assert command is not None, "named in the table"  # noqa: S101  for the type
            yield (*before, name), command
            if isinstance(command, Commands):
                yield from command.walk(*before, name)
