"""The names that the layout of a session defines, and what stands there besides."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sessionfs.archive import FILES, MANIFEST, SUMMARY, is_layout_name
from sessionfs.check.explained import Rung
from sessionfs.schema import finding
from sessionfs.verify.oddities import odd

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sessionfs.verify.ladder import Ladder


def judge_layout(
    paths: Iterable[str], oddities: Mapping[str, str], prefix: str, ladder: Ladder
) -> frozenset[str]:
    """Return the names that the layout defines. Enforces E101, E106, E125, E613.

    `paths` are the files below `prefix`, `oddities` what else is there.
    """
    cut = len(prefix)
    names = set()
    directories = set()
    for path in paths:
        name = path[cut:]
        if is_layout_name(name):
            names.add(name)
        elif "/" in name and not name.startswith(FILES):
            directories.add(name.partition("/")[0])
        else:
            ladder.say(Rung.STRUCTURE, finding("E125", path, "no name of the layout"))
    for path, kind in oddities.items():
        name = path[cut:]
        if (found := odd(path, kind)) is not None:
            ladder.say(Rung.STRUCTURE, found)
        elif kind == "empty_directory" or ("/" not in name and name != "files"):
            directories.add(name)
    for name in directories - {""}:
        said = "no directory of the layout"
        ladder.say(Rung.STRUCTURE, finding("E106", prefix + name, said))
    for name, code in ((MANIFEST, "E101"), (SUMMARY, "E613")):
        if name not in names and prefix + name not in oddities:
            ladder.say(Rung.STRUCTURE, finding(code, prefix + name, "it is missing"))
    return frozenset(names)
