"""What makes a clone understand sessions: git setup."""

from __future__ import annotations

import os
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Literal

from sessionfs.api.guarded import judge_guards
from sessionfs.api.named import Place
from sessionfs.api.places import check_named, find_archive
from sessionfs.archive import CHECKSUMS, MANIFEST, REDACTIONS, SUMMARY, segment_name
from sessionfs.canonical import Struct, replace
from sessionfs.disk.archive import POLICY, write_guard
from sessionfs.disk.guards import guard_contents
from sessionfs.disk.marker import is_archive
from sessionfs.errors import NotFound, SessionfsError
from sessionfs.git.attributes import attributes, own_attributes
from sessionfs.git.block import block_of, with_block, without_block
from sessionfs.git.config import configure, configured, drop_cache, has_cache
from sessionfs.git.definitions import (
    CACHE,
    DRIVER,
    HOOKS,
    attribute_lines,
    definitions,
    hook_lines,
    is_ours,
)
from sessionfs.git.hooks import unfit, with_lines, without_lines
from sessionfs.git.installed import own_command
from sessionfs.git.repository import files_named, hooks_directory, toplevel, work_tree
from sessionfs.git.upkeep import require_version
from sessionfs.git.written import content_of, write_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sessionfs.model import Finding

_NAMES = (MANIFEST, SUMMARY, CHECKSUMS, REDACTIONS, segment_name(1), f"files/{'0' * 64}")
_MERGED = (POLICY, *(f"2026/01/{'0' * 26}/{name}" for name in _NAMES))
"""A file of each kind that our driver is to merge, of a session that there need not be."""


class Change(Struct, frozen=True, kw_only=True):
    """A line that `git setup` writes, or takes out: of a file, or of git's configuration."""

    place: str
    """The file, relative to the top of the work tree; or a key of the configuration."""
    line: str
    kind: Literal["file", "config", "ref"] = "file"
    removed: bool = False


class GitSetup(Struct, frozen=True, kw_only=True):
    """What `git setup` changed, or would have to; what it cannot; what still harms."""

    changes: list[Change]
    unmet: list[str]
    """What is not as it ought to be, and a person's to change."""
    notes: list[str]
    findings: list[Finding]
    """The attributes and ignores that outrank the guards, with paths from the top."""


@dataclass(frozen=True, slots=True)
class _Step:
    changes: list[Change]
    apply: Callable[[], None]


def git_setup(
    archive: str | None = None,
    *,
    directory: str = ".",
    everywhere: bool = False,
    hooks: bool = False,
    uninstall: bool = False,
    check: bool = False,
) -> GitSetup:
    """Make git understand sessions, in the repository around a directory or an archive.

    Writes the drivers for diffs and merges into the repository's configuration, switches merging
    on for each archive of the work tree, completes the guards of the archives, and with `hooks`
    adds lines to hooks. `everywhere` writes the drivers alone, for all of this person's
    repositories. `uninstall` takes out what was written, but for guards. `check` changes nothing.

    What is as it ought to be is left alone. Raises `SessionfsError` where there is no work tree,
    or where something cannot be written.
    """
    check_named(archive)
    if everywhere:
        plan = _Plan(directory)
        plan.define("global", uninstall=uninstall)
        if not uninstall:
            plan.notes.append(
                "definitions only: merging needs `sessionfs git setup` in each clone, too"
            )
        return plan.finish(check=check)
    require_version(directory)
    start = directory if archive is None else archive
    if archive is not None and not is_archive(archive):
        message = f"no archive at {archive}"
        raise NotFound(message, hint="name a directory with archive.yaml")
    plan = _Plan(work_tree(start))
    plan.define("local", uninstall=uninstall)
    if uninstall:
        plan.clear_attributes()
        plan.clear_hooks()
        plan.drop_cache()
        return plan.finish(check=check)
    archives = list(_archives(plan.top, directory, archive))
    if not archives:
        plan.notes.append("no archive here yet: run this again when there is one")
    plan.switch_on(archives)
    plan.guard(archives)
    plan.add_hooks(wanted=hooks)
    done = plan.finish(check=check)
    settled = not (check and done.changes)
    return replace(
        done,
        unmet=[*done.unmet, *(_outranked(archives) if settled else ())],
        findings=[found for path, root in archives for found in _harm(path, root)],
    )


