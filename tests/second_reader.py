"""A second reader of sessions, written from `spec/` alone: it imports nothing of sessionfs.

It is short and slow on purpose. It restores the native files, derives `summary.json` and
`checksums.b3`, and compares. What it and the product disagree on, the spec does not say, or one of
the two says it wrongly. It reads manifests in canonical form only.
"""

from __future__ import annotations

import base64
import json
import re
from datetime import datetime
from decimal import Context, Decimal
from typing import TYPE_CHECKING, Any

from blake3 import blake3
from zstandard import ZstdDecompressor

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MANIFEST, SUMMARY, CHECKSUMS, REDACTIONS = (
    "manifest.yaml", "summary.json", "checksums.b3", "redactions.jsonl",
)  # fmt: skip
FIELDS = ("input", "output", "cache_read", "cache_write", "reasoning")
HOME = re.compile(
    r"(?<![0-9A-Za-z_.~-])(?:/home/|/Users/|[A-Za-z]:[\\/]{1,2}Users[\\/]{1,2})"
    r"(?!(?:Shared|Public)(?:[^0-9A-Za-z_]|$))[^\t-\r /\\:;,*?\"'`<>|()\[\]{}]+"
)
STATES = {"start": "active", "resume": "active", "suspend": "suspended", "end": "ended"}
READ = {"Read": "file_path"}
EDITED = dict.fromkeys(("Edit", "MultiEdit", "Write"), "file_path") | {
    "NotebookEdit": "notebook_path"
}
PATCHED = ("*** Add File: ", "*** Update File: ", "*** Delete File: ", "*** Move to: ")


def digest(content: bytes) -> str:
    return blake3(content).hexdigest()


# Chapters 4 and 5


def read_manifest(text: str) -> dict[str, Any]:
    """Canonical form: the indentation is the structure."""
    lines = [line for line in text.split("\n")[1:] if line]

    def indent(line: str) -> int:
        return len(line) - len(line.lstrip(" "))

    def scalar(word: str) -> Any:
        return json.loads(word)

    def block(depth: int) -> Any:
        found: Any = [] if lines[0].lstrip().startswith("-") else {}
        while lines and indent(lines[0]) == depth:
            line = lines.pop(0)[depth:]
            if isinstance(found, list):
                rest = line[2:]
                if not rest:
                    found.append(block(depth + 2))
                elif re.match(r'(?:[a-z_0-9]+|"(?:[^"\\]|\\.)*"):(?: |$)', rest):
                    lines.insert(0, " " * (depth + 2) + rest)
                    found.append(block(depth + 2))
                else:
                    found.append(scalar(rest))
                continue
            match = re.fullmatch(r'([a-z_0-9]+|"(?:[^"\\]|\\.)*"):(?: (.*))?', line)
            assert match, line
            key = scalar(match[1]) if match[1].startswith('"') else match[1]
            found[key] = block(depth + 2) if match[2] is None else scalar(match[2])
        return found

    value: dict[str, Any] = block(0)
    return value


# Chapters 7 and 11


def decode(line: str) -> Any:
    """A double keeps its literal, in NULs: lines are in the minimal encoding already."""
    return json.loads(line, parse_float=lambda literal: f"\0{literal}\0")


def spell(value: object, style: str) -> str:
    separators = (", ", ": ") if style.startswith("spaced") else (",", ":")
    text = json.dumps(value, ensure_ascii=style.endswith("ascii"), separators=separators)
    return re.sub(r'"\\u0000([^"\\]+)\\u0000"', r"\1", text)


def select(message: Any, pointer: str) -> Any:
    value = message
    for element in pointer.split("/")[1:]:
        key = element.replace("~1", "/").replace("~0", "~")
        value = value[int(key)] if isinstance(value, list) else value[key]
    return value


def unmark(value: Any, message: Any, files: Mapping[str, bytes]) -> Any:
    if isinstance(value, list):
        return [unmark(item, message, files) for item in value]
    if not isinstance(value, dict):
        return value
    match next(iter(value), None):
        case "$ref":
            return select(message, value["$ref"])
        case "$json":
            return spell(select(message, value["$json"]), value.get("style", "compact"))
        case "$file":
            payload = files[f"files/{value['$file']}"]
            if value["encoding"] == "utf-8":
                return payload.decode()
            return value.get("prefix", "") + base64.b64encode(payload).decode()
        case "$num":
            return f"\0{value['$num']}\0"
        case "$lit":
            value = value["$lit"]
    return {key: unmark(member, message, files) for key, member in value.items()}


def native_line(message: Any, files: Mapping[str, bytes]) -> bytes:
    native = message["native"]
    if "raw" in native:
        line = native["raw"].encode()
    elif "raw_base64" in native:
        line = base64.b64decode(native["raw_base64"])
    elif "raw_file" in native:
        line = files[f"files/{native['raw_file']}"]
    else:
        record = unmark(native["record"], message, files)
        line = spell(record, native.get("style", "compact")).encode()
    eol: str = native.get("eol", "\n")
    return line + eol.encode()


