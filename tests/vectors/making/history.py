# SPDX-License-Identifier: CC0-1.0
"""History: what a session was before, and what it is."""

from __future__ import annotations

import base64

from making.session import (
    ARCHIVE,
    MESSAGE_IDS,
    NATIVE,
    SEGMENT,
    SHARD,
    Session,
    Vector,
    archive,
    line,
    redaction,
    vector,
)

KEY = "[REDACTED:generic-api-key#1]"


def since(before, after, *findings, root="session"):
    """A session, or an archive's files, that was another one when it was committed."""
    files = [it.sealed() if isinstance(it, Session) else it for it in (before, after)]
    return Vector(files[1], *findings, root=root, before=files[0])


def saying(*texts):
    """A plain session whose messages after the first say these texts."""
    session = Session().plain()
    answer = session.messages.pop()
    native = NATIVE.splitlines(keepends=True)[:1]
    for number, text in enumerate(texts, 2):
        parts = [{"type": "text", "text": text}]
        edge = {"seq": number, "id": MESSAGE_IDS[number - 1], "parent": MESSAGE_IDS[number - 2]}
        session.messages.append(answer | edge | {"parts": parts})
        native.append(line({"say": text}) + b"\n")
    session.native(b"".join(native))
    session.cut = len(texts) + 1
    session.summary |= {
        "messages": len(texts) + 1,
        "roles": {"assistant": len(texts), "user": 1},
        "kinds": {"assistant_msg": len(texts), "user_msg": 1},
    }
    return session


def cleaned(*texts):
    """A plain session of which something in the second message was redacted."""
    session = saying(*texts)
    session.redactions = line(redaction() | {"pointer": "/parts/0/text"}) + b"\n"
    session.summary |= {
        "fidelity": {"level": "redacted", "reasons": ["redacted"], "raw": 0, "unknown": 0},
        "redactions": 1,
    }
    return session


def stating(text, session, **summary):
    """A session whose manifest says something more, before what people say."""
    session.manifest = session.manifest.replace(b"title:", text + b"title:")
    session.summary |= summary
    return session


@vector("good/history_grown")
def history_grown():
    return since(saying("Yes."), saying("Yes.", "More."))


@vector("good/history_completed")
def history_completed():
    before = saying("Yes.")
    torn = {"role": "system", "kind": "unparsed", "actor": "harness", "parts": []}
    before.messages[1] |= torn | {"ts": None, "native": {"raw": '{"say":"Ye', "eol": ""}}
    return since(before, saying("Yes.", "More."))


@vector("good/history_redacted")
def history_redacted():
    return since(saying("It is hunter2, indeed."), cleaned(f"It is {KEY}, indeed."))


@vector("good/history_redacted_home")
def history_redacted_home():
    after = cleaned("It is in ~/lantern.")
    after.redactions = after.redactions.replace(b"generic-api-key", b"home-directory")
    return since(saying("It is in /home/ada/lantern."), after)


@vector("good/history_redacted_base64")
def history_redacted_base64():
    """What is encoded was redacted; the digits of both have nothing in common."""
    plain, other = "It is hunter2, says the lantern.", f"It is {KEY}, says the lantern."
    texts = (base64.b64encode(text.encode()).decode() for text in (plain, other))
    return since(saying(next(texts)), cleaned(next(texts)))


@vector("good/history_redacted_again")
def history_redacted_again():
    after = cleaned(f"It is {KEY}, or {KEY[:-2]}2].")
    after.redactions = after.redactions.replace(b'"count":1', b'"count":2')
    after.summary["redactions"] = 2
    return since(cleaned(f"It is {KEY}, or lamp2."), after)


@vector("good/history_completed_and_redacted")
def history_completed_and_redacted():
    """The record was torn inside of the secret; what was found in its beginning is found anew."""
    before = cleaned("Yes.")
    torn = {"role": "system", "kind": "unparsed", "actor": "harness", "parts": []}
    held = '{"say":"' + KEY + " and hun"
    before.messages[1] |= torn | {"ts": None, "native": {"raw": held, "eol": ""}}
    before.native(NATIVE.splitlines(keepends=True)[0] + held.encode())
    before.redactions = before.redactions.replace(b"/parts/0/text", b"/native/raw")
    before.summary["fidelity"]["raw"] = 1
    before.summary |= {"roles": {"system": 1, "user": 1}, "kinds": {"unparsed": 1, "user_msg": 1}}
    before.summary["ended_at"] = before.messages[0]["ts"]
    after = cleaned(f"{KEY} and {KEY[:-2]}2].")
    after.redactions = after.redactions.replace(b'"count":1', b'"count":2')
    after.summary["redactions"] = 2
    return since(before, after)


@vector("bad/E712_home_of_another_rule")
def home_of_another_rule():
    place = (SEGMENT, 2, "/parts/0/text")
    after = cleaned("It is in ~/lantern.")
    return since(saying("It is in /home/ada/lantern."), after, ("E712", *place))


