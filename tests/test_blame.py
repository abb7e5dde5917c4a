"""From lines to messages, in real repositories that scripted sessions and people have built."""

from __future__ import annotations

import json
import random
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

import sessionfs
from scripted import Claude, Codex, Desk
from sessionfs.cli import main
from sessionfs.errors import NotFound, SessionfsError

if TYPE_CHECKING:
    from pathlib import Path

PLAIN = "import os\n\n\ndef old():\n    return os.name\n"
LAMP = "\n\ndef lamp(wick):\n    if wick:\n        return wick.length\n\n    return\n"


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    made = Desk(tmp_path)
    made.write("src/lamp.py", PLAIN)
    made.write("other/lamp.py", "# another file of that name\n")
    made.commit("start")
    return made


def append(agent: Claude, path: str, text: str, last: str = "    return os.name\n") -> int:
    return agent.edit(path, last, last + text)


def writers(desk: Desk, path: str, **options) -> list[tuple[int, str] | None]:
    return [
        (line.writer.seq, line.writer.certainty) if line.writer else None
        for line in desk.blame(path, **options).lines
    ]


@pytest.mark.parametrize("native", [True, False])
def test_each_line_of_a_message_and_none_of_a_person(tmp_path: Path, native: bool) -> None:  # noqa: FBT001
    """The acceptance: tool calls, commits, then human edits; of blank lines and braces, too."""
    desk = Desk(tmp_path, native=native)
    desk.write("a.c", "int main(void)\n{\n}\n")
    desk.commit()
    agent = Claude(desk)
    first = agent.edit(
        "a.c", "{\n}\n", "{\n    int x = 0;\n\n    if (x) {\n    }\n    return x;\n}\n"
    )
    second = agent.write("b.c", "int b(void)\n{\n    return 1;\n}\n\n")
    desk.commit("the agent's")
    desk.change("a.c", "    if (x) {\n    }\n", "    if (x) {\n        x++;\n\n    }\n")
    desk.write("b.c", "// by hand\n\n" + desk.read("b.c") + "int c(void)\n{\n    return 1;\n}\n")
    desk.commit("by hand")
    third = agent.edit("a.c", "int main(void)\n", "static int y;\n\nint main(void)\n")
    desk.commit("the agent again")
    desk.bring()
    # Without the log's word a new file may be one that a person had begun.
    one, three, two = (first, "exact"), (third, "exact"), (second, "exact" if native else "likely")
    assert writers(desk, "a.c") == [
        *(three, three, None, None),  # static int y; … {
        *(one, one, one, None, None, one, one, None),  # int x … }
    ]
    assert writers(desk, "b.c") == [None, None, two, two, two, two, two, *[None] * 4]
    assert writers(desk, "b.c", revision="HEAD~2") == [two] * 5
    assert writers(desk, "a.c", revision="HEAD~3") == [None] * 3


def test_many_edits_of_an_agent_and_of_people(tmp_path: Path) -> None:
    chance = random.Random(6)
    desk = Desk(tmp_path)
    truth: list[tuple[str, int | None]] = [(f"line {n} of all", None) for n in range(5)]

    def text() -> str:
        return "".join(f"{line}\n" for line, _ in truth)

    desk.write("f.txt", text())
    desk.commit()
    agent = Claude(desk)
    for step in range(40):
        at = chance.randrange(len(truth))
        new = [
            f"{chance.choice(['alpha', 'bravo'])} {step} {n}" for n in range(chance.randint(0, 3))
        ]
        if step % 10 in (0, 1, 2, 3, 4, 7):
            old = truth[at][0] + "\n"
            seq = len(agent.lines) + 1
            assert agent.edit("f.txt", old, old + "".join(f"{line}\n" for line in new)) == seq
            truth[at + 1 : at + 1] = [(line, seq) for line in new]
        else:
            truth[at : at + 1] = [(line, None) for line in new] or truth[at : at + 1]
            desk.write("f.txt", text())
        if step % 4 == 3:
            desk.commit()
    desk.bring()
    told = [line.writer.seq if line.writer else None for line in desk.blame("f.txt").lines]
    assert told == [seq for _, seq in truth]
    assert sum(seq is not None for seq in told) > 15


