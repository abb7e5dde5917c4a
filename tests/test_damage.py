"""What happened to a file is told whatever pieces it is read in, and nothing is told of others."""

import io
from pathlib import Path

import pytest

from sessionfs.digest import digest
from sessionfs.tree import MemoryTree
from sessionfs.verify import verify_tree
from sessionfs.verify.conversion import Conversions, undone
from sessionfs.verify.damage import _Conflict, conflicting, pointed

PLACE = Path(__file__).resolve().parent / "vectors"
OID = "6d9ac1c4d5f3d2b0e1a94c0f3b7e8a5d1c2b3f40"
TEXT = "{«é» 😀 $Id$ $I $Id: mine $ \\r}\n\n$$Id$ $Id: $\nlast line"


def load(vector):
    place = PLACE / vector
    return {
        path.relative_to(place).as_posix(): path.read_bytes()
        for path in place.rglob("*")
        if path.is_file()
    }


def expanded(text):
    return text.replace("$Id$", f"$Id: {OID} $")


def crlf(text):
    return text.replace("\n", "\r\n")


def in_pieces(content, size):
    conversions = Conversions(content[:64])
    for place in range(0, len(content), size):
        conversions.update(content[place : place + size])
    conversions.update(b"", last=True)
    return conversions


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 16, 71, 1000])
@pytest.mark.parametrize(
    ("content", "words"),
    [
        (crlf(TEXT).encode(), "its line ends became CRLF"),
        (expanded(TEXT).encode(), "`$Id$` was expanded"),
        (crlf(expanded(TEXT)).encode(), "its line ends became CRLF and `$Id$` was expanded"),
        (TEXT.encode("utf-16-le"), "its encoding became UTF-16-LE"),
        (TEXT.encode("utf-16-be"), "its encoding became UTF-16-BE"),
        (TEXT.encode("utf-32-le")[4:], None),
        (TEXT.encode("utf-16"), "its encoding became UTF-16"),
        (TEXT.encode("utf-32"), "its encoding became UTF-32"),
        (
            crlf(expanded(TEXT)).encode("utf-16"),
            "its encoding became UTF-16 and its line ends became CRLF and `$Id$` was expanded",
        ),
        (TEXT.encode("utf-16")[:-1], None),
        (TEXT.encode() + b"x", None),
        (b"", None),
        (b"\xff\xfe", None),
    ],
)
def test_a_conversion_is_undone_in_any_pieces(content, words, size):
    assert in_pieces(content, size).proved({digest(TEXT.encode())}) == words


@pytest.mark.parametrize("size", [1, 3, 1000])
def test_a_lost_cr_is_put_back(size):
    text = crlf(TEXT).encode()
    assert in_pieces(TEXT.encode(), size).proved({digest(text)}) == (
        "its line ends were CRLF and became LF"
    )


def test_a_small_text_is_undone_only_where_every_line_end_was_changed():
    assert undone(b"a\r\nb\r\n") == (b"a\nb\n", "its line ends became CRLF")
    assert undone(b"a\r\nb\n") is None
    assert undone(b"a") is None
    assert undone(b"") is None
    assert undone("é\r\n".encode("utf-16")) == (
        "é\n".encode(),
        "its encoding became UTF-16 and its line ends became CRLF",
    )
    assert undone(b"\xff\xfea") is None


MERGED = b"a\n<<<<<<< HEAD\nours\n||||||| base\nwas\n=======\r\ntheirs\n>>>>>>> other\nz\n"


@pytest.mark.parametrize("size", [1, 2, 7, 8, 9, 1000])
def test_a_conflict_is_found_in_any_pieces(size):
    content = b"x" * 5000 + b"\n" + MERGED
    conflict = _Conflict()
    for place in range(0, len(content), size):
        conflict.update(content[place : place + size])
    assert conflict.line == 3


