"""What is written is what the spec says: a reader made from its text alone finds nothing."""

import json
import random
import re
from pathlib import Path
from typing import Any

import pytest
from zstandard import ZstdError

import sessionfs
from claude_logs import SESSION, dumps, log, record
from conftest import beside
from second_reader import (
    copy_ids,
    ids,
    native_line,
    problems,
    read_pack,
    read_segments,
    tar_header,
)
from sessionfs import archive, canonical, identity, writer, yamltext
from sessionfs.tree import MemoryTree
from test_vectors import PACKS, expected, name, run
from trees import sessions, tree

pytestmark = pytest.mark.no_cover  # what it reaches, others reach

STARTED = "2026-11-22T10:31:07.123Z"


def disagreements(place: Path) -> list[str]:
    """What the second reader says of the sessions of an archive: at least one."""
    found = sessions(tree(place))
    assert found
    return [f"{path}: {said}" for path, files in found.items() for said in problems(files)]


def imported(place: Path, *paths: Path) -> Path:
    report = sessionfs.import_logs([str(path) for path in paths], archive=str(place))
    assert not report.failed
    return place


def made(messages: list[Any], redactions: bytes = b"", **people: object) -> dict[str, bytes]:
    """A session of these messages, with all that is derived as the product derives it."""
    uid = f"claude-code:{SESSION}"
    manifest = {
        "format": "1.0",
        "min_reader": "1.0",
        "id": identity.session_id(uid, 0),
        "source": {
            "flavor": "claude-code",
            "native_id": SESSION,
            "uid": uid,
            "nature": "log",
            "adapter": "claude-code/1",
            "name": f"{SESSION}.jsonl",
        },
        "agent": {"name": "Claude Code"},
        "started_at": None,
        "workspace": {"cwd": "~/lamp"},
        **people,
    }
    tree = MemoryTree({"manifest.yaml": yamltext.emit(manifest, "manifest")})
    if messages:
        lines = b"".join(canonical.encode(message) + b"\n" for message in messages)
        tree.files["messages-00000001.jsonl"] = lines
    if redactions:
        tree.files["redactions.jsonl"] = redactions
    sealed = MemoryTree()
    writer.write_sealed(archive.Session(tree), sealed)
    return sealed.files


def message(seq: int, **other: Any) -> dict[str, Any]:
    """A message with its keys in order, and no native record unless one is given."""
    value = {
        "seq": seq,
        "id": identity.message_id("x:y", 0, None, seq, repeated=False),
        "parent": None,
        "ts": None,
        "role": "assistant",
        "kind": "assistant_msg",
        "actor": "model",
        "parts": [],
        **other,
    }
    keys = "seq id parent ts role kind actor parts model usage cost response native".split()
    return {key: value[key] for key in keys if key in value}


PATHS = (
    "/home/ada/lamp/a.py",
    "/home/ada/lampshop/b",
    "/Users/Shared/x",
    "/Users/Public1/x",
    "C:\\Users\\ada\\lamp\\c.txt",
    "C:\\\\Users\\\\ada\\\\d",
    "x/home/ada/e",
    "",
    "rel/é",
)
TEXTS = ("", " \n\t", "see /home/ada/x, please", "a\u00a0b\u2028c", "word " * 60, "\x0b\x1c z\x7f")


