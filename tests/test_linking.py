"""The sessions that `git link` names: whose edits are staged, and in no commit yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import sessionfs
from scripted import Claude, Codex, Desk
from sessionfs.api import staging
from sessionfs.api.commits import sessions_of_staged
from sessionfs.git.contents import Contents
from sessionfs.git.versions import file_versions
from sessionfs.provenance.edits import Edit, Hunk, Patched, Replaced
from sessionfs.provenance.linking import Difference

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


# What a hook reads.

LINE = "timeout = 30\n"


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many versions of a file were asked for, each time that its history was."""
    seen: list[int] = []

    def watched(*arguments, most: int, **options):
        seen.append(most)
        return file_versions(*arguments, most=most, **options)

    monkeypatch.setattr(staging, "file_versions", watched)
    return seen


def people(desk: Desk, *numbers: int) -> None:
    """People change lines, each in a commit of its own."""
    for number in numbers:
        desk.change("a.py", f"human line number {number}\n", f"human line nr. {number}\n")
        desk.tick(DAY)
        desk.commit()


@pytest.mark.parametrize(
    ("old", "new"),
    [(FIVE, FIVE + "by a person, 1\n"), (FIVE, "by a person, 2\n"), (FIVE, ""), ("", LINE[:-4])],
)
def test_no_history_is_read_for_what_a_person_changes(
    desk: Desk, asked: list[int], old: str, new: str
) -> None:
    """Whatever sessions wrote earlier: the whole file, and a part of it."""
    Claude(desk, 1).write("a.py", BODY + LINE)
    desk.commit()
    Claude(desk, 2).edit("a.py", "\nhuman line number 8\n", "\nagent, 8\n}\n")
    desk.commit()
    people(desk, 1, 2)
    if old:
        desk.change("a.py", old, new)
    else:
        desk.write("a.py", desk.read("a.py") + new)
    assert named(desk) == []
    assert asked == []


def test_of_a_session_that_has_a_part_no_more_is_read_than_it_takes(
    desk: Desk, asked: list[int]
) -> None:
    people(desk, 0, 1, 2, 3)
    desk.tick()
    Claude(desk).edit("a.py", FIVE, FIVE + LINE)
    desk.git("checkout", "--quiet", "--", "a.py")
    people(desk, 6, 7)
    desk.change("a.py", FIVE, FIVE + LINE)
    assert named(desk) == ["1"]
    assert asked == [3]  # the two since, and the one before the edit


def test_other_branches_are_read_as_far_as_one_may(desk: Desk, asked: list[int]) -> None:
    people(desk, 0, 1)
    Claude(desk).edit("a.py", FIVE, FIVE + LINE)
    desk.git("checkout", "--quiet", "--", "a.py")
    desk.git("switch", "--quiet", "-c", "side")
    people(desk, 9)
    desk.git("switch", "--quiet", "main")
    people(desk, 2)
    desk.git("merge", "--quiet", "--no-edit", "side")
    desk.change("a.py", FIVE, FIVE + LINE)
    assert named(desk) == ["1"]
    assert asked == [staging._MOST_LINES // staging._LEAST]


def test_what_only_an_older_version_could_tell_names_nobody(
    desk: Desk, asked: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(staging, "_MOST_LINES", 0)  # then two versions of each file are read
    Claude(desk).edit("a.py", FIVE, FIVE + LINE)
    desk.git("checkout", "--quiet", "--", "a.py")
    people(desk, 0, 1)
    desk.change("a.py", FIVE, FIVE + LINE)
    assert named(desk) == []
    assert asked == []


def test_an_edit_before_the_versions_that_are_read_is_not_judged(
    desk: Desk, asked: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was committed and taken out: that the file has not its line says nothing."""
    monkeypatch.setattr(staging, "_MOST_LINES", 0)
    Claude(desk, 1).edit("a.py", FIVE, FIVE + LINE)
    desk.commit()
    desk.change("a.py", LINE, "")
    desk.commit()
    desk.tick()
    nine = "human line number 9\n"
    Claude(desk, 2).edit("a.py", nine, nine + "retries = 30\n")
    desk.git("checkout", "--quiet", "--", "a.py")
    people(desk, 0)
    desk.change("a.py", nine, nine + "retries = 30\n")
    desk.change("a.py", FIVE, FIVE + LINE)
    assert named(desk) == ["2"]
    assert asked == [2]


def test_of_many_files_the_ones_with_the_newest_edits_come_first(
    desk: Desk, asked: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(staging, "_MOST_FILES", 1)
    desk.write("b.py", BODY)
    desk.commit()
    for number, path in ((1, "a.py"), (2, "b.py")):
        Claude(desk, number).edit(path, FIVE, FIVE + LINE)
        desk.git("checkout", "--quiet", "--", path)
    for path in ("a.py", "b.py"):
        desk.change(path, "human line number 1\n", "human line one\n")
    desk.commit()
    for path in ("a.py", "b.py"):
        desk.change(path, FIVE, FIVE + LINE)
    assert named(desk) == ["2"]
    assert len(asked) == 1


def test_the_newest_versions_of_a_file_that_was_moved(desk: Desk) -> None:
    people(desk, 0, 1)
    desk.git("mv", "a.py", "b.py")
    desk.commit()
    desk.change("b.py", "human line number 2\n", "human line two\n")
    desk.commit()
    told = {}
    with Contents(str(desk.root)) as contents:
        for most in (1, 2, 3, 4, 5, 9):
            found = file_versions(
                str(desk.root), "HEAD", "b.py", contents, notes="refs/notes/none", most=most
            )
            told[most] = [(version.path, version.is_cut) for version in found]
    rest = [("a.py", False), ("b.py", False), ("b.py", False)]
    assert told == {
        1: [("b.py", True)],
        2: [("b.py", True), ("b.py", False)],
        3: [("a.py", True), *rest[1:]],
        4: [("a.py", True), *rest],
        5: [("a.py", False), ("a.py", False), *rest],
        9: [("a.py", False), ("a.py", False), *rest],
    }


def edit_of(*changes) -> Edit:
    return Edit("s", 1, "m", 1, "model", "Edit", "c", ("a.py",), changes)


def test_only_the_ends_of_a_text_are_looked_for_inside_of_lines() -> None:
    old = "".join(f"old line {number}\n" for number in range(50))
    edit = edit_of(Replaced(old, "x"), Patched((Hunk((), ("one", "two"), ()),)))
    assert edit.removed_ends == {"old line 0", "old line 49"}
    assert len(edit.removed) == 52


@pytest.mark.parametrize(
    ("change", "may"),
    [
        (Replaced("old 2\nold 3\n", ""), True),
        (Replaced("ld 3", "x"), True),
        (Replaced("a\nld 2\nb", "x"), False),
        (Patched((Hunk((), ("  old 2",), ()),)), True),
        (Patched((Hunk((), ("ld 2",), ()),)), False),
    ],
)
def test_lines_that_an_edit_may_have_taken_out(change, may: bool) -> None:  # noqa: FBT001
    before = ["old 1", "old 2", "old 3"]
    assert Difference(before, ["old 1"]).may_have(edit_of(change)) is may
    assert not Difference(before, before).may_have(edit_of(change))