@pytest.mark.parametrize(
    "text",
    [
        b"<<<<<<< HEAD\n=======\n",
        b"=======\n>>>>>>> other\n<<<<<<< HEAD\n",
        b" <<<<<<< HEAD\n=======\n>>>>>>> other\n",
        b"<<<<<<< HEAD\n======= \n>>>>>>> other\n",
        b"<<<<<<<\n=======\n>>>>>>>\n",
        b"<<<<<<< HEAD\n=======" + b"x" * 100 + b"\n>>>>>>> other\n",
        b"{" + MERGED.replace(b"\n", b"\\n") + b"}\n",
    ],
)
def test_what_only_looks_like_a_conflict_is_none(text):
    assert conflicting(text, "m") is None


def test_the_last_marker_may_have_no_line_end():
    assert conflicting(b"<<<<<<< a\n=======\n>>>>>>> b", "m").line == 1


LFS = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 12\n"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (LFS, True),
        (LFS.replace(b"\n", b"\r\n"), True),
        (LFS.replace(b"oid", b"ext-0-foo sha256:" + b"1" * 64 + b"\noid"), True),
        (LFS + b"x", False),
        (LFS.replace(b"sha256:0", b"sha256:"), False),
        (LFS.replace(b"oid", b"ext-0 " + b"x" * 1024 + b"\noid"), False),
        (b"/annex/objects/SHA256E-s3--00.png\n", True),
        (b"../../.git/annex/objects/aa/SHA256E-s3--00.png", True),
        (b"see /annex/objects/x\n", False),
        (b"/annex/objects/\n", False),
        (b"", False),
    ],
)
def test_a_pointer_is_one_as_a_whole(content, told):
    assert (pointed(content, "m") is not None) == told


def test_a_clean_file_is_read_once():
    """Payloads are read once more where a message needs their text; nothing else is."""
    files = load("good/everything/session")
    opened = []

    class Counting(MemoryTree):
        def open(self, path):
            opened.append(path)
            return super().open(path)

    assert verify_tree(Counting(files)).findings == []
    assert sorted(path for path in opened if not path.startswith("files/")) == sorted(
        path for path in files if not path.startswith("files/")
    )


def test_a_damaged_file_is_read_twice_and_in_pieces():
    files = load("good/plain/session")
    segment = "messages-00000001.jsonl"
    opened = []

    class Large(MemoryTree):
        def open(self, path):
            opened.append(path)
            if path != segment:
                return super().open(path)

            class Endless(io.RawIOBase):
                left = 100

                def read(self, size=-1):
                    assert 0 < size <= 1 << 20
                    self.left -= 1
                    return b"x" * size if self.left > 0 else b""

            return Endless()

    (long, other) = verify_tree(Large(files)).findings
    assert {long.code, other.code} == {"E301", "E601"}
    assert opened.count(segment) == 2


@pytest.mark.parametrize(
    ("content", "remark"),
    [
        (b"", "it is empty"),
        (b"ab" + b"\0" * 600, "its last 600 bytes are NUL"),
        (b"\0" * 512, "last 512"),
        (b"ab" + b"\0" * 511, None),  # a picture may end like that
    ],
)
def test_what_a_crash_leaves_is_remarked(content, remark):
    files = load("good/everything/session")
    (payload,) = (path for path in files if path.startswith("files/"))
    (found,) = verify_tree(MemoryTree(files | {payload: content})).findings
    assert (found.code, found.path) == ("E601", payload)
    assert remark in found.message if remark else "NUL" not in found.message


def test_nothing_is_said_twice_of_segments_around_a_damaged_one():
    """Ids, calls, numbers and cuts are compared with what was sealed, not with what is left."""
    files = load("good/segments/session")
    first, second = sorted(path for path in files if path.startswith("messages"))
    doubled = files | {first: files[first] + files[second]}
    codes = {(found.code, found.path) for found in verify_tree(MemoryTree(doubled)).findings}
    assert codes == {("E601", first), ("E314", first)}
    gone = {path: content for path, content in files.items() if path != first}
    assert [found.code for found in verify_tree(MemoryTree(gone)).findings] == ["E102"]
    lost = files | {first: files[first].replace(b'"parent":null', b'"parent":nul', 1)}
    found = verify_tree(MemoryTree(lost)).findings
    assert [(one.code, one.path) for one in found] == [("E601", first), ("E401", first)]
