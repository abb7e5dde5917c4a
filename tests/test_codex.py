"""The Codex adapter: what each kind of line becomes, and that no line makes it fail."""

import json

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from codex_logs import DIRECTORY, data_url, dumps, examples, png
from conftest import beside
from sessionfs.adapters import load_adapters
from sessionfs.adapters.codex import ADAPTER
from sessionfs.canonical import UNSET, decode_native
from sessionfs.digest import digest
from sessionfs.draft import Draft
from sessionfs.model import (
    KINDS,
    Data,
    File,
    Text,
    Thinking,
    ToolCall,
    ToolResult,
    Unknown,
    Usage,
    decode_message,
    encode_message,
)
from sessionfs.native import Line, Settled, settle
from sessionfs.restore import restore_record

ID = "01a1f84a-95c0-70d6-a407-9e36703ebd37"
OLDER = "01a1f000-0000-7000-8000-000000000000"
NEWER = "01a1f900-0000-7000-8000-000000000000"
TS = "2026-11-20T09:30:00.100Z"


def line(kind: str, payload: object, **members: object) -> dict:
    return {"timestamp": TS, "type": kind, "payload": payload, **members}


def item(kind: str, **members: object) -> dict:
    return line("response_item", {"type": kind, **members})


def event(kind: str, **members: object) -> dict:
    return line("event_msg", {"type": kind, **members})


def message(role: str, *texts: str) -> dict:
    kind = "output_text" if role == "assistant" else "input_text"
    return item("message", role=role, content=[{"type": kind, "text": text} for text in texts])


def meta(identifier: object = ID, **members: object) -> dict:
    return line(
        "session_meta", {"id": identifier, "timestamp": "2026-11-20T09:30:00.000Z", **members}
    )


def turn(identifier: str, model: str = "gpt-5.3-codex") -> dict:
    return line("turn_context", {"turn_id": identifier, "model": model})


def mapped(*records: object) -> list[Draft]:
    """Return the drafts of a log of these records, as they come from the wire."""
    mapper = ADAPTER.mapper("", "", lambda _: None)
    return [mapper.map(decode_native(dumps(record))[0]) for record in records]


def last(*records: object) -> Draft:
    return mapped(*records)[-1]


def settled(*records: object) -> Settled:
    """Return the last record's message, and prove that it gives the line back."""
    mapper = ADAPTER.mapper("", "", lambda _: None)
    for record in records:
        content = dumps(record)
        value, style = decode_native(content)
        draft = mapper.map(value)
    ts = draft.ts if isinstance(draft.ts, str) else None
    done = settle(
        draft,
        Line(content=content, value=value, style=style),
        seq=1,
        id="0" * 26,
        parent=None,
        ts=ts,
    )
    assert decode_message(encode_message(done.message)) == done.message
    assert restore_record(done.message.native, done.message, done.payloads.__getitem__) == content
    return done


def fact(draft: Draft) -> dict:
    (part,) = draft.parts
    assert isinstance(part, Data)
    return part.value


# --- whose log it is, and what it says of itself


def test_it_comes_through_the_door_that_is_open_to_all():
    assert load_adapters()["codex"] is ADAPTER


def test_the_first_meta_says_who_the_session_is():
    draft = last(
        meta(
            cwd="/home/ada/lantern",
            cli_version="0.121.0",
            model_provider="openai",
            git={
                "commit_hash": "3f9a",
                "branch": "main",
                "repository_url": "https://e.example/l.git",
            },
        )
    )
    assert (draft.kind, fact(draft)) == ("lifecycle", {"event": "start", "provider": "openai"})
    facts = draft.facts
    assert facts.native_id == ID
    assert facts.name == f"rollout-2026-11-20T09-30-00-{ID}.jsonl"
    assert (facts.version, facts.cwd) == ("0.121.0", "/home/ada/lantern")
    assert (facts.repository, facts.branch, facts.commit) == (
        "https://e.example/l.git",
        "main",
        "3f9a",
    )
    assert (facts.parent, facts.relation) == (None, None)


