"""Codex logs written by us: `python tests/codex_logs.py` writes them to examples/native/codex.

They tell of one afternoon in an imaginary repository, and hold what real rollouts hold: content
written twice, token counts that repeat, a compaction, an interrupt, a fork that repeats its
origin's history, a review by a subagent, and a log of the first version of the format.
"""

from __future__ import annotations

import base64
import hashlib
import json
import struct
import zlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import zstandard

DIRECTORY = Path(__file__).resolve().parent.parent / "examples" / "native" / "codex"
CWD = "/home/ada/lantern"
MODEL = "gpt-5.3-codex"
GIT = {
    "commit_hash": "3f9a6c1e0d7b4852a1c3e5f70912b4d6a8c0e2f4",
    "branch": "dry-run",
    "repository_url": "https://github.com/example-harbour/lantern.git",
}
INSTRUCTIONS = "You are Codex, a coding agent. You share a workspace with the person who asks."
SCREENSHOT_SIZE = 24


def dumps(record: object) -> bytes:
    """Spell a record as Rust's serde_json does."""
    return json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode()


def uuid7(time: datetime, salt: str) -> str:
    """Return a UUID that begins with its time, the rest told by `salt`."""
    millis = int(time.timestamp() * 1000)
    rest = hashlib.sha256(salt.encode()).hexdigest()
    digits = f"{millis:012x}7{rest[:3]}{'89ab'[int(rest[3], 16) % 4]}{rest[4:7]}{rest[7:19]}"
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def sealed(text: str) -> str:
    """Return what only the provider could read, if there were something to read."""
    noise = b"".join(hashlib.sha256(f"{text}{n}".encode()).digest() for n in range(4))
    return "gAAAAA" + base64.urlsafe_b64encode(noise).decode()


def png() -> bytes:
    """Return a small picture: a lit window in the dark, spelled the same by every zlib."""
    rows = b"".join(
        b"\0" + bytes(255 if 8 <= x < 16 and 6 <= y < 18 else 32 for x in range(SCREENSHOT_SIZE))
        for y in range(SCREENSHOT_SIZE)
    )

    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    header = struct.pack(">IIBBBBB", SCREENSHOT_SIZE, SCREENSHOT_SIZE, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(rows, 0))
        + chunk(b"IEND", b"")
    )


def data_url() -> str:
    return f"data:image/png;base64,{base64.b64encode(png()).decode()}"