@vector("bad/E712_more_placeholders_than_recorded")
def more_placeholders_than_recorded():
    place = (SEGMENT, 2, "/parts/0/text")
    after = cleaned(f"It is {KEY}, or {KEY[:-2]}2].")
    return since(saying("It is lamp1, or lamp2."), after, ("E712", *place))


@vector("bad/E712_native_redacted_without_record")
def native_redacted_without_record():
    """The record has a text of its own, which no line of redactions.jsonl names."""
    before, after = saying("It is hunter2, indeed."), cleaned(f"It is {KEY}, indeed.")
    for session, text in ((before, "of us"), (after, f"of {KEY}")):
        session.messages[1]["native"] = {"record": {"say": {"$ref": "/parts/0/text"}, "by": text}}
        said = session.messages[1]["parts"][0]["text"]
        head = NATIVE.splitlines(keepends=True)[0]
        session.native(head + line({"say": said, "by": text}) + b"\n")
    place = (SEGMENT, 2, "/parts/0/text")  # the first that differs
    return since(before, after, ("E712", *place))


@vector("bad/E712_home_without_record")
def home_without_record():
    place = (SEGMENT, 2, "/parts/0/text")
    return since(
        saying("It is in /home/ada/lantern."), saying("It is in ~/lantern."), ("E712", *place)
    )


@vector("good/history_edited")
def history_edited():
    after = stating(b'workspace:\n  branch: "main"\n', saying("Yes."), workspace={"branch": "main"})
    order = list(Session().summary)
    order.insert(order.index("state") + 1, "workspace")
    after.manifest = after.manifest.replace(b"A picture", b"Another title")
    after.summary["title"] = "Another title"
    after.summary = {key: after.summary[key] for key in order}
    return since(saying("Yes."), after)


@vector("good/history_new_session")
def history_new_session():
    return since(
        {"archive.yaml": ARCHIVE.encode()}, archive({SHARD: saying("Yes.")}).files, root="archive"
    )


@vector("bad/E710_gone")
def gone():
    before = archive({SHARD: saying("Yes.")}).files
    after = {"archive.yaml": ARCHIVE.encode()}
    return since(before, after, ("E710", SHARD), root="archive")


@vector("warn/W710_removed")
def removed():
    before = archive({SHARD: saying("Yes.")}).files
    after = {"archive.yaml": f'{ARCHIVE}ignored:\n  - "example:a1"\n'.encode()}
    return since(before, after, ("W710", SHARD), root="archive")


@vector("bad/E711_another_time")
def another_time():
    after = saying("Yes.")
    started = "2025-11-22T10:31:07.123Z"
    after.manifest = after.manifest.replace(b"2026-11-22T10:31:07.123Z", started.encode())
    after.summary["started_at"] = started
    return since(saying("Yes."), after, ("E711", "manifest.yaml", None, "/started_at"))


@vector("bad/E711_fact_gone")
def fact_gone():
    before = stating(b'workspace:\n  branch: "main"\n  cwd: "~/a"\n', saying("Yes."))
    return since(before, saying("Yes."), ("E711", "manifest.yaml", None, "/workspace"))


@vector("bad/E712_sealed_anew")
def sealed_anew():
    place = (SEGMENT, 2, "/parts/0/text")
    return since(saying("Yes.", "More."), saying("No.", "More."), ("E712", *place))


@vector("bad/E712_other_kind")
def other_kind():
    after = saying("Yes.", "More.")
    after.messages[1]["kind"] = "context"
    after.summary["kinds"] = {"assistant_msg": 1, "context": 1, "user_msg": 1}
    return since(saying("Yes.", "More."), after, ("E712", SEGMENT, 2, "/kind"))


@vector("bad/E712_redacted_without_record")
def redacted_without_record():
    after = saying(f"It is {KEY}, indeed.")
    place = (SEGMENT, 2, "/parts/0/text")
    return since(saying("It is hunter2, indeed."), after, ("E712", *place))


@vector("bad/E712_more_than_redacted")
def more_than_cleaned():
    place = (SEGMENT, 2, "/parts/0/text")
    after = cleaned(f"It is {KEY}, I think.")
    return since(saying("It is hunter2, indeed."), after, ("E712", *place))


@vector("bad/E712_open_record_changed")
def open_record_changed():
    """The record has no end yet, but it was not completed: it stands for the same bytes."""

    def open_ended(kind):
        session = saying("Yes.")
        session.messages[1] |= {"kind": kind}
        session.messages[1]["native"] |= {"eol": ""}
        session.native(NATIVE.splitlines(keepends=True)[0] + line({"say": "Yes."}))
        session.summary["kinds"] = {kind: 1, "user_msg": 1}
        return session

    before, after = open_ended("assistant_msg"), open_ended("context")
    return since(before, after, ("E712", SEGMENT, 2, "/kind"))


@vector("bad/E713_last_message")
def last_message():
    return since(saying("Yes.", "More."), saying("Yes."), ("E713", SEGMENT, 3))