def test_what_is_not_committed_yet(desk: Desk) -> None:
    agent = Claude(desk)
    seq = append(agent, "src/lamp.py", LAMP)
    desk.change("src/lamp.py", "import os\n", "import os\nimport sys\n")
    desk.bring()
    lines = desk.blame("src/lamp.py").lines
    assert [line.commit is None for line in lines] == [False, True, *[False] * 4, *[True] * 7]
    assert writers(desk, "src/lamp.py")[6:] == [(seq, "likely")] * 7
    assert writers(desk, "src/lamp.py", revision="HEAD") == [None] * 5


@pytest.mark.parametrize(
    "cwd", ["/home/ada/project", "/Users/bea/code/src", "C:\\Users\\cy\\project", "/srv/project"]
)
def test_the_session_ran_elsewhere(desk: Desk, cwd: str) -> None:
    agent = Claude(desk, cwd=cwd.removesuffix("/src"))
    if cwd.endswith("/src"):  # in a directory of the repository
        agent.cwd = cwd.removesuffix("/src")
        agent.lines[0] = agent.lines[0].replace(b"/code", b"/code/src")
    seq = append(agent, "src/lamp.py", "\n# by the agent\n")
    outside = agent.call(
        "Write", {"file_path": "/elsewhere/other/lamp.py", "content": "# another file\n# of it\n"}
    )
    assert outside
    desk.write("other/lamp.py", "# another file\n# of it\n")
    desk.commit()
    desk.bring()
    assert writers(desk, "src/lamp.py") == [None] * 5 + [(seq, "exact")] * 2
    assert writers(desk, "other/lamp.py") == [None, None]


def test_a_file_outside_of_the_repository_is_not_meant(desk: Desk) -> None:
    top = str(desk.root)
    agent = Claude(desk, cwd=top)
    agent.call(
        "Write", {"file_path": f"{desk.root.parent}/src/lamp.py", "content": "x = 'outside'\n"}
    )
    append(agent, "src/lamp.py", "\n# by the agent\n")
    desk.write("src/lamp.py", "x = 'outside'\n")
    desk.commit()
    desk.bring()
    assert writers(desk, "src/lamp.py") == [None]


def test_renames_are_followed_and_edits_under_both_names(desk: Desk) -> None:
    agent = Claude(desk)
    first = append(agent, "src/lamp.py", LAMP)
    desk.commit()
    desk.git("mv", "src/lamp.py", "src/lantern.py")
    desk.commit("renamed")
    second = agent.edit("src/lantern.py", "import os\n", "import os\nimport sys\n")
    desk.commit()
    desk.bring()
    assert writers(desk, "src/lantern.py") == [
        None, (second, "exact"), *[None] * 4, *[(first, "exact")] * 7,
    ]  # fmt: skip
    assert writers(desk, "src/lamp.py", revision="HEAD~2")[5:] == [(first, "exact")] * 7


def test_line_ends_and_blanks_behind_lines_are_nobodys(desk: Desk) -> None:
    desk.write("dos.txt", "one thing\r\ntwo things\r\n")
    desk.commit()
    agent = Claude(desk)
    seq = agent.call(
        "Edit",
        {
            "file_path": "/home/ada/project/dos.txt",
            "old_string": "one thing\n",
            "new_string": "one thing\nanother thing  \n\n",
        },
    )
    desk.write("dos.txt", "one thing\r\nanother thing\r\n\r\ntwo things\r\n")
    desk.commit()
    desk.write("dos.txt", "one thing\nanother thing\n\ntwo things")
    desk.commit("other line ends")
    desk.bring()
    assert writers(desk, "dos.txt") == [None, (seq, "exact"), (seq, "exact"), None]


def test_edits_that_failed_or_were_never_made_claim_nothing(desk: Desk) -> None:
    agent = Claude(desk)
    for error in (True, False):  # refused, and told as done though the file never had it
        arguments = {
            "file_path": "/home/ada/project/src/lamp.py",
            "old_string": "import os\n",
            "new_string": f"import os\nimport never_{error}\n",
        }
        agent.call("Edit", arguments, error=error)
    desk.write("src/lamp.py", PLAIN.replace("import os\n", "import os\nimport never_True\n"))
    desk.commit()
    desk.bring()
    assert writers(desk, "src/lamp.py") == [None] * 6