def anything(chance: random.Random, seq: int) -> dict[str, Any]:
    """A message that the summary has something to conclude from."""
    other: dict[str, Any] = {}
    if chance.random() < 0.5:
        other["response"] = chance.choice("rst")
        other["usage"] = {
            field: chance.choice([0, 1, 7, 2**53 - 1])
            for field in ("input", "output", "cache_read", "cache_write", "reasoning")
            if chance.random() < 0.6
        } | {"convention": chance.choice(["exclusive", "exclusive", "inclusive"])}
    if chance.random() < 0.2:
        amount = chance.choice(["0", "0.10", "12.5", "0.000000000000000001", "999999999999999999"])
        other["cost"] = {"amount": amount, "currency": chance.choice(["USD", "EUR"])}
    if chance.random() < 0.3:
        other["ts"] = f"2026-11-22T10:{chance.randrange(60):02d}:07.123Z"
    if chance.random() < 0.3:
        other["model"] = chance.choice(["m-1", "m-é", "M"])
    path = chance.choice(PATHS)
    match chance.randrange(6):
        case 0:
            names = ("Read", "Write", "Edit", "NotebookEdit", "Bash")
            key = chance.choice(["file_path", "notebook_path"])
            part = {"call_id": None, "name": chance.choice(names), "arguments": {key: path}}
            other |= {"kind": "tool_call", "parts": [{"type": "tool_call"} | part]}
        case 1:
            text = f"*** Begin Patch\n*** Update File: {path}\n*** Move to: b\r\n*** Add File: \n"
            arguments = chance.choice([text, {"input": text}, {"input": 1}, None])
            part = {"call_id": "c", "name": "apply_patch", "arguments": arguments}
            other |= {"kind": "tool_call", "parts": [{"type": "tool_call"} | part]}
        case 2:
            texts = [{"type": "text", "text": text} for text in chance.choices(TEXTS, k=2)]
            actor = chance.choice(["human", "harness"])
            other |= {"role": "user", "kind": "user_msg", "actor": actor, "parts": texts}
        case 3:
            event: dict[str, Any] = {
                "event": chance.choice(["start", "resume", "suspend", "end", "title", "hook", 1])
            }
            event[chance.choice(["title", "provider"])] = chance.choice([*TEXTS, 3])
            kind = chance.choice(["lifecycle", "lifecycle", "usage"])
            other |= {"kind": kind, "parts": [{"type": "data", "value": event}]}
        case 4:
            other |= {"kind": "unknown", "native": {"raw": "{"}}
        case 5:
            other["native"] = {"record": {"a": seq}, "source": chance.choice(["b.json", "a/c"])}
    return message(seq, **other)


def test_the_spec_has_a_session_that_the_second_reader_accepts() -> None:
    text = (beside("spec") / "sessionfs.md").read_text("utf-8")

    def block(tag: str, after: str = "") -> bytes:
        found = re.search(
            rf"^```{tag}\n(.*?)^```$", text[text.index(after) :], re.MULTILINE | re.DOTALL
        )
        assert found
        return found[1].encode()

    files = {
        "manifest.yaml": block("yaml manifest", "## 5."),
        "messages-00000001.jsonl": block("json message", "## 23."),
        "summary.json": block("json summary"),
        "checksums.b3": block("text checksums"),
    }
    assert list(problems(files)) == []


@pytest.mark.parametrize("name", ["everything", "no_messages", "plain", "raw_records", "segments"])
def test_good_vectors(name: str) -> None:
    place = Path(__file__).parent / "vectors" / "good" / name / "session"
    paths = [path for path in place.rglob("*") if path.is_file()]
    files = {path.relative_to(place).as_posix(): path.read_bytes() for path in paths}
    assert list(problems(files)) == []


@pytest.mark.parametrize("seed", range(60))
def test_both_draw_the_same_conclusions(seed: int) -> None:
    chance = random.Random(seed)
    people: dict[str, object] = {}
    if chance.random() < 0.3:
        people = {"title": "/home/ada stays", "tags": ["b", "a"], "ext": {"k": [1, [2.5, "x"]]}}
    messages = [anything(chance, seq) for seq in range(1, chance.randrange(1, 60))]
    assert list(problems(made(messages, **people))) == []


def test_a_session_without_messages() -> None:
    assert list(problems(made([]))) == []


def test_the_working_directory_itself_keeps_its_path() -> None:
    call = {"type": "tool_call", "call_id": None, "name": "Read"}
    parts = [call | {"arguments": {"file_path": "/home/ada/lamp/"}}]
    files = made([message(1, kind="tool_call", parts=parts)])
    assert list(problems(files)) == []
    assert json.loads(files["summary.json"])["files_read"] == ["~/lamp/"]


