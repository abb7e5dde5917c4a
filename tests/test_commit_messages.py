"""The hooks of `git link` never change whether git makes a commit: each case with and without."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING, NamedTuple

import pytest

import sessionfs
from scripted import Claude, Desk
from sessionfs.api.beside import find_beside
from sessionfs.errors import Hidden

if TYPE_CHECKING:
    from pathlib import Path

HOOK = f'#!/bin/sh\nexec {sys.executable} -m sessionfs git link --hook "$@"\n'
NOTE = "sessionfs-message"
KEPT = "true"
"""The editor of who changes nothing."""
TYPED = 'f() { { echo "Typed"; cat "$1"; } >"$1.new" && mv "$1.new" "$1"; }; f'
TAKEN = "sed -i /^start/d"
"""The editor of who takes the subject out."""
TICKET = "sed -i 's/^Ticket: none/Ticket: 7/'"


class Case(NamedTuple):
    """A commit: what git is given, and whether it makes one, and names the session."""

    arguments: str
    editor: str = KEPT
    made: bool = False
    named: bool = True


CASES = (
    # what git does not commit
    Case("commit"),
    Case("commit -s"),
    Case("commit", editor=":"),
    Case("commit -t ../ticket"),
    Case("commit -t ../ticket -s"),
    Case("commit -t ../ticket --no-edit"),
    Case("commit -t ../remark"),
    Case("-c commit.template=../ticket commit -s"),
    Case("-c commit.template=../ticket -c commit.verbose=true commit"),
    Case("-c commit.template=../remark -c core.commentChar=auto commit -v"),
    Case("-c core.commentChar=; commit -v -s"),
    Case("-c commit.cleanup=strip commit -m '#12 fix'"),
    Case("commit -s -m ''"),
    Case("commit -e -m '#12 fix'"),
    Case("commit -e -m '#12 fix'", editor=":"),
    Case("commit -c HEAD", editor=TAKEN),
    Case("commit -c HEAD -s -v", editor=TAKEN),
    Case("commit -e -m start", editor=TAKEN),
    # what it does
    Case("commit -v -s", editor=TYPED, made=True),
    Case("commit -t ../ticket -s -v", editor=TICKET, made=True),
    Case("-c commit.template=../ticket commit", editor=TICKET, made=True),
    Case("commit -c HEAD", made=True),
    Case("commit --amend", made=True),
    Case("commit --amend -v", editor=":", made=True),
    Case("commit --amend --no-edit", made=True),
    Case("commit -e -m x", made=True),
    Case("commit -n -m x", made=True),
    Case("commit -m '#12 fix'", made=True),
    Case("-c commit.template=../ticket commit -F ../ticket", made=True),
    Case("commit --fixup=HEAD", made=True),
    Case("-c commit.cleanup=scissors commit -e -m '#12 fix'", made=True),
    Case("-c core.commentChar=auto commit -v -e -m '#12 fix'", made=True),
    # what it does, and nothing is named
    Case("commit --allow-empty-message -m ''", made=True, named=False),
    Case("commit -n -e -m x", made=True, named=False),
    Case("-c commit.cleanup=verbatim commit", made=True, named=False),
)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    return start(tmp_path_factory.mktemp("desk"))


def start(place: Path) -> Desk:
    """Return a repository with the hooks, in which what a session did is staged."""
    made = Desk(place)
    made.write("a.py", "import os\n\n\ndef old():\n    return os.name\n")
    made.write(".gitignore", "/.sessions/\n")
    made.commit("start")
    Claude(made).edit("a.py", "import os\n", "import os\nimport shutil\n")
    made.bring()
    made.git("add", "a.py")
    made.git("config", "user.name", "Ada")
    made.git("config", "user.email", "ada@example.org")
    (made.root.parent / "ticket").write_text("Ticket: none\n")
    (made.root.parent / "remark").write_text("# say why\n\nTicket: none\n")
    for name in ("prepare-commit-msg", "commit-msg"):
        place = made.root / ".git" / "hooks" / name
        place.write_text(HOOK)
        place.chmod(0o755)
    return made


def outcome(desk: Desk, case: Case, *options: str) -> tuple[bool, list[str], bool]:
    """Make a commit; return whether it was made, its message's lines, whether it names one."""
    first = desk.git("rev-parse", "HEAD").strip()
    done = subprocess.run(
        ["sh", "-c", f"git {' '.join(options)} {case.arguments} -q"],
        cwd=desk.root,
        env={**os.environ, "GIT_EDITOR": case.editor},
        capture_output=True,
        text=True,
        check=False,
    )
    made = desk.git("rev-parse", "HEAD").strip() != first
    assert made == (done.returncode == 0), done.stderr
    assert "sessionfs" not in done.stderr
    lines = desk.git("log", "-1", "--format=%B").split("\n") if made else []
    named = desk.git("log", "-1", "--format=%(trailers:key=Session)").strip() if made else ""
    desk.git("reset", "--quiet", "--soft", first)
    said = [line for line in lines if line and not line.startswith("Session: ")]
    return made, said, bool(named)


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(
            case,
            id=f"{case.arguments} with {case.editor}",
            marks=[pytest.mark.exhaustive] if number % 3 else [],
        )
        for number, case in enumerate(CASES)
    ],
)
def test_a_commit_is_made_where_git_alone_makes_one(desk: Desk, case: Case) -> None:
    alone = outcome(desk, case, "-c", "core.hooksPath=/dev/null")
    assert (alone[0], alone[2]) == (case.made, False)
    hooked = outcome(desk, case)
    assert hooked[:2] == alone[:2]
    assert hooked[2] == (case.made and case.named)
    assert " -n " in case.arguments or not (desk.root / ".git" / NOTE).exists()


