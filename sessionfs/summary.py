"""summary.json: what follows from a session's manifest and messages, in one pass."""

from __future__ import annotations

import re
from decimal import Context, Decimal
from typing import TYPE_CHECKING, Any

from sessionfs.canonical import MAX_INTEGER, UNSET, encode, indent
from sessionfs.home import relative, tilde
from sessionfs.ledger import Ledger
from sessionfs.model import (
    Cost,
    Data,
    Fidelity,
    State,
    Summary,
    Text,
    ToolCall,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sessionfs.model import Manifest, Message, SourceFile, Usage

PREVIEW = 200
"""Characters of the first prompt that a listing shows."""

TITLE = 80
"""Characters of the first prompt that stand in for a title."""

_USAGE = ("input", "output", "cache_read", "cache_write", "reasoning")
_NOTHING = (0,) * len(_USAGE)
_BLANK = re.compile(r"[ \t\n\r\f\v]+")
_EXACT = Context(prec=1000)
_AMOUNT = re.compile(r"[0-9]{1,18}(?:\.[0-9]{1,18})?")
_STATES: dict[str, State] = {
    "start": "active",
    "resume": "active",
    "suspend": "suspended",
    "end": "ended",
}
_READERS = {"Read": "file_path"}
_EDITORS = {
    "Edit": "file_path",
    "MultiEdit": "file_path",
    "NotebookEdit": "notebook_path",
    "Write": "file_path",
}
_PATCHED = re.compile(r"^\*\*\* (?:Add File|Update File|Delete File|Move to): (.+)$", re.MULTILINE)


class Summarizer:
    """Takes the messages of a session in order and draws the conclusions.

    It holds counts, names and one row of numbers per API response, never messages.
    """

    def __init__(self) -> None:
        """Start with no message."""
        self._messages = self._raw = self._unknown = self._foreign = 0
        self._roles: dict[str, int] = {}
        self._kinds: dict[str, int] = {}
        self._tools: dict[str, int] = {}
        self._models: set[str] = set()
        self._read: set[str] = set()
        self._edited: set[str] = set()
        self._ended_at: str | None = None
        self._state: State = "created"
        self._provider: str | None = None
        self._native_title: str | None = None
        self._prompt: str | None = None
        self._request: str | None = None
        self._usage: dict[str, int] = {}
        self._conventions: set[str] = set()
        self._responses = Ledger(numbers=len(_USAGE))
        self._costs: dict[str, Decimal] = {}

    def add(self, message: Message) -> None:
        """Take in the next message."""
        self._messages += 1
        kind, ts, native = message.kind, message.ts, message.native
        self._roles[message.role] = self._roles.get(message.role, 0) + 1
        self._kinds[kind] = self._kinds.get(kind, 0) + 1
        if ts is not None and (self._ended_at is None or ts > self._ended_at):
            self._ended_at = ts
        if self._state == "created":
            self._state = "active"
        if native is UNSET:
            self._foreign += 1
        elif "record" not in native:
            self._raw += 1
        if message.model is not UNSET:
            self._models.add(message.model)
        if message.usage is not UNSET:
            self._count(message.usage, message.response)
        if message.cost is not UNSET:
            self._pay(message.cost)
        for part in message.parts:
            if type(part) is ToolCall:
                self._call(part)
        if kind == "user_msg":
            self._ask(message)
        elif kind == "lifecycle":
            self._live(message)
        elif kind == "unknown":
            self._unknown += 1

    def _count(self, usage: Usage, response: object) -> None:
        self._conventions.add(usage.convention)
        said = [getattr(usage, name) for name in _USAGE]
        row = tuple([number if isinstance(number, int) else 0 for number in said])
        before = _NOTHING
        if isinstance(response, str):
            before = self._responses.get(response) or _NOTHING
            if row != before:
                self._responses.put(response, tuple(map(max, row, before)))
        for name, value, number, old in zip(_USAGE, said, row, before, strict=True):
            if isinstance(value, int):
                self._usage[name] = self._usage.get(name, 0) + max(number - old, 0)

    def _pay(self, cost: Cost) -> None:
        if _AMOUNT.fullmatch(cost.amount) is None:  # 1E9999999 would be written in digits
            return
        amount = Decimal(cost.amount)
        self._costs[cost.currency] = _EXACT.add(self._costs.get(cost.currency, Decimal(0)), amount)

    def _live(self, message: Message) -> None:
        for part in message.parts:
            if not isinstance(part, Data) or not isinstance(part.value, dict):
                continue
            event = part.value.get("event")
            if not isinstance(event, str):
                continue
            self._state = _STATES.get(event, self._state)
            title, provider = part.value.get("title"), part.value.get("provider")
            if event == "title" and isinstance(title, str) and _squeeze(title):
                self._native_title = title
            if event == "start" and isinstance(provider, str) and provider:
                self._provider = provider

    def _ask(self, message: Message) -> None:
        """Keep the first prompt of a human, and the first of anyone for where none speaks."""
        if self._prompt is None and message.actor == "human":
            self._prompt = _prompt(message)
        elif self._request is None and message.actor != "human":
            self._request = _prompt(message)

    def _call(self, call: ToolCall) -> None:
        self._tools[call.name] = self._tools.get(call.name, 0) + 1
        for touched, paths in ((self._read, _paths(call, _READERS)), (self._edited, _edited(call))):
            touched.update(map(tilde, paths))

    def finish(
        self,
        manifest: Manifest,
        files: Mapping[str, int],
        source_files: Sequence[SourceFile],
        redactions: int = 0,
    ) -> Summary:
        """Return the summary; `files` are the session's other files with their sizes."""
        cwd = manifest.workspace.cwd if manifest.workspace is not UNSET else UNSET
        directory = cwd if isinstance(cwd, str) else ""
        prompt = self._prompt or self._request
        title = manifest.title or self._native_title or prompt
        return Summary(
            format=manifest.format,
            min_reader=manifest.min_reader,
            id=manifest.id,
            uid=manifest.source.uid,
            flavor=manifest.source.flavor,
            native_id=manifest.source.native_id,
            nature=manifest.source.nature,
            adapter=manifest.source.adapter,
            agent=manifest.agent,
            title=manifest.title or (_short(title, TITLE) if title else None),
            started_at=manifest.started_at,
            ended_at=self._ended_at,
            state=self._state,
            workspace=manifest.workspace,
            lineage=manifest.lineage,
            outcome=manifest.outcome,
            task_ref=manifest.task_ref,
            domain=manifest.domain,
            actor=manifest.actor,
            tags=manifest.tags,
            messages=self._messages,
            roles=_sorted(self._roles),
            kinds=_sorted(self._kinds),
            models=sorted(self._models),
            provider=self._provider or UNSET,
            usage=self._total(),
            cost=[
                Cost(amount=f"{amount:f}", currency=currency)
                for currency, amount in sorted(self._costs.items())
            ],
            preview=_short(prompt, PREVIEW) if prompt else None,
            files_read=sorted({relative(path, directory) for path in self._read}),
            files_edited=sorted({relative(path, directory) for path in self._edited}),
            tools=_sorted(self._tools),
            fidelity=self._fidelity(redactions),
            source_files=list(source_files),
            redactions=redactions,
            files=_sorted(files),
        )

    def _total(self) -> dict[str, int | str]:
        total: dict[str, int | str] = {
            name: min(self._usage[name], MAX_INTEGER) for name in _USAGE if name in self._usage
        }
        if len(self._conventions) == 1:
            total["convention"] = next(iter(self._conventions))
        return total

    def _fidelity(self, redactions: int) -> Fidelity:
        reasons = []
        if redactions:
            reasons.append("redacted")
        if self._foreign:
            reasons.append("messages without a native record")
        level = "lossy" if self._foreign else "redacted" if redactions else "exact"
        return Fidelity(level=level, reasons=reasons, raw=self._raw, unknown=self._unknown)  # type: ignore[arg-type]


def encode_summary(summary: Summary) -> bytes:
    """Return the bytes of summary.json. Enforces E616."""
    return indent(encode(summary))


def _sorted(counts: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(counts.items()))


def _squeeze(text: str) -> str:
    return _BLANK.sub(" ", text).strip(" ")


def _short(text: str, limit: int) -> str:
    return tilde(_squeeze(text))[:limit]


def _prompt(message: Message) -> str | None:
    texts = [part.text for part in message.parts if isinstance(part, Text) and part.text]
    prompt = "\n".join(texts)
    return prompt if _squeeze(prompt) else None


def _paths(call: ToolCall, table: Mapping[str, str]) -> Iterator[str]:
    key = table.get(call.name)
    if key is not None and isinstance(call.arguments, dict):
        path = call.arguments.get(key)
        if isinstance(path, str) and path:
            yield path


def _edited(call: ToolCall) -> Iterator[str]:
    yield from _paths(call, _EDITORS)
    if call.name == "apply_patch":
        arguments: Any = call.arguments
        text = arguments.get("input") if isinstance(arguments, dict) else arguments
        if isinstance(text, str):
            yield from _PATCHED.findall(text)
