"""Claude Code logs written by us: `python tests/claude_code_logs.py` writes them to examples.

They tell of one afternoon in an imaginary repository, the harbour lights of codex_logs.py, and
hold what real logs hold: one response over several records, results that come in another order,
progress copies of a subagent, a spilled output, an error, an interrupt, a compaction.
"""

from __future__ import annotations

import base64
import hashlib
import json
import struct
import zlib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

DIRECTORY = Path(__file__).resolve().parent.parent / "examples" / "native" / "claude-code"
CWD = "/home/ada/lantern"
SLUG = "-home-ada-lantern"
MODEL = "claude-opus-4-8"
RICH = "6b1f0c52-8d37-4e0a-9f64-2c7a5e91b3d8"
FORK = "e07d4a19-53bc-4f82-b6e1-90a8c2f5d734"
SMALL = "2f9c6e04-71a5-4b3d-8e20-d5b8f17a6c93"
OLD = "a4d81e3b-0c96-4752-91fe-3b6d7c2058ea"
ASKED = "Which lamps burn past midnight? Read lantern/calendar.py, answer in one line."
AGENT = "a3f9c1d7e2b405868"

CALENDAR = '''"""When each lamp burns."""

from datetime import time

HOURS = {"north": (time(17), time(6)), "mole": (time(18), time(5))}


def burns(lamp, now):
    start, end = HOURS[lamp]
    return start <= now <= end
'''
FIXED = "    return now >= start or now <= end"
BROKEN = "    return start <= now <= end"


def dumps(record: object) -> str:
    """Spell a record as JavaScript's JSON.stringify does."""
    return json.dumps(record, ensure_ascii=False, separators=(",", ":"))


def digits(salt: str) -> str:
    return hashlib.sha256(salt.encode()).hexdigest()


def uuid(salt: str) -> str:
    """Return a random UUID, as random as `salt` is."""
    h = digits(salt)
    return f"{h[:8]}-{h[8:12]}-4{h[13:16]}-{'89ab'[int(h[16], 16) % 4]}{h[17:20]}-{h[20:32]}"


def signature(salt: str) -> str:
    """Return what would prove a thought, if anyone had thought it."""
    return base64.b64encode(
        b"".join(hashlib.sha256(f"{salt}{n}".encode()).digest() for n in range(5))
    ).decode()


def png(side: int) -> str:
    """Return a picture in base64: a lit lamp in the dark, spelled the same by every zlib."""
    lit = range(side // 3, side - side // 3)
    rows = b"".join(
        b"\0" + bytes(255 if x in lit and y in lit else 32 for x in range(side))
        for y in range(side)
    )

    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0))
    picture = chunk(b"IDAT", zlib.compress(rows, 0)) + chunk(b"IEND", b"")
    return base64.b64encode(b"\x89PNG\r\n\x1a\n" + header + picture).decode()


