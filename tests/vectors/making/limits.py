# SPDX-License-Identifier: CC0-1.0
"""0: limits and versions."""

from __future__ import annotations

from making.session import (
    ARCHIVE,
    SEGMENT,
    SHARD,
    Session,
    Vector,
    archive,
    changed,
    deep,
    edited,
    filled,
    filled_file,
    listed,
    vector,
)


def unreadable(whole, path):
    """A session with one file that nobody may read; nothing else is known of it."""
    return Vector(whole, ("E001", path), disk={"unreadable": [path]})


@vector("bad/E001_segment")
def unreadable_segment():
    return unreadable(Session().sealed(), SEGMENT)


@vector("bad/E001_manifest")
def unreadable_manifest():
    return unreadable(Session().plain().sealed(), "manifest.yaml")


@vector("bad/E001_checksums")
def unreadable_checksums():
    return unreadable(Session().plain().sealed(), "checksums.b3")


@vector("bad/E001_payloads")
def unreadable_payloads():
    """Nothing is missing where nothing can be seen."""
    return unreadable(Session().sealed(), "files")


@vector("bad/E001_policy")
def unreadable_policy():
    disk = {"unreadable": ["archive.yaml"]}
    return archive({SHARD: Session()}, ("E001", "archive.yaml"), disk=disk)


@vector("bad/E001_shard")
def unreadable_shard():
    disk = {"empty_directories": ["2026/12"], "unreadable": ["2026/12"]}
    return archive({SHARD: Session()}, ("E001", "2026/12"), disk=disk)


@vector("bad/E002_session")
def newer_session():
    return edited(
        "manifest.yaml", b'min_reader: "1.0"', b'min_reader: "1.1"',
        ("E002", "manifest.yaml", None, "/min_reader"),
    )  # fmt: skip


@vector("bad/E002_archive")
def newer_archive():
    return archive(
        {SHARD: Session()},
        ("E002", "archive.yaml", None, "/min_reader"),
        policy=ARCHIVE.replace('min_reader: "1.0"', 'min_reader: "2.0"'),
    )


@vector("bad/E003_summary")
def large_summary():
    whole = Session().sealed()
    content = whole["summary.json"]
    count = (64 << 20) - len(content) + 1
    whole["summary.json"] = content + b" " * count
    return filled_file(listed(whole), "summary.json", content, count, b"", ("E003", "summary.json"))


@vector("bad/E005_line")
def long_line():
    session = Session().plain()
    content = session.content()[SEGMENT]
    before, after = content[:-1], b"\n"
    return filled(
        SEGMENT, before, 64 << 20, after, ("E005", SEGMENT, 2), session=session
    )  # fmt: skip


@vector("bad/E008_line")
def many_values():
    session = Session().plain()
    content = session.content()[SEGMENT]
    before, after = content[:-2] + b',"native":{"record":[', b"0]}}\n"
    return filled(
        SEGMENT, before, 1 << 18, after, ("E008", SEGMENT, 2), session=session, byte=b"0,"
    )  # fmt: skip


@vector("bad/E008_summary")
def many_names():
    whole = Session().sealed()
    before, after = b'{\n  "files": [\n', b"    0\n  ]\n}\n"
    whole["summary.json"] = before + b"    0,\n" * (1 << 20) + after
    return filled_file(
        listed(whole), "summary.json", before, 1 << 20, after, ("E008", "summary.json"),
        byte=b"    0,\n",
    )  # fmt: skip


@vector("bad/E006_manifest")
def large_manifest():
    session = Session()
    before = session.manifest + b"# "
    return filled(
        "manifest.yaml",
        before,
        1 << 20,
        b"\n",
        ("E006", "manifest.yaml"),
        session=session,
        byte=b"-",
    )


@vector("bad/E006_policy")
def large_policy():
    vector = archive({SHARD: Session()}, ("E006", "archive.yaml", 1))
    before = vector.files["archive.yaml"] + b"# "
    return filled_file(
        vector.files, "archive.yaml", before, 1 << 20, b"\n", *vector.listing(),
        root="archive", byte=b"-",
    )  # fmt: skip


@vector("bad/E007_message")
def deep_message():
    def change(message):
        message["native"] = {"record": deep(127)}

    return changed(1, change, ("E007", SEGMENT, 1))


@vector("bad/E007_manifest")
def deep_manifest():
    session = Session()
    session.manifest += ("ext:\n  a: " + "[" * 127 + "]" * 127 + "\n").encode()
    return Vector(session.sealed(), ("E007", "manifest.yaml", 19))


@vector("bad/E007_brackets")
def brackets():
    """Too many before a parser needs to see them: the limit counts, not its stack."""
    session = Session()
    session.manifest += ("ext:\n  a: " + "[" * 5000 + "]" * 5000 + "\n").encode()
    return Vector(session.sealed(), ("E007", "manifest.yaml", 19))


@vector("bad/E007_blocks")
def blocks():
    """A mapping a line: the root, `ext`, and the 129th 128 lines below that."""
    session = Session()
    lines = (" " * level + "a:\n" for level in range(1, 200))
    session.manifest += ("ext:\n" + "".join(lines)).encode()
    return Vector(session.sealed(), ("E007", "manifest.yaml", 18 + 128))
