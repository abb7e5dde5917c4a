"""What is read from summaries alone: listings, children."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from sessionfs.api.places import naming
from sessionfs.canonical import Struct
from sessionfs.errors import SessionfsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sessionfs.archive import Session
    from sessionfs.collection import Collection
    from sessionfs.model import Summary


class Listed(Struct, frozen=True, kw_only=True):
    """One line of a listing: a session's path and seal beside its summary."""

    path: str
    seal: str
    summary: Summary


def list_sessions(
    archive: Collection,
    *,
    agent: str | None = None,
    tags: Iterable[str] = (),
    since: str | None = None,
    until: str | None = None,
    state: str | None = None,
    sort: Literal["newest", "oldest", "title", "messages"] = "newest",
    offset: int = 0,
    limit: int | None = None,
    unreadable: Callable[[SessionfsError], None] | None = None,
) -> list[Listed]:
    """Return a listing, of an archive or a pack, from the summaries alone.

    `since` and `until` bound the start time.
    A session that cannot be read raises, unless `unreadable` takes its error.
    """
    wanted = frozenset(tags)
    rows = []
    for session in archive.sessions():
        try:
            with naming(session):
                summary, address = session.summary, session.seal
        except SessionfsError as error:
            if unreadable is None:
                raise
            unreadable(error)
            continue
        started = summary.started_at or ""
        if (
            (agent is None or summary.flavor == agent)
            and wanted <= frozenset(summary.tags or ())
            and (since is None or started >= since)
            and (until is None or started < until or started.startswith(until))
            and (state is None or summary.state == state)
        ):
            rows.append(Listed(path=session.path, seal=address, summary=summary))
    orders: dict[str, Callable[[Listed], Any]] = {
        "newest": lambda row: row.path.rpartition("/")[2],
        "oldest": lambda row: row.path.rpartition("/")[2],
        "title": lambda row: ((row.summary.title or "").casefold(), row.path),
        "messages": lambda row: (row.summary.messages, row.path),
    }
    rows.sort(key=orders[sort], reverse=sort in ("newest", "messages"))
    return rows[offset : None if limit is None else offset + limit]


def children(session: Session, archive: Collection) -> list[Session]:
    """Return the sessions of a session's subagents, and of theirs, in the order of paths."""
    found: dict[str, Session] = {}
    parents = {session.summary.uid}
    rest = [row for row in list_sessions(archive, unreadable=lambda _: None) if row.summary.lineage]
    while fresh := [
        row
        for row in rest
        if row.path not in found
        and row.summary.lineage
        and row.summary.lineage.relation == "subagent"
        and row.summary.lineage.parent in parents
    ]:
        found |= {row.path: archive.session(row.path) for row in fresh}
        parents |= {row.summary.uid for row in fresh}
    return [found[path] for path in sorted(found)]