class Transcript:
    """A transcript in the making: a clock that we wind, the last record, and the lines."""

    def __init__(self, session: str, start: str, version: str, **envelope: Any) -> None:
        self.session = session
        self.time = datetime.fromisoformat(start).replace(tzinfo=UTC)
        self.envelope = (
            {"userType": "external", "cwd": CWD, "sessionId": session}
            | {"version": version, "gitBranch": "main"}
            | envelope
        )
        self.last: str | None = None
        self.records: list[dict[str, Any]] = []

    def stamp(self, millis: int = 0) -> str:
        """Return the time, after so many milliseconds more."""
        self.time += timedelta(milliseconds=millis)
        return self.time.strftime("%Y-%m-%dT%H:%M:%S.") + f"{self.time.microsecond // 1000:03d}Z"

    def loose(self, **record: Any) -> None:
        """Add a record outside the chain."""
        self.records.append(record)

    def add(
        self,
        kind: str,
        body: dict[str, Any],
        after: dict[str, Any] | None = None,
        *,
        parent: str | None = "",
        wait: int = 1500,
    ) -> str:
        """Add a record to the chain and return its uuid; `parent` is the last one's if empty."""
        name = uuid(f"{self.session}{self.envelope.get('agentId')}{len(self.records)}")
        self.records.append(
            {"parentUuid": self.last if parent == "" else parent, "isSidechain": False}
            | {key: self.envelope[key] for key in ("agentId",) if key in self.envelope}
            | {"type": kind}
            | body
            | {"uuid": name, "timestamp": self.stamp(wait)}
            | (after or {})
            | {key: value for key, value in self.envelope.items() if key != "agentId"}
        )
        self.last = name
        return name

    def prompt(self, content: Any, after: dict[str, Any] | None = None, **body: Any) -> str:
        return self.add("user", body | {"message": {"role": "user", "content": content}}, after)

    def response(
        self, salt: str, *blocks: dict[str, Any], outputs: tuple[int, ...] = (), **more: Any
    ) -> list[str]:
        """Add one record a block: one API response, whose output may grow from record to record."""
        return [
            self.reply(salt, block, outputs[number] if outputs else 120, **more)
            for number, block in enumerate(blocks)
        ]

    def reply(self, salt: str, block: dict[str, Any], output: int = 120, **more: Any) -> str:
        fresh = int(digits(salt)[:3], 16)
        message = {
            "model": MODEL,
            "id": "msg_01" + digits(f"message {salt}")[:22],
            "type": "message",
            "role": "assistant",
            "content": [block],
            "stop_reason": more.get("stop"),
            "stop_sequence": None,
            "usage": {
                "input_tokens": 4,
                "cache_creation_input_tokens": fresh,
                "cache_read_input_tokens": 18432,
                "cache_creation": {
                    "ephemeral_5m_input_tokens": 0,
                    "ephemeral_1h_input_tokens": fresh,
                },
                "output_tokens": output,
                "service_tier": "standard",
            },
        }
        request = {"requestId": "req_01" + digits(f"request {salt}")[:22]}
        return self.add("assistant", {"message": message} | request)

    def result(
        self, call: str, content: Any, sidecar: Any, *, failed: bool | None = None, **more: Any
    ) -> str:
        block = {"tool_use_id": call, "type": "tool_result", "content": content}
        if failed is not None:
            block["is_error"] = failed
        after = {"toolUseResult": sidecar} if sidecar is not None else {}
        body = {"message": {"role": "user", "content": [block]}}
        return self.add("user", more | body, after)

    def text(self) -> bytes:
        return "".join(dumps(record) + "\n" for record in self.records).encode()


def call(salt: str, name: str, **arguments: Any) -> dict[str, Any]:
    return {
        "type": "tool_use",
        "id": identity(salt),
        "name": name,
        "input": arguments,
        "caller": {"type": "direct"},
    }


def identity(salt: str) -> str:
    return "toolu_01" + digits(f"call {salt}")[:22]


def thought(text: str, salt: str) -> dict[str, Any]:
    return {"type": "thinking", "thinking": text, "signature": signature(salt)}


def said(text: str) -> dict[str, Any]:
    return {"type": "text", "text": text}


def state(log: Transcript, title: str) -> None:
    """Add what the agent repeats at the end of every turn."""
    log.loose(
        type="last-prompt",
        lastPrompt="the mole lamp is dark at night",
        leafUuid=log.last,
        sessionId=log.session,
    )
    log.loose(type="ai-title", aiTitle=title, sessionId=log.session)
    log.loose(type="mode", mode="normal", sessionId=log.session)
    log.loose(type="permission-mode", permissionMode="acceptEdits", sessionId=log.session)


def subagent() -> Transcript:
    log = Transcript(RICH, "2026-11-20T14:02:31", "2.1.92", agentId=AGENT)
    log.prompt(ASKED)
    log.response("sub 1", call("sub read", "Read", file_path=f"{CWD}/lantern/calendar.py"))
    log.result(
        identity("sub read"),
        CALENDAR,
        {
            "type": "text",
            "file": {
                "filePath": f"{CWD}/lantern/calendar.py",
                "content": CALENDAR,
                "numLines": 11,
                "startLine": 1,
                "totalLines": 11,
            },
        },
    )
    log.response(
        "sub 2", said("Both: north from 17:00 to 06:00, mole from 18:00 to 05:00."), stop="end_turn"
    )
    for record in log.records:
        record["isSidechain"] = True
    return log


