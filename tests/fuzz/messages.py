"""Message lines: what proves them, what explains them, and a session that holds them.

Input: a byte of options, then the lines.
"""

from __future__ import annotations

import json
from random import Random

from fuzz import oracle, seeds
from fuzz.choices import Choices
from fuzz.damage import damaged_bytes, damaged_json, damaged_lines, spell
from sessionfs.canonical import decode
from sessionfs.check.explanation import explain
from sessionfs.check.proof import prove_message
from sessionfs.model import encode_message
from sessionfs.rules import RULES
from sessionfs.schema import is_valid

SEALED, RENUMBERED, CUT, REDACTED = 1, 2, 4, 8
"""Options: seal the session, number the messages, make two segments, redact instead."""

FIRST = "messages-00000001.jsonl"


def starts():
    """Inputs to begin with: the segments of every vector, sealed."""
    for content in seeds.contents(".jsonl"):
        if len(content) <= 1 << 14:
            yield bytes((SEALED,)) + content


def TestOneInput(data: bytes) -> None:  # noqa: N802  as atheris has it
    """Judge the lines alone, then in a session."""
    options, content = data[0] if data else 0, data[1:]
    if options & RENUMBERED:
        content = renumbered(content)
    lines = content.split(b"\n")
    for number, line in enumerate(lines, 1):
        one_line(line, number)
    files = seeds.everything()
    if options & REDACTED:
        files["redactions.jsonl"] = content
    elif options & CUT and len(lines) > 3:
        half = len(lines) // 2
        files[FIRST] = b"".join(line + b"\n" for line in lines[:half])
        files[f"messages-{half + 1:08d}.jsonl"] = b"\n".join(lines[half:])
    else:
        files[FIRST] = content
    if options & SEALED:
        files = seeds.resealed(files)
    oracle.judge(files)


def one_line(line: bytes, number: int) -> None:
    """Compare the fast path, the slow path and jsonschema on a line."""
    proved = prove_message(line)
    for newer in (False, True):
        explained = explain(line, FIRST, number, "message", newer=newer)
        explain(line, FIRST, number, "redactions", newer=newer)
        for finding in explained.findings:
            assert finding.level == RULES[finding.code].level
            assert newer or finding.level == "error"
        if proved is not None:
            assert not explained.findings, explained.findings
        elif not newer and not explained.broken:
            assert is_valid(explained.value, "message")
    if proved is not None:
        assert encode_message(proved) == line
        assert is_valid(decode(line), "message")
        assert is_valid(json.loads(line), "message")


def renumbered(content: bytes) -> bytes:
    """Return lines whose messages are numbered, and spelt as they should be."""
    lines = content.split(b"\n")
    for number, line in enumerate(lines):
        try:
            value = json.loads(line)
            if isinstance(value, dict) and "seq" in value:
                lines[number] = spell(value | {"seq": number + 1})
        except (ValueError, RecursionError):
            continue
    return b"\n".join(lines)


def mutate(data: bytes, max_size: int, seed: int, havoc) -> bytes:
    """Change a place in a value, or lines, or bytes: blindly once in three times."""
    choices = Choices(Random(seed).randbytes(64))
    if not data or choices.one_in(3):
        return havoc(data, max_size)
    options, content = data[0], data[1:]
    match choices.below(6):
        case 0:
            options ^= choices.of((SEALED, RENUMBERED, CUT, REDACTED))
        case 1:
            content = damaged_lines(choices, content)
        case 2:
            content = damaged_bytes(choices, content)
        case _:
            lines = content.split(b"\n")
            place = choices.below(min(len(lines), 256))
            lines[place] = damaged_json(choices, lines[place])
            content = b"\n".join(lines)
    return (bytes((options,)) + content)[:max_size]
