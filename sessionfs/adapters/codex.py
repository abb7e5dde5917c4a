"""Codex CLI: its rollouts, `rollout-<time>-<id>.jsonl`, from the first bare items to today's.

A rollout says what was said twice: `response_item` is what the model saw and is what we keep,
the `event_msg` beside it is an `echo`. Token counts are cumulative, so a message's usage is the
difference to the last one. Nothing in a record is trusted to have the type that it should have.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, TypeGuard

from sessionfs.canonical import MAX_INTEGER, UNSET
from sessionfs.draft import Draft, Facts
from sessionfs.model import Data, File, Text, Thinking, ToolCall, ToolResult, Unknown, Usage
from sessionfs.tree import is_safe_path

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sessionfs.model import Actor, Part, Role
    from sessionfs.tree import Tree

_ID = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,127}")
_UUID7 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")
_TIME = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})")
_USERINFO = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<user>[^/?#]*)@")
_DATA_URL = re.compile(r"data:([a-z]{1,20}/[A-Za-z0-9.+-]{1,80});base64,")
_UNIFIED = re.compile(
    r"Chunk ID: \w+\nWall time: ([0-9]{1,9}\.[0-9]{1,9}) seconds\n(?:Process exited with code (-?[0-9]{1,9})\n)?"
)
_SHELL = re.compile(r"Exit code: (-?[0-9]{1,9})\nWall time: ([0-9]{1,9}(?:\.[0-9]{1,9})?) seconds\n")

_INJECTED = (
    "# AGENTS.md instructions", "<user_instructions>", "<INSTRUCTIONS>", "<environment_context>",
    "<external_", "<codex_internal_context", "<goal_context>", "<skill>", "<skills_instructions>",
    "<plugins_instructions>", "<apps_instructions>", "<app-context>", "<recommended_plugins",
    "<user_shell_command>", "<user_action>", "<turn_aborted>", "<permissions", "<hook_prompt",
    "<collaboration_mode>", "<personality_spec>", "<model_switch>", "<token_budget",
    "Warning: The maximum number of unified exec processes",
    "Warning: apply_patch was requested via", "Warning: Your account was flagged for potentially",
)
"""How text begins that Codex puts into the user's role and no human typed."""

_NOTIFICATION = "<subagent_notification>"

_TOTALS = (
    ("input", "input_tokens"), ("output", "output_tokens"), ("cache_read", "cached_input_tokens"),
    ("cache_write", "cache_write_input_tokens"), ("reasoning", "reasoning_output_tokens"),
)
"""Our names of token counts, and those of a cumulative `total_token_usage`."""

_PRINTED = ("aggregated_output", "stdout", "formatted_output", "stderr")
"""Where the report of a tool's end keeps what the tool printed, often more than once."""

_DOUBLES = frozenset("user_message agent_message agent_reasoning".split())
_WRAPPED = frozenset(
    "session_meta response_item event_msg turn_context compacted world_state"
    " inter_agent_communication inter_agent_communication_metadata".split()
)
_BARE = {
    "message": "content", "reasoning": "summary", "function_call": "call_id", "local_shell_call": "action",
    "function_call_output": "output", "custom_tool_call": "input", "custom_tool_call_output": "output",
    "web_search_call": "status",
}
"""Items that old versions wrote without a wrapper, and a key that each of them has."""


