# SPDX-License-Identifier: CC0-1.0
"""Write the conformance vectors: one function a vector, each says what a verifier must find.

`python make.py` writes them beside this file, `python make.py --check` tells whether what
stands there is what would be written. A vector is data for verifiers in any language; this
program only spares us from editing digests by hand, and needs nothing but the blake3 package.
"""

from __future__ import annotations

import copy
import json
import sys
from difflib import SequenceMatcher
from pathlib import Path

from blake3 import blake3

HERE = Path(__file__).resolve().parent
KINDS = ("good", "warn", "bad")

ID = "01M81CYGKKYF3N2YJDPS3MWRXG"
SHARD = f"2026/11/{ID}"
MESSAGE_IDS = [f"01M81CYGKK00000000000000A{digit}" for digit in "1234567"]
SEGMENT = "messages-00000001.jsonl"
SECOND = "messages-00000003.jsonl"
PAYLOAD = b"\x89PNG\r\n\x1a\n\0 not really a picture"
SCHEMAS = "https://sessionfs-archive.readthedocs.io/schemas/1.0"
MANIFEST = f"""\
# yaml-language-server: $schema={SCHEMAS}/manifest.schema.json
format: "1.0"
min_reader: "1.0"
id: "{ID}"
source:
  flavor: "example"
  native_id: "a1"
  uid: "example:a1"
  nature: "log"
  adapter: "example/1"
  name: "a1.jsonl"
agent:
  name: "Example"
started_at: "2026-11-22T10:31:07.123Z"
title: "A picture"
tags:
  - "demo"
"""
ARCHIVE = f"""\
# yaml-language-server: $schema={SCHEMAS}/archive.schema.json
format: "1.0"
min_reader: "1.0"
"""

VECTORS = {}


def vector(name):
    """Register the function that makes a vector."""

    def register(make):
        VECTORS[name] = make
        return make

    return register


# --- a session that is right ---


def digest(content):
    return blake3(content).hexdigest()


def line(value):
    """The minimal encoding of a value."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def indented(value):
    """The summary encoding of a value: a digest apart, that of any JSON program with indent 2."""
    return json.dumps(value, ensure_ascii=False, indent=2).encode() + b"\n"


def messages():
    """Four messages and the native lines that they stand for."""
    file = digest(PAYLOAD)

    def message(number, role, kind, actor, parts, record):  # noqa: PLR0917  as in the line
        return {
            "seq": number,
            "id": MESSAGE_IDS[number - 1],
            "parent": MESSAGE_IDS[number - 2] if number > 1 else None,
            "ts": f"2026-11-22T10:31:0{number}.000Z",
            "role": role,
            "kind": kind,
            "actor": actor,
            "parts": parts,
            "native": {"record": record},
        }

    return [
        message(
            1, "user", "user_msg", "human",
            [{"type": "text", "text": "What does the picture show, «éa 𝄞»?"}],
            {"ask": {"$ref": "/parts/0/text"}},
        ),
        message(
            2, "assistant", "tool_call", "model",
            [{"type": "tool_call", "call_id": "c1", "name": "Read", "arguments": {"n": 1.5}}],
            {"call": {"$json": "/parts/0/arguments", "style": "spaced"}, "n": {"$num": "1E2"}},
        ),
        message(
            3, "tool", "tool_result", "tool",
            [
                {
                    "type": "tool_result",
                    "call_id": "c1",
                    "content": [
                        {
                            "type": "file",
                            "file": file,
                            "media_type": "image/png",
                            "name": None,
                            "bytes": len(PAYLOAD),
                        }
                    ],
                    "is_error": False,
                }
            ],
            {"$lit": {"$ref": {"$file": file, "encoding": "base64", "prefix": "data:"}}},
        ),
        message(
            4, "assistant", "assistant_msg", "model",
            [{"type": "text", "text": "Nothing much."}],
            {"say": {"$ref": "/parts/0/text"}},
        )
        | {},
    ]  # fmt: skip


NATIVE = (
    '{"ask":"What does the picture show, «éa 𝄞»?"}\n'
    '{"call":"{\\"n\\": 1.5}","n":1E2}\n'
    '{"$ref":"data:iVBORw0KGgoAIG5vdCByZWFsbHkgYSBwaWN0dXJl"}\n'
    '{"say":"Nothing much."}\n'
).encode()


def summary():
    """What follows from MANIFEST and messages(), written by hand."""
    return {
        "format": "1.0",
        "min_reader": "1.0",
        "id": ID,
        "uid": "example:a1",
        "flavor": "example",
        "native_id": "a1",
        "nature": "log",
        "adapter": "example/1",
        "agent": {"name": "Example"},
        "title": "A picture",
        "started_at": "2026-11-22T10:31:07.123Z",
        "ended_at": "2026-11-22T10:31:04.000Z",
        "state": "active",
        "tags": ["demo"],
        "messages": 4,
        "roles": {"assistant": 2, "tool": 1, "user": 1},
        "kinds": {"assistant_msg": 1, "tool_call": 1, "tool_result": 1, "user_msg": 1},
        "models": [],
        "usage": {},
        "cost": [],
        "preview": "What does the picture show, «éa 𝄞»?",
        "files_read": [],
        "files_edited": [],
        "tools": {"Read": 1},
        "fidelity": {"level": "redacted", "reasons": ["redacted"], "raw": 0, "unknown": 0},
        "source_files": [{"name": "a1.jsonl", "bytes": len(NATIVE), "blake3": digest(NATIVE)}],
        "redactions": 1,
        "files": {},
    }


def redaction():
    return {
        "rule": "generic-api-key",
        "seq": 2,
        "message": MESSAGE_IDS[1],
        "pointer": "/parts/0/arguments",
        "count": 1,
    }


class Session:
    """The files of a session in the making."""

    def __init__(self):
        self.manifest = MANIFEST.encode()
        self.messages = messages()
        self.summary = summary()
        self.redactions = line(redaction()) + b"\n"
        self.files = {f"files/{digest(PAYLOAD)}": PAYLOAD}
        self.cut = len(self.messages)

    def plain(self):
        """Forget the payload and the redaction: two messages without either are left."""
        self.messages = [self.messages[0], self.messages[3]]
        self.messages[1] |= {"seq": 2, "parent": MESSAGE_IDS[0]}
        native = NATIVE.splitlines(keepends=True)
        self.native(native[0] + native[3])
        self.files = {}
        self.redactions = b""
        self.cut = 2
        self.summary |= {
            "messages": 2,
            "roles": {"assistant": 1, "user": 1},
            "kinds": {"assistant_msg": 1, "user_msg": 1},
            "tools": {},
            "fidelity": {"level": "exact", "reasons": [], "raw": 0, "unknown": 0},
            "redactions": 0,
        }
        return self

    def native(self, content):
        """Say what the native log is."""
        self.summary["source_files"] = [
            {"name": "a1.jsonl", "bytes": len(content), "blake3": digest(content)}
        ]

    def content(self):
        """Every file but the derived ones; a vector that edits bytes edits these."""
        files = {"manifest.yaml": self.manifest} | self.files
        if self.redactions:
            files["redactions.jsonl"] = self.redactions
        for start in range(0, len(self.messages), self.cut):
            group = self.messages[start : start + self.cut]
            files[f"messages-{start + 1:08d}.jsonl"] = b"".join(line(m) + b"\n" for m in group)
        return files

    def sealed(self, files=None):
        return sealed(self.content() if files is None else files, self.summary)


def sealed(files, summary, *, encode=indented):
    """Files with a summary of their sizes, and the checksums of all of them."""
    files = {path: files[path] for path in sorted(files, key=str.encode)}
    summary = copy.deepcopy(summary)
    summary["files"] = {path: len(content) for path, content in files.items()}
    files["summary.json"] = encode(summary)
    return listed(files)


def listed(files):
    files.pop("checksums.b3", None)
    lines = [f"{digest(files[path])}  {path}\n" for path in sorted(files, key=str.encode)]
    return files | {"checksums.b3": "".join(lines).encode()}


def expect(*findings):
    """Each finding as code, path, and what of line and pointer it has."""
    names = ("code", "path", "line", "pointer")
    return [
        {name: value for name, value in zip(names, found, strict=False) if value is not None}
        for found in findings
    ]


class Vector:
    """A session or an archive, what of it no git can hold, what it was, and the findings."""

    def __init__(self, files, *findings, root="session", disk=None, before=None):
        self.files = files
        self.findings = expect(*findings)
        self.root = root
        self.disk = disk
        self.before = before

    def listing(self):
        """The findings as they were given."""
        names = ("code", "path", "line", "pointer")
        return [tuple(found.get(name) for name in names) for found in self.findings]

    def written(self):
        """Every file of the vector's directory."""
        files = {f"{self.root}/{path}": content for path, content in self.files.items()}
        files["expect.json"] = indented({"findings": self.findings})
        if self.disk:
            files["disk.json"] = indented(self.disk)
        if self.before is not None:
            files |= {f"before/{path}": content for path, content in self.before.items()}
        return files


