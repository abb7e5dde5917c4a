"""The records of one Claude Code log as drafts: one record, one message.

A record with several blocks has several parts; its kind is the first that applies of
tool_call, tool_result, assistant_msg or user_msg, thinking. A record whose type is known
but whose shape is not becomes `unknown`, whole.
"""

from __future__ import annotations

from collections import OrderedDict
from decimal import Context, Decimal
from typing import TYPE_CHECKING, Any

from sessionfs.adapters.claude_code import asides, content
from sessionfs.adapters.claude_code.content import count, members, text
from sessionfs.canonical import Number, replace
from sessionfs.draft import Draft, Facts
from sessionfs.model import Cost, Data, File, Part, Text, Thinking, ToolCall, ToolResult, Usage
from sessionfs.tree import is_safe_path

if TYPE_CHECKING:
    from collections.abc import Callable

FLAVOR = "claude-code"

_USAGE = (
    ("input", "input_tokens"),
    ("output", "output_tokens"),
    ("cache_read", "cache_read_input_tokens"),
    ("cache_write", "cache_creation_input_tokens"),
)
_MOST_DIGITS = 18
_MONEY = Context(prec=2 * _MOST_DIGITS)
_RECENT = 4096
"""Records whose ids are remembered: a title names the log's last one, a compaction what it kept."""

_INTERLEAVED = 64
"""Responses whose usage and cost are remembered: records of several may alternate."""

_SPILL_TYPES = {
    "txt": "text/plain",
    "json": "application/json",
    "html": "text/html",
    "csv": "text/csv",
    "pdf": "application/pdf",
    "png": "image/png",
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
}