def test_a_note_of_a_commit_that_was_given_up_is_not_trusted(desk: Desk) -> None:
    first = desk.git("rev-parse", "HEAD").strip()
    note = desk.root / ".git" / NOTE
    assert not outcome(desk, Case("commit -t ../ticket", editor="false"))[0]
    assert note.read_text().startswith(f"{first}\nTicket: none\n")
    assert outcome(desk, Case("commit -e -m 'Ticket: none'")) == (True, ["Ticket: none"], True)
    assert not note.exists()
    note.write_text("0" * 40 + "\nTicket: none\n")  # with the second hook alone
    hook = desk.root / ".git" / "hooks" / "prepare-commit-msg"
    hook.chmod(0o644)
    assert outcome(desk, Case("commit -e -m 'Ticket: none'"))[2]
    note.write_text("0" * 40 + "\n")
    assert outcome(desk, Case("commit -m 'Ticket: none'"))[2]
    assert not note.exists()
    hook.chmod(0o755)


# Which archive is meant, and what is said where something is wrong with it.


@pytest.fixture
def away(tmp_path: Path) -> Desk:
    """A repository with the hooks and something staged, whose archive stands elsewhere."""
    made = start(tmp_path)
    (made.root / ".sessions").rename(tmp_path / "archive")
    return made


