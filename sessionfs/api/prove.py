"""What the rules say: verify, explain."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING, overload

from sessionfs.api.committed import verify_revision, verify_staged
from sessionfs.api.guarded import judge_guards
from sessionfs.api.history import verify_against
from sessionfs.api.named import each_once, nearest_archive, place_of
from sessionfs.api.spreading import bytes_of, spread_sessions
from sessionfs.canonical import replace
from sessionfs.disk.archive import Archive, bare_tree
from sessionfs.disk.pack import FileBytes
from sessionfs.disk.threads import in_threads
from sessionfs.disk.tree import DirTree
from sessionfs.disk.workers import spread
from sessionfs.errors import FormatError, NotFound, SessionfsError, UnsupportedVersion
from sessionfs.identity import is_ulid
from sessionfs.pack import Limits, open_tree
from sessionfs.rules import RULES
from sessionfs.schema import finding
from sessionfs.verify import (
    Checked,
    Report,
    in_order,
    merge_reports,
    verify_archive,
    verify_tree,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sessionfs.api.named import Place
    from sessionfs.pack.access import Bytes
    from sessionfs.rules import Rule
    from sessionfs.verify import Mode


@overload
def explain(code: str) -> Rule: ...


@overload
def explain() -> list[Rule]: ...


def explain(code: str | None = None) -> Rule | list[Rule]:
    """Return the rule that a code names, or every rule; raises `NotFound`."""
    if code is None:
        return list(RULES.values())
    try:
        return RULES[code.strip().upper()]
    except KeyError:
        message = f"no rule {code}"
        raise NotFound(message, hint="`sessionfs explain` lists the rules") from None


def verify(
    paths: Sequence[str] = (),
    *,
    mode: Mode = "full",
    against: str | None = None,
    git: str | None = None,
    staged: bool = False,
    jobs: int | None = 1,
    relative_to: str | None = None,
) -> Report:
    """Verify archives and sessions; without a path, the nearest archive.

    A path inside a session stands for the session, any other file of an archive for the
    archive; what is named twice is verified once. The findings' paths are relative to what was
    verified; where several paths were named, or only a file inside, the name that leads there
    stands before them. With `relative_to` they are relative to that directory, and absolute
    outside of it.

    A pack is verified without unpacking it; it is in no work tree of git and has no earlier form.

    Sessions are spread over `jobs` processes; None takes as many as there are
    processors and work for. What is found does not depend on their number. What asks for a newer
    reader is not judged, only named. Raises `NotFound` for a path that is not there.

    With `against`, a revision of the git repository that each of them lies in, they are also
    compared with what they were then: messages must be the same, and sessions there. What the
    revision does not have is new. Raises `SessionfsError` where there is no such revision, and
    for mode `fast`, which reads no message.

    With `git`, a revision, its files are verified, not those of the work tree: at those paths in
    it, or every archive that it has. Where it is checked out, what git converted in the work tree
    is a warning, and `changed` lists what is otherwise not as it was committed. With `staged`, it
    is those sessions in which the index differs from HEAD. The findings' paths begin at the top
    of the repository where there are several archives, or `relative_to` is given.
    """
    if jobs is not None and jobs < 1:
        message = f"{jobs} processes can do nothing"
        raise SessionfsError(message, hint="ask for one at least")
    if against is not None and mode == "fast":
        message = "a revision is compared message by message, and mode fast reads none"
        raise SessionfsError(message, hint="compare in mode full or deep")
    if git is not None and staged:
        message = "a commit and the index cannot be verified at once"
        raise SessionfsError(message, hint="choose one of the two")
    if git is not None or staged:
        judge_git = verify_staged if git is None else partial(verify_revision, revision=git)
        return judge_git(
            paths, mode=mode, jobs=jobs, against=against, from_top=relative_to is not None
        )
    places = [place_of(path) for path in paths] or [nearest_archive()]
    judge = partial(_verify_one, mode=mode, jobs=jobs)
    if against is not None:
        _refuse_packs(places)
        judge = partial(verify_against, revision=against, verify=judge)
    if relative_to is None and len(places) == 1 and not places[0].is_inside:
        return judge(places[0])
    once = each_once(places)
    alone = [place for place in once if place.kind == "session"]
    workers = 1 if mode == "fast" else jobs
    known = dict(zip(alone, spread(judge, alone, size=_bytes, jobs=workers), strict=True))
    return merge_reports(
        {
            place.seen_from(relative_to): known[place] if place in known else judge(place)
            for place in once
        }
    )


def _refuse_packs(places: Iterable[Place]) -> None:
    for place in places:
        if place.kind == "pack":
            message = f"{place.name} is a pack: it has no earlier revision"
            raise SessionfsError(message, hint="unpack it into the archive, and compare that")


def _verify_one(place: Place, mode: Mode, jobs: int | None) -> Report:
    report = _judge(place, mode, jobs)
    refused = any(found.code == "E002" and "/" not in found.path for found in report.findings)
    if refused or mode == "fast" or place.kind == "pack":
        return report
    return replace(report, findings=in_order([*report.findings, *judge_guards(place)]))


def _judge(place: Place, mode: Mode, jobs: int | None) -> Report:
    if place.kind == "pack":
        packed = FileBytes(place.root)
        return judge_pack(packed, packed.size, mode, jobs)
    if place.kind == "session":
        name = os.path.basename(place.root)
        return verify_tree(DirTree(place.root), name=name if is_ulid(name) else None, mode=mode)
    try:
        tree = Archive(place.root).tree
    except (FormatError, UnsupportedVersion):
        tree = bare_tree(place.root)  # what keeps it from being opened is verify's to name
    return verify_archive(tree, mode=mode, each=spread_sessions(tree, mode, jobs))


def judge_pack(packed: Bytes, size: int, mode: Mode = "full", jobs: int | None = 1) -> Report:
    """Return what is wrong with a pack: the first thing with itself, else with its sessions."""
    try:
        tree = open_tree(packed, size, Limits(), in_threads)
    except FormatError as error:
        found = finding(error.code, error.where, error.said)
        return Report(findings=[found], checked=Checked(), archives=("",), mode=mode)
    each = spread_sessions(tree, mode, jobs)
    return verify_archive(tree, mode=mode, each=each, packed=True)


def _bytes(session: Place) -> int:
    tree = DirTree(session.root)
    return bytes_of(tree, tree.paths())
