"""What the first line of a rollout says about the whole session."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from sessionfs.adapters.codex.values import identifier_of, mapping_of, text_of
from sessionfs.draft import Facts
from sessionfs.tree import is_safe_path

if TYPE_CHECKING:
    from sessionfs.model import Actor

FLAVOR: Final = "codex"
"""The registry's name of the native format."""

_FACT = re.compile(r"[^\x00-\x1f\x7f\u2028\u2029\ud800-\udfff]{1,4096}")
_TIME = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}):([0-9]{2}):([0-9]{2})")


def uid(identifier: str) -> str:
    """Return the uid of the session that has this native id."""
    return f"{FLAVOR}:{identifier}"


def facts(meta: dict[str, Any]) -> Facts:
    """Return the facts of a `session_meta`, or of the header that old versions wrote."""
    identifier = identifier_of(meta, "id")
    git = mapping_of(meta, "git")
    spawn = mapping_of(mapping_of(mapping_of(meta, "source"), "subagent"), "thread_spawn")
    spawner = identifier_of(spawn, "parent_thread_id") or identifier_of(meta, "parent_thread_id")
    origin = spawner or identifier_of(meta, "forked_from_id")
    learned = Facts(
        native_id=identifier,
        name=_file_name(identifier, text_of(meta, "timestamp")),
        version=_fact(meta, "cli_version"),
        cwd=_fact(meta, "cwd"),
        branch=_fact(git, "branch"),
        commit=_fact(git, "commit_hash"),
        repository=_fact(git, "repository_url"),
    )
    if origin and origin != identifier:
        learned.parent, learned.relation = uid(origin), "subagent" if spawner else "fork"
    return learned


def prompter(meta: dict[str, Any]) -> Actor:
    """Return who speaks in the user's role: a subagent is prompted by its spawner.

    `source` names a subagent that a model spawned by an object, such as `thread_spawn`, and
    one that Codex itself starts, such as `review`, by a string.
    """
    match mapping_of(meta, "source").get("subagent"):
        case dict():
            return "model"
        case None:
            return "human"
        case _:
            return "harness"


def _fact(record: dict[str, Any], key: str) -> str | None:
    """Return a string fit for a manifest: one line of real Unicode, of a sane length."""
    value = text_of(record, key)
    return value if value and _FACT.fullmatch(value) else None


def _file_name(identifier: str | None, timestamp: str | None) -> str | None:
    """Return the name that Codex gives the file, up to its time zone, which no line tells."""
    time = _TIME.match(timestamp or "")
    if identifier is None or time is None:
        return None
    name = f"rollout-{'-'.join(time.groups())}-{identifier}.jsonl"
    return name if is_safe_path(name) else None
