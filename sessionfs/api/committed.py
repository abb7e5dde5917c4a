"""verify of what git has, a commit or the index: its objects are read, never the work tree.

The work tree is looked at beside a commit that is checked out: that tells what git converted from
what somebody changed.
"""

from __future__ import annotations

import os
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING

from sessionfs.api.spreading import bytes_of, spread_sessions
from sessionfs.canonical import replace
from sessionfs.digest import CHUNK, Hasher
from sessionfs.disk.guards import ATTRIBUTES as GUARD
from sessionfs.disk.marker import HEAD, says_archive
from sessionfs.disk.tree import DirTree
from sessionfs.disk.workers import spread
from sessionfs.errors import Conflict, NotFound, SessionfsError
from sessionfs.git.attributes import attributes_in
from sessionfs.git.checkout import differing, reasons
from sessionfs.git.index import Index
from sessionfs.git.repository import absent, head, repository_of
from sessionfs.git.tree import GitTree
from sessionfs.history import compare_archives, compare_sessions, with_history
from sessionfs.identity import is_ulid
from sessionfs.rules import RULES
from sessionfs.tree import Below, read_bytes
from sessionfs.verify import Report, in_order, merge_reports, verify_archive, verify_tree
from sessionfs.verify.conversion import conversion_of
from sessionfs.verify.guards import (
    ATTRIBUTES,
    IN_SESSION,
    judge_attributes,
    session_of,
    unguarded,
)
from sessionfs.verify.report import join
from sessionfs.verify.sites import POLICY, Listing, Site, each_once

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from sessionfs.git.objects import ObjectTree
    from sessionfs.git.repository import Repository
    from sessionfs.model import Finding
    from sessionfs.verify import Mode

_ATTRIBUTES = ".gitattributes"
_AROUND = frozenset((POLICY, _ATTRIBUTES, ".gitignore"))


def verify_revision(
    paths: Sequence[str],
    revision: str,
    *,
    mode: Mode,
    jobs: int | None,
    against: str | None,
    from_top: bool,
) -> Report:
    """Return the report on what a revision has at some paths; without any, on all its archives.

    With `from_top` the findings' paths begin at the top of the revision. Raises `NotFound` where
    it has nothing there, and `SessionfsError` where a partial clone lacks what it has.
    """
    reports: dict[str, Report] = {}
    inside = False
    for place, inner in _by_repository(paths).items():
        with GitTree(place.directory, revision, "") as tree:
            listing = tree.paths()
            sites = _sites(tree, listing, inner, f"commit {revision}")
            inside = inside or _is_inside(sites, inner)
            parts = {site: tree.below(site.root) for site in sites}
            lacking = absent(place.directory, f"{tree.commit}^{{tree}}")
            _refuse_lacking(parts, lacking, revision)
            rows = partial(attributes_in, place.directory, tree.commit)
            checked_out = place.has_work_tree and head(place.directory) == tree.commit
            for site, report in _judged(parts, mode, jobs, "in the commit itself", rows):
                part = parts[site]
                report = _compared(report, place, site, part, against)  # noqa: PLW2901
                if checked_out and mode != "fast":
                    report = _beside(report, part, place.directory, site)  # noqa: PLW2901
                reports[_name(site, place)] = report
    return _joined(reports, named=from_top or inside)


def verify_staged(
    paths: Sequence[str],
    *,
    mode: Mode,
    jobs: int | None,
    against: str | None,
    from_top: bool,
) -> Report:
    """Return the report on what is staged: each session in which the index differs from HEAD.

    Of archives nothing else is looked at but what stands around their sessions. Where nothing of
    ours is staged, the report is empty. Raises `Conflict` where a session is unmerged.
    """
    reports: dict[str, Report] = {}
    inside = False
    for place, inner in _by_repository(paths).items():
        if not place.has_work_tree:
            message = f"{place.directory} has no work tree: nothing can be staged there"
            raise SessionfsError(message, hint="`sessionfs verify --git REV` verifies a commit")
        index = Index(place.directory)
        with closing(index.tree.objects):
            listing = [*index.tree.paths(), *index.unmerged]
            known = {path: at for path, at in inner.items() if not _is_unstaged(path, at, listing)}
            sites = _sites(index.tree, listing, known, "the index", or_none=True)
            inside = inside or _is_inside(sites, known)
            _refuse_unmerged(index, sites)
            changed = index.changed()
            parts = {site: part for site in sites if (part := _touched(index.tree, site, changed))}
            _refuse_lacking(
                parts,
                absent(place.directory, "--indexed-objects", index=index.file),
                "the index",
            )
            rows = partial(attributes_in, place.directory, None, index=index.file)
            for site, report in _judged(parts, mode, jobs, "in the index", rows):
                whole = index.tree.below(site.root)
                reports[_name(site, place)] = _compared(report, place, site, whole, against)
    return _joined(reports, named=from_top or inside)