def test_an_edit_that_was_taken_back_claims_nothing(desk: Desk) -> None:
    agent = Claude(desk)
    agent.edit("src/lamp.py", "os.name", "os.sep.join(['a'])")
    agent.edit("src/lamp.py", "os.sep.join(['a'])", "os.name")
    keep = append(agent, "src/lamp.py", "\n# kept by the agent\n")
    desk.commit()
    desk.change("src/lamp.py", "os.name", "os.sep.join(['a'])")
    desk.commit("a person thinks the same")
    desk.bring()
    assert writers(desk, "src/lamp.py") == [None] * 5 + [(keep, "exact")] * 2


def test_many_places_at_once(desk: Desk) -> None:
    desk.write("many.txt", "a = lamp\nb = 1\nc = lamp + lamp\n}\nlamp\n")
    desk.commit()
    agent = Claude(desk)
    seq = agent.edit("many.txt", "lamp", "lantern", everywhere=True)
    edits = [
        {"old_string": "b = 1", "new_string": "b = 2\nbb = 2"},
        {"old_string": "bb = 2", "new_string": "bb = 3"},
    ]
    multi = agent.call("MultiEdit", {"file_path": "/home/ada/project/many.txt", "edits": edits})
    desk.change("many.txt", "b = 1\n", "b = 2\nbb = 3\n")
    desk.commit()
    desk.bring()
    assert writers(desk, "many.txt") == [
        (seq, "exact"), (multi, "exact"), (multi, "exact"), (seq, "exact"), None, (seq, "exact"),
    ]  # fmt: skip


def test_a_person_who_altered_the_edit_has_the_lines_that_are_theirs(desk: Desk) -> None:
    agent = Claude(desk)
    arguments = {
        "file_path": "/home/ada/project/src/lamp.py",
        "old_string": "import os\n",
        "new_string": "import os\nimport shutil\nimport socket\n",
    }
    seq = agent.call("Edit", arguments, userModified=True, originalFile=PLAIN)
    desk.change("src/lamp.py", "import os\n", "import os\nimport shutil\nimport struct\n")
    desk.commit()
    desk.bring()
    assert writers(desk, "src/lamp.py")[:3] == [None, (seq, "weak"), None]


def test_what_a_person_changed_meanwhile_is_told_by_the_log(desk: Desk) -> None:
    agent = Claude(desk)
    first = append(agent, "src/lamp.py", "\n# by the agent\n")
    desk.change("src/lamp.py", "# by the agent\n", "# by a person\nwick = None\n")
    second = agent.write("src/lamp.py", desk.read("src/lamp.py") + "wick = 'new'\n")
    desk.commit()
    desk.bring()
    assert writers(desk, "src/lamp.py")[5:] == [
        (first, "exact"), None, None, (second, "exact"),
    ]  # fmt: skip


def test_redacted_lines_are_known_by_what_is_left(desk: Desk) -> None:
    secret = "ghp_" + "aB3dE5fG7hI9jK1lM3nO5pQ7rS9tU1vW3xY5"
    desk.write("conf.txt", "url = lamp\n")
    desk.commit()
    agent = Claude(desk)
    first = agent.edit("conf.txt", "url = lamp\n", f"url = lamp\nlamp_token = {secret}\n\n")
    second = agent.edit(
        "conf.txt", f"lamp_token = {secret}\n", f"lamp_token = {secret}\nend = 'x y'\n"
    )
    desk.commit()
    desk.bring()
    log = b"".join(path.read_bytes() for path in desk.root.rglob("messages-*.jsonl"))
    assert secret.encode() not in log
    assert b"[REDACTED:" in log
    assert writers(desk, "conf.txt") == [
        None,
        (first, "exact"),
        (second, "exact"),
        (first, "exact"),
    ]


def test_notebooks_are_looked_up_by_their_cells(desk: Desk) -> None:
    def notebook(*source: str) -> str:
        return json.dumps({"cells": [{"cell_type": "code", "source": source}]}, indent=1) + "\n"

    desk.write("n.ipynb", notebook("a = 1"))
    desk.commit()
    agent = Claude(desk)
    arguments = {
        "notebook_path": "/home/ada/project/n.ipynb",
        "new_source": "wick = 'long'\nburn(wick)",
    }
    seq = agent.call("NotebookEdit", arguments)
    desk.write("n.ipynb", notebook("wick = 'long'\n", "burn(wick)"))
    desk.commit()
    desk.bring()
    claims = desk.claims("n.ipynb")
    assert {text.strip(): told for text, told in claims.items() if told} == {
        "\"wick = 'long'\\n\",": (seq, "likely"),
        '"burn(wick)"': (seq, "likely"),
    }


