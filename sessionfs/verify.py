"""The ladder: structure, framing, schema, semantics, digests; of a session and of an archive.

A file that fails on one rung is not judged on the higher ones, except that digests are compared
for every file: that tells damage from bad writing. A rule that needs several files keeps still
where one of them failed, for it would only repeat that finding. Each file is read once, as a
stream; one message is held at a time. Where a rule of framing is broken on many lines, the
first one is named. The module is long because a session is judged in one pass, whose state
would only be handed around between parts.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import closing, suppress
from functools import partial
from itertools import chain, groupby
from typing import TYPE_CHECKING, Any, Final, Literal

from sessionfs import check
from sessionfs.archive import (
    CHECKSUMS,
    FILES,
    MANIFEST,
    REDACTIONS,
    SEGMENT,
    SUMMARY,
)
from sessionfs.canonical import Struct, decode, encode, indent, replace, typed_decoder
from sessionfs.check import Conversation, Explained, Rung, Segment, explain, prove_message
from sessionfs.digest import CHUNK, Hasher, digest, is_digest
from sessionfs.errors import SessionfsError
from sessionfs.identity import is_ulid
from sessionfs.identity import shard as shard_of
from sessionfs.model import MAX_LINE, Finding, Manifest, Summary
from sessionfs.schema import finding, is_plainly_valid, validate
from sessionfs.summary import Summarizer, encode_summary
from sessionfs.writer import SourceDigests
from sessionfs.yamltext import MAX_SIZE, YamlError, parse

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import BinaryIO

    from sessionfs.model import Message
    from sessionfs.tree import Tree

MAX_DERIVED: Final = 64 << 20
"""Most bytes in summary.json and in checksums.b3. Enforces E003."""

MAX_FINDINGS: Final = 1000
"""Findings after which a file is judged no further: it is broken, and hostile files are long."""

_POLICY: Final = "archive.yaml"
_GUARDS: Final = frozenset((_POLICY, ".gitattributes", ".gitignore"))
_CACHE: Final = ".cache"
_IN_SHARD: Final = re.compile(r"[0-9]{4}/[0-9]{2}/[^/]+")
_YEAR: Final = re.compile(r"[0-9]{4}/")

_decode_manifest = typed_decoder(Manifest)
_decode_summary = typed_decoder(Summary)


class Checked(Struct, frozen=True, kw_only=True):
    """How much was looked at."""

    sessions: int = 0
    messages: int = 0
    files: int = 0
    bytes: int = 0

    def __add__(self, other: Checked) -> Checked:
        """Both together."""
        return Checked(
            sessions=self.sessions + other.sessions,
            messages=self.messages + other.messages,
            files=self.files + other.files,
            bytes=self.bytes + other.bytes,
        )


class Report(Struct, frozen=True, kw_only=True):
    """What a verification found, sorted by path, line and code, and how much it looked at."""

    findings: list[Finding]
    checked: Checked

    @property
    def ok(self) -> bool:
        """Whether there is no error; warnings are fine."""
        return not self.errors

    @property
    def errors(self) -> int:
        """The number of errors."""
        return sum(found.level == "error" for found in self.findings)

    @property
    def warnings(self) -> int:
        """The number of warnings."""
        return len(self.findings) - self.errors

    @property
    def newer(self) -> bool:
        """Whether something was not judged because it asks for a newer reader."""
        return any(found.code == "E002" for found in self.findings)


def verify_session(tree: Tree, root: str = "", *, shard: str | None = None) -> Iterator[Finding]:
    """Yield what is wrong with the session below the directory `root` of a tree.

    `shard` is the `YYYY/MM` that it stands in, None outside an archive. The directory's name
    is the last element of `root`.
    """
    below = f"{root}/" if root else ""
    oddities = {path: kind for path, kind in _oddities(tree).items() if path.startswith(below)}
    verifier = _SessionVerifier(tree, root, tree.paths(root), oddities)
    yield from verifier.run(name=root.rpartition("/")[2] or None, shard=shard)


def verify_tree(tree: Tree, *, name: str | None = None) -> Report:
    """Return what is wrong with the session that a tree is; `name` is its directory's."""
    verifier = _SessionVerifier(tree, "", tree.paths(), _oddities(tree))
    return Report(findings=verifier.run(name=name), checked=verifier.checked())


