# SPDX-License-Identifier: CC0-1.0
"""6: derived files and digests."""

from __future__ import annotations

import json

from making.framing import conflict_in_payload
from making.layout import uid_twice
from making.session import (
    ARCHIVE,
    MANIFEST,
    MESSAGE_IDS,
    NATIVE,
    PAYLOAD,
    SECOND,
    SEGMENT,
    SHARD,
    Session,
    Vector,
    archive,
    digest,
    expect,
    indented,
    line,
    listed,
    many,
    redaction,
    sealed,
    vector,
    with_checksums,
)


@vector("bad/E601_changed_text")
def changed_text():
    whole = Session().sealed()
    whole[SEGMENT] = whole[SEGMENT].replace(b"Nothing much.", b"Something new")
    return Vector(whole, ("E601", SEGMENT))


@vector("bad/E601_changed_payload")
def changed_payload():
    whole = Session().plain().sealed()
    whole["manifest.yaml"] += b"# a comment\n"
    return Vector(whole, ("E601", "manifest.yaml"))


@vector("bad/E601_flipped_min_reader")
def flipped_min_reader():
    whole = Session().plain().sealed()
    whole["manifest.yaml"] = whole["manifest.yaml"].replace(
        b'min_reader: "1.0"', b'min_reader: "3.0"'
    )
    return Vector(whole, ("E601", "manifest.yaml"))


@vector("bad/E601_lists_itself")
def lists_itself():
    whole = Session().sealed()
    whole["checksums.b3"] = b"0" * 64 + b"  checksums.b3\n" + whole["checksums.b3"]
    return Vector(whole, ("E601", "checksums.b3"))


@vector("bad/E602_wrong_size")
def wrong_size():
    session = Session()
    whole = session.sealed()
    size = len(whole["manifest.yaml"])
    whole["summary.json"] = whole["summary.json"].replace(
        f'"manifest.yaml": {size}'.encode(), f'"manifest.yaml": {size + 1}'.encode()
    )
    return Vector(listed(whole), ("E602", "summary.json", None, "/files/manifest.yaml"))


@vector("bad/E602_not_listed")
def not_listed():
    whole = Session().sealed()
    value = json.loads(whole["summary.json"])
    del value["files"]["redactions.jsonl"]
    whole["summary.json"] = indented(value)
    return Vector(listed(whole), ("E602", "summary.json", None, "/files/redactions.jsonl"))


@vector("bad/E603_counts")
def counts():
    session = Session()
    session.summary["kinds"]["tool_call"] = 2
    session.summary["preview"] = "Something else"
    return Vector(
        session.sealed(),
        ("E603", "summary.json", None, "/kinds/tool_call"),
        ("E603", "summary.json", None, "/preview"),
    )


@vector("bad/E601_truncated_in_a_line")
def truncated_in_a_line():
    """E301 says where the file ends, E601 that it is damage, not a writer's fault."""
    whole = Session().sealed()
    whole[SEGMENT] = whole[SEGMENT][:-20]
    return Vector(whole, ("E301", SEGMENT), ("E601", SEGMENT))


@vector("bad/E601_changed_seq")
def changed_seq():
    """What was changed is found in its line as well; nothing is said of other files."""
    session = Session()
    session.cut = 2
    whole = session.sealed()
    whole[SEGMENT] = whole[SEGMENT].replace(b'"seq":2', b'"seq":5')
    return Vector(whole, ("E601", SEGMENT), ("E501", SEGMENT, 2, "/seq"))


@vector("bad/E601_second_segment")
def second_segment():
    """That the segment before ends too early shows by a message that is not what was sealed."""
    session = Session()
    session.cut = 2
    whole = session.sealed()
    whole[SECOND] = whole[SECOND].replace(b"Nothing much.", b"Something new")
    return Vector(whole, ("E601", SECOND))


@vector("bad/E601_torn_record")
def torn_record():
    """A damaged message that says that its source ends is not held against the next segment."""
    session = Session()
    session.cut = 2
    whole = session.sealed()
    old = b'"n":{"$num":"1E2"}}}'
    assert old in whole[SEGMENT]
    whole[SEGMENT] = whole[SEGMENT].replace(old, old[:-1] + b',"eol":""}')
    return Vector(whole, ("E601", SEGMENT))


@vector("bad/E601_changed_title")
def changed_title():
    """The summary is right, for it follows from what was sealed."""
    whole = Session().sealed()
    whole["manifest.yaml"] = whole["manifest.yaml"].replace(b"A picture", b"A painting")
    return Vector(whole, ("E601", "manifest.yaml"))