def test_redactions_are_summed() -> None:
    line = {"rule": "r", "seq": 1, "message": message(1)["id"], "pointer": "/parts/0", "count": 3}
    content = b"".join(canonical.encode(line | {"count": n}) + b"\n" for n in (3, 4))
    files = made([message(1, native={"raw": "a"})], content)
    assert list(problems(files)) == []
    assert json.loads(files["summary.json"])["redactions"] == 7


def test_an_imported_log(tmp_path: Path) -> None:
    native = tmp_path / f"{SESSION}.jsonl"
    native.write_bytes(log(600))
    assert disagreements(imported(tmp_path / "archive", native)) == []


def test_ids_follow_from_the_log(tmp_path: Path) -> None:
    lines = log(40).splitlines()
    without = re.sub(rb'"uuid":"[^"]*",', b"", lines[20])
    timeless = re.sub(rb'"timestamp":"[^"]*"', b'"timestamp":"soon"', lines[21])
    native = tmp_path / f"{SESSION}.jsonl"
    native.write_bytes(b"\n".join([timeless, *lines, without, lines[7], timeless, b"{"]) + b"\n")
    ((path, files),) = sessions(tree(imported(tmp_path / "archive", native))).items()
    messages: list[Any] = []
    assert list(read_segments(files, messages)) == []
    native_ids = []
    for each in messages:
        try:
            native_ids.append(json.loads(native_line(each, files)).get("uuid"))
        except ValueError:
            native_ids.append(None)
    written = [path.rpartition("/")[2], *(each["id"] for each in messages)]
    assert written == ids(f"claude-code:{SESSION}", messages, native_ids)


def test_hostile_native_ids_do_not_make_equal_message_ids(tmp_path: Path) -> None:
    lines = [
        re.sub(rb'"timestamp":"[^"]*"', b'"timestamp":null', line) for line in log(6).splitlines()
    ]
    names = [b'"#2"', b"null", b'"x\\n6"', b'"y"', b'"x"', b'"x"']
    native = tmp_path / f"{SESSION}.jsonl"
    native.write_bytes(
        b"".join(
            re.sub(rb'"uuid":"[^"]*"', lambda _, n=name: b'"uuid":' + n, line) + b"\n"
            for line, name in zip(lines, names, strict=True)
        )
    )
    assert disagreements(imported(tmp_path / "archive", native)) == []