class _Place(Struct, frozen=True):
    """A session's directory in an archive, with what stands in it."""

    root: str
    files: list[str]
    oddities: dict[str, str]


class _Verdict(Struct, frozen=True):
    """What is known of a session once it is verified: enough to compare it with others."""

    root: str
    id: str | None
    uid: str | None
    findings: list[Finding]
    checked: Checked


Each = Callable[[Callable[[_Place], _Verdict], Iterable[_Place]], Iterable[_Verdict]]
"""How sessions are verified: the built-in `map`, or one that spreads them over processes."""


def verify_archive(tree: Tree, *, each: Each = map) -> Report:
    """Return what is wrong with an archive: each session, and what stands around them."""
    found = list(_policy(tree))
    checked = Checked()
    if any(refusal.code == "E002" for refusal in found):
        return Report(findings=found, checked=checked)
    oddities = _oddities(tree)
    paths = sorted({*tree.paths(), *oddities}, key=_path_bytes)
    places = []
    for root, below in groupby(paths, lambda path: _session_root(path, oddities)):
        if root is None:
            found += _around(below, oddities)
        else:
            inside = list(below)
            odd = {path: oddities[path] for path in inside if path in oddities}
            places.append(_Place(root, [path for path in inside if path not in odd], odd))
    ids: dict[str, str] = {}
    uids: dict[str, str] = {}
    for verdict in each(partial(_verify_place, tree), places):
        found += verdict.findings
        checked += verdict.checked
        again = list(_same(verdict.id, ids, verdict.root, "E121", "/id"))
        found += again or _same(verdict.uid, uids, verdict.root, "W124", "/source/uid")
    return Report(findings=_sorted(found), checked=checked)


def _verify_place(tree: Tree, place: _Place) -> _Verdict:
    verifier = _SessionVerifier(tree, place.root, place.files, place.oddities)
    findings = verifier.run(name=place.root.rpartition("/")[2], shard=place.root[:7])
    return _Verdict(place.root, verifier.id, verifier.uid, findings, verifier.checked())


def merge_reports(reports: Mapping[str, Report]) -> Report:
    """Return the reports of several paths as one: the path stands before each finding's."""
    return Report(
        findings=_sorted(
            replace(found, path=f"{path.rstrip('/')}/{found.path}")
            for path, report in reports.items()
            for found in report.findings
        ),
        checked=sum((report.checked for report in reports.values()), Checked()),
    )


def _sorted(found: Iterable[Finding]) -> list[Finding]:
    def place(item: Finding) -> tuple[bytes, int, str, str]:
        line = item.line if isinstance(item.line, int) else 0
        pointer = item.pointer if isinstance(item.pointer, str) else ""
        return _path_bytes(item.path), line, item.code, pointer

    return sorted(found, key=place)


def _path_bytes(path: str) -> bytes:
    return path.encode("utf-8", "surrogateescape")


# --- an archive ---


def _oddities(tree: Tree) -> dict[str, str]:
    """Return path and kind of what is no regular file, where the tree knows such things."""
    ask = getattr(tree, "oddities", None)
    return {} if ask is None else dict(ask())


def _policy(tree: Tree) -> Iterator[Finding]:
    """Yield what is wrong with archive.yaml."""
    try:
        content = _read(tree, _POLICY, MAX_SIZE)
        value = parse(content)
    except SessionfsError as error:
        yield _yaml_finding(error, _POLICY)
        return
    if refusals := list(check.readable(value, _POLICY)):
        yield from refusals
    elif not is_plainly_valid(value, "archive"):
        yield from validate(value, "archive", _POLICY, newer=check.is_newer(value.get("format")))


def _session_root(path: str, oddities: dict[str, str]) -> str | None:
    """Return the session's directory that a path stands in, or None: any directory in a shard."""
    match = _IN_SHARD.match(path)
    if match is None or (match[0] == path and oddities.get(path) not in _DIRECTORIES):
        return None
    return match[0]


_DIRECTORIES: Final = ("directory", "empty_directory")