class Codex:
    """What sessionfs knows about Codex; the same for every log."""

    flavor = "codex"
    agent = "Codex"
    mapping = "1"

    def recognizes(self, records: Sequence[Any]) -> int:
        """Return how many of the first records of a file are lines of a rollout."""
        return sum(map(_is_ours, records))

    def children(self, tree: Tree, path: str) -> Sequence[str]:  # noqa: ARG002  a subagent's rollout stands alone
        """Return nothing: a subagent's rollout stands beside its parent's and names it."""
        return ()

    def leading(self, tree: Tree, path: str) -> Sequence[str]:  # noqa: ARG002  there are none
        """Return nothing: a rollout is all that describes a session."""
        return ()

    def attachable(self, tree: Tree, path: str) -> Sequence[str]:  # noqa: ARG002  there are none
        """Return nothing: everything stands in the rollout."""
        return ()

    def mapper(self, path: str, name: str, read: Callable[[str], bytes | None]) -> _Rollout:  # noqa: ARG002  from content alone
        """Return a fresh mapper."""
        return _Rollout()

    def stores(self, environment: Mapping[str, str], home: str, platform: str) -> Sequence[str]:
        """Return the directories of running and of archived sessions."""
        separator = "\\" if platform == "win32" else "/"
        root = environment.get("CODEX_HOME") or f"{home}{separator}.codex"
        return [f"{root}{separator}{name}" for name in ("sessions", "archived_sessions")]


ADAPTER = Codex()


def _is_ours(record: object) -> bool:
    if not isinstance(record, dict):
        return False
    kind = record.get("type")
    if isinstance(kind, str) and kind in _WRAPPED:
        return isinstance(record.get("payload"), dict)
    if isinstance(kind, str):
        return kind in _BARE and _BARE[kind] in record and not {"uuid", "parentId", "message"} & record.keys()
    return record.get("record_type") == "state" or _is_header(record)


def _is_header(record: dict[str, Any]) -> bool:
    return {"id", "timestamp", "instructions"} <= record.keys() and "type" not in record