@vector("bad/E713_message_in_between")
def message_in_between():
    after = saying("Yes.", "More.")
    first, _, last = after.messages
    after.messages = [first, last | {"parent": None}]
    after.native(b"".join(NATIVE.splitlines(keepends=True)[:1]) + line({"say": "More."}) + b"\n")
    after.summary |= {
        "messages": 2,
        "roles": {"assistant": 1, "user": 1},
        "kinds": {"assistant_msg": 1, "user_msg": 1},
    }
    before = saying("Yes.", "More.")
    before.messages[2]["parent"] = None
    return since(before, after, ("E501", SEGMENT, 2, "/seq"), ("E713", SEGMENT, 2))


@vector("bad/E714_text_is_back")
def text_is_back():
    return since(
        cleaned(f"It is {KEY}, indeed."),
        saying("It is hunter2, indeed."),
        ("E714", SEGMENT, 2, "/parts/0/text"),
        ("E714", "redactions.jsonl", 1),
    )


@vector("bad/E714_record_is_gone")
def record_is_gone():
    text = f"It is {KEY}, indeed."
    return since(cleaned(text), saying(text), ("E714", "redactions.jsonl", 1))


@vector("warn/W715_mapped_anew")
def mapped_anew():
    after = saying("Yes.", "More.")
    after.manifest = after.manifest.replace(b"example/1", b"example/2")
    after.summary["adapter"] = "example/2"
    after.messages[1]["kind"] = "context"
    after.summary["kinds"] = {"assistant_msg": 1, "context": 1, "user_msg": 1}
    return since(saying("Yes.", "More."), after, ("W715", SEGMENT, 2))


@vector("warn/W716_document")
def document():
    before, after = saying("Yes.", "More."), saying("No.")
    for session in (before, after):
        session.manifest = session.manifest.replace(b'"log"', b'"document"')
        session.summary["nature"] = "document"
    return since(before, after, ("W716", SEGMENT, 2))


@vector("warn/W717_damaged_before")
def damaged_before():
    before = saying("Yes.").sealed()
    before[SEGMENT] = before[SEGMENT].replace(b"Yes.", b"Yet.")
    return since(before, saying("Yes."), ("W717", SEGMENT))


@vector("warn/W718_no_archive")
def no_archive_before():
    before = {"notes.txt": b"Soon an archive.\n"}
    after = archive({SHARD: saying("Yes.")}).files
    return since(before, after, ("W718", "archive.yaml"), root="archive")


def forked(session, native_id="a1#00000000000000f0"):
    """The session with this log as the fork of the first one, under another id."""
    own = "01M81CYGKKF0000000000000F0"
    for key, before, after in (
        ("id", "01M81CYGKKYF3N2YJDPS3MWRXG", own),
        ("uid", "example:a1", f"example:{native_id}"),
        ("native_id", "a1", native_id),
    ):
        text = session.manifest.replace(f'{key}: "{before}"'.encode(), f'{key}: "{after}"'.encode())
        session.manifest = text
        session.summary[key] = after
    lineage = {"parent": "example:a1", "relation": "fork", "at": MESSAGE_IDS[0]}
    told = "".join(f'  {key}: "{value}"\n' for key, value in lineage.items())
    order = list(session.summary)
    order.insert(order.index("state") + 1, "lineage")
    stating(f"lineage:\n{told}".encode(), session, lineage=lineage)
    session.summary = {key: session.summary[key] for key in order}
    return f"2026/11/{own}", session


@vector("warn/W719_log_in_a_fork")
def log_in_a_fork():
    """A merge: the longer log stays, the other one goes on as its fork."""
    before = archive({SHARD: saying("Yes.")}).files
    place, fork = forked(saying("Yes.", "Then."))
    after = archive({SHARD: saying("No.", "Never."), place: fork}).files
    return since(before, after, ("W719", f"{SHARD}/manifest.yaml"), root="archive")


@vector("bad/E712_no_fork_has_the_log")
def no_fork_has_the_log():
    """A fork is there, and has another log than the one that is gone."""
    before = archive({SHARD: saying("Yes.")}).files
    place, fork = forked(saying("Yet.", "Then."))
    after = archive({SHARD: saying("No.", "Never."), place: fork}).files
    finding = ("E712", f"{SHARD}/{SEGMENT}", 2, "/parts/0/text")
    return since(before, after, finding, root="archive")


@vector("bad/E714_undone_in_a_fork")
def undone_in_a_fork():
    """The log goes on in a fork, without the record of what was removed from it."""
    before = archive({SHARD: cleaned(f"It is {KEY}.")}).files
    place, fork = forked(saying(f"It is {KEY}."))
    after = archive({SHARD: saying("No."), place: fork}).files
    return since(
        before, after,
        ("E712", f"{SHARD}/{SEGMENT}", 2, "/parts/0/text"),
        ("E714", f"{SHARD}/redactions.jsonl", 1),
        root="archive",
    )  # fmt: skip
