"""Logs with fake secrets in every place where a real one may stand."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from random import Random
from urllib.parse import quote

from claude_logs import SESSION, dumps, record, stamp, uuid
from planted import SPANS_LINES, Planted, plant
from trees import tree

PLACES = (
    "prompt argument key output leftover raw unparsed large beside nested coloured wrapped76"
    " wrapped80"
).split()
"""Where secrets are planted; `beside` is a file beside the log, `large` a text in `files/`."""

_KEYED = frozenset(("key",))
_SPLIT = frozenset(("coloured", "wrapped76", "wrapped80"))


_OWN_LINE = frozenset(("pgpass", "netrc-password-line", "secret-bare", "password-bare"))
"""Rules for a line of a configuration file that has nothing before the name."""

_SPLIT_BY = re.compile(rb"\\u001b\[[0-9;]*[A-Za-z]|\x1b\[[0-9;]*[A-Za-z]|\\n|\n")
"""What stands between the pieces of a secret that was coloured or wrapped."""


def applies(rule: str, place: str, planted: Planted) -> bool:
    """Tell whether a secret can stand in a place as such."""
    if place in _KEYED:
        return planted.text == planted.secret  # a key says what its value is, not what it is
    if place in _SPLIT and (rule in SPANS_LINES or "\n" in planted.secret):
        return False
    # A colour code has no width, and short lines of a configuration are not wrapped.
    return not place.startswith("wrapped") or not (rule in _OWN_LINE or "\x1b" in planted.text)


def draw(rule: str, place: str, count: int, seed: str = "") -> list[Planted]:
    """Return so many secrets of a rule as can stand in a place; none where none can."""
    chance = Random(f"{rule} {place} {seed}")  # the same on every machine
    found: list[Planted] = []
    for _ in range(40 * count):
        planted = plant(rule, chance)
        if applies(rule, place, planted):
            found.append(planted)
        if len(found) == count:
            break
    return found


def coloured(planted: Planted, chance: Random) -> str:
    """Return the text with a colour code inside of the secret, as `grep --color` writes it."""
    middle = chance.randrange(1, max(2, len(planted.secret)))
    codes = chance.choice((("\x1b[01;31m\x1b[K", "\x1b[m\x1b[K"), ("\x1b[32m", "\x1b[0m")))
    start = planted.text.rindex(planted.secret)
    at = start + middle
    return planted.text[:at] + codes[0] + planted.text[at:] + codes[1]


def wrapped(planted: Planted, width: int, chance: Random) -> str:
    """Return the text as a terminal of this width breaks it, with a break inside of the secret."""
    start = planted.text.rindex(planted.secret)
    begin = planted.text.rfind("\n", 0, start) + 1
    end = planted.text.find("\n", start)
    line = planted.text[begin : end if end >= 0 else None]
    column = (start - begin) + chance.randrange(1, max(2, min(len(planted.secret), width - 1)))
    before = " " * (-column % width)  # some rules want a line to begin with its name
    whole = before + line
    pieces = [whole[at : at + width] for at in range(0, len(whole), width)]
    return planted.text[:begin] + "\n".join(pieces) + (planted.text[end:] if end >= 0 else "")


def shown(planted: Planted, place: str, chance: Random) -> str:
    """Return the text in which a secret is planted."""
    if place == "coloured":
        return coloured(planted, chance)
    if place.startswith("wrapped"):
        return wrapped(planted, int(place[-2:]), chance)
    return planted.text


def log(planted: Iterable[Planted], place: str) -> tuple[bytes, dict[str, bytes]]:
    """Return a log of Claude Code with each secret in a place, and the files beside it."""
    chance = Random(place)
    lines: list[bytes] = [dumps(record(0, chance, size=20))]
    beside: dict[str, bytes] = {}
    for number, each in enumerate(planted, 1):
        text = shown(each, place, chance)
        lines.append(_line(number, text, place, beside))
    return b"".join(line + b"\n" for line in lines), beside


def _line(number: int, text: str, place: str, beside: dict[str, bytes]) -> bytes:
    envelope = {"sessionId": SESSION, "uuid": uuid(number), "timestamp": stamp(number)}
    envelope |= {"parentUuid": uuid(number - 1), "cwd": "/home/somebody/project", "version": "2.1"}
    call = f"toolu_{number:024d}"

    def said(content: object) -> dict[str, object]:
        return {"type": "user", "message": {"role": "user", "content": content}}

    def called(arguments: dict[str, object]) -> dict[str, object]:
        block = {"type": "tool_use", "id": call, "name": "Bash", "input": arguments}
        return {"type": "assistant", "message": {"role": "assistant", "content": [block]}}

    match place:
        case "argument":
            body = called({"command": "run", "env": [{"deep": {"er": text}}]})
        case "key":
            body = called({"map": {text: 1}})
        case "output" | "coloured" | "wrapped76" | "wrapped80":
            block = {"type": "tool_result", "tool_use_id": call, "content": text}
            body = said([block]) | {"toolUseResult": {"stdout": text, "stderr": ""}}
        case "leftover":
            body = said("hello") | {"aFieldOfTomorrow": {"with": [text]}}
        case "raw":
            plain = dumps(envelope | said(text))
            return plain[:1] + b'"isMeta" : false, ' + plain[1:]
        case "unparsed":
            return dumps(envelope | said(text))[:-3]  # torn before the closing quote
        case "large":
            body = said(f"{'lamp ' * 55_000}\n{text}\n")
        case "beside":
            name = f"{number:09d}.txt"
            beside[f"{SESSION}/tool-results/{name}"] = text.encode()
            block = {"type": "tool_result", "tool_use_id": call, "content": "Output too large"}
            path = f"/home/somebody/.claude/projects/x/{SESSION}/tool-results/{name}"
            body = said([block]) | {"toolUseResult": {"persistedOutputPath": path}}
        case "nested":
            body = called({"body": json.dumps({"inner": {"text": text}, "n": 1.50})})
        case _:
            body = said(text)
    return dumps(envelope | body)


def write(directory: Path, content: bytes, beside: dict[str, bytes]) -> Path:
    """Write a log and the files beside it, and return the log's path."""
    path = directory / f"{SESSION}.jsonl"
    for name, held in {path.name: content, **beside}.items():
        place = directory / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(held)
    return path


def left_in(archive: Path, planted: Iterable[Planted]) -> list[Planted]:
    """Return the secrets that still stand somewhere below a directory, in any of their forms."""
    everything = b"\n".join(tree(archive).values())
    for cache in (archive / ".cache").rglob("*") if (archive / ".cache").is_dir() else ():
        if cache.is_file():
            everything += b"\n" + cache.read_bytes()
    everything += b"\n" + _SPLIT_BY.sub(b"", everything)
    return [each for each in planted if any(form in everything for form in forms(each.secret))]


def forms(secret: str) -> Iterator[bytes]:
    """Yield a secret as text, in JSON, in JSON in JSON, in a URL, and in Base64."""
    yield secret.encode()
    once = json.dumps(secret)[1:-1]
    yield once.encode()
    yield json.dumps(once)[1:-1].encode()
    yield quote(secret, safe="").encode()
    yield base64.b64encode(secret.encode())
