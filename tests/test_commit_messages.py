"""The hooks of `git link` never change whether git makes a commit: each case with and without."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING, NamedTuple

import pytest

from scripted import Claude, Desk

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
    made = Desk(tmp_path_factory.mktemp("desk"))
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


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.arguments} with {case.editor}")
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