def edited(path, old, new, *findings, session=None):
    """The session with some bytes of one file replaced before it was sealed."""
    session = session or Session()
    files = session.content()
    assert old in files[path], (path, old)
    files[path] = files[path].replace(old, new, 1)
    return Vector(session.sealed(files), *findings)


def archive(sessions, *findings, policy=ARCHIVE, extra=None, disk=None):
    """An archive of sessions by path."""
    files = {"archive.yaml": policy.encode(), **(extra or {})}
    for root, session in sessions.items():
        files |= {f"{root}/{path}": content for path, content in session.sealed().items()}
    return Vector(files, *findings, root="archive", disk=disk)


def changed(number, change, *findings, session=None, **summary):
    """The session with one message changed before it was sealed."""
    session = session or Session()
    change(session.messages[number - 1])
    session.summary |= summary
    return Vector(session.sealed(), *findings)


# --- good ---


@vector("good/everything")
def everything():
    return Vector(Session().sealed())


@vector("good/plain")
def plain():
    return Vector(Session().plain().sealed())


@vector("good/no_messages")
def no_messages():
    session = Session().plain()
    session.messages = []
    session.cut = 1
    session.summary |= {
        "ended_at": None, "state": "created", "messages": 0, "roles": {}, "kinds": {},
        "preview": None, "source_files": [],
    }  # fmt: skip
    return Vector(session.sealed())


@vector("good/edited_by_hand")
def edited_by_hand():
    session = Session()
    session.manifest = (
        MANIFEST.replace('  - "demo"\n', "- demo # mine\n")
        .replace('title: "A picture"', "title: 'A picture'\nnotes: |\n  * one [of] {two}\n  & more")
        .encode()
    )
    return Vector(session.sealed())


@vector("good/raw_records")
def raw_records():
    session = Session().plain()
    session.messages[0]["native"] = {"raw": '{"a":1,"a":2}', "eol": "\r\n"}
    session.messages[1]["native"] = {"raw_base64": "AP8=", "eol": ""}
    session.native(b'{"a":1,"a":2}\r\n\0\xff')
    session.summary["fidelity"] |= {"raw": 2}
    return Vector(session.sealed())