@pytest.mark.parametrize(
    ("members", "lineage"),
    [
        ({"forked_from_id": OLDER}, (f"codex:{OLDER}", "fork")),
        (
            {"parent_thread_id": OLDER, "source": {"subagent": "review"}},
            (f"codex:{OLDER}", "subagent"),
        ),
        (
            {
                "forked_from_id": NEWER,
                "source": {"subagent": {"thread_spawn": {"parent_thread_id": OLDER}}},
            },
            (f"codex:{OLDER}", "subagent"),
        ),
        ({"forked_from_id": ID}, (None, None)),
        ({"forked_from_id": ["x"], "source": {"subagent": {"thread_spawn": 3}}}, (None, None)),
    ],
)
def test_lineage_names_the_session_that_this_one_comes_from(members, lineage):
    facts = last(meta(**members)).facts
    assert (facts.parent, facts.relation) == lineage


@pytest.mark.parametrize("identifier", [None, 5, "", "../x", "a b", "a\nb", "x" * 129, ["a"]])
def test_an_id_that_no_path_or_uid_should_hold_is_none(identifier):
    facts = last(meta(identifier)).facts
    assert (facts.native_id, facts.name) == (None, None)


@pytest.mark.parametrize("value", ["", "a\nb", "\ud800", "x" * 4097, 7, None])
def test_a_fact_is_one_line_of_text(value):
    record = meta(cwd=value)
    mapper = ADAPTER.mapper("", "", lambda _: None)
    assert mapper.map(record).facts.cwd is None


def test_a_later_meta_is_a_resume_or_the_origin_that_a_fork_repeats():
    _, resumed, forked = mapped(meta(), meta(cwd="/elsewhere"), meta(OLDER, cwd="/older"))
    assert fact(resumed) == {"event": "resume"}
    assert resumed.facts.cwd == "/elsewhere"
    assert fact(forked) == {"event": "fork", "from": f"codex:{OLDER}"}
    assert forked.facts.native_id is forked.facts.cwd is None


def test_the_first_versions_had_a_header_bare_items_and_state():
    header = {"id": ID, "timestamp": "2025-05-07T17:24:21.597Z", "instructions": None}
    first, state, said, reasoned = mapped(
        header,
        {"record_type": "state"},
        {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "hello"}]},
        {"type": "reasoning", "id": "rs_1", "summary": []},
    )
    assert (first.kind, first.facts.native_id, first.ts) == ("lifecycle", ID, header["timestamp"])
    assert first.facts.name == f"rollout-2025-05-07T17-24-21-{ID}.jsonl"
    assert (state.kind, state.parts) == ("snapshot", [])
    assert (said.kind, said.actor, said.ts) == ("user_msg", "human", None)
    assert (reasoned.kind, reasoned.native_id, reasoned.parts) == ("thinking", "rs_1", [])


def test_recognized_by_content():
    bare = {"type": "reasoning", "summary": []}
    assert ADAPTER.recognizes([meta(), turn(NEWER), event("x"), None, 3, {}]) == 3
    assert ADAPTER.recognizes([{"record_type": "state"}, bare]) == 2
    assert ADAPTER.recognizes([bare, bare]) == 0  # other agents keep such items too
    assert ADAPTER.recognizes([{"type": "event_msg", "payload": 5}, {"type": ["event_msg"]}]) == 0
    assert ADAPTER.recognizes([]) == 0


@pytest.mark.parametrize(
    ("environment", "home", "platform", "stores"),
    [
        (
            {},
            "/home/ada",
            "linux",
            ["/home/ada/.codex/sessions", "/home/ada/.codex/archived_sessions"],
        ),
        ({"CODEX_HOME": "/c"}, "/home/ada", "darwin", ["/c/sessions", "/c/archived_sessions"]),
        ({"CODEX_HOME": ""}, "/h", "linux", ["/h/.codex/sessions", "/h/.codex/archived_sessions"]),
        (
            {},
            "C:\\Users\\ada",
            "win32",
            ["C:\\Users\\ada\\.codex\\sessions", "C:\\Users\\ada\\.codex\\archived_sessions"],
        ),
    ],
)
def test_stores(environment, home, platform, stores):
    assert ADAPTER.stores(environment, home, platform) == stores


