# SPDX-License-Identifier: CC0-1.0
"""8: packs. Tar and Zstandard are written here by hand, so that no library decides about a byte.

Long, because much can be wrong with a container. The frames hold raw and repeated blocks only.
"""

from __future__ import annotations

import struct

from making.session import (
    ID,
    NATIVE,
    PAYLOAD,
    SEGMENT,
    SHARD,
    Session,
    Vector,
    digest,
    vector,
)

END = bytes(1024)
FRAME = 1 << 22
BLOCK = 1 << 17
MAGIC = b"\x28\xb5\x2f\xfd"
SKIPPABLE = b"\x5e\x2a\x4d\x18"
SEEKABLE = b"\xb1\xea\x92\x8f"
OTHER = f"2026/11/{ID[:-1]}H"
FILE = f"{SHARD}/files/{digest(PAYLOAD)}"


class Pack(Vector):
    """A pack, and the findings."""

    def __init__(self, content, *findings, compressed=False):
        super().__init__({}, *findings, root="pack.tar.zst" if compressed else "pack.tar")
        self.content = content

    def written(self):
        return super().written() | {self.root: self.content}


# --- tar ---


def header(name, size, /, **other):
    """A header of the profile, or with some fields written otherwise; `raw` is put over it last."""
    name = name.encode("utf-8", "surrogateescape")
    prefix = b""
    if len(name) > 100:
        prefix, _, name = name.rpartition(b"/")
    fields = {
        "name": name, "mode": b"0000644\0", "uid": b"0000000\0", "gid": b"0000000\0",
        "size": b"%011o\0" % size, "mtime": b"00000000000\0", "sum": b" " * 8, "kind": b"0",
        "link": b"", "magic": b"ustar\x0000", "user": b"", "group": b"", "major": b"0000000\0",
        "minor": b"0000000\0", "prefix": prefix, "rest": b"",
    } | other  # fmt: skip
    widths = (100, 8, 8, 8, 12, 12, 8, 1, 100, 8, 32, 32, 8, 8, 155, 12)
    block = b"".join(map(bytes.ljust, fields.values(), widths, [b"\0"] * 16))
    assert len(block) == 512
    total = fields["sum"] if other.get("sum") else b"%06o\0 " % sum(block)
    return block[:148] + total + block[156:]


def member(name, content, /, **other):
    return header(name, len(content), **other) + content + bytes(-len(content) % 512)


def sessions(**more):
    """The files of a session by their paths in a pack; `more` of them, or others."""
    files = Session().sealed()
    return {f"{SHARD}/{name}": content for name, content in files.items()} | more


def tar(files, *, end=END):
    """Members in the order of the bytes of their names."""
    ordered = sorted(files.items(), key=lambda item: item[0].encode("utf-8", "surrogateescape"))
    return b"".join(member(name, content) for name, content in ordered) + end


def whole():
    return tar(sessions())


def first(**other):
    """The pack with the header of its first member, checksums.b3, written otherwise."""
    files = sessions()
    name = f"{SHARD}/checksums.b3"
    block = header(name, len(files[name]), **other)
    return block + whole()[512:]


def between(*members):
    """The pack with something more behind its first member."""
    cut = len(member("", sessions()[f"{SHARD}/checksums.b3"]))
    return whole()[:cut] + b"".join(members) + whole()[cut:]


def named(name):
    """The pack with one member more, where its name belongs."""
    return tar(sessions(**{name: b"x"}))


@vector("good/pack")
def plain():
    return Pack(whole())


@vector("good/pack_of_two_sessions")
def two_sessions():
    files = sessions()
    text = Session()
    text.manifest = text.manifest.replace(ID.encode(), OTHER[-26:].encode()).replace(b"a1", b"a2")
    text.summary |= {"id": OTHER[-26:], "uid": "example:a2", "native_id": "a2"}
    text.summary["source_files"][0]["name"] = "a2.jsonl"
    files |= {f"{OTHER}/{name}": content for name, content in text.sealed().items()}
    return Pack(tar(files))


