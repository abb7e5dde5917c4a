"""Packs: what is taken is what we would have written, to the byte, and two readers agree on it.

Input: a pack, compressed or not.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from importlib import import_module
from random import Random

from zstandard import ZstdError

from fuzz import seeds
from fuzz.choices import Choices
from fuzz.damage import damaged_bytes
from packs import received
from second_reader import decompressed, read_pack
from sessionfs.api.prove import judge_pack
from sessionfs.errors import FormatError
from sessionfs.pack import Limits, one_by_one, open_tree
from sessionfs.pack.access import MemoryBytes
from sessionfs.rules import RULES
from sessionfs.tree import read_bytes

sys.path.append(str(seeds.VECTORS))  # the programs of the suite, which no package holds
MAKING = import_module("making.packs")
BLOCK = 512
MAGIC = b"\x28\xb5\x2f\xfd"
FIELDS = ((0, 100), (100, 8), (124, 12), (136, 12), (156, 1), (157, 100), (257, 8), (345, 155))
"""Offset and size of what a header says."""
WORDS = (
    *(b"", b"0", b"1", b"2", b"5", b"x", b"L", b"S", b"7", b"\0", b"ustar  \0", b"0000755\0"),
    *(b"../x", b"/etc/passwd", b"2026", b"CON", b"a\0b", b"\xff\xfe", b"00000000777\0"),
    *(b"77777777777\0", b"-0000000001\0", b"\x80\0\0\0\0\0\0\0\0\0\0\1"),
    b"2026/11/01M81CYGKKYF3N2YJDPS3MWRXG/manifest.yaml",
    b"2026/11/01M81CYGKKYF3N2YJDPS3MWRXG/files",
)
LONGEST = 16384
NO_PACK = (AssertionError, ValueError, IndexError, OverflowError, ZstdError)
"""What the second reader says of what it does not take."""


def starts():
    """Inputs to begin with: the vectors that are small."""
    for place in sorted(seeds.VECTORS.glob("*/*/pack.tar*")):
        content = place.read_bytes()
        if len(content) < LONGEST:
            yield content


def TestOneInput(data: bytes) -> None:  # noqa: N802  as atheris has it
    """Read the pack in every way there is."""
    theirs, taken, read = None, None, None
    with suppress(*NO_PACK):
        theirs = read_pack(data)
    with suppress(FormatError):
        tree = open_tree(MemoryBytes(data), len(data), Limits(), one_by_one)
        read = {path: read_bytes(tree, path) for path in tree.paths()}
    assert read == theirs, "two readers"
    with suppress(FormatError):
        taken = received(iter((data[:100], data[100:])))
    if taken is not None:
        assert taken == read, "two ways to read"
    if read is not None:
        tar = decompressed(data) if data.startswith(MAGIC) else data
        assert MAKING.tar(read) == tar, "two spellings"
    report = judge_pack(MemoryBytes(data), len(data))
    assert {found.code for found in report.findings} <= RULES.keys()
    assert not report.ok or taken is not None, "verified, but not taken"


def mutate(data: bytes, max_size: int, seed: int, havoc) -> bytes:
    """Change a header so that its checksum is right again, blocks, frames, or bytes."""
    choices = Choices(Random(seed).randbytes(64))
    if data.startswith(MAGIC) and choices.one_in(2):
        with suppress(*NO_PACK):
            inside = decompressed(data)
            return MAKING.compressed(mutate(inside, max_size, seed + 1, havoc))[:max_size]
    match choices.below(5):
        case 0:
            return havoc(data, max_size)
        case 1:
            return damaged_bytes(choices, data)[:max_size]
        case 2:
            return MAKING.compressed(data)[:max_size]
        case 3:
            return _header(choices, data)[:max_size]
    return _blocks(choices, data)[:max_size]


def _header(choices: Choices, data: bytes) -> bytes:
    """Write a field otherwise, and the sum that belongs to it."""
    found = [at for at in range(0, len(data), BLOCK) if data[at + 257 : at + 262] == b"ustar"]
    if not found:
        return data
    at = choices.of(found)
    block = bytearray(data[at : at + BLOCK].ljust(BLOCK, b"\0"))
    start, size = choices.of(FIELDS)
    block[start : start + size] = choices.of(WORDS)[:size].ljust(size, b"\0")
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return data[:at] + bytes(block) + data[at + BLOCK :]


def _blocks(choices: Choices, data: bytes) -> bytes:
    """Lose, double, swap or empty a block."""
    blocks = [data[at : at + BLOCK] for at in range(0, len(data), BLOCK)] or [b""]
    here, there = choices.below(len(blocks)), choices.below(len(blocks))
    match choices.below(4):
        case 0:
            del blocks[here]
        case 1:
            blocks.insert(there, blocks[here])
        case 2:
            blocks[here], blocks[there] = blocks[there], blocks[here]
        case 3:
            blocks[here] = bytes(BLOCK)
    return b"".join(blocks)
