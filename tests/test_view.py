"""Text for people: what is shown, what is folded, and what never reaches a terminal."""
# ruff: noqa: E501  a row of a table stands on one line

import json
import os
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessionfs.archive import Session
from sessionfs.canonical import UNSET, to_plain
from sessionfs.digest import digest
from sessionfs.model import Agent as AgentFacts
from sessionfs.model import (
    Cost,
    Data,
    File,
    Finding,
    Lineage,
    Manifest,
    Message,
    Source,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
    Unknown,
    Workspace,
    encode_message,
)
from sessionfs.summary import Summarizer, encode_summary
from sessionfs.tree import MemoryTree
from sessionfs.view.findings import report_lines
from sessionfs.view.listing import table, unique_length
from sessionfs.view.text import (
    counted,
    duration,
    encodable,
    moment,
    one_line,
    pad,
    safe,
    safe_json,
    shorten,
    shorten_path,
    size,
    width,
)
from sessionfs.view.transcript import conversation, header_lines
from sessionfs.yamltext import emit

ID = "01M7W84WM8YF3N2YJDPS3MWRXG"
LONG = b"a long text\nwith \x1b[31mtwo lines"


def message(seq, *parts, role="user", kind="user_msg", actor="human", **optional):
    ts = optional.pop("ts", f"2026-11-20T10:31:{seq:02d}.000Z")
    return Message(
        seq=seq, id=ID, parent=None, ts=ts, role=role, kind=kind, actor=actor,
        parts=list(parts), **optional,
    )  # fmt: skip


def session(*messages, **facts):
    manifest = Manifest(
        format="1.0", min_reader="1.0", id=ID,
        source=Source(
            flavor="claude-code", native_id="x", uid="claude-code:x", nature="log",
            adapter="claude-code/1", name="x.jsonl",
        ),
        agent=AgentFacts(name="Claude Code", version="2.1"), started_at="2026-11-20T10:31:01.000Z",
        **facts,
    )  # fmt: skip
    summarizer = Summarizer()
    for each in messages:
        summarizer.add(each)
    lines = b"".join(encode_message(each) + b"\n" for each in messages)
    summary = summarizer.finish(manifest, {}, [])
    return Session(
        MemoryTree(
            {
                "manifest.yaml": emit(to_plain(manifest), "manifest"),
                "messages-00000001.jsonl": lines,
                "summary.json": encode_summary(summary),
                f"files/{digest(LONG)}": LONG,
            }
        )
    )


def shown(*messages, **options):
    return [line.text for line in conversation(session(*messages), **options)]


def model(seq, *parts, kind="assistant_msg", **optional):
    return message(
        seq, *parts, role="assistant", kind=kind, actor="model", model="opus", **optional
    )


def tool(seq, *content, **outcome):
    outcome = {"is_error": False, **outcome}
    part = ToolResult(call_id="c", content=list(content), **outcome)
    return message(seq, part, role="tool", kind="tool_result", actor="tool")


CALL = ToolCall(call_id="c", name="Bash", arguments={"command": "ls -l", "times": 2})


def test_a_conversation_reads_like_one():
    assert shown(
        message(1, Text(text="List\nthe files.")),
        model(2, Thinking(text="They want\na list."), kind="thinking"),
        model(3, CALL, kind="tool_call"),
        tool(4, Text(text="a\nb\n"), exit_code=0, duration_ms=1250),
        model(5, Text(text="Two files.")),
        message(6, Text(text="Thanks."), ts=None),
    ) == [
        "human  2026-11-20 10:31:01",
        "     1  List",
        "        the files.",
        "",
        "opus  2026-11-20 10:31:02",
        "     2  thinking: They want a list.",
        '     3  > Bash(command="ls -l", times=2)',
        "     4  < ok, exit 0, 1.2 s, 2 lines, 4 characters",
        "     5  Two files.",
        "",
        "human",
        "     6  Thanks.",
    ]


