"""Real Codex logs: every line comes back, and what is counted is what another count finds."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from sessionfs.adapters.codex import ADAPTER
from sessionfs.canonical import UNSET, decode_native
from sessionfs.draft import Draft, unparsed
from sessionfs.model import ToolCall, ToolResult, encode_message
from sessionfs.native import Line, settle
from sessionfs.restore import restore_record

pytestmark = pytest.mark.no_cover  # what it reaches, others reach

MOST_RAW = 0.01
MOST_GROWTH = 1.20
"""The archive's messages and files against the log. 13% of these logs, whose lines are short,
are what every message says about itself; both agents' logs together stay below 1.10."""


@pytest.fixture(scope="module")
def logs(corpus: Path) -> dict[str, bytes]:
    return {
        path.stem: path.read_bytes()
        for path in sorted((corpus / "codex").rglob("*.jsonl"))
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
            ts = draft.ts if isinstance(draft.ts, str) else None
            settled = settle(draft, line, seq=seq, id="0" * 26, parent=None, ts=ts)
            new = {k: v for k, v in settled.payloads.items() if k not in files}
            files |= new
            native = settled.message.native
            restored = restore_record(native, settled.message, files.__getitem__)
            assert restored == content, (name, seq)
            lines += 1
            raw += "record" not in native
            before += len(content) + 1
            after += len(encode_message(settled.message)) + 1 + sum(map(len, new.values()))
    print(f"{lines} lines, {raw} raw, {before} bytes become {after}: {after / before:.3f}")
    assert raw <= MOST_RAW * lines
    assert after <= MOST_GROWTH * before


def test_no_line_is_of_an_unknown_kind(logs):
    kinds = Counter(draft.kind for log in logs.values() for _, draft, _ in drafts(log))
    assert kinds["unknown"] == 0
    assert kinds["unparsed"] <= 1  # a log that was cut in the middle of a line


def test_every_log_is_recognized(logs):
    for name, log in logs.items():
        records = [line.value for _, _, line in drafts(log)][:20]
        assert ADAPTER.recognizes(records) == sum(record is not None for record in records), name


def test_logs_of_other_agents_are_not_recognized(corpus):
    for path in sorted(corpus.rglob("*.jsonl")):
        if "codex" in path.relative_to(corpus).parts[0]:
            continue
        records = []
        for content in path.read_bytes().split(b"\n")[:40]:
            try:
                records.append(decode_native(content)[0])
            except ValueError:
                continue
        assert ADAPTER.recognizes(records) == 0, path


def count_by_hand(log: bytes) -> Counter:
    """Count what a log holds, with nothing of ours: the JSON, and ten rules."""
    counts, total, meta, start = Counter(), None, None, None
    for content in log.split(b"\n"):
        try:
            record = json.loads(content)
        except ValueError:
            continue
        kind, payload = record["type"], record["payload"]
        if kind == "session_meta" and meta is None:
            meta, start = payload, record["timestamp"][:19]
        if kind == "response_item":
            kind = payload.get("type", "message")
            counts["calls"] += kind.endswith("_call")
            counts["results"] += kind.endswith("_call_output")
            if kind == "message" and payload["role"] == "user":
                texts = [block.get("text", "").strip() for block in payload["content"]]
                told = all(t.startswith(("<", "# AGENTS")) for t in texts)
                # What a fork repeats carries the time of its birth; a subagent has no human.
                replayed = "forked_from_id" in meta and record["timestamp"][:19] == start
                subagent = isinstance(meta.get("source"), dict) and not replayed
                counts["prompts"] += not told and not subagent
                counts["prompted"] += not told
        elif kind == "event_msg" and payload["type"] == "token_count" and payload["info"]:
            total = payload["info"]["total_token_usage"]
    for key in ("input_tokens", "output_tokens", "cached_input_tokens", "reasoning_output_tokens"):
        counts[key] = total[key] if total else 0
    return +counts


def count_drafts(log: bytes) -> Counter:
    counts = Counter()
    for _, draft, _ in drafts(log):
        counts["calls"] += sum(isinstance(part, ToolCall) for part in draft.parts)
        counts["results"] += sum(isinstance(part, ToolResult) for part in draft.parts)
        is_prompt = (draft.role, draft.kind) == ("user", "user_msg")
        counts["prompts"] += is_prompt and draft.actor == "human"
        counts["prompted"] += is_prompt
        assert (draft.kind == "tool_call") == any(isinstance(p, ToolCall) for p in draft.parts)
        assert (draft.kind == "tool_result") == any(isinstance(p, ToolResult) for p in draft.parts)
        if (usage := draft.usage) is not None:
            assert draft.kind == "usage"
            assert usage.cache_write is UNSET
            counts["input_tokens"] += usage.input
            counts["output_tokens"] += usage.output
            counts["cached_input_tokens"] += usage.cache_read
            counts["reasoning_output_tokens"] += usage.reasoning
    return +counts


def test_calls_results_prompts_and_tokens_are_what_another_count_finds(logs):
    for name, log in logs.items():
        assert count_drafts(log) == count_by_hand(log), name


def test_differences_of_the_totals_are_what_each_response_says_it_used(logs):
    """The log states usage twice, and both agree wherever the total changed at all."""
    for name, log in logs.items():
        for content, draft, _ in drafts(log):
            if (usage := draft.usage) is not None:
                last = json.loads(content)["payload"]["info"]["last_token_usage"]
                assert usage.input == last["input_tokens"], name
                assert usage.output == last["output_tokens"], name
                assert usage.cache_read == last["cached_input_tokens"], name
                assert usage.reasoning == last["reasoning_output_tokens"], name


def test_each_event_that_repeats_a_message_is_an_echo(logs):
    for name, log in logs.items():
        said = Counter()
        for content, draft, _ in drafts(log):
            record = json.loads(content) if draft.kind != "unparsed" else {}
            if record.get("type") == "event_msg" and record["payload"]["type"] in {
                "user_message",
                "agent_message",
            }:
                assert draft.kind == "echo"
                assert not draft.parts
                said[record["payload"]["type"]] += 1
            said[draft.kind] += 1
        if said["user_message"]:  # the newer logs have one for each prompt
            assert said["user_message"] == said["user_msg"], name
        if said["agent_message"]:
            assert abs(said["agent_message"] - said["assistant_msg"]) <= 1, name
