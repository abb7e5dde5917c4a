"""A repository built by a scripted session: edits by tool calls, commits, and people's edits.

Every act happens on the disk and, where an agent does it, in a log as Claude Code or Codex
writes it. A clock ticks with each act, so that commits and messages have times.
"""

from __future__ import annotations

import json
import os
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sessionfs
from claude_logs import dumps

START = datetime(2026, 11, 20, 9, tzinfo=UTC)


class Desk:
    """A repository and the people and agents who change it."""

    def __init__(self, place: Path, *, name: str = "project", native: bool = True) -> None:
        self.root = place / name
        self.root.mkdir(parents=True)
        self.logs = place / "logs"
        self.logs.mkdir(exist_ok=True)
        self.now = START
        self.native = native
        """Whether the log has the file before an edit, as Claude Code writes it."""
        self.git("init", "--quiet", "-b", "main")

    def tick(self, seconds: int = 60) -> datetime:
        self.now += timedelta(seconds=seconds)
        return self.now

    def git(self, *arguments: str, code: int = 0) -> str:
        stamp = f"{self.now:%Y-%m-%dT%H:%M:%S+00:00}"
        who = {
            f"GIT_{role}_{what}": value
            for role in ("AUTHOR", "COMMITTER")
            for what, value in (("NAME", "Ada"), ("EMAIL", "ada@example.org"), ("DATE", stamp))
        }
        done = subprocess.run(
            ["git", *arguments], cwd=self.root, env={**os.environ, **who},
            capture_output=True, check=False,
        )  # fmt: skip
        assert done.returncode == code, (arguments, done.stderr)
        return os.fsdecode(done.stdout)

    def commit(self, message: str = "work", *options: str) -> str:
        self.tick()
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "-m", message, *options)
        return self.git("rev-parse", "HEAD").strip()

    def write(self, path: str, text: str) -> None:
        """Somebody writes a file."""
        self.tick()
        place = self.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(text.encode())

    def change(self, path: str, old: str, new: str) -> None:
        """Somebody edits a file."""
        text = (self.root / path).read_bytes().decode()
        assert text.count(old) == 1, (old, text)
        self.write(path, text.replace(old, new))

    def read(self, path: str) -> str:
        return (self.root / path).read_bytes().decode()

    def bring(self, *, archive: str = ".sessions") -> None:
        """Import every log."""
        for path in sorted(self.logs.glob("*.jsonl")):
            sessionfs.import_logs([str(path)], archive=str(self.root / archive))

    def blame(self, path: str, **options):
        return sessionfs.blame(
            str(self.root / path), archive=str(self.root / ".sessions"), **options
        )

    def claims(self, path: str, **options) -> dict[str, tuple]:
        """Return who wrote each line: session number and call number, by the line's text."""
        told = {}
        for line in self.blame(path, **options).lines:
            wrote = line.writer
            told[line.text] = (wrote.seq, wrote.certainty) if wrote else None
        return told