def test_a_rollout_stands_alone():
    assert not ADAPTER.children(None, "x")
    assert not ADAPTER.leading(None, "x")
    assert not ADAPTER.attachable(None, "x")
    assert ADAPTER.mapper("", "", lambda _: None).map_leading("x.json", 5).source == "x.json"


# --- who speaks


def test_messages_by_role():
    _, system, user, assistant = mapped(
        turn(NEWER, "gpt-9"),
        message("developer", "be kind"),
        message("user", "hello"),
        message("assistant", "hi"),
    )
    assert (system.role, system.kind, system.actor) == ("system", "context", "harness")
    assert (user.role, user.kind, user.actor, user.model) == ("user", "user_msg", "human", None)
    assert (assistant.role, assistant.kind, assistant.actor) == (
        "assistant",
        "assistant_msg",
        "model",
    )
    assert assistant.model == "gpt-9"
    assert assistant.parts == [Text(text="hi")]


@pytest.mark.parametrize(
    ("texts", "who"),
    [
        (["<environment_context>\n…"], ("context", "harness")),
        (["# AGENTS.md instructions for /x\n…", "<environment_context>…"], ("context", "harness")),
        (["\n<turn_aborted>…"], ("context", "harness")),
        (["<user_shell_command>\nls"], ("context", "harness")),
        (["<subagent_notification>\n{}"], ("subagent", "harness")),
        (["<environment_context>…", "and do this"], ("user_msg", "human")),
        (["<div> is broken"], ("user_msg", "human")),
        (["# AGENTS"], ("user_msg", "human")),
        ([], ("user_msg", "human")),
    ],
)
def test_what_no_human_typed_is_context(texts, who):
    draft = last(meta(), message("user", *texts))
    assert (draft.role, draft.kind, draft.actor) == ("user", *who)


def test_a_subagent_is_prompted_by_its_spawner():
    spawned = {"subagent": {"thread_spawn": {"parent_thread_id": OLDER}}}
    assert last(meta(source=spawned), message("user", "look")).actor == "model"
    assert last(meta(source={"subagent": "review"}), message("user", "look")).actor == "harness"
    assert last(meta(source="cli"), message("user", "look")).actor == "human"
    assert last(meta(source=spawned), message("user", "look")).kind == "user_msg"


def test_what_a_fork_repeats_was_said_by_its_origins_human():
    drafts = mapped(
        meta(source={"subagent": {"thread_spawn": {"parent_thread_id": OLDER}}}),
        meta(OLDER),
        turn(OLDER),
        message("user", "old"),
        turn(NEWER),
        message("user", "new"),
    )
    assert [draft.actor for draft in drafts if draft.kind == "user_msg"] == ["human", "model"]


# --- calls and results


def test_arguments_are_decoded_and_kept_once():
    arguments = '{"cmd": "ls -la", "workdir": "/home/ada/lantern"}'
    done = settled(
        item("function_call", name="exec_command", arguments=arguments, call_id="call_1")
    )
    (call,) = done.message.parts
    assert call == ToolCall(
        call_id="call_1",
        name="exec_command",
        arguments={"cmd": "ls -la", "workdir": "/home/ada/lantern"},
    )
    reference = {"$json": "/parts/0/arguments", "style": "spaced"}
    assert done.message.native["record"]["payload"]["arguments"] == reference


@pytest.mark.parametrize("arguments", ["{not json", "\ud800", "", {"a": 1}, [], None])
def test_arguments_that_are_no_json_text_are_taken_as_they_are(arguments):
    mapper = ADAPTER.mapper("", "", lambda _: None)
    record = item("function_call", name="f", arguments=arguments, call_id="c")
    (call,) = mapper.map(record).parts
    assert call.arguments == arguments


@pytest.mark.parametrize(
    ("arguments", "plain"), [("[1e400]", ["1e400"]), ('{"a":1,"a":2}', {"a": 2}), ("[1.50]", [1.5])]
)
def test_arguments_that_we_spell_otherwise_are_kept_beside(arguments, plain):
    done = settled(item("function_call", name="f", arguments=arguments, call_id="c"))
    assert done.message.parts[0].arguments == plain
    assert done.message.native["record"]["payload"]["arguments"] == arguments