@vector("bad/E801_cut_in_a_header")
def cut_in_a_header():
    return Pack(whole()[:200], ("E801", ""))


@vector("bad/E801_cut_in_a_content")
def cut_in_a_content():
    return Pack(whole()[:600], ("E801", ""))


@vector("bad/E801_cut_between_members")
def cut_between_members():
    return Pack(tar(sessions(), end=b""), ("E801", ""))


@vector("bad/E801_one_block_of_zeros")
def one_block_of_zeros():
    return Pack(whole()[:-512], ("E801", ""))


@vector("bad/E801_one_block_of_zeros_between")
def one_block_of_zeros_between():
    return Pack(between(bytes(512)), ("E801", ""))


@vector("bad/E801_empty")
def empty():
    return Pack(b"", ("E801", ""))


@vector("bad/E802_second_archive")
def second_archive():
    return Pack(whole() + tar({f"{OTHER}/manifest.yaml": b"{}\n"}), ("E802", ""))


@vector("bad/E802_blocking_factor")
def blocking_factor():
    """As tar writes it where nobody asks for blocks of their own size."""
    return Pack(whole() + bytes(-len(whole()) % 10240), ("E802", ""))


@vector("bad/E803_wrong_checksum")
def wrong_checksum():
    return Pack(first(sum=b"000000\0 "), ("E803", ""))


@vector("bad/E803_time")
def time():
    return Pack(first(mtime=b"15000000000\0"), ("E803", ""))


@vector("bad/E803_owner")
def owner():
    return Pack(first(uid=b"0001750\0", user=b"ada"), ("E803", ""))


@vector("bad/E803_sets_the_user")
def sets_the_user():
    return Pack(first(mode=b"0004755\0"), ("E803", ""))


@vector("bad/E803_base_256")
def base_256():
    size = len(sessions()[f"{SHARD}/checksums.b3"])
    return Pack(first(size=b"\x80" + size.to_bytes(11, "big")), ("E803", ""))


@vector("bad/E803_size_in_spaces")
def size_in_spaces():
    size = len(sessions()[f"{SHARD}/checksums.b3"])
    return Pack(first(size=b"%11o " % size), ("E803", ""))


@vector("bad/E803_negative_size")
def negative_size():
    return Pack(first(size=b"\xff" * 12), ("E803", ""))


@vector("bad/E803_gnu_header")
def gnu_header():
    return Pack(first(magic=b"ustar  \0"), ("E803", ""))


@vector("bad/E803_no_magic_further_on")
def no_magic_further_on():
    """As tar was before POSIX."""
    old = header(f"{SHARD}/files", 1, magic=b"", kind=b"\0") + b"x" + bytes(511)
    return Pack(between(old), ("E803", ""))


@vector("bad/E803_cut_otherwise")
def cut_otherwise():
    """A name that would fit is cut in two."""
    return Pack(first(name=b"checksums.b3", prefix=SHARD.encode()), ("E803", ""))


@vector("bad/E803_behind_the_name")
def behind_the_name():
    name = f"{SHARD}/checksums.b3\0".encode()
    return Pack(first(name=name + b"/etc/passwd"), ("E803", ""))


@vector("bad/E803_behind_the_prefix")
def behind_the_prefix():
    return Pack(first(rest=b"junk"), ("E803", ""))


@vector("bad/E803_link_of_a_file")
def link_of_a_file():
    return Pack(first(link=b"/etc/passwd"), ("E803", ""))


@vector("bad/E803_device_numbers")
def device_numbers():
    return Pack(first(major=b"0000001\0"), ("E803", ""))