class Claude:
    """A session of Claude Code at a desk; each call returns the seq of its message."""

    def __init__(self, desk: Desk, number: int = 1, *, cwd: str = "/home/ada/project") -> None:
        self.desk, self.number, self.cwd = desk, number, cwd
        self.session = f"5f2c8a10-3b7e-4d61-9c42-{number:012d}"
        self.lines: list[bytes] = []
        self.calls = 0
        self.say("Write it.")

    def save(self) -> None:
        path = self.desk.logs / f"{self.session}.jsonl"
        path.write_bytes(b"".join(line + b"\n" for line in self.lines))

    def record(self, role: str, content, **more) -> int:
        number = len(self.lines)
        stamp = f"{self.desk.tick(1):%Y-%m-%dT%H:%M:%S.000Z}"
        message = {"role": role, "content": content}
        if role == "assistant":
            message |= {"model": "claude-opus-4-8", "id": f"msg_{self.number}_{number}"}
        self.lines.append(
            dumps(
                {
                    "parentUuid": None,
                    "sessionId": self.session,
                    "cwd": self.cwd,
                    "version": "2.1.90",
                    "type": role,
                    "message": message,
                    "uuid": f"{self.number:08x}-0000-4000-8000-{number:012x}",
                    "timestamp": stamp,
                    **more,
                }
            )
        )
        self.save()
        return len(self.lines)

    def say(self, text: str) -> int:
        return self.record("user", text)

    def call(self, name: str, arguments: dict, *, error: bool = False, **told) -> int:
        self.calls += 1
        call = f"toolu_{self.number}_{self.calls:020d}"
        block = {"type": "tool_use", "id": call, "name": name, "input": arguments}
        seq = self.record("assistant", [block])
        result = {"tool_use_id": call, "type": "tool_result", "content": "done"}
        if error:
            result["is_error"] = True
        self.record("user", [result], **({"toolUseResult": told} if told else {}))
        return seq

    def _before(self, path: str) -> dict:
        place = self.desk.root / path
        if not self.desk.native:
            return {}
        text = place.read_bytes().decode().replace("\r\n", "\n") if place.exists() else None
        return {"filePath": f"{self.cwd}/{path}", "originalFile": text, "userModified": False}

    def edit(self, path: str, old: str, new: str, *, everywhere: bool = False) -> int:
        told = self._before(path)
        text = self.desk.read(path)
        assert old in text
        seq = self.call(
            "Edit",
            {
                "file_path": f"{self.cwd}/{path}",
                "old_string": old,
                "new_string": new,
                "replace_all": everywhere,
            },
            **told,
        )
        changed = text.replace(old, new) if everywhere else text.replace(old, new, 1)
        (self.desk.root / path).write_bytes(changed.encode())
        return seq

    def write(self, path: str, text: str) -> int:
        told = self._before(path)
        if told:
            told["type"] = "create" if told["originalFile"] is None else "update"
        seq = self.call("Write", {"file_path": f"{self.cwd}/{path}", "content": text}, **told)
        place = self.desk.root / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(text.encode())
        return seq


class Codex:
    """A session of Codex at a desk."""

    def __init__(self, desk: Desk, *, cwd: str = "/home/ada/project") -> None:
        self.desk, self.cwd = desk, cwd
        self.session = "01a1f84a-95c0-70d6-a407-9e36703ebd37"
        self.lines: list[bytes] = []
        self.calls = 0
        self.record(
            "session_meta", id=self.session, cwd=cwd, cli_version="0.60.0", timestamp=self.stamp()
        )
        self.record(
            "response_item",
            type="message",
            role="user",
            content=[{"type": "input_text", "text": "Go."}],
        )

    def stamp(self) -> str:
        return f"{self.desk.now:%Y-%m-%dT%H:%M:%S.000Z}"

    def record(self, kind: str, **payload) -> int:
        self.desk.tick(1)
        self.lines.append(dumps({"timestamp": self.stamp(), "type": kind, "payload": payload}))
        path = self.desk.logs / f"rollout-{self.session}.jsonl"
        path.write_bytes(b"".join(line + b"\n" for line in self.lines))
        return len(self.lines)

    def patch(self, patch: str, *, code: int = 0) -> int:
        self.calls += 1
        seq = self.record(
            "response_item", type="custom_tool_call", status="completed",
            call_id=f"call_{self.calls}", name="apply_patch", input=patch,
        )  # fmt: skip
        self._result(code)
        return seq

    def shell(self, command: list[str], *, code: int = 0) -> int:
        self.calls += 1
        seq = self.record(
            "response_item", type="function_call", call_id=f"call_{self.calls}", name="shell",
            arguments=json.dumps({"command": command, "workdir": self.cwd}),
        )  # fmt: skip
        self._result(code)
        return seq

    def _result(self, code: int) -> None:
        output = json.dumps(
            {"output": "done", "metadata": {"exit_code": code, "duration_seconds": 0.1}}
        )
        self.record(
            "response_item", type="custom_tool_call_output", call_id=f"call_{self.calls}",
            output=output,
        )  # fmt: skip
