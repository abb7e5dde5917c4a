# SPDX-License-Identifier: CC0-1.0
"""Sessions and archives in which nothing is wrong."""

from __future__ import annotations

from making.session import (
    ARCHIVE,
    MANIFEST,
    SHARD,
    Session,
    Vector,
    archive,
    deep,
    digest,
    line,
    vector,
)


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


REDACTION = """\
redaction:
  enabled: true
  anonymize: false
  files:
    - "../.gitleaks.toml"
  rules:
    -
      id: "lantern-token"
      description: "A token of the lantern."
      regex: "lntn_[a-z0-9]{24}"
      secretGroup: 0
      keywords:
        - "lntn_"
  disable:
    - "cookie-header"
  allow:
    - "^correct-horse$"
"""


@vector("good/archive_redaction")
def archive_with_a_policy_of_redaction():
    return archive({SHARD: Session()}, policy=ARCHIVE + REDACTION)