def _around(paths: Iterable[str], oddities: dict[str, str]) -> Iterator[Finding]:
    """Yield what stands in an archive outside its sessions. Enforces W107.

    Of a foreign directory the name is enough.
    """
    seen: set[str] = set()
    for path in paths:
        kind = oddities.get(path, "file")
        top = path.partition("/")[0]
        if top == _CACHE or (path in _GUARDS and kind == "file") or kind in _DIRECTORIES:
            continue
        if kind in _ODD:
            yield _odd(path, kind)
            continue
        place = path if _YEAR.match(path) else top
        if place not in seen:
            seen.add(place)
            yield finding("W107", place, "it belongs to no session")


def _odd(path: str, kind: str) -> Finding:
    """Return the finding about what is no file. Enforces E001, E104, E105."""
    return finding(_ODD[kind], path, _KINDS[kind])


_ODD: Final = {"symlink": "E104", "special": "E105", "unreadable": "E001"}
_KINDS: Final = {
    "symlink": "a symbolic link",
    "special": "neither a file nor a directory",
    "unreadable": "it cannot be read",
}


def _same(
    value: str | None, seen: dict[str, str], root: str, code: str, pointer: str
) -> Iterator[Finding]:
    """Yield where an earlier session has the same id or uid. Enforces E121, W124."""
    if value is not None and (first := seen.setdefault(value, root)) != root:
        yield finding(code, f"{root}/{MANIFEST}", f"also in {first}", pointer=pointer)


def _read(tree: Tree, path: str, limit: int) -> bytes:
    """Return a file's content, one byte more than the limit at most."""
    with closing(tree.open(path)) as stream:
        pieces = []
        left = limit + 1
        while left and (piece := stream.read(min(left, 4 * CHUNK))):
            pieces.append(piece)
            left -= len(piece)
    return b"".join(pieces)


def _yaml_finding(error: SessionfsError | OSError, path: str) -> Finding:
    if isinstance(error, YamlError):
        return finding(error.code, path, error.said, line=error.line, pointer=error.pointer or None)
    return _unreadable(error, path)


def _unreadable(error: Exception, path: str) -> Finding:
    """Return the finding that a file cannot be read. Enforces E001."""
    said = error.message if isinstance(error, SessionfsError) else type(error).__name__
    return finding("E001", path, said)


# --- a session ---


class _Lines:
    """The lines of a stream without their LF; None stands for one that is too long.

    `torn` is True once what follows the last LF is not empty.
    """

    def __init__(self, stream: BinaryIO, hasher: Hasher) -> None:
        self._stream = stream
        self._hasher = hasher
        self.torn = False

    def __iter__(self) -> Iterator[bytes | None]:
        held: list[bytes] = []
        size = 0
        while chunk := self._stream.read(CHUNK):
            self._hasher.update(chunk)
            first, *others = chunk.split(b"\n")
            size += len(first)
            if size < MAX_LINE:
                held.append(first)
            if not others:
                continue
            yield b"".join(held) if size < MAX_LINE else None
            yield from others[:-1]
            held = [others[-1]]
            size = len(others[-1])
        self.torn = size > 0