# Chapter 12


def ulid(millis: int, seed: str) -> str:
    number = millis << 80 | int.from_bytes(blake3(seed.encode()).digest(length=10), "big")
    digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
    return "".join(digits[number >> shift & 31] for shift in range(125, -1, -5))


def millis(ts: str) -> int:
    moment = datetime.fromisoformat(ts)
    return int(moment.timestamp()) * 1000 + moment.microsecond // 1000


def ids(uid: str, messages: list[Any], native_ids: list[str | None]) -> list[str]:
    """The id of the session, then of each message."""
    time = next((millis(message["ts"]) for message in messages if message["ts"]), 0)
    found = [ulid(time, f"sessionfs session\n{uid}")]
    known = set()
    for message, native_id in zip(messages, native_ids, strict=True):
        time = millis(message["ts"]) if message["ts"] else time
        name = f"#{message['seq']}" if native_id is None else native_id
        again = f"\n{message['seq']}" if native_id in known else ""
        found.append(ulid(time, f"sessionfs message\n{uid}\n{name}{again}"))
        known.add(native_id or name)
    return found


# Chapter 16


def squeeze(text: str) -> str:
    return re.sub(r"[\t-\r ]+", " ", text).strip(" ")


def short(text: str, limit: int) -> str:
    return HOME.sub("~", squeeze(text))[:limit]


def touched(call: Any, table: Mapping[str, str]) -> Iterator[str]:
    arguments = call["arguments"]
    if call["name"] in table and isinstance(arguments, dict):
        path = arguments.get(table[call["name"]])
        if isinstance(path, str) and path:
            yield path


def patched(call: Any) -> Iterator[str]:
    arguments = call["arguments"]
    text = arguments.get("input") if isinstance(arguments, dict) else arguments
    if call["name"] == "apply_patch" and isinstance(text, str):
        for line in text.split("\n"):
            for begin in PATCHED:
                if line.startswith(begin) and line != begin:
                    yield line.removeprefix(begin)


def shown(paths: set[str], manifest: Any) -> list[str]:
    root = manifest.get("workspace", {}).get("cwd", "").rstrip("/\\")
    result = set()
    for path in paths:
        home = HOME.sub("~", path)
        inside = root and home.startswith((f"{root}/", f"{root}\\"))
        result.add((home[len(root) + 1 :] if inside else home) or home)
    return sorted(result)


def counts(words: Any) -> dict[str, int]:
    found: dict[str, int] = {}
    for word in words:
        found[word] = found.get(word, 0) + 1
    return dict(sorted(found.items()))


def usage(messages: list[Any]) -> dict[str, Any]:
    largest: dict[tuple[str, str], int] = {}
    total: dict[str, int] = {}
    conventions = set()
    for message in messages:
        if "usage" not in message:
            continue
        conventions.add(message["usage"]["convention"])
        for field in FIELDS:
            if field not in message["usage"]:
                continue
            value = message["usage"][field]
            before = 0
            if "response" in message:
                before = largest.get((message["response"], field), 0)
                largest[message["response"], field] = max(before, value)
            total[field] = total.get(field, 0) + max(0, value - before)
    found: dict[str, Any] = {f: min(total[f], 2**53 - 1) for f in FIELDS if f in total}
    if len(conventions) == 1:
        found["convention"] = conventions.pop()
    return found


def costs(messages: list[Any]) -> list[dict[str, str]]:
    exact = Context(prec=1000)
    total: dict[str, Decimal] = {}
    for message in messages:
        if "cost" in message:
            currency, amount = message["cost"]["currency"], Decimal(message["cost"]["amount"])
            total[currency] = exact.add(total.get(currency, Decimal(0)), amount)
    return [{"amount": f"{total[name]:f}", "currency": name} for name in sorted(total)]


def sources(messages: list[Any], manifest: Any, files: Mapping[str, bytes]) -> list[Any]:
    whole: dict[str, bytes] = {}
    restored: dict[str, bytearray] = {}
    for message in messages:
        if "native" in message:
            name = message["native"].get("source", manifest["source"]["name"])
            restored.setdefault(name, bytearray()).extend(native_line(message, files))
            for beside, address in message["native"].get("files", {}).items():
                whole[beside] = files[f"files/{address}"]
    contents = {**whole, **{name: bytes(content) for name, content in restored.items()}}
    return [
        {"name": name, "bytes": len(contents[name]), "blake3": digest(contents[name])}
        for name in sorted(contents)
    ]