class Rollout:
    """A rollout in the making: a clock that we wind, a running total, and its lines."""

    def __init__(self, start: datetime, salt: str) -> None:
        self.start = self.time = start
        self.id = uuid7(start, salt)
        self.records: list[dict] = []
        self.turn = ""
        self.total = dict.fromkeys(
            ("input_tokens", "cached_input_tokens", "output_tokens", "reasoning_output_tokens"), 0
        )
        self.last = dict(self.total)
        self.calls = 0

    @property
    def path(self) -> str:
        return (
            f"sessions/{self.start:%Y/%m/%d}/rollout-{self.start:%Y-%m-%dT%H-%M-%S}-{self.id}.jsonl"
        )

    @property
    def log(self) -> bytes:
        return b"".join(dumps(record) + b"\n" for record in self.records)

    def stamp(self) -> str:
        return f"{self.time:%Y-%m-%dT%H:%M:%S}.{self.time.microsecond // 1000:03d}Z"

    def write(self, kind: str, payload: dict, *, after: float = 0.05) -> None:
        self.time += timedelta(milliseconds=round(after * 1000))
        self.records.append({"timestamp": self.stamp(), "type": kind, "payload": payload})

    def item(self, kind: str, *, after: float = 0.05, **members: object) -> None:
        self.write("response_item", {"type": kind, **members}, after=after)

    def event(self, kind: str, *, after: float = 0.01, **members: object) -> None:
        self.write("event_msg", {"type": kind, **members}, after=after)

    def meta(self, *, after: float = 0.1, **members: object) -> None:
        payload = {
            "id": self.id,
            "timestamp": self.stamp(),
            "cwd": CWD,
            "originator": "codex_cli_rs",
            "cli_version": "0.121.0",
            "source": "cli",
            "model_provider": "openai",
            "base_instructions": {"text": INSTRUCTIONS},
            "git": GIT,
        }
        # Where it came from stands beside the id, as Codex writes it.
        payload = (
            {"id": payload.pop("id")}
            | members
            | {k: v for k, v in payload.items() if k not in members}
        )
        self.write("session_meta", payload, after=after)

    def begin_turn(self, *, effort: str = "medium") -> None:
        self.turn = uuid7(self.time, f"turn {self.time}")
        self.event(
            "task_started",
            turn_id=self.turn,
            model_context_window=258400,
            collaboration_mode_kind="default",
            after=2,
        )
        self.write(
            "turn_context",
            {
                "turn_id": self.turn,
                "cwd": CWD,
                "current_date": "2026-11-20",
                "timezone": "Europe/Lisbon",
                "approval_policy": "on-request",
                "sandbox_policy": {"type": "workspace-write", "network_access": False},
                "model": MODEL,
                "effort": effort,
                "summary": "auto",
                "truncation_policy": {"mode": "tokens", "limit": 10000},
            },
        )

    def end_turn(self, message: str) -> None:
        self.event(
            "task_complete", turn_id=self.turn, last_agent_message=message, duration_ms=41200
        )

    def context(self, role: str, *texts: str) -> None:
        self.item(
            "message", role=role, content=[{"type": "input_text", "text": text} for text in texts]
        )

    def prompt(self, text: str, *images: str) -> None:
        blocks = [{"type": "input_text", "text": text}]
        blocks += [{"type": "input_image", "image_url": image} for image in images]
        self.item("message", role="user", content=blocks)
        self.event(
            "user_message", message=text, images=list(images), local_images=[], text_elements=[]
        )

    def reply(self, text: str, phase: str = "final_answer") -> None:
        self.event("agent_message", message=text, phase=phase, memory_citation=None, after=2)
        self.item(
            "message",
            role="assistant",
            content=[{"type": "output_text", "text": text}],
            phase=phase,
        )

    def think(self, text: str) -> None:
        self.event("agent_reasoning", text=text, after=3)
        self.item(
            "reasoning",
            summary=[{"type": "summary_text", "text": text}],
            content=None,
            encrypted_content=sealed(text),
        )

    def call_id(self) -> str:
        self.calls += 1
        return "call_" + hashlib.sha256(f"{self.id} {self.calls}".encode()).hexdigest()[:24]

    def execute(self, command: str, output: str, *, code: int = 0, seconds: float = 0.1) -> None:
        """Run a command: the call, what the interface saw of it, and the result for the model."""
        call = self.call_id()
        arguments = {"cmd": command, "workdir": CWD, "yield_time_ms": 1000}
        self.item(
            "function_call", name="exec_command", arguments=dumps(arguments).decode(), call_id=call
        )
        self.event(
            "exec_command_end",
            call_id=call,
            process_id="4711",
            turn_id=self.turn,
            command=["/bin/bash", "-lc", command],
            cwd=CWD,
            parsed_cmd=[{"type": "unknown", "cmd": command}],
            source="unified_exec_startup",
            stdout=output,
            stderr="",
            aggregated_output=output,
            exit_code=code,
            duration={"secs": int(seconds), "nanos": round(seconds % 1 * 1e9)},
            formatted_output=output,
            status="completed" if code == 0 else "failed",
            after=seconds,
        )
        told = (
            f"Chunk ID: {call[5:11]}\nWall time: {seconds:.4f} seconds\n"
            f"Process exited with code {code}\nOriginal token count: {len(output) // 4}\n"
            f"Output:\n{output}"
        )
        self.item("function_call_output", call_id=call, output=told)

    def patch(self, patch: str, path: str, diff: str) -> None:
        call = self.call_id()
        told = f"Success. Updated the following files:\nM {path}\n"
        self.item(
            "custom_tool_call", status="completed", call_id=call, name="apply_patch", input=patch
        )
        self.event(
            "patch_apply_end",
            call_id=call,
            turn_id=self.turn,
            stdout=told,
            stderr="",
            success=True,
            changes={f"{CWD}/{path}": {"type": "update", "unified_diff": diff, "move_path": None}},
            status="completed",
        )
        result = {"output": told, "metadata": {"exit_code": 0, "duration_seconds": 0.1}}
        self.item("custom_tool_call_output", call_id=call, output=dumps(result).decode())

    def spend(self, *counts: int) -> None:
        """Count tokens: input, cached input, output, reasoning output; nothing repeats the last."""
        if counts:
            self.last = dict(zip(self.total, counts, strict=True))
            self.total = {name: self.total[name] + self.last[name] for name in self.total}
        info = {
            "total_token_usage": self._with_total(self.total),
            "last_token_usage": self._with_total(self.last),
            "model_context_window": 258400,
        }
        self.limits(info)

    def limits(self, info: dict | None) -> None:
        rates = {
            "limit_id": "codex",
            "primary": {"used_percent": 3.0, "window_minutes": 300},
            "secondary": None,
        }
        self.event("token_count", info=info, rate_limits=rates)

    @staticmethod
    def _with_total(counts: dict[str, int]) -> dict[str, int]:
        return counts | {"total_tokens": counts["input_tokens"] + counts["output_tokens"]}

    def introduce(self) -> None:
        self.context(
            "developer",
            "<permissions instructions>\nYou may write here.\n</permissions instructions>",
        )
        self.context(
            "user",
            f"# AGENTS.md instructions for {CWD}\n\n"
            "<INSTRUCTIONS>\nRun `make check`.\n</INSTRUCTIONS>",
            f"<environment_context>\n  <cwd>{CWD}</cwd>\n</environment_context>",
        )


