"""What merging does with what is not checked out, the way back, and what it says of places."""

from __future__ import annotations

import shutil
from contextlib import chdir
from pathlib import Path

import pytest

import sessionfs
from memory import merged
from merge_cases import (
    ARCHIVE,
    BASE,
    LAMP,
    LEFT,
    RIGHT,
    RULES,
    SECRET,
    Bench,
    Case,
    bring,
    edits,
    git,
    must,
    play,
    said,
    steps,
    tail,
    talk,
    uid,
)
from merging import copied, errors, is_held, leaks, quickly, run, tree_of, unmerged
from test_merge_secrets import RED, both_ways, redacted, text_of
from test_merging import COMMON, archive, line, log, rules


@pytest.fixture(scope="module", autouse=True)
def _quickly():
    with quickly():
        yield


FORK = LEFT + tail(16, 1, 5)
"""A log that goes on with the one that the other side has, and is archived as a fork."""


def fork_on_one_side(place: Path):
    """The left side has RIGHT, and FORK as its fork; the right side has LEFT."""

    def left(bench: Bench) -> None:
        bench.bring(RIGHT)
        bench.bring(FORK, named="child")

    return play(Case(base=bring(BASE), left=left, right=bring(LEFT)), place)


def forks_of(archive: Path) -> list[Path]:
    found = sessionfs.open_archive(str(archive)).sessions()
    return [archive / one.path for one in found if "#" in one.summary.uid]


def restored(archive: Path) -> list[list[bytes]]:
    return [list(one.restore()) for one in sessionfs.open_archive(str(archive)).sessions()]


def merge_all(root: Path, *, hide: str = "") -> tuple[str, str]:
    """Merge the right side into the left one; return the tree that is committed, and what is said.

    What is hidden stands in the index, and not in the work tree.
    """
    must(root, "checkout", "--quiet", "left")
    if hide == "sparse":
        must(root, "sparse-checkout", "set", "--no-cone", f"/{ARCHIVE}/archive.yaml")
    assert git(root, "merge", "--no-edit", "right").returncode == 1
    if hide == "deleted":
        for one in forks_of(root / ARCHIVE):
            shutil.rmtree(one)
    code, out, err = run(root, "merge")
    assert code == 0, out + err
    must(root, "add", "--all", "--sparse", ARCHIVE)
    assert unmerged(root) == []
    must(root, "commit", "--quiet", "--no-edit")
    merged_tree = tree_of(root)
    if hide == "sparse":
        must(root, "sparse-checkout", "disable")
    return merged_tree, err


@pytest.mark.parametrize("hide", ["sparse", "deleted"])
def test_a_fork_that_is_not_checked_out_is_gone_on_with(tmp_path: Path, hide: str) -> None:
    case = fork_on_one_side(tmp_path / "case")
    whole, _ = merge_all(copied(case, tmp_path / "whole", "guarded"))
    root = copied(case, tmp_path / "hidden", "guarded")
    found, told = merge_all(root, hide=hide)
    assert found == whole
    assert any(is_held(FORK, lines) for lines in restored(root / ARCHIVE))
    assert errors(root / ARCHIVE) == []
    assert ("git add -A --sparse" in told) is (hide == "sparse")


def test_a_damaged_session_that_is_not_checked_out_is_not_written_over(tmp_path: Path) -> None:
    def spoil(bench: Bench) -> None:
        bench.bring(RIGHT)
        bench.bring(LEFT, named="child")
        (fork,) = forks_of(bench.archive)
        (fork / "summary.json").write_bytes(b"{}\n")

    case = play(Case(base=bring(BASE), left=spoil, right=bring(LEFT)), tmp_path / "case")
    root = copied(case, tmp_path, "guarded")
    must(root, "checkout", "--quiet", "left")
    must(root, "sparse-checkout", "set", "--no-cone", f"/{ARCHIVE}/archive.yaml")
    assert git(root, "merge", "--no-edit", "right").returncode == 1
    code, out, _ = run(root, "merge")
    assert code == 1
    assert "stands where the fork belongs" in out


CHILD = SECRET + tail(16, 2, 5)
"""A log that begins like the one that is redacted, and goes on in another way."""


def redacted_above(place: Path):
    """A session and its fork: one side redacts the one, both say something of both."""

    def left(bench: Bench) -> None:
        right(bench, "left")
        bench.redact(RULES)

    def right(bench: Bench, side: str = "right") -> None:
        (child,) = forks_of(bench.archive)
        bench.edit(uid(), title=f"main, {side}")
        bench.edit(child.name, title=f"fork, {side}")

    def base(bench: Bench) -> None:
        bench.bring(SECRET + tail(16, 3, 6))
        bench.bring(CHILD, named="child")

    return play(Case(base=base, left=left, right=right), place)


def test_a_session_and_its_fork_are_merged_together_again_and_again(tmp_path: Path) -> None:
    """What was redacted in the one is out of the other before anything is written."""
    root = copied(redacted_above(tmp_path / "case"), tmp_path, "guarded")
    must(root, "checkout", "--quiet", "left")
    assert LAMP in (forks_of(root / ARCHIVE)[0] / "messages-00000001.jsonl").read_text()
    assert git(root, "merge", "--no-edit", "right").returncode == 1
    for _ in range(2):
        code, out, err = run(root, "merge")
        assert code == 0, out + err
        assert out.count("merged") == 2
        assert leaks(root / ARCHIVE, (LAMP,)) == []
    must(root, "add", "--all", ARCHIVE)
    assert errors(root / ARCHIVE) == []