@pytest.mark.parametrize(
    ("kind", "members", "name", "arguments"),
    [
        ("custom_tool_call", {"name": "apply_patch", "input": "{}"}, "apply_patch", "{}"),
        ("local_shell_call", {"action": {"type": "exec"}}, "local_shell", {"type": "exec"}),
        ("web_search_call", {"action": {"query": "x"}}, "web_search", {"query": "x"}),
        ("tool_search_call", {"arguments": {"query": "x"}}, "tool_search", {"query": "x"}),
        ("function_call", {"summary": "no name"}, "function", None),
        ("image_generation_call", {"revised_prompt": "a light"}, "image_generation", "a light"),
    ],
)
def test_calls_of_every_sort(kind, members, name, arguments):
    draft = last(turn(NEWER, "m"), item(kind, status="completed", **members))
    assert (draft.role, draft.kind, draft.actor, draft.model) == (
        "assistant",
        "tool_call",
        "model",
        "m",
    )
    assert draft.parts == [
        ToolCall(call_id=None, name=name, arguments=arguments, status="completed")
    ]


def test_a_made_image_comes_with_its_call():
    base64 = data_url().split(",")[1]
    done = settled(item("image_generation_call", id="ig_1", status="completed", result=base64))
    assert done.payloads == {digest(png()): png()}
    assert isinstance(done.message.parts[1], File)
    assert base64.encode() not in encode_message(done.message)


UNIFIED = "Chunk ID: 9f0bc1\nWall time: 0.0699 seconds\nProcess exited with code {}\nOutput:\nx"


@pytest.mark.parametrize(
    ("output", "code", "duration", "failed"),
    [
        (UNIFIED.format(0), 0, 70, False),
        (UNIFIED.format(2), 2, 70, True),
        ("Command: /bin/sh -c 'a\nb'\n" + UNIFIED.format(-1), -1, 70, True),
        (
            "Chunk ID: 1\nWall time: 30.0 seconds\nProcess running with session ID 7\nOutput:\n",
            UNSET,
            30000,
            False,
        ),
        ("Exit code: 1\nWall time: 2 seconds\nOutput:\nx", 1, 2000, True),
        ("Output:\n" + UNIFIED.format(3), UNSET, UNSET, False),  # a program's words are no claim
        ("Chunk ID: 1\nWall time: long\n", UNSET, UNSET, False),
        ("Plan updated", UNSET, UNSET, False),
        ("", UNSET, UNSET, False),
    ],
)
def test_results_carry_what_their_text_claims(output, code, duration, failed):
    draft = last(item("function_call_output", call_id="c", output=output))
    assert (draft.role, draft.kind, draft.actor) == ("tool", "tool_result", "tool")
    assert draft.parts == [
        ToolResult(
            call_id="c",
            content=[Text(text=output)],
            is_error=failed,
            exit_code=code,
            duration_ms=duration,
        )
    ]


def test_results_in_json_are_decoded_and_kept_once():
    output = '{"output":"Success.\\n","metadata":{"exit_code":1,"duration_seconds":0.25}}'
    done = settled(item("custom_tool_call_output", call_id="c", output=output))
    (result,) = done.message.parts
    assert (result.exit_code, result.duration_ms, result.is_error) == (1, 250, True)
    assert result.content == [
        Data(value={"output": "Success.\n", "metadata": {"exit_code": 1, "duration_seconds": 0.25}})
    ]
    assert done.message.native["record"]["payload"]["output"] == {
        "$json": "/parts/0/content/0/value"
    }


@pytest.mark.parametrize(
    "output",
    [
        '{"output":"x"}',
        '{"output":',
        '{"output":"x","metadata":{"exit_code":true,"duration_seconds":-1}}',
        '{"output":"x","metadata":{"exit_code":"0","duration_seconds":1e300}}',
        '{"output":"x","metadata":{"exit_code":9007199254740993,"duration_seconds":1e400}}',
    ],
)
def test_claims_of_no_sense_are_no_claims(output):
    (result,) = settled(item("function_call_output", call_id="c", output=output)).message.parts
    assert (result.exit_code, result.duration_ms, result.is_error) == (UNSET, UNSET, False)


