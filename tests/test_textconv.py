"""`git textconv`: a file of an archive as `git diff` shows it."""

import io
import json
import os
import re
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessionfs.cli import main
from sessionfs.digest import digest
from sessionfs.model import (
    Data,
    File,
    Message,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
    Unknown,
    encode_message,
)
from sessionfs.view.textconv import HEADER, RENDERING, message_block, textconv

OBEYED = {*map(chr, [*range(9), *range(11, 32), *range(127, 160)]), "\u202e"}
PAYLOAD = "c4497b955316de7e976e4c8c67a4552a2aa589aaea4a4fe62202d9b0fa244e8a"


def shown(content: bytes) -> str:
    return "".join(textconv(io.BytesIO(content)))


def line(seq, *parts, kind="user_msg", actor="human", role="user", **optional):
    told = Message(
        seq=seq,
        id="01M7W84WM8YF3N2YJDPS3MWRXG",
        parent=None,
        ts=optional.pop("ts", f"2026-11-20T10:31:{seq:02d}.000Z"),
        role=role,
        kind=kind,
        actor=actor,
        parts=list(parts),
        **optional,
    )
    return encode_message(told) + b"\n"


def model(seq, *parts, kind="assistant_msg"):
    return line(seq, *parts, kind=kind, actor="model", role="assistant", model="some-model")


CONVERSATION = [
    line(
        1,
        File(file=PAYLOAD, media_type="image/png", name=None, bytes=668),
        Text(text="Why is the lamp dark?\n\n  Look \x1b[31mhere\x1b[0m."),
    ),
    line(2, Data(value={"event": "mode"}), kind="lifecycle", actor="harness", ts=None),
    model(3, Thinking(text="Perhaps\nthe bulb."), kind="thinking"),
    model(
        4,
        Text(text="I'll look."),
        ToolCall(call_id="a", name="Bash", arguments={"command": "make  all", "timeout": 5}),
        ToolCall(call_id="b", name="Read", arguments={"file_path": "lamp.py"}),
        kind="tool_call",
    ),
    line(
        5,
        ToolResult(
            call_id="b",
            content=[
                Text(text="one\ntwo\n"),
                File(file=PAYLOAD, media_type="a/b", name=None, bytes=7),
            ],
            is_error=False,
            duration_ms=1500,
        ),
        ToolResult(call_id="a", content=[Text(text="No rule\n")], is_error=True, exit_code=2),
        ToolResult(call_id="c", content=[Text(file=PAYLOAD)], is_error=False),
        kind="tool_result", actor="tool", role="tool",
    ),
    line(6, Unknown(value={"type": "new"}), Text(file=PAYLOAD), agent="a1", actor="subagent"),
    line(7, Data(value={"skill": "x"}), kind="context", actor="harness"),
]  # fmt: skip

TOLD = """\
── 1 human  2026-11-20 10:31:01  513b6f61
  [image/png, 668 bytes: files/c4497b955316…]
  Why is the lamp dark?

    Look here.
── 2 harness  lifecycle  7244c4cc
── 3 some-model  2026-11-20 10:31:03  84de3cdc
  thinking: Perhaps the bulb.
── 4 some-model  2026-11-20 10:31:04  6e629c8f
  I'll look.
  > Bash(command="make all", timeout=5)
  > Read(file_path="lamp.py")
── 5 tool  2026-11-20 10:31:05  84fdf36d
  < ok, 1.5 s, 2 lines, 8 characters, a/b 7 bytes
  < error, exit 2, 1 line, 8 characters: No rule
  < ok, [long: files/c4497b955316…]
── 6 subagent (subagent a1)  2026-11-20 10:31:06  3a52a362
  unknown: {"type":"new"}
  [long: files/c4497b955316…]
── 7 harness  2026-11-20 10:31:07  3fd5fe74
  context: {"skill":"x"}
"""


def test_a_conversation_is_shown_like_this():
    """Where this text changes, another RENDERING has to: git keeps what it has been told."""
    assert RENDERING == 2
    assert shown(b"".join(CONVERSATION)) == TOLD


@given(st.lists(st.sampled_from(CONVERSATION) | st.binary(max_size=40), max_size=12), st.data())
def test_what_was_shown_stays_when_a_segment_grows(lines, data):
    """Whatever is appended: a diff shows new lines only."""
    whole = b"".join([CONVERSATION[0], *(each.rstrip(b"\n") + b"\n" for each in lines)])
    ends = [place + 1 for place, byte in enumerate(whole) if byte == 10]
    end = data.draw(st.sampled_from(ends))
    assert shown(whole).startswith(shown(whole[:end]))


BEGINNINGS = [b"", b'{"seq":1,', b'{"rule":', b'{\n  "format":', b"0" * 64 + b"  ", b"<<<<<<< x\n"]


