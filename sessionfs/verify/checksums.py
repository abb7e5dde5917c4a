"""checksums.b3: the files that it lists, and the digests that they should have."""

from __future__ import annotations

import re
from codecs import BOM_UTF8
from itertools import islice
from typing import TYPE_CHECKING

from sessionfs.archive import (
    CHECKSUMS,
    MANIFEST,
    SUMMARY,
    format_checksums,
    is_layout_name,
    lines_of,
)
from sessionfs.check.explained import EXCERPT, MAX_FINDINGS, Rung
from sessionfs.model import MAX_DERIVED
from sessionfs.schema import finding
from sessionfs.tree import is_safe_path
from sessionfs.verify.conversion import undone
from sessionfs.verify.damage import conflicting, converted, cut_off, pointed, told
from sessionfs.verify.files import read

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sessionfs.model import Finding
    from sessionfs.verify.files import Files

_CHECKSUM = re.compile(rb"([0-9a-f]{64})  ([^\n\\\0]+)\n")


def judge_checksums(files: Files) -> None:
    """Read the list of digests. Enforces E102, E103, E612."""
    say, path = files.ladder.say, files.at(CHECKSUMS)
    content = files.derived(CHECKSUMS)
    if content is None:
        if CHECKSUMS not in files.names and path not in files.oddities:
            say(Rung.STRUCTURE, finding("E612", path, "it is missing"))
        return
    del files.digests[CHECKSUMS]
    if not content:
        say(Rung.STRUCTURE, finding("E612", path, "it is empty"))
        return
    digests, found = _parse(content, path)
    if found:
        if (cause := pointed(content, path) or conflicting(content, path)) is not None:
            say(Rung.DAMAGE, cause)
            return
        digests, found = _unconverted(files, content) or (digests, found)
    files.listed = digests
    say(Rung.STRUCTURE, *found)
    missing = {MANIFEST, SUMMARY}  # these have findings of their own
    missed = (
        name
        for name in sorted(files.listed.keys() - files.names - missing)
        if not files.is_odd(name) and _is_missed(files, name)
    )
    for name in islice(missed, MAX_FINDINGS):  # a list is longer than what it lists
        say(Rung.STRUCTURE, finding("E102", files.at(name), "it is missing"))
    if any(broken.code == "E606" for broken in found):
        return  # a line that cannot be read may list what seems to be planted
    for name in files.names - files.listed.keys() - {CHECKSUMS}:
        say(Rung.STRUCTURE, finding("E103", files.at(name), f"{CHECKSUMS} does not list it"))


def _is_missed(files: Files, name: str) -> bool:
    """Tell whether a listed file that is not among the layout's should be told of as missing.

    Of a name that the layout does not know, other findings may speak: that it is unsafe, or that
    a file or a directory stands there.
    """
    places = (files.at(name), files.at(name.partition("/")[0]))
    return is_layout_name(name) or (
        is_safe_path(name) and not any(map(files.ladder.has_failed, places))
    )


def _parse(content: bytes, path: str) -> tuple[dict[str, str], list[Finding]]:
    """Return digest by path, and what is wrong with checksums.b3. Enforces E108, E606, E611."""
    digests: dict[str, str] = {}
    found: list[Finding] = []

    def say(code: str, said: str, number: int) -> None:
        if len(found) < MAX_FINDINGS:
            found.append(finding(code, path, said, line=number))

    last = line = b""
    number = strange = 0
    for number, line in enumerate(lines_of(content), 1):
        if not line.endswith(b"\n") or strange == MAX_FINDINGS:  # that is no list
            break
        match = _CHECKSUM.fullmatch(line)
        if match is None:
            strange += 1
            say("E606", _no_line(line, number), number)
            continue
        name = match[2].decode("utf-8", "replace")
        if not is_safe_path(name):
            say("E108", f"{name[:EXCERPT]!r}", number)
        elif match[2] <= last:
            say("E611", f"{name} stands too late", number)
        last = max(last, match[2])
        digests.setdefault(name, match[1].decode())
    if not line.endswith(b"\n"):
        said = "NULs, as a crash leaves them" if line.endswith(b"\0") else "no LF at the end"
        say("E606", said, number)
    return digests, found


def _no_line(line: bytes, number: int) -> str:
    if number == 1 and line.startswith(BOM_UTF8):
        return "a byte order mark"
    return "a NUL" if b"\0" in line else "no line of b3sum"


def _unconverted(files: Files, content: bytes) -> tuple[dict[str, str], list[Finding]] | None:
    """Return what the list says once a conversion of it is undone, None where there was none."""
    before = undone(content)
    if before is None:
        return None
    text, words = before
    path = files.at(CHECKSUMS)
    digests, found = _parse(text, path)
    if any(broken.code == "E606" for broken in found):
        return None
    files.ladder.say(Rung.DAMAGE, converted(path, words))
    return digests, found


def compare_list(files: Files, digests: Mapping[str, str]) -> None:
    """Compare the list with the one that the writer makes anew. Enforces E611."""
    path = files.at(CHECKSUMS)
    if read(files.tree, path, MAX_DERIVED) != format_checksums(digests):
        files.ladder.say(Rung.DIGESTS, finding("E611", path, "not the list that is made anew"))


def compare_digests(files: Files, damaged: Mapping[str, int], summary: bytes | None) -> None:
    """Compare every file with its listed digest, whatever else was found. Enforces E601.

    Where the file's content tells what happened to it, that is said instead. `damaged` counts
    the messages of segments that are not what was sealed, `summary` is what summary.json holds.
    """
    say = files.ladder.say
    for name in sorted(filter(files.is_suspect, files.names - {CHECKSUMS})):
        cause, remark = told(files, name)
        if cause is None and files.is_damaged(name):
            cause = cut_off(files, name, damaged, summary)
        if cause is not None:
            say(Rung.DAMAGE, cause)
        elif files.is_damaged(name):
            said = f"its digest is {files.digests[name]}, not {(files.listed or {})[name]}"
            found = finding("E601", files.at(name), f"{said}: {remark}" if remark else said)
            say(Rung.DIGESTS, found)
    if CHECKSUMS in (files.listed or ()):
        say(Rung.DIGESTS, finding("E601", files.at(CHECKSUMS), "it lists itself"))