@vector("good/files")
def native_files():
    """Text in a payload, a whole line in a payload, and a file beside the log."""
    session = Session().plain()
    raw, text, beside = b'{"not": closed', "éa".encode() * 10, b"spilled\n"
    session.files = {f"files/{digest(content)}": content for content in (raw, text, beside)}
    session.messages[0]["parts"] = [{"type": "text", "file": digest(text)}]
    session.messages[0]["native"] = {
        "record": {"ask": {"$file": digest(text), "encoding": "utf-8"}},
        "style": "ascii",
        "files": {"a1/out.txt": digest(beside)},
    }
    session.messages[1]["native"] = {"raw_file": digest(raw)}
    native = b'{"ask":"' + b"\\u00e9a" * 10 + b'"}\n' + raw + b"\n"
    session.native(native)
    session.summary["source_files"].append(
        {"name": "a1/out.txt", "bytes": len(beside), "blake3": digest(beside)}
    )
    session.summary["preview"] = "Nothing much."
    session.summary["fidelity"] |= {"raw": 1}
    session.messages[1] |= {"role": "user", "kind": "user_msg", "actor": "human"}
    session.summary |= {"roles": {"user": 2}, "kinds": {"user_msg": 2}}
    return Vector(session.sealed())


@vector("good/deepest")
def deepest():
    """128 levels, of mappings and lists: what stands in the innermost is none."""
    session = Session().plain()
    session.manifest += ("ext:\n  a: " + "[" * 126 + "1" + "]" * 126 + "\n").encode()
    session.messages[0]["native"] = {"record": deep(126)}
    session.messages[1]["native"] = {"record": deep(126)}
    session.native((line(deep(126)) + b"\n") * 2)
    return Vector(session.sealed())


@vector("good/newer_minor")
def newer_minor():
    session = Session()
    session.manifest = session.manifest.replace(b'format: "1.0"', b'format: "1.1"')
    session.summary["format"] = "1.1"
    return Vector(session.sealed())


@vector("good/archive")
def good_archive():
    guards = {".gitattributes": b"* -text\n", ".gitignore": b"!*\n", ".cache/index.jsonl": b"?\n"}
    return archive({SHARD: Session()}, extra=guards)


# --- 0: limits and versions ---


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


def filled(path, before, count, after, *findings, session, byte=b" "):
    """A session with one file that is too large to keep: `disk.json` says how to fill it."""
    files = session.content() | {path: before + byte * count + after}
    whole = session.sealed(files)
    return filled_file(whole, path, before, count, after, *findings, byte=byte)


def filled_file(whole, path, before, count, after, *findings, root="session", byte=b" "):
    del whole[path]
    fill = {
        "path": path, "before": before.decode(), "byte": byte.decode(), "count": count,
        "after": after.decode(),
    }  # fmt: skip
    return Vector(whole, *findings, root=root, disk={"fill": [fill]})


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


def deep(levels):
    value = None
    for _ in range(levels):
        value = [value]
    return value


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


# --- 1: layout and paths ---


@vector("bad/E101_no_manifest")
def no_manifest():
    whole = Session().sealed()
    del whole["manifest.yaml"]
    return Vector(whole, ("E101", "manifest.yaml"))


@vector("bad/E102_removed_segment")
def removed_segment():
    session = Session()
    session.cut = 2
    whole = session.sealed()
    del whole[SECOND]
    return Vector(whole, ("E102", SECOND))


@vector("bad/E102_foreign_name")
def removed_notes():
    """What the layout does not know must be there, too, if it is listed."""
    whole = Session().sealed()
    whole["checksums.b3"] += f"{digest(b'notes')}  zzz.txt\n".encode()
    return Vector(whole, ("E102", "zzz.txt"))


@vector("bad/E102_removed_payload")
def removed_payload():
    whole = Session().sealed()
    path = next(path for path in whole if path.startswith("files/"))
    del whole[path]
    return Vector(whole, ("E102", path))


@vector("bad/E103_planted_redactions")
def planted_redactions():
    session = Session().plain()
    return Vector(
        session.sealed() | {"redactions.jsonl": line(redaction()) + b"\n"},
        ("E103", "redactions.jsonl"),
    )


@vector("bad/E103_planted_payload")
def planted_payload():
    content = b"planted"
    path = f"files/{digest(content)}"
    return Vector(Session().sealed() | {path: content}, ("E103", path))


@vector("bad/E104_link")
def link():
    whole = Session().plain().sealed()
    return Vector(
        whole, ("E104", "redactions.jsonl"), disk={"symlinks": {"redactions.jsonl": "/dev/null"}}
    )


@vector("bad/E104_link_for_payloads")
def link_for_payloads():
    """Payloads elsewhere: what the link leads to is not looked at, so nothing is missing."""
    session = Session()
    whole = session.sealed()
    for path in session.files:
        del whole[path]
    return Vector(whole, ("E104", "files"), disk={"symlinks": {"files": "/nowhere"}})


@vector("bad/E104_link_in_archive")
def link_in_archive():
    return archive({SHARD: Session()}, ("E104", "2026/12"), disk={"symlinks": {"2026/12": "11"}})


@vector("bad/E105_fifo")
def fifo():
    whole = Session().plain().sealed()
    return Vector(whole, ("E105", "redactions.jsonl"), disk={"fifos": ["redactions.jsonl"]})


@vector("bad/E106_empty_files")
def empty_files():
    whole = Session().plain().sealed()
    return Vector(whole, ("E106", "files"), disk={"empty_directories": ["files"]})


@vector("bad/E106_directory")
def directory():
    return Vector(Session().sealed() | {"more/notes.txt": b"hello\n"}, ("E106", "more"))


@vector("warn/W107_foreign_file")
def foreign_file():
    extra = {"README.md": b"Our sessions\n", "2026/notes.txt": b"!\n", "old/a": b"", "old/b": b""}
    return archive(
        {SHARD: Session()},
        ("W107", "2026/notes.txt"), ("W107", "README.md"), ("W107", "old"),
        extra=extra,
    )  # fmt: skip


def with_checksums(old, new, *findings):
    whole = Session().sealed()
    assert old in whole["checksums.b3"], old
    whole["checksums.b3"] = whole["checksums.b3"].replace(old, new, 1)
    return Vector(whole, *findings)


@vector("bad/E108_listed_path")
def listed_path():
    whole = Session().sealed()
    whole["checksums.b3"] += b"0" * 64 + b"  ../summary.json\n"
    number = whole["checksums.b3"].count(b"\n")
    return Vector(whole, ("E108", "checksums.b3", number))