SWEEP_BEFORE = """def sweep(root: Path) -> int:
    removed = 0
    for wick in root.glob("*.wick"):
        wick.unlink()
        removed += 1
    return removed
"""
PATCH = f"""*** Begin Patch
*** Update File: {CWD}/lantern/sweep.py
@@
-def sweep(root: Path) -> int:
+def sweep(root: Path, *, dry_run: bool = False) -> int:
     removed = 0
     for wick in root.glob("*.wick"):
-        wick.unlink()
+        if not dry_run:
+            wick.unlink()
         removed += 1
     return removed
*** End Patch
"""
DIFF = """@@ -1,6 +1,7 @@
-def sweep(root: Path) -> int:
+def sweep(root: Path, *, dry_run: bool = False) -> int:
     removed = 0
     for wick in root.glob("*.wick"):
-        wick.unlink()
+        if not dry_run:
+            wick.unlink()
         removed += 1
     return removed
"""


def main_session() -> Rollout:
    """Return a session with two turns, a compaction between them and an interrupt at the end."""
    log = Rollout(datetime(2026, 11, 20, 9, 30, tzinfo=UTC), "main")
    log.meta()
    log.begin_turn()
    log.introduce()
    log.prompt(
        "`lantern sweep` deletes at once. Give it a --dry-run; the window stays lit, as here:",
        data_url(),
    )
    log.limits(None)
    log.think("**Reading the sweep command**\n\nThe flag has to reach the loop that unlinks.")
    log.execute("cat lantern/sweep.py", SWEEP_BEFORE, seconds=0.0312)
    log.spend(9120, 6400, 214, 96)
    log.reply("The loop unlinks without asking; I will pass the flag down to it.", "commentary")
    log.patch(PATCH, "lantern/sweep.py", DIFF)
    log.spend(9580, 9088, 187, 32)
    log.spend()
    failure = (
        "\u001b[31mFAILED\u001b[0m tests/test_cli.py::test_help — usage lacks “--dry-run”\n"
        "1 failed, 11 passed\n"
    )
    log.execute("make check", failure, code=2, seconds=2.75)
    log.item(
        "web_search_call",
        status="completed",
        action={"type": "search", "query": "argparse store_true default"},
    )
    plan = {
        "plan": [
            {"step": "Flag in the library", "status": "completed"},
            {"step": "Flag in the command", "status": "in_progress"},
        ]
    }
    call = log.call_id()
    log.item("function_call", name="update_plan", arguments=dumps(plan).decode(), call_id=call)
    log.item("function_call_output", call_id=call, output="Plan updated")
    log.execute(
        """sed -i '/# flags/a sweep.add_argument("--dry-run", type=bool)' lantern/cli.py""",
        "12 passed\n",
        seconds=2.5,
    )
    log.spend(12044, 9472, 310, 64)
    done = "`lantern sweep --dry-run` counts what it would remove; `make check` passes."
    log.reply(done)
    log.end_turn(done)
    log.event("thread_name_updated", thread_id=log.id, thread_name="Dry run for sweep")
    history = [
        record["payload"] for record in log.records if record["payload"].get("role") == "user"
    ]
    log.write(
        "compacted",
        {
            "message": "The person wanted --dry-run for `lantern sweep`; it is done and tested.",
            "replacement_history": history,
        },
        after=30,
    )
    log.event("context_compacted")
    log.begin_turn(effort="high")
    log.prompt("And draw the window in the README\u2028as ASCII, without \u0000 bytes.")
    call = log.call_id()
    log.item(
        "function_call", name="view_image", arguments='{"path": "docs/window.png"}', call_id=call
    )
    log.item(
        "function_call_output",
        call_id=call,
        output=[
            {"type": "input_text", "text": "docs/window.png"},
            {"type": "input_image", "image_url": data_url()},
        ],
    )
    log.spend(7300, 0, 45, 0)
    log.event("turn_aborted", turn_id=log.turn, reason="interrupted", after=4)
    log.context(
        "user",
        "<turn_aborted>\nThe user interrupted the previous turn on purpose.\n</turn_aborted>",
    )
    return log


