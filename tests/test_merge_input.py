"""Merging where the repository, the index or a side is not as one would like it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import sessionfs
from merge_cases import (
    ARCHIVE,
    BASE,
    CASES,
    LAMP,
    LEFT,
    RIGHT,
    RULES,
    SECRET,
    WICK,
    Bench,
    Case,
    Played,
    bring,
    edits,
    git,
    has_child,
    must,
    nothing,
    play,
    redacts,
    repository,
    said,
    steps,
    tail,
    talk,
    uid,
)
from merging import (
    APART,
    copied,
    errors,
    finish,
    leaks,
    lost,
    quickly,
    run,
    run_way,
    tree_of,
    unmerged,
)
from trees import tree

FIRST = ".sessions/2026/11/"
BAD = "01M6A6FT00G3SCK7ZHN6J2GJBH"
"""The ULID of the session of `BASE`."""


@pytest.fixture(scope="session", autouse=True)
def _quickly():
    with quickly():
        yield


@pytest.fixture(scope="session")
def tails(tmp_path_factory: pytest.TempPathFactory) -> Played:
    return play(CASES["tails"], tmp_path_factory.mktemp("tails"))


@pytest.fixture(scope="session")
def several(tmp_path_factory: pytest.TempPathFactory) -> Played:
    return play(CASES["several"], tmp_path_factory.mktemp("several"))


def stopped(case: Played, place: Path, *, way: str = "merge", host: str = "guarded") -> Path:
    """Return a repository in which git stopped with conflicts in the archive."""
    root = copied(case, place, host)
    assert run_way(root, way, "left", "right").unmerged
    return root


def settle(case: Played, root: Path, *, below: str = ARCHIVE, way: str = "merge") -> str:
    """Resolve, stage, check and go on; return git's id of the archive."""
    code, out, err = run(root, "merge", "-a", below)
    assert code == 0, (out, err)
    must(root, "add", "--all", below)
    assert unmerged(root) == []
    assert errors(root / below) == []
    assert lost(case, root / below) == []
    case.case.check(Bench(root, below=below))
    merged = tree_of(root, below)
    finish(root, way)
    return merged


def refused(told: tuple[int, str, str], *words: str) -> None:
    """Check that a command could not run, and says why and what to do."""
    code, out, err = told
    assert code == 2, told
    assert out == ""
    assert "Traceback" not in err
    lines = err.splitlines()
    assert len(lines) == 2, err
    assert lines[1].startswith("hint:"), err
    for word in words:
        assert word in err, err


# No place to merge in


def test_outside_of_a_repository(tmp_path: Path) -> None:
    sessionfs.init(str(tmp_path / ARCHIVE))
    refused(run(tmp_path, "merge"), "repository")


def test_without_an_archive(tmp_path: Path) -> None:
    root = repository(tmp_path / "repository")
    assert run(root, "merge")[:2] == (0, "nothing to merge\n")
    refused(run(root, "merge", "-a", "nowhere"), "nowhere")


def test_in_a_bare_repository(tails: Played, tmp_path: Path) -> None:
    must(tmp_path, "clone", "--quiet", "--bare", str(tails.root), "bare.git")
    refused(run(tmp_path / "bare.git", "merge"))
    sessionfs.init(str(tmp_path / "bare.git" / ARCHIVE))
    refused(run(tmp_path / "bare.git", "merge"), "bare")