def _archives(top: str, directory: str, named: str | None) -> Iterator[tuple[str, str]]:
    """Yield path below the top and place of each archive of a work tree, or of the named one."""
    if named is not None:
        places = {os.path.realpath(named)}
    else:
        below = (os.path.dirname(path) for path in files_named(top, POLICY))
        places = {os.path.realpath(os.path.join(top, path)) for path in below}
        with suppress(NotFound):  # git may ignore it
            places.add(os.path.realpath(find_archive(directory)))
    root = os.path.realpath(top)
    for place in sorted(places):
        path = os.path.relpath(place, root).replace(os.sep, "/")
        if is_archive(place) and toplevel(place) == top:  # not one of a submodule, or above
            yield "" if path == "." else path, place


def _outranked(archives: list[tuple[str, str]]) -> Iterator[str]:
    """Yield what else merges the files of an archive: a file of each kind is asked about."""
    for path, root in archives:
        values = {value: name for name, _, value in attributes(root, _MERGED, ["merge"])}
        for value, name in sorted(values.items()):
            if value != DRIVER:
                told = f"the attribute merge is {value}: a line in info/attributes outranks ours"
                kind = "files/" if "/files/" in name else os.path.basename(name)
                yield f"{path or '.'}: {kind}: {told}"


def _harm(path: str, root: str) -> Iterator[Finding]:
    for found in judge_guards(Place(root, root, "archive")):
        yield replace(found, path=f"{path}/{found.path}" if path else found.path)