def summarize(manifest: Any, exact: list[Any], files: Mapping[str, bytes]) -> dict[str, Any]:
    messages = [json.loads(spell(message, "compact")) for message in exact]  # doubles as numbers
    events = [
        part["value"]
        for message in messages
        if message["kind"] == "lifecycle"
        for part in message["parts"]
        if part["type"] == "data"
        and isinstance(part["value"], dict)
        and isinstance(part["value"].get("event"), str)
    ]
    asked = [m for m in messages if m["kind"] == "user_msg"]
    asked.sort(key=lambda message: message["actor"] != "human")  # stable: humans first
    prompts = (
        "\n".join(p["text"] for p in message["parts"] if p["type"] == "text" and p.get("text"))
        for message in asked
    )
    prompt = next((text for text in prompts if squeeze(text)), None)
    titles = [event.get("title") for event in events if event["event"] == "title"]
    titles = [title for title in titles if isinstance(title, str) and squeeze(title)]
    providers = [e.get("provider") for e in events if e["event"] == "start"]
    providers = [name for name in providers if isinstance(name, str) and name]
    state = "active" if messages else "created"
    for event in events:
        state = STATES.get(event["event"], state)
    calls = [p for m in messages for p in m["parts"] if p["type"] == "tool_call"]
    lines = files.get(REDACTIONS, b"").decode().splitlines()
    redactions = sum(json.loads(line)["count"] for line in lines)
    foreign = any("native" not in message for message in messages)
    automatic = titles[-1] if titles else prompt
    source = manifest["source"]
    return {
        "format": manifest["format"],
        "min_reader": manifest["min_reader"],
        "id": manifest["id"],
        "uid": source["uid"],
        "flavor": source["flavor"],
        "native_id": source["native_id"],
        "nature": source["nature"],
        "adapter": source["adapter"],
        "agent": manifest["agent"],
        "title": manifest.get("title") or (short(automatic, 80) if automatic else None),
        "started_at": manifest["started_at"],
        "ended_at": max((m["ts"] for m in messages if m["ts"]), default=None),
        "state": state,
        **{
            key: manifest[key]
            for key in ("workspace", "lineage", "outcome", "task_ref", "domain", "actor", "tags")
            if key in manifest
        },
        "messages": len(messages),
        "roles": counts(message["role"] for message in messages),
        "kinds": counts(message["kind"] for message in messages),
        "models": sorted({message["model"] for message in messages if "model" in message}),
        **({"provider": providers[-1]} if providers else {}),
        "usage": usage(messages),
        "cost": costs(messages),
        "preview": short(prompt, 200) if prompt else None,
        "files_read": shown({path for c in calls for path in touched(c, READ)}, manifest),
        "files_edited": shown(
            {path for c in calls for path in (*touched(c, EDITED), *patched(c))}, manifest
        ),
        "tools": counts(call["name"] for call in calls),
        "fidelity": {
            "level": "lossy" if foreign else "redacted" if redactions else "exact",
            "reasons": ["redacted"] * bool(redactions)
            + ["messages without a native record"] * foreign,
            "raw": sum("record" not in m["native"] for m in messages if "native" in m),
            "unknown": sum(m["kind"] == "unknown" for m in messages),
        },
        "source_files": sources(exact, manifest, files),
        "redactions": redactions,
        "files": {
            path: len(files[path]) for path in sorted(files) if path not in (SUMMARY, CHECKSUMS)
        },
    }


# Chapters 8 and 18


def read_segments(files: Mapping[str, bytes], messages: list[Any]) -> Iterator[str]:
    """Fill `messages`, and say what is wrong with the cuts and the lines."""
    room, bytes_left = 0, 0
    for path in sorted(path for path in files if path.startswith("messages-")):
        lines = files[path].decode().split("\n")
        if lines.pop() != "" or not lines:
            yield f"{path}: no line, or no LF at the end"
        if path != f"messages-{len(messages) + 1:08d}.jsonl":
            yield f"{path}: stands at {len(messages) + 1}"
        if room and lines and len(lines[0].encode()) + 1 <= bytes_left:
            yield f"{path}: its first message would have fitted before"
        room, bytes_left = 256 - len(lines), (1 << 20) - len(files[path])
        if room < 0 or (bytes_left < 0 and len(lines) > 1):
            yield f"{path}: too large"
        for line in lines:
            message = decode(line)
            if spell(message, "compact") != line or message["seq"] != len(messages) + 1:
                yield f"{path}: not minimal, or not in order: {line[:80]}"
            messages.append(message)