def told(desk: Desk, *arguments: str) -> str:
    """Return what a command of git or ours prints, errors too."""
    done = subprocess.run(
        arguments, cwd=desk.root, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.stdout + done.stderr


def program(desk: Desk, *arguments: str) -> str:
    return told(desk, sys.executable, "-m", "sessionfs", *arguments)


def last_session(desk: Desk) -> str:
    return desk.git("log", "-1", "--format=%(trailers:key=Session)").strip()


@pytest.mark.parametrize("absolute", [False, True])
def test_a_setting_names_the_archive(away: Desk, tmp_path: Path, absolute: bool) -> None:  # noqa: FBT001
    away.git("config", "sessionfs.archive", str(tmp_path / "archive") if absolute else "../archive")
    (away.root / "below").mkdir()
    line = program(away, "git", "link").strip()
    assert line.startswith("Session: ")
    assert told(away, "git", "commit", "-q", "-m", "all") == ""
    assert last_session(away) == line
    below = Desk.__new__(Desk)
    below.root = away.root / "below"
    assert "[trailer]" in program(below, "log")
    assert "exact" in program(below, "blame", "../a.py:2")


def test_what_is_near_or_named_goes_before_the_setting(away: Desk, tmp_path: Path) -> None:
    sessionfs.init(str(away.root / ".sessions"))
    away.git("config", "sessionfs.archive", "../archive")
    assert program(away, "git", "link") == ""
    assert "Session: " in program(away, "git", "link", "-a", "../archive")
    assert "Session: " in program(away, "git", "link", "-a", str(tmp_path / "archive"))


def test_what_is_meant_for_the_repository_goes_before_what_is_above(tmp_path: Path) -> None:
    """Such as an archive in the home directory, which tells of other work."""
    desk = start(tmp_path)
    sessionfs.init(str(tmp_path / ".sessions"))
    linked = Desk.__new__(Desk)
    linked.root = tmp_path / "linked"
    desk.git("worktree", "add", "--quiet", str(linked.root), "-b", "side")
    assert find_beside(str(linked.root)) == str(desk.root / ".sessions")
    (desk.root / ".sessions").rename(tmp_path / "archive")
    for root in (desk.root, linked.root):
        assert find_beside(str(root)) == str(tmp_path / ".sessions")
    desk.git("config", "sessionfs.archive", "../archive")
    for root in (desk.root, linked.root):
        assert find_beside(str(root)) == str(tmp_path / "archive")
    assert program(desk, "git", "link").startswith("Session: ")


def test_another_archive_of_the_repository_stands_in_for_a_hidden_one(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    sessionfs.init(str(tmp_path / ".sessions"))
    sessionfs.init(str(desk.root / ".sessions"))
    desk.commit("start")
    linked = tmp_path / "linked"
    desk.git("worktree", "add", "--quiet", str(linked), "-b", "side")
    (linked / ".sessions" / "archive.yaml").unlink()
    assert find_beside(str(linked)) == str(desk.root / ".sessions")
    (desk.root / ".sessions" / "archive.yaml").unlink()
    for root in (desk.root, linked):  # the one above is not meant
        with pytest.raises(Hidden):
            find_beside(str(root))
    sessionfs.init(str(tmp_path / "archive"))
    desk.git("config", "sessionfs.archive", "../archive")
    for root in (desk.root, linked):
        assert find_beside(str(root)) == str(tmp_path / "archive")


def test_a_linked_work_tree_far_away_has_the_archive_above_the_main_one(tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    desk = Desk(tmp_path / "work")
    desk.write("a.py", "")
    desk.commit("start")
    sessionfs.init(str(tmp_path / "work" / ".sessions"))
    desk.git("worktree", "add", "--quiet", str(tmp_path / "linked"), "-b", "side")
    assert find_beside(str(tmp_path / "linked")) == str(tmp_path / "work" / ".sessions")


def test_an_archive_that_is_not_where_the_setting_says(away: Desk, tmp_path: Path) -> None:
    away.git("config", "sessionfs.archive", "../nowhere")
    for command in (["git", "link"], ["log"], ["blame", "a.py"]):
        said = program(away, *command)
        assert "sessionfs.archive names ../nowhere, and no archive is there" in said
        assert "hint: `git config sessionfs.archive DIR`" in said
    assert told(away, "git", "commit", "-q", "-m", "all").count("no archive is there") == 1
    away.git("config", "sessionfs.archive", "~nobody-is-called-so/x")  # git cannot expand it
    said = program(away, "git", "link")
    assert "sessionfs.archive names ~nobody-is-called-so/x, and no archive is there" in said
    away.git("config", "sessionfs.archive", "")
    said = program(away, "git", "link")
    assert "no archive in" in said
    assert "for good `git config sessionfs.archive DIR`" in said
    assert (tmp_path / "archive").is_dir()


@pytest.mark.parametrize("arguments", ["-m all", "--amend"])
def test_a_missing_archive_is_noted_once(away: Desk, arguments: str) -> None:
    away.git("config", "core.editor", "true")
    said = told(away, "git", "commit", "-q", *arguments.split())
    assert said.count("the commit names no session: no archive in") == 1


@pytest.mark.parametrize("setting", [False, True])
def test_a_linked_work_tree_has_the_archive_of_the_main_one(tmp_path: Path, setting: bool) -> None:  # noqa: FBT001
    desk = start(tmp_path)
    if setting:
        (desk.root / ".sessions").rename(desk.root / "kept")
        desk.git("config", "sessionfs.archive", "kept")
    place = tmp_path / "linked" / "tree"
    desk.git("worktree", "add", "--quiet", str(place), "-b", "side")
    linked = Desk.__new__(Desk)
    linked.root, linked.now = place, desk.now
    (place / "a.py").write_text(desk.read("a.py"))
    linked.git("add", "a.py")
    assert told(linked, "git", "commit", "-q", "-m", "all") == ""
    assert last_session(linked)
    assert "[trailer]" in program(linked, "log")
    assert "exact" in program(linked, "blame", "a.py:2")


def test_a_session_that_cannot_be_read_is_noted(tmp_path: Path) -> None:
    desk = start(tmp_path)
    for path in (desk.root / ".sessions").rglob("messages*"):
        with path.open("a") as stream:
            stream.write("{bad\n")
    note = "sessionfs: the commit does not name what cannot be read: E505 "
    (desk.root.parent / "message").write_text("all\n")
    assert program(desk, "git", "link", "--hook", "../message", "message").startswith(note)
    assert told(desk, "git", "commit", "-q", "-m", "all").count(note) == 1
    assert desk.git("log", "-1", "--format=%B").strip() == "all"
