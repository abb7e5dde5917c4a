"""The lines of a rollout, one message each."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from sessionfs.adapters.codex import items, meta
from sessionfs.adapters.codex.values import identifier_of, is_count, list_of, mapping_of, text_of
from sessionfs.draft import Draft
from sessionfs.model import Data, Text, Thinking, Unknown, Usage

if TYPE_CHECKING:
    from sessionfs.model import Actor, Part

_UUID7 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")

_WRAPPED = frozenset(
    "session_meta response_item event_msg turn_context compacted world_state"
    " inter_agent_communication inter_agent_communication_metadata".split()
)
_BARE = {
    "message": "content",
    "reasoning": "summary",
    "function_call": "call_id",
    "function_call_output": "output",
    "custom_tool_call": "input",
    "custom_tool_call_output": "output",
    "local_shell_call": "action",
    "web_search_call": "status",
}
"""Items that old versions wrote without a wrapper, and a key that each of them has."""

_CALLS = frozenset(
    "function_call custom_tool_call local_shell_call web_search_call tool_search_call"
    " image_generation_call".split()
)
_RESULTS = frozenset(
    "function_call_output custom_tool_call_output local_shell_call_output"
    " tool_search_output".split()
)
_COMPACTIONS = frozenset("compaction compaction_summary context_compaction".split())

_TOOL_EVENTS = frozenset(
    "exec_command_begin exec_command_end patch_apply_begin patch_apply_end mcp_tool_call_begin"
    " mcp_tool_call_end web_search_begin web_search_end image_generation_begin"
    " image_generation_end view_image_tool_call dynamic_tool_call_request"
    " dynamic_tool_call_response terminal_interaction".split()
)
"""What is told of a tool that runs; its call and its result are items."""

_WHOLE = {
    "thread_settings_applied": "context",
    "thread_goal_updated": "context",
    "plan_update": "context",
    "turn_diff": "snapshot",
    "exec_approval_request": "approval",
    "apply_patch_approval_request": "approval",
    "request_permissions": "approval",
    "request_user_input": "approval",
    "elicitation_request": "approval",
    "guardian_assessment": "approval",
    "sub_agent_activity": "subagent",
}
"""Events that are carried as they are, and their kinds."""

_LIFECYCLE = {
    "task_started": {"event": "turn_start"},
    "turn_started": {"event": "turn_start"},
    "task_complete": {"event": "turn_end"},
    "turn_complete": {"event": "turn_end"},
    "turn_aborted": {"event": "interrupt"},
    "thread_rolled_back": {"event": "rollback"},
    "entered_review_mode": {"event": "mode", "mode": "review"},
    "exited_review_mode": {"event": "mode", "mode": "default"},
    "thread_name_updated": {"event": "title"},
    "hook_started": {"event": "hook"},
    "hook_completed": {"event": "hook"},
    "item_started": {"event": "item"},
    "item_completed": {"event": "item"},
    "shutdown_complete": {"event": "end"},
}
"""Events that state a fact about the run of the session."""

_INJECTED = (
    "# AGENTS.md instructions",
    "<user_instructions>",
    "<INSTRUCTIONS>",
    "<environment_context>",
    "<external_",
    "<codex_internal_context",
    "<goal_context>",
    "<skill>",
    "<skills_instructions>",
    "<plugins_instructions>",
    "<apps_instructions>",
    "<app-context>",
    "<recommended_plugins",
    "<user_shell_command>",
    "<user_action>",
    "<turn_aborted>",
    "<permissions",
    "<hook_prompt",
    "<collaboration_mode>",
    "<personality_spec>",
    "<model_switch>",
    "<token_budget",
    "Warning: The maximum number of unified exec processes",
    "Warning: apply_patch was requested via",
    "Warning: Your account was flagged for potentially",
)
"""How text begins that Codex puts into the user's role and no human typed."""

_NOTIFIED = "<subagent_notification>"

_COUNTS = {
    "input": "input_tokens",
    "output": "output_tokens",
    "cache_read": "cached_input_tokens",
    "cache_write": "cache_write_input_tokens",
    "reasoning": "reasoning_output_tokens",
}
"""Our names of token counts, and those in a cumulative `total_token_usage`."""


def is_line(record: object) -> bool:
    """Tell whether a value is a line that only a rollout has, of any age."""
    if not isinstance(record, dict):
        return False
    kind = record.get("type")
    if isinstance(kind, str):
        return kind in _WRAPPED and isinstance(record.get("payload"), dict)
    return record.get("record_type") == "state" or _is_header(record)


def is_bare_item(record: object) -> bool:
    """Tell whether a value is an item of the conversation, as logs of other agents have too."""
    if not isinstance(record, dict):
        return False
    kind = record.get("type")
    return isinstance(kind, str) and kind in _BARE and _BARE[kind] in record


def _is_header(record: dict[str, Any]) -> bool:
    return {"id", "timestamp", "instructions"} <= record.keys() and "type" not in record