def problems(files: Mapping[str, bytes]) -> Iterator[str]:
    """Say what is wrong with a session, given its files."""
    messages: list[Any] = []
    yield from read_segments(files, messages)
    if len({message["id"] for message in messages}) != len(messages):
        yield "an id twice"
    manifest = read_manifest(files[MANIFEST].decode())
    summary = summarize(manifest, messages, files)
    text = json.dumps(summary, indent=2, ensure_ascii=False) + "\n"
    if text.encode() != files[SUMMARY]:
        theirs = json.loads(files[SUMMARY])
        for key in {**summary, **theirs}:
            if summary.get(key) != theirs.get(key):
                yield f"summary: {key}: {summary.get(key)!r}, not {theirs.get(key)!r}"
        yield "summary: other bytes"
    paths = sorted(path for path in files if path != CHECKSUMS)
    listed = "".join(f"{digest(files[path])}  {path}\n" for path in paths)
    if listed.encode() != files[CHECKSUMS]:
        yield "checksums: other bytes"
    for path in files:
        if path.startswith("files/") and path != f"files/{digest(files[path])}":
            yield f"{path}: another digest"


# Chapter 23

FRAME = 1 << 22


def tar_header(name: bytes, size: int) -> bytes:
    prefix, _, last = name.rpartition(b"/") if len(name) > 100 else (b"", b"", name)
    fields = [
        last.ljust(100, b"\0"), b"0000644\0", b"0000000\0", b"0000000\0", b"%011o\0" % size,
        b"00000000000\0", b" " * 8, b"0", bytes(100), b"ustar\0" + b"00", bytes(64), b"0000000\0",
        b"0000000\0", prefix.ljust(155, b"\0"), bytes(12),
    ]  # fmt: skip
    fields[6] = b"%06o\0 " % sum(b"".join(fields))
    return b"".join(fields)


def frame_head(size: int) -> bytes:
    magic = b"\x28\xb5\x2f\xfd"
    if size < 256:
        return magic + b"\x24" + size.to_bytes(1, "little")
    if size < 65_792:
        return magic + b"\x64" + (size - 256).to_bytes(2, "little")
    return magic + b"\xa4" + size.to_bytes(4, "little")


def decompressed(pack: bytes) -> bytes:
    """Read the table first; raises where anything is not as the chapter has it."""
    assert pack[-4:] == b"\xb1\xea\x92\x8f"
    assert pack[-5] == 0
    count = int.from_bytes(pack[-9:-5], "little")
    table = pack[-9 - 8 * count : -9]
    start = len(pack) - 9 - 8 * count - 8
    assert pack[start : start + 8] == b"\x5e\x2a\x4d\x18" + (8 * count + 9).to_bytes(4, "little")
    numbers = [int.from_bytes(table[at : at + 4], "little") for at in range(0, 8 * count, 4)]
    plain, at = b"", 0
    for length, size in zip(numbers[::2], numbers[1::2], strict=True):
        frame = pack[at : at + length]
        assert frame.startswith(frame_head(size))
        assert length <= 4_210_752
        assert len(plain) % FRAME == 0  # only the last one may be shorter
        assert 0 < size <= FRAME
        content = ZstdDecompressor().decompress(frame, allow_extra_data=False)
        assert len(content) == size
        plain, at = plain + content, at + length
    assert at == start
    return plain


def read_pack(pack: bytes) -> dict[str, bytes]:
    """The files of a pack; raises where anything is not as the chapter has it."""
    tar = decompressed(pack) if pack.startswith(b"\x28\xb5\x2f\xfd") else pack
    files: dict[str, bytes] = {}
    at, last = 0, b""
    while tar[at : at + 512] != bytes(512):
        block = tar[at : at + 512]
        prefix, name = block[345:500].rstrip(b"\0"), block[:100].rstrip(b"\0")
        name = prefix + b"/" + name if prefix else name
        size = int(block[124:135], 8)
        assert block == tar_header(name, size)
        assert last < name
        assert LAYOUT.fullmatch(name.decode("ascii"))
        files[name.decode()], last = tar[at + 512 : at + 512 + size], name
        end = at + 512 + size
        at = end + -size % 512
        assert tar[end:at] == bytes(at - end)
        assert end <= len(tar)
    assert tar[at:] == bytes(1024)
    assert files
    return files


LAYOUT = re.compile(
    r"[0-9]{4}/[0-9]{2}/[0-7][0-9A-HJKMNP-TV-Z]{25}/(?:manifest\.yaml|summary\.json|checksums\.b3|"
    r"redactions\.jsonl|messages-[0-9]{8}\.jsonl|files/[0-9a-f]{64})"
)


def copy_ids(uid: str, session: str, seal: str, message: str) -> tuple[str, str]:
    """The ids, in the copy under a fresh id, of a session and of one of its messages."""

    def time(identifier: str) -> int:
        digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
        number = 0
        for digit in identifier:
            number = number * 32 + digits.index(digit)
        return number >> 80

    fresh = f"{uid}#{seal[:16]}"
    return (
        ulid(time(session), f"sessionfs session\n{fresh}"),
        ulid(time(message), f"sessionfs message\n{fresh}\n{message}"),
    )