class _Plan:
    """What is to be changed, before anything is."""

    def __init__(self, top: str) -> None:
        self.top = top
        self.unmet: list[str] = []
        self.notes: list[str] = []
        self._steps: list[_Step] = []
        self._words = own_command()

    def define(self, scope: Literal["local", "global"], *, uninstall: bool) -> None:
        known = configured(self.top, scope)
        if not uninstall:
            for key, value in definitions(self._words).items():
                if known.get(key) != [value]:
                    self._configure(scope, key, value)
            return
        for key, values in known.items():
            if all(is_ours(key, value) for value in values):
                self._configure(scope, key, None)
            else:
                self.notes.append(f"{key} is not as `git setup` writes it: left as it is")

    def _configure(self, scope: Literal["local", "global"], key: str, value: str | None) -> None:
        change = Change(place=key, line=value or "", kind="config", removed=value is None)
        self._steps.append(_Step([change], partial(configure, self.top, scope, key, value)))

    def switch_on(self, archives: list[tuple[str, str]]) -> None:
        """Have our driver merge the archives, beside those that another work tree has."""
        place = self._own_attributes()
        content = content_of(place)
        lines = block_of(content or b"", place) or []
        wanted = [line for path, _ in archives for line in attribute_lines(path)]
        wanted = [*lines, *(line for line in wanted if line not in lines)]
        if wanted != lines:
            self._file(place, content, with_block(content or b"", wanted, place))

    def clear_attributes(self) -> None:
        place = self._own_attributes()
        content = content_of(place)
        if content is not None:
            self._file(place, content, without_block(content, place) or None)

    def _own_attributes(self) -> str:
        place = own_attributes(self.top)
        assert place is not None, "in a work tree"  # noqa: S101  for the type
        return os.path.realpath(place)

    def guard(self, archives: list[tuple[str, str]]) -> None:
        for _, root in archives:
            for name, content, wanted in guard_contents(root):
                step = partial(write_guard, root, name, wanted)
                self._file(os.path.join(root, name), content, wanted, step)

    def add_hooks(self, *, wanted: bool) -> None:
        """Add our lines to hooks; where they are there already, bring them up to date."""
        directory, is_elsewhere = hooks_directory(self.top)
        if wanted and os.path.lexists(directory) and not os.path.isdir(directory):
            self.unmet.append(f"{self._shown(directory)} is no directory: git runs no hooks here")
            return
        steps = len(self._steps)
        for name, place, content in _hooks(directory):
            try:
                has_ours = block_of(content or b"", place) is not None
            except SessionfsError as error:
                self.unmet.append(error.message)
                continue
            if wanted or has_ours:
                self._add_hook(name, place, content)
        if is_elsewhere and len(self._steps) > steps:
            told = "core.hooksPath has it so; who shares it shares our lines"
            self.notes.append(f"hooks are in {self._shown(directory)}: {told}")

    def _add_hook(self, name: str, place: str, content: bytes | None) -> None:
        lines = hook_lines(name, self._words)
        reason = None if content is None else unfit(place, content, HOOKS[name][0].encode())
        if reason is None:
            new = with_lines(content, lines, place)
            self._file(place, content, new, partial(write_file, place, new, executable=True))
        elif reason:
            test, run, end = (line.decode("utf-8", "replace").strip() for line in lines)
            told = f"{reason}; to add by hand: {test} {run}; {end}"
            self.unmet.append(f"{self._shown(place)}: {told}")

    def clear_hooks(self) -> None:
        for _, place, content in _hooks(hooks_directory(self.top)[0]):
            if content is not None:
                self._file(place, content, without_lines(content, place))

    def drop_cache(self) -> None:
        if has_cache(self.top):
            change = Change(place=CACHE, line="", kind="ref", removed=True)
            self._steps.append(_Step([change], partial(drop_cache, self.top)))

    def _file(
        self,
        place: str,
        before: bytes | None,
        after: bytes | None,
        apply: Callable[[], None] | None = None,
    ) -> None:
        """Plan that a file becomes another one, or goes, where that is any change."""
        if before == after:
            return
        told = self._shown(place)
        old, new = (before or b"").splitlines(), (after or b"").splitlines()
        pairs = [(line, True) for line in _more(old, new)]
        pairs += [(line, False) for line in _more(new, old)]
        changes = [
            Change(place=told, line=line.decode("utf-8", "surrogateescape"), removed=removed)
            for line, removed in pairs
        ]
        self._steps.append(_Step(changes, apply or partial(write_file, place, after)))

    def _shown(self, place: str) -> str:
        """Return a path from the top, or the whole of one that leads elsewhere."""
        directory, name = os.path.split(place)  # the name may be a link's
        path = os.path.join(os.path.realpath(directory), name)
        below = os.path.relpath(path, os.path.realpath(self.top))
        return path if below.startswith(os.pardir) else below.replace(os.sep, "/")

    def finish(self, *, check: bool) -> GitSetup:
        """Do what is planned, unless it is only looked at."""
        if not check:
            for step in self._steps:
                step.apply()
        changes = [change for step in self._steps for change in step.changes]
        return GitSetup(changes=changes, unmet=self.unmet, notes=self.notes, findings=[])


def _hooks(directory: str) -> Iterator[tuple[str, str, bytes | None]]:
    """Yield name, place and content of each hook that we have lines for."""
    if os.path.isdir(directory) or not os.path.lexists(directory):
        for name in HOOKS:
            place = os.path.join(directory, name)
            yield name, place, content_of(place)


def _more(lines: list[bytes], than: list[bytes]) -> list[bytes]:
    """Return the lines of a file that another one has not, or fewer times."""
    spare = Counter(than)
    more = []
    for line in lines:
        if spare[line]:
            spare[line] -= 1
        else:
            more.append(line)
    return more
