"""What the last imports read: a log that still looks the same need not be read again.

This is a cache, in the archive's `.cache`: deleting it costs time, never a session. A log
counts as seen only while its size, time and inode are what they were and the session that
it went to still has the seal that it had.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

from sessionfs.canonical import UNSET, Struct, UnsetType, encode, typed_decoder
from sessionfs.errors import SessionfsError
from sessionfs.importer import Imported

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sessionfs.disk.archive import Archive

FILE = "imported.json"

Stamp = tuple[int, int, int]
"""Size, time of the last change in nanoseconds, inode."""


class _Entry(Struct, frozen=True, kw_only=True):
    stamp: Stamp
    flavor: str
    session: str
    seal: str
    reason: str | UnsetType = UNSET


_decode = typed_decoder(dict[str, _Entry])


def stamp(path: str) -> Stamp | None:
    """Return what tells whether a file has changed, or None where it cannot be asked."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return (status.st_size, status.st_mtime_ns, status.st_ino)


class Seen:
    """The logs that were imported into one archive, by real path."""

    def __init__(self, archive: Archive | None) -> None:
        """Remember nothing where there is no archive, or its memory cannot be read."""
        self._archive = archive
        self._entries: dict[str, _Entry] = {}
        if archive is not None:
            try:
                self._entries = _decode(archive.read_cache(FILE))
            except (ValueError, SessionfsError):
                self._entries = {}
        self._sessions = (
            {} if archive is None else {p.rpartition("/")[2]: p for p in archive.paths()}
        )

    def find(self, real: str, shown: str) -> Imported | None:
        """Return the row of a log that has not changed since its session was written."""
        entry = self._entries.get(real)
        if entry is None or self._archive is None or entry.stamp != stamp(real):
            return None
        path = self._sessions.get(entry.session)
        if path is None:
            return None
        session = self._archive.session(path)
        try:
            if session.seal != entry.seal:
                return None
            summary = session.summary
        except SessionfsError:
            return None
        return Imported(
            path=shown,
            session=summary.id,
            uid=summary.uid,
            agent=entry.flavor,
            status="unchanged",
            reason=entry.reason,
            messages=summary.messages,
            fidelity=summary.fidelity.level,
            redactions=summary.redactions,
        )

    def remember(
        self, archive: Archive, rows: Iterable[Imported], stamps: Mapping[str, tuple[str, Stamp]]
    ) -> None:
        """Keep what was imported; `stamps` has real path and stamp, from before it was read.

        Where nothing can be written, nothing is kept: that costs time, no more.
        """
        with suppress(OSError, SessionfsError):
            self._remember(archive, rows, stamps)

    def _remember(
        self, archive: Archive, rows: Iterable[Imported], stamps: Mapping[str, tuple[str, Stamp]]
    ) -> None:
        places = {path.rpartition("/")[2]: path for path in archive.paths()}
        entries = dict(self._entries)
        for row in rows:
            if row.session in places and row.agent is not None and row.path in stamps:
                real, taken = stamps[row.path]
                if not real.isascii() and real != real.encode("utf-8", "replace").decode():
                    continue  # a path that is no UTF-8 has no place in JSON
                entries[real] = _Entry(
                    stamp=taken,
                    flavor=row.agent,
                    session=row.session,
                    seal=archive.session(places[row.session]).seal,
                    reason=row.reason,
                )
        if entries != self._entries:
            archive.write_cache(FILE, encode(dict(sorted(entries.items()))) + b"\n")
