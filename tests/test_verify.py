"""The fast path proves what the slow path would find valid; nothing reads or writes too much."""

import io
import json
import random
import tracemalloc
from contextlib import contextmanager
from pathlib import Path

import pytest

from sessionfs import check, schema, verify
from sessionfs.canonical import encode
from sessionfs.check import explain, prove_message
from sessionfs.errors import NotFound
from sessionfs.model import Message
from sessionfs.tree import MemoryTree

VECTORS = Path(__file__).resolve().parent / "vectors"
ULID = "01M81CYGKKYF3N2YJDPS3MWRXG"
OTHER = "01M81CYGKK00000000000000A1"
DIGEST = "0123456789abcdef" * 4


def message(**more):
    value = {
        "seq": 7,
        "id": ULID,
        "parent": OTHER,
        "ts": "2026-02-28T23:59:59.999Z",
        "role": "assistant",
        "kind": "assistant_msg",
        "actor": "model",
        "parts": [],
    }
    return value | more


TEXT = {"type": "text", "text": "«é» 😀 \u2028 \x7f \t\n\\\""}
FILE = {"type": "file", "file": DIGEST, "media_type": "a/b", "name": None, "bytes": 0}
RESULT = {
    "type": "tool_result",
    "call_id": "c",
    "content": [TEXT, FILE, {"type": "data", "value": [1]}, {"type": "unknown", "value": None}],
    "is_error": False,
    "exit_code": -1,
    "duration_ms": 0,
}
SEEDS = [
    message(),
    message(parent=None, ts=None, parts=[TEXT, {"type": "text", "file": DIGEST}]),
    message(parts=[{"type": "thinking", "text": "", "signature": "s", "encrypted": "e"}]),
    message(
        parts=[
            {"type": "tool_call", "call_id": None, "name": "", "arguments": {"a": [1.5, {"b": 1}]}},
            {"type": "tool_call", "call_id": "c", "name": "n", "arguments": "x", "status": "s"},
            RESULT,
        ]
    ),
    message(
        model="m",
        usage={
            "input": 0,
            "output": 1,
            "cache_read": 2,
            "cache_write": 3,
            "reasoning": 2**53 - 1,
            "convention": "exclusive",
        },
        cost={"amount": "0.10", "currency": "USD"},
        response="r",
        turn="t",
        agent="a",
        sidechain=True,
        stop="s",
        ext={"$ref": -0.0},
        native={"record": {"$ref": "/model"}, "style": "ascii", "eol": "", "source": "a/b.jsonl"},
    ),
    message(native={"raw": "x", "eol": "\r\n", "files": {"a/b": DIGEST}}),
    message(native={"raw_base64": "AP8="}),
    message(native={"raw_file": DIGEST}),
    message(parts=[{"type": "data", "value": {"event": "end", "n": [1e-7, 1e16, 123456789.5]}}]),
]
JUNK = [
    None, True, False, 0, -1, 1, 8, 7.0, 1e16, 2**53, -(2**53), "", "x", "a\n", ULID, f"{ULID}\n",
    ULID.lower(), DIGEST, f"{DIGEST}\n", [], {}, [[]], {"a": 1}, "USD", "1.0", "01", "../x", "CON",
    "\r\n", "2026-02-29T00:00:00.000Z", "２026-02-28T00:00:00.000Z", TEXT, FILE, {"type": "text"},
    {"type": "sound"}, {"raw": "x"}, "spaced", "user", "tool_result", "text", "inclusive",
]  # fmt: skip
KEYS = [
    "seq", "type", "text", "file", "name", "raw", "style", "eol", "source", "files", "call_id",
    "mood", "sidechain", "input", "status", "signature", "model", "native", "exit_code",
]  # fmt: skip
SNIPPETS = [
    b"", b"\0", b"\r", b" ", b"\n", b"\xff", b"\xc3", b"{", b"}", b"[", b"]", b'"', b",", b":", b"0", b"1",
    b"-", b".", b"e5", b"E", b"null", b"true", b"NaN", b"Infinity", b"\\u00e9", b"\\ud800", b"\\/", b"\\n",
    b"9007199254740992", b"1e400", b"1.0", b'"a":1,', b"\xef\xbb\xbf", b"[" * 130 + b"]" * 130, b"\xe2\x80\xa8",
]  # fmt: skip


