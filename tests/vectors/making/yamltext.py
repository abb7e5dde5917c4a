# SPDX-License-Identifier: CC0-1.0
"""2: YAML."""

from __future__ import annotations

from making.session import (
    ARCHIVE,
    ID,
    MANIFEST,
    MESSAGE_IDS,
    SHARD,
    Session,
    Vector,
    archive,
    related,
    vector,
)

CHECKPOINT = f'  - name: "one"\n    seq: 4\n    seal: "{"0" * 64}"\n'


def manifest(text, code, number, pointer=None, *, name="manifest.yaml"):
    session = Session()
    session.manifest = text if isinstance(text, bytes) else text.encode()
    return Vector(session.sealed(), (code, name, number, pointer))


def appended(text, code, number=18, pointer=None):
    return manifest(MANIFEST + text, code, number, pointer)


@vector("bad/E201_bom")
def yaml_bom():
    return manifest("\ufeff" + MANIFEST, "E201", 1)


@vector("bad/E201_latin1")
def yaml_latin1():
    return manifest(MANIFEST.encode() + b'notes: "caf\xe9"\n', "E201", 18)


@vector("bad/E202_crlf")
def yaml_crlf():
    return manifest(MANIFEST.replace("\n", "\r\n"), "E202", 1)


@vector("bad/E202_next_line")
def yaml_next_line():
    return appended('notes: "a\x85b"\n', "E202")


@vector("bad/E202_line_separator")
def yaml_line_separator():
    return appended('notes: "a\u2028b"\n', "E202")


@vector("bad/E203_directive")
def yaml_directive():
    return manifest("%YAML 1.1\n---\n" + MANIFEST, "E203", 1)


@vector("bad/E204_second_document")
def yaml_second_document():
    return appended("---\ntitle: no\n", "E204")


@vector("bad/E204_end_marker")
def yaml_end_marker():
    return appended("...\n", "E204")


@vector("bad/E205_anchor")
def yaml_anchor():
    return appended("notes: &a more\n", "E205")


@vector("bad/E205_merge_key")
def yaml_merge_key():
    return appended("ext:\n  <<: {a: 1}\n", "E205", 19, "/ext")


@vector("bad/E206_tag")
def yaml_tag():
    return appended("notes: !!str more\n", "E206")


@vector("bad/E207_key_twice")
def yaml_key_twice():
    return appended('title: "B"\n', "E207", 18, "/title")


@vector("bad/E208_number_as_key")
def yaml_number_as_key():
    return appended("ext:\n  1: one\n", "E208", 19, "/ext")


@vector("bad/E210_date")
def yaml_date():
    return appended("notes: 2026-11-22\n", "E210", 18, "/notes")


@vector("bad/E210_octal")
def yaml_octal():
    return appended("ext: {mode: 0755}\n", "E210", 18, "/ext/mode")


@vector("bad/E211_tab")
def yaml_tab():
    return appended("ext:\n\ta: 1\n", "E211", 19)


@vector("bad/E211_unclosed_quote")
def yaml_unclosed():
    return manifest(MANIFEST.replace('title: "A picture"', 'title: "A picture'), "E211", 17)


@vector("bad/E211_escape")
def yaml_escape():
    """An escape for what is no character: parsers fail on it in ways of their own."""
    return appended('notes: "\\UFFFFFFFF"\n', "E211", 18)


def added(code, number, pointer, text):
    """A vector of a manifest with one key more."""
    return lambda: appended(text, code, number, pointer)