def test_an_adversarial_log(tmp_path: Path) -> None:
    chance = random.Random(5)
    good = dumps(record(0, chance))
    text = json.dumps(record(4, chance), ensure_ascii=True)
    lines = [
        good,
        good[:-1] + b',"type":"user"}',
        good.replace(b'"version"', b'"x":NaN,"y":-Infinity,"z":1e400,"n":1E5,"version"'),
        good.replace(b'"version"', b'"big":9007199254740993,"version"'),
        good.replace(b'"version"', b'"lone":"\\ud800","version"'),
        good + good,
        good[: len(good) // 2],
        b"\xef\xbb\xbf" + good,
        b"\xff\xfe" + good,
        b"\0" * 20,
        b"",
        b"[" * 2000 + b"]" * 2000,
        text.encode(),
        dumps(record(8, chance, size=400_000)),
        good.replace(b'"version"', b'"$ref":{"$ref":"/x"},"o":{"$num":1},"version"'),
        good.replace(b'"version"', '"u":"\u2028\u2029\u0085\x7f",\t"version"'.encode()) + b"\r",
        b'{"cut',
    ]  # fmt: skip
    native = tmp_path / f"{SESSION}.jsonl"
    native.write_bytes(b"\n".join(lines))
    assert disagreements(imported(tmp_path / "archive", native)) == []


def test_damage_is_noticed() -> None:
    files = made([message(1, native={"raw": "a"}), message(2, native={"raw": "b"})])
    assert list(problems(files)) == []
    for path, old, new in (
        ("manifest.yaml", b"Claude", b"Clavde"),
        ("messages-00000001.jsonl", b'"raw":"b"', b'"raw":"c"'),
        ("summary.json", b"1.0", b"1.1"),
        ("checksums.b3", b"0", b"1"),
    ):
        assert old in files[path]
        assert list(problems(files | {path: files[path].replace(old, new)})), path


def test_the_examples(tmp_path: Path) -> None:
    natives = beside("examples") / "native"
    assert disagreements(imported(tmp_path / "archive", natives)) == []


@pytest.mark.exhaustive
@pytest.mark.parametrize("agent", ["claude-code", "codex"])
def test_real_logs(tmp_path: Path, corpus: Path, agent: str) -> None:
    assert disagreements(imported(tmp_path / "archive", corpus / agent)) == []


def test_packs(tmp_path: Path) -> None:
    archive = imported(tmp_path / "archive", beside("examples") / "native")
    wanted = {path: text for path, text in tree(archive).items() if path[:2] == "20"}
    for place in (tmp_path / "p.tar", tmp_path / "p.tar.zst"):
        sessionfs.pack([str(archive)], str(place))
        assert read_pack(place.read_bytes()) == wanted


@pytest.mark.parametrize("vector", PACKS, ids=name)
def test_pack_vectors(vector: Path) -> None:
    """What the chapter allows and forbids by itself; the sessions inside are other chapters'."""
    content = (vector / run.root_of(vector)).read_bytes()
    codes = {found["code"] for found in expected(vector)}
    if not codes or codes <= {"E002", "E102", "E103", "E120", "E601", "E612"}:
        assert read_pack(content)
        return
    if codes == {"E807"}:
        return  # a limit that a reader sets itself
    with pytest.raises((AssertionError, ValueError, ZstdError)):
        read_pack(content)


def test_a_copy_under_a_fresh_id(tmp_path: Path) -> None:
    native = tmp_path / f"{SESSION}.jsonl"
    native.write_bytes(log(9))
    archive = imported(tmp_path / "archive", native)
    sessionfs.pack([str(archive)], str(tmp_path / "p.tar"))
    (session,) = sessionfs.open_archive(str(archive)).sessions()
    uid, seal, ids_before = session.summary.uid, session.seal, [m.id for m in session.messages()]
    sessionfs.edit(session.id, {"title": "mine"}, str(archive))
    report = sessionfs.unpack(str(tmp_path / "p.tar"), str(archive), on_conflict="fresh-id")
    copy = sessionfs.open_session(
        report.sessions[0].session or "", sessionfs.open_archive(str(archive))
    )
    for before, after in zip(ids_before, copy.messages(), strict=True):
        assert copy_ids(uid, session.id, seal, before) == (copy.id, after.id)
    assert disagreements(archive) == []


def test_the_example_of_a_copy() -> None:
    text = (beside("spec") / "sessionfs.md").read_text("utf-8")
    (block,) = re.findall(r"^```json copy\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    for line in block.splitlines():
        told = json.loads(line)
        found = copy_ids(told["uid"], told["session"], told["seal"], told["message"])
        assert found == (told["copy"], told["as"])


def test_the_header_in_the_specification_is_the_one_that_is_written() -> None:
    """Its table, row by row, against a header of a long name."""
    text = (beside("spec") / "sessionfs.md").read_text("utf-8")
    rows = re.findall(r"^  \| (\d+) \| (\d+) \| (.*) \|$", text, re.MULTILINE)
    assert sum(int(size) for _, size, _ in rows) == 512
    block, at = tar_header(b"2026/11/" + b"x" * 60 + b"/" + b"y" * 60, 8**11 - 1), 0
    for offset, size, told in rows:
        assert int(offset) == at
        at += int(size)
        field = block[int(offset) : at]
        if match := re.match(r"`([^`]+)`(?:, zero)?(?:, `(\d+)`)?$", told):
            words = [word.encode() for word in match.groups() if word]
            assert field.replace(b"\0", b"") == b"".join(words), told
        elif told == "zeros":
            assert not any(field)
