"""Codex CLI: its rollouts, `rollout-<time>-<id>.jsonl`, from the first bare items to today's.

A rollout says what was said twice: `response_item` is what the model saw and is what we keep,
the `event_msg` beside it is an `echo`. Token counts are cumulative, so a message's usage is
the difference to the last one. Nothing in a record is trusted to have the type that it should.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sessionfs.adapters.codex.meta import FLAVOR
from sessionfs.adapters.codex.rollout import Rollout, is_bare_item, is_line

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sessionfs.tree import Tree


class Codex:
    """What sessionfs knows about Codex; the same for every log."""

    flavor = FLAVOR
    agent = "Codex"
    mapping = "1"

    def recognizes(self, records: Sequence[Any]) -> int:
        """Return how many of the first records of a file are lines of a rollout."""
        lines = sum(map(is_line, records))
        return lines + sum(map(is_bare_item, records)) if lines else 0

    def children(self, tree: Tree, path: str) -> Sequence[str]:  # noqa: ARG002
        """Return nothing: a subagent's rollout stands beside its parent's and names it."""
        return ()

    def leading(self, tree: Tree, path: str) -> Sequence[str]:  # noqa: ARG002
        """Return nothing: a rollout is all that describes a session."""
        return ()

    def attachable(self, tree: Tree, path: str) -> Sequence[str]:  # noqa: ARG002
        """Return nothing: everything stands in the rollout."""
        return ()

    def mapper(self, path: str, name: str, read: Callable[[str], bytes | None]) -> Rollout:  # noqa: ARG002
        """Return a fresh mapper; it needs to know nothing but the records."""
        return Rollout()

    def stores(self, environment: Mapping[str, str], home: str, platform: str) -> Sequence[str]:
        """Return the directories of running and of archived sessions."""
        separator = "\\" if platform == "win32" else "/"
        root = environment.get("CODEX_HOME") or f"{home}{separator}.codex"
        return [f"{root}{separator}{name}" for name in ("sessions", "archived_sessions")]


ADAPTER = Codex()
