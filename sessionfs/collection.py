"""Sessions that stand together, in an archive or in a pack: looked up by path, ULID or uid."""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import suppress
from typing import TYPE_CHECKING

from sessionfs.errors import SessionfsError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sessionfs.archive import Session


class Collection(ABC):
    """Sessions by their paths, `YYYY/MM/ULID`, to read."""

    def __init__(self, name: str) -> None:
        """`name` is the place that a person would name."""
        self.name = name
        self._by_uid: dict[str, Session] | None = None
        self._branches: dict[str, set[str]] = {}

    @abstractmethod
    def paths(self) -> list[str]:
        """Return the path of each session, `YYYY/MM/ULID`, sorted by bytes."""

    @abstractmethod
    def session(self, path: str) -> Session:
        """Return the session at a path `YYYY/MM/ULID`, unread."""

    def sessions(self) -> Iterator[Session]:
        """Yield each session, unread, in the order of paths."""
        return (self.session(path) for path in self.paths())

    def find(self, uid: str) -> Session | None:
        """Return the session with this uid, or None."""
        return self._index().get(uid)

    def branches(self, uid: str) -> list[Session]:
        """Return the forks, continuations and copies of a uid, sorted by uid."""
        index = self._index()
        return [index[name] for name in sorted(self._branches.get(_trunk(uid), ())) if name != uid]

    def _index(self) -> dict[str, Session]:
        if self._by_uid is None:
            self._by_uid, self._branches = {}, {}
            for session in self.sessions():
                with suppress(SessionfsError):  # one that cannot be read is verify's to name
                    self._remember(session)
        return self._by_uid

    def _remember(self, session: Session) -> None:
        """Take a session that is new or another now into the index, where there is one."""
        if self._by_uid is not None:
            uid = session.summary.uid
            self._by_uid[uid] = session
            if "#" in uid:
                self._branches.setdefault(_trunk(uid), set()).add(uid)

    def _forget(self) -> None:
        """Have sessions looked up anew: others may have changed them."""
        self._by_uid = None


def _trunk(uid: str) -> str:
    return uid.partition("#")[0]
