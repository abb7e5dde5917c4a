"""summary.json: whether it is well spelt, and follows from the session."""

from __future__ import annotations

from codecs import BOM_UTF8
from itertools import chain, islice
from typing import TYPE_CHECKING, Any

from sessionfs.archive import CHECKSUMS, FILES, MANIFEST, REDACTIONS, SUMMARY, is_segment
from sessionfs.canonical import decode, encode, indent, typed_decoder
from sessionfs.check.explained import MAX_FINDINGS, Rung
from sessionfs.check.explanation import SPELLING, without_unknown
from sessionfs.check.jsontext import explain_json
from sessionfs.model import Summary
from sessionfs.restore import escape
from sessionfs.schema import finding, is_plainly_valid, validate
from sessionfs.summary import encode_summary

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping

    from sessionfs.model import Finding
    from sessionfs.verify.files import Files
    from sessionfs.verify.manifest import Judged
    from sessionfs.verify.segments import Messages

_decode_summary = typed_decoder(Summary)


def judge_summary(
    files: Files, content: bytes, judged: Judged, messages: Messages, redactions: int
) -> None:
    """Compare the summary with the one that follows; where it differs, say in what."""
    path = files.at(SUMMARY)
    if files.ladder.is_explained(path):
        return
    follows: bytes | None = None
    if judged.manifest is not None and messages.whole and _can_follow(files):
        derived = messages.summarizer.finish(
            judged.manifest, _content_sizes(files), messages.sources.finish(), redactions
        )
        follows = encode_summary(derived)
        if follows == content:
            return
    value = explain_summary(files, content, newer=judged.newer)
    if value is None:
        return
    compare_sizes(files, value["files"])
    if follows is not None and not files.ladder.has_unknown_keys:
        files.ladder.say(Rung.SEMANTICS, *_conclusions(value, decode(follows), path))


def compare_derived(files: Files, content: bytes, derived: Summary) -> None:
    """Compare the summary with the one that the writer derives anew. Enforces E603."""
    if encode_summary(derived) != content:
        said = "not what is derived from the session anew"
        files.ladder.say(Rung.SEMANTICS, finding("E603", files.at(SUMMARY), said, pointer=""))


def compare_sizes(files: Files, told: Mapping[str, Any]) -> None:
    """Compare the sizes that the summary tells with those that are known of the files."""
    sizes = _content_sizes(files)
    listed = (files.listed or sizes).keys() - {SUMMARY, CHECKSUMS}
    silent = frozenset(
        name for name in sizes.keys() | listed if _is_said(files, name, sizes, listed)
    )
    found = _sizes(told, sizes, silent, files.at(SUMMARY))
    files.ladder.say(Rung.DIGESTS, *islice(found, MAX_FINDINGS))


def _content_sizes(files: Files) -> dict[str, int]:
    return {name: size for name, size in files.sizes.items() if name not in (SUMMARY, CHECKSUMS)}


def _can_follow(files: Files) -> bool:
    """Tell whether all that a summary is derived from is there, and what it should be."""
    sources = filter(is_segment, files.names)
    return (
        all(map(files.is_sound, chain(sources, (MANIFEST, REDACTIONS))))
        and not any(map(files.is_damaged, files.names - {SUMMARY}))
        and all(name in files.names for name in files.listed or ())
        and all(
            files.digests.get(name) == name[len(FILES) :]
            for name in files.names
            if name.startswith(FILES)
        )
    )


def _is_said(files: Files, name: str, sizes: Container[str], listed: Container[str]) -> bool:
    """Tell whether another finding tells already that a file has not its size."""
    place = files.at(name)
    if name in sizes and name in listed:
        return files.is_damaged(name) or files.ladder.is_explained(place)
    # … E102 or E103, or that it cannot be read
    return name in files.names or files.is_odd(name) or files.ladder.has_failed(place)


def explain_summary(files: Files, content: bytes, *, newer: bool) -> dict[str, Any] | None:
    """Return the value of a valid summary, or say what is wrong. Enforces E616."""
    say, path = files.ladder.say, files.at(SUMMARY)
    try:
        content.decode()
    except UnicodeDecodeError:
        say(Rung.FRAMING, finding("E616", path, "not UTF-8"))
        return None
    if not content or content.startswith(BOM_UTF8):
        say(Rung.FRAMING, finding("E616", path, "a byte order mark" if content else "it is empty"))
        return None
    explained = explain_json(content, path, None, syntax="E616")
    if explained.broken:
        say(Rung.FRAMING, *explained.findings)
        return None
    value: dict[str, Any] = explained.value
    if not newer and content != indent(encode(value)):
        say(Rung.FRAMING, finding("E616", path, SPELLING))
        return None
    if not is_plainly_valid(value, "summary"):
        most = None if newer else MAX_FINDINGS
        found = tuple(islice(validate(value, "summary", path, newer=newer), most))
        say(Rung.SCHEMA, *found)
        if found:
            broken = any(problem.level == "error" for problem in found)
            return None if broken else without_unknown(value, found)
    try:
        minimal = encode_summary(_decode_summary(content)) == content
    except ValueError:
        minimal = False
    if not minimal:
        say(Rung.FRAMING, finding("E616", path, SPELLING))
        return None
    return value


def _sizes(
    listed: Mapping[str, Any], actual: Mapping[str, int], ignored: frozenset[str], path: str
) -> Iterator[Finding]:
    """Yield where the summary's sizes are not those of the files. Enforces E602."""
    for name in sorted((listed.keys() | actual.keys()) - ignored):
        if listed.get(name) != actual.get(name):
            said = f"{listed.get(name, 'nothing')}, not {actual.get(name, 'a file')}"
            yield finding("E602", path, said, pointer=f"/files/{escape(name)}")


def _conclusions(
    said: Mapping[str, Any], follows: Mapping[str, Any], path: str
) -> Iterator[Finding]:
    """Yield each key of a summary that does not follow from the session. Enforces E603."""
    for key in [*follows, *(key for key in said if key not in follows)]:
        if key != "files" and (pointer := _difference(said, follows, key)) is not None:
            yield finding("E603", path, "does not follow from the session", pointer=pointer)


def _difference(said: Mapping[str, Any], follows: Mapping[str, Any], key: str) -> str | None:
    """Return the place of the first difference under a key, or None."""
    place = f"/{escape(key)}"
    if key not in said or key not in follows:
        return place
    left, right = said[key], follows[key]
    if left == right and type(left) is type(right):
        return None
    if isinstance(left, dict) and isinstance(right, dict):
        for inner in [*right, *left]:
            if (deeper := _difference(left, right, inner)) is not None:
                return place + deeper
    return place