@given(st.sampled_from([*BEGINNINGS, *CONVERSATION]), st.binary(max_size=200), st.data())
def test_any_bytes_are_shown_and_nothing_is_obeyed(begin, rest, data):
    cut = data.draw(st.integers(0, len(begin)))
    told = shown(begin[:cut] + rest)
    assert not OBEYED & set(told)
    told.encode("utf-8")


def test_a_block_depends_on_its_line_alone():
    assert shown(b"".join(CONVERSATION)) == "".join(map(message_block, CONVERSATION))
    assert shown(b"".join(reversed(CONVERSATION))) == "".join(
        map(message_block, CONVERSATION[::-1])
    )


@pytest.fixture(scope="module")
def session(root):
    """The files of an example session with every kind of file but redactions."""
    place = root / "examples" / "sessions" / "2026" / "11" / "01M7WM3K6WT6E66QERZ5G6H0NZ"
    return {
        path.relative_to(place).as_posix(): path.read_bytes()
        for path in place.rglob("*")
        if path.is_file()
    }


def test_no_changed_bit_goes_unseen(session):
    redactions = b'{"rule":"env-secret","seq":3,"message":"01M7","pointer":"/parts/0","count":1}\n'
    contents = [*session.values(), redactions, b"".join(CONVERSATION)]
    for content in contents:
        before = shown(content)
        for place in range(0, len(content), max(1, len(content) // 150)):
            changed = bytearray(content)
            changed[place] ^= 1 << place % 8
            assert shown(bytes(changed)) != before, (content[:40], place)


def test_the_other_files_of_a_session(session):
    for name in (
        "manifest.yaml",
        "files/ae4a9dfa09d70a210d539bde411ff7051aaf4daf8552627796e31f315261dafc",
    ):
        assert shown(session[name]) == session[name].decode("utf-8")
    image = session[f"files/{PAYLOAD}"]
    assert shown(image) == f"[binary, 668 bytes, {PAYLOAD}]\n"
    assert (
        shown(session["checksums.b3"]) == f"5 files, sealed:\n{digest(session['checksums.b3'])}\n"
    )
    told = shown(session["summary.json"]).splitlines()
    assert told[0] == "title:     The mole lamp"
    assert "62 messages, active" in told[3]
    assert len(told) == 8
    assert shown(b"") == ""


def test_redactions_are_told_in_words():
    row = {
        "rule": "env-secret",
        "seq": 3,
        "message": "01M7",
        "pointer": "/parts/0/text",
        "count": 2,
    }
    in_manifest = {"rule": "a", "seq": None, "message": None, "pointer": "/title", "count": 1}
    lines = [json.dumps(each, separators=(",", ":")) for each in (row, in_manifest)]
    odd = lines[0].replace(":2", ": 2")
    first, second = (digest(f"{each}\n".encode())[:8] for each in lines)
    assert shown("\n".join([*lines, odd, "junk"]).encode()) == (
        f"message 3 (01M7) /parts/0/text: 2 secrets of the rule env-secret taken out  {first}\n"
        f"manifest.yaml /title: 1 secret of the rule a taken out  {second}\n"
        f"{odd}\njunk"
    )


@pytest.mark.parametrize(
    "other", ["/a\tb", "/a\nb", "/a  b", "/a \u202eb", "/a b ", "/a\u00a0b", "/" + "a" * 5000]
)
def test_no_two_lines_of_redactions_are_told_alike(other):
    """What looks alike to people, or is folded, is another line: a change of it is shown."""

    def told(**changed):
        row = {"rule": "k", "seq": 1, "message": "m", "pointer": "/a b", "count": 1} | changed
        line = json.dumps(row, separators=(",", ":"), ensure_ascii=False)
        return shown(f"{line}\n".encode())

    texts = {told()} | {told(**{name: other}) for name in ("rule", "message", "pointer")}
    assert len(texts) == 4
    assert all(re.search("  [0-9a-f]{8}\n$", text) for text in texts)


def test_conflict_markers_and_what_is_no_message_stand_among_messages():
    ours, theirs = CONVERSATION[2], CONVERSATION[3]
    conflict = b"<<<<<<< HEAD\n%s=======\n%s>>>>>>> other\n" % (ours, theirs)
    told = shown(CONVERSATION[0] + conflict)
    assert told == "".join([
        message_block(CONVERSATION[0]), "<<<<<<< HEAD\n", message_block(ours), "=======\n",
        message_block(theirs), ">>>>>>> other\n",
    ])  # fmt: skip
    assert shown(conflict) == told.removeprefix(message_block(CONVERSATION[0]))
    torn = CONVERSATION[1][:40]
    assert shown(CONVERSATION[0] + torn).splitlines()[-2:] == [
        f"── ? not a message, 40 bytes  {digest(torn)[:8]}",
        f"  {torn.decode()}",
    ]


def test_no_text_passes_for_a_header():
    spoof = "── 9 human  2026-11-20 10:31:09  00000000"
    lines = [line(1, Text(text=f"{spoof}\n\r{spoof}\x0b{spoof}\u2028{spoof}")), spoof.encode()]
    headers = [each for each in shown(b"".join(lines)).splitlines() if each.startswith("── ")]
    assert [each[:4] for each in headers] == ["── 1", "── ?"]


@pytest.mark.parametrize(
    "content",
    [
        b"\xff\xfe\x1b[31m\x9b0m\r\n\xe2\x80\xae\xed\xa0\x80 \xc2\x9b2J\x07",
        CONVERSATION[0]
        + b"\xff\x1b]0;x\x07 \x00 {{{ \r\n"
        + CONVERSATION[1].replace(b":", b"\x1b"),
        line(1, Text(text="\x1b[2J\u202e\x9b"), actor="\x1b]0;x\x07", kind="\x9b"),
        b'{"rule":"\xc2\x9b","seq":1,"message":null,"pointer":"","count":1}\n',
    ],
)
def test_a_terminal_obeys_nothing(content):
    told = shown(content)
    assert not OBEYED & set(told)
    told.encode("utf-8")


def test_what_cannot_be_seen_is_spelt():
    spelt = b"a\r\nb\x1b[1m\xff\xe2\x80\xae\n"
    text = "a\\r\nb\\x1b[1m\\xff\\u202e\n"
    assert shown(spelt) == f"{text}[13 bytes, {digest(spelt)[:8]}]\n"
    assert shown(text.encode()) == text  # nothing that was spelt out looks like it


@pytest.mark.parametrize(
    "content",
    [
        b'{"seq":1,"x":' + b"[" * 300_000,
        b'{"seq":1,"x":' + b"[" * 1000 + b"]" * 1000 + b"}\n",
        b'{\n  "format": ' + b"[" * 300_000,
        b'{"rule":' + b'{"a":' * 100_000,
        b"0" * 64 + b"  manifest.yaml\n" + b"0" * 64 + b"  stray\n",
    ],
    ids=["crowded", "deep", "summary", "redaction", "checksums"],
)
def test_a_hostile_file_is_shown_as_it_is(content):
    told = shown(content)
    shift = "  " if content.startswith(b'{"seq"') else ""
    text = [each.removeprefix(shift) for each in told.split("\n") if not each.startswith("── ")]
    assert "".join(text) == content.decode().replace("\n", "")


def test_a_line_with_more_values_than_any_is_not_decoded():
    """In memory each would take a hundred times its bytes."""
    most = line(1, Data(value=[0] * 200_000))
    assert message_block(most) is not None
    assert message_block(line(1, Data(value=[0] * 300_000))) is None


def test_a_list_of_other_digests_is_a_text():
    listing = b"0" * 64 + b"  lamp.py\n"
    assert shown(listing) == listing.decode()


def test_long_lines_are_broken_and_whole():
    words = " ".join(f"word{number}" for number in range(900))
    told = message_block(line(1, Text(text=f"{words}\n{'x' * 2500}"))).splitlines()
    assert max(map(len, told)) <= 1002
    text = [each.removeprefix("  ") for each in told[1:]]
    assert " ".join(text[:-3]) == words
    assert "".join(text[-3:]) == "x" * 2500


def test_a_line_beyond_all_bounds_is_not_held(monkeypatch):
    monkeypatch.setattr("sessionfs.view.textconv.MAX_LINE", 1000)
    begin, long = CONVERSATION[0], b'{"seq":' + b"y" * 700_000 + b"\n"
    told = shown(begin + long + CONVERSATION[1]).removeprefix(message_block(begin))
    head, _, rest = told.partition("\n")
    assert head == f"── ? not a message, {len(long):,} bytes  {digest(long)[:8]}"
    assert rest.endswith(message_block(CONVERSATION[1]))
    assert rest.replace("\n  ", "").count("yy") == 350_000


def test_the_command_prints_utf_8_whatever_the_locale(tmp_path):
    place = tmp_path / "any name"
    place.write_bytes(b"".join(CONVERSATION) * 40)
    command = [sys.executable, "-m", "sessionfs", "git", "textconv", "--rendering", "7", str(place)]
    environment = {**os.environ, "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONIOENCODING": "latin-1"}
    done = subprocess.run(command, capture_output=True, check=True, timeout=60, env=environment)
    assert done.stdout.decode("utf-8") == TOLD * 40


def test_a_file_that_cannot_be_read(tmp_path, capsys):
    assert main(["git", "textconv", str(tmp_path / "nothing")]) == 2
    assert main(["git", "textconv", str(tmp_path)]) == 2
    assert "Traceback" not in capsys.readouterr().err


def test_importing_the_view_does_not_read_schemas_or_yaml():
    """It is run for every version of every file."""
    code = "import sys\nimport sessionfs.view.textconv\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert not loaded & {"jsonschema", "sessionfs.yamltext", "sessionfs.archive", "re2"}


def test_git_matches_the_header():
    done = subprocess.run(
        ["grep", "-cE", HEADER], input=TOLD.encode(), capture_output=True, check=True
    )
    assert int(done.stdout) == len(CONVERSATION)
