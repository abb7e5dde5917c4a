"""The facts of a manifest that are written once, compared with what an earlier edition says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sessionfs.archive import MANIFEST
from sessionfs.history.edition import NEITHER, differences
from sessionfs.schema import finding
from sessionfs.verify.version import version

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sessionfs.history.edition import Edition
    from sessionfs.history.redacted import Redactions
    from sessionfs.model import Finding

_FACTS: Final = ("id", "source", "agent", "started_at", "workspace", "lineage")
_VERSIONS: Final = ("format", "min_reader")


def judge_facts(old: Edition, new: Edition, redactions: Redactions) -> Iterator[Finding]:
    """Yield each fact that is another one, or gone. Enforces E711.

    One that was not known may be there now; a rewrite names the mapping that made it.
    """
    if not new.manifest:
        return  # that it cannot be read is said already
    if not old.manifest:
        yield old.damage(MANIFEST)
        return
    changed = [
        pointer
        for key in _FACTS
        for pointer, before, after in differences(
            old.manifest.get(key, NEITHER), new.manifest.get(key, NEITHER), f"/{key}"
        )
        if before is not NEITHER
        and before is not None
        and not (pointer == "/source/adapter" and _name(before) == _name(after))
        and not redactions.explain_manifest(pointer, before, after)
    ]
    changed += [f"/{key}" for key in _VERSIONS if _is_lower(new.manifest, old.manifest, key)]
    if changed and not old.is_sound(MANIFEST):
        yield old.damage(MANIFEST)
        return
    for pointer in changed:
        yield finding("E711", MANIFEST, "the earlier revision says otherwise", pointer=pointer)


def _name(adapter: object) -> str:
    return str(adapter).rpartition("/")[0]


def _is_lower(new: dict[str, object], old: dict[str, object], key: str) -> bool:
    return (version(new.get(key)) or (0, 0)) < (version(old.get(key)) or (0, 0))
