"""The fast path proves what the slow path would find valid; nothing reads or writes too much."""

import io
import json
import pickle
import random
import tracemalloc
from pathlib import Path

import pytest

from sessionfs import schema
from sessionfs.canonical import depth, encode
from sessionfs.check.conversation import Conversation
from sessionfs.check.explanation import explain, typed_message
from sessionfs.check.proof import prove_message
from sessionfs.check.replacement import cut, record_of, restored_line
from sessionfs.disk.tree import DirTree
from sessionfs.errors import NotFound
from sessionfs.model import Message
from sessionfs.restore import end_of_line, restore_record
from sessionfs.tree import MemoryTree
from sessionfs.verify import (
    MAX_FINDINGS,
    Checked,
    merge_reports,
    verify_archive,
    verify_session,
    verify_tree,
)

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


TEXT = {"type": "text", "text": '«é» 😀 \u2028 \x7f \t\n\\"'}
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
    "\r\n", "2026-02-29T00:00:00.000Z", "\uff12026-02-28T00:00:00.000Z",
    TEXT, FILE, {"type": "text"}, {"type": "sound"}, {"raw": "x"}, "spaced", "user", "tool_result",
    "text", "inclusive",
]  # fmt: skip
KEYS = [
    "seq", "type", "text", "file", "name", "raw", "style", "eol", "source", "files", "call_id",
    "mood", "sidechain", "input", "status", "signature", "model", "native", "exit_code",
]  # fmt: skip
SNIPPETS = [
    *(b"", b"\0", b"\r", b" ", b"\n", b"\xff", b"\xc3", b"{", b"}", b"[", b"]", b'"', b",", b":"),
    *(b"0", b"1", b"-", b".", b"e5", b"E", b"null", b"true", b"NaN", b"Infinity", b"1e400", b"1.0"),
    *(b"\\u00e9", b"\\ud800", b"\\/", b"\\n", b"9007199254740992", b'"a":1,', b"\xef\xbb\xbf"),
    *(b"[" * 130 + b"]" * 130, b"\xe2\x80\xa8"),
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
            return (
                line[:start]
                + other[dice.randrange(len(other)) :][: dice.randrange(40)]
                + line[end:]
            )
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
        assert typed_message(value) == proved
        return "fast"
    if explained.findings:
        assert all(found.line == 1 and found.message for found in explained.findings)
        return "none"
    assert schema.is_valid(explained.value, "message")
    assert isinstance(typed_message(explained.value), Message)
    return "slow"


@pytest.mark.parametrize("line", SEED_LINES, ids=range(len(SEED_LINES)))
def test_fast_path_accepts_the_seeds(line):
    assert judge(line) == "fast"


def test_fast_path_accepts_nothing_that_jsonschema_refuses():
    who = [judge(line) for line in mutants(1, 3000)]
    assert who.count("none") > 1000
    assert who.count("fast") > 100
    assert who.count("slow") == 0  # what is valid needs no second look


@pytest.mark.parametrize(
    "seed",
    [
        pytest.param(n, marks=pytest.mark.exhaustive if n < 4 else pytest.mark.soak)
        for n in range(2, 14)
    ],
)
def test_fast_path_accepts_nothing_that_jsonschema_refuses_of_many(seed):
    for line in mutants(seed, 10_000):
        judge(line)


# --- depth ---


def nested(levels, leaf="["):
    value = leaf
    for level in range(levels):
        value = [value, 1] if level % 2 else {"[{": value}
    return value


@pytest.mark.parametrize("levels", [100, 122, 123, 124, 125, 126, 127, 128, 129, 140])
@pytest.mark.parametrize(
    "place", ["ext", "native", "arguments", "data", "result", "unknown", "deep text"]
)
def test_depth_is_the_same_for_both_paths(levels, place):
    value = nested(levels)
    parts = {
        "arguments": [{"type": "tool_call", "call_id": "c", "name": "n", "arguments": value}],
        "data": [{"type": "data", "value": value}],
        "unknown": [{"type": "unknown", "value": value}],
        "result": [RESULT | {"content": [{"type": "data", "value": value}]}],
        "deep text": [{"type": "text", "text": "[" * levels * 2}],
    }.get(place, [])
    optional = {"ext": {"ext": {"a": value}}, "native": {"native": {"record": value}}}
    line = encode(message(parts=parts) | optional.get(place, {}))
    who = judge(line)
    assert who == ("none" if depth(line) > 128 else "fast")
    if who == "none":
        assert [found.code for found in explain(line, "m", 1, "message", newer=False).findings] == [
            "E007"
        ]


# --- native lines ---

POINTERS = [
    "/parts/0/text", "/parts/1/arguments", "/parts/1/arguments/a~1b", "/parts/1/arguments/c/1",
    "/parts/1/arguments/c/01", "/parts/1/arguments/c/-1", "/parts/1/arguments/c/9", "/parts/1",
    "/parts/9", "/parts", "/model", "/turn", "/native", "/native/record", "/parts/1/type", "/seq",
    "", "/", "model", "/parts/0/text/0", "/parts/1/arguments/x", "/ts", "/__class__",
    "/parts/1/name~2", "/parts/\u0660/text", "/parts/1/arguments/c/" + "1" * 5000,
    "/parts/0/__class__", "/parts/0/name",
]  # fmt: skip
MARKERS = [
    *({"$ref": pointer} for pointer in POINTERS),
    *({"$json": pointer} for pointer in POINTERS[:9]),
    *({"$json": "/parts/1/arguments", "style": style} for style in ("spaced", "ascii", "compact")),
    *({"$num": number} for number in ("1E5", "-0", "01", "NaN", "", "1.50", '"')),
    *({"$lit": value} for value in ({"$ref": 1}, {"a": 1}, {"$num": {"$num": "1e9"}}, [])),
    *({"$ref": "/model", "more": 1}, {"more": 1, "$ref": "/model"}, {"$refs": 1}),
    {"$": {"$ref": 1}},
    *({"$file": DIGEST, "encoding": "utf-8"}, {"$file": DIGEST, "encoding": "base64"}, {"$ref": 1}),
    *({'{"$ref":"/model"}': 1}, '{"$ref":"/model"}', "«é» \u2028", {"{": {"$ref": "/model"}}),
]  # fmt: skip
NATIVE = message(
    model="m",
    parts=[
        {"type": "text", "text": 'é "quoted" \u2028 \x7f'},
        {
            "type": "tool_call",
            "call_id": None,
            "name": "n",
            "arguments": {"a/b": {"native": {"record": 1}}, "c": [1.5, "é😀"]},
        },
    ],
)


def lines_with_markers(seed, count):
    dice = random.Random(seed)
    for _ in range(count):
        record = {"first": 0} | {str(n): dice.choice(MARKERS) for n in range(dice.randrange(4))}
        if dice.random() < 0.3:
            record = [dice.choice(MARKERS), {"deep": [record]}]
        native = {"record": record}
        if dice.random() < 0.5:
            native["style"] = dice.choice(("spaced", "ascii", "spaced-ascii"))
        if dice.random() < 0.5:
            native["eol"] = dice.choice(("", "\r\n"))
        if dice.random() < 0.3:
            native["source"] = "a"
        if dice.random() < 0.3:
            native["files"] = {"a": DIGEST}
        yield encode(NATIVE | {"native": native})


def test_replacing_bytes_restores_what_walking_restores():
    def file(address):
        raise KeyError(address)

    fast = 0
    for line in [*lines_with_markers(1, 4000), *SEED_LINES]:
        proved = prove_message(line)
        if not isinstance(proved.native, dict) or "record" not in proved.native:
            continue
        record = record_of(line, proved)
        assert record == encode(proved.native["record"])
        restored = restored_line(cut(record), proved)
        if restored is not None:
            fast += 1
            walked = restore_record(proved.native, proved, file) + end_of_line(proved.native)
            assert restored == walked
    assert fast > 500


def test_every_marker_alone():
    for marker in MARKERS:
        line = encode(NATIVE | {"native": {"record": {"a": marker}}})
        proved = prove_message(line)
        conversation = Conversation(lambda _: [b"\xff"], lambda _: 1, frozenset([DIGEST]))
        conversation.open_segment("messages-00000007.jsonl")
        conversation.lose()
        found, native = conversation.judge(proved, 1, line)
        again, walked = conversation.judge(proved, 1)
        assert [item.code for item in found] == [item.code for item in again if item.code != "E502"]
        assert native == walked
        assert bool(native) != bool(found), marker


# --- trees ---


def load(vector):
    place = VECTORS / vector
    return {
        path.relative_to(place).as_posix(): path.read_bytes()
        for path in place.rglob("*")
        if path.is_file()
    }


def codes(findings):
    return [(found.code, found.path) for found in findings]


class Refusing(MemoryTree):
    """A tree with a file that cannot be opened."""

    def __init__(self, files, path):
        super().__init__(files)
        self._path = path

    def open(self, path):
        if path == self._path:
            raise NotFound(path)
        return super().open(path)


class BrokenStream(io.BytesIO):
    def read(self, _size=-1):
        raise OSError(5, "Input/output error")


class Breaking(MemoryTree):
    """A tree with a file whose disk fails."""

    def __init__(self, files, path):
        super().__init__(files)
        self._path = path

    def open(self, path):
        return BrokenStream() if path == self._path else super().open(path)


@pytest.mark.parametrize("path", sorted(load("good/everything/session")))
def test_a_file_that_cannot_be_read_is_named(path):
    files = load("good/everything/session")
    for tree in (Refusing(files, path), Breaking(files, path)):
        report = verify_tree(tree)
        assert ("E001", path) in codes(report.findings)
        assert {found.code for found in report.findings} <= {"E001", "E601"}


def test_a_session_is_verified_inside_its_archive():
    files = load("good/archive/archive")
    root = f"2026/11/{ULID}"
    assert not list(verify_session(MemoryTree(files), root, shard="2026/11"))
    (found,) = verify_session(MemoryTree(files), root, shard="2026/12")
    assert (found.code, found.path) == ("E120", f"{root}/manifest.yaml")

    class Odd(MemoryTree):
        def oddities(self):
            return [
                (f"{root}/link", "symlink"),
                ("2026/12/x/link", "symlink"),
                ("2026", "directory"),
            ]

    found = list(verify_session(Odd(files), root, shard="2026/11"))
    assert codes(found) == [("E104", f"{root}/link")]


def test_what_was_looked_at_is_counted():
    files = load("good/archive/archive")
    report = verify_archive(MemoryTree(files))
    size = sum(len(content) for path, content in files.items() if path.startswith("2026"))
    assert report.checked == Checked(sessions=1, messages=4, files=6, bytes=size)
    both = merge_reports({"a": report, "b/": report})
    assert both.checked == report.checked + report.checked
    assert both.ok


def test_reports_of_several_paths_say_which():
    report = verify_tree(MemoryTree(load("bad/E501_gap/session")))
    both = merge_reports({"b": report, "a/": report})
    assert [path for _, path in codes(both.findings)] == [
        "a/messages-00000001.jsonl",
        "b/messages-00000001.jsonl",
    ]


def test_sessions_can_be_verified_in_any_process():
    files = load("warn/W124_uid_twice/archive")

    def each(verify, places):
        return [again(again(verify)(again(place))) for place in places]

    def again(value):
        return pickle.loads(pickle.dumps(value))  # noqa: S301  it is ours

    tree = MemoryTree(files)
    assert verify_archive(tree, each=each) == verify_archive(tree)


def test_an_archive_without_its_file_says_so():
    report = verify_archive(MemoryTree({}))
    assert codes(report.findings) == [("E001", "archive.yaml")]


def test_findings_are_sorted_and_bounded():
    files = load("good/everything/session")
    segment = "messages-00000001.jsonl"
    files[segment] = files[segment].replace(b'"seq"', b'"seg"') * 2000
    report = verify_tree(MemoryTree(files))
    lines = [found.line for found in report.findings if found.path == segment]
    assert len(lines) <= MAX_FINDINGS + 2
    assert report.findings == sorted(
        report.findings,
        key=lambda found: (found.path.encode(), found.line or 0, found.code, found.pointer or ""),
    )


def test_a_ulid_after_the_year_9999_has_no_shard():
    files = load("good/plain/session")
    late = "7ZZZZZZZZZ0000000000000000"
    files = {path: content.replace(ULID.encode(), late.encode()) for path, content in files.items()}
    tree = MemoryTree({f"2026/11/{late}/{path}": content for path, content in files.items()})
    found = list(verify_session(tree, f"2026/11/{late}", shard="2026/11"))
    assert "E120" in {item.code for item in found}


def test_a_message_is_held_not_a_session():
    line = encode(message(seq=1, parent=None, parts=[{"type": "text", "text": "x" * 3000}])) + b"\n"

    class Endless(MemoryTree):
        """A session whose segments are made while they are read: 40 MB."""

        def open(self, path):
            if not path.startswith("messages"):
                return super().open(path)
            first = int(path[9:17])
            content = b"".join(
                line.replace(b'"seq":1,', b'"seq":%d,' % seq).replace(
                    ULID.encode(), f"01M81CYGKK{seq:016d}".encode()
                )
                for seq in range(first, first + 256)
            )
            return io.BytesIO(content)

    files = load("good/plain/session")
    files |= {f"messages-{first:08d}.jsonl": b"" for first in range(1, 12_800, 256)}
    tracemalloc.start()
    report = verify_tree(Endless(files))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert report.checked.messages == 12_800
    assert report.checked.bytes > 40_000_000
    assert peak < 8_000_000


def test_of_a_cut_off_session_its_redactions_and_marks_say_nothing():
    """They would name messages that were there: that it was cut off is what is said."""
    files = load("good/redactions/session")
    segment = "messages-00000001.jsonl"
    files[segment] = b"".join(files[segment].splitlines(keepends=True)[:3])
    found = {code for code, _ in codes(verify_tree(MemoryTree(files)).findings)}
    assert "E608" in found
    assert "E619" not in found
    files = load("good/marks/session")
    files[segment] = b"".join(files[segment].splitlines(keepends=True)[:3])
    found = {code for code, _ in codes(verify_tree(MemoryTree(files)).findings)}
    assert "E608" in found
    assert not found & {"W220", "W221"}


def test_a_file_that_sets_the_user_can_be_run_though_it_has_no_x(tmp_path):
    for name, content in load("good/plain/session").items():
        (tmp_path / name).write_bytes(content)
    assert verify_tree(DirTree(str(tmp_path))).findings == []
    (tmp_path / "summary.json").chmod(0o4644)
    found = verify_tree(DirTree(str(tmp_path))).findings
    assert codes(found) == [("W123", "summary.json")]
