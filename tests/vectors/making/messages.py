# SPDX-License-Identifier: CC0-1.0
"""5: messages."""

from __future__ import annotations

from difflib import SequenceMatcher

from making.session import (
    MESSAGE_IDS,
    NATIVE,
    PAYLOAD,
    SEGMENT,
    Session,
    Vector,
    changed,
    digest,
    edited,
    filled,
    filled_file,
    line,
    vector,
)


@vector("bad/E501_gap")
def gap():
    session = Session()
    del session.messages[1]
    return Vector(session.sealed(), ("E501", SEGMENT, 2, "/seq"))


@vector("bad/E501_swapped")
def swapped():
    session = Session()
    session.messages[2:4] = reversed(session.messages[2:4])
    return Vector(session.sealed(), ("E501", SEGMENT, 3, "/seq"), ("E501", SEGMENT, 4, "/seq"))


def continued(session, count, name):
    """The session with more messages, as a log that went on with other records gives it."""
    ids = MESSAGE_IDS[3:4] + [f"01M81CYGKK0000000000000{name}0{n}" for n in range(count)]
    native = b""
    for number, parent, own in zip(range(5, 5 + count), ids, ids[1:], strict=False):
        text = f"{name} {number}"
        record = {"say": {"$ref": "/parts/0/text"}}
        session.messages.append({
            "seq": number, "id": own, "parent": parent, "ts": f"2026-11-22T10:32:0{number}.000Z",
            "role": "assistant", "kind": "assistant_msg", "actor": "model",
            "parts": [{"type": "text", "text": text}], "native": {"record": record},
        })  # fmt: skip
        native += line({"say": text}) + b"\n"
    session.cut = 4 + count
    session.native(NATIVE + native)
    session.summary["ended_at"] = session.messages[-1]["ts"]
    session.summary["messages"] = 4 + count
    session.summary["roles"]["assistant"] += count
    session.summary["kinds"]["assistant_msg"] += count
    return session


@vector("bad/E502_two_continuations")
def two_continuations():
    session, theirs = continued(Session(), 2, "A"), continued(Session(), 3, "B")
    session.messages += theirs.messages[4:]
    session.cut = 9
    return Vector(session.sealed(), ("E502", SEGMENT, 7, "/seq"), ("E502", SEGMENT, 8, "/seq"))


@vector("bad/E502_line_twice")
def line_twice():
    session = Session()
    session.messages.insert(2, session.messages[1])
    session.cut = 5
    return Vector(session.sealed(), ("E502", SEGMENT, 3, "/seq"))


def changes(old, new):
    """What became of which lines; git takes changes for one that are up to three lines apart."""
    found = []
    matcher = SequenceMatcher(a=old, b=new, autojunk=False)
    for kind, start, end, first, last in matcher.get_opcodes():
        if kind == "equal":
            continue
        if found and start - found[-1][1] <= 3:
            before, _, first_before, _ = found.pop()
            found.append((before, end, first_before, last))
        else:
            found.append((start, end, first, last))
    return {(start, end): new[first:last] for start, end, first, last in found}


def union(base, ours, theirs):
    """Lines as `merge=union` blends them: where both sides changed some, ours, then theirs."""
    base, ours, theirs = (content.splitlines(keepends=True) for content in (base, ours, theirs))
    left, right = changes(base, ours), changes(base, theirs)
    assert left.keys() == right.keys(), "this merges only what both sides changed"
    merged, place = [], 0
    for start, end in left:
        merged += base[place:start] + left[start, end] + right[start, end]
        place = end
    return b"".join(merged + base[place:])


@vector("bad/E502_union_merge")
def union_merge():
    """One session, continued on two branches, and blended by git."""
    base = Session().sealed()
    ours, theirs = continued(Session(), 2, "A").sealed(), continued(Session(), 3, "B").sealed()
    merged = {path: union(base[path], ours[path], theirs[path]) for path in base}
    return Vector(
        merged,
        *(("E611", "checksums.b3", number) for number in (6, 7, 8)),
        ("E601", SEGMENT), ("E502", SEGMENT, 7, "/seq"), ("E502", SEGMENT, 8, "/seq"),
        ("E601", "summary.json"), ("E616", "summary.json"),
    )  # fmt: skip