KINDS = {
    "hard_link": b"1", "symbolic_link": b"2", "character_device": b"3", "block_device": b"4",
    "directory": b"5", "fifo": b"6", "continuation": b"7", "sparse": b"S", "old_file": b"\0",
    "gnu_long_link": b"K", "gnu_volume": b"V",
}  # fmt: skip


def of_kind(kind):
    links = {b"1": b"../../victim", b"2": b"/etc"}
    return lambda: Pack(
        between(header(f"{SHARD}/files", 0, kind=kind, link=links.get(kind, b""))), ("E804", "")
    )


for _word, _kind in KINDS.items():
    vector(f"bad/E804_{_word}")(of_kind(_kind))


@vector("bad/E804_pax_header")
def pax_header():
    """It gives the next member another name."""
    return Pack(between(member("x", b"19 path=/etc/passwd\n", kind=b"x")), ("E804", ""))


@vector("bad/E804_pax_for_all")
def pax_for_all():
    return Pack(member("g", b"13 size=9999\n", kind=b"g") + whole(), ("E804", ""))


@vector("bad/E804_gnu_long_name")
def gnu_long_name():
    return Pack(between(member("././@LongLink", b"../victim\0", kind=b"L")), ("E804", ""))


@vector("bad/E805_again")
def again():
    content = b"other\n"
    name = f"{SHARD}/checksums.b3"
    return Pack(between(member(name, content)), ("E805", name))


@vector("bad/E805_too_late")
def too_late():
    files = sessions()
    checksums, *others = sorted(files)
    names = [checksums, *reversed(others)]
    return Pack(b"".join(member(name, files[name]) for name in names) + END, ("E805", others[-2]))


@vector("bad/E806_behind_a_content")
def behind_a_content():
    files = sessions()
    name = f"{SHARD}/checksums.b3"
    at = 512 + len(files[name])
    return Pack(whole()[:at] + b"hidden" + whole()[at + 6 :], ("E806", name))


@vector("bad/E809_gzip")
def gzip():
    return Pack(b"\x1f\x8b\x08\0\0\0\0\0\0\xff" + whole(), ("E809", ""))


@vector("bad/E809_zip")
def zipped():
    return Pack(b"PK\x03\x04" + whole(), ("E809", ""))


@vector("bad/E809_something_in_front")
def something_in_front():
    return Pack(b"#!/bin/sh\n".ljust(512, b"#") + whole(), ("E809", ""))


@vector("bad/E809_table_in_front")
def table_in_front():
    table = SKIPPABLE + struct.pack("<I", 4) + b"junk"
    return Pack(table.ljust(512, b"\0") + compressed(whole()), ("E809", ""), compressed=True)


FOREIGN = {
    "policy": "archive.yaml",
    "beside_a_session": "2026/11/notes.txt",
    "foreign_file": f"{SHARD}/notes.txt",
    "other_case": f"{SHARD}/Manifest.yaml",
    "file_for_a_directory": f"{SHARD}/files",
    "directory_for_a_file": f"{SHARD}/manifest.yaml/x",
    "id_in_lower_case": f"2026/11/{ID.lower()}/manifest.yaml",
    "elsewhere": f"sessions/{SHARD}/manifest.yaml",
    "name_of_no_payload": f"{SHARD}/files/{digest(PAYLOAD).upper()}",
}
UNSAFE = {
    "absolute": "/etc/passwd",
    "drive_letter": "C:/Windows/x",
    "parent": f"{SHARD}/../../../../victim",
    "current": f"{SHARD}/./x",
    "empty_element": f"{SHARD}//x",
    "backslash": f"{SHARD}/..\\..\\victim",
    "reserved": f"{SHARD}/CON",
    "reserved_with_an_ending": f"{SHARD}/aux.jsonl",
    "stream": f"{SHARD}/manifest.yaml:x",
    "dot_at_the_end": f"{SHARD}/manifest.yaml.",
    "space_at_the_end": f"{SHARD}/manifest.yaml ",
    "line_end": f"{SHARD}/x\ny",
    "of_git": f"{SHARD}/.git/hooks/post-checkout",
    "short_name": f"{SHARD}/GIT~1",
    "composed": f"{SHARD}/caf\u00e9",
    "decomposed": f"{SHARD}/cafe\u0301",
    "other_direction": f"{SHARD}/\u202elmay.tsefinam",
    "dot_in_front": "2026/11/.gitattributes",
    "dash": f"{SHARD}/-rf",
    "home": "~/.bashrc",
}