def fork(origin: Rollout) -> Rollout:
    """Return a session that repeats its origin's first turn, restamped, and goes on otherwise."""
    log = Rollout(datetime(2026, 11, 20, 11, 5, 30, tzinfo=UTC), "fork")
    log.meta(forked_from_id=origin.id)
    for record in origin.records:
        log.write(record["type"], record["payload"], after=0.001)
        if record["payload"].get("type") == "task_complete":
            break
    log.total = dict(zip(log.total, (30744, 24960, 711, 192), strict=True))
    log.last = dict(zip(log.total, (12044, 9472, 310, 64), strict=True))
    log.begin_turn()
    log.prompt("Call the flag --preview instead.")
    log.spend()
    log.execute(
        "grep -rn dry_run lantern | head",
        "lantern/sweep.py:1:def sweep(root: Path, *, dry_run: bool = False) -> int:\n",
    )
    log.spend(13100, 12032, 90, 12)
    log.reply("Renamed in one place: `--preview`.")
    log.end_turn("Renamed in one place: `--preview`.")
    return log


def review(origin: Rollout) -> Rollout:
    """Return the review that Codex starts as a subagent of a session; its file is compressed."""
    log = Rollout(datetime(2026, 11, 20, 9, 41, 12, tzinfo=UTC), "review")
    log.meta(
        parent_thread_id=origin.id,
        source={"subagent": "review"},
        thread_source="subagent",
        originator="codex_exec",
    )
    log.begin_turn()
    log.context("user", f"<environment_context>\n  <cwd>{CWD}</cwd>\n</environment_context>")
    log.prompt("Review the current code changes and give your findings.")
    log.execute("git diff", DIFF, seconds=0.0421)
    log.spend(4200, 1024, 150, 80)
    findings = {
        "findings": [],
        "overall_correctness": "patch is correct",
        "overall_confidence_score": 0.9,
    }
    log.reply(dumps(findings).decode())
    log.event("exited_review_mode", review_output=findings)
    log.end_turn(dumps(findings).decode())
    return log


def first_version() -> tuple[str, bytes]:
    """Return path and content of a log as the first versions wrote it: no wrapper, no times."""
    session = "7d0c1f9e-52ab-4c07-9e3d-b1a4f6e80c25"
    records = [
        {
            "id": session,
            "timestamp": "2025-05-07T17:24:21.597Z",
            "instructions": None,
            "git": {"commit_hash": GIT["commit_hash"], "branch": "main"},
        },
        {"record_type": "state"},
        {
            "type": "message",
            "role": "user",
            "content": [{"type": "input_text", "text": "What does lantern do?"}],
        },
        {"type": "reasoning", "id": "rs_681b964d", "summary": []},
        {
            "type": "function_call",
            "id": "fc_681b9651",
            "name": "shell",
            "call_id": "call_a1b2c3",
            "arguments": '{"command":["head","-3","README.md"]}',
        },
        {"record_type": "state"},
        {
            "type": "function_call_output",
            "call_id": "call_a1b2c3",
            "output": '{"output":"# lantern\\n\\nKeeps a light on.\\n",'
            '"metadata":{"exit_code":0,"duration_seconds":0.0}}',
        },
        {
            "type": "message",
            "role": "assistant",
            "content": [
                {"type": "output_text", "text": "It keeps a light on in a window of your choice."}
            ],
        },
        {"record_type": "state"},
    ]
    content = b"\n".join(map(dumps, records))  # and no last line end
    return f"sessions/2025/05/07/rollout-2025-05-07T17-24-21-{session}.jsonl", content


def examples() -> dict[str, bytes]:
    """Return the logs, decompressed, by path."""
    origin = main_session()
    path, content = first_version()
    logs = {log.path: log.log for log in (origin, fork(origin))}
    child = review(origin)
    return logs | {f"{child.path}.zst": child.log, path: content}


if __name__ == "__main__":
    for path, content in examples().items():
        target = DIRECTORY / path
        target.parent.mkdir(parents=True, exist_ok=True)
        compressed = zstandard.ZstdCompressor(level=3).compress(content)
        target.write_bytes(compressed if path.endswith(".zst") else content)
        print(path, len(content))