@vector("bad/E503_local_time")
def local_time():
    return edited(SEGMENT, b"10:31:01.000Z", b"10:31:01+02:00", ("E503", SEGMENT, 1, "/ts"))


@vector("bad/E503_leap_second")
def leap_second():
    return edited(SEGMENT, b"10:31:01.000Z", b"23:59:60.000Z", ("E503", SEGMENT, 1, "/ts"))


@vector("bad/E503_hour_24")
def hour_24():
    return edited(SEGMENT, b"10:31:01.000Z", b"24:00:00.000Z", ("E503", SEGMENT, 1, "/ts"))


@vector("bad/E505_role")
def role():
    return edited(SEGMENT, b'"role":"tool"', b'"role":"tools"', ("E505", SEGMENT, 3, "/role"))


@vector("bad/E505_text_and_file")
def text_and_file():
    def change(message):
        message["parts"][0]["file"] = digest(PAYLOAD)

    return changed(4, change, ("E505", SEGMENT, 4, "/parts/0"))


@vector("bad/E505_several")
def several():
    def change(message):
        message["parts"] = [{"type": "text"}, {"type": "sound"}, {}]
        del message["actor"]

    return changed(
        4, change,
        ("E505", SEGMENT, 4, ""), ("E505", SEGMENT, 4, "/parts/0"),
        ("E505", SEGMENT, 4, "/parts/1/type"), ("E505", SEGMENT, 4, "/parts/2"),
    )  # fmt: skip


@vector("bad/E505_base64_bits")
def base64_bits():
    """Two spellings of the same bytes: the bits beyond them are not zero."""

    def change(message):
        message["native"] = {"raw_base64": "AP9="}

    return changed(4, change, ("E505", SEGMENT, 4, "/native/raw_base64"))


@vector("bad/E506_id_twice")
def message_id_twice():
    def change(message):
        message["id"] = MESSAGE_IDS[0]

    return changed(4, change, ("E506", SEGMENT, 4, "/id"))


@vector("bad/E507_lower_case")
def lower_case():
    def change(message):
        message["id"] = message["id"].lower()

    return changed(4, change, ("E507", SEGMENT, 4, "/id"))


@vector("warn/W508_new_kind")
def new_kind():
    def change(message):
        message["kind"] = "dream"

    kinds = {"dream": 1, "tool_call": 1, "tool_result": 1, "user_msg": 1}
    return changed(4, change, ("W508", SEGMENT, 4, "/kind"), kinds=kinds)


@vector("bad/E507_letter_that_is_none")
def letter_that_is_none():
    """Crockford's base 32 has no I, L, O and U."""

    def change(message):
        message["id"] = message["id"].replace("A4", "U4")

    return changed(4, change, ("E507", SEGMENT, 4, "/id"))


@vector("bad/E507_more_than_128_bits")
def more_than_128_bits():
    def change(message):
        message["id"] = "8" + message["id"][1:]

    return changed(4, change, ("E507", SEGMENT, 4, "/id"))


@vector("bad/E509_own_id")
def own_id_as_parent():
    def change(message):
        message["parent"] = message["id"]

    return changed(3, change, ("E509", SEGMENT, 3, "/parent"))


@vector("bad/E509_unknown_parent")
def unknown_parent():
    def change(message):
        message["parent"] = MESSAGE_IDS[6]

    return changed(3, change, ("E509", SEGMENT, 3, "/parent"))


@vector("bad/E520_size_of_another")
def size_of_another():
    def change(message):
        message["parts"][0]["content"][0]["bytes"] += 1

    return changed(3, change, ("E520", SEGMENT, 3, "/parts/0/content/0/bytes"))


@vector("bad/E509_later_parent")
def later_parent():
    def change(message):
        message["parent"] = MESSAGE_IDS[3]

    return changed(3, change, ("E509", SEGMENT, 3, "/parent"))


@vector("bad/E510_no_payload")
def no_payload():
    session = Session()
    session.files = {}
    place = "/parts/0/content/0/file"
    return Vector(
        session.sealed(),
        ("E510", SEGMENT, 3, "/native/record/$lit/$ref"), ("E510", SEGMENT, 3, place),
    )  # fmt: skip