def pack_with(name, code):
    # What stands before it in the order of bytes has no part in the finding.
    return lambda: Pack(named(name), (code, name))


for _word, _name in FOREIGN.items():
    vector(f"bad/E810_{_word}")(pack_with(_name, "E810"))
for _word, _name in UNSAFE.items():
    vector(f"bad/E108_pack_{_word}")(pack_with(_name, "E108"))


@vector("bad/E807_long_name")
def long_name():
    """246 bytes in 166 characters: bytes count, and the limit comes before other rules."""
    return Pack(named(f"{SHARD}/{'a' * 50}{'é' * 35}/{'é' * 45}"), ("E807", ""))


@vector("bad/E813_zeros")
def zeros():
    """Of a tar without a member nothing is there that says so: `ustar` stands in headers."""
    return Pack(END, ("E813", ""))


# --- what only the sessions in it show ---


@vector("bad/E102_pack_without_a_payload")
def without_a_payload():
    files = sessions()
    del files[FILE]
    return Pack(tar(files), ("E102", FILE))


@vector("bad/E103_pack_with_a_planted_segment")
def planted_segment():
    name = f"{SHARD}/files/{digest(b'planted')}"
    return Pack(tar(sessions(**{name: b"planted"})), ("E103", name))


@vector("bad/E002_pack_of_a_newer_session")
def of_a_newer_session():
    session = Session()
    session.manifest = session.manifest.replace(b'min_reader: "1.0"', b'min_reader: "2.0"')
    session.summary["min_reader"] = "2.0"
    files = {f"{SHARD}/{name}": text for name, text in session.sealed().items()}
    return Pack(tar(files), ("E002", f"{SHARD}/manifest.yaml", None, "/min_reader"))


@vector("bad/E120_pack_with_another_shard")
def another_shard():
    files = {name.replace("2026/11", "2026/12"): text for name, text in sessions().items()}
    other = SHARD.replace("2026/11", "2026/12")
    return Pack(tar(files), ("E120", f"{other}/manifest.yaml", None, "/id"))


@vector("bad/E601_pack_with_a_changed_word")
def changed_word():
    content = whole()
    assert content.count(b"Nothing much.") == 1
    return Pack(content.replace(b"Nothing much.", b"Nothing more."), ("E601", f"{SHARD}/{SEGMENT}"))


@vector("bad/E612_pack_without_checksums")
def without_checksums():
    files = sessions()
    del files[f"{SHARD}/checksums.b3"]
    return Pack(tar(files), ("E612", f"{SHARD}/checksums.b3"))


# --- Zstandard ---

PRIMES = (
    11400714785074694791, 14029467366897019727, 1609587929392839161, 9650029242287828579,
    2870177450012600261,
)  # fmt: skip
MASK = (1 << 64) - 1


def turned(value, bits):
    return (value << bits | value >> (64 - bits)) & MASK