def test_results_of_other_shapes():
    blocks = [
        {"type": "input_text", "text": "seen"},
        {"type": "input_image", "image_url": data_url()},
    ]
    done = settled(item("function_call_output", call_id="c", output=blocks))
    text, file = done.message.parts[0].content
    assert text == Text(text="seen")
    assert (file.media_type, file.bytes) == ("image/png", len(png()))
    failure = last(
        item("function_call_output", call_id="c", output={"content": "no", "success": False})
    )
    assert failure.parts[0].content == [Text(text="no")]
    assert failure.parts[0].is_error
    found = last(item("tool_search_output", call_id="c", tools=[{"name": "t"}]))
    assert found.parts[0].content == [Data(value=[{"name": "t"}])]
    odd = last(item("function_call_output", output=5))
    assert odd.parts == [ToolResult(call_id=None, content=[Unknown(value=5)], is_error=False)]


@pytest.mark.parametrize("url", ["https://e.example/x.png", "data:image/png;base64,=x", "data:,x"])
def test_an_image_elsewhere_is_kept_as_it_is(url):
    block = {"type": "input_image", "image_url": url}
    draft = last(item("message", role="user", content=[block]))
    assert draft.parts == [Unknown(value=block)]
    assert not draft.payloads


def test_reasoning_keeps_what_only_its_provider_reads():
    block = {"type": "summary_text", "text": "**Thinking**"}
    raw = {"type": "reasoning_text", "text": "hm"}
    both = last(item("reasoning", summary=[block, 5], content=[raw], encrypted_content="gAAA"))
    assert both.parts == [Thinking(text="**Thinking**", encrypted="gAAA"), Thinking(text="hm")]
    assert last(item("reasoning", summary=[], encrypted_content="gAAA")).parts == [
        Thinking(text="", encrypted="gAAA")
    ]
    assert last(item("reasoning", summary=[], content=None)).parts == []


# --- what is told to the interface


@pytest.mark.parametrize(
    ("kind", "who"),
    [("user_message", "human"), ("agent_message", "model"), ("agent_reasoning", "model")],
)
def test_what_is_written_twice_is_an_echo(kind, who):
    draft = last(event(kind, message="hello", text="hello"))
    assert (draft.kind, draft.parts, draft.actor) == ("echo", [], who)


def test_an_echo_shares_its_images_with_the_message():
    done = settled(event("user_message", message="see", images=[data_url(), 5], local_images=[]))
    assert done.message.parts == []
    assert done.payloads == {digest(png()): png()}
    assert data_url().encode() not in encode_message(done.message)


def test_raw_reasoning_stands_nowhere_else():
    draft = last(turn(NEWER, "m"), event("agent_reasoning_raw_content", text="hm"))
    assert (draft.kind, draft.parts, draft.model) == ("thinking", [Thinking(text="hm")], "m")


def test_a_plan_stands_nowhere_else():
    draft = last(event("item_completed", item={"type": "Plan", "text": "1. do it"}))
    assert (draft.kind, draft.parts) == ("assistant_msg", [Text(text="1. do it")])
    assert last(event("item_completed", item={"type": "Sleep"})).kind == "lifecycle"


def test_a_report_that_repeats_its_output_is_kept_once():
    output = "line\n" * 100
    done = settled(
        event(
            "exec_command_end",
            call_id="c",
            stdout=output,
            aggregated_output=output,
            formatted_output=output,
        )
    )
    assert (done.message.role, done.message.kind) == ("tool", "tool_progress")
    assert done.message.parts == [Text(text=output)]
    assert encode_message(done.message).count(b"line\\nline") == 50
    assert last(event("exec_command_end", aggregated_output=output, stdout="")).parts == []


def counted(total: object, last_used: object = None) -> dict:
    return event("token_count", info={"total_token_usage": total, "last_token_usage": last_used})


def tokens(*counts: int) -> dict:
    names = ("input_tokens", "cached_input_tokens", "output_tokens", "reasoning_output_tokens")
    return dict(zip(names, counts, strict=True))