@vector("bad/E601_uid_twice")
def damaged_uid():
    """A manifest that is not what was sealed is compared with no other one."""
    made = uid_twice()
    path = next(path for path in made.files if path.endswith("H/manifest.yaml"))
    made.files[path] += b"# mine\n"
    made.findings = expect(("E601", path))
    return made


@vector("bad/E601_grown_and_cut")
def grown_and_cut():
    """A segment that lost messages, but is not smaller, was not only cut off."""
    whole = Session().sealed()
    first = whole[SEGMENT].splitlines(keepends=True)[0]
    whole[SEGMENT] = first.replace(b"What does", b"What" + b" on" * 800 + b" earth does")
    return Vector(whole, ("E601", SEGMENT))


@vector("bad/E601_conflict_in_payload")
def damaged_conflict():
    """Text that shows a conflict was not left by one: a payload is never merged."""
    made = conflict_in_payload()
    path = next(path for path in made.files if made.files[path].startswith(b"one\n<<<<<<< "))
    made.files[path] = made.files[path].replace(b"one", b"two", 1)
    made.findings = expect(("E601", path))
    return made


@vector("bad/E601_payload_and_use")
def payload_and_use():
    """A payload that is no UTF-8 any more: the marker that asks for its text is not to blame."""
    session = native_text()
    whole = session.sealed()
    path = next(iter(session.files))
    whole[path] = whole[path][:-1] + b"\xff"
    return Vector(whole, ("E601", path))


def native_text():
    """The plain session with the first message's text in a payload."""
    session = Session().plain()
    text = "éa\n".encode() * 10
    session.files = {f"files/{digest(text)}": text}
    session.messages[0]["parts"] = [{"type": "text", "file": digest(text)}]
    session.messages[0]["native"] = {
        "record": {"ask": {"$file": digest(text), "encoding": "utf-8"}},
    }
    native = b'{"ask":"' + "éa\\n".encode() * 10 + b'"}\n' + NATIVE.splitlines(keepends=True)[3]
    session.native(native)
    session.summary["preview"] = "Nothing much."
    session.messages[1] |= {"role": "user", "kind": "user_msg", "actor": "human"}
    session.summary |= {"roles": {"user": 2}, "kinds": {"user_msg": 2}}
    return session


@vector("bad/E605_segment")
def converted_segment():
    whole = Session().sealed()
    whole[SEGMENT] = whole[SEGMENT].replace(b"\n", b"\r\n")
    return Vector(whole, ("E605", SEGMENT))


@vector("bad/E605_everything")
def converted_everything():
    """A clone whose git turned every LF into CR LF; the one payload is no text to it."""
    whole = Session().sealed()
    texts = [path for path in whole if not path.startswith("files/")]
    whole |= {path: whole[path].replace(b"\n", b"\r\n") for path in texts}
    return Vector(whole, *(("E605", path) for path in sorted(texts)))


@vector("bad/E605_archive")
def converted_archive():
    return archive(
        {SHARD: Session()}, ("E605", "archive.yaml"), policy=ARCHIVE.replace("\n", "\r\n")
    )


@vector("bad/E605_payload")
def converted_payload():
    session = native_text()
    whole = session.sealed()
    path = next(iter(session.files))
    whole[path] = whole[path].replace(b"\n", b"\r\n")
    return Vector(whole, ("E605", path))


@vector("bad/E605_sealed_payload")
def sealed_payload():
    """Somebody accepted what the conversion left: the payload's name still tells."""
    session = native_text()
    path = next(iter(session.files))
    session.files[path] = session.files[path].replace(b"\n", b"\r\n")
    return Vector(session.sealed(), ("E605", path))


@vector("bad/E605_lost_cr")
def lost_cr():
    """A payload with CR LF that was committed where git normalises line ends."""
    session = Session()
    text = b"one\r\ntwo\r\n"
    path = f"files/{digest(text)}"
    session.files[path] = text
    session.messages[3]["parts"].append({"type": "text", "file": digest(text)})
    return Vector(session.sealed() | {path: b"one\ntwo\n"}, ("E605", path))


@vector("bad/E605_ident")
def expanded_ident():
    session = Session()
    session.manifest += b'notes: "$Id$ and $Id: no $"\n'
    whole = session.sealed()
    identified = b"$Id: 6d9ac1c4d5f3d2b0e1a94c0f3b7e8a5d1c2b3f40 $"
    whole["manifest.yaml"] = whole["manifest.yaml"].replace(b"$Id$", identified)
    return Vector(whole, ("E605", "manifest.yaml"))