class Mapper:
    """Maps the records of one log; remembers whose log it is and its latest record ids."""

    def __init__(self, path: str, name: str, read: Callable[[str], bytes | None]) -> None:
        """Map the log at `path`, whose source name is `name`."""
        self._name = name
        self._read = read
        self._spill_path = session_directory(path) + "/tool-results/"
        self._spill_name = session_directory(name) + "/tool-results/"
        self._session: str | None = None
        self._is_main = False
        self._parent_agent: str | None = None
        self._told: dict[str, tuple[Usage | None, Cost | None]] = {}
        self._titled = False
        self._kept: frozenset[str] = frozenset()
        self._recent: OrderedDict[str, None] = OrderedDict()

    def map(self, record: Any) -> Draft:  # noqa: ANN401  JSON is any value
        """Return the draft of one record."""
        if not isinstance(record, dict):
            return asides.unknown(Draft(), record)
        draft = Draft(
            ts=_stamp(record.get("timestamp")),
            native_id=text(record.get("uuid")),
            parent=text(record.get("parentUuid")),
            turn=text(record.get("promptId")),
            agent=text(record.get("agentId")),
            sidechain=record.get("isSidechain") is True,
            facts=self._facts(record),
        )
        match record.get("type"):
            case "user":
                self._user(draft, record)
            case "assistant":
                self._assistant(draft, record)
            case "attachment":
                self._attachment(draft, record)
            case "system" if "compactMetadata" in record:
                self._keep(members(record["compactMetadata"]))
                asides.RECORDS["system"](draft, record)
            case "custom-title":
                asides.RECORDS["custom-title"](draft, record)
                self._titled = self._titled or draft.kind == "lifecycle"
            case "ai-title" if self._titled:  # said again at every turn, and outranked
                asides.title(draft, record, "aiTitle", event="title_suggested")
            case "summary":
                asides.summary(draft, record, own=text(record.get("leafUuid")) in self._recent)
            case str(kind) if kind in asides.RECORDS:
                asides.RECORDS[kind](draft, record)
            case _:
                asides.unknown(draft, record)
        if draft.native_id is not None:
            if draft.native_id in self._kept:
                _make_echo(draft)
            self._recent[draft.native_id] = None
            if len(self._recent) > _RECENT:
                self._recent.popitem(last=False)
        return draft

    def map_leading(self, path: str, record: Any) -> Draft:  # noqa: ANN401, ARG002  JSON is any value
        """Return the draft of the description that stands beside a subagent's log."""
        log = self._name.removesuffix(".jsonl")
        draft = Draft(kind="subagent", source=f"{log}.meta.json", parts=[Data(value=record)])
        draft.agent = text(log.rpartition("/")[2].removeprefix("agent-"))
        self._parent_agent = text(members(record).get("parentAgentId"))
        return draft

    def _facts(self, record: dict[str, Any]) -> Facts:
        facts = Facts(
            version=text(record.get("version")),
            branch=text(record.get("gitBranch")),
            cwd=text(record.get("cwd")),
        )
        session = record.get("sessionId")
        if self._session is None and isinstance(session, str) and _is_element(session):
            self._session = session
            self._identify(facts, session, record)
        origin = members(record.get("forkedFrom")).get("sessionId")
        if self._is_main and isinstance(origin, str) and _is_element(origin):
            facts.parent, facts.relation = f"{FLAVOR}:{origin}", "fork"
        return facts

    def _identify(self, facts: Facts, session: str, record: dict[str, Any]) -> None:
        """Say whose log it is, once: later records may be another agent's, written into it."""
        facts.native_id, facts.name = session, f"{session}.jsonl"
        agent = record.get("agentId")
        if record.get("isSidechain") is not True or not isinstance(agent, str):
            self._is_main = True
        elif _is_element(agent):
            facts.native_id = f"{session}/{agent}"
            facts.name = f"{session}/subagents/agent-{agent}.jsonl"
            facts.parent, facts.relation = f"{FLAVOR}:{session}", "subagent"
            if self._parent_agent is not None and _is_element(self._parent_agent):
                facts.parent += f"/{self._parent_agent}"

    def _keep(self, compaction: dict[str, Any]) -> None:
        """Learn which records a compaction preserved: it may write them into the log once more."""
        segment = members(compaction.get("preservedSegment"))
        named = members(compaction.get("preservedMessages")).get("uuids")
        head, tail = text(segment.get("headUuid")), text(segment.get("tailUuid"))
        if head and tail and {head, tail} <= self._recent.keys():
            recent = list(self._recent)
            self._kept = frozenset(recent[recent.index(head) : recent.index(tail) + 1])
        elif isinstance(named, list):
            self._kept = frozenset(filter(text, named)).intersection(self._recent)

    def _user(self, draft: Draft, record: dict[str, Any]) -> None:
        said = members(record.get("message")).get("content")
        if not isinstance(said, (str, list)):
            asides.unknown(draft, record)
            return
        draft.parts = content.parts(draft, said)
        results = [part for part in draft.parts if isinstance(part, ToolResult)]
        if results:
            draft.role, draft.kind, draft.actor = "tool", "tool_result", "tool"
            # Beside several results nothing says which of them the sidecar is about.
            sidecar = record.get("toolUseResult") if len(results) == 1 else None
            draft.parts = [
                self._result(draft, part, sidecar) if isinstance(part, ToolResult) else part
                for part in draft.parts
            ]
        elif record.get("isCompactSummary") is True:
            draft.role, draft.kind = "user", "summary"
        else:
            hidden = record.get("isMeta") is True or record.get("isVisibleInTranscriptOnly") is True
            injected = hidden or record.get("promptSource") == "system" or _is_sent(record)
            _speak(draft, injected=injected)

    def _result(self, draft: Draft, result: ToolResult, sidecar: object) -> ToolResult:
        result = content.with_sidecar(draft, result, sidecar)
        name = content.spilled_name(result, sidecar)
        file = None if name is None else self._spilled(draft, name)
        return result if file is None else replace(result, content=[*result.content, file])

    def _spilled(self, draft: Draft, name: str) -> File | None:
        if "/" in name or not is_safe_path(name) or not is_safe_path(self._spill_name + name):
            return None
        payload = self._read(self._spill_path + name)
        if payload is None:
            return None
        media_type = _SPILL_TYPES.get(name.rpartition(".")[2].lower(), "application/octet-stream")
        return draft.attach(self._spill_name + name, payload, media_type)

    def _assistant(self, draft: Draft, record: dict[str, Any]) -> None:
        message = members(record.get("message"))
        said = message.get("content")
        if not isinstance(said, (str, list)):
            asides.unknown(draft, record)
            return
        draft.role, draft.actor = "assistant", "model"
        draft.parts = content.parts(draft, said)
        draft.kind = _kind(draft.parts)
        draft.response = text(message.get("id")) or text(record.get("requestId"))
        draft.stop = text(message.get("stop_reason"))
        model = text(message.get("model"))
        failed = record.get("isApiErrorMessage") is True
        if failed or model == "<synthetic>":  # the harness wrote it: no model, nothing used
            draft.actor = "harness"
            draft.kind = "context" if content.is_quiet(draft.parts) and not failed else "error"
            return
        if draft.sidechain and self._is_main:
            draft.actor = "subagent"
        draft.model = model
        draft.usage = usage(message.get("usage"))
        draft.cost = cost(record.get("costUSD"))
        if draft.response is not None:
            self._say_once(draft, draft.response)

    def _say_once(self, draft: Draft, response: str) -> None:
        """Drop what an earlier record of the response said: each repeats the usage and the cost.

        The last ones may say more output; then they say it.
        """
        used, paid = self._told.pop(response, (None, None))
        self._told[response] = (draft.usage or used, draft.cost or paid)
        if len(self._told) > _INTERLEAVED:
            del self._told[next(iter(self._told))]
        if draft.usage == used:
            draft.usage = None
        if draft.cost == paid:
            draft.cost = None

    def _attachment(self, draft: Draft, record: dict[str, Any]) -> None:
        attachment = members(record.get("attachment"))
        prompt = attachment.get("prompt")
        if attachment.get("type") != "queued_command" or not isinstance(prompt, (str, list)):
            asides.attachment(draft, record)
            return
        draft.parts = content.parts(draft, prompt)
        mode = attachment.get("commandMode")
        typed = (mode is None or mode == "prompt") and attachment.get("isMeta") is not True
        _speak(draft, injected=not typed or _is_sent(attachment))


