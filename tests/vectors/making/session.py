# SPDX-License-Identifier: CC0-1.0
"""A session that is right, and how vectors are made of it."""

from __future__ import annotations

import copy
import json

from blake3 import blake3

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


def deep(levels):
    value = None
    for _ in range(levels):
        value = [value]
    return value


def with_checksums(old, new, *findings):
    whole = Session().sealed()
    assert old in whole["checksums.b3"], old
    whole["checksums.b3"] = whole["checksums.b3"].replace(old, new, 1)
    return Vector(whole, *findings)


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


def segment(change, *findings, session=None):
    """The session with the bytes of its first segment changed before it was sealed."""
    session = session or Session()
    files = session.content()
    files[SEGMENT] = change(files[SEGMENT])
    return Vector(session.sealed(files), *findings)


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