SPILLED = "".join(
    f"tests/test_calendar.py::test_night[{lamp}-{hour:02d}:{minute:02d}] PASSED\n"
    for lamp in ("north", "mole")
    for hour in range(24)
    for minute in (0, 20, 40)
)


def rich() -> Transcript:  # noqa: PLR0915  an afternoon, told in order
    log = Transcript(RICH, "2026-11-20T14:00:00", "2.1.92", entrypoint="cli")
    turn = {"promptId": uuid("turn 1")}
    log.loose(type="mode", mode="normal", sessionId=RICH)
    log.loose(type="permission-mode", permissionMode="default", sessionId=RICH)
    log.add(
        "attachment",
        {
            "attachment": {
                "type": "hook_success",
                "hookName": "SessionStart:startup",
                "toolUseID": uuid("hook"),
                "hookEvent": "SessionStart",
                "content": "lantern: 2 lamps",
                "stdout": "lantern: 2 lamps\n",
                "stderr": "",
                "exitCode": 0,
                "command": "make status",
                "durationMs": 41,
            }
        },
    )
    log.loose(
        type="file-history-snapshot",
        messageId=uuid("snapshot"),
        snapshot={
            "messageId": uuid("snapshot"),
            "trackedFileBackups": {},
            "timestamp": log.stamp(),
        },
        isSnapshotUpdate=False,
    )
    picture = {
        "type": "image",
        "source": {"type": "base64", "media_type": "image/png", "data": png(24)},
    }
    log.prompt(
        [
            picture,
            said("[Image #1] The mole lamp is dark at night 🌒. Why?\u2028Fix it."),
        ],
        {"permissionMode": "default", "promptSource": "typed", "imagePasteIds": [1]},
        **turn,
    )
    log.add(
        "attachment",
        {
            "attachment": {
                "type": "skill_listing",
                "content": "- lamps: How to test a lamp without climbing up",
                "skillCount": 1,
                "isInitial": True,
                "names": ["lamps"],
            }
        },
        wait=0,
    )
    log.response(
        "1",
        thought("", "empty"),
        thought("The hours cross midnight: a start after the end.", "hours"),
        said("I'll read the calendar first."),
        call("read", "Read", file_path=f"{CWD}/lantern/calendar.py"),
        outputs=(3, 3, 3, 164),
    )
    log.result(
        identity("read"),
        [said(CALENDAR)],
        {
            "type": "text",
            "file": {
                "filePath": f"{CWD}/lantern/calendar.py",
                "content": CALENDAR,
                "numLines": 11,
                "startLine": 1,
                "totalLines": 11,
            },
        },
        **turn,
    )

    # One response, two calls; the result of the first comes between its records.
    log.reply("2", call("test", "Bash", command="pytest -q", description="Run the tests"), 5)
    log.add(
        "progress",
        {
            "data": {
                "type": "hook_progress",
                "hookEvent": "PreToolUse",
                "hookName": "PreToolUse:Bash",
                "command": "make allowed",
            },
            "parentToolUseID": identity("test"),
            "toolUseID": identity("test"),
        },
    )
    for lines, shown in enumerate(("", "F..", "F...\n1 failed, 3 passed")):
        log.add(
            "progress",
            {
                "data": {
                    "type": "bash_progress",
                    "output": shown,
                    "fullOutput": shown,
                    "elapsedTimeSeconds": lines + 2,
                    "totalLines": lines,
                },
                "toolUseID": f"bash-progress-{lines}",
                "parentToolUseID": identity("test"),
            },
        )
    failure = "Exit code 1\nF...\n1 failed, 3 passed in 0.31s"
    log.result(identity("test"), failure, f"Error: {failure}", failed=True, **turn)
    log.reply(
        "2",
        call(
            "ask",
            "Agent",
            description="Which lamps pass midnight",
            subagent_type="Explore",
            prompt=ASKED,
        ),
        212,
    )
    log.time = datetime(2026, 11, 20, 14, 2, 30, tzinfo=UTC)
    sub = subagent()
    for record in sub.records[:3]:
        copy = {key: record[key] for key in ("type", "message", "uuid", "timestamp")}
        log.add(
            "progress",
            {
                "data": {
                    "message": copy,
                    "normalizedMessages": [],
                    "type": "agent_progress",
                    "prompt": "",
                    "agentId": AGENT,
                },
                "toolUseID": f"agent_{AGENT}",
                "parentToolUseID": identity("ask"),
            },
        )
    answer = sub.records[-1]["message"]["content"]
    log.result(
        identity("ask"),
        [*answer, said(f"agentId: {AGENT}")],
        {
            "status": "completed",
            "prompt": sub.records[0]["message"]["content"],
            "agentId": AGENT,
            "content": answer,
            "totalDurationMs": 6000,
            "totalTokens": 19004,
            "totalToolUseCount": 1,
            "usage": {"input_tokens": 4, "output_tokens": 120},
        },
        **turn,
    )

    # A prompt that was typed meanwhile, an edit that was refused, and an interrupt.
    typed = "and add a test for midnight itself"
    log.loose(
        type="queue-operation",
        operation="enqueue",
        timestamp=log.stamp(900),
        sessionId=RICH,
        content=typed,
    )
    log.loose(type="queue-operation", operation="remove", timestamp=log.stamp(900), sessionId=RICH)
    log.add(
        "attachment",
        {"attachment": {"type": "queued_command", "prompt": typed, "commandMode": "prompt"}},
    )
    log.response(
        "3",
        call(
            "edit 1",
            "Edit",
            file_path=f"{CWD}/lantern/calendar.py",
            old_string=BROKEN,
            new_string="    return True",
            replace_all=False,
        ),
        stop="tool_use",
    )
    refusal = "The user doesn't want to proceed with this tool use. The tool use was rejected."
    log.result(identity("edit 1"), refusal, "User rejected tool use", failed=True, **turn)
    log.prompt([said("[Request interrupted by user for tool use]")], **turn)

    # The next turn: overload, a command of the harness, the real edit, a long output.
    turn = {"promptId": uuid("turn 2")}
    log.prompt(
        "Not that. Compare with `or`.",
        {"permissionMode": "acceptEdits", "promptSource": "typed"},
        **turn,
    )
    log.add(
        "system",
        {
            "subtype": "api_error",
            "level": "error",
            "error": {
                "message": '529 {"type":"error","error":{"type":"overloaded_error"}}',
                "status": 529,
                "formatted": "529 Overloaded",
            },
            "retryInMs": 612.25,
            "retryAttempt": 1,
            "maxRetries": 10,
        },
    )
    log.response(
        "4",
        said("The night has two ends: `or`, not `and`."),
        call(
            "edit 2",
            "Edit",
            file_path=f"{CWD}/lantern/calendar.py",
            old_string=BROKEN,
            new_string=FIXED,
            replace_all=False,
        ),
        stop="tool_use",
    )
    log.result(
        identity("edit 2"),
        "The file /home/ada/lantern/lantern/calendar.py has been updated.",
        {
            "filePath": f"{CWD}/lantern/calendar.py",
            "oldString": BROKEN,
            "newString": FIXED,
            "originalFile": CALENDAR,
            "structuredPatch": [
                {
                    "oldStart": 8,
                    "oldLines": 4,
                    "newStart": 8,
                    "newLines": 4,
                    "lines": [
                        " def burns(lamp, now):",
                        "     start, end = HOURS[lamp]",
                        f"-{BROKEN}",
                        f"+{FIXED}",
                    ],
                }
            ],
            "userModified": False,
            "replaceAll": False,
        },
        **turn,
    )
    log.loose(
        type="file-history-snapshot",
        messageId=log.last,
        snapshot={
            "messageId": uuid("snapshot"),
            "trackedFileBackups": {
                "lantern/calendar.py": {
                    "backupFileName": "9f2c41d07be8a653@v1",
                    "version": 1,
                    "backupTime": log.stamp(),
                }
            },
            "timestamp": log.stamp(),
        },
        isSnapshotUpdate=True,
    )
    log.response("5", call("test 2", "Bash", command="pytest -v", timeout=120000), stop="tool_use")
    name = f"{digits('spilled')[:9]}.txt"
    kept = f"/home/ada/.claude/projects/{SLUG}/{RICH}/tool-results/{name}"
    size = f"{len(SPILLED) / 1000:.1f}KB"
    preview = SPILLED[:240]
    log.result(
        identity("test 2"),
        f"<persisted-output>\nOutput too large ({size}). "
        f"Full output saved to: {kept}\n\n"
        f"Preview (first 2KB):\n{preview}\n...\n</persisted-output>",
        {
            "stdout": preview,
            "stderr": "",
            "interrupted": False,
            "isImage": False,
            "noOutputExpected": False,
            "persistedOutputPath": kept,
            "persistedOutputSize": len(SPILLED),
        },
        failed=False,
        **turn,
    )
    log.add(
        "attachment",
        {
            "attachment": {
                "type": "edited_text_file",
                "filename": f"{CWD}/README.md",
                "snippet": "3\tBoth lamps burn past midnight.\n",
            }
        },
    )
    log.add(
        "attachment",
        {"attachment": {"type": "task_reminder", "content": [], "itemCount": 0}},
        wait=0,
    )
    kept_from = log.response(
        "6", said("All 144 tests pass: both lamps burn past midnight."), stop="end_turn"
    )[0]
    log.add(
        "system",
        {
            "subtype": "stop_hook_summary",
            "hookCount": 1,
            "hookInfos": [{"command": "make tidy", "durationMs": 97}],
            "hookErrors": [],
            "preventedContinuation": False,
            "stopReason": "",
            "hasOutput": False,
            "level": "suggestion",
            "toolUseID": uuid("stop"),
        },
    )
    log.add(
        "system",
        {"subtype": "turn_duration", "durationMs": 48250, "messageCount": 31, "isMeta": False},
    )
    log.loose(
        type="pr-link",
        sessionId=RICH,
        prNumber=7,
        prUrl="https://github.com/example-harbour/lantern/pull/7",
        prRepository="example-harbour/lantern",
        timestamp=log.stamp(300),
    )
    state(log, "Fix the dark mole lamp")

    # The person compacts, and what was kept stands in the log once more.
    log.prompt(
        "<command-name>/compact</command-name>\n<command-message>compact</command-message>\n"
        "<command-args></command-args>"
    )
    leaf = log.last
    boundary = log.add(
        "system",
        {
            "logicalParentUuid": leaf,
            "subtype": "compact_boundary",
            "content": "Conversation compacted",
            "isMeta": False,
            "level": "info",
            "compactMetadata": {
                "trigger": "manual",
                "preTokens": 20511,
                "preservedSegment": {
                    "headUuid": kept_from,
                    "anchorUuid": kept_from,
                    "tailUuid": kept_from,
                },
            },
        },
        parent=None,
    )
    log.prompt(
        "This session is being continued from a previous conversation. "
        "The lamps' hours cross midnight; "
        "`burns` compares with `or` now, and a test for midnight is still to be written.",
        {"isVisibleInTranscriptOnly": True, "isCompactSummary": True},
    )
    again = next(record for record in log.records if record.get("uuid") == kept_from)
    log.records.append(again | {"parentUuid": boundary})
    log.prompt("<local-command-stdout>Compacted</local-command-stdout>")
    log.prompt(
        "Caveat: The messages below were generated by the user while running local commands. "
        "DO NOT respond to these messages unless the user asks.",
        {"isMeta": True},
    )
    turn = {"promptId": uuid("turn 3")}
    log.prompt(
        [
            said("<ide_opened_file>The user opened tests/test_calendar.py</ide_opened_file>"),
            said("Now the test for midnight, please."),
        ],
        {"promptSource": "typed"},
        **turn,
    )
    log.add(
        "assistant",
        {
            "message": {
                "id": uuid("synthetic"),
                "container": None,
                "model": "<synthetic>",
                "role": "assistant",
                "stop_reason": "stop_sequence",
                "stop_sequence": "",
                "type": "message",
                "usage": {
                    "input_tokens": 0,
                    "output_tokens": 0,
                    "cache_creation_input_tokens": 0,
                    "cache_read_input_tokens": 0,
                    "service_tier": None,
                },
                "content": [said("API Error: Connection error.")],
            },
            "error": "unknown",
            "isApiErrorMessage": True,
        },
    )
    log.prompt(
        f"<task-notification>\n<task-id>{AGENT}</task-id>\n<status>completed</status>\n"
        "</task-notification>",
        {"origin": {"kind": "task-notification"}, "promptSource": "system"},
    )
    log.response("7", said("`test_midnight` is written and passes."), stop="end_turn")
    log.loose(type="custom-title", customTitle="The mole lamp", sessionId=RICH)
    state(log, "Fix the dark mole lamp")
    log.loose(type="custom-title", customTitle="The mole lamp", sessionId=RICH)
    return log


