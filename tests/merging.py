"""Git at work on a case: every command that merges, the hosts, and what holds of the result."""

from __future__ import annotations

import io
import shutil
import sys
from collections.abc import Iterator
from contextlib import chdir, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

import pytest

import sessionfs
import sessionfs.api.bring
import sessionfs.api.redact
import sessionfs.disk.steps
from merge_cases import ARCHIVE, Bench, Played, git, must
from sessionfs.api.rules import rules_for
from sessionfs.cli import main
from sessionfs.placeholder import as_text, is_beginning, pair, pair_lines
from sessionfs.redact.ruleset import Ruleset
from trees import tree

DRIVER = f"'{sys.executable}' -m sessionfs git merge-driver %O %A %B %L %P"
HOSTS = {
    "guarded": "",  # a clone that knows nothing of us: the archive's own `-merge`
    "driver": f"/{ARCHIVE}/** merge=sessionfs\n",
    "text": f"/{ARCHIVE}/** !merge\n",  # as a host does that ignores attributes
}
"""What `.git/info/attributes` says, which outranks the archive's own."""


def set_up(root: Path, host: str) -> None:
    """Have a repository merge as a host does."""
    (root / ".git" / "info").mkdir(exist_ok=True)
    (root / ".git" / "info" / "attributes").write_text(HOSTS[host])
    if host == "driver":
        must(root, "config", "merge.sessionfs.driver", DRIVER)
        must(root, "config", "merge.sessionfs.name", "sessions")


@dataclass(frozen=True, slots=True)
class Way:
    """A way to bring two sides together: what starts it, and what ends it once nothing conflicts.

    These are command lines of git; `OURS` and `THEIRS` stand for the branches.
    """

    start: tuple[str, ...]
    end: str
    patch: bool = False
    """Whether the last command of the start reads the other side as a patch."""
    picks: bool = False
    """Whether it goes through commits, and stops at one that changes nothing any more."""


WAYS = {
    "merge": Way(("checkout OURS", "merge --no-edit THEIRS"), "commit --no-edit"),
    "rebase": Way(("checkout THEIRS", "rebase OURS"), "rebase --continue", picks=True),
    "rebase-apply": Way(
        ("checkout THEIRS", "rebase --apply OURS"), "rebase --continue", picks=True
    ),
    "cherry-pick": Way(
        ("checkout OURS", "cherry-pick THEIRS"), "cherry-pick --continue", picks=True
    ),
    "stash": Way(
        (
            "checkout --detach THEIRS",
            "reset --soft base",
            "stash push",
            "checkout OURS",
            "stash pop",
        ),
        "commit -m stash",
    ),
    "am": Way(("checkout OURS", "am -3"), "am --continue", patch=True, picks=True),
    "squash": Way(("checkout OURS", "merge --squash THEIRS"), "commit -m squash"),
    "resolve": Way(("checkout OURS", "merge --no-edit -s resolve THEIRS"), "commit --no-edit"),
}


APART = Way(
    (
        "checkout --detach THEIRS",
        "reset base",
        "stash push --include-untracked",
        "checkout OURS",
        "stash pop",
    ),
    "commit -m stash",
)
"""A stash that keeps new files apart from the changes to the others."""


@dataclass(slots=True)
class Outcome:
    """What a way came to before anybody resolved anything."""

    code: int
    unmerged: list[str]
    said: str

    @property
    def stopped(self) -> bool:
        return bool(self.code or self.unmerged)


def unmerged(root: Path) -> list[str]:
    """Return the paths that are in conflict."""
    return sorted(
        set(must(root, "diff", "--name-only", "--diff-filter=U", "-z").split("\0")) - {""}
    )


def run_way(root: Path, name: str | Way, ours: str, theirs: str) -> Outcome:
    """Bring two branches together."""
    way = WAYS[name] if isinstance(name, str) else name
    *before, last = (line.replace("OURS", ours).replace("THEIRS", theirs) for line in way.start)
    for line in before:
        must(root, *line.split())
    given = None
    if way.patch:
        given = must(root, "format-patch", "--stdout", "--binary", f"base..{theirs}").encode(
            "utf-8", "surrogateescape"
        )
    done = git(root, *last.split(), given=given)
    said = (done.stdout + done.stderr).decode("utf-8", "replace")
    return Outcome(done.returncode, unmerged(root), said)


def finish(root: Path, name: str) -> None:
    """Go on once everything is staged, and leave a commit whose tree is the result."""
    way = WAYS[name]
    if not way.picks:
        if not unchanged(root) or (root / ".git" / "MERGE_HEAD").exists():
            must(root, *way.end.split())
    elif is_underway(root):
        must(
            root, *(way.end.replace("--continue", "--skip") if unchanged(root) else way.end).split()
        )
    assert must(root, "status", "--porcelain") == ""
    assert not is_underway(root)