class _Rollout:
    """Maps one rollout; it remembers the turn and model in effect and the last total."""

    def __init__(self) -> None:
        self._id: str | None = None
        self._named = False
        self._prompter: Actor = "human"
        self._replaying = False
        self._turn: str | None = None
        self._model: str | None = None
        self._total: dict[str, int] = {}
        self._summarized = False

    def map(self, record: Any) -> Draft:  # noqa: ANN401  JSON is any value
        """Return the draft of one line; what is known of none is kind `unknown`."""
        if not isinstance(record, dict):
            return Draft(parts=[Unknown(value=record)])
        kind, payload = _string(record, "type"), record.get("payload")
        draft = Draft(ts=record.get("timestamp"))
        if isinstance(payload, dict):
            self._wrapped(draft, kind, payload)
        elif kind in _BARE:
            self._item(draft, kind, record)
        elif record.get("record_type") == "state":
            draft.kind = "snapshot"
        elif _is_header(record):
            self._meta(draft, record, record)
        else:
            draft.parts = [Unknown(value=record)]
        return draft

    def map_leading(self, path: str, record: Any) -> Draft:  # noqa: ANN401  JSON is any value
        """Return the draft of a document that is none of ours."""
        return Draft(parts=[Unknown(value=record)], source=path)

    def _wrapped(self, draft: Draft, kind: str | None, payload: dict[str, Any]) -> None:
        self._follow_turn(draft, kind, payload)
        match kind:
            case "response_item":
                self._item(draft, _string(payload, "type") or "message", payload)
            case "event_msg":
                self._event(draft, _string(payload, "type"), payload)
            case "session_meta":
                self._meta(draft, payload, payload)
            case "turn_context" | "world_state":
                draft.kind, draft.parts = "context", [Data(value=payload)]
            case "compacted":
                self._compacted(draft, payload)
            case "inter_agent_communication" | "inter_agent_communication_metadata":
                draft.kind, draft.actor, draft.parts = "subagent", "subagent", [Data(value=payload)]
            case _:
                draft.parts = [Unknown(value=payload)]

    def _follow_turn(self, draft: Draft, kind: str | None, payload: dict[str, Any]) -> None:
        """Note the turn that begins or ends with this record, and its model."""
        turn = _string(payload, "turn_id")
        event = _string(payload, "type") if kind == "event_msg" else None
        if kind == "turn_context" or event in {"task_started", "turn_started"}:
            self._turn = turn or self._turn
            self._summarized = False
            if turn and self._id and _UUID7.fullmatch(turn) and _UUID7.fullmatch(self._id):
                # Both begin with their time: an older turn is one that a fork repeats.
                self._replaying = turn < self._id
            elif turn:
                self._replaying = False
        if kind == "turn_context":
            self._model = _string(payload, "model") or self._model
        draft.turn = turn or self._turn
        if event in {"task_complete", "turn_complete", "turn_aborted"}:
            self._turn = None

    def _meta(self, draft: Draft, meta: dict[str, Any], text: dict[str, Any]) -> None:
        """Map a session's first line, or one that a resume or a fork has repeated."""
        draft.kind = "lifecycle"
        identifier = _identifier(meta, "id")
        if self._named and identifier != self._id:
            value: dict[str, Any] = {"event": "fork"}
            if identifier:
                value["from"] = f"{ADAPTER.flavor}:{identifier}"
            draft.parts = [Data(value=value)]
            self._replaying = True
            return
        value = {"event": "resume" if self._named else "start"}
        if provider := _string(meta, "model_provider"):
            value["provider"] = provider
        draft.parts = [Data(value=value)]
        self._id, self._named = identifier, True
        source = text.get("source")
        subagent = source.get("subagent") if isinstance(source, dict) else None
        if subagent is not None:
            self._prompter = "model" if isinstance(subagent, dict) else "harness"
        draft.facts = _facts(meta, identifier, subagent)

    def _item(self, draft: Draft, kind: str, item: dict[str, Any]) -> None:
        """Map one item of the conversation as the model sees it."""
        draft.native_id = _identifier(item, "id")
        match kind:
            case "message":
                self._message(draft, item)
            case "reasoning":
                draft.role, draft.kind, draft.actor = "assistant", "thinking", "model"
                draft.parts, draft.model = _reasoning(item), self._model
            case "function_call" | "custom_tool_call" | "local_shell_call" | "web_search_call" | (
                "tool_search_call" | "image_generation_call"
            ):
                draft.role, draft.kind, draft.actor = "assistant", "tool_call", "model"
                draft.parts, draft.model = _call(draft, kind, item), self._model
            case "function_call_output" | "custom_tool_call_output" | "local_shell_call_output" | (
                "tool_search_output"
            ):
                draft.role, draft.kind, draft.actor = "tool", "tool_result", "tool"
                draft.parts = [_result(draft, item)]
            case "agent_message":
                draft.role, draft.kind, draft.actor = "user", "subagent", "subagent"
                draft.parts = _content(draft, item.get("content"))
            case "compaction" | "compaction_summary" | "context_compaction":
                self._summary(draft, [Thinking(text="", encrypted=text)]
                              if (text := _string(item, "encrypted_content")) else [])
            case "ghost_snapshot":
                draft.kind, draft.parts = "snapshot", [Data(value=item)]
            case "additional_tools" | "compaction_trigger" | "other":
                draft.kind, draft.parts = "context", [Data(value=item)]
            case _:
                draft.parts = [Unknown(value=item)]

    def _message(self, draft: Draft, item: dict[str, Any]) -> None:
        draft.parts = _content(draft, item.get("content"))
        match item.get("role"):
            case "assistant":
                draft.role, draft.kind, draft.actor = "assistant", "assistant_msg", "model"
                draft.model = self._model
                draft.stop = None
            case "user":
                draft.role, draft.kind, draft.actor = "user", *self._user(draft.parts)
            case _:
                draft.kind = "context"

    def _user(self, parts: list[Part]) -> tuple[str, Actor]:
        """Return kind and actor of a message in the user's role: often no human typed it."""
        texts = [part.text.lstrip() for part in parts if isinstance(part, Text) and isinstance(part.text, str)]
        if texts and len(texts) == len(parts):
            if all(text.startswith(_NOTIFICATION) for text in texts):
                return "subagent", "harness"
            if all(text.startswith((*_INJECTED, _NOTIFICATION)) for text in texts):
                return "context", "harness"
        return "user_msg", "human" if self._replaying else self._prompter

    def _event(self, draft: Draft, kind: str | None, event: dict[str, Any]) -> None:  # noqa: C901, PLR0912  one case a type
        """Map what Codex tells its user interface."""
        match kind:
            case "user_message" | "agent_message" | "agent_reasoning":
                draft.kind = "echo"
                if kind == "user_message":
                    draft.role, draft.actor = "user", "human"
                    _share_images(draft, event.get("images"))
                else:
                    draft.role, draft.actor = "assistant", "model"
            case "agent_reasoning_raw_content":
                # The item beside it leaves raw reasoning out, so this is no double.
                draft.role, draft.kind, draft.actor, draft.model = "assistant", "thinking", "model", self._model
                draft.parts = [Thinking(text=text)] if (text := _string(event, "text")) else []
            case "token_count":
                draft.kind, draft.usage = "usage", self._usage(event.get("info"))
            case "exec_command_end" | "patch_apply_end" | "mcp_tool_call_end" | "web_search_end" | (
                "image_generation_end" | "view_image_tool_call" | "dynamic_tool_call_request"
                | "dynamic_tool_call_response" | "terminal_interaction" | "exec_command_begin"
                | "mcp_tool_call_begin" | "web_search_begin" | "patch_apply_begin"
            ):
                draft.role, draft.kind, draft.actor = "tool", "tool_progress", "tool"
                draft.parts = _printed(event)
            case "context_compacted":
                self._summary(draft, [])
            case "thread_settings_applied" | "thread_goal_updated" | "plan_update":
                draft.kind, draft.parts = "context", [Data(value=event)]
            case "item_completed":
                _completed(draft, event.get("item"))
            case "error" | "stream_error":
                draft.kind = "error"
                draft.parts = [Text(text=text)] if (text := _string(event, "message")) else []
            case "turn_diff":
                draft.kind, draft.parts = "snapshot", [Data(value=event)]
            case str() if kind.startswith("collab_") or kind == "sub_agent_activity":
                draft.kind, draft.actor, draft.parts = "subagent", "model", [Data(value=event)]
            case str() if kind.endswith("_approval_request") or kind in {
                "request_permissions", "request_user_input", "elicitation_request", "guardian_assessment"
            }:
                draft.kind, draft.parts = "approval", [Data(value=event)]
            case str() if (value := _lifecycle(kind, event)) is not None:
                draft.kind, draft.parts = "lifecycle", [Data(value=value)]
                if kind == "turn_aborted":
                    draft.actor = "human" if event.get("reason") == "interrupted" else "harness"
            case _:
                draft.parts = [Unknown(value=event)]

    def _compacted(self, draft: Draft, payload: dict[str, Any]) -> None:
        text = _string(payload, "message")
        self._summarized = self._summarized and text is None
        self._summary(draft, [Text(text=text)] if text else [])

    def _summary(self, draft: Draft, parts: list[Part]) -> None:
        """Map one of the several records that a compaction leaves: the first counts."""
        draft.kind = "echo" if self._summarized else "summary"
        draft.parts = [] if self._summarized else parts
        self._summarized = True

    def _usage(self, info: object) -> Usage | None:
        """Return what was used since the last total; None where the total did not change."""
        total = info.get("total_token_usage") if isinstance(info, dict) else None
        if not isinstance(total, dict):
            return None
        counts = {name: count for name, key in _TOTALS if _is_count(count := total.get(key))}
        before = self._total
        if any(count < before.get(name, 0) for name, count in counts.items()):
            before = {}  # the counter began anew
        self._total = before | counts
        used = {name: count - before.get(name, 0) for name, count in counts.items()}
        return Usage(**used, convention="inclusive") if any(used.values()) else None