class Rollout:
    """Maps one rollout; it remembers the model in effect, the last total, and who prompts."""

    def __init__(self) -> None:
        """Start before the first line."""
        self._id: str | None = None
        self._started = False
        self._prompter: Actor = "human"
        self._replaying = False
        self._model: str | None = None
        self._total: dict[str, int] = {}
        self._summarized = False

    def map(self, record: Any) -> Draft:  # noqa: ANN401  JSON is any value
        """Return the draft of one line; one of no known form is kind `unknown`."""
        if not isinstance(record, dict):
            return Draft(parts=[Unknown(value=record)])
        draft = Draft(ts=record.get("timestamp"))
        kind, payload = text_of(record, "type"), record.get("payload")
        if isinstance(payload, dict):
            self._wrapped(draft, kind, payload)
        elif kind in _BARE:
            self._item(draft, kind, record)
        elif record.get("record_type") == "state":
            draft.kind = "snapshot"
        elif _is_header(record):
            self._meta(draft, record)
        else:
            draft.parts = [Unknown(value=record)]
        return draft

    def map_leading(self, path: str, record: Any) -> Draft:  # noqa: ANN401  JSON is any value
        """Return the draft of a document beside the log; Codex writes none."""
        return Draft(parts=[Unknown(value=record)], source=path)

    def _wrapped(self, draft: Draft, kind: str | None, payload: dict[str, Any]) -> None:
        # Only where the line itself says it: 46 bytes on every other line would say again what
        # the turn_start before it has said.
        draft.turn = text_of(payload, "turn_id")
        match kind:
            case "response_item":
                self._item(draft, text_of(payload, "type") or "message", payload)
            case "event_msg":
                self._event(draft, text_of(payload, "type") or "", payload)
            case "session_meta":
                self._meta(draft, payload)
            case "turn_context":
                self._begin_turn(draft.turn)
                self._model = text_of(payload, "model") or self._model
                draft.kind, draft.parts = "context", [Data(value=payload)]
            case "world_state":
                draft.kind, draft.parts = "context", [Data(value=payload)]
            case "compacted":
                self._compacted(draft, payload)
            case "inter_agent_communication" | "inter_agent_communication_metadata":
                draft.kind, draft.actor, draft.parts = "subagent", "subagent", [Data(value=payload)]
            case _:
                draft.parts = [Unknown(value=payload)]

    def _begin_turn(self, turn: str | None) -> None:
        self._summarized = False
        if turn and self._id and _UUID7.fullmatch(turn) and _UUID7.fullmatch(self._id):
            # Both begin with their time: a turn older than the session is its origin's.
            self._replaying = turn < self._id
        elif turn:
            self._replaying = False

    def _meta(self, draft: Draft, said: dict[str, Any]) -> None:
        """Map a session's first line, or one that a resume or a fork wrote later."""
        identifier, provider = identifier_of(said, "id"), text_of(said, "model_provider")
        if self._started and identifier != self._id:
            self._replaying = True
            value: dict[str, Any] = {"event": "fork"}
            if identifier:
                value["from"] = meta.uid(identifier)
        else:
            value = {"event": "resume" if self._started else "start"}
            if provider:
                value["provider"] = provider
            self._id, self._started = identifier, True
            self._prompter = meta.prompter(said)
            draft.facts = meta.facts(said)
        draft.kind, draft.parts = "lifecycle", [Data(value=value)]

    def _item(self, draft: Draft, kind: str, item: dict[str, Any]) -> None:
        """Map one item of the conversation as the model sees it."""
        draft.native_id = identifier_of(item, "id")
        if kind == "message":
            self._message(draft, item)
        elif kind == "reasoning":
            draft.role, draft.kind, draft.actor = "assistant", "thinking", "model"
            draft.parts, draft.model = items.reasoning(item), self._model
        elif kind in _CALLS:
            draft.role, draft.kind, draft.actor = "assistant", "tool_call", "model"
            draft.parts, draft.model = items.call(draft, kind, item), self._model
        elif kind in _RESULTS:
            draft.role, draft.kind, draft.actor = "tool", "tool_result", "tool"
            draft.parts = [items.result(draft, item)]
        elif kind == "agent_message":
            draft.role, draft.kind, draft.actor = "user", "subagent", "subagent"
            draft.parts = items.content(draft, item.get("content"))
        elif kind in _COMPACTIONS:
            self._summarize(draft, items.reasoning(item))
        elif kind == "ghost_snapshot":
            draft.kind, draft.parts = "snapshot", [Data(value=item)]
        elif kind in {"additional_tools", "compaction_trigger", "other"}:
            draft.kind, draft.parts = "context", [Data(value=item)]
        else:
            draft.parts = [Unknown(value=item)]

    def _message(self, draft: Draft, item: dict[str, Any]) -> None:
        draft.parts = items.content(draft, item.get("content"))
        match item.get("role"):
            case "assistant":
                draft.role, draft.kind, draft.actor = "assistant", "assistant_msg", "model"
                draft.model = self._model
            case "user":
                draft.role = "user"
                draft.kind, draft.actor = self._said_as_user(draft.parts)
            case _:
                draft.kind = "context"

    def _said_as_user(self, parts: list[Part]) -> tuple[str, Actor]:
        """Return kind and actor of a message in the user's role: often no human typed it."""
        texts = [part.text for part in parts if isinstance(part, Text)]
        starts = [text.lstrip() for text in texts if isinstance(text, str)]
        if starts and len(starts) == len(parts):
            if all(text.startswith(_NOTIFIED) for text in starts):
                return "subagent", "harness"
            if all(text.startswith((*_INJECTED, _NOTIFIED)) for text in starts):
                return "context", "harness"
        return "user_msg", "human" if self._replaying else self._prompter

    def _event(self, draft: Draft, kind: str, event: dict[str, Any]) -> None:
        """Map what Codex told its user interface."""
        if kind in {"user_message", "agent_message", "agent_reasoning"}:
            draft.kind = "echo"
            draft.role, draft.actor = "assistant", "model"
            if kind == "user_message":
                draft.role, draft.actor = "user", "human" if self._replaying else self._prompter
                _share_images(draft, list_of(event, "images"))
        elif kind == "agent_reasoning_raw_content":
            # The item beside it leaves raw reasoning out, so this is no echo.
            self._generated(draft, "thinking", event, Thinking)
        elif kind == "token_count":
            draft.kind, draft.usage = "usage", self._usage(mapping_of(event, "info"))
        elif kind in _TOOL_EVENTS:
            draft.role, draft.kind, draft.actor = "tool", "tool_progress", "tool"
            draft.parts = items.printed(event)
        elif kind == "context_compacted":
            self._summarize(draft, [])
        elif kind in {"error", "stream_error"}:
            draft.kind, draft.parts = "error", items.content(draft, event.get("message"))
        elif kind in _WHOLE or kind.startswith("collab_"):
            draft.kind, draft.parts = _WHOLE.get(kind, "subagent"), [Data(value=event)]
        elif kind == "item_completed" and "text" in mapping_of(event, "item"):
            # Only what no item of the conversation says is told so: a plan.
            self._generated(draft, "assistant_msg", mapping_of(event, "item"), Text)
        elif (value := _lifecycle(kind, event)) is not None:
            draft.kind, draft.parts = "lifecycle", [Data(value=value)]
            if kind in {"task_started", "turn_started"}:
                self._begin_turn(draft.turn)
        else:
            draft.parts = [Unknown(value=event)]

    def _generated(
        self, draft: Draft, kind: str, said: dict[str, Any], part: type[Text | Thinking]
    ) -> None:
        """Map text of the model that only an event carries."""
        draft.role, draft.kind, draft.actor, draft.model = "assistant", kind, "model", self._model
        draft.parts = [part(text=text)] if (text := text_of(said, "text")) else []

    def _compacted(self, draft: Draft, payload: dict[str, Any]) -> None:
        for item in list_of(payload, "replacement_history"):
            if isinstance(item, dict):
                items.content(draft, item.get("content"))  # its images refer to their files
        text = text_of(payload, "message")
        self._summarized = self._summarized and text is None
        self._summarize(draft, [Text(text=text)] if text else [])

    def _summarize(self, draft: Draft, parts: list[Part]) -> None:
        """Map one of the several records that a compaction leaves: the first one counts."""
        draft.kind = "echo" if self._summarized else "summary"
        draft.parts = [] if self._summarized else parts
        self._summarized = True

    def _usage(self, info: dict[str, Any]) -> Usage | None:
        """Return what was used since the last total; None where the total did not change."""
        total = mapping_of(info, "total_token_usage")
        counts = {name: total[key] for name, key in _COUNTS.items() if is_count(total.get(key))}
        before = self._total
        if any(count < before.get(name, 0) for name, count in counts.items()):
            before = {}  # the counter began anew
        self._total = before | counts
        used = {name: count - before.get(name, 0) for name, count in counts.items()}
        return Usage(**used, convention="inclusive") if any(used.values()) else None


def _share_images(draft: Draft, urls: list[Any]) -> None:
    """Let an echo keep its images by reference to the files of the message that it repeats."""
    for url in urls:
        if isinstance(url, str):
            items.image(draft, url)


def _lifecycle(kind: str, event: dict[str, Any]) -> dict[str, Any] | None:
    """Return the fact that an event states about the run of the session, if it does."""
    if kind not in _LIFECYCLE:
        return None
    value: dict[str, Any] = dict(_LIFECYCLE[kind])
    if kind == "turn_aborted" and (reason := text_of(event, "reason")):
        value["reason"] = reason
    if kind == "thread_rolled_back" and is_count(turns := event.get("num_turns")):
        value["turns"] = turns
    if kind == "thread_name_updated" and (title := text_of(event, "thread_name")):
        value["title"] = title
    return value
