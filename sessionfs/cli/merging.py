"""Commands that merge what git cannot: merge, and the driver that git calls."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from sessionfs.cli import FINDINGS, FINE
from sessionfs.cli.failure import say_json
from sessionfs.cli.terminal import note, say
from sessionfs.cli.verb import as_json, verb
from sessionfs.view import Line
from sessionfs.view.text import visible

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sessionfs.api.merge import MergeReport
    from sessionfs.merging.merger import Merged


@verb("merge", "sessionfs merge", "sessionfs merge -a .sessions --json")
@click.option(
    "-a",
    "--archive",
    metavar="DIR",
    help="The archive; by default every one in this repository that has conflicts.",
)
@as_json
def merge_command(*, archive: str | None, as_json: bool) -> int:
    """Merge the sessions that git left in conflict, into the work tree.

    For when `git merge`, `rebase`, `cherry-pick`, `revert` or `stash pop` has stopped because
    both sides changed a session. Index and commits stay as they are: `git add` takes the result,
    and git goes on.

    Nothing that either side said is lost, and both directions give the same bytes. Where one log
    goes on with the other, the longer one stays. Where each has lines of its own, the longer
    one stays, and the other becomes a fork, as if both had been imported. What either side redacted
    is redacted. Of two titles one stays, the other is kept in the manifest under
    ext.alternatives. A session that one side removed and the other one changed is kept.

    To go back instead, `git add -A` the archive first, and then `git merge --abort`, or what
    git says: it restores only files that it knows.

    Exit code 0: no conflict is left in an archive. 1: some are. 2: nothing could be merged.
    """
    import sessionfs

    report = sessionfs.merge(archive)
    if as_json:
        from sessionfs.canonical import to_plain

        say_json({**to_plain(report), "totals": report.totals()})
    else:
        say(_lines(report))
        _advise(report)
    return FINE if report.ok else FINDINGS


def _lines(report: MergeReport) -> Iterator[Line]:
    several = len({row.archive for row in report.sessions}) > 1
    for path in report.policies:
        yield Line(f"merged    {path}")
    for row in report.sessions:
        place = f"{row.archive}/{row.path}".lstrip("/") if several else row.session
        yield Line(_row(row, visible(place)), "bad" if row.status == "conflict" else "plain")
    if not report.sessions and not report.policies and not report.left:
        yield Line("nothing to merge")


def _row(row: Merged, place: str) -> str:
    told = f"{row.status:<9} {place}"
    if row.status == "conflict":
        return f"{told}  {row.reason}"
    told += f"  {row.uid} ({row.messages} message{'' if row.messages == 1 else 's'})"
    if row.fork:
        told += f"; the other log is {row.fork}"
    if row.cleared:
        told += f"; what was redacted is out of {', '.join(row.cleared)}, too"
    return f"{told}; {row.reason}" if row.reason else told


def _advise(report: MergeReport) -> None:
    for path in report.left:
        note(f"{path}: merge it by hand, then `git add` it")
    if report.others:
        note(f"unmerged paths outside of archives: {report.others}; they are yours to resolve")
    add = "git add -A --sparse" if report.sparse else "git add -A"
    left = [row for row in report.sessions if row.status == "conflict"]
    if left:
        others = "" if len(left) == len(report.sessions) else "; the others are merged"
        note(f"what is in conflict is as git left it: do not `git add` it{others}")
    elif report.sessions or report.policies:
        note(f"`{add}` on the archive takes what was merged; `git status` says how to go on")
    for row in report.sessions:
        for name in row.uncleared or ():
            note(f"{name} may still say what was redacted: mend it, then `sessionfs redact` it")
    if any(row.fork for row in report.sessions):
        note("a fork is a session of its own: `git commit -a` leaves a new one out")


@verb(
    "merge-driver",
    "sessionfs git merge-driver common.yaml ours.yaml theirs.yaml 7 .sessions/archive.yaml",
)
@click.argument("common", metavar="%O")
@click.argument("ours", metavar="%A")
@click.argument("theirs", metavar="%B")
@click.argument("marker_size", metavar="%L", required=False)
@click.argument("path", metavar="%P", required=False)
def merge_driver_command(
    common: str, ours: str, theirs: str, marker_size: str | None, path: str | None
) -> int:
    """Merge one file, as git asks for it; for `git setup`, not for people.

    Git sees one file of a session at a time, and only files that both sides changed: too little
    to merge a session. So each stays a conflict, with our side's bytes and no markers, for
    `sessionfs merge`. archive.yaml is merged.

    Exit code 0: merged. 1: a conflict.
    """
    del marker_size
    name = os.path.basename(path or "")
    if name == "archive.yaml":
        return _merge_policy(common, ours, theirs)
    if name == "checksums.b3":  # it is in every conflict of a session: one line for each
        identifier = os.path.basename(os.path.dirname(path or ""))
        note(f"both sides changed session {identifier}: `sessionfs merge` unites them")
    return FINDINGS


def _merge_policy(common: str, ours: str, theirs: str) -> int:
    from sessionfs.errors import Conflict
    from sessionfs.merging.policy import merge_policies

    contents = []
    for place in (common, ours, theirs):
        with open(place, "rb") as stream:
            contents.append(stream.read())
    try:
        merged = merge_policies(contents[0] or None, contents[1], contents[2])
    except Conflict as error:
        note(f"{error.message}; {error.hint}")
        return FINDINGS
    with open(ours, "wb") as stream:
        stream.write(merged)
    return FINE
