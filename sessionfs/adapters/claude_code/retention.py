"""How long Claude Code keeps its logs: `cleanupPeriodDays`, from a file's last change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sessionfs.canonical import decode

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_KEY: Final = "cleanupPeriodDays"
_DEFAULT: Final = 30


def settings_files(environment: Mapping[str, str], home: str, project: str) -> Sequence[str]:
    """Return the files that may set the period, the one that counts most last."""
    own = environment.get("CLAUDE_CONFIG_DIR") or f"{home}/.claude"
    places = (own, f"{project}/.claude")
    return [
        f"{place}/{name}" for place in places for name in ("settings.json", "settings.local.json")
    ]


def days_kept(settings: Iterable[bytes]) -> int:
    """Return for how many days a log is kept, as files of settings say it; by default 30."""
    days = _DEFAULT
    for content in settings:
        try:
            value = decode(content)
        except (ValueError, RecursionError):
            continue
        said = value.get(_KEY) if isinstance(value, dict) else None
        if isinstance(said, int) and not isinstance(said, bool) and said >= 0:
            days = said
    return days