def session_directory(path: str) -> str:
    """Return the directory beside a transcript that holds what belongs to its session."""
    place, _, name = path.rpartition("/subagents/")
    return (
        place
        if place and name.rpartition("/")[2].startswith("agent-")
        else path.removesuffix(".jsonl")
    )


def _make_echo(draft: Draft) -> None:
    """Empty a draft of what an earlier message of the log carries."""
    draft.kind, draft.parts, draft.usage, draft.cost = "echo", [], None, None


def _is_element(name: str) -> bool:
    return "/" not in name and is_safe_path(f"{name}.jsonl")


def _is_sent(record: dict[str, Any]) -> bool:
    """Tell whether a prompt names an origin that is no person, such as a task's end."""
    origin = members(record.get("origin")).get("kind")
    return origin is not None and origin != "human"


def _speak(draft: Draft, *, injected: bool) -> None:
    """Decide whether a person speaks in a user record, from its parts."""
    draft.role = "user"
    texts = [part.text for part in draft.parts if isinstance(part, Text)]
    said = [words for words in texts if isinstance(words, str) and words]
    voices = set(map(content.speech, said))
    shown = any(isinstance(part, (File, Data)) for part in draft.parts)
    if "interrupt" in voices and "human" not in voices:
        draft.kind = "lifecycle"
        draft.parts.append(Data(value={"event": "interrupt"}))
    elif "command" in voices and "human" not in voices:
        draft.kind = "lifecycle"
        name = next(filter(None, map(content.command_name, said)), None)
        draft.parts.append(Data(value={"event": "command", **({"name": name} if name else {})}))
    elif "summary" in voices:
        draft.kind = "summary"
    elif not injected and ("human" in voices or shown):
        draft.kind, draft.actor = "user_msg", "model" if draft.sidechain else "human"
    elif draft.parts and not texts and not shown:
        draft.kind = "unknown"
    else:
        draft.kind = "context"


def _kind(parts: list[Part]) -> str:
    types = set(map(type, parts))
    if ToolCall in types:
        return "tool_call"
    if ToolResult in types:
        return "tool_result"
    if not types or Text in types or File in types or Data in types:
        return "assistant_msg"
    return "thinking" if Thinking in types else "unknown"


def usage(claimed: object) -> Usage | None:
    """Return the tokens of one response; a count that is none is left out."""
    if not isinstance(claimed, dict):
        return None
    counts: dict[str, int] = {}
    for name, native in _USAGE:
        if (tokens := count(claimed.get(native))) is not None:
            counts[name] = tokens
    return Usage(**counts, convention="exclusive") if counts else None


def cost(claimed: object) -> Cost | None:
    """Return the dollars that versions before 1.0.x wrote into a record."""
    literal = claimed.literal if isinstance(claimed, Number) else repr(claimed)
    if isinstance(claimed, bool) or not isinstance(claimed, (int, float, Number)):
        return None
    amount = Decimal(literal)
    if not amount.is_finite() or amount.is_signed() or amount >= 10**_MOST_DIGITS:
        return None
    rounded = _MONEY.quantize(amount, Decimal(1).scaleb(-_MOST_DIGITS))
    whole, _, fraction = f"{rounded:f}".partition(".")
    fraction = fraction.rstrip("0")
    return Cost(amount=f"{whole}.{fraction}" if fraction else whole, currency="USD")


def _stamp(value: object) -> str | None:
    return value if isinstance(value, str) else None
