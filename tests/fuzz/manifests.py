"""manifest.yaml and archive.yaml: parsed, emitted, edited, and judged where they stand.

Input: the text.
"""

from __future__ import annotations

import json
from random import Random

from fuzz import oracle, seeds
from fuzz.choices import Choices
from fuzz.damage import damaged_bytes, damaged_lines
from sessionfs.rules import RULES
from sessionfs.yamltext import (
    YamlError,
    _Builder,
    _events,
    _parse_canonical,
    _scan,
    edit,
    emit,
    parse,
)

SESSION = "2026/11/01M81CYGKKYF3N2YJDPS3MWRXG"


def starts():
    """Inputs to begin with: the YAML of every vector."""
    yield from seeds.contents(".yaml")


def TestOneInput(data: bytes) -> None:  # noqa: N802  as atheris has it
    """Parse a text; judge it as a manifest and as an archive's policy."""
    if (value := parsed(data)) is not None:
        for schema in ("manifest", "archive"):
            text = emit(value, schema)
            assert parse(text) == value, text
            assert _parse_canonical(text) in (value, None), text
            changed = edit(data, {"title": "né", "tags": None}, schema)
            after = {key: kept for key, kept in value.items() if key != "tags"}
            assert parse(changed) == after | {"title": "né"}, changed
    files = seeds.resealed(seeds.everything() | {"manifest.yaml": data})
    oracle.judge(files)
    held = {f"{SESSION}/{path}": content for path, content in seeds.everything().items()}
    oracle.judge(held | {"archive.yaml": data}, archive=True)


def parsed(text: bytes):
    """Return a text's value, None where it is refused, the same with and without a shortcut."""
    refused = None
    try:
        value = parse(text)
    except YamlError as error:
        refused = error
    if refused is not None:
        assert refused.code in RULES
        assert 1 <= refused.line <= text.count(b"\n") + 2
        assert refused.pointer[:1] in ("", "/")
        return None
    assert isinstance(value, dict)
    json.dumps(value, allow_nan=False).encode()
    assert value == _Builder(_events(_scan(text))).root()
    return value


def mutate(data: bytes, max_size: int, seed: int, havoc) -> bytes:
    """Change lines or bytes: blindly every other time."""
    choices = Choices(Random(seed).randbytes(32))
    if choices.one_in(2):
        return havoc(data, max_size)
    damaged = damaged_lines if choices.one_in(2) else damaged_bytes
    return damaged(choices, data)[:max_size]
