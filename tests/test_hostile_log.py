"""The adversarial log, line by line: each is kept, its message is valid, its bytes come back."""

import random
from collections.abc import Iterator
from io import BytesIO

import pytest

from hostile import AGENTS, BOM, SESSION, lines, log
from sessionfs.adapters import load_adapters, recognize
from sessionfs.canonical import MAX_DEPTH, decode, depth, encode, has_large_integer
from sessionfs.draft import Draft, Facts
from sessionfs.identity import format_time, message_id, parse_time
from sessionfs.logs import decode_lines, draft_of, is_decoded, raw_lines
from sessionfs.model import KINDS, decode_message, encode_message
from sessionfs.native import Line, Settled, settle
from sessionfs.restore import end_of_line, restore_record
from sessionfs.schema import is_valid

pytestmark = pytest.mark.no_cover  # counting lines would take longer than the tests


def settled(agent: str, content: bytes) -> Iterator[tuple[Line, Draft, Settled]]:
    """Walk a log as importing does, without the archive around it."""
    mapper = load_adapters()[agent].mapper("", "", lambda _: None)
    for seq, line in enumerate(decode_lines(raw_lines(BytesIO(content), len(content))), start=1):
        draft = draft_of(mapper, line) if not is_decoded(line) else mapper.map(line.value)
        millis = parse_time(draft.ts)
        ts = None if millis is None else format_time(millis)
        name = message_id(agent, millis or 0, draft.native_id, seq, repeated=True)
        yield line, draft, settle(draft, line, seq=seq, id=name, parent=None, ts=ts)


@pytest.fixture(scope="module", params=AGENTS)
def agent(request):
    return request.param


def test_each_line_is_kept_valid_and_comes_back(agent):
    named = lines(agent)
    walked = list(settled(agent, b"".join(named.values())))
    assert len(walked) == len(named)
    for (name, content), (line, draft, done) in zip(named.items(), walked, strict=True):
        message, files = done.message, done.payloads
        spelled = encode_message(message)
        assert decode_message(spelled) == message, name
        assert encode(decode(spelled)) == spelled, name
        assert b"\n" not in spelled, name
        assert depth(spelled) <= MAX_DEPTH, name
        assert not has_large_integer(spelled), name
        assert is_valid(decode(spelled), "message"), name
        assert message.kind in KINDS, name
        assert (message.kind == "unparsed") == (not is_decoded(line)), name
        restored = restore_record(message.native, message, files.__getitem__)
        assert restored + end_of_line(message.native) == content, name
        assert draft.kind == message.kind


def test_what_is_json_is_told_from_what_is_none(agent):
    kinds = {
        name: done.message.kind
        for name, (_, _, done) in zip(lines(agent), settled(agent, log(agent)), strict=True)
    }
    for name in (
        "a byte that is no UTF-8 (user)",
        "a surrogate in UTF-8 (user)",
        "an unescaped control (user)",
        "no value (user)",
        "a trailing comma (user)",
        "a run of NUL",
        "an empty line",
        "depth 2,000",
        "depth 100,000",
        "depth without an end",
        "two records on one line",
        "torn, in the middle of a character",
    ):
        assert kinds[name] == "unparsed", name
    for name in (
        "plain text (user)",
        "half a surrogate pair, escaped (user)",
        "duplicate keys (assistant)",
        "NaN (assistant)",
        "line separators in a string (user)",
        "integers beyond 2^53 (assistant)",
        "3 MB of text",
        "a line end of two bytes",
        "a BOM before a good record",
        "a parent that never was",
    ):
        assert kinds[name] not in {"unparsed", "unknown"}, name
    assert kinds["a type unheard of"] == "unknown"
    assert kinds["a number"] == "unknown"


def test_the_session_is_found_through_it(agent):
    facts = Facts()
    for _, draft, _ in settled(agent, log(agent)):
        facts.learn(draft.facts)
    assert facts.native_id == SESSION[agent]
    assert facts.cwd == "/home/ada"


def test_the_agent_is_recognized_through_it(agent):
    content = log(agent)
    decoded = decode_lines(raw_lines(BytesIO(content), len(content)))
    records = [line.value for line in decoded if is_decoded(line)][:256]
    assert recognize(records, load_adapters()) is load_adapters()[agent]


def test_a_log_that_begins_with_a_bom(agent):
    first, second, *_ = settled(agent, BOM + log(agent))
    assert first[2].message.kind != "unparsed"
    assert first[2].message.native["raw"].startswith(BOM.decode())
    assert "record" in second[2].message.native


def test_a_log_cut_anywhere_keeps_its_beginning(agent):
    content = b"".join(list(lines(agent).values())[:40])
    whole = [done.message for _, _, done in settled(agent, content)]
    for cut in range(0, len(content), 607):
        part = [done.message for _, _, done in settled(agent, content[:cut])]
        assert part[:-1] == whole[: max(len(part) - 1, 0)]


def test_a_line_with_any_bytes_changed_comes_back(agent):
    """Flip, cut, double and splice bytes of good and bad lines, from one seed."""
    chance = random.Random(agent)
    short = [line.rstrip(b"\r\n") for line in lines(agent).values() if len(line) < 2000]
    for _ in range(250):
        line = bytearray(chance.choice(short))
        for _ in range(chance.randrange(1, 4)):
            at = chance.randrange(len(line) + 1)
            end = min(len(line), at + chance.randrange(30))
            match chance.randrange(4):
                case 0 if at < len(line):
                    line[at] ^= 1 << chance.randrange(8)
                case 1:
                    del line[at:end]
                case 2:
                    line[at:at] = line[at:end]
                case _:
                    line[at:at] = chance.choice(short)[:40]
        content = bytes(line)
        walked = list(settled(agent, content))
        restored = [
            restore_record(done.message.native, done.message, done.payloads.__getitem__)
            + end_of_line(done.message.native)
            for _, _, done in walked
        ]
        assert b"".join(restored) == content
        for _, _, done in walked:
            spelled = encode_message(done.message)
            assert encode(decode(spelled)) == spelled
            assert is_valid(decode(spelled), "message")
