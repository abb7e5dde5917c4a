"""The sessions that `git link` names: whose edits are staged, and in no commit yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import sessionfs
from scripted import Claude, Codex, Desk
from sessionfs.api.commits import sessions_of_staged

if TYPE_CHECKING:
    from pathlib import Path

    from sessionfs.errors import SessionfsError

BODY = "".join(f"human line number {number}\n" for number in range(12))
FIVE = "human line number 5\n"
DAY = 86_400


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    made = Desk(tmp_path)
    made.write(".gitignore", "/.sessions/\n")
    made.write("a.py", BODY)
    made.commit("start")
    sessionfs.init(str(made.root / ".sessions"))
    return made


def named(desk: Desk) -> list[str]:
    """Stage all, and return the last digits of the native ids of the sessions that link names."""
    desk.bring()
    desk.git("add", "--all")
    archive = str(desk.root / ".sessions")
    uids = {s.summary.id: s.summary.native_id for s in sessionfs.open_archive(archive).sessions()}
    return [uids[one][-1] for one in sessions_of_staged(archive, directory=str(desk.root))]


def lines_of_agents(desk: Desk, path: str) -> dict[str, tuple]:
    return {text: told for text, told in desk.claims(path).items() if told}


# Nothing of the session is staged.


def test_a_word_that_a_session_put_into_another_line_long_ago(desk: Desk) -> None:
    desk.write("a.py", "x = user_id\n")
    desk.commit()
    Claude(desk).edit("a.py", "user_id", "account_id")
    assert named(desk) == ["1"]
    desk.commit()
    desk.tick(100 * DAY)
    desk.write("a.py", desk.read("a.py") + "print(account_id, 'a person wrote that')\n")
    assert named(desk) == []


def test_a_line_that_was_committed_taken_out_and_written_by_a_person(desk: Desk) -> None:
    Claude(desk).edit("a.py", FIVE, FIVE + "from typing import Any\n")
    desk.commit()
    desk.change("a.py", "from typing import Any\n", "")
    desk.commit()
    desk.tick(365 * DAY)
    first = "human line number 1\n"
    desk.change("a.py", first, first + "from typing import Any\n")
    assert named(desk) == []
    assert lines_of_agents(desk, "a.py") == {}


@pytest.mark.parametrize("restored", [True, False])
def test_a_file_that_is_there_again(desk: Desk, restored: bool) -> None:  # noqa: FBT001
    licence = "# Licensed under the terms of the harbour\n"
    Claude(desk).write("b.py", licence + "wick = 'agent'\n")
    desk.commit()
    (desk.root / "b.py").unlink()
    desk.commit()
    if restored:
        desk.git("checkout", "--quiet", "HEAD~1", "--", "b.py")
    else:
        desk.write("b.py", licence + "print('a person begins anew')\n")
    assert named(desk) == []


def test_a_file_that_was_only_moved(desk: Desk) -> None:
    Claude(desk).edit("a.py", FIVE, FIVE + "timeout = 30\n")
    desk.commit()
    desk.git("mv", "a.py", "b.py")
    assert named(desk) == []
    desk.change("b.py", "human line number 1\n", "human line one\n")
    assert named(desk) == []
    assert lines_of_agents(desk, "b.py") == {"timeout = 30": (2, "exact")}


def test_only_those_of_three_sessions_whose_lines_are_staged(desk: Desk) -> None:
    """The first one's was committed, the last one's taken out."""
    Claude(desk, 1).edit("a.py", FIVE, FIVE + "timeout = 30\n")
    desk.commit()
    Claude(desk, 2).edit("a.py", FIVE, FIVE + "retries = 30\n")
    Claude(desk, 3).edit("a.py", "timeout = 30\n", "timeout = 3\ntimeout = 30\n")
    desk.change("a.py", "timeout = 3\n", "")
    assert named(desk) == ["2"]


def test_a_history_that_is_not_here_names_nobody_by_it(desk: Desk, tmp_path: Path) -> None:
    line = "from typing import Any\n"
    Claude(desk).edit("a.py", FIVE, FIVE + line)
    desk.commit()
    desk.change("a.py", line, "")
    desk.commit()
    desk.tick(DAY)
    desk.git("config", "uploadpack.allowFilter", "true")
    clone = tmp_path / "project-clone" / "project"
    partial = ("clone", "--quiet", "--filter=blob:none", f"file://{desk.root}")
    desk.git(*partial, str(clone))
    archive, desk.root = str(desk.root / ".sessions"), clone
    desk.write("a.py", desk.read("a.py") + line)
    Claude(desk, 2).write("b.py", "wick = 'of an agent'\n")
    desk.bring(archive=archive)
    desk.git("add", "--all")
    told: list[SessionfsError] = []
    found = sessions_of_staged(archive, directory=str(clone), unreadable=told.append)
    (two,) = (
        session.summary.id
        for session in sessionfs.open_archive(archive).sessions()
        if session.summary.native_id.endswith("2")
    )
    assert found == [two]
    assert ["git cannot give a.py" in str(error) for error in told] == [True]


# What was left out may have been thrown away.


@pytest.mark.parametrize("touched", ["a.py", "b.py"])
def test_what_a_person_writes_after_a_session_is_never_sure(desk: Desk, touched: str) -> None:
    Claude(desk).edit("a.py", FIVE, FIVE + "timeout = 30\n")
    desk.git("checkout", "--quiet", "--", "a.py")
    desk.write(touched, BODY.replace("human line number 2\n", "human line two\n"))
    desk.commit("without it")
    desk.tick(90 * DAY)
    desk.change("a.py", FIVE, FIVE + "timeout = 30\n")
    assert named(desk) == ["1"]  # it is the session's line, as far as anyone can tell
    likely = {"timeout = 30": (2, "likely")}
    assert lines_of_agents(desk, "a.py") == likely
    (one,) = sessions_of_staged(str(desk.root / ".sessions"), directory=str(desk.root))
    desk.commit(f"by hand\n\nSession: {one}")
    assert lines_of_agents(desk, "a.py") == likely


def test_what_other_branches_did_meanwhile_says_nothing_of_an_edit(desk: Desk) -> None:
    desk.git("switch", "--quiet", "-c", "side")
    Claude(desk).edit("a.py", FIVE, FIVE + "timeout = 30\n")
    desk.commit()
    desk.git("switch", "--quiet", "main")
    desk.write("b.py", "print('meanwhile')\n")
    desk.commit()
    desk.tick(DAY)
    desk.git("rebase", "--quiet", "main", "side")
    desk.bring()
    assert lines_of_agents(desk, "a.py") == {"timeout = 30": (2, "exact")}


# What is taken away, written over, or moved.

SHORTER = BODY.replace(FIVE, "")
PATCH = "*** Begin Patch\n*** Update File: a.py\n{}*** End Patch\n"


@pytest.mark.parametrize(
    ("how", "native"),
    [("edit", True), ("edit", False), ("write", True), ("write", False), ("patch", False),
     ("delete", False)],
)  # fmt: skip
def test_lines_that_a_session_took_out(desk: Desk, how: str, native: bool) -> None:  # noqa: FBT001
    desk.native = native
    if how == "edit":
        four = "human line number 4\n"
        Claude(desk).edit("a.py", four + FIVE, four)
    elif how == "write":
        Claude(desk).write("a.py", SHORTER)
    elif how == "patch":
        hunk = "@@\n human line number 4\n-human line number 5\n human line number 6\n"
        Codex(desk).patch(PATCH.format(hunk))
        desk.write("a.py", SHORTER)
    else:
        Codex(desk).patch("*** Begin Patch\n*** Delete File: a.py\n*** End Patch\n")
        (desk.root / "a.py").unlink()
    assert len(named(desk)) == 1
    desk.commit()
    desk.write("a.py", SHORTER.replace("human line number 7\n", ""))
    assert named(desk) == []


def test_a_file_that_a_session_moved_and_changed(desk: Desk) -> None:
    wanted = "agent line five and half\n"
    hunk = f"@@\n human line number 4\n+{wanted} {FIVE}"
    seq = Codex(desk).patch(PATCH.format(f"*** Move to: b.py\n{hunk}"))
    desk.git("mv", "a.py", "b.py")
    desk.change("b.py", FIVE, wanted + FIVE)
    assert len(named(desk)) == 1
    assert lines_of_agents(desk, "b.py") == {wanted.strip(): (seq, "exact")}
    desk.commit()
    assert lines_of_agents(desk, "b.py") == {wanted.strip(): (seq, "exact")}
    assert named(desk) == []


def test_a_line_that_a_session_moved(desk: Desk) -> None:
    Claude(desk).write("a.py", SHORTER + FIVE)
    assert named(desk) == ["1"]


def test_the_last_hunk_of_a_patch_has_no_line_more(desk: Desk) -> None:
    seq = Codex(desk).patch(PATCH.format(f"@@\n {FIVE}+timeout = 30\n"))
    desk.change("a.py", FIVE, FIVE + "timeout = 30\n")
    desk.commit()
    desk.bring()
    assert lines_of_agents(desk, "a.py") == {"timeout = 30": (seq, "exact")}


def test_a_person_had_begun_the_file_that_a_session_writes_anew(desk: Desk) -> None:
    """Without the log's word that it was new, their lines may not be sure."""
    desk.native = False
    desk.write("new.py", BODY)
    Claude(desk).write("new.py", BODY + "agent extra line\n")
    desk.commit()
    desk.bring()
    assert set(desk.claims("new.py").values()) == {(2, "likely")}


def test_a_part_of_a_line_that_the_file_never_had(desk: Desk) -> None:
    desk.native = False
    arguments = {"old_string": "not there any more", "new_string": "return value1"}
    Claude(desk).call("Edit", {"file_path": "/home/ada/project/a.py", **arguments})
    desk.change("a.py", FIVE, "    return value1 + human_stuff_here(1, 2)\n")
    assert named(desk) == []
    desk.commit()
    assert lines_of_agents(desk, "a.py") == {}
