# SPDX-License-Identifier: CC0-1.0
"""7: git."""

from __future__ import annotations

from making.session import PAYLOAD, SHARD, Session, Vector, archive, digest, vector

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