def unsafe(*paths):
    """The session with these paths in checksums.b3, where they belong by their bytes."""
    whole = Session().plain().sealed()
    lines = whole["checksums.b3"].splitlines(keepends=True)
    lines += [b"0" * 64 + b"  " + path + b"\n" for path in paths]
    lines.sort(key=lambda each: each[66:])
    whole["checksums.b3"] = b"".join(lines)
    found = [n for n, each in enumerate(lines, 1) if each[66:-1] in paths]
    return Vector(whole, *(("E108", "checksums.b3", number) for number in found))


@vector("bad/E108_dots")
def dots():
    return unsafe(b"..", b"../a", b"./a", b"a/../../b", b"a/./b", b"...")


@vector("bad/E108_empty_element")
def empty_element():
    return unsafe(b"a//b", b"a/", b"/")


@vector("bad/E108_absolute")
def absolute():
    return unsafe(b"/etc/passwd", b"C:/a", b"c:a", b"//server/share/a", b"//?/C:/a")


@vector("bad/E108_home")
def home():
    return unsafe(b"~", b"~/a", b"~root/a")


@vector("bad/E108_windows_characters")
def windows_characters():
    return unsafe(*(b"a%cb" % char for char in b'<>:"|?*'))


@vector("bad/E108_control_characters")
def control_characters():
    return unsafe(b"a\tb", b"a\rb", b"a\x1b[2Jb", b"a\x7fb", "a\x85b".encode())


@vector("bad/E108_device_names")
def device_names():
    return unsafe(
        b"CON", b"nul.txt", b"a/aux", b"Prn.a.b", b"COM0", b"lpt9.log", b"NUL .txt",
        "COM\xb9".encode(), "lpt\xb2.a".encode(), b"CONIN$",
    )  # fmt: skip


@vector("bad/E108_dot_or_space_at_an_end")
def dot_or_space_at_an_end():
    return unsafe(b"a.", b"a ", b"a./b", b"a /b", b" a", b"a/ b")


@vector("bad/E108_leading_dash")
def leading_dash():
    return unsafe(b"-rf", b"a/--output")


@vector("bad/E108_git_look_alikes")
def git_look_alikes():
    return unsafe(
        b".git/config", b".GIT/config", b".git./config", b".git /config", b".gitmodules",
        b"git~1/config", b"GITMOD~1", ".g\u200cit/config".encode(), "\ufeff.git/config".encode(),
        b".git::$INDEX_ALLOCATION/config",
    )  # fmt: skip


@vector("bad/E108_short_name")
def short_name():
    return unsafe(b"MANIFE~1.YAM", b"a/CHECKS~2.B3")


@vector("bad/E108_normal_forms")
def normal_forms():
    return unsafe("caf\xe9".encode(), "cafe\u0301".encode(), "\ufb01le".encode())


@vector("bad/E108_bidi")
def bidi():
    return unsafe("a\u202egnp.exe".encode(), "a\u2066b".encode(), "a\u061cb".encode())


@vector("bad/E108_invisible")
def invisible():
    return unsafe(
        "a\u200bb".encode(), "a\u2060b".encode(), "a\xadb".encode(), "\U000e0061".encode()
    )


@vector("bad/E108_look_alike")
def look_alike():
    return unsafe("m\u0430nifest.yaml".encode(), "summary\uff0ejson".encode())


@vector("bad/E108_too_long")
def too_long():
    return unsafe(b"a" * 101, b"/".join([b"a" * 90] * 2))


@vector("bad/E108_not_utf8")
def not_utf8():
    return unsafe(b"a\xe9b", b"a\xed\xa0\x80b", b"a\xc0\xafb")


@vector("bad/E606_backslash")
def listed_backslash():
    whole = Session().plain().sealed()
    whole["checksums.b3"] = b"0" * 64 + b"  a\\b\n" + whole["checksums.b3"]
    return Vector(whole, ("E606", "checksums.b3", 1))


@vector("bad/E606_escaped_name")
def escaped_name():
    """What b3sum writes for a name with a line end in it."""
    whole = Session().plain().sealed()
    whole["checksums.b3"] = b"\\" + b"0" * 64 + b"  a\\nb\n" + whole["checksums.b3"]
    return Vector(whole, ("E606", "checksums.b3", 1))


@vector("good/safe_names")
def safe_names():
    """Names that look odd, but mean the same everywhere."""
    session = Session().plain()
    names = ["+", "=a", "@a", "_", "a b/a-b", "a~", "a~b", "com", "com10", "console.log"]
    session.files = {f"files/{digest(b'beside')}": b"beside"}
    session.messages[0]["native"]["files"] = {name: digest(b"beside") for name in names}
    session.summary["source_files"] = [
        {"name": name, "bytes": 6, "blake3": digest(b"beside")} for name in names
    ] + session.summary["source_files"]
    session.summary["source_files"].sort(key=lambda source: source["name"])
    return Vector(session.sealed())


@vector("bad/E108_source_name")
def source_name():
    return edited(
        "manifest.yaml", b'name: "a1.jsonl"', b'name: "/etc/passwd"',
        ("E108", "manifest.yaml", None, "/source/name"),
    )  # fmt: skip


@vector("bad/E108_native_source")
def native_source():
    def change(message):
        message["native"]["source"] = "../a1.jsonl"

    return changed(1, change, ("E108", SEGMENT, 1, "/native/source"))


@vector("bad/E108_native_source_on_windows")
def native_source_on_windows():
    def change(message):
        message["native"]["source"] = "..\\a1.jsonl"

    return changed(1, change, ("E108", SEGMENT, 1, "/native/source"))


@vector("bad/E108_native_files")
def native_files_outside():
    def change(message):
        message["native"]["files"] = {".git/hooks/post-checkout": digest(PAYLOAD)}

    return changed(1, change, ("E108", SEGMENT, 1, "/native/files"))


