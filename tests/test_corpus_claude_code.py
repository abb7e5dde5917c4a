"""Real Claude Code logs: every line comes back, and what is counted is what another count finds."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from sessionfs.adapters.claude_code import ADAPTER
from sessionfs.canonical import UNSET, decode_native
from sessionfs.check.proof import prove_message
from sessionfs.draft import Draft, unparsed
from sessionfs.model import Text, ToolCall, ToolResult, encode_message
from sessionfs.native import Line, settle
from sessionfs.restore import restore_record

pytestmark = pytest.mark.no_cover  # what it reaches, others reach

MOST_RAW = 0.01
MOST_GROWTH = 1.06
"""Messages and files against the log. Every message says 170 bytes about itself; what repeats
inside a record, such as a result's text in its sidecar, then stands once."""
FIXTURES = ("edge_cases", "truncated")
"""Logs that somebody broke on purpose: the only ones with records of no known type."""
USAGE = {
    "input": "input_tokens",
    "output": "output_tokens",
    "cache_read": "cache_read_input_tokens",
    "cache_write": "cache_creation_input_tokens",
}
INJECTED = (
    "<command-", "<local-command", "<task-notification>", "<system-reminder>", "<ide_",
    "[Request interrupted", "Caveat: The messages below", "This session is being continued",
)  # fmt: skip


@pytest.fixture(scope="module")
def logs(corpus: Path) -> dict[str, bytes]:
    return {
        path.stem: path.read_bytes()
        for path in sorted((corpus / "claude-code").rglob("*.jsonl"))
        if path.stat().st_size
    }


def drafts(log: bytes) -> Iterator[tuple[bytes, Draft, Line]]:
    mapper = ADAPTER.mapper("", "", lambda _: None)
    for content in log.split(b"\n"):
        if not content:
            continue
        try:
            value, style = decode_native(content)
        except ValueError:
            yield content, unparsed(), Line(content=content)
        else:
            yield content, mapper.map(value), Line(content=content, value=value, style=style)


def test_every_line_comes_back_few_are_raw_and_the_rest_is_small(logs):
    lines = raw = before = after = 0
    for name, log in logs.items():
        files = {}
        for seq, (content, draft, line) in enumerate(drafts(log), start=1):
            ts = "2026-11-20T14:00:00.000Z" if draft.ts else None
            message = settle(draft, line, seq=seq, id="0" * 26, parent=None, ts=ts)
            new = {k: v for k, v in message.payloads.items() if k not in files}
            files |= new
            message = message.message
            encoded = encode_message(message)
            assert prove_message(encoded) == message, (name, seq)
            assert restore_record(message.native, message, files.__getitem__) == content, (
                name,
                seq,
            )
            lines += 1
            raw += "record" not in message.native
            before += len(content) + 1
            after += len(encoded) + 1 + sum(map(len, new.values()))
    print(f"{lines} lines, {raw} raw, {before} bytes become {after}: {after / before:.3f}")
    assert raw <= MOST_RAW * lines
    assert after <= MOST_GROWTH * before


def test_no_record_of_a_known_type_is_unknown(logs):
    for name, log in logs.items():
        kinds = Counter(draft.kind for _, draft, _ in drafts(log))
        if name not in FIXTURES:
            assert kinds["unknown"] == kinds["unparsed"] == 0, name


def test_every_log_is_recognized(logs):
    for name, log in logs.items():
        records = [line.value for _, _, line in drafts(log) if line.value is not None]
        recognized = ADAPTER.recognizes(records)
        assert recognized == len(records) or (name in FIXTURES and recognized > 1), name


def test_logs_of_other_agents_are_not_recognized(corpus):
    for path in sorted(corpus.rglob("*.json*")):
        if "claude-code" in path.relative_to(corpus).parts[0]:
            continue
        records = []
        for content in path.read_bytes().split(b"\n")[:40]:
            try:
                records.append(decode_native(content)[0])
            except ValueError:
                continue
        assert ADAPTER.recognizes(records) == 0, path


def count_by_hand(log: bytes) -> Counter:
    """Count what a log holds, with nothing of ours: the JSON, and a few rules."""
    counts, spent = Counter(), {}
    for content in log.split(b"\n"):
        try:
            record = json.loads(content)
        except ValueError:
            continue
        message = record.get("message") if isinstance(record, dict) else None
        if not isinstance(message, dict):
            if isinstance(record, dict) and record.get("type") == "attachment":
                attached = record["attachment"]
                prompt = attached.get("prompt", "<")
                queued = attached["type"] == "queued_command" and not prompt.startswith(INJECTED)
                counts["prompts"] += queued and attached.get("commandMode") == "prompt"
            continue
        said = message.get("content", [])
        blocks = [{"type": "text", "text": said}] if isinstance(said, str) else said
        blocks = [block for block in blocks if isinstance(block, dict)]
        types = Counter(block["type"] for block in blocks)
        counts["calls"] += types["tool_use"]
        counts["results"] += types["tool_result"]
        if record["type"] == "user" and not types["tool_result"]:
            told = record.get("isMeta") or record.get("isCompactSummary") or "origin" in record
            typed = [b for b in blocks if not b.get("text", "").lstrip().startswith(INJECTED)]
            counts["prompts"] += bool(typed) and not told
        usage = message.get("usage")
        if record["type"] == "assistant" and usage and message.get("model") != "<synthetic>":
            most = spent.setdefault(message.get("id", len(spent)), Counter())
            for name, native in USAGE.items():
                most[name] = max(most[name], usage.get(native, 0))
    for most in spent.values():
        counts.update(most)
    return +counts


def count_drafts(log: bytes) -> Counter:
    counts, spent = Counter(), {}
    for _, draft, _ in drafts(log):
        counts["calls"] += sum(isinstance(part, ToolCall) for part in draft.parts)
        counts["results"] += sum(isinstance(part, ToolResult) for part in draft.parts)
        counts["prompts"] += (draft.kind, draft.actor) == ("user_msg", "human")
        if draft.usage is not None:
            assert draft.usage.convention == "exclusive"
            most = spent.setdefault(draft.response or len(spent), Counter())
            for name in USAGE:
                count = getattr(draft.usage, name)
                most[name] = max(most[name], 0 if count is UNSET else count)
    for most in spent.values():
        counts.update(most)
    return +counts


def test_calls_results_prompts_and_usage_are_what_another_count_finds(logs):
    total = Counter()
    for name, log in logs.items():
        assert count_drafts(log) == count_by_hand(log), name
        total += count_drafts(log)
    print(dict(total))
    assert total["calls"] > 1000
    assert total["prompts"] > 100


def test_what_a_prefix_gives_does_not_depend_on_what_follows(logs):
    """Half a log maps to half of what the whole log maps to."""
    log = max(logs.values(), key=len)
    half = log[: log.index(b"\n", len(log) // 2) + 1]
    whole = [(draft.kind, draft.parts, draft.usage) for _, draft, _ in drafts(log)]
    part = [(draft.kind, draft.parts, draft.usage) for _, draft, _ in drafts(half)]
    assert part == whole[: len(part)]


def test_nothing_is_said_twice_by_the_progress_of_subagents(logs):
    for log in logs.values():
        for content, draft, _ in drafts(log):
            if b'"type":"agent_progress"' in content and b'"type":"progress"' in content:
                assert draft.kind == "echo"
                assert not any(isinstance(part, Text) for part in draft.parts)