def test_patches_of_codex(desk: Desk) -> None:
    agent = Codex(desk)
    update = (
        "*** Begin Patch\n*** Update File: /home/ada/project/src/lamp.py\n@@ def old():\n"
        "     return os.name\n+\n+\n+def patched():\n+    return 1\n"
        "*** Add File: src/new.py\n+x = 1\n+\n*** End Patch\n"
    )
    one = agent.patch(update)
    desk.write("src/lamp.py", PLAIN + "\n\ndef patched():\n    return 1\n")
    desk.write("src/new.py", "x = 1\n\n")
    refused = agent.patch(update.replace("patched", "refused").replace("x = 1", "y = 2"), code=1)
    assert refused
    desk.commit()
    two = agent.shell(
        ["bash", "-lc", ("apply_patch <<'EOF'\n*** Begin Patch\n*** Update File: src/new.py\n"
         "*** Move to: src/moved.py\n@@\n x = 1\n+z = 26\n*** End Patch\nEOF")]
    )  # fmt: skip
    desk.git("mv", "src/new.py", "src/moved.py")
    desk.write("src/moved.py", "x = 1\nz = 26\n\n")
    three = agent.shell(["bash", "-lc", "cat > src/here.sh <<'EOF'\n#!/bin/sh\necho lamp\n\nEOF\n"])
    desk.write("src/here.sh", "#!/bin/sh\necho lamp\n\n")
    desk.commit()
    desk.bring()
    assert writers(desk, "src/lamp.py") == [None] * 5 + [(one, "exact")] * 4
    assert writers(desk, "src/moved.py") == [(one, "exact"), (two, "exact"), (one, "exact")]
    # What `cat >` writes over nobody tells, as an Add File does.
    assert writers(desk, "src/here.sh") == [(three, "likely")] * 3


def test_two_branches_with_two_sessions_and_their_merge(desk: Desk) -> None:
    one, two = Claude(desk, 1), Claude(desk, 2)
    desk.git("switch", "--quiet", "-c", "side")
    first = append(one, "src/lamp.py", LAMP)
    desk.commit()
    desk.git("switch", "--quiet", "main")
    second = two.edit("src/lamp.py", "import os\n", "import os\nimport sys\n")
    desk.commit()
    desk.tick()
    desk.git("merge", "--quiet", "side", "-m", "both")
    desk.bring()
    lines = desk.blame("src/lamp.py").lines
    told = [(line.writer.session, line.writer.seq) if line.writer else None for line in lines]
    ids = [summary.id for summary in sorted(map(summary_of, sessions(desk)), key=lambda s: s.uid)]
    assert told == [None, (ids[1], second), *[None] * 4, *[(ids[0], first)] * 7]
    assert {line.writer.certainty for line in lines if line.writer} == {"exact"}


def sessions(desk: Desk):
    return sessionfs.open_archive(str(desk.root / ".sessions")).sessions()


def summary_of(session):
    return session.summary


@pytest.mark.parametrize("how", ["rebase", "amend", "squash", "hunks"])
def test_history_that_is_made_anew(desk: Desk, how: str) -> None:
    desk.write("src/lamp.py", PLAIN + "".join(f"# remark {n}\n" for n in range(30)))
    desk.commit()
    agent = Claude(desk)
    desk.git("switch", "--quiet", "-c", "side")
    first = agent.edit("src/lamp.py", "import os\n", "import os\nimport shutil\n\n")
    if how == "hunks":  # only the second edit is committed, then the first
        kept = desk.read("src/lamp.py")
        second = agent.edit("src/lamp.py", "# remark 29\n", "# remark 29\nlast = 'line'\n}\n")
        whole = desk.read("src/lamp.py")
        (desk.root / "src/lamp.py").write_text(whole.replace("import shutil\n\n", ""))
        desk.commit()
        (desk.root / "src/lamp.py").write_text(whole)
        desk.commit()
        assert kept
    else:
        desk.commit("first")
        second = agent.edit("src/lamp.py", "# remark 29\n", "# remark 29\nlast = 'line'\n}\n")
        desk.commit("second", *(["--amend"] if how == "amend" else []))
    if how in ("rebase", "squash"):
        desk.git("switch", "--quiet", "main")
        desk.tick()
        desk.change("src/lamp.py", "# remark 9\n", "# remark nine\n")
        desk.commit("meanwhile")
        if how == "rebase":
            desk.git("rebase", "--quiet", "main", "side")
        else:
            desk.git("merge", "--quiet", "--squash", "side")
            desk.commit("all of it")
    desk.bring()
    told = writers(desk, "src/lamp.py")
    assert [row and row[0] for row in told] == [
        None, first, first, *[None] * 34, second, second,
    ]  # fmt: skip
    sure = "exact" if how == "amend" else "likely"
    assert {row[1] for row in told if row} == {sure}