@vector("bad/E108_summary")
def unsafe_summary():
    session = Session()
    session.summary["source_files"][0]["name"] = "nul"
    return Vector(session.sealed(), ("E108", "summary.json", None, "/source_files/0/name"))


def named(*names):
    """The session without payloads, whose first message brings in files of these names."""
    session = Session().plain()
    address = digest(b"beside")
    session.files = {f"files/{address}": b"beside"}
    session.messages[0]["native"]["files"] = dict.fromkeys(names, address)
    beside = [{"name": name, "bytes": 6, "blake3": address} for name in names]
    session.summary["source_files"] += beside
    session.summary["source_files"].sort(key=lambda source: source["name"])
    return session


@vector("warn/W114_case")
def names_in_two_cases():
    place = "/native/files/A~1OUT.txt"
    return Vector(named("a/out.txt", "A/OUT.txt").sealed(), ("W114", SEGMENT, 1, place))


@vector("warn/W114_log")
def log_in_two_cases():
    return Vector(named("A1.JSONL").sealed(), ("W114", SEGMENT, 1, "/native/files/A1.JSONL"))


@vector("warn/W114_directory")
def directory_in_another_case():
    place = "/native/files/A~1b.txt"
    return Vector(named("a", "A/b.txt").sealed(), ("W114", SEGMENT, 1, place))


@vector("bad/E118_file_below_a_file")
def file_below_a_file():
    place = "/native/files/a1.jsonl~1b.txt"
    return Vector(named("a1.jsonl/b.txt").sealed(), ("E118", SEGMENT, 1, place))


@vector("bad/E118_source")
def file_where_a_directory_is():
    session = named("more/b.txt")
    session.messages[1]["native"]["source"] = "more"
    first, second = NATIVE.splitlines(keepends=True)[::3]
    session.native(first)
    session.summary["source_files"] += [
        {"name": name, "bytes": len(content), "blake3": digest(content)}
        for name, content in (("more", second), ("more/b.txt", b"beside"))
    ]
    return Vector(session.sealed(), ("E118", SEGMENT, 2, "/native/source"))


@vector("bad/E119_lower_case")
def lower_case_directory():
    root = f"2026/11/{ID.lower()}"
    return archive({root: Session()}, ("E119", f"{root}/manifest.yaml", None, "/id"))


@vector("bad/E119_renamed_directory")
def renamed_directory():
    root = f"{SHARD[:-1]}H"
    return archive({root: Session()}, ("E119", f"{root}/manifest.yaml", None, "/id"))


@vector("bad/E120_wrong_shard")
def wrong_shard():
    root = f"2026/10/{ID}"
    return archive({root: Session()}, ("E120", f"{root}/manifest.yaml", None, "/id"))


@vector("bad/E121_id_twice")
def id_twice():
    root = f"2026/12/{ID}"
    return archive(
        {SHARD: Session(), root: Session()},
        ("E120", f"{root}/manifest.yaml", None, "/id"),
        ("E121", f"{root}/manifest.yaml", None, "/id"),
    )


@vector("bad/E121_copy_beside")
def copy_beside():
    """Copies as people make them: between the directory and its files, in the order of bytes."""
    copies = [f"{SHARD} (1)", f"{SHARD}.bak"]
    return archive(
        {SHARD: Session().plain(), **{root: Session().plain() for root in copies}},
        *(
            (code, f"{root}/manifest.yaml", None, "/id")
            for root in copies
            for code in ("E119", "E121")
        ),
    )


@vector("warn/W123_executable")
def executable():
    return Vector(
        Session().sealed(), ("W123", SEGMENT), ("W123", "summary.json"),
        disk={"executable": ["summary.json", SEGMENT]},
    )  # fmt: skip


@vector("warn/W123_guard")
def executable_guard():
    extra = {".gitattributes": b"* -text\n"}
    disk = {"executable": [".gitattributes"]}
    return archive({SHARD: Session()}, ("W123", ".gitattributes"), extra=extra, disk=disk)


@vector("good/no_modes")
def no_modes():
    """As on a file system on which everything is executable."""
    whole = Session().sealed()
    return Vector(whole, disk={"executable": sorted(whole)})


@vector("warn/W124_uid_twice")
def uid_twice():
    other = f"{ID[:-1]}H"
    session = Session()
    session.manifest = session.manifest.replace(ID.encode(), other.encode())
    session.summary["id"] = other
    root = f"2026/11/{other}"
    return archive(
        {SHARD: Session(), root: session},
        ("W124", f"{root}/manifest.yaml", None, "/source/uid"),
    )


def related(number, parent):
    """Another session, which comes from one with this uid."""
    session = Session().plain()
    name, own = f"a{number}", f"{ID[:-1]}{number}"
    lineage = {"parent": parent, "relation": "fork"}
    text = MANIFEST.replace(ID, own).replace("a1", name)
    text = text.replace("title:", f'lineage:\n  parent: "{parent}"\n  relation: "fork"\ntitle:')
    session.manifest = text.encode()
    session.summary |= {"id": own, "uid": f"example:{name}", "native_id": name}
    follows = list(session.summary.items())
    place = list(session.summary).index("tags")
    session.summary = dict([*follows[:place], ("lineage", lineage), *follows[place:]])
    session.summary["source_files"][0]["name"] = f"{name}.jsonl"
    return f"2026/11/{own}", session


@vector("bad/E126_loop")
def loop():
    """Two sessions that come from each other, and one that comes from one of them."""
    sessions = dict([related(1, "example:a2"), related(2, "example:a1"), related(3, "example:a1")])
    places = [f"{root}/manifest.yaml" for root in sessions]
    place = "/lineage/parent"
    return archive(sessions, *(("E126", path, None, place) for path in places[:2]))