def test_nothing_is_folded_in_full():
    assert shown(
        model(2, Thinking(text="They want\na list."), kind="thinking"),
        model(3, CALL, kind="tool_call"),
        tool(4, Text(text="a\nb\n")),
        message(5, Data(value={"event": "hook"}), kind="lifecycle", actor="harness"),
        message(6, Text(text="one\ntwo"), kind="context", actor="harness"),
        message(7, Data(value=[1]), kind="usage", actor="harness"),
        full=True,
    ) == [
        "opus  2026-11-20 10:31:02",
        "     2  thinking:",
        "        They want",
        "        a list.",
        "     3  > Bash",
        "          {",
        '            "command": "ls -l",',
        '            "times": 2',
        "          }",
        "     4  < ok, 2 lines, 4 characters",
        "          a",
        "          b",
        "",
        "harness  2026-11-20 10:31:05",
        '     5  {"event":"hook"}',
        "     6  one",
        "        two",
        "     7  [1]",
    ]


@pytest.mark.parametrize(
    ("parts", "options", "told"),
    [
        ([Text(file=digest(LONG))], {}, ["a long text", "with two lines"]),
        ([Text(file="0" * 64)], {}, [f"[files/{'0' * 64} is missing]"]),
        ([Text()], {}, [""]),
        ([Thinking(signature="s")], {"kind": "thinking"}, ["thinking, not shown"]),
        ([Thinking(encrypted="e")], {"kind": "thinking"}, ["thinking, encrypted"]),
        ([Unknown(value={"a": 1})], {"kind": "unknown"}, ['unknown: {"a":1}']),
        ([], {"kind": "unparsed"}, ["a line that cannot be read; `export` gives it back"]),
        ([Text(text="Overloaded\nagain")], {"kind": "error"}, ["Overloaded", "again"]),
        ([Text(text="one\ntwo")], {"kind": "summary"}, ["summary, 2 lines: one"]),
        ([Text(text="one")], {"kind": "context"}, ["context: one"]),
        ([Text(text=" ")], {"kind": "context"}, ["context:"]),
        ([Data(value={"event": "interrupt", "reason": "no"})], {"kind": "lifecycle"}, ["(interrupt, reason no)"]),
        ([Data(value={"event": "end"})], {"kind": "lifecycle"}, ["(end)"]),
        ([Data(value={"event": "hook"})], {"kind": "lifecycle"}, []),
        ([Data(value=3)], {"kind": "lifecycle"}, []),
        ([], {"kind": "echo"}, []),
        ([Data(value={"kind": "pr", "ref": "u"})], {"kind": "link"}, ['{"kind":"pr","ref":"u"}']),
        ([ToolCall(call_id=None, name="Shell", arguments="ls")], {"kind": "tool_call"}, ['> Shell("ls")']),
        ([ToolCall(call_id=None, name="S", arguments=["x" * 99])], {"kind": "tool_call"}, ['> S(["' + "x" * 25 + "…"]),
        ([File(file="ab" * 32, media_type="image/png", name="a.png", bytes=2048)], {}, ["[image/png a.png, 2.0 kB: files/abababababab…]"]),
        ([File(file="ab" * 32, media_type="image/png", name=None, bytes=1)], {}, ["[image/png, 1 byte: files/abababababab…]"]),
    ],
)  # fmt: skip
def test_parts(parts, options, told):
    lines = [line.text for line in conversation(session(message(1, *parts, **options)), columns=40)]
    if max(map(width, lines[1:]), default=0) > 40:
        lines = shown(message(1, *parts, **options))
    assert [line[8:] for line in lines[1:]] == told


@pytest.mark.parametrize(
    ("content", "outcome", "told"),
    [
        ([], {}, "< ok"),
        ([Text(text="x" * 1234)], {}, "< ok, 1 line, 1,234 characters"),
        ([Text(text="\nNo\nsuch")], {"is_error": True, "exit_code": 2}, "< error, exit 2, 3 lines, 8 characters: No"),
        ([File(file="0" * 64, media_type="image/png", name=None, bytes=9)], {}, "< ok, image/png 9 bytes"),
        ([Data(value=1)], {"duration_ms": 65_000}, "< ok, 1 min 5 s"),
    ],
)  # fmt: skip
def test_results_are_folded_to_size_and_outcome(content, outcome, told):
    assert shown(tool(3, *content, **outcome)) == ["tool  2026-11-20 10:31:03", f"     3  {told}"]