class _SessionVerifier:
    """One pass over one session; `run` returns what it found."""

    def __init__(
        self, tree: Tree, root: str, paths: Iterable[str], oddities: dict[str, str]
    ) -> None:
        """`paths` are the files below `root`, `oddities` what else is there, by path."""
        self.root = root
        self.id: str | None = None
        self.uid: str | None = None
        self._tree = tree
        self._prefix = f"{root}/" if root else ""
        self._paths = paths
        self._odd = oddities
        self._names: frozenset[str] = frozenset()
        self._whole = True
        self._found: list[tuple[Rung, Finding]] = []
        self._counts: Counter[str] = Counter()
        self._failed: dict[str, Rung] = {}
        self._digests: dict[str, str] = {}
        self._sizes: dict[str, int] = {}
        self._listed: dict[str, str] | None = None
        self._framing: set[tuple[str, str]] = set()
        self._messages = 0
        self._redactions = 0
        self._newer = False
        self._unknown_keys = False
        self._manifest: Manifest | None = None

    def at(self, name: str) -> str:
        """Return the path in the tree of one of the session's files."""
        return self._prefix + name

    def checked(self) -> Checked:
        """Return how much was looked at."""
        return Checked(
            sessions=1,
            messages=self._messages,
            files=len(self._sizes),
            bytes=sum(self._sizes.values()),
        )

    def run(self, *, name: str | None, shard: str | None = None) -> list[Finding]:
        """Return what is wrong with the session, sorted, as a directory `name` in a shard."""
        self._names = self._structure()
        self._checksums()
        if not self._judge_manifest(name, shard):
            return [found for _, found in self._found if found.code == "E002"]
        conversation = Conversation(self._payload, self._size_of, self._payloads())
        summarizer = Summarizer()
        sources = SourceDigests(self._manifest.source.name if self._manifest else "")
        self._judge_segments(conversation, summarizer, sources)
        self._judge_redactions()
        self._judge_payloads(conversation)
        self._judge_summary(summarizer, sources)
        self._compare_digests()
        return _sorted(
            found
            for rung, found in self._found
            if rung is Rung.DIGESTS or rung <= self._failed.get(found.path, Rung.DIGESTS)
        )

    # --- findings ---

    def _say(self, rung: Rung, *findings: Finding) -> None:
        """Keep findings; errors stop the higher rungs of their file."""
        for found in findings:
            self._counts[found.path] += 1
            if self._counts[found.path] <= MAX_FINDINGS or rung is Rung.DIGESTS:
                self._found.append((rung, found))
            if found.level == "error":
                before = self._failed.get(found.path, rung)
                self._failed[found.path] = min(before, rung)

    def _sound(self, name: str) -> bool:
        """Tell whether a file has no error below the digests."""
        return self._failed.get(self.at(name), Rung.DIGESTS) is Rung.DIGESTS

    # --- structure ---

    def _structure(self) -> frozenset[str]:
        """Return the names that the layout defines. Enforces E101, E104 to E106, E125, E613."""
        cut = len(self._prefix)
        names = set()
        directories = set()
        for path in self._paths:
            name = path[cut:]
            if is_layout_name(name):
                names.add(name)
            elif "/" in name and not name.startswith(FILES):
                directories.add(name.partition("/")[0])
            else:
                self._say(Rung.STRUCTURE, finding("E125", path, "no name of the layout"))
        for path, kind in self._odd.items():
            name = path[cut:]
            if kind in _ODD:
                self._say(Rung.STRUCTURE, _odd(path, kind))
            elif kind == "empty_directory" or ("/" not in name and name != "files"):
                directories.add(name)
        for name in directories - {""}:
            said = "no directory of the layout"
            self._say(Rung.STRUCTURE, finding("E106", self.at(name), said))
        if MANIFEST not in names and self.at(MANIFEST) not in self._odd:
            self._say(Rung.STRUCTURE, finding("E101", self.at(MANIFEST), "it is missing"))
        if SUMMARY not in names and self.at(SUMMARY) not in self._odd:
            self._say(Rung.STRUCTURE, finding("E613", self.at(SUMMARY), "it is missing"))
        return frozenset(names)

    def _payloads(self) -> frozenset[str]:
        cut = len(FILES)
        listed = self._listed or {}
        there = {name[cut:] for name in self._names if name.startswith(FILES)}
        # A payload that is listed but not there is E102's to say, once.
        return frozenset(there | {name[cut:] for name in listed if name.startswith(FILES)})

    def _payload(self, address: str) -> Iterator[bytes]:
        """Yield a payload's content; that it cannot be read is said where it is hashed."""
        if FILES + address in self._names:
            with (
                suppress(SessionfsError, OSError),
                closing(self._tree.open(self.at(FILES + address))) as stream,
            ):
                while piece := stream.read(4 * CHUNK):
                    yield piece

    def _checksums(self) -> None:
        """Read the list of digests. Enforces E102, E103, E612."""
        path = self.at(CHECKSUMS)
        content = self._read_small(CHECKSUMS, MAX_DERIVED, "E003")
        if content is None:
            if CHECKSUMS not in self._names and path not in self._odd:
                self._say(Rung.STRUCTURE, finding("E612", path, "it is missing"))
            return
        del self._digests[CHECKSUMS]
        self._listed, found = check.parse_checksums(content, path)
        self._say(Rung.STRUCTURE, *found)
        missing = {MANIFEST, SUMMARY}  # these have findings of their own
        for name in self._listed.keys() - self._names - missing:
            if self.at(name) not in self._odd and is_layout_name(name):
                self._say(Rung.STRUCTURE, finding("E102", self.at(name), "it is missing"))
        if any(broken.code == "E606" for broken in found):
            return  # a line that cannot be read may list what seems to be planted
        for name in self._names - self._listed.keys() - {CHECKSUMS}:
            self._say(
                Rung.STRUCTURE, finding("E103", self.at(name), f"{CHECKSUMS} does not list it")
            )

    def _read_small(self, name: str, limit: int, code: str) -> bytes | None:
        """Return a whole file and note its digest; None where it is not there or too large."""
        if name not in self._names:
            return None
        path = self.at(name)
        try:
            content = _read(self._tree, path, limit)
            if len(content) > limit:
                self._say(Rung.STRUCTURE, finding(code, path, f"more than {limit} bytes"))
                self._hash(name)
                return None
        except (SessionfsError, OSError) as error:
            self._say(Rung.STRUCTURE, _unreadable(error, path))
            return None
        self._digests[name] = digest(content)
        self._sizes[name] = len(content)
        return content

    def _hash(self, name: str) -> None:
        """Note digest and size of a file that is not otherwise read."""
        hasher = Hasher()
        with closing(self._tree.open(self.at(name))) as stream:
            while chunk := stream.read(4 * CHUNK):
                hasher.update(chunk)
        self._note(self.at(name), hasher)

    def _note(self, path: str, hasher: Hasher) -> None:
        name = path[len(self._prefix) :]
        self._digests[name] = hasher.hexdigest()
        self._sizes[name] = hasher.size

    # --- the manifest ---

    def _judge_manifest(self, name: str | None, shard: str | None) -> bool:
        """Judge the manifest; return False where it asks for a newer reader.

        What was damaged asks for nothing: a flipped bit in `min_reader` is E601.
        """
        content = self._read_small(MANIFEST, MAX_SIZE, "E006")
        if content is None:
            return True
        path = self.at(MANIFEST)
        try:
            value = parse(content)
        except YamlError as error:
            self._say(Rung.FRAMING, _yaml_finding(error, path))
            return True
        if refusals := list(check.readable(value, path)):
            if (self._listed or self._digests).get(MANIFEST) != self._digests[MANIFEST]:
                return True
            self._say(Rung.STRUCTURE, *refusals)
            return False
        self._newer = check.is_newer(value.get("format"))
        if not is_plainly_valid(value, "manifest"):
            found = tuple(validate(value, "manifest", path, newer=self._newer))
            self._say(Rung.SCHEMA, *found)
            self._unknown_keys |= bool(found)
            value = check.without_unknown(value, found)
        if self._sound(MANIFEST):
            self._judge_identity(value, name, shard)
        return True

    def _judge_identity(self, value: dict[str, Any], name: str | None, shard: str | None) -> None:
        """Enforces E119, E120, E218."""
        path = self.at(MANIFEST)
        try:
            self._manifest = _decode_manifest(encode(value))
        except ValueError:  # an integer is written as 1.0: no other rule of YAML forbids it
            self._say(Rung.SCHEMA, finding("E213", path, "an integer has a fraction"))
            return
        self.id, self.uid = value["id"], value["source"]["uid"]
        self._say(Rung.SEMANTICS, *check.identity(value, path, name))
        self._say(Rung.SEMANTICS, *check.uid(value, path))
        if shard is not None and _shard_of(value["id"]) != shard:
            said = f"{value['id']} in {shard}"
            self._say(Rung.SEMANTICS, finding("E120", path, said, pointer="/id"))

    # --- lines ---

    def _judge_segments(
        self, conversation: Conversation, summarizer: Summarizer, sources: SourceDigests
    ) -> None:
        def take(message: Message, native: Iterable[bytes]) -> None:
            summarizer.add(message)
            for piece in native:
                sources.add(message, piece, self._size_of)

        before: Segment | None = None
        for name in sorted(filter(_is_segment, self._names)):
            segment = Segment(self.at(name))
            conversation.open_segment(segment.path)
            try:
                self._judge_segment(segment, before, conversation, take)
            except (SessionfsError, OSError) as error:
                self._say(Rung.STRUCTURE, _unreadable(error, segment.path))
                conversation.lose()
            before = segment if self._sound(name) else None
            if before is None:
                conversation.whole = False
        missing = filter(_is_segment, (self._listed or {}).keys() - self._names)
        self._whole = conversation.whole = conversation.whole and not any(missing)
        self._say(Rung.SEMANTICS, *conversation.finish())

    def _judge_segment(
        self,
        segment: Segment,
        before: Segment | None,
        conversation: Conversation,
        take: Callable[[Message, Iterable[bytes]], None],
    ) -> None:
        path = segment.path
        hasher = Hasher()
        with closing(self._tree.open(path)) as stream:
            lines = _Lines(stream, hasher)
            for number, line in enumerate(lines, 1):
                message = None if line is None else prove_message(line)
                proved = line if message is not None else None
                if message is None:
                    message = self._explain_message(line, path, number)
                    if message is None:
                        conversation.lose()
                        continue
                if number == 1 and before is not None and line is not None:
                    self._say(Rung.SEMANTICS, *check.cuts(before, len(line) + 1))
                found, native = conversation.judge(message, number, proved)
                if found:
                    self._say(Rung.SEMANTICS, *found)
                take(message, native)
                segment.messages += 1
        if lines.torn:
            self._torn(path)
            conversation.lose()
        self._note(path, hasher)
        segment.size = hasher.size
        self._messages += segment.messages
        self._say(Rung.SEMANTICS if hasher.size else Rung.FRAMING, *segment.limits())

    def _torn(self, path: str) -> None:
        """Enforces E301."""
        self._say(Rung.FRAMING, finding("E301", path, "the last line has no LF"))

    def _size_of(self, address: str) -> int:
        name = FILES + address
        with suppress(SessionfsError, OSError):
            return self._tree.size(self.at(name)) if name in self._names else 0
        return 0

    def _explain_message(self, line: bytes | None, path: str, number: int) -> Message | None:
        """Say what is wrong with a line; return its message where that can be had."""
        explained = self._explain(line, path, number, "message")
        if explained is None or explained.broken:
            return None
        return check.typed_message(explained.value)

    def _explain(
        self, line: bytes | None, path: str, number: int, schema: Literal["message", "redactions"]
    ) -> Explained | None:
        if line is None:
            said = f"more than {MAX_LINE} bytes"
            self._say(Rung.FRAMING, finding("E005", path, said, line=number))
            return None
        if self._counts[path] >= MAX_FINDINGS:
            return None
        explained = explain(line, path, number, schema, newer=self._newer)
        first = explained.findings[0].code if explained.findings else ""
        if not first.startswith("E3") or (path, first) not in self._framing:
            self._say(explained.rung, *explained.findings)
        self._framing.add((path, first))
        self._unknown_keys |= bool(explained.findings)
        return explained

    def _judge_redactions(self) -> None:
        if REDACTIONS not in self._names:
            return
        path = self.at(REDACTIONS)
        hasher = Hasher()
        try:
            with closing(self._tree.open(path)) as stream:
                lines = _Lines(stream, hasher)
                for number, line in enumerate(lines, 1):
                    explained = self._explain_redaction(line, path, number)
                    if explained is not None and not explained.broken:
                        self._redactions += explained.value["count"]
        except (SessionfsError, OSError) as error:
            self._say(Rung.STRUCTURE, _unreadable(error, path))
            return
        if lines.torn:
            self._torn(path)
        self._note(path, hasher)

    def _explain_redaction(self, line: bytes | None, path: str, number: int) -> Explained | None:
        if line is not None:
            try:
                value = decode(line)
            except ValueError:
                pass
            else:
                if is_plainly_valid(value, "redactions") and check.is_redaction(line, value):
                    return Explained(value)
        return self._explain(line, path, number, "redactions")

    # --- payloads ---

    def _judge_payloads(self, conversation: Conversation) -> None:
        """Hash the payloads. Enforces E515, E614."""
        for name in sorted(name for name in self._names if name.startswith(FILES)):
            path, address = self.at(name), name[len(FILES) :]
            try:
                self._hash(name)
            except (SessionfsError, OSError) as error:
                self._say(Rung.STRUCTURE, _unreadable(error, path))
                continue
            if self._digests[name] != address:
                self._say(
                    Rung.DIGESTS, finding("E614", path, f"its digest is {self._digests[name]}")
                )
            if self._whole and address not in conversation.used:
                self._say(Rung.SEMANTICS, finding("E515", path, "no message names it"))

    # --- the summary ---

    def _judge_summary(self, summarizer: Summarizer, sources: SourceDigests) -> None:
        content = self._read_small(SUMMARY, MAX_DERIVED, "E003")
        if content is None:
            return
        path = self.at(SUMMARY)
        sizes = {
            name: size for name, size in self._sizes.items() if name not in (SUMMARY, CHECKSUMS)
        }
        follows: bytes | None = None
        if self._manifest is not None and self._whole and self._follows():
            derived = summarizer.finish(self._manifest, sizes, sources.finish(), self._redactions)
            follows = encode_summary(derived)
            if follows == content:
                return
        value = self._explain_summary(content, path)
        if value is None:
            return
        listed = (self._listed or sizes).keys() - {SUMMARY, CHECKSUMS}
        silent = frozenset(  # E102 and E103, or that it cannot be read, say it already
            name
            for name in sizes.keys() ^ listed
            if name in self._names or self.at(name) in self._failed
        )
        self._say(Rung.DIGESTS, *check.sizes(value["files"], sizes, silent, path))
        if follows is not None and not self._unknown_keys:
            self._say(Rung.SEMANTICS, *check.conclusions(value, decode(follows), path))

    def _follows(self) -> bool:
        """Tell whether all that a summary is derived from is there, and what it should be."""
        sources = filter(_is_segment, self._names)
        return (
            all(map(self._sound, chain(sources, (MANIFEST, REDACTIONS))))
            and all(name in self._names for name in self._listed or ())
            and all(
                self._digests.get(name) == name[len(FILES) :]
                for name in self._names
                if name.startswith(FILES)
            )
        )

    def _explain_summary(self, content: bytes, path: str) -> dict[str, Any] | None:
        """Return the value of a valid summary, or say what is wrong. Enforces E616."""
        try:
            content.decode()
        except UnicodeDecodeError:
            self._say(Rung.FRAMING, finding("E616", path, "not UTF-8"))
            return None
        explained = check.explain_json(content, path, None, syntax="E616")
        if explained.broken:
            self._say(Rung.FRAMING, *explained.findings)
            return None
        value: dict[str, Any] = explained.value
        if not self._newer and content != indent(encode(value)):
            self._say(Rung.FRAMING, finding("E616", path, check.SPELLING))
            return None
        if not is_plainly_valid(value, "summary"):
            found = tuple(validate(value, "summary", path, newer=self._newer))
            self._say(Rung.SCHEMA, *found)
            self._unknown_keys |= bool(found)
            if found:
                broken = any(problem.level == "error" for problem in found)
                return None if broken else check.without_unknown(value, found)
        try:
            minimal = encode_summary(_decode_summary(content)) == content
        except ValueError:
            minimal = False
        if not minimal:
            self._say(Rung.FRAMING, finding("E616", path, check.SPELLING))
            return None
        return value

    # --- digests ---

    def _compare_digests(self) -> None:
        """Compare every file with its listed digest, whatever else was found. Enforces E601."""
        for name, listed in (self._listed or {}).items():
            if name == CHECKSUMS:
                self._say(Rung.DIGESTS, finding("E601", self.at(name), "it lists itself"))
            elif self._digests.get(name, listed) != listed:
                said = f"its digest is {self._digests[name]}, not {listed}"
                self._say(Rung.DIGESTS, finding("E601", self.at(name), said))


def _is_segment(name: str) -> bool:
    return SEGMENT.fullmatch(name) is not None


def is_layout_name(name: str) -> bool:
    """Tell whether the layout defines this name of a file. Enforces E125."""
    return (
        name in (MANIFEST, SUMMARY, CHECKSUMS, REDACTIONS)
        or _is_segment(name)
        or (name.startswith(FILES) and is_digest(name[len(FILES) :]))
    )


def _shard_of(session_id: str) -> str | None:
    try:
        return shard_of(session_id) if is_ulid(session_id) else None
    except OverflowError:  # a time after the year 9999
        return None