def test_usage_is_the_difference_of_totals():
    drafts = mapped(
        event("token_count", info=None),
        counted(tokens(100, 60, 10, 4)),
        counted(tokens(100, 60, 10, 4)),
        counted(tokens(250, 160, 30, 4) | {"cache_write_input_tokens": 9}),
        counted(tokens(50, 0, 5, 0)),  # the counter began anew
        counted({"input_tokens": -1, "output_tokens": True, "total_tokens": 9}),
    )
    assert {draft.kind for draft in drafts} == {"usage"}
    assert [draft.usage for draft in drafts] == [
        None,
        Usage(input=100, cache_read=60, output=10, reasoning=4, convention="inclusive"),
        None,
        Usage(
            input=150, cache_read=100, output=20, reasoning=0, cache_write=9, convention="inclusive"
        ),
        Usage(input=50, cache_read=0, output=5, reasoning=0, convention="inclusive"),
        None,
    ]


@pytest.mark.parametrize(
    ("record", "value"),
    [
        (event("task_started", turn_id="t"), {"event": "turn_start"}),
        (event("turn_complete", turn_id="t"), {"event": "turn_end"}),
        (
            event("turn_aborted", reason="interrupted"),
            {"event": "interrupt", "reason": "interrupted"},
        ),
        (event("turn_aborted", reason=5), {"event": "interrupt"}),
        (event("thread_rolled_back", num_turns=2), {"event": "rollback", "turns": 2}),
        (event("thread_rolled_back", num_turns=-2), {"event": "rollback"}),
        (event("entered_review_mode"), {"event": "mode", "mode": "review"}),
        (event("exited_review_mode"), {"event": "mode", "mode": "default"}),
        (event("thread_name_updated", thread_name="A"), {"event": "title", "title": "A"}),
        (event("thread_name_updated", thread_name=None), {"event": "title"}),
        (event("shutdown_complete"), {"event": "end"}),
    ],
)
def test_the_run_of_a_session(record, value):
    draft = last(record)
    assert (draft.kind, fact(draft)) == ("lifecycle", value)


def test_a_turn_is_named_where_its_record_names_it():
    drafts = mapped(event("task_started", turn_id="t1"), message("assistant", "hi"), turn("t1"))
    assert [draft.turn for draft in drafts] == ["t1", None, "t1"]


def test_of_several_records_of_a_compaction_the_first_counts():
    compacted = line("compacted", {"message": "", "replacement_history": []})
    remote = item("compaction", encrypted_content="gAAA")
    done = event("context_compacted")
    assert [draft.kind for draft in mapped(compacted, done)] == ["summary", "echo"]
    assert [draft.kind for draft in mapped(remote, compacted, done)] == ["summary", "echo", "echo"]
    assert [draft.kind for draft in mapped(done, turn("t"), done)] == [
        "summary",
        "context",
        "summary",
    ]
    told = mapped(remote, line("compacted", {"message": "so far"}))
    assert [draft.parts for draft in told] == [
        [Thinking(text="", encrypted="gAAA")],
        [Text(text="so far")],
    ]


def test_a_replaced_history_refers_to_its_images():
    history = [
        message("user", "x")["payload"],
        {"content": [{"type": "input_image", "image_url": data_url()}]},
        5,
    ]
    done = settled(line("compacted", {"message": "m" * 20, "replacement_history": history}))
    assert done.payloads == {digest(png()): png()}


@pytest.mark.parametrize(
    ("record", "kind"),
    [
        (line("world_state", {"x": 1}), "context"),
        (line("inter_agent_communication", {"x": 1}), "subagent"),
        (line("inter_agent_communication_metadata", {"x": 1}), "subagent"),
        (event("collab_agent_spawn_end", prompt="x"), "subagent"),
        (event("sub_agent_activity"), "subagent"),
        (event("thread_settings_applied"), "context"),
        (event("thread_goal_updated"), "context"),
        (event("exec_approval_request"), "approval"),
        (event("mcp_tool_call_end", result={"Ok": {}}), "tool_progress"),
        (event("dynamic_tool_call_request"), "tool_progress"),
        (event("dynamic_tool_call_response"), "tool_progress"),
        (event("web_search_end"), "tool_progress"),
        (event("image_generation_end"), "tool_progress"),
        (event("error", message="out of tokens"), "error"),
        (item("ghost_snapshot", ghost_commit={}), "snapshot"),
        (item("agent_message", content=[]), "subagent"),
        (item("additional_tools", tools=[]), "context"),
        (item("other"), "context"),
        (item("something_new"), "unknown"),
        (event("something_new"), "unknown"),
        (line("something_new", {}), "unknown"),
        (line("event_msg", None), "unknown"),
        (line("response_item", {"role": "user", "content": []}), "user_msg"),
        ({}, "unknown"),
        ([], "unknown"),
        (5, "unknown"),
    ],
)
def test_every_other_type(record, kind):
    done = settled(record)
    assert done.message.kind == kind
    assert kind in KINDS