@vector("warn/W511_call_without_result")
def call_without_result():
    session = Session()
    session.messages[2]["parts"][0]["call_id"] = None
    return Vector(session.sealed(), ("W511", SEGMENT, 2, "/parts/0/call_id"))


@vector("bad/E512_points_nowhere")
def points_nowhere():
    def change(message):
        message["native"]["record"]["say"]["$ref"] = "/parts/1/text"

    return changed(4, change, ("E512", SEGMENT, 4, "/native/record/say"))


@vector("bad/E512_points_into_native")
def points_into_native():
    def change(message):
        message["native"]["record"]["say"]["$ref"] = "/native/record"

    return changed(4, change, ("E512", SEGMENT, 4, "/native/record/say"))


@vector("bad/E512_other_digits")
def other_digits():
    """Arabic-Indic digits, which some languages take for a number."""

    def change(message):
        message["native"]["record"]["say"]["$ref"] = "/parts/\u0660/text"

    return changed(4, change, ("E512", SEGMENT, 4, "/native/record/say"))


@vector("bad/E512_long_number")
def long_number():
    def change(message):
        message["native"]["record"]["say"]["$ref"] = f"/parts/{'1' * 5000}/text"

    return changed(4, change, ("E512", SEGMENT, 4, "/native/record/say"))


@vector("bad/E513_extra_key")
def extra_key():
    def change(message):
        message["native"]["record"]["say"]["more"] = 1

    return changed(4, change, ("E513", SEGMENT, 4, "/native/record/say"))


@vector("bad/E513_bad_number")
def bad_number():
    def change(message):
        message["native"]["record"]["n"]["$num"] = "01"

    return changed(2, change, ("E513", SEGMENT, 2, "/native/record/n"))


@vector("bad/E514_torn_in_the_middle")
def torn_in_the_middle():
    def change(message):
        message["native"]["eol"] = ""

    return changed(2, change, ("E514", SEGMENT, 2, "/native/eol"))


@vector("bad/E515_unused_payload")
def unused_payload():
    session = Session()
    path = f"files/{digest(b'unused')}"
    session.files[path] = b"unused"
    return Vector(session.sealed(), ("E515", path))


@vector("bad/E516_long_text")
def long_text():
    session = Session().plain()
    text = "a" * 262_145
    session.messages[1]["parts"][0]["text"] = text
    content = session.content()[SEGMENT]
    before, _, after = content.partition(text.encode())
    return filled(
        SEGMENT, before, len(text), after, ("E516", SEGMENT, 2, "/parts/0/text"),
        session=session, byte=b"a",
    )  # fmt: skip


@vector("warn/W517_result_without_call")
def result_without_call():
    session = Session()
    session.messages[1]["parts"][0]["call_id"] = None
    return Vector(session.sealed(), ("W517", SEGMENT, 3, "/parts/0/call_id"))


@vector("bad/E518_unknown_key")
def unknown_key():
    def change(message):
        message["parts"][0]["lang"] = "en"

    return changed(4, change, ("E518", SEGMENT, 4, "/parts/0/lang"))


@vector("warn/W518_newer_key")
def newer_key():
    session = Session()
    session.manifest = session.manifest.replace(b'format: "1.0"', b'format: "1.1"')
    session.summary["format"] = "1.1"
    session.messages[3]["parts"][0]["lang"] = "en"
    session.messages[3]["mood"] = "good"
    return Vector(
        session.sealed(),
        ("W518", SEGMENT, 4, "/mood"), ("W518", SEGMENT, 4, "/parts/0/lang"),
    )  # fmt: skip


@vector("bad/E519_a_thousand_times")
def a_thousand_times():
    def change(message):
        message["parts"][0]["text"] = "a" * 100_000
        message["native"]["record"] = [{"$ref": "/parts/0/text"}] * 1000

    vector = changed(4, change, ("E519", SEGMENT, 4, "/native/record"))
    before, _, after = vector.files[SEGMENT].partition(b"a" * 100_000)
    return filled_file(vector.files, SEGMENT, before, 100_000, after, *vector.listing(), byte=b"a")
