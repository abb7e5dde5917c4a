# SPDX-License-Identifier: CC0-1.0
"""1: layout and paths."""

from __future__ import annotations

from making.session import (
    ARCHIVE,
    ID,
    NATIVE,
    PAYLOAD,
    SECOND,
    SEGMENT,
    SHARD,
    Session,
    Vector,
    archive,
    changed,
    digest,
    edited,
    line,
    redaction,
    related,
    vector,
)


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
