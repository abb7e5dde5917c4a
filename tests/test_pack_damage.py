"""Nothing changes in a pack without a refusal: every bit, every length, of a small one."""

import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from packs import received
from sessionfs.api.prove import judge_pack
from sessionfs.disk.threads import in_threads
from sessionfs.errors import FormatError
from sessionfs.pack import Limits, one_by_one, open_tree
from sessionfs.pack.access import MemoryBytes
from sessionfs.pack.frames import FRAME, Frames, contents, framed, table
from sessionfs.pack.members import Chunks
from sessionfs.tree import read_bytes
from test_flips import flips, truncations
from test_vectors import make

pytestmark = pytest.mark.no_cover  # counting lines would take longer than the tests

MAKING, PACKS = make.session, make.packs
FORMS = ("tar", "tar.zst")


@cache
def files():
    session = MAKING.Session().plain().sealed()
    return {f"{MAKING.SHARD}/{name}": content for name, content in session.items()}


@cache
def pack(form):
    tar = PACKS.tar(files())
    return tar if form == "tar" else b"".join(framed(iter([tar]), one_by_one))


def is_accepted(content):
    """Tell whether unpacking would take it, and that reading it in place agrees.

    What is accepted is the very same sessions: a few bits of a frame mean nothing to zstd.
    """
    try:
        taken = received(iter([content]))
    except FormatError:
        taken = None
    try:
        tree = open_tree(MemoryBytes(content), len(content), Limits(), one_by_one)
        read = {path: read_bytes(tree, path) for path in tree.paths()}
    except FormatError:
        read = None
    if taken is not None:
        assert taken == read == files()
    elif read is not None:  # the tar is as it should be: verifying finds it
        assert read != files()
    return taken is not None


def accepted(changes):
    return [what for what, content in changes if is_accepted(content)]


@pytest.mark.parametrize("form", FORMS)
def test_the_pack_is_small_and_right(form):
    assert is_accepted(pack(form))
    assert len(pack(form)) < 10_000
    assert judge_pack(MemoryBytes(pack(form)), len(pack(form))).findings == []


@pytest.mark.exhaustive
@pytest.mark.parametrize("form", FORMS)
def test_every_single_bit_flip_is_refused_or_gives_the_identical_tree(form):
    tried = list(flips(pack(form)))
    assert len(tried) == 8 * len(pack(form))
    same = accepted(tried)  # asserts in each case that it is the identical tree
    assert form == "tar.zst" or not same
    assert len(same) < len(tried) / 100


@pytest.mark.parametrize("form", FORMS)
def test_one_flip_in_many_bytes_is_refused(form):
    tried = list(flips(pack(form), (len(form) % 8,)))[:: 7 if form == "tar" else 3]
    assert len(accepted(tried)) < len(tried) / 100


@pytest.mark.exhaustive
@pytest.mark.parametrize("form", FORMS)
def test_every_truncation_is_refused(form):
    assert not accepted(truncations(pack(form)))


@pytest.mark.parametrize("form", FORMS)
def test_a_truncation_at_every_512th_byte_is_refused(form):
    content = pack(form)
    for size in {*range(0, len(content), 512), *range(511, len(content), 512), len(content) - 1}:
        with pytest.raises(FormatError) as raised:
            received(iter([content[:size]]))
        codes = {"E801"} if size else {"E801", "E809"}
        assert raised.value.code in codes, size


@pytest.mark.parametrize("form", FORMS)
def test_something_more_is_refused_before_and_behind(form):
    content = pack(form)
    for junk in (b"\0", b"\n", b"junk", bytes(512), bytes(10240), content, b"PK\5\6" + bytes(18)):
        assert not is_accepted(content + junk)
        assert not is_accepted(junk + content)


def test_compressed_blocks_are_read_too():
    """The vectors' frames are written by hand; these are libzstd's, over several frames."""
    tar = PACKS.tar(files() | {f"{MAKING.SHARD}/files/{'0' * 64}": b"lamp " * 2_000_000})
    pieces = (tar[at : at + FRAME] for at in range(0, len(tar), FRAME))
    content = b"".join(framed(pieces, in_threads))
    assert len(content) < len(tar) / 100
    frames = Frames(Chunks(iter([content])), Limits())
    assert b"".join(contents(frames, in_threads)) == tar
    assert [size for _, size in frames.sizes] == [FRAME, FRAME, len(tar) - 2 * FRAME]
    assert content.endswith(table(frames.sizes))


def test_blocks_of_nothing_end():
    """A frame larger than any content makes it: refused after some megabytes, not read for ever."""
    tar = PACKS.tar(files())
    nothing = PACKS.block(b"", last=False)
    endless = PACKS.head(len(tar)) + nothing * 1_500_000
    with pytest.raises(FormatError, match="E808 the blocks of a frame"):
        received(iter([endless]))


HUGE = """
import resource, sys
resource.setrlimit(resource.RLIMIT_AS, (400 << 20, 400 << 20))
sys.path[:0] = sys.argv[1:]
from packs import received
from sessionfs.errors import FormatError
from sessionfs.pack.ustar import header
from sessionfs.pack.members import Members
name = b"2026/11/01M81CYGKKYF3N2YJDPS3MWRXG/checksums.b3"
zeros = bytes(1 << 20)
def pieces():
    yield header(name, 8 ** 11 - 1)
    for _ in range(8192):
        yield zeros
for start in (pieces(),):
    try:
        received(start)
    except FormatError as error:
        print(error.code)
"""


def test_a_header_that_announces_gigabytes_takes_no_memory():
    here = str(Path(__file__).parent)
    done = subprocess.run(
        [sys.executable, "-c", HUGE, here], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.stdout == "E003\n", done.stderr
