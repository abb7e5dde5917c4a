"""What Claude Code writes beside the conversation: states, notices, progress, attachments.

Each known type has its kind here; anything else becomes `unknown`, whole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sessionfs.adapters.claude_code import content
from sessionfs.adapters.claude_code.content import count, members, text
from sessionfs.model import Data, Part, Text, Unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sessionfs.draft import Draft

_CONTEXT = frozenset(
    "task_reminder deferred_tools_delta skill_listing mcp_instructions_delta agent_listing_delta"
    " command_permissions date_change auto_mode goal_status todo_reminder nested_memory plan_mode"
    " plan_mode_exit plan_file_reference invoked_skills relevant_memories output_style task_status"
    " critical_system_reminder opened_file_in_ide selected_lines_in_ide compact_file_reference"
    " queued_command token_usage budget_usd".split()
)
"""Attachments that tell the model about its surroundings."""

_ATTACHED = frozenset(
    "diagnostics edited_text_file file directory already_read_file mcp_resource".split()
)
"""Attachments that bring in a file or what was found in files."""

_TOOL_PROGRESS = frozenset(
    "mcp_progress waiting_for_task query_update search_results_received".split()
)


def unknown(draft: Draft, value: object) -> Draft:
    """Make a draft of kind `unknown` that shows the whole value."""
    draft.role, draft.kind, draft.actor = "system", "unknown", "harness"
    draft.parts = [Unknown(value=value)]
    return draft


def _event(draft: Draft, event: str, *before: Part, **facts: object) -> None:
    draft.kind = "lifecycle"
    known = {name: fact for name, fact in facts.items() if fact is not None}
    draft.parts = [*before, Data(value={"event": event, **known})]


def _words(value: object) -> list[Part]:
    return [Text(text=value)] if isinstance(value, str) and value else []


def _hook(record: dict[str, Any]) -> str | None:
    """Return a hook's name, such as `PostToolUse:Edit`: its event and what it matched."""
    return text(record.get("hookName")) or text(record.get("hookEvent"))


def title(draft: Draft, record: dict[str, Any], key: str, *, event: str = "title") -> None:
    """Map a record that names the session."""
    words = record.get(key)
    if isinstance(words, str):
        _event(draft, event, title=words)
    else:
        unknown(draft, record)


def _titled(key: str) -> Callable[[Draft, dict[str, Any]], None]:
    return lambda draft, record: title(draft, record, key)


def summary(draft: Draft, record: dict[str, Any], *, own: bool) -> None:
    """Map a title in the old manner; `own` tells whether its leaf is a record of this log.

    Versions up to 2.0 write titles of other conversations into the log that is open.
    """
    title(draft, record, "summary", event="title" if own else "title_elsewhere")


def _mode(key: str, of: str | None) -> Callable[[Draft, dict[str, Any]], None]:
    def mode(draft: Draft, record: dict[str, Any]) -> None:
        _event(draft, "mode", mode=text(record.get(key)), of=of)

    return mode


def _echo(draft: Draft, _record: dict[str, Any]) -> None:
    draft.kind = "echo"


def _link(draft: Draft, record: dict[str, Any]) -> None:
    url = text(record.get("prUrl"))
    if url is None:
        unknown(draft, record)
        return
    draft.kind, draft.parts = "link", [Data(value={"kind": "pr", "ref": url})]


def _queue(draft: Draft, record: dict[str, Any]) -> None:
    _event(draft, "queue", *_words(record.get("content")), operation=text(record.get("operation")))


def _bridge(draft: Draft, _record: dict[str, Any]) -> None:
    _event(draft, "bridge")


def _snapshot(draft: Draft, record: dict[str, Any]) -> None:
    # Its time is that of the files: as the record's own it would come before whose log this is.
    snapshot = members(record.get("snapshot"))
    draft.kind = "snapshot"
    draft.parts = [Data(value=snapshot)] if snapshot else []