def _string(record: Mapping[str, Any], key: str) -> str | None:
    value = record.get(key)
    return value if isinstance(value, str) and value else None


def _identifier(record: Mapping[str, Any], key: str) -> str | None:
    value = record.get(key)
    return value if isinstance(value, str) and _ID.fullmatch(value) else None


def _is_count(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_INTEGER


def _facts(meta: dict[str, Any], identifier: str | None, subagent: object) -> Facts:
    """Return what a session's first line says about the whole."""
    git = meta.get("git")
    git = git if isinstance(git, dict) else {}
    facts = Facts(
        native_id=identifier,
        version=_fact(meta, "cli_version"),
        cwd=_fact(meta, "cwd"),
        branch=_fact(git, "branch"),
        commit=_fact(git, "commit_hash"),
    )
    if repository := _fact(git, "repository_url"):
        facts.repository = _without_credentials(repository)
    time = _TIME.match(_string(meta, "timestamp") or "")
    if identifier and time and is_safe_path(name := f"rollout-{time[1]}T{'-'.join(time.groups()[1:])}-{identifier}.jsonl"):
        facts.name = name
    spawn = subagent.get("thread_spawn") if isinstance(subagent, dict) else None
    parent = _identifier(spawn if isinstance(spawn, dict) else {}, "parent_thread_id")
    parent = parent or _identifier(meta, "parent_thread_id")
    origin = parent or _identifier(meta, "forked_from_id")
    if origin and origin != identifier:
        facts.parent = f"{ADAPTER.flavor}:{origin}"
        facts.relation = "subagent" if parent else "fork"
    return facts


def _fact(record: dict[str, Any], key: str) -> str | None:
    """Return a string fit for a manifest: one line of real Unicode, of a sane length."""
    value = _string(record, key)
    return value if value and len(value) <= 4096 and value.isprintable() else None  # noqa: PLR2004  Linux's PATH_MAX


def _without_credentials(url: str) -> str:
    """Return a repository's URL without the user, password and query that may let one in."""
    if (found := _USERINFO.match(url)) is None:
        return url.split("?")[0]
    ssh = found["scheme"].lower() in {"ssh", "git+ssh"} and ":" not in found["user"] and "@" not in found["user"]
    return (url if ssh else f"{found['scheme']}://{url[found.end():]}").split("?")[0]


def _content(draft: Draft, content: object) -> list[Any]:
    """Return the parts of a message's or a result's content: a string or a list of items."""
    if isinstance(content, str):
        return [Text(text=content)]
    if not isinstance(content, list):
        return [] if content is None else [Unknown(value=content)]
    return [_content_part(draft, item) for item in content]


def _content_part(draft: Draft, item: object) -> Text | File | Unknown:
    if isinstance(item, dict):
        text, image = item.get("text"), item.get("image_url")
        if isinstance(text, str) and item.get("type") in {"input_text", "output_text", "text"}:
            return Text(text=text)
        if isinstance(image, str) and (file := _image(draft, image)):
            return file
    return Unknown(value=item)


def _image(draft: Draft, url: str) -> File | None:
    head = _DATA_URL.match(url)
    return draft.image(url[head.end():], head[1], prefix=head[0]) if head else None


def _share_images(draft: Draft, images: object) -> None:
    """Let an echo keep the images of its message by reference to the same files."""
    for image in images if isinstance(images, list) else ():
        if isinstance(image, str):
            _image(draft, image)


def _reasoning(item: dict[str, Any]) -> list[Part]:
    texts = [
        text
        for key in ("summary", "content")
        if isinstance(blocks := item.get(key), list)
        for block in blocks
        if isinstance(block, dict) and isinstance(text := block.get("text"), str)
    ]
    encrypted = _string(item, "encrypted_content")
    if encrypted and not texts:
        texts = [""]
    return [
        Thinking(text=text, encrypted=encrypted if encrypted and number == 0 else UNSET)
        for number, text in enumerate(texts)
    ]


def _call(draft: Draft, kind: str, item: dict[str, Any]) -> list[Part]:
    """Return the call; an image that the provider made comes in the same record."""
    arguments = item.get({"custom_tool_call": "input", "local_shell_call": "action", "web_search_call": "action"}
                         .get(kind, "arguments"))
    if isinstance(arguments, str) and kind != "custom_tool_call":
        try:
            arguments = draft.decode(arguments)
        except (ValueError, RecursionError):
            pass
    name = _string(item, "name") or kind.removesuffix("_call")
    call = ToolCall(
        call_id=_string(item, "call_id"), name=name, arguments=arguments,
        status=_string(item, "status") or UNSET,
    )
    image = item.get("result") if kind == "image_generation_call" else None
    file = draft.image(image, "image/png") if isinstance(image, str) and image else None
    return [call, file] if file else [call]


def _result(draft: Draft, item: dict[str, Any]) -> ToolResult:
    """Return a result with the exit code and duration that its own text claims."""
    output = item.get("output", item.get("tools"))
    content, code, duration, failed = _content(draft, output), None, None, False
    if isinstance(output, str):
        code, duration = _claims(output)
        if output.startswith('{"output":'):
            value = _decoded(draft, output)
            if isinstance(value, dict) and isinstance(metadata := value.get("metadata"), dict):
                content = [Data(value=value)]
                code, duration = _exit_code(metadata.get("exit_code")), _milliseconds(metadata.get("duration_seconds"))
    elif isinstance(output, dict):  # as the first versions told failures
        content, failed = _content(draft, output.get("content")), output.get("success") is False
    return ToolResult(
        call_id=_string(item, "call_id"), content=content, is_error=failed or bool(code),
        exit_code=UNSET if code is None else code, duration_ms=UNSET if duration is None else duration,
    )


def _decoded(draft: Draft, text: str) -> Any:  # noqa: ANN401  JSON is any value
    try:
        return draft.decode(text)
    except (ValueError, RecursionError):
        return None


def _claims(output: str) -> tuple[int | None, int | None]:
    """Return exit code and milliseconds from the lines that Codex puts before an output.

    The command itself may stand before them, and anything after them.
    """
    if output.startswith("Exit code: ") and (found := _SHELL.match(output)):
        return int(found[1]), _milliseconds(float(found[2]))
    if output.startswith(("Chunk ID: ", "Command: ")) and (found := _UNIFIED.search(output, 0, 65_536)):
        return None if found[2] is None else int(found[2]), _milliseconds(float(found[1]))
    return None, None


def _exit_code(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= MAX_INTEGER else None


def _milliseconds(seconds: object) -> int | None:
    if isinstance(seconds, (int, float)) and not isinstance(seconds, bool) and 0 <= seconds < 1e12:  # noqa: PLR2004  else no duration
        return round(seconds * 1000)
    return None


def _printed(event: dict[str, Any]) -> list[Part]:
    """Return the longest of a report's copies of what a tool printed: the others refer to it."""
    longest = max((text for key in _PRINTED if (text := _string(event, key))), key=len, default=None)
    return [] if longest is None else [Text(text=longest)]


def _completed(draft: Draft, item: object) -> None:
    """Map an item that stands nowhere else: a plan, or a sleep."""
    text = _string(item, "text") if isinstance(item, dict) else None
    if text:
        draft.role, draft.kind, draft.actor, draft.parts = "assistant", "assistant_msg", "model", [Text(text=text)]
    else:
        draft.kind, draft.parts = "lifecycle", [Data(value={"event": "item"})]


def _lifecycle(kind: str, event: dict[str, Any]) -> dict[str, Any] | None:
    """Return the fact that an event states about the run of the session, if it does."""
    match kind:
        case "task_started" | "turn_started":
            return {"event": "turn_start"}
        case "task_complete" | "turn_complete":
            return {"event": "turn_end"}
        case "turn_aborted":
            return {"event": "interrupt"} | ({"reason": reason} if (reason := _string(event, "reason")) else {})
        case "thread_rolled_back":
            turns = event.get("num_turns")
            return {"event": "rollback"} | ({"turns": turns} if _is_count(turns) else {})
        case "entered_review_mode":
            return {"event": "mode", "mode": "review"}
        case "exited_review_mode":
            return {"event": "mode", "mode": "default"}
        case "thread_name_updated":
            title = _string(event, "thread_name")
            return {"event": "title", "title": title} if title else {"event": "title"}
        case "hook_started" | "hook_completed":
            return {"event": "hook"}
        case "shutdown_complete":
            return {"event": "end"}
    return None
