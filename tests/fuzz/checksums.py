"""checksums.b3 and summary.json: what is derived, as somebody else wrote it.

Input: a byte of options, then the content of one of the two.
"""

from __future__ import annotations

from contextlib import suppress
from random import Random

from fuzz import oracle, seeds
from fuzz.choices import Choices
from fuzz.damage import damaged_bytes, damaged_json, damaged_lines
from sessionfs.archive import Session, format_checksums
from sessionfs.canonical import indent
from sessionfs.errors import SessionfsError
from sessionfs.tree import MemoryTree

SUMMARY, UNSEALED, NEWER = 1, 2, 4
"""Options: it is the summary; its digest is not listed; a newer minor version wrote it."""


def starts():
    """Inputs to begin with: both files of every vector."""
    for suffix, options in (("checksums.b3", 0), ("summary.json", SUMMARY)):
        for content in seeds.contents(suffix):
            yield bytes((options,)) + content


def TestOneInput(data: bytes) -> None:  # noqa: N802  as atheris has it
    """Judge a session that holds the content."""
    options, content = data[0] if data else 0, data[1:]
    files = dict(seeds.sessions()["good/newer_minor"]) if options & NEWER else seeds.everything()
    if options & SUMMARY:
        files["summary.json"] = content
        if not options & UNSEALED:
            files = seeds.resealed(files, summary=False)
    else:
        files["checksums.b3"] = content
    report = oracle.judge(files)
    if not report.findings:
        assert options & NEWER or files == seeds.everything(), "two spellings"
    session = Session(MemoryTree(files))
    with suppress(SessionfsError):
        listed = session.checksums()
        assert not report.ok or format_checksums(listed) == files["checksums.b3"]


def mutate(data: bytes, max_size: int, seed: int, havoc) -> bytes:
    """Change a value of a summary, or lines, or bytes: blindly once in three times."""
    choices = Choices(Random(seed).randbytes(64))
    if not data or choices.one_in(3):
        return havoc(data, max_size)
    options, content = data[0], data[1:]
    match choices.below(4):
        case 0:
            content = damaged_lines(choices, content)
        case 1:
            content = damaged_bytes(choices, content)
        case _ if options & SUMMARY:
            content = damaged_json(choices, content)
            with suppress(ValueError):  # what is no JSON stays as it is
                content = indent(content)
        case _:
            options ^= choices.of((SUMMARY, UNSEALED, NEWER))
    return (bytes((options,)) + content)[:max_size]