def test_results_of_parallel_calls_say_which_call_they_answer():
    other = ToolCall(call_id="d", name="Read", arguments=None)
    results = [
        ToolResult(call_id=call, content=[], is_error=False, duration_ms=9) for call in "dcx"
    ]
    told = shown(
        model(1, CALL, kind="tool_call"),
        model(2, other, kind="tool_call"),
        message(3, *results, role="tool", kind="tool_result", actor="tool"),
    )
    assert told[3:] == ["     3  < #2 ok", "        < ok", "        < ok"]


def test_full_arguments_that_are_text_are_not_quoted():
    call = ToolCall(call_id=None, name="apply_patch", arguments="*** Begin\n*** End")
    lines = shown(model(1, call, kind="tool_call"), full=True)
    assert lines[1:] == ["     1  > apply_patch", "          *** Begin", "          *** End"]


def test_who_speaks():
    lines = shown(
        model(1, Text(text="a"), agent="x1"),
        message(2, Text(text="b"), actor="harness", sidechain=True),
        message(3, Text(text="c"), role="assistant", actor="model"),
        tool(4),
    )
    heads = [line.split("  ")[0] for line in lines if line and not line.startswith(" ")]
    assert heads == ["opus (subagent x1)", "harness (aside)", "model"]


def test_a_range_begins_and_ends_where_it_should():
    messages = [message(seq, Text(text=str(seq))) for seq in range(1, 6)]
    assert [line[8:] for line in shown(*messages, first=2, last=3)[1:]] == ["2", "3"]
    assert [line[8:] for line in shown(*messages, first=4)[1:]] == ["4", "5"]


def test_header_tells_what_is_known():
    told = session(
        message(1, Text(text="Hello"), cost=Cost(amount="0.10", currency="USD")),
        message(2, Unknown(value=1), kind="unknown", actor="harness"),
        title="A \x1b[31mtitle", outcome="success", task_ref="T-1", tags=["a", "b"],
        notes="first\nsecond\x07",
        workspace=Workspace(repository="https://x/y.git", branch="main", cwd="~/y"),
        lineage=Lineage(parent="codex:p", relation="fork"),
    )  # fmt: skip
    assert [line.text for line in header_lines(told)] == [
        "A title",
        f"session:   {ID} claude-code:x",
        "agent:     Claude Code 2.1",
        "time:      2026-11-20 10:31:01 to 2026-11-20 10:31:02 UTC, 2 messages, active",
        "workspace: https://x/y.git ~/y (main)",
        "from:      codex:p (fork)",
        "outcome:   success",
        "task:      T-1",
        "tags:      a b",
        "cost:      0.10 USD",
        "fidelity:  lossy, messages without a native record, 1 unknown record",
        "notes:",
        "  first",
        "  second",
        "",
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("plain ü 語 🙂\tx\n", "plain ü 語 🙂\tx\n"),
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07after", "after"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1bPq#0\x1b\\after", "after"),
        ("\x9b31mred\x9d0;t\x9c!", "red!"),
        ("\x1b]0;never ends", "0;never ends"),
        ("\x1b7\x1b(0\x1bc", ""),
        ("a\rb\r\nc\x0bd\u2028e\x85f", "a\nb\nc\nd\ne\nf"),
        ("\u202egnp.exe\u2066x\u061c\u200f", "gnp.exex"),
        ("a\U000e0041b", "ab"),
        ("\ud800x", "\ufffdx"),
        (os.fsdecode(b"a\x80\xff\xc3\xa4"), "a\\x80\\xff\u00e4"),
        ("\udc7f\udd00", "\ufffd\ufffd"),
        ("\x00\x08\x7f", ""),
    ],
)
def test_safe(text, told):
    assert safe(text) == told
    assert one_line(text) == " ".join(told.split())