def test_a_fork_that_cannot_be_cleared_is_told(tmp_path: Path) -> None:
    def left(bench: Bench) -> None:
        bench.redact(RULES)

    def right(bench: Bench) -> None:
        bench.edit(uid(), title="R")
        bench.bring(CHILD, named="child")

    base = bring(SECRET + tail(16, 3, 6))
    case = play(Case(base=base, left=left, right=right), tmp_path / "case")
    root = copied(case, tmp_path, "guarded")
    must(root, "checkout", "--quiet", "left")
    assert git(root, "merge", "--no-edit", "right").returncode == 1
    (fork,) = forks_of(root / ARCHIVE)
    note = fork / "note.txt"
    note.write_text("mine")
    code, _, err = run(root, "merge")
    assert code == 1
    assert f"{fork.name} may still say what was redacted" in err
    note.unlink()
    code, out, _ = run(root, "merge")
    assert code == 0
    assert f"what was redacted is out of {fork.name}, too" in out
    assert leaks(root / ARCHIVE, (LAMP,)) == []


def test_an_archive_that_is_not_checked_out_at_all_is_told(tmp_path: Path) -> None:
    case = play(Case(base=bring(BASE), left=bring(LEFT), right=bring(RIGHT)), tmp_path / "case")
    root = copied(case, tmp_path, "guarded")
    must(root, "checkout", "--quiet", "left")
    must(root, "sparse-checkout", "set", "--no-cone", "/code.txt")
    assert git(root, "merge", "--no-edit", "right").returncode == 1
    code, out, err = run(root, "merge")
    assert code == 1
    assert out.startswith("conflict  ")
    assert "a sparse checkout hides the archive" in out
    assert "by hand" not in err


def forks(place: Path):
    """Two sides that each redact, go on and say something: git takes files of both."""
    left = steps(bring(SECRET + said(3, "a")), edits(title="L"))
    right = steps(bring(SECRET + said(3, "b"), talk(12, 1)), edits(title="R"))
    return play(Case(base=bring(SECRET), left=left, right=right), place)


def test_after_adding_everything_git_can_go_back(tmp_path: Path) -> None:
    root = copied(forks(tmp_path / "case"), tmp_path, "guarded")
    must(root, "checkout", "--quiet", "left")
    before = tree_of(root)
    assert git(root, "merge", "--no-edit", "right").returncode == 1
    code, _, err = run(root, "merge")
    assert code == 0
    assert "`git commit -a` leaves a new one out" in err
    must(root, "add", "--all", ARCHIVE)
    must(root, "merge", "--abort")
    assert must(root, "status", "--porcelain") == ""
    assert tree_of(root) == before
    assert errors(root / ARCHIVE) == []


def test_sessions_wait_for_a_policy_that_is_in_conflict(tmp_path: Path) -> None:
    def ruled(regex: str, content: bytes):
        def step(bench: Bench) -> None:
            bench.bring(content)
            policy = bench.archive / "archive.yaml"
            rule = f"redaction:\n  rules:\n    - id: r\n      regex: '{regex}'\n"
            policy.write_text(policy.read_text() + rule)

        return step

    left, right = ruled("(aaa)", LEFT), ruled("(bbb)", RIGHT)
    case = play(Case(base=bring(BASE), left=left, right=right), tmp_path / "case")
    root = copied(case, tmp_path, "text")  # where attributes are ignored, git writes markers
    must(root, "checkout", "--quiet", "left")
    assert git(root, "merge", "--no-edit", "right").returncode == 1
    code, out, err = run(root, "merge")
    assert code == 1
    assert "archive.yaml is in conflict itself; resolve archive.yaml by hand, then run " in out
    assert "the others" not in err
    (root / ARCHIVE / "archive.yaml").write_text(must(root, "show", f"left:{ARCHIVE}/archive.yaml"))
    must(root, "add", f"{ARCHIVE}/archive.yaml")
    code, out, err = run(root, "merge")
    assert code == 0, out + err


def test_each_row_says_of_which_archive_it_is(tmp_path: Path) -> None:
    places = (ARCHIVE, "sub dir/.sessions")

    def everywhere(content: bytes):
        def step(bench: Bench) -> None:
            for place in places:
                Bench(bench.root, below=place).bring(content)

        return step

    sides = {"base": everywhere(BASE), "left": everywhere(LEFT), "right": everywhere(RIGHT)}
    root = copied(play(Case(**sides), tmp_path / "case"), tmp_path, "guarded")
    must(root, "checkout", "--quiet", "left")
    assert git(root, "merge", "--no-edit", "right").returncode == 1
    with chdir(root):
        rows = sessionfs.merge().sessions
    assert {row.archive for row in rows} == set(places)
    code, out, _ = run(root, "merge")
    assert code == 0
    told = [text.removeprefix("forked    ").partition("  ")[0] for text in out.splitlines()]
    assert sorted(told) == sorted(f"{row.archive}/{row.path}" for row in rows)


def test_what_both_sides_removed_is_out_of_a_fork_that_one_of_them_made() -> None:
    """Neither form of the main session says it any more: the one that both come from does."""
    base = archive(log(f"It is {RED}."))
    ours, theirs = redacted(base, rules("red")), redacted(base, rules("red"))
    ours.bring(log(f"It is {RED}.") + line(COMMON + 1, "On.", 1), rules("red"))
    theirs.bring(log(f"It is {RED}.") + line(COMMON + 1, "Off.", 2), rules("red"))
    theirs.bring(log(f"It is {RED}.") + line(COMMON + 1, "Dim.", 3))  # without the rules: a fork
    assert RED.encode() in text_of(theirs)
    assert RED.encode() not in text_of(both_ways(base, ours, theirs))
    assert RED.encode() in text_of(merged(None, ours, theirs))  # nobody can know what it was
