# SPDX-License-Identifier: CC0-1.0
"""3: framing of JSON Lines."""

from __future__ import annotations

from making.session import (
    ARCHIVE,
    SECOND,
    SEGMENT,
    SHARD,
    Session,
    Vector,
    archive,
    digest,
    many,
    segment,
    vector,
)


@vector("bad/E301_torn")
def torn():
    return segment(lambda content: content[:-1], ("E301", SEGMENT))


@vector("bad/E301_redactions")
def torn_redactions():
    session = Session()
    session.redactions = session.redactions[:-1]
    return Vector(session.sealed(), ("E301", "redactions.jsonl"))


@vector("bad/E302_crlf")
def crlf():
    return segment(lambda content: content.replace(b"\n", b"\r\n"), ("E302", SEGMENT, 1))


@vector("bad/E303_blank_line")
def blank_line():
    return segment(lambda content: content.replace(b"\n", b"\n\n", 1), ("E303", SEGMENT, 2))


@vector("bad/E304_bom")
def bom():
    return segment(lambda content: b"\xef\xbb\xbf" + content, ("E304", SEGMENT, 1))


@vector("bad/E305_overlong")
def overlong():
    return segment(lambda content: content.replace("é".encode(), b"\xc1\xa9"), ("E305", SEGMENT, 1))


@vector("bad/E308_nul_run")
def nul_run():
    return segment(lambda content: content + b"\0" * 16 + b"\n", ("E308", SEGMENT, 5))


@vector("bad/E311_joined_lines")
def joined_lines():
    return segment(lambda content: content.replace(b"}\n{", b"}{", 1), ("E311", SEGMENT, 1))


@vector("bad/E311_array")
def array():
    return segment(lambda content: content + b"[]\n", ("E311", SEGMENT, 5))


@vector("bad/E312_wrong_name")
def wrong_name():
    session = Session()
    files = session.content()
    files["messages-00000002.jsonl"] = files.pop(SEGMENT)
    path = "messages-00000002.jsonl"
    return Vector(session.sealed(files), ("E312", path, 1, "/seq"))


@vector("bad/E312_lost_segment")
def lost_segment():
    session = Session()
    session.messages[2]["parent"] = session.messages[3]["parent"] = None
    session.cut = 2
    files = session.content()
    del files[SEGMENT]
    return Vector(session.sealed(files), ("E312", SECOND, 1, "/seq"))


@vector("bad/E313_empty_segment")
def empty_segment():
    session = Session()
    files = session.content() | {"messages-00000005.jsonl": b""}
    return Vector(session.sealed(files), ("E313", "messages-00000005.jsonl"))


@vector("good/segments")
def segments():
    session = many(257)
    session.cut = 256
    return Vector(session.sealed())


@vector("bad/E314_many_messages")
def many_messages():
    return Vector(many(257).sealed(), ("E314", SEGMENT))


@vector("bad/E315_closed_early")
def closed_early():
    session = Session()
    session.cut = 2
    return Vector(session.sealed(), ("E315", SEGMENT, 2))


def conflicted(content, theirs, *, base=None):
    """A text as git leaves it where two branches changed its last line."""
    *same, ours = content.splitlines(keepends=True)
    middle = [] if base is None else [b"||||||| 1f6a2c3\n", base]
    sides = [b"<<<<<<< HEAD\n", ours, *middle, b"=======\n", theirs, b">>>>>>> theirs\n"]
    return b"".join([*same, *sides])


@vector("bad/E309_manifest")
def conflict_in_manifest():
    whole = Session().sealed()
    whole["manifest.yaml"] = conflicted(whole["manifest.yaml"], b'  - "other"\n')
    return Vector(whole, ("E309", "manifest.yaml", 17))


@vector("bad/E309_everywhere")
def conflict_everywhere():
    """An unfinished merge of all that two imports changed, in the style that shows the base."""
    session = Session()
    whole = session.sealed()
    marked = (SEGMENT, "summary.json", "checksums.b3")
    lines = {path: whole[path].count(b"\n") for path in marked}
    whole |= {path: conflicted(whole[path], b"{}\n", base=b"{}\n") for path in marked}
    return Vector(whole, *(("E309", path, lines[path]) for path in sorted(marked)))


@vector("bad/E309_archive")
def conflict_in_archive():
    policy = ARCHIVE + 'ignored:\n  - "example:b1"\n'
    text = conflicted(policy.encode(), b'  - "example:b2"\n').decode()
    return archive({SHARD: Session()}, ("E309", "archive.yaml", 5), policy=text)


@vector("good/conflict_in_payload")
def conflict_in_payload():
    """A payload may show a conflict; so may a message, on a line of its own that begins with {."""
    session = Session()
    payload = conflicted(b"one\ntwo\n", b"three\n")
    session.files[f"files/{digest(payload)}"] = payload
    session.messages[3]["parts"].append({"type": "text", "file": digest(payload)})
    session.messages[3]["parts"].append({"type": "text", "text": payload.decode()})
    return Vector(session.sealed())
