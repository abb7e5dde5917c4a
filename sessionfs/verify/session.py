"""A session verified: its files in the order in which one needs what another says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sessionfs.archive import MANIFEST, SUMMARY
from sessionfs.check.explained import Rung
from sessionfs.verify.checksums import compare_digests, judge_checksums
from sessionfs.verify.deep import judge_anew
from sessionfs.verify.files import Files
from sessionfs.verify.ladder import Ladder
from sessionfs.verify.layout import judge_layout
from sessionfs.verify.manifest import judge_manifest
from sessionfs.verify.marks import Marks
from sessionfs.verify.modes import judge_modes
from sessionfs.verify.oddities import oddities
from sessionfs.verify.payloads import judge_payloads, judge_use
from sessionfs.verify.quick import look
from sessionfs.verify.redactions import Redactions
from sessionfs.verify.report import Checked, Mode, Report, Verdict, in_order
from sessionfs.verify.segments import Messages
from sessionfs.verify.summary import judge_summary

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from sessionfs.model import Finding
    from sessionfs.tree import Tree


def verify_session(
    tree: Tree, root: str = "", *, shard: str | None = None, mode: Mode = "full"
) -> Iterator[Finding]:
    """Yield what is wrong with the session below the directory `root` of a tree.

    `shard` is the `YYYY/MM` that it stands in, None outside an archive. The directory's name
    is the last element of `root`.
    """
    below = f"{root}/" if root else ""
    odd = {path: kind for path, kind in oddities(tree).items() if path.startswith(below)}
    name = root.rpartition("/")[2] or None
    verdict = judge_session(tree, root, tree.paths(root), odd, name=name, shard=shard, mode=mode)
    yield from verdict.findings


def verify_tree(tree: Tree, *, name: str | None = None, mode: Mode = "full") -> Report:
    """Return what is wrong with the session that a tree is; `name` is its directory's."""
    verdict = judge_session(tree, "", tree.paths(), oddities(tree), name=name, mode=mode)
    return Report(findings=verdict.findings, checked=verdict.checked, sessions=("",), mode=mode)


def judge_session(
    tree: Tree,
    root: str,
    paths: Iterable[str],
    odd: Mapping[str, str],
    *,
    name: str | None,
    shard: str | None = None,
    mode: Mode = "full",
) -> Verdict:
    """Return the verdict on a session, as a directory `name` in a shard.

    `paths` are the files below `root`, `odd` is what else is there, by path.
    """
    ladder = Ladder()
    prefix = f"{root}/" if root else ""
    files = Files(tree, prefix, judge_layout(paths, odd, prefix, ladder), odd, ladder)
    judge_checksums(files)
    if mode == "fast":
        return look(files)
    judged = judge_manifest(files, name, shard)
    if judged.refusals:
        return Verdict(None, None, None, list(judged.refusals), _checked(files))
    manifest = judged.manifest
    log_name = "" if manifest is None else manifest.source.name
    judge_payloads(files)
    marks, redactions = Marks(manifest), Redactions(files, newer=judged.newer)
    watch = [each.meet for each in (marks, redactions) if each.waits]
    messages = Messages(files, log_name, newer=judged.newer, deep=mode == "deep", watch=watch)
    messages.judge()
    marks.finish(files, whole=messages.whole)
    redactions.finish(whole=messages.whole)
    judge_use(files, messages)
    summary = files.derived(SUMMARY)
    compare_digests(files, messages.damaged, summary)
    if summary is not None:
        judge_summary(files, summary, judged, messages, redactions.count)
        if mode == "deep" and not judged.newer and not ladder.has_errors:
            judge_anew(files, root, summary)
    ladder.say(Rung.STRUCTURE, *judge_modes(tree, [files.at(name) for name in files.names]))
    found, checked = in_order(ladder.findings()), _checked(files, messages.count)
    if manifest is None or files.is_damaged(MANIFEST):
        return Verdict(None, None, None, found, checked)
    parent = manifest.lineage.parent if manifest.lineage else None
    return Verdict(manifest.id, manifest.source.uid, parent, found, checked)


def _checked(files: Files, messages: int = 0) -> Checked:
    size = sum(files.sizes.values())
    return Checked(sessions=1, messages=messages, files=len(files.sizes), bytes=size)