def _system(draft: Draft, record: dict[str, Any]) -> None:
    words = record.get("content")
    said = _words(words)
    match record.get("subtype"):
        case "compact_boundary":
            trigger = members(record.get("compactMetadata")).get("trigger")
            _event(draft, "compact", *said, trigger=text(trigger))
            draft.kind = "summary"
        case "microcompact_boundary":
            trigger = members(record.get("microcompactMetadata")).get("trigger")
            _event(draft, "compact", *said, trigger=text(trigger), micro=True)
            draft.kind = "summary"
        case "turn_duration":
            _event(draft, "turn_end", *said, duration_ms=count(record.get("durationMs")))
        case "stop_hook_summary":
            _event(draft, "hook", *said, name="Stop")
            draft.actor = "hook"
        case "api_error":
            _api_error(draft, record, said)
        case "away_summary":
            _event(draft, "away", *said)
        case "bridge_status":
            _event(draft, "bridge", *said)
        case "local_command" if isinstance(words, str) and content.speech(words) == "command":
            _event(draft, "command", *said, name=content.command_name(words))
        case "local_command" | "informational":
            draft.kind, draft.parts = "context", said
        case None if said:  # notices before 2.0 had a level and no subtype
            draft.kind = "error" if record.get("level") == "error" else "context"
            draft.parts = said
        case _:
            unknown(draft, record)


def _api_error(draft: Draft, record: dict[str, Any], said: list[Part]) -> None:
    error = record.get("error")
    details = members(error)
    told = next(
        (words for words in (details.get("formatted"), details.get("message"), error)
         if isinstance(words, str) and words),
        None,
    )  # fmt: skip
    _event(
        draft, "retry", *(said or _words(told)),
        status=count(details.get("status")), attempt=count(record.get("retryAttempt")),
    )  # fmt: skip
    draft.kind = "error"


def _progress(draft: Draft, record: dict[str, Any]) -> None:
    told = members(record.get("data"))
    match told.get("type"):
        case "agent_progress":  # the subagent's own log carries the message itself
            draft.kind, draft.actor = "echo", "subagent"
            draft.agent = text(told.get("agentId")) or draft.agent
        case "bash_progress":
            draft.role, draft.kind, draft.actor = "tool", "tool_progress", "tool"
            draft.parts = _words(told.get("output"))
        case "hook_progress":
            _event(draft, "hook", name=_hook(told))
            draft.actor = "hook"
        case str(kind) if kind in _TOOL_PROGRESS:
            draft.role, draft.kind, draft.actor = "tool", "tool_progress", "tool"
            draft.parts = [Data(value=told)]
        case _:
            unknown(draft, record)


def attachment(draft: Draft, record: dict[str, Any]) -> None:
    """Map what the harness attached to the conversation, prompts of people apart."""
    attached = members(record.get("attachment"))
    match attached.get("type"):
        case "hook_additional_context":
            draft.kind, draft.actor, draft.parts = "context", "hook", [Data(value=attached)]
        case str(kind) if kind.startswith("hook_") or kind == "async_hook_response":
            _event(draft, "hook", *_words(attached.get("content")), name=_hook(attached))
            draft.actor = "hook"
        case str(kind) if kind in _CONTEXT:
            draft.kind, draft.parts = "context", [Data(value=attached)]
        case str(kind) if kind in _ATTACHED:
            draft.kind, draft.parts = "attachment", _attached(draft, attached)
        case _:
            unknown(draft, record)


def _attached(draft: Draft, attached: dict[str, Any]) -> list[Part]:
    match attached:
        case {"content": {"file": {"base64": str(payload), **rest}}}:
            claimed, name = content.media_type(rest.get("type")), text(attached.get("filename"))
            file = draft.image(payload, claimed, name=name)
            return [Data(value=attached)] if file is None else [file]
        case _:
            return [Data(value=attached)]


RECORDS: Final[Mapping[str, Callable[[Draft, dict[str, Any]], None]]] = {
    "system": _system,
    "progress": _progress,
    "file-history-snapshot": _snapshot,
    "ai-title": _titled("aiTitle"),
    "custom-title": _titled("customTitle"),
    "agent-name": _titled("agentName"),
    "permission-mode": _mode("permissionMode", "permission"),
    "mode": _mode("mode", None),
    "last-prompt": _echo,
    "queue-operation": _queue,
    "pr-link": _link,
    "bridge-session": _bridge,
}
"""How records that are no message are mapped, by type."""
