"""How fast the ways to validate a message are: the numbers of ADR 0002.

Run `python tests/benchmarks/validation.py [COUNT]`. Messages are made here, seeded; engines that
are not installed are left out. Each row is the best of three runs in this process.
"""

from __future__ import annotations

import dataclasses
import importlib
import json
import random
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from sessionfs import model

if TYPE_CHECKING:
    from collections.abc import Callable

SCHEMA = Path(__file__).resolve().parents[2] / "schemas/1.0/message.schema.json"
WORDS = (
    "the session holds a message that answers another one with text from a tool which reads"
    " files lists names counts lines and reports what it has found in the tree".split()
)
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def lines(count: int) -> list[bytes]:
    """Messages of four kinds with native records: about 1 KB each."""
    chance = random.Random(7)
    made = []
    parent = None
    for seq in range(1, count + 1):
        text = " ".join(chance.choices(WORDS, k=chance.randint(20, 160)))
        own = "0" + "".join(chance.choices(ALPHABET, k=25))
        parts: list[model.Part]
        match seq % 4:
            case 0:
                parts = [model.Text(text=text)]
            case 1:
                parts = [model.ToolCall(call_id=own, name="Read", arguments={"file_path": text})]
            case 2:
                content: list[Any] = [model.Text(text=text)]
                parts = [model.ToolResult(call_id=own, content=content, is_error=False)]
            case _:
                parts = [model.Thinking(text=text, signature=own * 4)]
        record = {
            "type": "assistant", "uuid": own.lower(), "sessionId": own,
            "timestamp": {"$ref": "/ts"}, "cwd": "/home/ada/work", "version": "2.1.199",
            "message": {"role": "assistant", "content": [{"$ref": "/parts/0"}]},
        }  # fmt: skip
        message = model.Message(
            seq=seq, id=own, parent=parent, ts="2026-11-22T10:31:07.123Z", role="assistant",
            kind="assistant_msg", actor="model", parts=parts, model="some-model-4-5",
            usage=model.Usage(input=seq, output=7, convention="exclusive"), response=own,
            native={"record": record},
        )  # fmt: skip
        made.append(model.encode_message(message))
        parent = own
    return made


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Plain:
    """A message as a dataclass; its checks are below, by hand."""

    seq: int
    id: str
    parent: str | None
    ts: str | None
    role: str
    kind: str
    actor: str
    parts: list[Any]
    model: str | None = None
    usage: dict[str, Any] | None = None
    response: str | None = None
    native: dict[str, Any] | None = None


TYPES: dict[str, tuple[type, ...]] = {
    "seq": (int,), "id": (str,), "parent": (str, type(None)), "ts": (str, type(None)),
    "role": (str,), "kind": (str,), "actor": (str,), "parts": (list,), "model": (str,),
    "usage": (dict,), "response": (str,), "native": (dict,),
}  # fmt: skip
PARTS: dict[str, dict[str, tuple[type, ...]]] = {
    "text": {"text": (str,)},
    "thinking": {"text": (str,), "signature": (str,)},
    "tool_call": {"call_id": (str,), "name": (str,), "arguments": (object,)},
    "tool_result": {"call_id": (str,), "content": (list,), "is_error": (bool,)},
}


def from_dict(value: dict[str, Any]) -> Plain:
    for key, item in value.items():
        if not isinstance(item, TYPES[key]):
            raise TypeError(key)
    for part in value["parts"]:
        known = PARTS[part["type"]]
        for key, item in part.items():
            if key != "type" and not isinstance(item, known[key]):
                raise TypeError(key)
    return Plain(**value)


REQUIRED = tuple(Plain.__slots__[:8])


def to_json(message: Plain) -> bytes:
    members = {
        key: item
        for key in Plain.__slots__
        if (item := getattr(message, key)) is not None or key in REQUIRED
    }
    return json.dumps(members, ensure_ascii=False, separators=(",", ":")).encode()


def engines() -> dict[str, Callable[[bytes], object]]:
    """Each way to validate one line, by name."""
    schema = json.loads(SCHEMA.read_text("utf-8"))
    decode, encode = msgspec.json.decode, msgspec.json.encode
    typed = model.decode_message

    def prove(line: bytes) -> bool:
        return model.encode_message(typed(line)) == line

    found: dict[str, Callable[[bytes], object]] = {
        "json.loads alone": json.loads,
        "msgspec untyped decode alone": decode,
        "msgspec typed decode": typed,
        "msgspec typed decode, encode, compare": prove,
        "json.loads + dataclass by hand": lambda line: from_dict(json.loads(line)),
        "json.loads + dataclass by hand, encode, compare": lambda line: (
            to_json(from_dict(json.loads(line))) == line
        ),
        "msgspec untyped decode, encode, compare": lambda line: encode(decode(line)) == line,
    }
    if (module := optional("jsonschema_rs")) is not None:
        valid = module.validator_for(schema).is_valid
        found["msgspec untyped decode + jsonschema-rs"] = lambda line: valid(decode(line))
        found["untyped decode + jsonschema-rs, encode, compare"] = lambda line: (
            valid(value := decode(line)) and encode(value) == line
        )
    if (module := optional("fastjsonschema")) is not None:
        old = {**schema, "$schema": "http://json-schema.org/draft-07/schema#"}
        text = (
            json.dumps(old)
            .replace("#/$defs/", "#/definitions/")
            .replace('"$defs"', '"definitions"')
        )
        compiled = module.compile(json.loads(text))
        found["msgspec untyped decode + fastjsonschema (draft 7)"] = lambda line: compiled(
            decode(line)
        )
    if (module := optional("jsonschema")) is not None:
        validator = module.Draft202012Validator(schema)
        found["msgspec untyped decode + jsonschema"] = lambda line: validator.is_valid(decode(line))
    return found


def optional(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


def best(check: Callable[[bytes], object], sample: list[bytes]) -> float:
    """Seconds a message, the best of three runs."""
    runs = []
    for _ in range(3):
        start = time.perf_counter()
        for line in sample:
            check(line)
        runs.append(time.perf_counter() - start)
    return min(runs) / len(sample)


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20_000
    sample = lines(count)
    size = sum(map(len, sample))
    print(f"{count} messages, {size / count:.0f} bytes each, Python {sys.version.split()[0]}")
    print(f"{'':52}{'µs each':>9}{'messages/s':>12}{'MB/s':>8}")
    for name, check in engines().items():
        if check(sample[0]) is False:
            raise SystemExit(f"{name}: the sample does not pass")
        each = best(check, sample[: min(count, 1000)] if name.endswith("+ jsonschema") else sample)
        print(f"{name:52}{each * 1e6:9.2f}{1 / each:12,.0f}{size / count / each / 1e6:8.0f}")


if __name__ == "__main__":
    main()