@vector("warn/W127_brought_back")
def brought_back():
    return archive(
        {SHARD: Session()},
        ("W127", f"{SHARD}/manifest.yaml", None, "/source/uid"),
        policy=ARCHIVE + 'ignored:\n  - "example:a1"\n  - "example:a2"\n',
    )


@vector("bad/E120_after_the_year_9999")
def after_the_year_9999():
    late = "7ZZZZZZZZZF3N2YJDPS3MWRXGG"
    session = Session()
    session.manifest = session.manifest.replace(ID.encode(), late.encode())
    session.summary["id"] = late
    root = f"9999/12/{late}"
    return archive({root: session}, ("E120", f"{root}/manifest.yaml", None, "/id"))


@vector("bad/E125_upper_case")
def upper_case_name():
    session = Session()
    files = session.content()
    files["SUMMARY.JSON"] = b"{}\n"
    return Vector(session.sealed(files), ("E125", "SUMMARY.JSON"))


@vector("bad/E125_short_number")
def short_number():
    session = Session()
    files = session.content() | {"messages-5.jsonl": b"{}\n"}
    return Vector(session.sealed(files), ("E125", "messages-5.jsonl"))


@vector("good/lineage")
def lineage():
    """A parent that is archived, and one that is not."""
    return archive(dict([related(2, "example:a3"), related(3, "example:a4")]))


@vector("bad/E125_unknown_name")
def unknown_name():
    session = Session()
    return Vector(session.sealed(session.content() | {"notes.txt": b"x"}), ("E125", "notes.txt"))


@vector("bad/E125_payload_name")
def payload_name():
    session = Session()
    path = f"files/{'A' * 64}"
    return Vector(session.sealed(session.content() | {path: b"x"}), ("E125", path))


# --- 2: YAML ---

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


# --- 3: framing ---


def segment(change, *findings, session=None):
    """The session with the bytes of its first segment changed before it was sealed."""
    session = session or Session()
    files = session.content()
    files[SEGMENT] = change(files[SEGMENT])
    return Vector(session.sealed(files), *findings)


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


def many(count):
    """A session of that many short messages, cut nowhere."""
    session = Session().plain()
    ids = [f"01M81CYGKK{number:016d}" for number in range(count)]
    session.messages = [
        {
            "seq": number + 1, "id": ids[number], "parent": None, "ts": None, "role": "system",
            "kind": "usage", "actor": "harness", "parts": [],
        }
        for number in range(count)
    ]  # fmt: skip
    session.cut = count
    session.summary |= {
        "ended_at": None, "messages": count, "roles": {"system": count}, "kinds": {"usage": count},
        "preview": None, "source_files": [],
        "fidelity": {
            "level": "lossy", "reasons": ["messages without a native record"], "raw": 0,
            "unknown": 0,
        },
    }  # fmt: skip
    return session


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


# --- 4: JSON ---


@vector("bad/E401_cut_line")
def cut_line():
    return segment(lambda content: content[:-3] + b"\n", ("E401", SEGMENT, 4))


@vector("bad/E402_name_twice")
def name_twice():
    return edited(
        SEGMENT, b'"role":"user"', b'"role":"user","role":"user"', ("E402", SEGMENT, 1, "/role")
    )


@vector("bad/E403_nan")
def not_a_number():
    place = "/parts/0/arguments/n"
    return edited(SEGMENT, b'{"n":1.5}', b'{"n":NaN}', ("E403", SEGMENT, 2, place))


@vector("bad/E404_integer")
def large_integer():
    place = "/parts/0/arguments/n"
    return edited(SEGMENT, b'{"n":1.5}', b'{"n":9007199254740992}', ("E404", SEGMENT, 2, place))


@vector("bad/E405_overflow")
def overflow():
    place = "/parts/0/arguments/n"
    return edited(SEGMENT, b'{"n":1.5}', b'{"n":1e400}', ("E405", SEGMENT, 2, place))


@vector("bad/E406_surrogate")
def surrogate():
    return edited(SEGMENT, b"Nothing", b"\\ud800", ("E406", SEGMENT, 4, "/parts/0/text"))


@vector("bad/E406_name")
def surrogate_in_a_name():
    place = "/parts/0/arguments"
    return edited(SEGMENT, b'{"n":1.5}', b'{"\\udc00":1.5}', ("E406", SEGMENT, 2, place))


@vector("bad/E410_space")
def space():
    return edited(SEGMENT, b'"seq":2', b'"seq": 2', ("E410", SEGMENT, 2))


@vector("bad/E410_escape")
def needless_escape():
    return edited(SEGMENT, "é".encode(), b"\\u00e9", ("E410", SEGMENT, 1))


@vector("bad/E410_key_order")
def key_order():
    old = b'"type":"tool_call","call_id":"c1","name":"Read"'
    new = b'"type":"tool_call","name":"Read","call_id":"c1"'
    return edited(SEGMENT, old, new, ("E410", SEGMENT, 2))


@vector("bad/E410_integer_as_fraction")
def integer_as_fraction():
    return edited(SEGMENT, b'"seq":2', b'"seq":2.0', ("E410", SEGMENT, 2))


@vector("bad/E410_native_key_order")
def native_key_order():
    def change(message):
        message["native"] = {"eol": "\r\n"} | message["native"]

    return changed(1, change, ("E410", SEGMENT, 1))


@vector("bad/E410_redactions")
def spelt_redaction():
    session = Session()
    session.redactions = session.redactions.replace(b":", b": ", 1)
    return Vector(session.sealed(), ("E410", "redactions.jsonl", 1))


def respelled(code, number, pointer, old, new):
    """A vector of one place in the segment that is spelt otherwise."""
    return lambda: edited(SEGMENT, old, new, (code, SEGMENT, number, pointer))


