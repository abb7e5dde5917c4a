"""An archive verified: each of its sessions, and what stands around them."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Final

from sessionfs.archive import MANIFEST
from sessionfs.canonical import Struct
from sessionfs.errors import SessionfsError
from sessionfs.schema import finding, is_plainly_valid, validate
from sessionfs.tree import path_bytes
from sessionfs.verify.conversion import undone
from sessionfs.verify.damage import conflicting, converted, pointed
from sessionfs.verify.files import read
from sessionfs.verify.lineage import judge_lineage
from sessionfs.verify.manifest import own_shard, yaml_finding
from sessionfs.verify.modes import judge_modes
from sessionfs.verify.oddities import DIRECTORIES, odd, oddities, unreadable
from sessionfs.verify.report import Checked, Mode, Report, Verdict, in_order
from sessionfs.verify.session import judge_session
from sessionfs.verify.version import is_newer, readable
from sessionfs.yamltext import MAX_SIZE, YamlError, parse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sessionfs.model import Finding
    from sessionfs.tree import Tree

_POLICY: Final = "archive.yaml"
_GUARDS: Final = frozenset((_POLICY, ".gitattributes", ".gitignore"))
_CACHE: Final = ".cache"
_GIT: Final = ".git"
_IN_SHARD: Final = re.compile(r"[0-9]{4}/[0-9]{2}/[^/]+")
_YEAR: Final = re.compile(r"[0-9]{4}/")


class Place(Struct, frozen=True):
    """A session's directory in an archive, with what stands in it."""

    root: str
    files: list[str]
    oddities: dict[str, str]


Each = Callable[[Callable[[Place], Verdict], Iterable[Place]], Iterable[Verdict]]
"""How sessions are verified: the built-in `map`, or one that spreads them over processes."""


def verify_archive(
    tree: Tree, *, mode: Mode = "full", each: Each = map, packed: bool = False
) -> Report:
    """Return what is wrong with an archive: each session, and what stands around them.

    What is `packed` is sessions without an archive.yaml.
    """
    said, ignored = ([], frozenset()) if packed else _policy(tree)
    policy = Report(findings=said, checked=Checked(), archives=("",), mode=mode)
    if policy.newer:
        return policy
    found, checked = policy.findings, policy.checked
    odd_ones = oddities(tree)
    paths = sorted({*tree.paths(), *odd_ones}, key=path_bytes)
    found += judge_modes(tree, [p for p in paths if p in _GUARDS and p not in odd_ones])
    around: list[str] = []
    below: dict[str, list[str]] = {}
    for path in paths:  # `ID.bak/…` comes between `ID` and `ID/…`
        root = _session_root(path, odd_ones)
        (around if root is None else below.setdefault(root, [])).append(path)
    found += _around(around, odd_ones)
    places = [_place(root, below[root], odd_ones) for root in sorted(below, key=path_bytes)]
    ids: dict[str, str] = {}
    uids: dict[str, str] = {}
    parents: dict[str, tuple[str, str | None]] = {}
    judged = list(zip(places, each(partial(_judge, tree, mode), places), strict=True))
    for _, verdict in judged:
        found += verdict.findings
        checked += verdict.checked
    for place, verdict in sorted(judged, key=lambda pair: not _is_at_home(*pair)):
        again = list(_same(verdict.id, ids, place.root, "E121", "/id"))
        found += again or _same(verdict.uid, uids, place.root, "W124", "/source/uid")
        if verdict.uid is not None:
            found += _removed(verdict.uid, ignored, place.root)
            parents.setdefault(verdict.uid, (place.root, verdict.parent))
    found += judge_lineage(parents)
    return Report(
        findings=in_order(found),
        checked=checked,
        archives=("",),
        sessions=tuple(place.root for place in places),
        mode=mode,
    )


def _place(root: str, paths: list[str], odd_ones: dict[str, str]) -> Place:
    here = {path: odd_ones[path] for path in paths if path in odd_ones}
    return Place(root, [path for path in paths if path not in here], here)


def _is_at_home(place: Place, verdict: Verdict) -> bool:
    """Tell whether a session stands where its id says: of two with one id, that one is right."""
    return verdict.id is not None and place.root == f"{own_shard(verdict.id)}/{verdict.id}"


def _judge(tree: Tree, mode: Mode, place: Place) -> Verdict:
    root, odd_ones = place.root, place.oddities
    name = root.rpartition("/")[2]
    return judge_session(tree, root, place.files, odd_ones, name=name, shard=root[:7], mode=mode)


def _policy(tree: Tree) -> tuple[list[Finding], frozenset[str]]:
    """Return what is wrong with archive.yaml, and the uids that it ignores."""
    found: list[Finding] = []
    ignored: list[str] = []
    try:
        content = read(tree, _POLICY, MAX_SIZE)
        value = parse(content)
        found += readable(value, _POLICY)
        if not found and not is_plainly_valid(value, "archive"):
            found += validate(value, "archive", _POLICY, newer=is_newer(value.get("format")))
        if not any(each.level == "error" for each in found):
            ignored = value.get("ignored", [])
    except YamlError as error:
        found.append(policy_damage(content) or yaml_finding(error, _POLICY))
    except SessionfsError as error:
        found.append(unreadable(error, _POLICY))
    return found, frozenset(ignored)


def policy_damage(content: bytes) -> Finding | None:
    """Return what happened to archive.yaml, which no digest covers, where it tells."""
    cause = pointed(content, _POLICY) or conflicting(content, _POLICY)
    if cause is None and (before := undone(content)) is not None:
        text, words = before
        with suppress(YamlError):
            parse(text)
            return converted(_POLICY, words)
    return cause


def _session_root(path: str, oddities: dict[str, str]) -> str | None:
    """Return the session's directory that a path stands in, or None: any directory in a shard."""
    match = _IN_SHARD.match(path)
    if match is None or (match[0] == path and oddities.get(path) not in DIRECTORIES):
        return None
    return match[0]


def _around(paths: Iterable[str], oddities: dict[str, str]) -> Iterator[Finding]:
    """Yield what stands in an archive outside its sessions. Enforces W107.

    Of a foreign directory the name is enough.
    """
    seen: set[str] = set()
    for path in paths:
        kind = oddities.get(path, "file")
        top = path.partition("/")[0]
        if (top == _CACHE and path != _CACHE) or kind in DIRECTORIES:
            continue
        if top == _GIT and kind != "symlink":
            continue  # a repository, or a linked work tree, whose top is the archive
        if path in _GUARDS and kind == "file":
            continue
        if (found := odd(path, kind)) is not None:
            yield found
            continue
        place = path if _YEAR.match(path) else top
        if place not in seen:
            seen.add(place)
            yield finding("W107", place, "it belongs to no session")


def _removed(uid: str, ignored: Collection[str], root: str) -> Iterator[Finding]:
    """Yield where a session is there that was removed. Enforces W127."""
    if uid in ignored:
        yield finding("W127", f"{root}/{MANIFEST}", f"{uid} is ignored", pointer="/source/uid")


def _same(
    value: str | None, seen: dict[str, str], root: str, code: str, pointer: str
) -> Iterator[Finding]:
    """Yield where an earlier session has the same id or uid. Enforces E121, W124."""
    if value is not None and (first := seen.setdefault(value, root)) != root:
        yield finding(code, f"{root}/{MANIFEST}", f"also in {first}", pointer=pointer)