# --- what is verified ---


def _by_repository(paths: Sequence[str]) -> dict[Repository, dict[str, str]]:
    """Return the paths by repository, each with what it is in a tree; none asks for all there."""
    found: dict[Repository, dict[str, str]] = {}
    if not paths:
        return {repository_of(os.curdir)[0]: {}}
    for path in paths:
        if not path:
            message = f"no such file or directory: {path}"
            raise NotFound(message, hint="is a variable of the shell unset?")
        place, inner = repository_of(path)
        found.setdefault(place, {})[path] = inner
    return found


def _sites(
    tree: ObjectTree,
    listing: Sequence[str],
    named: Mapping[str, str],
    whence: str,
    *,
    or_none: bool = False,
) -> list[Site]:
    """Return what is to be verified: what the paths stand for, or every archive."""

    def is_policy(path: str) -> bool:
        try:
            return says_archive(read_bytes(tree, path, HEAD))
        except SessionfsError:
            return False

    there = Listing(listing, is_policy)
    if not named:
        found = there.archives()
        if not (found or or_none):
            message = f"no archive in {whence}"
            raise NotFound(message, hint="name a commit that has one: another branch, perhaps")
        return found
    sites = []
    for path, inner in named.items():
        site = there.site_of(inner)
        if site is None:
            message = f"no archive or session at {path} in {whence}"
            raise NotFound(message, hint="a path is looked up in the tree that git has")
        sites.append(site)
    return each_once(sites)


def _is_inside(sites: Iterable[Site], named: Mapping[str, str]) -> bool:
    """Tell whether a path goes on behind what it stands for."""
    roots = {site.root for site in sites}
    return any(f"{inner}/".startswith(f"{root}/") and inner != root
               for inner in named.values() for root in roots if root)  # fmt: skip


def _is_unstaged(path: str, inner: str, listing: Sequence[str]) -> bool:
    """Tell whether a path that is there has nothing in the index."""
    start = f"{inner}/" if inner else ""
    return os.path.lexists(path) and not any(
        name == inner or name.startswith(start) for name in listing
    )


def _touched(tree: ObjectTree, site: Site, changed: Iterable[str]) -> ObjectTree | None:
    """Return the part of an archive that is staged: whole sessions, and what is around them."""
    start = f"{site.root}/" if site.root else ""
    names = {path[len(start) :] for path in changed if path.startswith(start)}
    if not names:
        return None
    part = tree.below(site.root)
    if site.kind == "session":
        return part
    roots = {match[1] for name in names if (match := IN_SESSION.fullmatch(name))}
    kept = {
        path
        for path in part.entries
        if path in names
        or path in _AROUND
        or ((match := IN_SESSION.fullmatch(path)) and match[1] in roots)
    }
    return part.below("", kept)


def _refuse_unmerged(index: Index, sites: Iterable[Site]) -> None:
    for site in sites:
        start = f"{site.root}/" if site.root else ""
        paths = [path for path in index.unmerged if path.startswith(start)]
        if paths:
            match = IN_SESSION.fullmatch(paths[0][len(start) :]) if site.kind == "archive" else None
            what = join(site.root, match[1]) if match else paths[0]
            message = f"{what} is unmerged"
            if len(paths) > 1:
                message += f": {len(paths)} files of {site.root or 'the archive'} are"
            raise Conflict(message, hint="`sessionfs merge` resolves whole sessions; then add them")


def _refuse_lacking(parts: Mapping[Site, ObjectTree], lacking: frozenset[str], whence: str) -> None:
    """Raise `SessionfsError` where files cannot be judged because they were never fetched."""
    for site, part in parts.items():
        paths = [path for path, entry in part.entries.items() if entry.blob in lacking]
        if paths:
            message = (
                f"this partial clone lacks {len(paths)} files of {site.root or 'the archive'}"
                f" in {whence}, the first is {paths[0]}"
            )
            raise SessionfsError(
                message,
                hint="`git fetch --refetch --no-filter` brings them; nothing is fetched unasked",
            )


# --- what is found ---