def test_what_was_thrown_away_is_not_the_agents_when_a_person_writes_alike(desk: Desk) -> None:
    agent = Claude(desk)
    append(agent, "src/lamp.py", LAMP)
    desk.git("checkout", "--", "src/lamp.py")
    desk.change("src/lamp.py", "import os\n", "import os\n\nreturn_value = {\n}\n")
    desk.commit("by hand, with a blank line and a brace")
    desk.bring()
    assert writers(desk, "src/lamp.py") == [None] * 8


def test_a_fork_does_not_take_its_parents_words(desk: Desk) -> None:
    agent = Claude(desk)
    seq = append(agent, "src/lamp.py", LAMP)
    desk.commit()
    whole = list(agent.lines)
    agent.say("And then?")
    desk.bring()
    agent.lines = whole
    agent.say("Or otherwise?")
    desk.bring()
    assert len(list(sessions(desk))) == 2
    (parent,) = (s.summary.id for s in sessions(desk) if "#" not in s.summary.uid)
    lines = desk.blame("src/lamp.py").lines[5:]
    assert {(line.writer.session, line.writer.seq) for line in lines} == {(parent, seq)}


def test_damage_is_told_and_the_rest_shown(desk: Desk, capsys, monkeypatch) -> None:
    append(Claude(desk), "src/lamp.py", LAMP)
    desk.commit()
    Claude(desk, 2)
    desk.bring()
    (desk.root / ".sessions").joinpath(
        *next(iter(sorted(sessions(desk), key=lambda s: s.summary.uid, reverse=True))).path.split(
            "/"
        ),
        "summary.json",
    ).unlink()
    monkeypatch.chdir(desk.root)
    assert main(["blame", "src/lamp.py:6-7"]) == 1
    out, err = capsys.readouterr()
    assert out.count("exact") == 2
    assert "summary.json is missing" in err


