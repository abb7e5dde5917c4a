"""Two sides of an archive in real git: it stops, or what it commits verifies; nothing is lost.

A plain run plays some of the cases, and each way, host and direction with one of them;
`-m exhaustive` has every case, each in some of the ways, so that every way meets many of them;
`-m soak` has the product.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from merge_cases import ARCHIVE, CASES, Bench, Played, must, play
from merging import (
    HOSTS,
    WAYS,
    Outcome,
    copied,
    errors,
    finish,
    imported_again,
    leaks,
    lost,
    quickly,
    run,
    run_way,
    tree_of,
    unmerged,
)
from trees import tree

DIRECTIONS = (("left", "right"), ("right", "left"))


class Try(NamedTuple):
    """A way to bring two sides together, on a host."""

    host: str
    way: str
    ours: str
    theirs: str


FOUR = ("merge", "rebase", "cherry-pick", "stash")
QUICK = (
    "tails without ids",
    "lengths, torn and completed",
    "titles anew",
    "tags",
    "secret in the tail that leaves",
    "redactions that overlap",
    "removed and tail",
    "rename trap",
    "added, redacted differently",
    "in different sessions",
    "payloads",
)
"""Cases for a plain run: one of each kind."""
FEW = ("policy and tails", "redactions and tails", "tails", "unlinked and tail, long", "several")
"""Cases for which every way and host counts."""


@pytest.fixture(scope="session")
def played(tmp_path_factory: pytest.TempPathFactory):
    """The repository of a case, made once."""
    made: dict[str, Played] = {}

    def get(name: str) -> Played:
        if name not in made:
            made[name] = play(CASES[name], tmp_path_factory.mktemp("case"))
        return made[name]

    with quickly():
        yield get


def resolve(root: Path, outcome: Outcome) -> None:
    """Do what a person does whom git has stopped; check what each step says."""
    before = must(root, "ls-files", "--stage", "-z")
    code, out, err = run(root, "merge")
    assert code == 0, (outcome.said, out, err)
    assert must(root, "ls-files", "--stage", "-z") == before, "it stages nothing"
    inside = {path for path in outcome.unmerged if path.startswith(f"{ARCHIVE}/")}
    paths = {"/".join(path.split("/")[1:4]) for path in inside} - {"archive.yaml"}
    assert out.count("\n") >= len(paths), out
    for path in paths:
        assert path.rpartition("/")[2] in out, "each session has a line"
    must(root, "add", "--all", ARCHIVE)
    assert unmerged(root) == []


def is_left(root: Path, outcome: Outcome) -> bool:
    """Whether something cannot be merged; then it is named, and left as git left it."""
    assert outcome.unmerged
    before = tree(root / ARCHIVE)
    code, out, _ = run(root, "merge")
    if code == 0:
        return False
    assert code == 1
    assert out.startswith("conflict ")
    assert tree(root / ARCHIVE) == before
    return True


def check_result(case: Played, root: Path) -> None:
    """Check what holds of every merged archive, whoever merged it."""
    archive = root / ARCHIVE
    assert errors(archive) == []
    assert lost(case, archive) == []
    assert leaks(archive, case.case.secrets) == []
    case.case.check(Bench(root))


def bring_together(case: Played, place: Path, known: Collection[str], one: Try) -> Path | None:
    """Merge two sides as a person does; return the repository, None where they stay apart.

    What has become of them need not be checked where it is one of the `known` trees.
    """
    root = copied(case, place, one.host)
    outcome = run_way(root, one.way, one.ours, one.theirs)
    if one.way in case.case.beyond and is_left(root, outcome):
        return None
    if outcome.unmerged:
        resolve(root, outcome)
    else:
        # git may end with an error all the same: a commit that changes nothing any more
        assert not outcome.code or "empty" in outcome.said, outcome.said
    must(root, "add", "--all", ARCHIVE)  # what came from the stash without a conflict
    merged = tree_of(root)
    if merged not in known:
        check_result(case, root)
    finish(root, one.way)
    assert must(root, "rev-parse", f"HEAD:{ARCHIVE}").strip() == merged
    return root


def check_case(case: Played, place: Path, ways: Iterable[Try]) -> None:
    """Bring two sides together in many ways: always the same archive comes of it."""
    results: dict[str, list[Try]] = {}
    for one in ways:
        if one.way.startswith("stash") and is_base(case, one.theirs):
            continue  # there is nothing to put on the stash
        root = bring_together(case, place, results.keys(), one)
        if root is not None:
            merged = tree_of(root)
            results.setdefault(merged, []).append(one)
            if len(results) == len(results[merged]) == 1:
                check_settled(case, root)
    assert len(results) == 1, results


def is_base(case: Played, side: str) -> bool:
    return not must(case.root, "diff", "--name-only", "base", side)


def check_settled(case: Played, root: Path) -> None:
    """Check a merged archive against the sides, and that nothing is left to do."""
    archive = root / ARCHIVE
    before = tree(archive)
    code, out, _ = run(root, "merge")
    assert (code, tree(archive)) == (0, before)
    assert out.strip()
    found = {line for side in ("left", "right") for line in history(archive, side)}
    assert {line.split()[0] for line in found} <= case.case.against, found
    assert imported_again(case, archive) == []


def history(archive: Path, side: str) -> list[str]:
    """Return what `verify --against` finds of history: messages, facts and redactions."""
    return [line for line in errors(archive, against=side) if line.startswith("E71")]


def tries(host: str, *ways: str) -> list[Try]:
    return [Try(host, way, *direction) for way in ways for direction in DIRECTIONS]


def product(name: str) -> list[Try]:
    """Every way, host and direction that counts for a case."""
    driver = FOUR if name in FEW else ["merge"]
    return [
        *tries("guarded", *WAYS),
        *tries("driver", *driver),
        *tries("text", "merge", "rebase"),
    ]


def some(name: str) -> Iterator[Try]:
    """Some of them, others for the next case: six cases in a row have all that are not merge."""
    number = list(CASES).index(name)
    for each, one in enumerate(product(name)):
        if each < len(DIRECTIONS) or (each + number) % 6 == 0:  # the first ones are those of merge
            yield one


@pytest.mark.parametrize("name", QUICK)
def test_a_case_is_resolved(played, tmp_path: Path, name: str) -> None:
    check_case(played(name), tmp_path, tries("guarded", "merge"))


@pytest.mark.parametrize("way", WAYS)
def test_every_way_is_resolved(played, tmp_path: Path, way: str) -> None:
    check_case(played("tails"), tmp_path, tries("guarded", way))


@pytest.mark.parametrize("name", FEW[:2])
def test_every_host_is_resolved(played, tmp_path: Path, name: str) -> None:
    check_case(played(name), tmp_path, [one for host in HOSTS for one in tries(host, "merge")])


@pytest.mark.exhaustive
@pytest.mark.parametrize("name", CASES)
def test_every_case_is_resolved(played, tmp_path: Path, name: str) -> None:
    check_case(played(name), tmp_path, product(name) if name in FEW else some(name))


@pytest.mark.soak
@pytest.mark.parametrize("name", CASES)
def test_every_case_is_resolved_in_every_way(played, tmp_path: Path, name: str) -> None:
    check_case(played(name), tmp_path, product(name))