@vector("bad/E605_utf_16")
def encoded_anew():
    """All at once: `$Id$` expanded, CR LF, UTF-16 with and without a byte order mark."""
    session = Session()
    session.messages[3]["parts"].append({"type": "text", "text": "$Id$"})
    whole = session.sealed()
    identified = b"$Id: 6d9ac1c4d5f3d2b0e1a94c0f3b7e8a5d1c2b3f40 $"
    text = whole[SEGMENT].replace(b"$Id$", identified).replace(b"\n", b"\r\n").decode()
    whole[SEGMENT] = text.encode("utf-16-le")
    for path in ("summary.json", "checksums.b3"):
        whole[path] = b"\xfe\xff" + whole[path].decode().encode("utf-16-be")
    return Vector(
        whole, ("E605", "checksums.b3"), ("E605", SEGMENT), ("E605", "summary.json")
    )  # fmt: skip


@vector("bad/E606_upper_case")
def upper_case():
    name = digest(MANIFEST.encode()).encode()
    return with_checksums(name, name.upper(), ("E606", "checksums.b3", 2))


@vector("bad/E612_empty")
def empty_checksums():
    """As a full disk leaves it: no file of the session is planted because of it."""
    whole = Session().sealed()
    whole["checksums.b3"] = b""
    return Vector(whole, ("E612", "checksums.b3"))


@vector("bad/E606_bom")
def checksums_with_bom():
    """As an editor saves it: the file of the first line is not planted because of it."""
    whole = Session().sealed()
    whole["checksums.b3"] = b"\xef\xbb\xbf" + whole["checksums.b3"]
    return Vector(whole, ("E606", "checksums.b3", 1))


@vector("bad/E606_no_newline")
def no_newline():
    whole = Session().sealed()
    whole["checksums.b3"] = whole["checksums.b3"][:-1]
    return Vector(whole, ("E606", "checksums.b3", whole["checksums.b3"].count(b"\n") + 1))


@vector("bad/E608_last_messages")
def lost_last_messages():
    whole = Session().sealed()
    whole[SEGMENT] = b"".join(whole[SEGMENT].splitlines(keepends=True)[:2])
    return Vector(whole, ("E608", SEGMENT, 2))


@vector("bad/E608_earlier_segment")
def lost_in_the_middle():
    session = many(257)
    session.cut = 256
    whole = session.sealed()
    whole[SEGMENT] = b"".join(whole[SEGMENT].splitlines(keepends=True)[:255])
    return Vector(whole, ("E608", SEGMENT, 255))


@vector("bad/E608_nothing_left")
def nothing_left():
    return Vector(Session().sealed() | {SEGMENT: b""}, ("E608", SEGMENT))


@vector("bad/E601_changed_and_cut")
def changed_and_cut():
    """A summary that is damaged itself proves nothing about the segment."""
    whole = Session().sealed()
    whole[SEGMENT] = b"".join(whole[SEGMENT].splitlines(keepends=True)[:2])
    whole["summary.json"] = whole["summary.json"].replace(b"A picture", b"B picture")
    return Vector(whole, ("E601", SEGMENT), ("E601", "summary.json"))


@vector("bad/E611_unsorted")
def unsorted():
    whole = Session().sealed()
    lines = whole["checksums.b3"].splitlines(keepends=True)
    lines[1:3] = reversed(lines[1:3])
    whole["checksums.b3"] = b"".join(lines)
    return Vector(whole, ("E611", "checksums.b3", 3))


@vector("bad/E611_path_twice")
def path_twice():
    whole = Session().sealed()
    lines = whole["checksums.b3"].splitlines(keepends=True)
    whole["checksums.b3"] = b"".join([lines[0], *lines])
    return Vector(whole, ("E611", "checksums.b3", 2))


@vector("bad/E612_no_checksums")
def no_checksums():
    whole = Session().sealed()
    del whole["checksums.b3"]
    return Vector(whole, ("E612", "checksums.b3"))


@vector("bad/E613_no_summary")
def no_summary():
    whole = Session().sealed()
    del whole["summary.json"]
    return Vector(whole, ("E613", "summary.json"))


@vector("bad/E614_swapped_payload")
def swapped_payload():
    session = Session()
    path = next(iter(session.files))
    session.files[path] = PAYLOAD[::-1]
    return Vector(session.sealed(), ("E614", path))


@vector("bad/E616_compact")
def compact_summary():
    session = Session()
    return Vector(sealed(session.content(), session.summary, encode=line), ("E616", "summary.json"))


