"""A session as one revision has it: what comparing two of them asks of each."""

from __future__ import annotations

from collections import Counter
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sessionfs.archive import CHECKSUMS, FILES, MANIFEST, REDACTIONS, SEGMENT, parse_checksums
from sessionfs.canonical import MAX_DEPTH, decode, nesting
from sessionfs.digest import CHUNK, digest_stream, is_digest
from sessionfs.errors import FormatError, NotFound
from sessionfs.model import MAX_DERIVED, MAX_LINE, decode_message
from sessionfs.restore import Unresolvable, end_of_line, escape, restore_record
from sessionfs.schema import finding
from sessionfs.tree import read_bytes
from sessionfs.verify.version import readable
from sessionfs.yamltext import MAX_SIZE, YamlError, parse

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator, Mapping

    from sessionfs.model import Finding, Message
    from sessionfs.tree import Below

NEITHER: Final = object()
"""What stands for the value of a key that is not there."""


class Line(NamedTuple):
    """A line of a file with its LF; of one that is too long, the beginning."""

    name: str
    number: int
    content: bytes

    @property
    def value(self) -> dict[str, Any] | None:
        """The line's object, or None where it is none that can be looked into."""
        return as_object(self.content)


class Redaction(NamedTuple):
    """Where something was removed: the message, None for the manifest, and the place in it."""

    rule: str
    message: str | None
    pointer: str


class Edition:
    """One of the two forms of a session that are compared; its files are read when asked for."""

    def __init__(self, tree: Below) -> None:
        """Look at a session's directory."""
        self.tree = tree
        self.names = frozenset(tree.paths())
        self.segments = [name for name in tree.paths() if SEGMENT.fullmatch(name)]
        self._listed: Mapping[str, str] | None = None
        self._sound: dict[str, bool] = {}
        self._manifest: dict[str, Any] | None = None

    @property
    def manifest(self) -> dict[str, Any]:
        """The manifest's value; empty where there is none that can be read."""
        if self._manifest is None:
            self._manifest = {}
            with suppress(NotFound, YamlError):
                self._manifest = parse(read_bytes(self.tree, MANIFEST, MAX_SIZE))
        return self._manifest

    @property
    def source(self) -> dict[str, Any]:
        """What the manifest says of where the session comes from."""
        found = self.manifest.get("source")
        return found if isinstance(found, dict) else {}

    @property
    def is_newer(self) -> bool:
        """Whether the session asks for a newer reader."""
        return any(True for _ in readable(self.manifest, MANIFEST))

    def is_sound(self, name: str) -> bool:
        """Tell whether a file is what this edition's own checksums.b3 says."""
        if name not in self._sound:
            listed = self._checksums().get(name)
            self._sound[name] = listed is not None and listed == self._digest(name)
        return self._sound[name]

    def damage(self, name: str, said: str = "") -> Finding:
        """Return the finding that nothing can be compared with this edition. Enforces W717."""
        said = said or f"the earlier revision's is not what its {CHECKSUMS} says"
        return finding("W717", name, said)

    def lines(self, names: Iterable[str]) -> Generator[Line, None, None]:
        """Yield the lines of files, one file after the other."""
        for name in names:
            with closing(self.tree.open(name)) as stream:
                number = 0
                while content := stream.readline(MAX_LINE + 1):
                    number += 1
                    yield Line(name, number, content)
                    if len(content) > MAX_LINE:
                        while not content.endswith(b"\n") and (content := stream.readline(CHUNK)):
                            pass

    def redactions(self) -> Iterator[tuple[int, Redaction, int]]:
        """Yield line number, place and count of each redaction that can be read."""
        if REDACTIONS not in self.names:
            return
        for line in self.lines([REDACTIONS]):
            match line.value:
                case {"rule": str(rule), "message": str() | None as message,
                      "pointer": str(pointer), "count": int(count)}:  # fmt: skip
                    yield line.number, Redaction(rule, message, pointer), count
                case _:
                    pass

    def redacted(self) -> Counter[Redaction]:
        """Return how much was removed at each place."""
        found: Counter[Redaction] = Counter()
        for _, place, count in self.redactions():
            found[place] += count
        return found

    def redacted_by_seq(self) -> Counter[tuple[int | None, str, str]]:
        """Return how much was removed, by seq, rule and pointer: ids may be others."""
        found: Counter[tuple[int | None, str, str]] = Counter()
        for line in self.lines([REDACTIONS]) if REDACTIONS in self.names else ():
            match line.value:
                case {"rule": str(rule), "seq": int() | None as seq,
                      "pointer": str(pointer), "count": int(count)}:  # fmt: skip
                    found[seq, rule, pointer] += count
                case _:
                    pass
        return found

    def payload(self, address: str) -> bytes:
        """Return a payload that one line may stand for; raises `KeyError` without one."""
        name = FILES + address
        if name not in self.names or not is_digest(address) or self.tree.size(name) > MAX_LINE:
            raise KeyError(address)
        return read_bytes(self.tree, name)

    def native_line(self, message: Message) -> Iterator[bytes]:
        """Yield the native line that a message stands for, line end included, in pieces.

        Raises `ValueError` where it cannot be restored.
        """
        if not isinstance(message.native, dict):
            raise Unresolvable("no native record")
        match message.native:
            case {"raw_file": str(address)} if FILES + address in self.names:
                with closing(self.tree.open(FILES + address)) as stream:
                    while piece := stream.read(CHUNK):
                        yield piece
            case native:
                yield restore_record(native, message, self.payload)
        yield end_of_line(message.native)

    def _checksums(self) -> Mapping[str, str]:
        if self._listed is None:
            self._listed = {}
            with suppress(NotFound, FormatError):
                self._listed = parse_checksums(read_bytes(self.tree, CHECKSUMS, MAX_DERIVED))
        return self._listed

    def _digest(self, name: str) -> str | None:
        with suppress(NotFound), closing(self.tree.open(name)) as stream:
            return digest_stream(stream)[0]
        return None


def as_object(text: bytes) -> dict[str, Any] | None:
    """Return the object that a text is, or None where it is none that can be looked into."""
    if len(text) > MAX_LINE:
        return None
    try:
        value = decode(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) and nesting(value) <= MAX_DEPTH else None


def as_message(line: Line) -> Message | None:
    """Return the message that a line is, or None, also where its native record has odd types."""
    try:
        message = decode_message(line.content)
    except (ValueError, RecursionError):
        return None
    return message if _is_native(message.native) else None


def _is_native(value: object) -> bool:
    """Tell whether what a native record says around the record has the types that are read."""
    if not isinstance(value, dict):
        return True  # it has none: that is asked where one is needed
    files = value.get("files", {})
    return (
        all(isinstance(value.get(key, ""), str) for key in ("eol", "source"))
        and isinstance(files, dict)
        and all(isinstance(address, str) for address in files.values())
    )


def differences(old: Any, new: Any, pointer: str = "") -> Iterator[tuple[str, Any, Any]]:  # noqa: ANN401  JSON is any value
    """Yield each place where two JSON values differ, with what stands there on both sides."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in [*old, *(key for key in new if key not in old)]:
            place = f"{pointer}/{escape(key)}"
            yield from differences(old.get(key, NEITHER), new.get(key, NEITHER), place)
    elif isinstance(old, list) and isinstance(new, list):
        for number in range(max(len(old), len(new))):
            left, right = (side[number] if number < len(side) else NEITHER for side in (old, new))
            yield from differences(left, right, f"{pointer}/{number}")
    elif type(old) is not type(new) or old != new:
        yield pointer, old, new