ARGUMENTS, N = b'{"n":1.5}', "/parts/0/arguments/n"
SPELLINGS = {
    "E305_cesu_8": (1, None, "𝄞".encode(), b"\xed\xa0\xb4\xed\xb4\x9e"),
    "E305_cut_character": (1, None, "é".encode(), b"\xc3"),
    "E305_five_bytes": (1, None, "é".encode(), b"\xf8\x88\x80\x80\x80"),
    "E305_beyond_unicode": (1, None, "𝄞".encode(), b"\xf4\x90\x80\x80"),
    "E401_plus_sign": (2, None, ARGUMENTS, b'{"n":+1}'),
    "E401_leading_zero": (2, None, ARGUMENTS, b'{"n":01}'),
    "E401_no_digit_before_the_point": (2, None, ARGUMENTS, b'{"n":.5}'),
    "E401_no_digit_after_the_point": (2, None, ARGUMENTS, b'{"n":1.}'),
    "E401_hexadecimal": (2, None, ARGUMENTS, b'{"n":0x1F}'),
    "E401_other_digits": (2, None, ARGUMENTS, '{"n":1\u0661}'.encode()),
    "E401_lower_case_nan": (2, None, ARGUMENTS, b'{"n":nan}'),
    "E401_python_word": (2, None, ARGUMENTS, b'{"n":None}'),
    "E401_trailing_comma": (2, None, ARGUMENTS, b'{"n":1.5,}'),
    "E401_single_quotes": (2, None, ARGUMENTS, b"{'n':1.5}"),
    "E401_name_without_quotes": (2, None, ARGUMENTS, b"{n:1.5}"),
    "E401_comment": (2, None, ARGUMENTS, b'{"n":1.5/* why */}'),
    "E401_control_character": (4, None, b"Nothing", b"No\tthing"),
    "E401_unknown_escape": (4, None, b"Nothing", b"No\\x74hing"),
    "E401_form_feed": (2, None, ARGUMENTS, b'{"n":\f1.5}'),
    "E401_no_break_space": (2, None, ARGUMENTS, '{"n":\xa01.5}'.encode()),
    "E401_record_separator": (2, None, b'{"seq":2', b'\x1e{"seq":2'),
    "E401_spliced_line": (2, None, b'"arguments":{"n":1.5}', b'"arguments":{"n":1{"seq":2}'),
    "E401_bom_in_the_middle": (2, None, b'{"seq":2', '\ufeff{"seq":2'.encode()),
    "E402_in_arguments": (2, N, ARGUMENTS, b'{"n":1.5,"n":1.5}'),
    "E402_in_native": (1, "/native/record/ask", b'{"ask":', b'{"ask":1,"ask":'),
    "E402_spelt_in_two_ways": (2, N, ARGUMENTS, b'{"n":1.5,"\\u006e":2}'),
    "E403_infinity": (2, N, ARGUMENTS, b'{"n":Infinity}'),
    "E403_minus_infinity": (2, N, ARGUMENTS, b'{"n":-Infinity}'),
    "E404_negative": (2, N, ARGUMENTS, b'{"n":-9007199254740992}'),
    "E404_five_thousand_digits": (2, N, ARGUMENTS, b'{"n":%s}' % (b"1" * 5000)),
    "E405_long_exponent": (2, N, ARGUMENTS, b'{"n":-1e99999999999}'),
    "E406_second_half": (4, "/parts/0/text", b"Nothing", b"\\uDC00"),
    "E406_halves_swapped": (4, "/parts/0/text", b"Nothing", b"\\uDD1E\\uD834"),
    "E410_escaped_slash": (4, None, b"Nothing", b"No\\/thing"),
    "E410_escaped_astral": (1, None, "𝄞".encode(), b"\\ud834\\udd1e"),
    "E410_long_escape": (4, None, b"Nothing", b"No\\u0009thing"),
    "E410_upper_case_escape": (4, None, b"Nothing", b"No\\u001Bthing"),
    "E410_exponent": (2, None, ARGUMENTS, b'{"n":1e2}'),
    "E410_more_digits": (2, None, ARGUMENTS, b'{"n":1.50}'),
    "E410_minus_zero": (2, None, ARGUMENTS, b'{"n":-0}'),
    "E410_underflow": (2, None, ARGUMENTS, b'{"n":1e-400}'),
    "E410_rounded": (2, None, ARGUMENTS, b'{"n":0.1000000000000000055511151231257827}'),
}
"""Line, pointer, and what stands where something else belongs: each in its own vector."""

for _name, (_number, _pointer, _old, _new) in SPELLINGS.items():
    vector(f"bad/{_name}")(respelled(_name[:4], _number, _pointer, _old, _new))


@vector("bad/E410_space_at_the_end")
def space_at_the_end():
    return segment(lambda content: content.replace(b"}\n", b"} \n", 1), ("E410", SEGMENT, 1))


@vector("bad/E304_utf_16")
def utf_16():
    def change(content):
        return ("\ufeff" + content.decode()).encode("utf-16-le")

    return segment(change, ("E301", SEGMENT), ("E304", SEGMENT, 1), ("E308", SEGMENT, 2))


@vector("good/strings")
def strings():
    """Characters and names that readers are known to stumble over, as themselves."""
    session = Session()
    text = "\0\b\x0b\x1b\x7f\x85\u2028\u2029\ufeff\u202e\u200b\ufffe\U0010ffff e\u0301 \xe9 <!--"
    names = ["caf\xe9", "cafe\u0301", "__proto__", "", "$ref", "a/b~c", "\x85", "\U0001f331"]
    arguments = {"text": text} | dict.fromkeys(names, text[0])
    session.messages[1]["parts"][0]["arguments"] = arguments
    session.messages[1]["native"] = {"record": {"call": {"$ref": "/parts/0/arguments"}}}
    lines = NATIVE.splitlines(keepends=True)
    lines[1] = line({"call": arguments}) + b"\n"
    session.native(b"".join(lines))
    return Vector(session.sealed())