def xxh64(content):
    """XXH64 with seed 0, of which a frame holds the lower half."""
    one, two, three, four, five = PRIMES

    def step(lane, word):
        return turned((lane + word * two) & MASK, 31) * one & MASK

    at = 0
    if len(content) >= 32:
        lanes = [(one + two) & MASK, two, 0, -one & MASK]
        for words in struct.iter_unpack("<4Q", content[: len(content) // 32 * 32]):
            lanes = [step(lane, word) for lane, word in zip(lanes, words, strict=True)]
        at = len(content) // 32 * 32
        total = sum(map(turned, lanes, (1, 7, 12, 18))) & MASK
        for lane in lanes:
            total = ((total ^ step(0, lane)) * one + four) & MASK
    else:
        total = five
    total = (total + len(content)) & MASK
    while at + 8 <= len(content):
        total ^= step(0, int.from_bytes(content[at : at + 8], "little"))
        total, at = (turned(total, 27) * one + four) & MASK, at + 8
    if at + 4 <= len(content):
        total ^= int.from_bytes(content[at : at + 4], "little") * one & MASK
        total, at = (turned(total, 23) * two + three) & MASK, at + 4
    for byte in content[at:]:
        total = turned(total ^ byte * five & MASK, 11) * one & MASK
    total = (total ^ total >> 33) * two & MASK
    total = (total ^ total >> 29) * three & MASK
    return total ^ total >> 32


def head(size):
    """How the frame of so many bytes begins."""
    if size < 256:
        return MAGIC + b"\x24" + bytes((size,))
    if size < 65792:
        return MAGIC + b"\x64" + (size - 256).to_bytes(2, "little")
    return MAGIC + b"\xa4" + size.to_bytes(4, "little")


def block(content, *, last):
    """One byte again and again, or the content as it is."""
    size = len(content)
    if size > 1 and content.count(content[:1]) == size:
        return (last | 1 << 1 | size << 3).to_bytes(3, "little") + content[:1]
    return (last | size << 3).to_bytes(3, "little") + content


def blocks(content):
    cuts = range(0, len(content), BLOCK)
    return b"".join(block(content[at : at + BLOCK], last=at + BLOCK >= len(content)) for at in cuts)


CHECKS = {}


def check(content):
    """The checksum of a content; that of a frame of zeros is wanted many times."""
    if content not in CHECKS:
        CHECKS[content] = (xxh64(content) & 0xFFFFFFFF).to_bytes(4, "little")
    return CHECKS[content]


def frame(content, *, start=None, body=None, checksum=None):
    return (
        (head(len(content)) if start is None else start)
        + (blocks(content) if body is None else body)
        + (check(content) if checksum is None else checksum)
    )


def table(sizes):
    entries = b"".join(struct.pack("<II", *pair) for pair in sizes)
    content = entries + struct.pack("<I", len(sizes)) + b"\0" + SEEKABLE
    return SKIPPABLE + struct.pack("<I", len(content)) + content


def pieces(content):
    return [content[at : at + FRAME] for at in range(0, len(content), FRAME)]


def compressed(content):
    """A compressed pack of a tar."""
    frames = [frame(piece) for piece in pieces(content)]
    sizes = [(len(each), len(piece)) for each, piece in zip(frames, pieces(content), strict=True)]
    return b"".join(frames) + table(sizes)


def with_frames(*frames, sizes=None):
    """Frames, and a table that is right about them."""
    sizes = sizes or [(len(each), len(content)) for each, content in frames]
    return b"".join(each for each, _ in frames) + table(sizes)


def large(count):
    """A pack whose payload is so many zeros."""
    session = Session()
    content = bytes(count)
    before, after = digest(PAYLOAD), digest(content)
    session.files = {f"files/{after}": content}
    part = session.messages[2]["parts"][0]["content"][0]
    part |= {"file": after, "bytes": count}
    record = session.messages[2]["native"]["record"]
    assert before in str(record)
    session.messages[2]["native"] = {"raw_file": after}
    session.cut = 4
    lines = NATIVE.splitlines(keepends=True)
    lines[2] = content + b"\n"
    session.native(b"".join(lines))
    session.summary["fidelity"]["raw"] = 1
    return tar({f"{SHARD}/{name}": text for name, text in session.sealed().items()})


@vector("good/pack_compressed")
def pack_compressed():
    return Pack(compressed(whole()), compressed=True)


@vector("good/pack_of_several_frames")
def several_frames():
    """A frame that is full, one that is not, and a content that lies in both."""
    return Pack(compressed(large(FRAME + 5)), compressed=True)


@vector("good/pack_of_full_frames")
def full_frames():
    """The tar ends where a frame does: no empty one follows."""
    return Pack(compressed(large(FRAME - len(large(512)) % FRAME + 512)), compressed=True)


@vector("bad/E801_cut_in_a_frame")
def cut_in_a_frame():
    return Pack(compressed(whole())[:300], ("E801", ""), compressed=True)


@vector("bad/E801_no_table")
def no_table():
    return Pack(frame(whole()), ("E801", ""), compressed=True)


@vector("bad/E801_cut_in_the_table")
def cut_in_the_table():
    return Pack(compressed(whole())[:-4], ("E801", ""), compressed=True)


@vector("bad/E801_tar_cut_in_a_frame")
def tar_cut_in_a_frame():
    return Pack(compressed(whole()[:-1024]), ("E801", ""), compressed=True)


@vector("bad/E802_behind_the_table")
def behind_the_table():
    return Pack(compressed(whole()) + b"\n", ("E802", ""), compressed=True)


@vector("bad/E802_second_pack")
def second_pack():
    return Pack(compressed(whole()) * 2, ("E802", ""), compressed=True)


@vector("bad/E802_more_in_the_frame")
def more_in_the_frame():
    return Pack(compressed(whole() + tar({"x": b""})), ("E802", ""), compressed=True)


@vector("bad/E802_behind_the_end_and_a_lying_table")
def behind_the_end_and_a_lying_table():
    """The table is only looked at when the frames are used up."""
    content = whole() + b"more"
    made = frame(content)
    return Pack(made + table([(len(made), 7)]), ("E802", ""), compressed=True)


@vector("bad/E801_lying_table_that_is_cut")
def lying_table_that_is_cut():
    content = whole()
    made = frame(content)
    return Pack((made + table([(len(made), 7)]))[:-1], ("E801", ""), compressed=True)


@vector("bad/E808_something_else_for_the_table")
def something_else_for_the_table():
    return Pack(frame(whole()) + b"PK\5\6" + bytes(18), ("E808", ""), compressed=True)


@vector("bad/E807_bomb")
def bomb():
    """67 MiB of zeros in 4 kB: the frames are right, the payload is what its name says."""
    return Pack(compressed(large(67 << 20)), ("E807", ""), compressed=True)


def with_head(start):
    content = whole()
    made = frame(content, start=start)
    return Pack(with_frames((made, content)), ("E808", ""), compressed=True)


@vector("bad/E808_dictionary")
def dictionary():
    size = (len(whole()) - 256).to_bytes(2, "little")
    return with_head(MAGIC + b"\x65\x07" + size)


@vector("bad/E808_window")
def window():
    """Of 8 MiB, as a compressor writes it that does not know the size."""
    return with_head(MAGIC + b"\x04\x68")


@vector("bad/E808_huge_window")
def huge_window():
    return with_head(MAGIC + b"\x44\xf8" + (len(whole()) - 256).to_bytes(2, "little"))


@vector("bad/E808_no_checksum")
def no_checksum():
    content = whole()
    start = MAGIC + b"\x60" + (len(content) - 256).to_bytes(2, "little")
    made = frame(content, start=start, checksum=b"")
    return Pack(with_frames((made, content)), ("E808", ""), compressed=True)


@vector("bad/E808_size_in_eight_bytes")
def size_in_eight_bytes():
    return with_head(MAGIC + b"\xe4" + len(whole()).to_bytes(8, "little"))


@vector("bad/E808_size_in_four_bytes")
def size_in_four_bytes():
    return with_head(MAGIC + b"\xa4" + len(whole()).to_bytes(4, "little"))


@vector("bad/E808_large_frame")
def large_frame():
    """Two pieces in one frame."""
    content = large(FRAME)
    return Pack(with_frames((frame(content), content)), ("E808", ""), compressed=True)


@vector("bad/E808_small_frames")
def small_frames():
    content = whole()
    halves = [content[:4096], content[4096:]]
    made = [(frame(half), half) for half in halves]
    return Pack(with_frames(*made), ("E808", ""), compressed=True)


@vector("bad/E808_empty_frame")
def empty_frame():
    content = whole()
    made = [(frame(b"", body=b"\x01\0\0"), b""), (frame(content), content)]
    return Pack(with_frames(*made), ("E808", ""), compressed=True)


@vector("bad/E808_skippable_frame")
def skippable_frame():
    """Something that `zstd -d` passes over, between the frames and their table."""
    content = whole()
    hidden = b"\x50\x2a\x4d\x18" + struct.pack("<I", 6) + b"hidden"
    made = frame(content)
    return Pack(made + hidden + table([(len(made), len(content))]), ("E808", ""), compressed=True)


@vector("bad/E808_reserved_block")
def reserved_block():
    content = whole()
    body = (1 | 3 << 1 | len(content) << 3).to_bytes(3, "little") + content
    return Pack(with_frames((frame(content, body=body), content)), ("E808", ""), compressed=True)


def with_sizes(change):
    content = large(FRAME)
    frames = [frame(piece) for piece in pieces(content)]
    sizes = [(len(each), len(piece)) for each, piece in zip(frames, pieces(content), strict=True)]
    return Pack(b"".join(frames) + table(change(sizes)), ("E811", ""), compressed=True)


@vector("bad/E811_other_sizes")
def other_sizes():
    return with_sizes(lambda sizes: [(sizes[0][0], 4096), *sizes[1:]])


@vector("bad/E811_one_frame_too_few")
def one_frame_too_few():
    return with_sizes(lambda sizes: sizes[:1])


@vector("bad/E811_one_frame_too_many")
def one_frame_too_many():
    return with_sizes(lambda sizes: [*sizes, (13, 0)])


@vector("bad/E811_with_checksums")
def table_with_checksums():
    """The seekable format knows such tables; this profile has one spelling."""
    content = whole()
    made = frame(content)
    entry = struct.pack("<II", len(made), len(content)) + check(content)
    text = entry + struct.pack("<I", 1) + b"\x80" + SEEKABLE
    hidden = SKIPPABLE + struct.pack("<I", len(text)) + text
    return Pack(made + hidden, ("E811", ""), compressed=True)


@vector("bad/E812_checksum")
def wrong_frame_checksum():
    content = whole()
    made = frame(content, checksum=b"\0\0\0\0")
    return Pack(with_frames((made, content)), ("E812", ""), compressed=True)


@vector("bad/E812_less_than_it_says")
def less_than_it_says():
    content = whole()
    made = frame(content, body=blocks(content[:-512]))
    return Pack(with_frames((made, content)), ("E812", ""), compressed=True)


@vector("bad/E812_more_than_it_says")
def more_than_it_says():
    """A bomb in one frame."""
    content = whole()
    more = block(bytes(BLOCK), last=False) * 64 + block(b"\0", last=True)
    made = frame(content, body=more)
    return Pack(with_frames((made, content)), ("E812", ""), compressed=True)


@vector("bad/E812_broken_block")
def broken_block():
    content = whole()
    body = (1 | 2 << 1 | 9 << 3).to_bytes(3, "little") + b"\xff" * 9
    return Pack(with_frames((frame(content, body=body), content)), ("E812", ""), compressed=True)


@vector("bad/E601_compressed_pack_with_a_changed_word")
def changed_word_compressed():
    content = whole().replace(b"Nothing much.", b"Nothing more.")
    return Pack(compressed(content), ("E601", f"{SHARD}/{SEGMENT}"), compressed=True)
