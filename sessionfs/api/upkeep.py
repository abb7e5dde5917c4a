"""doctor: whether an archive and what is around it will keep its sessions."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from sessionfs.api.guarded import judge_guards
from sessionfs.api.hidden import check_not_hidden
from sessionfs.api.named import Place
from sessionfs.api.places import check_named, find_archive
from sessionfs.api.prove import verify
from sessionfs.api.rules import rules_for
from sessionfs.api.unarchived import unarchived
from sessionfs.archive import CHECKSUMS
from sessionfs.disk.archive import CACHE, POLICY, Archive, bare_tree
from sessionfs.errors import Hidden, NotFound, SessionfsError
from sessionfs.git.repository import absent, is_partial, setting, toplevel
from sessionfs.git.unchecked import is_sparse
from sessionfs.git.upkeep import (
    OLDEST,
    hidden,
    is_shallow,
    merge_drivers,
    superproject,
    unmerged,
    version,
)
from sessionfs.rules import RULES
from sessionfs.verify.damage import MAX_POINTER, pointed
from sessionfs.verify.files import read
from sessionfs.verify.guards import session_of
from sessionfs.view.text import counted
from sessionfs.view.upkeep import (
    Check,
    Checkup,
    Unarchived,
    entries_of,
    judge_directories,
    judge_logs,
    judge_sizes,
    judge_speed,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sessionfs.redact.ruleset import Ruleset

_DRIVER = "sessionfs"
_LEFT = ("staging", "quarantine", "journal.json")
"""What an interrupted command leaves in the cache."""


def doctor(
    archive: str | None = None,
    *,
    here: str = ".",
    everything: bool = False,
    environment: Mapping[str, str] | None = None,
) -> Checkup:
    """Look at an archive and what is around it: git, hosts' limits, logs that will be deleted.

    Without a name it is the nearest archive; that there is none is no error. Of the agents' logs
    those are looked at that are about work `here`, or `everything` on this machine. Nothing is
    changed. Raises `NotFound` where an archive that was named is not there.
    """
    check_named(archive)
    checks: list[Check] = []
    root, store, ruleset, is_hidden = None, None, None, False
    try:
        root = os.path.realpath(find_archive(here) if archive is None else _named(archive))
    except Hidden as error:
        is_hidden = True
        checks.append(
            Check(name="archive", level="warning", message=error.message, hint=error.hint)
        )
    except NotFound:
        if archive is not None:
            raise
        hint = "`sessionfs import --here` makes one, or name one with -a"
        said = "none here or above"
        checks.append(Check(name="archive", level="skipped", message=said, hint=hint))
    if root is not None:
        left = _leftovers(root)  # opening the archive may clean up
        store, ruleset = _open(root, checks)
        checks.append(left)
        checks += _files(root)
        checks += _git(root)
    where = "agents on this machine" if everything else "work here"
    logs: list[Unarchived] = []
    if is_hidden or (root is not None and store is None):
        checks.append(_no_telling(where))
    else:
        world = os.environ if environment is None else environment
        logs, number = unarchived(store, ruleset, here, world, everything=everything)
        checks.append(judge_logs(logs, number, where))
    return Checkup(archive=root, checks=checks, logs=logs)


# --- the archive ---


def _named(archive: str) -> str:
    if not os.path.isfile(os.path.join(archive, POLICY)):
        check_not_hidden(archive)
        message = f"no archive at {archive}"
        raise NotFound(message, hint=f"`sessionfs init {archive}` makes one")
    return archive


def _leftovers(root: str) -> Check:
    there = [name for name in _LEFT if _holds(os.path.join(root, CACHE, name))]
    if not there:
        return Check(name="cache", level="ok", message="no command was interrupted")
    said = f"left in {CACHE}: {', '.join(there)}"
    hint = "a command was interrupted, or runs now; the next import rolls forward and cleans up"
    return Check(name="cache", level="warning", message=said, hint=hint)


def _holds(path: str) -> bool:
    return bool(os.listdir(path)) if os.path.isdir(path) else os.path.lexists(path)


def _open(root: str, checks: list[Check]) -> tuple[Archive | None, Ruleset | None]:
    """Open the archive, and say how it and its policy are; the rules are those of an import."""
    try:
        store = Archive(root)
        number = counted(len(store.paths()), "session")
    except SessionfsError as error:
        checks.append(
            Check(name="archive", level="problem", message=error.message, hint=error.hint)
        )
        return None, None
    checks.append(Check(name="archive", level="ok", message=f"{root}: {number}"))
    try:
        ruleset = rules_for(store.redaction, root)
    except SessionfsError as error:
        checks.append(Check(name="policy", level="problem", message=error.message, hint=error.hint))
        return store, None
    removed = f", {counted(len(store.ignored), 'session')} kept out" if store.ignored else ""
    if not store.redaction.get("enabled", True):
        hint = "take `enabled: false` out of archive.yaml if that was not meant"
        said = f"no secrets are taken out on import{removed}"
        checks.append(Check(name="policy", level="warning", message=said, hint=hint))
        return store, None
    said = f"secrets are taken out on import{removed}"
    checks.append(Check(name="policy", level="ok", message=said))
    return store, ruleset


def _files(root: str) -> Iterator[Check]:
    """Yield what the files of an archive tell without reading their content."""
    tree = bare_tree(root)
    sizes: dict[str, int] = {}
    for path in tree.paths():
        try:
            sizes[path] = tree.size(path)
        except SessionfsError:
            continue
    yield judge_sizes(sizes)
    yield judge_directories(entries_of(sizes))
    pointers = []
    for path, size in sizes.items():
        if size <= MAX_POINTER and session_of(path) and not path.endswith(CHECKSUMS):
            try:
                found = pointed(read(tree, path, MAX_POINTER), path)
            except (SessionfsError, OSError):
                continue
            pointers += [found] if found else []
    if pointers:
        said = f"{counted(len(pointers), 'file')}: {pointers[0].message}: {pointers[0].path}"
        hint = RULES["E704"].hint
        yield Check(name="pointers", level="problem", message=said, hint=hint)
    out = {session_of(path) for path in hidden(root)} - {None}
    report = verify([root], mode="fast", jobs=None)
    errors = [
        found
        for found in report.findings
        if found.level == "error" and (session_of(found.path) or found.path) not in out
    ]
    if errors:
        first = errors[0]
        said = f"{counted(len(errors), 'error')}, the first: {first.code} {first.where}"
        hint = "`sessionfs verify` tells all, and what to do"
        yield Check(name="sessions", level="problem", message=said, hint=hint)
    else:
        said = "names, sizes and seals fit; `sessionfs verify` proves the rest"
        yield Check(name="sessions", level="ok", message=said)


# --- git ---


def _git(root: str) -> Iterator[Check]:
    number = version(root)
    if number is None:
        hint = "install git, and put it on PATH, to have sessions committed"
        yield Check(name="git", level="skipped", message="it is not installed", hint=hint)
        return
    top = toplevel(root)
    if top is None:
        yield Check(name="git", level="skipped", message="the archive is in no work tree")
    elif number < OLDEST:
        said = (
            f"{'.'.join(map(str, number))} is older than 2.34, the oldest that this is tested with"
        )
        yield Check(name="git", level="warning", message=said, hint="upgrade git")
    else:
        yield Check(name="git", level="ok", message=f"the archive is in the work tree of {top}")
    if top is None:
        return
    yield from _guards(root)
    yield _setup(root)
    yield from _clone(root, top)


def _guards(root: str) -> Iterator[Check]:
    found = list(judge_guards(Place(root, root, "archive")))
    for each in found:
        yield Check(
            name="guards", level="problem", message=each.message, hint=RULES[each.code].hint
        )
    if not found:
        said = "git changes no byte of a session, and ignores none"
        yield Check(name="guards", level="ok", message=said)


def _setup(root: str) -> Check:
    """Return whether this clone knows how to show and merge sessions."""
    paths = [path for path in bare_tree(root).paths() if session_of(path) is not None][:1]
    drivers = merge_drivers(root, paths)
    driver, textconv = (
        setting(root, f"{kind}.{_DRIVER}.{what}")
        for kind, what in (("merge", "driver"), ("diff", "textconv"))
    )
    hint = "`sessionfs git setup` sets this clone up; without it merges stop, and lose nothing"
    missing = [] if textconv else ["diffs are of plain JSON"]
    if driver is None:
        missing.append("no merge driver is defined")
    elif paths and drivers != {_DRIVER}:
        missing.append(f"the merge driver is not used: `merge` is {', '.join(sorted(drivers))}")
    if missing:
        return Check(name="setup", level="warning", message="; ".join(missing), hint=hint)
    return Check(name="setup", level="ok", message="diffs and merges know sessions")


def _clone(root: str, top: str) -> Iterator[Check]:
    """Yield what this clone lacks, or has in conflict."""
    conflicts = unmerged(root)
    if conflicts:
        said = f"{counted(len(conflicts), 'file')} in conflict, the first is {conflicts[0]}"
        hint = "`sessionfs merge` resolves whole sessions; then `git add` them"
        yield Check(name="merge", level="problem", message=said, hint=hint)
    if out := {session_of(path) for path in hidden(root)} - {None}:
        which, brings = counted(len(out), "session"), "`git sparse-checkout add`"
        said = f"a sparse checkout hides files of {which}"
        if not is_sparse(root):
            said = f"git is told to skip files of {which}, and sees no change of them"
            brings = "`git update-index --no-skip-worktree`, then `git restore`"
        hint = f"{brings} brings them; `verify --git HEAD` verifies them as they are"
        yield Check(name="sparse", level="warning", message=said, hint=hint)
    number = len({session_of(path) for path in bare_tree(root).paths()} - {None})
    settings = [setting(root, name) for name in ("core.untrackedCache", "feature.manyFiles")]
    if slow := judge_speed(number, settings):
        yield slow
    if is_partial(root):
        number = len(absent(root, "--indexed-objects"))
        said = f"a partial clone: {counted(number, 'object')} of this commit are not here"
        hint = "`git fetch --refetch --no-filter` brings everything, before the remote is gone"
        yield Check(name="partial", level="warning", message=said, hint=hint)
    if is_shallow(root):
        hint = "`git fetch --unshallow` brings the rest, which `verify --against` may need"
        said = "a shallow clone: earlier commits are not here"
        yield Check(name="shallow", level="warning", message=said, hint=hint)
    if above := superproject(root):
        said = f"{top} is a submodule of {above}"
        hint = "commit and push in both: the outer repository keeps only the id of a commit"
        yield Check(name="submodule", level="warning", message=said, hint=hint)


# --- logs ---


def _no_telling(where: str) -> Check:
    said = f"which logs of {where} are archived cannot be told without the archive"
    return Check(name="logs", level="skipped", message=said, hint="bring the archive back first")