def is_underway(root: Path) -> bool:
    """Tell whether git is in the middle of something."""
    states = ("MERGE_HEAD", "CHERRY_PICK_HEAD", "rebase-merge", "rebase-apply")
    return any((root / ".git" / state).exists() for state in states)


def unchanged(root: Path) -> bool:
    return git(root, "diff", "--cached", "--quiet", "HEAD").returncode == 0


def run(directory: Path, *arguments: str) -> tuple[int, str, str]:
    """Run sessionfs in a directory, in this process; return its exit code and what it said."""
    out, err = io.StringIO(), io.StringIO()
    with chdir(directory), redirect_stdout(out), redirect_stderr(err):
        code = main(arguments)
    return code, out.getvalue(), err.getvalue()


def errors(archive: Path, against: str | None = None) -> list[str]:
    """Return what `verify` finds that is an error, as `CODE path`."""
    report = sessionfs.verify([str(archive)], jobs=1, against=against)
    return [
        f"{one.code} {one.path} {one.message}" for one in report.findings if one.level == "error"
    ]


def tree_of(root: Path, below: str = ARCHIVE) -> str:
    """Return git's id of the archive in the index."""
    whole = must(root, "write-tree").strip()
    return must(root, "rev-parse", f"{whole}:{below}").strip()


def is_held(log: bytes, restored: list[bytes]) -> bool:
    """Tell whether a restored log begins with a log, a placeholder standing for any text."""
    for line, known in zip_longest(log.splitlines(keepends=True), restored):
        if line is None:
            return True
        if known is None:
            return False
        if pair_lines(known, line):
            continue
        torn = not line.endswith(b"\n")
        if torn and is_beginning(as_text(line), as_text(known)):
            continue  # it was completed
        return torn and pair(as_text(known), as_text(line), whole=False) is not None
    return True


def lost(played: Played, archive: Path) -> list[str]:
    """Return each log of a side that no session of the archive has as its beginning.

    What one side took out is gone, unless the other one had more of it than both.
    """
    sessions = list(sessionfs.open_archive(str(archive)).sessions())
    family: dict[str, list[list[bytes]]] = {}
    for one in sessions:
        family.setdefault(one.summary.uid.partition("#")[0], []).append(list(one.restore()))
    missing = []
    for side, other in (("left", "right"), ("right", "left")):
        for name, log in played.logs[side].items():
            if name not in played.logs[other] and log == played.logs.get("base", {}).get(name):
                continue
            if not any(is_held(log, restored) for each in family.values() for restored in each):
                missing.append(f"{side}: {name}, {len(log)} bytes")
    return missing


def leaks(archive: Path, secrets: tuple[str, ...]) -> list[str]:
    """Return the files that hold a secret."""
    files = tree(archive)
    return [
        path for path, content in files.items() if any(one.encode() in content for one in secrets)
    ]


def imported_again(played: Played, archive: Path) -> list[str]:
    """Import every log of both sides into a copy; return what is not as it should be."""
    place = archive.parent.parent / "again"
    shutil.copytree(archive, place)
    before = tree(place)
    ignored = sessionfs.open_archive(str(place)).ignored
    wrong = []
    bench = Bench(place.parent / "nowhere")
    native = bench.root.parent / "native" / "log.jsonl"
    native.parent.mkdir(exist_ok=True)
    for side in ("left", "right"):
        for name, log in played.logs[side].items():
            if name in ignored:
                continue
            native.write_bytes(log)
            rows = sessionfs.import_logs([str(native)], archive=str(place)).sessions
            wrong += [f"{side}: {name}: {row.status}" for row in rows if row.status != "unchanged"]
    if (after := tree(place)) != before:
        wrong += [f"changed: {path}" for path in after if after[path] != before.get(path)]
    shutil.rmtree(place)
    return wrong


def copied(played: Played, place: Path, host: str) -> Path:
    """Return a repository of the case's own, set up as a host."""
    root = place / "repository"
    shutil.rmtree(root, ignore_errors=True)
    shutil.copytree(played.root, root, symlinks=True)
    must(root, "update-index", "--refresh", "-q")
    set_up(root, host)
    return root


@contextmanager
def quickly() -> Iterator[None]:
    """Compile the rules of redaction once for all imports, and wait for no disk."""
    compiled: dict[object, Ruleset] = {}

    def rules(policy, root, *, anonymize=False, files=()):
        key = (repr(policy), anonymize, tuple(Path(name).read_bytes() for name in files))
        if key not in compiled or "files" in policy:
            compiled[key] = rules_for(policy, root, anonymize=anonymize, files=files)
        return compiled[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sessionfs.api.bring, "rules_for", rules)
        patch.setattr(sessionfs.api.redact, "rules_for", rules)
        patch.setattr(sessionfs.disk.steps.os, "fsync", lambda _: None)
        yield
