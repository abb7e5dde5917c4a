"""Claude Code logs made by a seeded generator: as long as a test wants, the same every time."""

from __future__ import annotations

import json
import random

SESSION = "5f2c8a10-3b7e-4d61-9c42-0a1b2c3d4e5f"
_WORDS = "alpha bravo charlie delta echo foxtrot golf hotel india juliett kilo lima".split()


def dumps(record: object) -> bytes:
    """Spell a record as JavaScript does."""
    return json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode()


def stamp(number: int) -> str:
    """Return the time of the record with this number: one second apart."""
    minute, second = divmod(number, 60)
    hour, minute = divmod(minute, 60)
    return f"2026-11-{1 + hour // 24:02d}T{hour % 24:02d}:{minute:02d}:{second:02d}.000Z"


def uuid(number: int, salt: int = 0) -> str:
    """Return the uuid of the record with this number."""
    return f"{salt:08x}-0000-4000-8000-{number:012x}"


def record(number: int, chance: random.Random, *, session: str = SESSION, size: int = 400) -> dict:
    """Return one record: prompts, replies, calls and results in turn."""
    text = " ".join(chance.choices(_WORDS, k=max(1, size // 6)))
    envelope = {
        "parentUuid": uuid(number - 1) if number else None,
        "isSidechain": False,
        "userType": "external",
        "cwd": "/home/somebody/project",
        "sessionId": session,
        "version": "2.1.90",
        "gitBranch": "main",
    }
    call = f"toolu_{number // 4:024d}"
    match number % 4:
        case 0:
            body = {"type": "user", "message": {"role": "user", "content": text}}
        case 1:
            blocks = [{"type": "tool_use", "id": call, "name": "Bash", "input": {"command": text}}]
            body = {
                "type": "assistant",
                "message": _reply(number, blocks),
                "requestId": f"req_{number}",
            }
        case 2:
            block = {"tool_use_id": call, "type": "tool_result", "content": text, "is_error": False}
            body = {
                "type": "user",
                "message": {"role": "user", "content": [block]},
                "toolUseResult": {
                    "stdout": text,
                    "stderr": "",
                    "interrupted": False,
                    "isImage": False,
                },
            }
        case _:
            blocks = [{"type": "text", "text": text}]
            body = {
                "type": "assistant",
                "message": _reply(number, blocks),
                "requestId": f"req_{number}",
            }
    return envelope | body | {"uuid": uuid(number), "timestamp": stamp(number)}


def _reply(number: int, blocks: list[dict]) -> dict:
    return {
        "model": "claude-sonnet-4-5-20250929",
        "id": f"msg_{number:024d}",
        "type": "message",
        "role": "assistant",
        "content": blocks,
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {
            "input_tokens": 3,
            "cache_creation_input_tokens": number,
            "cache_read_input_tokens": 100,
            "output_tokens": 7,
        },
    }


def log(count: int, *, seed: int = 1, size: int = 400, session: str = SESSION) -> bytes:
    """Return a log of `count` records whose texts have about `size` bytes."""
    chance = random.Random(seed)
    return b"".join(
        dumps(record(number, chance, session=session, size=size)) + b"\n" for number in range(count)
    )


def log_of_bytes(total: int, *, seed: int = 1) -> bytes:
    """Return a log of about `total` bytes, with the mix of sizes that real logs have."""
    chance = random.Random(seed)
    lines: list[bytes] = []
    length = number = 0
    while length < total:
        size = chance.choice((80, 200, 200, 600, 600, 2_000, 6_000, 20_000))
        lines.append(dumps(record(number, chance, size=size)) + b"\n")
        length += len(lines[-1])
        number += 1
    return b"".join(lines)
