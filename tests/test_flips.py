"""Nothing changes in a session without a finding: every bit, byte, line and file of a small one."""

from pathlib import Path

import pytest

from sessionfs.tree import MemoryTree
from sessionfs.verify import verify_tree

pytestmark = pytest.mark.no_cover  # counting lines would take longer than the tests

PLACE = Path(__file__).resolve().parent / "vectors" / "good" / "everything" / "session"


def session():
    files = {
        path.relative_to(PLACE).as_posix(): path.read_bytes()
        for path in PLACE.rglob("*")
        if path.is_file()
    }
    assert sum(map(len, files.values())) <= 6000
    return files


def is_found(files):
    """Tell whether verify names an error with a code and a place."""
    report = verify_tree(MemoryTree(files))
    return any(found.level == "error" and found.code and found.path for found in report.findings)


def flips(content, bits=range(8)):
    for place in range(len(content)):
        for bit in bits:
            yield (
                f"bit {bit} of byte {place}",
                content[:place] + bytes((content[place] ^ 1 << bit,)) + content[place + 1 :],
            )


def truncations(content):
    for size in range(len(content)):
        yield f"cut to {size} bytes", content[:size]


def lines_lost_or_swapped(content):
    lines = content.splitlines(keepends=True)
    for number, line in enumerate(lines):
        yield f"without line {number + 1}", b"".join(lines[:number] + lines[number + 1 :])
        for other in range(number + 1, len(lines)):
            if lines[other] != line:
                swapped = list(lines)
                swapped[number], swapped[other] = lines[other], line
                yield f"lines {number + 1} and {other + 1} swapped", b"".join(swapped)


def missed(path, changes):
    """Return the changes of one file that verify does not find, and how many were tried."""
    files = session()
    missing, tried = [], 0
    for what, content in changes(files[path]):
        tried += 1
        if not is_found(files | {path: content}):
            missing.append(f"{path}: {what}")
    return missing, tried


def test_the_session_has_every_kind_of_file():
    kinds = {path.partition("/")[0].partition("-")[0] for path in session()}
    derived = {"summary.json", "checksums.b3"}
    assert kinds == {"manifest.yaml", "messages", "files", "redactions.jsonl"} | derived
    assert not is_found(session())


@pytest.mark.parametrize(
    "bits",
    [
        pytest.param((1, 6), marks=pytest.mark.exhaustive, id="two in each byte"),
        pytest.param(range(8), marks=pytest.mark.soak, id="each"),
    ],
)
@pytest.mark.parametrize("path", sorted(session()))
def test_every_single_bit_flip_is_found(path, bits):
    missing, tried = missed(path, lambda content: flips(content, bits))
    assert not missing
    assert tried == len(bits) * len(session()[path])


@pytest.mark.exhaustive
@pytest.mark.parametrize("path", sorted(session()))
def test_every_truncation_is_found(path):
    assert not missed(path, truncations)[0]


@pytest.mark.parametrize("path", sorted(session()))
def test_one_flip_in_each_byte_is_found(path):
    bit = len(path) % 8
    assert not missed(path, lambda content: list(flips(content, (bit,)))[::5])[0]


@pytest.mark.parametrize("path", sorted(session()))
def test_every_lost_line_and_every_swap_of_two_lines_is_found(path):
    assert not missed(path, lines_lost_or_swapped)[0]


@pytest.mark.parametrize("path", sorted(session()))
def test_every_lost_file_is_found(path):
    assert is_found({name: content for name, content in session().items() if name != path})


@pytest.mark.parametrize(
    "path",
    [
        "messages-00000005.jsonl",
        "notes.txt",
        "files/" + "0" * 64,
        "files/x",
        "manifest.yaml.bak",
        ".hidden",
        "more/notes.txt",
        "messages-00000001.jsonl~",
        "Manifest.yaml",
        "-rf",
        "a\\b",
        "new\nline",
    ],
)
@pytest.mark.parametrize("content", [b"", b"x\n"])
def test_every_added_file_is_found(path, content):
    assert is_found(session() | {path: content})