ADDITIONS = {
    "E202_escape_character": (18, None, 'notes: "a\x1b[2Jb"\n'),
    "E202_nul": (18, None, 'notes: "a\0b"\n'),
    "E202_paragraph_separator": (18, None, "notes: a\u2029b\n"),
    "E205_alias_cycle": (18, None, "ext: &a {b: *a}\n"),
    "E205_billion_laughs": (
        19,
        None,
        "ext:\n  a0: &a0 [ha, ha]\n"
        + "".join(f"  a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 10)),
    ),
    "E205_unknown_alias": (18, None, "notes: *more\n"),
    "E206_binary": (18, None, "notes: !!binary aGVsbG8=\n"),
    "E206_local": (18, None, "notes: !mine more\n"),
    "E206_python": (18, None, 'notes: !!python/object/apply:os.system ["true"]\n'),
    "E206_set": (18, None, "ext: !!set {a, b}\n"),
    "E207_flow": (18, "/ext/a", "ext: {a: 1, a: 2}\n"),
    "E207_nested": (20, "/ext/a", "ext:\n  a: 1\n  a: 2\n"),
    "E207_spelt_in_two_ways": (20, "/ext/a", 'ext:\n  a: 1\n  "\\x61": 2\n'),
    "E208_boolean_as_key": (18, "/ext", "ext: {true: 1}\n"),
    "E208_list_as_key": (18, "/ext", "ext: {[a]: 1}\n"),
    "E208_null_as_key": (18, "/ext", "ext: {~: 1}\n"),
    "E210_hexadecimal": (18, "/notes", "notes: 0x1F\n"),
    "E210_infinity": (18, "/notes", "notes: -.inf\n"),
    "E210_large_integer": (18, "/ext/n", "ext: {n: 9007199254740992}\n"),
    "E210_not_a_number": (18, "/notes", "notes: .NaN\n"),
    "E210_overflow": (18, "/notes", "notes: 12e9999\n"),
    "E210_sexagesimal": (18, "/notes", "notes: 12:30:45\n"),
    "E210_time": (18, "/notes", "notes: 2026-11-22 10:31:07\n"),
    "E210_underscore": (18, "/notes", "notes: 1_000\n"),
    "E210_unquoted_digest": (
        21,
        "/checkpoints/0/seal",
        "checkpoints:\n" + CHECKPOINT.replace('"', ""),
    ),
    "E211_at_sign": (18, None, "notes: @ada\n"),
    "E211_colon": (18, None, "notes: see: there\n"),
    "E211_half_a_flow": (18, None, "ext: {a: [1, 2}\n"),
    "E213_number_as_title": (None, "/notes", "notes: 1.10\n"),
    "E213_nothing": (None, "/notes", "notes:\n"),
}


"""Line, pointer, and the lines below a manifest: each in its own vector."""


for _name, (_number, _pointer, _text) in ADDITIONS.items():
    vector(f"bad/{_name}")(added(_name[:4], _number, _pointer, _text))


@vector("bad/E201_utf_16")
def yaml_utf_16():
    return manifest(("\ufeff" + MANIFEST).encode("utf-16-be"), "E201", 1)


@vector("bad/E210_unquoted_time")
def yaml_unquoted_time():
    text = MANIFEST.replace('"2026-11-22T10:31:07.123Z"', "2026-11-22T10:31:07.123Z")
    return manifest(text, "E210", 14, "/started_at")


@vector("good/yaml_words")
def yaml_words():
    """Words and texts that some YAML parser takes for more than that."""
    session = Session()
    words = ["no", "NO", "off", "On", "y", "Yes", "1.2.3", "0b", "1-2", "12e", "v1.0", "None"]
    lines = "".join(f"- {word}\n" for word in words)
    text = MANIFEST.replace('title: "A picture"', "title: no").replace('  - "demo"\n', lines)
    text += (
        "ext: {no: yes, on: [off, ~, true, 1.5, -7, 1e3], 'true': \"null\", a: b#c, u: http://x}\n"
    )
    session.manifest = text.encode()
    session.summary |= {"title": "no", "tags": words}
    return Vector(session.sealed())


@vector("bad/E212_list")
def yaml_list():
    return manifest("- 1\n", "E212", 1)


@vector("bad/E213_outcome")
def yaml_outcome():
    return appended("outcome: maybe\n", "E213", None, "/outcome")


@vector("bad/E213_no_id")
def yaml_no_id():
    return manifest(MANIFEST.replace(f'id: "{ID}"\n', ""), "E213", None, "")


@vector("bad/E213_archive")
def yaml_archive():
    return archive(
        {SHARD: Session()}, ("E213", "archive.yaml", None, "/ignored"),
        policy=ARCHIVE + "ignored: none\n",
    )  # fmt: skip


@vector("bad/E213_redaction_rule")
def rule_without_regex():
    policy = 'redaction:\n  rules:\n    -\n      id: "lantern-token"\n'
    found = ("E213", "archive.yaml", None, "/redaction/rules/0")
    return archive({SHARD: Session()}, found, policy=ARCHIVE + policy)


@vector("bad/E214_redaction_key")
def unknown_key_of_redaction():
    found = ("E214", "archive.yaml", None, "/redaction/disabled")
    policy = "redaction:\n  disabled: []\n"
    return archive({SHARD: Session()}, found, policy=ARCHIVE + policy)


@vector("bad/E213_fraction")
def yaml_fraction():
    seal = "0" * 64
    return appended(
        f'checkpoints:\n  - name: "one"\n    seq: 1.0\n    seal: "{seal}"\n', "E213", None
    )


@vector("bad/E214_misspelt_key")
def yaml_misspelt():
    return appended("bookmark: []\n", "E214", None, "/bookmark")


@vector("warn/W214_newer_key")
def yaml_newer_key():
    session = Session()
    text = MANIFEST.replace('format: "1.0"', 'format: "1.1"') + 'mood: "good"\n'
    session.manifest = text.encode()
    session.summary["format"] = "1.1"
    return Vector(session.sealed(), ("W214", "manifest.yaml", None, "/mood"))


@vector("bad/E215_local_time")
def yaml_time():
    text = MANIFEST.replace("2026-11-22T10:31:07.123Z", "2026-11-22T10:31:07+01:00")
    return manifest(text, "E215", None, "/started_at")


@vector("bad/E215_no_such_day")
def yaml_day():
    text = MANIFEST.replace("2026-11-22T10:31:07.123Z", "2026-02-29T10:31:07.123Z")
    return manifest(text, "E215", None, "/started_at")


@vector("bad/E217_surrogate")
def yaml_surrogate():
    return appended('notes: "\\ud800"\n', "E217", 18, "/notes")


@vector("bad/E218_other_uid")
def other_uid():
    text = MANIFEST.replace('uid: "example:a1"', 'uid: "example:a2"')
    return manifest(text, "E218", None, "/source/uid")


@vector("bad/E219_own_parent")
def own_parent():
    _, session = related(1, "example:a1")
    return Vector(session.sealed(), ("E219", "manifest.yaml", None, "/lineage/parent"))


def said_by_people(text, *findings):
    """A session with keys of people in its manifest."""
    session = Session()
    session.manifest += text.encode()
    return Vector(session.sealed(), *findings)


@vector("good/marks")
def marks():
    bookmark = f'bookmarks:\n  - message: "{MESSAGE_IDS[3]}"\n    note: "here"\n'
    return said_by_people(f"{bookmark}checkpoints:\n{CHECKPOINT}")


@vector("warn/W220_bookmark")
def bookmark_to_nowhere():
    text = "".join(f'  - message: "{MESSAGE_IDS[number]}"\n' for number in (0, 4))
    place = "/bookmarks/1/message"
    return said_by_people(f"bookmarks:\n{text}", ("W220", "manifest.yaml", None, place))


@vector("warn/W221_checkpoint")
def checkpoint_beyond_the_end():
    text = CHECKPOINT.replace("seq: 4", "seq: 5")
    place = "/checkpoints/0/seq"
    return said_by_people(f"checkpoints:\n{text}", ("W221", "manifest.yaml", None, place))


@vector("warn/W222_checkpoint_twice")
def checkpoint_twice():
    text = CHECKPOINT.replace("seq: 4", "seq: 2") + CHECKPOINT
    place = "/checkpoints/1/name"
    return said_by_people(f"checkpoints:\n{text}", ("W222", "manifest.yaml", None, place))


@vector("bad/E223_token")
def token():
    session = Session()
    url = "https://ada:secret@example.org/notes.git"
    text = f'workspace:\n  repository: "{url}"\ntitle:'
    session.manifest = MANIFEST.replace("title:", text).encode()
    follows = list(session.summary.items())
    place = list(session.summary).index("tags")
    workspace = ("workspace", {"repository": url})
    session.summary = dict([*follows[:place], workspace, *follows[place:]])
    return Vector(session.sealed(), ("E223", "manifest.yaml", None, "/workspace/repository"))