@vector("good/numbers")
def numbers():
    """The minimal encoding of numbers, as chapter 7 has it."""
    text = (
        "[0,-1,9007199254740991,-9007199254740991,0.0,-0.0,1.0,0.1,100.0,0.00001,9.9e-6,1e16,1.5e16,"
        "9007199254740992.0,1.7976931348623157e308,5e-324]"
    )
    session = Session()
    session.messages[1]["native"] = {"record": {"call": {"$ref": "/parts/0/arguments/n"}}}
    lines = NATIVE.splitlines(keepends=True)
    lines[1] = b'{"call":%s}\n' % text.encode()
    session.native(b"".join(lines))
    files = session.content()
    files[SEGMENT] = files[SEGMENT].replace(ARGUMENTS, b'{"n":%s}' % text.encode())
    return Vector(session.sealed(files))


# --- 5: messages ---


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


# --- 6: derived files and digests ---


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


# --- 7: git ---

GUARD = """\
# The bytes below are hashed: git must never rewrite, convert or text-merge them.
* -text -ident -filter -working-tree-encoding -export-subst -export-ignore -merge diff=sessionfs
*.jsonl linguist-generated
"""
HOSTILE = """\
* text=auto eol=crlf ident merge=union export-subst filter=lfs
*.jsonl working-tree-encoding=UTF-16LE
archive/** export-ignore
"""


def in_git(files, *findings, extra=None):
    """An archive of one session in a repository with these files."""
    return archive({SHARD: Session()}, *findings, extra=extra, disk={"git": {"files": files}})


@vector("good/guarded")
def guarded():
    """What the repository says does not matter where the archive has its guard."""
    guards = {".gitattributes": GUARD.encode(), ".gitignore": b"!*\n!*/\n/.cache\n"}
    around = {".gitattributes": HOSTILE, ".gitignore": "*.jsonl\nfiles/\n"}
    return in_git(around, extra=guards)


@vector("good/guarded_from_above")
def guarded_from_above():
    """`* -text` in the repository is guard enough where nothing else is asked for."""
    return in_git({})


@vector("warn/W701_no_guard")
def no_guard():
    """Nobody says what the files are: core.autocrlf decides in every clone."""
    return in_git({".gitattributes": "*.png binary\n"}, ("W701", ".gitattributes"))


@vector("warn/W701_hostile")
def hostile_attributes():
    return in_git({".gitattributes": HOSTILE}, *[("W701", ".gitattributes")] * 7)


@vector("warn/W701_repository_s_own")
def own_attributes():
    """What outranks every .gitattributes, and is in no clone."""
    return in_git(
        {".git/info/attributes": "*.yaml text\n"},
        ("W701", ".gitattributes"),
        extra={".gitattributes": GUARD.encode()},
    )


@vector("warn/W701_deeper")
def deeper_attributes():
    """A guard further inside undoes the archive's; it is a foreign file as well."""
    extra = {".gitattributes": GUARD.encode(), "2026/.gitattributes": b"* merge=union\n"}
    return in_git({}, ("W701", ".gitattributes"), ("W107", "2026/.gitattributes"), extra=extra)


@vector("warn/W701_session")
def attributes_of_a_session():
    """A session that is verified alone; what is about no file of it does not count."""
    attributes = "* -text\nsummary.json filter=lfs\n*.md text ident\n"
    return Vector(
        Session().sealed(),
        ("W701", "summary.json"),
        disk={"git": {"files": {".gitattributes": attributes}}},
    )


@vector("warn/W702_ignored_segments")
def ignored_segments():
    """One finding for the session, at its first file: files/ is ignored as well."""
    path = next(iter(Session().files))
    around = {".gitignore": "*.jsonl\nfiles/\n"}
    return in_git(around, ("W702", f"{SHARD}/{path}"), extra={".cache/a": b""})


@vector("warn/W702_ignored_archive")
def ignored_archive():
    return in_git({".gitignore": "/archive/\n"}, ("W702", "archive.yaml"))


def pointer(content):
    """What Git LFS leaves where it did not download; the digest in it is another one."""
    said = "version https://git-lfs.github.com/spec/v1\noid sha256:{}\nsize {}\n"
    return said.format(digest(content), len(content)).encode()


@vector("bad/E704_payload")
def payload_not_there():
    session = Session()
    path = next(iter(session.files))
    return Vector(session.sealed() | {path: pointer(PAYLOAD)}, ("E704", path))


@vector("bad/E704_everything")
def nothing_there():
    whole = {path: pointer(content) for path, content in Session().sealed().items()}
    return Vector(whole, *(("E704", path) for path in sorted(whole)))


@vector("bad/E704_annex")
def annexed():
    session = Session()
    key = f"/annex/objects/SHA256E-s{len(PAYLOAD)}--{digest(PAYLOAD)}.png\n"
    path = next(iter(session.files))
    return Vector(session.sealed() | {path: key.encode()}, ("E704", path))


@vector("good/pointer_in_payload")
def pointer_in_payload():
    session = Session()
    content = pointer(b"")
    session.files[f"files/{digest(content)}"] = content
    session.messages[3]["parts"].append({"type": "text", "file": digest(content)})
    return Vector(session.sealed())


# --- history: what it was before, and what it is ---

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


# --- writing ---


def wanted():
    """Every file of every vector, by path."""
    return {
        f"{name}/{path}": content
        for name, make in VECTORS.items()
        for path, content in make().written().items()
    }


def standing():
    return {
        path.relative_to(HERE).as_posix(): path
        for kind in KINDS
        for path in (HERE / kind).rglob("*")
        if path.is_file()
    }


def main(arguments):
    want, stand = wanted(), standing()
    wrong = sorted(
        path
        for path in want.keys() | stand.keys()
        if path not in stand or path not in want or stand[path].read_bytes() != want[path]
    )
    if arguments == ["--check"]:
        for path in wrong:
            print(f"not as make.py would write it: {path}")
        return bool(wrong)
    for path in wrong:
        place = HERE / path
        if path in want:
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(want[path])
        else:
            place.unlink()
    print(f"{len(VECTORS)} vectors, {len(wrong)} files written")
    return False


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
