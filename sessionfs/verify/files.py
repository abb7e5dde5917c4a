"""The files of one session: each is read once, and its digest noted on the way."""

from __future__ import annotations

from contextlib import closing, suppress
from typing import TYPE_CHECKING

from sessionfs.archive import FILES
from sessionfs.check.explained import Rung
from sessionfs.digest import CHUNK, Hasher, digest
from sessionfs.errors import SessionfsError
from sessionfs.model import MAX_DERIVED
from sessionfs.schema import finding
from sessionfs.verify.oddities import DIRECTORIES, unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sessionfs.tree import Tree
    from sessionfs.verify.ladder import Ladder


class Files:
    """What is known of a session's files so far, and the tree that they are read from.

    `names` are those that the layout defines, `oddities` what else stands there, by path;
    `digests` and `sizes` are of what was read, `listed` is what checksums.b3 says.
    """

    def __init__(
        self,
        tree: Tree,
        prefix: str,
        names: frozenset[str],
        oddities: Mapping[str, str],
        ladder: Ladder,
    ) -> None:
        """Read from below `prefix` in a tree; the ladder keeps what is found."""
        self.tree = tree
        self.names = names
        self.oddities = oddities
        self.ladder = ladder
        self.digests: dict[str, str] = {}
        self.sizes: dict[str, int] = {}
        self.listed: Mapping[str, str] | None = None
        self._prefix = prefix

    def at(self, name: str) -> str:
        """Return the path in the tree of one of the session's files."""
        return self._prefix + name

    def is_odd(self, name: str) -> bool:
        """Tell whether no file stands at a name, or nothing can be seen there, and that is said."""
        path = self.at(name)
        above = self.oddities.get(path.rpartition("/")[0], DIRECTORIES[0])
        return path in self.oddities or above not in DIRECTORIES

    def is_sound(self, name: str) -> bool:
        """Tell whether a file has no error below the digests."""
        return self.ladder.is_sound(self.at(name))

    def is_damaged(self, name: str) -> bool:
        """Tell whether a file that was read is not what checksums.b3 lists."""
        listed = (self.listed or {}).get(name)
        return listed is not None and self.digests.get(name, listed) != listed

    def awaited(self, name: str) -> set[str]:
        """Return the digests that a file should have: the listed one, and a payload's name."""
        named = name[len(FILES) :] if name.startswith(FILES) else None
        listed = (self.listed or {}).get(name)
        return {digest for digest in (listed, named) if digest is not None}

    def is_suspect(self, name: str) -> bool:
        """Tell whether a file that was read may hold something else than it should.

        What the list does not name is planted, whatever it holds.
        """
        if name not in self.digests or (self.listed is not None and name not in self.listed):
            return False
        return self.awaited(name) != {self.digests[name]}

    def derived(self, name: str) -> bytes | None:
        """Return summary.json or checksums.b3, None where it is not to be had. Enforces E003."""
        return self.small(name, MAX_DERIVED, "E003")

    def small(self, name: str, limit: int, code: str) -> bytes | None:
        """Return a whole file and note its digest; None where it is not there or too large."""
        if name not in self.names:
            return None
        path = self.at(name)
        try:
            content = read(self.tree, path, limit)
            if len(content) > limit:
                self.ladder.say(Rung.STRUCTURE, finding(code, path, f"more than {limit} bytes"))
                self.hash(name)
                return None
        except (SessionfsError, OSError) as error:
            self.ladder.say(Rung.STRUCTURE, unreadable(error, path))
            return None
        self.digests[name] = digest(content)
        self.sizes[name] = len(content)
        return content

    def hash(self, name: str) -> None:
        """Note digest and size of a file that is not otherwise read."""
        hasher = Hasher()
        with closing(self.tree.open(self.at(name))) as stream:
            while chunk := stream.read(4 * CHUNK):
                hasher.update(chunk)
        self.note(name, hasher)

    def note(self, name: str, hasher: Hasher) -> None:
        """Note digest and size of a file that has passed."""
        self.digests[name] = hasher.hexdigest()
        self.sizes[name] = hasher.size

    def payloads(self) -> frozenset[str]:
        """Return the digests of the payloads that are there, or should be."""
        # A payload that is listed but not there is E102's to say, once.
        names = self.names | (self.listed or {}).keys()
        return frozenset(name[len(FILES) :] for name in names if name.startswith(FILES))

    def payload(self, address: str) -> Iterator[bytes]:
        """Yield a payload's content, nothing where it has not the digest that it is named for.

        What is wrong with a payload is said where it is hashed, which comes first.
        """
        if self._is_sound_payload(address):
            with (
                suppress(SessionfsError, OSError),
                closing(self.tree.open(self.at(FILES + address))) as stream,
            ):
                while piece := stream.read(4 * CHUNK):
                    yield piece

    def payload_size(self, address: str) -> int | None:
        """Return a payload's size, None where it has not the digest that it is named for."""
        return self.sizes[FILES + address] if self._is_sound_payload(address) else None

    def _is_sound_payload(self, address: str) -> bool:
        return self.digests.get(FILES + address) == address


def read(tree: Tree, path: str, limit: int) -> bytes:
    """Return a file's content, one byte more than the limit at most."""
    with closing(tree.open(path)) as stream:
        pieces = []
        left = limit + 1
        while left and (piece := stream.read(min(left, 4 * CHUNK))):
            pieces.append(piece)
            left -= len(piece)
    return b"".join(pieces)