# --- the examples, and anything at all


def test_the_examples_are_what_their_generator_writes():
    for path, content in examples().items():
        file = beside(f"examples/native/codex/{path}")
        if path.endswith(".zst"):
            unpacked = zstandard.ZstdDecompressor().stream_reader(file.read_bytes()).read()
            assert unpacked == content
        else:
            assert file.read_bytes() == content
    written = {str(f.relative_to(DIRECTORY)) for f in DIRECTORY.rglob("*") if f.is_file()}
    assert written == set(examples())


def test_the_examples_hold_what_rollouts_hold():
    kinds = set()
    for content in examples().values():
        mapper = ADAPTER.mapper("", "", lambda _: None)
        for spelled in content.split(b"\n"):
            if spelled:
                value, style = decode_native(spelled)
                assert style is not None
                kinds.add(mapper.map(value).kind)
    assert kinds == {
        "user_msg", "assistant_msg", "thinking", "tool_call", "tool_result", "tool_progress",
        "context", "summary", "snapshot", "usage", "lifecycle", "echo",
    }  # fmt: skip


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=8,
)
KEYS = (
    "id type role content text image_url summary encrypted_content name arguments input action"
    " call_id output tools success metadata status result info total_token_usage input_tokens"
    " message images turn_id model source subagent thread_spawn parent_thread_id forked_from_id git"
    " repository_url timestamp cwd num_turns reason item replacement_history stdout"
    " aggregated_output revised_prompt"
).split()
TYPES = (
    "message reasoning function_call custom_tool_call local_shell_call web_search_call"
    " image_generation_call function_call_output tool_search_output compaction agent_message"
    " ghost_snapshot user_message agent_reasoning_raw_content token_count exec_command_end error"
    " context_compacted item_completed turn_aborted thread_rolled_back task_started collab_x text"
    " thread_name_updated input_text input_image user assistant"
).split()
WRAPPERS = (
    "session_meta response_item event_msg turn_context compacted world_state unheard"
    " inter_agent_communication".split()
)
strings = st.sampled_from(
    [
        *TYPES,
        ID,
        OLDER,
        TS,
        data_url(),
        '{"output":"x","metadata":{"exit_code":1}}',
        "{}",
        UNIFIED.format(1),
    ]
)
members = st.recursive(
    strings | values,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=5)
    ),
    max_leaves=12,
)
payloads = st.builds(
    lambda kind, rest: {"type": kind, **rest},
    strings | values,
    st.dictionaries(st.sampled_from(KEYS), members, max_size=6),
)
records = st.one_of(
    values,
    members,
    payloads,
    st.builds(line, st.sampled_from(WRAPPERS), payloads | values),
    st.builds(lambda i, t: {"id": i, "timestamp": t, "instructions": None}, members, members),
)


@given(st.lists(records, max_size=6))
def test_no_record_makes_it_fail_and_each_comes_back(log):
    mapper = ADAPTER.mapper("", "", lambda _: None)
    for seq, record in enumerate(log, start=1):
        # As it may come from the wire: Python's spelling of NaN, of half a character, of anything.
        content = json.dumps(record).encode()
        value, style = decode_native(content)
        ADAPTER.recognizes([value])
        draft = mapper.map(value)
        assert draft.kind in KINDS
        done = settle(
            draft,
            Line(content=content, value=value, style=style),
            seq=seq,
            id="0" * 26,
            parent=None,
            ts=None,
        )
        assert decode_message(encode_message(done.message)) == done.message
        assert (
            restore_record(done.message.native, done.message, done.payloads.__getitem__) == content
        )