@vector("bad/E616_key_order")
def summary_key_order():
    session = Session()
    session.summary = dict(reversed(session.summary.items()))
    return Vector(session.sealed(), ("E616", "summary.json"))


@vector("bad/E616_empty")
def empty_summary():
    """As a full disk leaves it."""
    whole = listed(Session().sealed() | {"summary.json": b""})
    return Vector(whole, ("E616", "summary.json"))


@vector("bad/E616_not_json")
def summary_not_json():
    session = Session()
    return Vector(
        sealed(session.content(), session.summary, encode=lambda _: b"{\n"),
        ("E616", "summary.json"),
    )


@vector("bad/E616_fraction")
def summary_fraction():
    session = Session()
    session.summary["messages"] = 4.0
    return Vector(session.sealed(), ("E616", "summary.json"))


@vector("bad/E616_not_utf8")
def summary_not_utf8():
    session = Session()
    session.summary["preview"] = "\xe9"
    content = indented(session.summary).decode().encode("latin-1")
    whole = sealed(session.content(), session.summary, encode=lambda _: content)
    return Vector(whole, ("E616", "summary.json"))


@vector("bad/E617_no_rule")
def no_rule():
    session = Session()
    value = redaction()
    del value["rule"]
    session.redactions = line(value) + b"\n"
    return Vector(session.sealed(), ("E617", "redactions.jsonl", 1, ""))


@vector("warn/W617_newer_key")
def newer_redaction():
    session = Session()
    session.manifest = session.manifest.replace(b'format: "1.0"', b'format: "1.1"')
    session.summary["format"] = "1.1"
    session.redactions = line(redaction() | {"by": "rule"}) + b"\n"
    return Vector(session.sealed(), ("W617", "redactions.jsonl", 1, "/by"))


def redacted(*lines):
    """The session with these redactions: changes to the one that it has."""
    session = Session()
    values = [redaction() | change for change in lines]
    session.redactions = b"".join(line(value) + b"\n" for value in values)
    session.summary["redactions"] = sum(value["count"] for value in values)
    return session


MANIFEST_PLACE = {"seq": None, "message": None, "pointer": "/title"}


@vector("good/redactions")
def good_redactions():
    return Vector(
        redacted(
            MANIFEST_PLACE, {"seq": 1, "message": MESSAGE_IDS[0], "pointer": "/parts/0/text"},
            {}, {"rule": "jwt"}, {"seq": 4, "message": MESSAGE_IDS[3], "pointer": "/parts/0/text"},
        ).sealed()
    )  # fmt: skip


@vector("bad/E619_other_id")
def redaction_of_another_id():
    session = redacted({"message": MESSAGE_IDS[2]}, {"seq": 3, "message": MESSAGE_IDS[2]})
    return Vector(session.sealed(), ("E619", "redactions.jsonl", 1, "/message"))


@vector("bad/E619_no_such_seq")
def redaction_after_the_end():
    session = redacted({}, {"seq": 5, "message": MESSAGE_IDS[4]})
    return Vector(session.sealed(), ("E619", "redactions.jsonl", 2, "/seq"))


@vector("bad/E619_id_without_seq")
def redaction_without_seq():
    return Vector(redacted({"seq": None}).sealed(), ("E619", "redactions.jsonl", 1, "/seq"))


@vector("bad/E619_seq_without_id")
def redaction_without_id():
    session = redacted({"message": None})
    return Vector(session.sealed(), ("E619", "redactions.jsonl", 1, "/message"))


@vector("bad/E620_unsorted")
def unsorted_redactions():
    session = redacted({"seq": 3, "message": MESSAGE_IDS[2]}, {}, MANIFEST_PLACE)
    path = "redactions.jsonl"
    return Vector(session.sealed(), ("E620", path, 2), ("E620", path, 3))


@vector("bad/E620_place_twice")
def redaction_twice():
    return Vector(redacted({}, {"count": 2}).sealed(), ("E620", "redactions.jsonl", 2))


@vector("bad/E618_state")
def state():
    session = Session()
    session.summary["state"] = "asleep"
    return Vector(session.sealed(), ("E618", "summary.json", None, "/state"))


@vector("warn/W618_newer_key")
def newer_summary():
    session = Session()
    session.manifest = session.manifest.replace(b'format: "1.0"', b'format: "1.1"')
    session.summary |= {"format": "1.1", "mood": "good"}
    return Vector(session.sealed(), ("W618", "summary.json", None, "/mood"))