def small() -> Transcript:
    """Return a session of under 2 KB with a picture, for tests that flip every bit of it."""
    log = Transcript(SMALL, "2026-11-21T08:30:00", "2.1.92")
    picture = {
        "type": "image",
        "source": {"type": "base64", "media_type": "image/png", "data": png(3)},
    }
    log.prompt([picture, said("Lit?")])
    log.reply("small", said("Yes: the middle pixel."), 9, stop="end_turn")
    log.records[1]["message"]["usage"].pop("cache_creation")
    return log


def fork() -> Transcript:
    """Return a branch of the small session: its records again, then other words."""
    origin = small()
    log = Transcript(FORK, "2026-11-21T08:31:00", "2.1.92")
    for record in origin.records:
        came = {"sessionId": SMALL, "messageUuid": record["uuid"]}
        log.records.append(record | {"sessionId": FORK, "forkedFrom": came})
        log.last = record["uuid"]
    log.prompt("And the others?")
    log.reply("fork", said("Dark, all eight of them."), 11, stop="end_turn")
    return log


def old() -> Transcript:
    """Return a log as of version 1.0: titles on top, a sidechain inside, dollars."""
    log = Transcript(OLD, "2025-06-30T16:20:00", "1.0.31")
    log.loose(type="summary", summary="Paint the north lamp", leafUuid=uuid("elsewhere"))
    log.prompt("Count the lamps.")
    log.reply(
        "old 1",
        {
            "type": "tool_use",
            "id": identity("old task"),
            "name": "Task",
            "input": {"description": "Count", "prompt": "Count the lamps in lantern/calendar.py."},
        },
    )
    parent = log.last
    log.last = None
    log.prompt("Count the lamps in lantern/calendar.py.")
    log.reply("old 2", said("Two."), 4)
    for record in log.records[-2:]:
        record["isSidechain"] = True
    log.last = parent
    log.result(
        identity("old task"),
        [said("Two.")],
        {
            "content": [said("Two.")],
            "totalDurationMs": 2100,
            "totalTokens": 811,
            "totalToolUseCount": 0,
            "wasInterrupted": False,
        },
    )
    log.reply("old 3", said("There are two lamps."), 8)
    log.add(
        "system", {"content": "Running \x1b[1mStop\x1b[22m...", "isMeta": False, "level": "info"}
    )
    for record in log.records:
        if record["type"] == "assistant":
            record |= {"costUSD": 0.0153, "durationMs": 2010}
            del record["requestId"]
    log.loose(type="summary", summary="Two lamps counted", leafUuid=log.records[-2]["uuid"])
    return log


def examples() -> dict[str, bytes]:
    """Return every example by its path in the agent's store."""
    project = f"projects/{SLUG}"
    description = {
        "agentType": "Explore",
        "description": "Which lamps pass midnight",
        "toolUseId": identity("ask"),
        "spawnDepth": 1,
    }
    return {
        f"{project}/{RICH}.jsonl": rich().text(),
        f"{project}/{RICH}/subagents/agent-{AGENT}.jsonl": subagent().text(),
        f"{project}/{RICH}/subagents/agent-{AGENT}.meta.json": dumps(description).encode(),
        f"{project}/{RICH}/tool-results/{digits('spilled')[:9]}.txt": SPILLED.encode(),
        f"{project}/{SMALL}.jsonl": small().text(),
        f"{project}/{FORK}.jsonl": fork().text(),
        f"{project}/{OLD}.jsonl": old().text(),
    }


if __name__ == "__main__":
    for path, content in examples().items():
        target = DIRECTORY / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        print(path, len(content))