def test_without_git(tails: Played, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = stopped(tails, tmp_path)
    before = tree(root / ARCHIVE)
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    refused(run(root, "merge"), "git is not installed")
    assert tree(root / ARCHIVE) == before


@pytest.mark.parametrize("command", [("merge",), ("git", "setup")])
def test_with_a_git_that_is_too_old(
    command: tuple[str, ...], tails: Played, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = stopped(tails, tmp_path)
    before = tree(root / ARCHIVE)
    (tmp_path / "old").mkdir()
    program = tmp_path / "old" / "git"
    program.write_text("#!/bin/sh\necho git version 2.33.8\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path / "old"))
    refused(run(root, *command), "git 2.33 is too old")
    assert tree(root / ARCHIVE) == before


def test_in_somebody_elses_repository(
    tails: Played, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = stopped(tails, tmp_path)
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    refused(run(root, "merge"), "safe.directory")


def test_in_a_repository_without_a_commit(tmp_path: Path) -> None:
    root = repository(tmp_path / "repository")
    sessionfs.init(str(root / ARCHIVE))
    code, out, _ = run(root, "merge")
    assert code == 0
    assert out.strip()


# Nothing to merge


def test_nothing_to_merge_changes_nothing(tails: Played, tmp_path: Path) -> None:
    root = copied(tails, tmp_path, "guarded")
    (root / ARCHIVE / "2026" / "note.txt").write_text("mine\n")
    before, status = tree(root / ARCHIVE), must(root, "status", "--porcelain")
    code, out, _ = run(root, "merge")
    assert code == 0
    assert out.strip()
    assert (tree(root / ARCHIVE), must(root, "status", "--porcelain")) == (before, status)


def test_conflicts_elsewhere_are_none_of_ours(tmp_path: Path) -> None:
    def code(text: str):
        return lambda bench: (bench.root / "code.txt").write_text(text)

    case = play(Case(base=bring(BASE), left=code("a\n"), right=code("b\n")), tmp_path / "case")
    root = copied(case, tmp_path, "guarded")
    assert run_way(root, "merge", "left", "right").unmerged == ["code.txt"]
    before = tree(root)
    code_, out, _ = run(root, "merge")
    assert code_ == 0
    assert out.strip()
    assert {k: v for k, v in tree(root).items() if ".git/" not in k} == {
        k: v for k, v in before.items() if ".git/" not in k
    }
    assert unmerged(root) == ["code.txt"]


# States and places


def test_merging_twice_is_merging_once(several: Played, tmp_path: Path) -> None:
    root = stopped(several, tmp_path)
    assert run(root, "merge")[0] == 0
    once = tree(root / ARCHIVE)
    assert run(root, "merge")[0] == 0
    assert tree(root / ARCHIVE) == once
    settle(several, root)


def test_after_an_abort_it_comes_out_the_same(tails: Played, tmp_path: Path) -> None:
    root = stopped(tails, tmp_path)
    assert run(root, "merge")[0] == 0
    merged = tree(root / ARCHIVE)
    must(root, "merge", "--abort")
    assert errors(root / ARCHIVE) == []
    assert git(root, "merge", "right").returncode == 1
    assert run(root, "merge")[0] == 0
    assert tree(root / ARCHIVE) == merged
    settle(tails, root)


@pytest.mark.parametrize("below", ["", ARCHIVE, f"{ARCHIVE}/2026/11"])
def test_from_below(tails: Played, tmp_path: Path, below: str) -> None:
    root = stopped(tails, tmp_path)
    inside = root / below if below else root / "src" / "deep"
    inside.mkdir(parents=True, exist_ok=True)
    code, out, err = run(inside, "merge")
    assert code == 0, err
    assert out.startswith("forked")
    settle(tails, root)


@pytest.mark.parametrize(
    "below", ["docs/sessions", "a b/zoë's [x] *", ".sessions/.sessions", "new\nline"]
)
def test_an_archive_at_another_place(tmp_path: Path, below: str) -> None:
    case = play(CASES["tails"], tmp_path / "case", below=below)
    root = copied(case, tmp_path, "guarded")
    assert run_way(root, "merge", "left", "right").unmerged
    settle(case, root, below=below)


def test_an_archive_that_is_the_repository(tmp_path: Path) -> None:
    case = play(CASES["tails"], tmp_path / "case", below=".")
    root = copied(case, tmp_path, "guarded")
    assert run_way(root, "merge", "left", "right").unmerged
    code, out, err = run(root, "merge")
    assert code == 0, (out, err)
    must(root, "add", "--all")
    assert errors(root) == []
    finish(root, "merge")


def test_two_archives_are_merged_at_once_or_one_by_one(tmp_path: Path) -> None:
    def both(log: bytes):
        def step(bench: Bench) -> None:
            bench.bring(log)
            shutil.copytree(bench.archive, bench.root / "sub" / ARCHIVE, dirs_exist_ok=True)

        return step

    case = play(Case(base=both(BASE), left=both(LEFT), right=both(RIGHT)), tmp_path / "case")
    root = copied(case, tmp_path, "guarded")
    outcome = run_way(root, "merge", "left", "right")
    assert len(outcome.unmerged) == 6
    before = tree(root / ARCHIVE)
    code, out, _ = run(root / "sub", "merge", "-a", ARCHIVE)
    assert code == 0, out
    assert tree(root / ARCHIVE) == before
    assert errors(root / "sub" / ARCHIVE) == []
    must(root, "add", "--all", f"sub/{ARCHIVE}")
    assert len(unmerged(root)) == 3
    assert run(root / "sub", "merge")[0] == 0
    must(root, "add", "--all", ARCHIVE)
    assert errors(root / ARCHIVE) == []
    assert tree_of(root) == tree_of(root, f"sub/{ARCHIVE}")
    finish(root, "merge")


def test_a_detached_head(tails: Played, tmp_path: Path) -> None:
    root = copied(tails, tmp_path, "guarded")
    must(root, "checkout", "--quiet", "--detach", "left")
    assert git(root, "merge", "right").returncode == 1
    settle(tails, root)


def test_a_work_tree_of_its_own(tails: Played, tmp_path: Path) -> None:
    root = copied(tails, tmp_path, "guarded")
    place = tmp_path / "beside"
    must(root, "worktree", "add", "--quiet", str(place), "left")
    assert git(place, "merge", "right").returncode == 1
    assert run(place, "merge")[0] == 0
    must(place, "add", "--all", ARCHIVE)
    assert errors(place / ARCHIVE) == []
    assert lost(tails, place / ARCHIVE) == []
    must(place, "commit", "--no-edit")
    assert must(root, "status", "--porcelain") == ""


def test_a_submodule(tails: Played, tmp_path: Path) -> None:
    above = repository(tmp_path / "above")
    allowed = ("-c", "protocol.file.allow=always")
    must(above, *allowed, "submodule", "--quiet", "add", "-b", "left", str(tails.root), "sub")
    place = above / "sub"
    for name in ("user.name", "user.email"):
        must(place, "config", name, "somebody@example.org")
    assert git(place, "merge", "origin/right").returncode == 1
    assert run(place, "merge")[0] == 0
    must(place, "add", "--all", ARCHIVE)
    assert errors(place / ARCHIVE) == []
    must(place, "commit", "--no-edit")
    assert lost(tails, place / ARCHIVE) == []


def test_a_submodule_in_conflict_is_none_of_ours(tails: Played, tmp_path: Path) -> None:
    root = repository(tmp_path / "above")
    sessionfs.init(str(root / ARCHIVE))
    commits = {
        side: must(tails.root, "rev-parse", side).strip() for side in ("base", "left", "right")
    }
    for side, commit in commits.items():
        if side != "base":
            must(root, "checkout", "--quiet", "-b", side, "base")
        must(root, "add", "--all", ARCHIVE)
        must(root, "update-index", "--add", "--cacheinfo", f"160000,{commit},sub")
        must(root, "commit", "--quiet", "-m", side)
    assert git(root, "merge", "left").returncode == 1
    assert unmerged(root) == ["sub"]
    code, out, _ = run(root, "merge")
    assert code == 0, out


def test_other_object_names(tmp_path: Path) -> None:
    case = Case(base=bring(BASE), left=bring(LEFT), right=bring(RIGHT), check=has_child)
    root = tmp_path / "case" / "repository"
    done = git(tmp_path, "init", "--quiet", "--object-format=sha256", str(tmp_path / "probe"))
    if done.returncode:
        pytest.skip("this git has no SHA-256")
    os.environ["GIT_DEFAULT_HASH"] = "sha256"
    try:
        played = play(case, root.parent)
    finally:
        del os.environ["GIT_DEFAULT_HASH"]
    assert len(must(root, "rev-parse", "HEAD").strip()) == 64
    settle(played, stopped(played, tmp_path))


@pytest.mark.parametrize("elsewhere", [False, True], ids=["here", "elsewhere"])
def test_what_a_hook_sets_means_no_other_repository(
    tails: Played, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, elsewhere: bool
) -> None:
    root = stopped(tails, tmp_path)
    other = repository(tmp_path / "other")
    where = other / ".git" if elsewhere else Path(".git")
    monkeypatch.setenv("GIT_DIR", str(where))
    monkeypatch.setenv("GIT_INDEX_FILE", str(where / "index"))
    monkeypatch.setenv("GIT_PREFIX", "nowhere/")
    monkeypatch.setenv("GIT_LITERAL_PATHSPECS", "1")
    code, out, err = run(root / ARCHIVE, "merge")
    assert code == 0, (out, err)
    monkeypatch.undo()
    settle(tails, root)


def test_settings_that_make_git_talk_otherwise(tails: Played, tmp_path: Path) -> None:
    root = copied(tails, tmp_path, "text")
    for name, value in {
        "core.quotePath": "true",
        "merge.conflictStyle": "diff3",
        "status.short": "true",
        "color.ui": "always",
        "rerere.enabled": "true",
        "diff.noprefix": "true",
        "core.fsmonitor": "touch fsmonitor-ran; false",
        "core.abbrev": "4",
        "log.showSignature": "true",
        "index.version": "4",
        "diff.renames": "copies",
    }.items():
        must(root, "config", name, value)
    must(root, "checkout", "--quiet", "left")
    assert git(root, "merge", "right").returncode == 1
    (root / "fsmonitor-ran").unlink(missing_ok=True)
    assert run(root, "merge")[0] == 0
    assert not (root / "fsmonitor-ran").exists(), "a program of the configuration was run"
    must(root, "config", "core.fsmonitor", "false")
    settle(tails, root)


# Histories


def test_a_shallow_clone_has_no_base(tails: Played, tmp_path: Path) -> None:
    root = tmp_path / "shallow"
    url = f"file://{tails.root}"
    must(tmp_path, "clone", "--quiet", "--depth=1", "--branch=left", url, str(root))
    for name in ("user.name", "user.email"):
        must(root, "config", name, "somebody@example.org")
    must(root, "fetch", "--quiet", "--depth=1", "origin", "right")
    done = git(root, "merge", "--allow-unrelated-histories", "FETCH_HEAD")
    assert done.returncode == 1
    settle(tails, root)


@pytest.mark.parametrize("name", ["tails", "unlinked and tail, long", "both open a segment"])
@pytest.mark.parametrize("ours", ["left", pytest.param("right", marks=pytest.mark.exhaustive)])
def test_a_partial_clone_is_merged_or_told(tmp_path: Path, name: str, ours: str) -> None:
    """What git did not fetch is missing: nothing may be fetched behind anyone's back, or lost."""
    case = play(CASES[name], tmp_path / "case")
    theirs = "right" if ours == "left" else "left"
    must(case.root, "config", "uploadpack.allowFilter", "true")
    must(case.root, "config", "uploadpack.allowAnySHA1InWant", "true")
    root = tmp_path / "partial"
    must(
        tmp_path,
        *("clone", "--quiet", "--filter=blob:none", f"--branch={ours}"),
        *(f"file://{case.root}", str(root)),
    )
    for setting in ("user.name", "user.email"):
        must(root, "config", setting, "somebody@example.org")
    assert git(root, "merge", f"origin/{theirs}").returncode == 1
    before = tree(root / ARCHIVE)
    code, out, err = run(root, "merge")
    assert "Traceback" not in err
    if code:
        assert tree(root / ARCHIVE) == before
        assert "fetch" in out + err, (out, err)
        return
    settle(case, root)


@pytest.mark.exhaustive
def test_branches_that_cross(tmp_path: Path) -> None:
    """Two merge bases: git makes one of them, whose files may be in conflict themselves."""
    case = play(CASES["several"], tmp_path / "case")
    results = set()
    for host in ("guarded", "text"):
        root = copied(case, tmp_path, host)
        must(root, "checkout", "--quiet", "-b", "one", "left")
        assert git(root, "merge", "--no-edit", "right").returncode == 1
        settle(case, root)
        must(root, "checkout", "--quiet", "-b", "two", "right")
        assert git(root, "merge", "--no-edit", "left").returncode == 1
        settle(case, root)
        bench = Bench(root)
        bench.edit(uid(2), title="Two", add=["two"])
        bench.bring(LEFT + tail(16, 3, 7))
        must(root, "add", "--all")
        must(root, "commit", "--quiet", "-m", "two goes on")
        must(root, "checkout", "--quiet", "one")
        bench.edit(uid(2), title="One", add=["one"])
        bench.bring(RIGHT + tail(18, 2, 8))
        must(root, "add", "--all")
        must(root, "commit", "--quiet", "-m", "one goes on")
        for ours, theirs in (("one", "two"), ("two", "one")):
            must(root, "checkout", "--quiet", "-B", "cross", ours)
            assert git(root, "merge", "--no-edit", theirs).returncode == 1
            code, out, err = run(root, "merge")
            assert code == 0, (out, err)
            must(root, "add", "--all", ARCHIVE)
            assert errors(root / ARCHIVE) == []
            assert lost(case, root / ARCHIVE) == []
            manifest = bench.manifest(uid(2))
            assert manifest["title"] == "One"
            assert set(manifest["tags"]) >= {"one", "two"}
            results.add(tree_of(root))
            finish(root, "merge")
    assert len(results) == 1, "what is merged depends on neither side nor host"


def test_commits_that_conflict_one_after_the_other(tails: Played, tmp_path: Path) -> None:
    root = copied(tails, tmp_path, "guarded")
    bench = Bench(root)
    must(root, "checkout", "--quiet", "right")
    log = RIGHT
    for number in range(3):
        log += tail(18 + 2 * number, 2, 20 + number)
        bench.bring(log)
        bench.edit(add=[f"tag-{number}"])
        must(root, "add", "--all")
        must(root, "commit", "--quiet", "-m", f"{number}")
    done = git(root, "rebase", "left")
    for _ in range(8):
        if not done.returncode:
            break
        assert unmerged(root), done.stderr
        code, out, err = run(root, "merge")
        assert code == 0, (out, err)
        must(root, "add", "--all", ARCHIVE)
        assert errors(root / ARCHIVE) == []
        done = git(root, "rebase", "--continue")
    assert done.returncode == 0, done.stderr
    assert errors(root / ARCHIVE) == []
    for held in (LEFT, log):
        assert (
            lost(Played(tails.case, root, {"left": {"": held}, "right": {}}), root / ARCHIVE) == []
        )
    assert set(bench.manifest()["tags"]) == {"tag-0", "tag-1", "tag-2"}


@pytest.mark.parametrize(
    "seed", [0, *(pytest.param(seed, marks=pytest.mark.exhaustive) for seed in range(1, 9))]
)
def test_three_branches_in_any_order(tmp_path: Path, seed: int) -> None:
    """Whichever two go first: the same logs, the same words of people."""
    sides = {
        "a": steps(bring(BASE + tail(12, 3, 30 + seed)), edits(title="A", add=["a"])),
        "b": steps(bring(BASE + tail(12, 4, 40 + seed)), edits(title="B", remove=["k"])),
        "c": steps(bring(BASE + tail(12, 5, 50 + seed)), edits(title="C", add=["c"])),
    }
    base = steps(bring(BASE), edits(add=["k"]))
    case = play(Case(base=base, left=sides["a"], right=sides["b"]), tmp_path / "case")
    results = {}
    for order in ("abc", "acb", "bca", "cba"):
        root = copied(case, tmp_path, "guarded")
        must(root, "checkout", "--quiet", "-b", "c", "base")
        sides["c"](Bench(root))
        must(root, "add", "--all")
        must(root, "commit", "--quiet", "-m", "c")
        must(root, "branch", "a", "left")
        must(root, "branch", "b", "right")
        must(root, "checkout", "--quiet", "-B", "all", order[0])
        for other in order[1:]:
            assert git(root, "merge", "--no-edit", other).returncode == 1
            assert run(root, "merge")[0] == 0
            must(root, "add", "--all", ARCHIVE)
            finish(root, "merge")
        archive = sessionfs.open_archive(str(root / ARCHIVE))
        logs = sorted(b"".join(one.restore()) for one in archive.sessions())
        assert errors(root / ARCHIVE) == []
        assert lost(case, root / ARCHIVE) == []
        manifest = Bench(root).manifest()
        results[order] = (
            logs,
            manifest["title"],
            sorted(manifest["tags"]),
            sorted(manifest["ext"]["alternatives"]["title"]),
            sorted(one.summary.uid for one in archive.sessions()),
        )
    assert len({str(each) for each in results.values()}) == 1, results


def test_undoing_a_commit_loses_nothing(tails: Played, tmp_path: Path) -> None:
    """`git revert` of growth that something was built on: the longer log stays."""
    root = copied(tails, tmp_path, "guarded")
    bench = Bench(root)
    must(root, "checkout", "--quiet", "left")
    bench.bring(LEFT + tail(16, 3, 7))
    must(root, "add", "--all")
    must(root, "commit", "--quiet", "-m", "more")
    assert git(root, "revert", "--no-edit", "HEAD~1").returncode == 1
    before = git(root, "rev-parse", f"HEAD:{ARCHIVE}").stdout
    assert run(root, "merge")[0] == 0
    must(root, "add", "--all", ARCHIVE)
    assert errors(root / ARCHIVE) == []
    assert tree_of(root).encode() == before.strip()


def test_new_files_on_the_stash_are_not_lost(tmp_path: Path) -> None:
    """`git stash -u` keeps new files apart from the rest: the index has none of them."""
    case = play(CASES["both open a segment"], tmp_path / "case")
    for ours, theirs in (("left", "right"), ("right", "left")):
        root = copied(case, tmp_path, "guarded")
        outcome = run_way(root, APART, ours, theirs)
        assert outcome.unmerged
        before = tree(root / ARCHIVE)
        code, out, err = run(root, "merge")
        assert "Traceback" not in err
        if code:
            assert code == 1
            assert BAD in out + err
            assert tree(root / ARCHIVE) == before
            continue
        must(root, "add", "--all", ARCHIVE)
        assert errors(root / ARCHIVE) == []
        assert lost(case, root / ARCHIVE) == []


def test_a_side_that_moved_the_archive(tmp_path: Path) -> None:
    """Git follows the renames: the other side's changes stand where the archive is now."""

    def move(bench: Bench) -> None:
        bench.bring(LEFT)
        must(bench.root, "add", "--all")
        (bench.root / "docs").mkdir()
        must(bench.root, "mv", ARCHIVE, "docs/sessions")

    case = play(Case(base=bring(BASE), left=move, right=bring(RIGHT)), tmp_path / "case")
    for ours, theirs in (("left", "right"), ("right", "left")):
        root = copied(case, tmp_path, "guarded")
        assert run_way(root, "merge", ours, theirs).unmerged
        code, out, err = run(root, "merge", "-a", "docs/sessions")
        assert "Traceback" not in err
        if code:  # it may say that this is more than it can tell
            assert code in {1, 2}
            assert BAD in out + err or "archive" in err
            continue
        must(root, "add", "--all")
        assert errors(root / "docs" / "sessions") == []
        assert lost(case, root / "docs" / "sessions") == []


# What stands in the work tree


def test_changes_to_other_sessions_stay(several: Played, tmp_path: Path) -> None:
    root = copied(several, tmp_path, "guarded")
    must(root, "checkout", "--quiet", "left")
    bench = Bench(root)
    bench.edit(uid(4), title="Not committed")
    path = bench.session(uid(4))
    before = {file.name: file.read_bytes() for file in path.iterdir() if file.is_file()}
    assert git(root, "merge", "right").returncode == 1
    assert run(root, "merge")[0] == 0
    after = {file.name: file.read_bytes() for file in path.iterdir() if file.is_file()}
    assert after == before


def test_what_was_imported_in_between_is_not_lost_in_silence(tails: Played, tmp_path: Path) -> None:
    """The session went on while git waits: its newest messages are in the work tree alone."""
    root = stopped(tails, tmp_path)
    more = LEFT + tail(16, 5, 7)
    Bench(root).bring(more)
    archive = root / ARCHIVE
    before = tree(archive)
    code, out, err = run(root, "merge")
    if code:
        assert code == 1
        assert tree(archive) == before
        assert BAD in out + err
        return
    held = Played(tails.case, root, {"left": {"": more}, "right": {"": RIGHT}})
    assert lost(held, archive) == []


def test_files_that_are_nobodys_are_not_swept_away(tails: Played, tmp_path: Path) -> None:
    root = stopped(tails, tmp_path)
    note = Bench(root).session() / "note.txt"
    note.write_text("mine\n")
    code, out, err = run(root, "merge")
    if code:
        assert code == 1
        assert "note.txt" in out + err
    assert note.read_text() == "mine\n"


def test_a_session_that_was_deleted_in_between_is_resolved(tails: Played, tmp_path: Path) -> None:
    root = stopped(tails, tmp_path)
    shutil.rmtree(Bench(root).session())
    settle(tails, root)


def test_a_sparse_checkout(tmp_path: Path) -> None:
    case = play(CASES["segments and title"], tmp_path / "case")
    root = copied(case, tmp_path, "guarded")
    must(root, "checkout", "--quiet", "left")
    must(root, "sparse-checkout", "set", "--no-cone", "/code.txt", f"/{ARCHIVE}/archive.yaml")
    assert git(root, "merge", "right").returncode == 1
    code, out, err = run(root, "merge")
    assert code == 0, (out, err)
    must(root, "add", "--all", "--sparse", ARCHIVE)
    assert unmerged(root) == []
    must(root, "commit", "--quiet", "--no-edit")
    must(root, "sparse-checkout", "disable")
    assert errors(root / ARCHIVE) == []
    assert lost(case, root / ARCHIVE) == []


def test_a_disk_that_takes_nothing(
    several: Played, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = stopped(several, tmp_path)
    before = tree(root / ARCHIVE)

    def refuse(*_: object, **__: object) -> None:
        raise OSError(30, "Read-only file system")

    for name in ("mkdir", "rename", "replace", "link"):
        monkeypatch.setattr(sessionfs.disk.steps.os, name, refuse)
    code, _, err = run(root, "merge")
    monkeypatch.undo()
    assert code == 2
    assert "Read-only" in err
    assert "Traceback" not in err
    assert tree(root / ARCHIVE) == before
    settle(several, root)


# What stands on a side

JUNK = bytes(range(256)) * 8


def spoils(name: str, content: bytes | None, *logs: bytes):
    """Bring logs in, and spoil a file of the first session."""

    def step(bench: Bench) -> None:
        bench.bring(*logs)
        path = bench.session() / name
        if content is None:
            path.unlink()
        else:
            path.write_bytes(content)

    return step


SPOILT = {
    "a segment of junk": ("messages-00000001.jsonl", JUNK),
    "a segment with markers": (
        "messages-00000001.jsonl",
        b"<<<<<<< HEAD\n{}\n=======\n>>>>>>> right\n",
    ),
    "checksums of junk": ("checksums.b3", JUNK),
    "no checksums": ("checksums.b3", None),
    "a manifest of junk": ("manifest.yaml", JUNK),
    "a manifest of another": ("manifest.yaml", b"format: 1\n"),
    "a newer format": ("manifest.yaml", b'format: "9.0"\nmin_reader: "9.0"\n'),
    "a summary of junk": ("summary.json", JUNK),
    "nothing in a segment": ("messages-00000001.jsonl", b""),
}


@pytest.mark.parametrize("name", SPOILT)
@pytest.mark.parametrize("ours", ["left", pytest.param("right", marks=pytest.mark.exhaustive)])
def test_a_spoilt_side_is_mended_or_named_and_left(tmp_path: Path, name: str, ours: str) -> None:
    """The others are resolved all the same."""
    base = bring(BASE, talk(9, 1))
    case = play(
        Case(
            base=base,
            left=bring(LEFT, talk(9, 1) + tail(9, 2, 2, 1)),
            right=spoils(*SPOILT[name], RIGHT, talk(9, 1) + tail(9, 3, 3, 1)),
        ),
        tmp_path / "case",
    )
    root = copied(case, tmp_path, "guarded")
    theirs = "right" if ours == "left" else "left"
    assert run_way(root, "merge", ours, theirs).unmerged
    before = {path: content for path, content in tree(root / ARCHIVE).items() if BAD in path}
    code, out, err = run(root, "merge")
    assert "Traceback" not in err
    if code == 0:  # what is spoilt could be told from what is not
        assert errors(root / ARCHIVE) == []
        assert lost(case, root / ARCHIVE) == []
        return
    assert code == 1, (out, err)
    assert BAD in out + err
    after = tree(root / ARCHIVE)
    assert {path: content for path, content in after.items() if BAD in path} == before
    found = [line for line in errors(root / ARCHIVE) if BAD not in line]
    assert found == []
    assert sum("#" in one.manifest.source.uid for one in _readable(root)) == 1


def _readable(root: Path):
    archive = sessionfs.open_archive(str(root / ARCHIVE))
    for path in archive.paths():
        session = archive.session(path)
        try:
            _ = session.manifest
        except sessionfs.SessionfsError:
            continue
        yield session


def test_a_link_on_one_side_is_named_and_left(tmp_path: Path) -> None:
    def link(bench: Bench) -> None:
        bench.bring(RIGHT)
        path = bench.session() / "messages-00000001.jsonl"
        path.unlink()
        path.symlink_to("/etc/passwd")
        bench.logs.pop(uid())

    case = play(Case(base=bring(BASE), left=bring(LEFT), right=link), tmp_path / "case")
    for ours, theirs in (("left", "right"), ("right", "left")):
        root = copied(case, tmp_path, "guarded")
        assert run_way(root, "merge", ours, theirs).unmerged
        code, out, err = run(root, "merge")
        assert code == 1, (out, err)
        assert BAD in out + err
        passwd = Path("/etc/passwd").read_bytes()
        files = [path for path in (root / ARCHIVE).rglob("*") if path.is_file()]
        assert not any(path.read_bytes() == passwd for path in files if not path.is_symlink())


def test_files_of_people_in_the_archive_stay_in_conflict(tmp_path: Path) -> None:
    def note(text: str, log: bytes):
        def step(bench: Bench) -> None:
            bench.bring(log)
            (bench.archive / "NOTES.md").write_text(text)

        return step

    case = play(
        Case(base=note("a\n", BASE), left=note("b\n", LEFT), right=note("c\n", RIGHT)),
        tmp_path / "case",
    )
    root = copied(case, tmp_path, "guarded")
    run_way(root, "merge", "left", "right")
    before = (root / ARCHIVE / "NOTES.md").read_bytes()
    code, out, err = run(root, "merge")
    assert code == 1
    assert "NOTES.md" in out + err
    assert (root / ARCHIVE / "NOTES.md").read_bytes() == before
    assert [line for line in errors(root / ARCHIVE) if "2026" in line] == []
    has_child(Bench(root))


@pytest.mark.parametrize("content", [JUNK, b"", b"ignored: 5\n", b'min_reader: "9.0"\n'])
def test_a_spoilt_policy_is_named(tmp_path: Path, content: bytes) -> None:
    def spoil(bench: Bench) -> None:
        (bench.archive / "archive.yaml").write_bytes(content)

    case = play(
        Case(base=bring(BASE, talk(4, 1)), left=lambda bench: bench.remove(uid(1)), right=spoil),
        tmp_path / "case",
    )
    for ours, theirs in (("left", "right"), ("right", "left")):
        root = copied(case, tmp_path, "guarded")
        assert run_way(root, "merge", ours, theirs).unmerged == [f"{ARCHIVE}/archive.yaml"]
        before = (root / ARCHIVE / "archive.yaml").read_bytes()
        code, out, err = run(root, "merge")
        assert "Traceback" not in err
        assert code in {1, 2}, (out, err)
        assert "archive.yaml" in out + err
        assert (root / ARCHIVE / "archive.yaml").read_bytes() == before


# The driver


def drive(place: Path, base: bytes | None, ours: bytes, theirs: bytes, path: str) -> tuple:
    """Call the driver as git does; return its exit code, what it leaves, and what it says."""
    files = {"ours": ours, "theirs": theirs} | ({} if base is None else {"base": base})
    for name, content in files.items():
        (place / name).write_bytes(content)
    ancestor = os.devnull if base is None else "base"
    code, out, err = run(place, "git", "merge-driver", ancestor, "ours", "theirs", "7", path)
    assert out == ""
    assert "Traceback" not in err
    assert (place / "theirs").read_bytes() == theirs
    return code, (place / "ours").read_bytes(), err


@pytest.mark.parametrize("base", [None, b"", b"junk\xff"])
def test_the_driver_leaves_a_session_in_conflict(tmp_path: Path, base: bytes | None) -> None:
    path = f"{FIRST}{BAD}/checksums.b3"
    code, left, err = drive(tmp_path, base, b"a\n", b"b\n", path)
    assert 1 <= code <= 128
    assert left == b"a\n"
    assert "sessionfs merge" in err


def test_the_driver_merges_the_policy_of_an_archive(tmp_path: Path) -> None:
    sessionfs.init(str(tmp_path / "archive"))
    text = (tmp_path / "archive" / "archive.yaml").read_bytes()
    ours, theirs = text + b'ignored:\n  - "codex:a"\n', text + b'ignored:\n  - "codex:b"\n'
    for base in (None, b"", text):
        code, left, _ = drive(tmp_path, base, ours, theirs, f"{ARCHIVE}/archive.yaml")
        assert code == 0
        other, right, _ = drive(tmp_path, base, theirs, ours, f"{ARCHIVE}/archive.yaml")
        assert (other, right) == (0, left)
        assert left.endswith(b'ignored:\n  - "codex:a"\n  - "codex:b"\n')
    code, left, _ = drive(tmp_path, text, JUNK, theirs, f"{ARCHIVE}/archive.yaml")
    assert code
    assert left == JUNK


@pytest.mark.parametrize("missing", ["ours", "theirs", "base"])
def test_the_driver_without_its_files(tmp_path: Path, missing: str) -> None:
    for name in {"ours", "theirs", "base"} - {missing}:
        (tmp_path / name).write_bytes(b"a\n")
    path = f"{ARCHIVE}/archive.yaml"
    code, _, err = run(tmp_path, "git", "merge-driver", "base", "ours", "theirs", "7", path)
    assert code != 0
    assert "Traceback" not in err


def test_with_the_driver_git_stops_and_says_how_to_go_on(several: Played, tmp_path: Path) -> None:
    root = copied(several, tmp_path, "driver")
    outcome = run_way(root, "merge", "left", "right")
    assert outcome.unmerged
    assert "sessionfs merge" in outcome.said
    settle(several, root)


# Secrets


def test_a_redaction_holds_in_every_order(tmp_path: Path) -> None:
    """The side with the secret may come first, last, or in the middle."""
    case = play(
        Case(
            base=bring(SECRET),
            left=redacts(RULES),
            right=bring(SECRET + said(3, "Nothing new.")),
        ),
        tmp_path / "case",
    )
    results = set()
    for way in ("merge", "rebase", "cherry-pick"):
        for ours, theirs in (("left", "right"), ("right", "left")):
            root = copied(case, tmp_path, "guarded")
            assert run_way(root, way, ours, theirs).unmerged
            results.add(settle(case, root, way=way))
            assert leaks(root / ARCHIVE, (LAMP, WICK)) == []
    assert len(results) == 1


# Elsewhere


@pytest.mark.exhaustive
def test_another_process_makes_the_same(several: Played, tmp_path: Path) -> None:
    """No hash order, locale or clock is in the result."""
    results = set()
    for seed, zone in (("1", "UTC"), ("2", "Asia/Kathmandu")):
        root = stopped(several, tmp_path)
        environment = os.environ | {"PYTHONHASHSEED": seed, "TZ": zone, "LC_ALL": "C"}
        command = [sys.executable, "-m", "sessionfs", "merge"]
        done = subprocess.run(command, cwd=root, env=environment, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr
        results.add(settle(several, root))
    assert len(results) == 1


def test_equal_sides_of_one_uid_are_told(tmp_path: Path) -> None:
    """Their first times differ, so git sees two directories, and no conflict."""
    case = play(
        Case(
            base=nothing,
            left=bring(b"".join(said(at, f"left {at}") for at in range(3))),
            right=bring(b"".join(said(at, f"right {at}") for at in range(5, 9))),
        ),
        tmp_path / "case",
    )
    root = copied(case, tmp_path, "guarded")
    assert not run_way(root, "merge", "left", "right").stopped
    assert errors(root / ARCHIVE) == []
    assert lost(case, root / ARCHIVE) == []
    report = sessionfs.verify([str(root / ARCHIVE)], jobs=1)
    assert "W124" in {found.code for found in report.findings}
