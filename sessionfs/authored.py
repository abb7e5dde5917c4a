"""The manifest that an import writes: who the session is, and what its log says of the place.

Facts are written once. One that the log had not said yet may be added when it has grown;
nothing is ever changed, and what people have written stays as they wrote it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sessionfs.canonical import UNSET, UnsetType, replace, to_plain
from sessionfs.home import tilde, without_user
from sessionfs.identity import format_time
from sessionfs.model import (
    FORMAT,
    MIN_READER,
    Agent,
    Lineage,
    Manifest,
    Source,
    Workspace,
)
from sessionfs.yamltext import edit

if TYPE_CHECKING:
    from sessionfs.adapters import Adapter
    from sessionfs.draft import Facts
    from sessionfs.logs import Identity

_LONGEST_FACT = 4096


def new_manifest(
    identifier: str, adapter: Adapter, identity: Identity, lineage: Lineage | None, facts: Facts
) -> Manifest:
    """Return the manifest of a session that is archived for the first time."""
    return Manifest(
        format=FORMAT,
        min_reader=MIN_READER,
        id=identifier,
        source=Source(
            flavor=adapter.flavor,
            native_id=identity.native_id,
            uid=identity.uid,
            nature="log",
            adapter=_adapter_name(adapter),
            name=identity.name,
        ),
        agent=Agent(name=adapter.agent, version=_told(facts.version)),
        started_at=None if identity.millis is None else format_time(identity.millis),
        workspace=_workspace(facts, Workspace()),
        lineage=lineage or UNSET,
    )


def grown_manifest(
    before: Manifest, text: bytes, adapter: Adapter, facts: Facts, *, rewrite: bool
) -> tuple[Manifest, bytes]:
    """Return the manifest with the facts that it lacked, and its text, comments kept.

    With `rewrite` it names the mapping that now wrote all messages.
    """
    agent, workspace = before.agent, before.workspace or Workspace()
    if not agent.version:
        agent = replace(agent, version=_told(facts.version))
    source = replace(before.source, adapter=_adapter_name(adapter)) if rewrite else before.source
    after = replace(before, agent=agent, workspace=_workspace(facts, workspace), source=source)
    changes = {
        key: to_plain(getattr(after, key))
        for key in ("source", "agent", "workspace")
        if getattr(after, key) != getattr(before, key)
    }
    return after, edit(text, changes) if changes else text


def _adapter_name(adapter: Adapter) -> str:
    return f"{adapter.flavor}/{adapter.mapping}"


def _told(fact: str | None) -> str | UnsetType:
    """Return what a log told, if it can be a fact: not empty, and no more than a path can be."""
    return fact if fact and len(fact) <= _LONGEST_FACT else UNSET


def _workspace(facts: Facts, before: Workspace) -> Workspace | UnsetType:
    """Return the workspace: what was known stays, what was not is taken from the log."""
    after = Workspace(
        repository=before.repository or _told(without_user(facts.repository or "")),
        branch=before.branch or _told(facts.branch),
        commit=before.commit or _told(facts.commit),
        cwd=before.cwd or _told(tilde(facts.cwd or "")),
    )
    return UNSET if after == Workspace() else after