def _judged(
    parts: Mapping[Site, ObjectTree],
    mode: Mode,
    jobs: int | None,
    where: str,
    rows: Callable[[Sequence[str], Sequence[str]], Iterator[tuple[str, str, str]]],
) -> Iterator[tuple[Site, Report]]:
    """Yield the report on each site; a conversion that git stored is told to be there."""
    alone = {site.root: part for site, part in parts.items() if site.kind == "session"}
    workers = 1 if mode == "fast" else jobs
    judge = partial(_judge_session, mode, alone)  # the trees go to a process once, with their git
    judged = spread(judge, alone, size=partial(_bytes, alone), jobs=workers)
    reports = dict(zip(alone, judged, strict=True))
    for site, part in parts.items():
        if site.kind == "session":
            report = reports[site.root]
        else:
            report = verify_archive(part, mode=mode, each=spread_sessions(part, mode, workers))
        found = [
            replace(one, message=f"{one.message}, {where}") if one.code == "E605" else one
            for one in report.findings
        ]
        if site.kind == "archive" and mode != "fast" and not report.newer:
            found += _guards(site, part, rows)
        yield site, replace(report, findings=in_order(found))


def _judge_session(mode: Mode, parts: Mapping[str, ObjectTree], root: str) -> Report:
    name = root.rpartition("/")[2]
    return verify_tree(parts[root], name=name if is_ulid(name) else None, mode=mode)


def _bytes(parts: Mapping[str, ObjectTree], root: str) -> int:
    return bytes_of(parts[root], parts[root].paths())


def _guards(
    site: Site,
    part: ObjectTree,
    rows: Callable[[Sequence[str], Sequence[str]], Iterator[tuple[str, str, str]]],
) -> Iterator[Finding]:
    """Yield what the attributes that git has beside the files would do to them."""
    inside = [path for path in part.paths() if f"/{path}".endswith(f"/{_ATTRIBUTES}")]
    wanted = GUARD.encode()
    if inside == [_ATTRIBUTES] and read_bytes(part, _ATTRIBUTES, len(wanted)) == wanted:
        return
    start = f"{site.root}/" if site.root else ""
    asked = [start + path for path in part.paths() if session_of(path) is not None]
    told = ((path[len(start) :], name, value) for path, name, value in rows(asked, ATTRIBUTES))
    yield from judge_attributes(told, _ATTRIBUTES)


def _compared(
    report: Report, place: Repository, site: Site, part: ObjectTree, against: str | None
) -> Report:
    """Return a report with what comparing with another revision finds."""
    if against is None:
        return report
    with GitTree(place.directory, against, site.root) as old:
        if site.kind == "archive":
            return with_history(report, compare_archives(old, part))
        was, now = Below(old, "", old.paths()), Below(part, "", part.paths())
        return with_history(report, compare_sessions(was, now))


def _beside(report: Report, part: ObjectTree, top: str, site: Site) -> Report:
    """Return a report with what became of the files at checkout. Of damaged ones nothing is said.

    A file of the work tree that git converted has a finding; one that is otherwise another is
    only listed: what is not committed yet is for `verify` without a revision.
    """
    damaged = {found.path for found in report.findings if found.level == "error"}
    directory = os.path.join(top, *site.root.split("/")) if site.root else top
    paths = [path for path in differing(part, directory) if path not in damaged]
    start = f"{site.root}/" if site.root else ""
    causes = reasons(top, [start + path for path in paths])
    found, changed = list(report.findings), []
    for path in paths:
        words, cause = _conversion(part, directory, path), causes[start + path]
        if words is None and "`filter`" in cause:
            words = "a filter may have changed it"
        if words is None:
            changed.append(path)
        else:
            said = f"converted at checkout: {words}; the commit has it right"
            one = unguarded(path, f"{said} ({cause})" if cause else said)
            found.append(replace(one, hint=RULES["E605"].hint))  # it is mended in the same way
    return replace(report, findings=in_order(found), changed=tuple(changed))


def _conversion(part: ObjectTree, directory: str, path: str) -> str | None:
    """Return the words for what git made of a file at checkout, None where it was not that."""
    hasher = Hasher()
    try:
        with closing(part.open(path)) as stream:
            while piece := stream.read(CHUNK):
                hasher.update(piece)
        with closing(DirTree(directory).open(path)) as stream:
            return conversion_of(stream, {hasher.hexdigest()})
    except (SessionfsError, OSError):
        return None


# --- one report ---


def _name(site: Site, place: Repository) -> str:
    """Return how findings name a site: from the top, and with it where that is elsewhere."""
    here = os.path.realpath(os.curdir)
    is_here = f"{here}{os.sep}".startswith(place.directory.rstrip(os.sep) + os.sep)
    return site.root if is_here else join(place.directory, site.root)


def _joined(reports: Mapping[str, Report], *, named: bool) -> Report:
    if len(reports) == 1 and not named:
        return next(iter(reports.values()))
    return merge_reports(reports)