@given(st.text(st.characters(codec=None), max_size=80))
def test_safe_text_holds_nothing_that_a_terminal_obeys(text):
    told = safe(text)
    assert not [
        character
        for character in told
        if unicodedata.category(character) in ("Cc", "Cs") and character not in "\n\t"
    ]
    assert not [c for c in told if unicodedata.bidirectional(c) in ("RLO", "LRO", "RLE", "RLI")]
    assert safe(told) == told
    assert len(one_line(text).splitlines()) <= 1


@given(st.text(st.characters(codec=None), max_size=80))
def test_json_for_terminals_is_the_same_json(text):
    told = safe_json(json.dumps({"a": text}, ensure_ascii=False, indent=1))
    assert json.loads(told) == {"a": encodable(text)}
    assert safe(told) == told.encode().decode()


@given(st.text(max_size=40), st.integers(min_value=1, max_value=30))
def test_shortened_text_fits(text, limit):
    line = one_line(text)
    assert width(shorten(line, limit)) <= limit
    assert width(pad(shorten(line, limit), limit)) == limit


def test_a_path_keeps_its_end():
    assert shorten_path("logs/a/b.jsonl", 14) == "logs/a/b.jsonl"
    assert shorten_path("logs/a/b.jsonl", 11) == "…/a/b.jsonl"
    assert shorten_path("logs/a/b.jsonl", 3) == "…/b.jsonl"
    assert shorten_path("b.jsonl", 3) == "b.jsonl"


def test_long_hostile_text_is_made_safe():
    """Each of these would take minutes if a search went to the end of the text from each place."""
    starts = "\x1b] \x1b[ \x1bP \x9d \x90 \x9b \x1bPx \x9dx \x1b[0 \x9b0".split(" ")
    for evil in starts:
        assert "\x1b" not in safe(evil * 200_000)


def test_numbers_and_times():
    assert [size(n) for n in (0, 1, 999, 1000, 999_999, 1_500_000, 10**16)] == [
        "0 bytes", "1 byte", "999 bytes", "1.0 kB", "1.0 MB", "1.5 MB", "10,000.0 TB",
    ]  # fmt: skip
    assert counted(2, "entry", "entries") == "2 entries"
    assert duration(40) == "0.0 s"
    assert moment(None) == "no time"
    assert width("e\u0301語") == 3
    assert shorten("語e\u0301", 3) == "語e\u0301"


def finding(code, line=UNSET, hint=""):
    level = "error" if code[0] == "E" else "warning"
    return Finding(
        code=code, level=level, path="a\x1b[31m.jsonl", line=line, message="m", hint=hint
    )


def test_findings_and_their_count():
    checked = {"sessions": 1, "messages": 2, "files": 3, "bytes": 4}
    some = [finding("E601", 7, "mend"), finding("E602", hint="mend"), finding("W508", hint="look")]
    assert [line.text for line in report_lines(some, checked)] == [
        "E601 a.jsonl:7: m",
        "E602 a.jsonl: m",
        "W508 a.jsonl: m",
        "hint (E601, E602): mend",
        "hint (W508): look",
        "2 errors and 1 warning in 1 session, 2 messages, 3 files, 4 bytes",
    ]
    assert [line.text for line in report_lines([finding("W508")], checked)][-1] == (
        "ok, 1 warning: 1 session, 2 messages, 3 files, 4 bytes"
    )


def test_ids_are_cut_as_far_as_they_stay_unique():
    assert unique_length([]) == 8
    assert unique_length(["01M7W84WM8YF", "01M7W84WM84F", "01M7W84WM8YF"]) == 11
    assert unique_length(["01M7W84WM8", "01M7W84WM8YF"]) == 11


def test_a_table_fits():
    rows = [session(message(1, Text(text="語 " * 60)), tags=["x"]).summary]
    for columns in (24, 40, 60, 80, 200):
        head, line = [line.text for line in table(rows, [ID], columns)]
        assert head.startswith("ID ") or columns < 30
        assert width(line) <= columns
    (_, line) = table(rows, [ID], None)
    assert line.text.endswith("#x")