BAD = {
    "no.py": "no such file: no.py",
    "untracked.py": "git does not track untracked.py",
    "src": "src is a directory",
    "../other.py": "no repository at",
    "src/lamp.py:6": "src/lamp.py has 5 lines, and no line 6",
    "src/lamp.py:0": "no lines 0-0",
    "src/lamp.py:3-2": "no lines 3-2",
    "binary": "binary is binary: it has no lines",
    "sub": "sub is a submodule",
    "gone.py": "gone.py is not in the work tree",
    "C:\\src\\lamp.py": "no such file: C:\\src\\lamp.py",
}


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A repository with what cannot be blamed."""
    made = Desk(tmp_path_factory.mktemp("odd"))
    made.write("src/lamp.py", PLAIN)
    sessionfs.init(str(made.root / ".sessions"))
    (made.root / "binary").write_bytes(b"\0\1")
    made.write("gone.py", "x = 1\n")
    made.commit()
    made.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", "./.", "sub")
    made.commit()
    (made.root / "gone.py").unlink()
    (made.root / "untracked.py").write_text("")
    return made


@pytest.mark.parametrize("place", BAD)
def test_what_cannot_be_blamed(odd: Desk, capsys, monkeypatch, place: str) -> None:
    monkeypatch.chdir(odd.root)
    assert main(["blame", place]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert BAD[place] in err
    assert err.count("\n") == 2
    assert "hint:" in err


@pytest.mark.parametrize(
    ("place", "revision", "told"),
    [
        ("src/lamp.py", "nowhere", "no commit 'nowhere' in the repository"),
        ("src/no.py", "HEAD", "no file src/no.py in HEAD"),
        ("src", "HEAD", "a directory, and no file: src in HEAD"),
        ("sub", "HEAD", "a submodule, and no file: sub in HEAD"),
        ("binary", "HEAD", "binary is binary"),
        (".", None, ". is a directory"),
    ],
)
def test_what_cannot_be_blamed_in_a_revision(odd: Desk, monkeypatch, place, revision, told) -> None:
    monkeypatch.chdir(odd.root)
    with pytest.raises(SessionfsError, match=re.escape(told)):
        sessionfs.blame(place, revision=revision)
    if revision == "HEAD" and place == "binary":
        assert sessionfs.blame("gone.py", revision="HEAD").lines[0].text == "x = 1"


def test_a_partial_clone_lacks_old_versions(desk: Desk, tmp_path: Path, monkeypatch) -> None:
    desk.change("src/lamp.py", "import os\n", "import os\nimport sys\n")
    desk.bring()
    sessionfs.init(str(desk.root / ".sessions"))
    desk.commit()
    desk.git("config", "uploadpack.allowFilter", "true")
    clone = tmp_path / "clone"
    command = ["git", "clone", "--quiet", "--filter=blob:none", f"file://{desk.root}", str(clone)]
    subprocess.run(command, check=True)
    monkeypatch.chdir(clone)
    with pytest.raises(SessionfsError, match=r"git cannot give src/lamp\.py") as caught:
        sessionfs.blame("src/lamp.py")
    assert "--refetch" in caught.value.hint


def test_a_name_with_a_colon_is_the_file(desk: Desk, capsys, monkeypatch) -> None:
    desk.write("odd:3", "a line\n")
    desk.write("odd name ä", "a line\nmore\n")
    desk.commit()
    sessionfs.init(str(desk.root / ".sessions"))
    monkeypatch.chdir(desk.root)
    assert main(["blame", "odd:3"]) == 0
    assert main(["blame", "odd name ä:2"]) == 0
    assert main(["blame", "odd name ä:2", "--rev", "HEAD"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == ["1", "2", "2"]


def test_bare_empty_and_no_repository(tmp_path: Path, monkeypatch) -> None:
    desk = Desk(tmp_path)
    sessionfs.init(str(desk.root / ".sessions"))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SessionfsError, match="no repository at"):
        sessionfs.blame("f")
    monkeypatch.chdir(desk.root)
    with pytest.raises(NotFound, match="no such file: f"):
        sessionfs.blame("f")
    with pytest.raises(NotFound, match="no commit 'HEAD' in the repository"):
        sessionfs.blame("f", revision="HEAD")
    agent = Claude(desk)
    seq = agent.write("f", "a first line\n\n")
    desk.git("add", "f")
    desk.bring()
    assert writers(desk, "f") == [(seq, "exact")] * 2
    desk.git("config", "core.bare", "true")
    with pytest.raises(SessionfsError, match="is in a bare repository"):
        sessionfs.blame("f")


def test_a_shallow_clone_says_so(desk: Desk, tmp_path: Path, capsys, monkeypatch) -> None:
    agent = Claude(desk)
    seq = append(agent, "src/lamp.py", LAMP)
    desk.bring()
    desk.commit()
    desk.change("src/lamp.py", "import os\n", "import os\nimport sys\n")
    desk.commit()
    clone = tmp_path / "clone"
    subprocess.run(
        ["git", "clone", "--quiet", "--depth=1", f"file://{desk.root}", str(clone)], check=True
    )
    monkeypatch.chdir(clone)
    assert main(["blame", "src/lamp.py"]) == 0
    out, err = capsys.readouterr()
    assert "the clone is shallow" in err
    assert f":{seq} " in out  # its first commit has the lines of the edit, among others


def test_no_program_of_the_configuration_runs(desk: Desk) -> None:
    append(Claude(desk), "src/lamp.py", LAMP)
    desk.bring()
    program = desk.root / "program"
    program.write_text(f"#!{sys.executable}\nopen('ran', 'w')\n")
    program.chmod(0o755)
    desk.write(".gitattributes", "*.py diff=mine\n")
    signer = desk.root.parent / "signer"
    signer.write_text(
        '#!/bin/sh\ncat >/dev/null\necho "[GNUPG:] SIG_CREATED " >&2\necho signature\n'
    )
    signer.chmod(0o755)
    desk.git("config", "gpg.program", str(signer))
    desk.commit("signed", "-S")
    for key in ("diff.mine.textconv", "diff.external", "core.fsmonitor", "gpg.program"):
        desk.git("config", key, str(program))
    desk.git("config", "log.showSignature", "true")
    desk.git("config", "log.follow", "true")
    (desk.root / "ran").unlink(missing_ok=True)
    assert writers(desk, "src/lamp.py")[5:]
    assert not list(desk.root.rglob("ran"))
