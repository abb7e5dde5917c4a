"""History: what a newer form of an archive owes to an earlier one. A pure function on two trees.

Messages are appended and never changed or lost; facts are written once; a session is removed on
the record, or not at all. A tree of git proves that a file is unchanged by git's own object
id, so bytes are compared only where something differs, and then against the earlier bytes, not
against a digest that somebody may have made anew.
"""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any, Final

from sessionfs.archive import MANIFEST, SEGMENT, SUMMARY
from sessionfs.canonical import replace
from sessionfs.digest import CHUNK
from sessionfs.errors import SessionfsError
from sessionfs.history.edition import Edition, as_object
from sessionfs.history.facts import judge_facts
from sessionfs.history.forked import Forks
from sessionfs.history.redacted import Redactions, judge_record
from sessionfs.history.unchanged import Messages
from sessionfs.model import MAX_DERIVED
from sessionfs.schema import finding
from sessionfs.tree import Below, read_bytes
from sessionfs.verify.damage import TELLS_ALL
from sessionfs.verify.guards import IN_SESSION
from sessionfs.verify.report import Report, in_order
from sessionfs.verify.version import readable
from sessionfs.yamltext import MAX_SIZE, YamlError, parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sessionfs.model import Finding
    from sessionfs.tree import Tree

_POLICY: Final = "archive.yaml"


def compare_archives(old: Tree, new: Tree) -> list[Finding]:
    """Return how an archive breaks with what it was in an earlier tree, which may be empty.

    A session is the same where its directory is. Paths are those of the new tree; of what is
    gone, those that it had.
    """
    policy = _policy(new)
    if any(True for _ in readable(policy, _POLICY)):
        return []
    ignored = policy.get("ignored")
    uids = ignored if isinstance(ignored, list) else []
    removed = frozenset(uid for uid in uids if isinstance(uid, str))
    before, after = _sessions(old), _sessions(new)
    found = [] if before else list(_absent(old))
    forks = Forks(new, after)
    for root, names in before.items():
        was = Below(old, root, names)
        if root in after:
            inside = compare_sessions(was, Below(new, root, after[root]))
            if any(one.level == "error" for one in inside):
                inside = forks.explain(was, Below(new, root, after[root])) or inside
            found += (replace(one, path=f"{root}/{one.path}") for one in inside)
        elif MANIFEST in names or any(map(SEGMENT.fullmatch, names)):
            found.append(_gone(root, Edition(was), removed))
    return in_order(found)


def compare_sessions(old: Below, new: Below) -> list[Finding]:
    """Return how a session breaks with what it was in an earlier tree, which may be empty."""
    if not old.paths():
        return []
    try:
        return in_order(_compare(Edition(old), Edition(new), old, new))
    except (SessionfsError, OSError):
        if _is_readable(new):
            raise
        return []  # what cannot be read now is named by the verification itself


def with_history(report: Report, found: Iterable[Finding]) -> Report:
    """Return a report with what comparing with an earlier tree has found.

    Of a file that was converted, or is only a pointer, no line is named: it is told already.
    """
    told = {one.path for one in report.findings if one.code in TELLS_ALL}
    more = (one for one in found if one.path not in told)
    return replace(report, findings=in_order((*report.findings, *more)))


def _compare(old: Edition, new: Edition, was: Below, now: Below) -> Iterator[Finding]:
    if new.is_newer:
        return
    if old.is_newer:
        yield old.damage(MANIFEST, "the earlier revision asks for a newer reader")
        return
    redactions = Redactions(old, new)
    yield from judge_facts(old, new, redactions)
    messages = Messages(old, new, redactions)
    yield from messages.judge(lambda name: _is_same(was, now, name))
    yield from judge_record(old, new, rewritten=messages.is_rewritten, completed=messages.completed)


def _absent(old: Tree) -> Iterator[Finding]:
    """Yield the finding that a tree without sessions is no archive at all. Enforces W718."""
    if _POLICY not in old.paths():
        yield finding("W718", _POLICY, "the earlier revision has no archive here")


def _gone(root: str, old: Edition, removed: frozenset[str]) -> Finding:
    """Return the finding that a session is not there any more. Enforces E710, W710."""
    said = (old.source.get("uid"), _summary(old).get("uid"))
    uid = next((uid for uid in said if uid and isinstance(uid, str)), None)
    if uid in removed:
        return finding("W710", root, f"archive.yaml ignores {uid}")
    return finding("E710", root, f"archive.yaml does not record {uid or 'it'} as removed")


def _summary(old: Edition) -> dict[str, Any]:
    if SUMMARY not in old.names:
        return {}
    return as_object(read_bytes(old.tree, SUMMARY, MAX_DERIVED)) or {}


def _policy(tree: Tree) -> dict[str, Any]:
    try:
        return parse(read_bytes(tree, _POLICY, MAX_SIZE))
    except (YamlError, SessionfsError, OSError):
        return {}


def _sessions(tree: Tree) -> dict[str, list[str]]:
    """Return the names of the files of each session's directory."""
    found: dict[str, list[str]] = {}
    for path in tree.paths():
        if match := IN_SESSION.fullmatch(path):
            found.setdefault(match[1], []).append(match[2])
    return found


def _is_same(old: Below, new: Below, name: str) -> bool:
    """Tell whether a file has the same bytes in both."""
    proves = getattr(old.tree, "is_content", None)
    if proves is not None:
        return bool(proves(old.at(name), new.tree, new.at(name)))
    with closing(old.open(name)) as left, closing(new.open(name)) as right:
        while chunk := left.read(CHUNK):
            if chunk != right.read(CHUNK):
                return False
        return not right.read(1)


def _is_readable(tree: Below) -> bool:
    """Tell whether every file can be opened."""
    try:
        for name in tree.paths():
            tree.open(name).close()
    except (SessionfsError, OSError):
        return False
    return True
