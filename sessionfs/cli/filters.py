"""Which sessions are meant: the options that `list` and `pack` have in common."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Callable

_AGO = {"h": "hours", "d": "days", "w": "weeks"}
_TIME = re.compile(
    r"[0-9]{4}(-[0-9]{2}(-[0-9]{2}(T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{3})?)?Z?)?)?)?"
)


class Moment(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.5
    """A time: `2026-11`, `2026-11-22`, `2026-11-22T10:30Z`, or an age such as `7d`."""

    name = "time"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> str:
        """Return the time as the beginning of a timestamp."""
        text = str(value)
        if re.fullmatch("[0-9]{1,5}[hdw]", text):
            ago = timedelta(**{_AGO[text[-1]]: int(text[:-1])})
            begin = datetime.min.replace(tzinfo=UTC)
            now = datetime.now(UTC)
            return (now - ago if ago < now - begin else begin).isoformat()[:19]
        if _TIME.fullmatch(text) is None:
            told = f"{text!r} is no time: 2026-11, 2026-11-22, 2026-11-22T10:30Z, 7d, 12h"
            self.fail(told, param, ctx)
        return text.removesuffix("Z")


_OPTIONS = (
    click.option("--agent", metavar="AGENT", help="Only this agent's: claude-code, codex."),
    click.option(
        "--tag", "tags", metavar="TAG", multiple=True, help="Only with this tag; may be repeated."
    ),
    click.option(
        "--since", type=Moment(), metavar="TIME", help="Begun at or after: 2026-11-22 (UTC), 7d."
    ),
    click.option(
        "--until", type=Moment(), metavar="TIME", help="Begun before the end of: 2026-11-22."
    ),
    click.option(
        "--state",
        type=click.Choice(["created", "active", "suspended", "ended"]),
        help="Only in this state.",
    ),
    click.option(
        "--sort",
        type=click.Choice(["newest", "oldest", "title", "messages"]),
        default="newest",
        show_default=True,
        help="What comes first.",
    ),
    click.option("--limit", type=click.IntRange(min=0), metavar="N", help="At most so many."),
    click.option(
        "--offset",
        type=click.IntRange(min=0),
        default=0,
        metavar="N",
        help="Leave out the first so many.",
    ),
)


def filters(function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the options of `list_sessions`."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function