def places(value):
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, member in list(items):
        yield value, key
        if isinstance(member, (dict, list)):
            yield from places(member)


def changed_value(dice, value):
    """Change, remove, add or reorder members somewhere in a value."""
    for _ in range(dice.choice((1, 1, 1, 2))):
        holder, key = dice.choice(list(places(value)))
        junk = json.loads(json.dumps(dice.choice(JUNK)))
        match dice.randrange(5):
            case 0:
                del holder[key]
            case 1 | 2:
                holder[key] = junk
            case 3 if isinstance(holder, dict):
                holder[dice.choice(KEYS)] = junk
            case 3:
                holder.insert(key, junk)
            case _ if isinstance(holder, dict):
                holder[key] = holder.pop(key)
        if not value:
            break
    return value


def changed_bytes(dice, line):
    """Change, remove, double or insert some bytes of a line."""
    start = dice.randrange(len(line))
    end = min(len(line), start + dice.choice((0, 1, 1, 1, 2, 5)))
    match dice.randrange(4):
        case 0:
            return line[:start] + dice.choice(SNIPPETS) + line[end:]
        case 1:
            return line[:start] + bytes((line[start] ^ 1 << dice.randrange(8),)) + line[start + 1 :]
        case 2:
            other = dice.choice(SEED_LINES)
            return line[:start] + other[dice.randrange(len(other)) :][: dice.randrange(40)] + line[end:]
        case _:
            return line[:start] + line[start:end] * 2 + line[end:]


SEED_LINES = [encode(seed) for seed in SEEDS]


def mutants(seed, count):
    dice = random.Random(seed)
    for _ in range(count):
        number = dice.randrange(len(SEEDS))
        if dice.random() < 0.6:
            line = encode(changed_value(dice, json.loads(SEED_LINES[number])))
        else:
            line = SEED_LINES[number]
        yield changed_bytes(dice, line) if dice.random() < 0.4 else line


def reads_strictly(line):
    """Return the value of a line as json reads it, with nothing that readers disagree on."""

    def members(pairs):
        assert len(dict(pairs)) == len(pairs)
        return dict(pairs)

    def refuse(_literal):
        raise AssertionError

    return json.loads(line.decode(), object_pairs_hook=members, parse_constant=refuse)


def judge(line):
    """Hold the fast and the slow path against jsonschema for one line; return who accepted."""
    proved = prove_message(line)
    explained = explain(line, "m", 1, "message", newer=False)
    assert (proved is None) or not explained.findings
    if proved is not None:
        value = reads_strictly(line)
        assert schema.is_valid(value, "message")
        assert encode(proved) == line
        assert check.typed_message(value) == proved
        return "fast"
    if explained.findings:
        assert all(found.line == 1 and found.message for found in explained.findings)
        return "none"
    assert schema.is_valid(explained.value, "message")
    assert isinstance(check.typed_message(explained.value), Message)
    return "slow"


@pytest.mark.parametrize("line", SEED_LINES, ids=range(len(SEED_LINES)))
def test_fast_path_accepts_the_seeds(line):
    assert judge(line) == "fast"


def test_fast_path_accepts_nothing_that_jsonschema_refuses():
    who = [judge(line) for line in mutants(1, 3000)]
    assert who.count("none") > 1000
    assert who.count("fast") > 100
    assert who.count("slow") == 0  # what is valid needs no second look


@pytest.mark.exhaustive
@pytest.mark.parametrize("seed", range(2, 14))
def test_fast_path_accepts_nothing_that_jsonschema_refuses_of_many(seed):
    for line in mutants(seed, 10_000):
        judge(line)
