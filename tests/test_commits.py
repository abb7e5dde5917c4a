"""Commits that name their sessions, and what reads them: git link, the hooks, log."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

import sessionfs
from scripted import Claude, Codex, Desk
from sessionfs.cli import main
from sessionfs.errors import NotFound
from sessionfs.provenance.messages import cleanup_of
from sessionfs.provenance.notes import Noted, noted_ids, parse_note
from sessionfs.provenance.trailers import Trailer, format_trailers, parse_trailers, with_trailers

if TYPE_CHECKING:
    from pathlib import Path

ONE, TWO = "01M7W84WM8YF3N2YJDPS3MWRXG", "01M7WA417MWQQ7FXDJ7NGSAK49"
HOOK = f'#!/bin/sh\nexec {sys.executable} -m sessionfs git link --hook "$@"\n'


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    made = Desk(tmp_path)
    made.write("a.py", "import os\n\n\ndef old():\n    return os.name\n")
    made.write("b.py", "print('b')\n")
    made.commit("start")
    return made


def ids(desk: Desk) -> list[str]:
    """The ULIDs of the sessions, by their uids."""
    store = sessionfs.open_archive(str(desk.root / ".sessions"))
    return [s.summary.id for s in sorted(store.sessions(), key=lambda s: s.summary.uid)]


def linked(desk: Desk, capsys, monkeypatch, *arguments: str) -> list[str]:
    monkeypatch.chdir(desk.root)
    assert main(["git", "link", *arguments]) == 0
    return capsys.readouterr().out.splitlines()


# Trailers and notes.


def test_trailers_are_read_wherever_they_stand() -> None:
    message = (
        f"Squashed\n\n* one\n\nSession: {ONE}\nSigned-off-by: x\n\n"
        f"    session : {TWO.lower()}\n\nSession: none\nEntire-Checkpoint: 0123456789ab\n"
        f"Entire-Checkpoint: {ONE}\nSession: {ONE}\nMySession: {TWO}\n"
        f"the Session: {TWO}\nEntire-Checkpoint: 0123\n"
    )
    assert parse_trailers(message) == [
        Trailer("Session", ONE),
        Trailer("Session", TWO),
        Trailer("Entire-Checkpoint", "0123456789ab"),
        Trailer("Entire-Checkpoint", ONE),
    ]
    assert format_trailers([TWO, ONE, TWO]) == [f"Session: {ONE}", f"Session: {TWO}"]


HELP = "\n# Please enter the commit message\n#\n# Changes:\n#\tmodified: a\n"
CUT = "# ------------------------ >8 ------------------------\n# Do not touch\ndiff --git a b\n"
MESSAGES = {
    "Fix\n": f"Fix\n\nSession: {ONE}\n",
    "Fix": f"Fix\n\nSession: {ONE}\n",
    "Fix: it\n": f"Fix: it\n\nSession: {ONE}\n",
    "Fix\n\nWhy it was.\n": f"Fix\n\nWhy it was.\n\nSession: {ONE}\n",
    "Fix\n\nSigned-off-by: A <a@b>\n": f"Fix\n\nSigned-off-by: A <a@b>\nSession: {ONE}\n",
    "Fix\n\nNote: a text\nthat goes on\n": f"Fix\n\nNote: a text\nthat goes on\n\nSession: {ONE}\n",
    f"Fix\n\nSession: {ONE}\n": f"Fix\n\nSession: {ONE}\n",
    f"Fix\n\nSession: {TWO}\n": f"Fix\n\nSession: {TWO}\nSession: {ONE}\n",
    f"Fix\n{HELP}": f"Fix\n\nSession: {ONE}\n{HELP}",
    f"Fix\n{HELP}{CUT}": f"Fix\n\nSession: {ONE}\n{HELP}{CUT}",
    f"Fix\n\n{CUT}Session: {TWO}\n": f"Fix\n\nSession: {ONE}\n\n{CUT}Session: {TWO}\n",
    f"\n{HELP}": f"\n{HELP}",
    "": "",
}


@pytest.mark.parametrize("message", MESSAGES)
def test_trailers_are_written_behind_what_a_message_says(message: str) -> None:
    assert written(message, [ONE]) == MESSAGES[message]


def written(message: str, sessions: list[str], mark: str = "#", **how) -> str:
    how = {"mode": "", "plain": False} | how
    return with_trailers(message, sessions, cleanup_of(message, mark, **how))


def test_what_counts_as_a_comment() -> None:
    named = f"\n\nSession: {ONE}\nSession: {TWO}\n"
    assert written("#1 is fixed\n", [TWO, ONE], plain=True) == f"#1 is fixed{named}"
    assert written("#1 is fixed\n", [ONE]) == "#1 is fixed\n"
    assert written("#1 is fixed\n", [ONE], plain=True, mode="strip") == "#1 is fixed\n"
    assert written("; a remark\n", [ONE], ";") == "; a remark\n"
    assert written(f"#1\n{HELP}", [ONE], plain=True) == f"#1\n{HELP}"  # GIT_EDITOR=: git commit
    assert written(f"#1\n\n{CUT}", [TWO, ONE], mode="scissors") == f"#1{named}\n{CUT}"
    assert written("#1\n", [ONE], mode="scissors") == "#1\n"
    assert written("# it\u2028s a remark\n", [ONE]) == "# it\u2028s a remark\n"


NOTE = """\
src/main.rs
  s_c9883b05a2487d::t_9f8e7d6c5b4a32 1-10,15-20
  h_31dce776f88375 42-50
"src/my file.rs"
  abcd1234abcd1234 25
  s_c9883b05a2487d 7
---
{"schema_version":"authorship/3.0.0","base_commit_sha":"x",
"prompts":{"abcd1234abcd1234":{"agent_id":{"tool":"cursor","id":"42","model":"m"}}},
"sessions":{"s_c9883b05a2487d":{"agent_id":{"tool":"claude"}}}}
"""


def test_notes_of_git_ai() -> None:
    assert parse_note(NOTE) == [
        Noted("s_c9883b05a2487d", "claude", None),
        Noted("abcd1234abcd1234", "cursor", "42"),
    ]
    for text in ("", "a remark\n", "a\n  s_c9883b05a2487d 1\n---\n[]\n", "---\n{", "---\n{}\n"):
        assert parse_note(text) == []
    text = hashlib.sha256(b"claude:5f2c").hexdigest()
    assert noted_ids("claude-code", "5f2c")[:2] == [f"s_{text[:14]}", text[:16]]
    assert noted_ids("codex", "7")[0][2:] == hashlib.sha256(b"codex:7").hexdigest()[:14]


# git link, by hand.


def test_sessions_that_wrote_what_is_staged(desk: Desk, capsys, monkeypatch) -> None:
    one, two, three = Claude(desk, 1), Claude(desk, 2), Codex(desk)
    one.edit("a.py", "import os\n", "import os\nimport shutil\n")
    two.write("b.py", "print('bee')\nprint('honey')\n")
    three.patch("*** Begin Patch\n*** Add File: c.py\n+print('sea')\n*** End Patch\n")
    desk.write("c.py", "print('sea')\n")
    desk.bring()
    first, second, third = ids(desk)
    assert linked(desk, capsys, monkeypatch) == []
    desk.git("add", "a.py")
    assert linked(desk, capsys, monkeypatch) == [f"Session: {first}"]
    desk.git("add", "--all")  # the archive itself, too
    assert linked(desk, capsys, monkeypatch) == format_trailers([first, second, third])
    desk.git("commit", "--quiet", "-m", "all of it")
    assert linked(desk, capsys, monkeypatch) == []


def test_what_was_committed_before_is_not_linked_again(desk: Desk, capsys, monkeypatch) -> None:
    agent = Claude(desk)
    agent.edit("a.py", "import os\n", "import os\nimport shutil\n")
    desk.commit()
    desk.change("a.py", "os.name", "os.sep")
    desk.bring()
    desk.git("add", "a.py")
    assert linked(desk, capsys, monkeypatch) == []
    desk.git("checkout", "--quiet", "HEAD~1", "--", "a.py")  # a person takes the lines out …
    desk.commit()
    assert linked(desk, capsys, monkeypatch) == []
    desk.change("a.py", "import os\n", "import os\nimport shutil\n")  # … and in again
    desk.git("add", "a.py")
    assert linked(desk, capsys, monkeypatch) == []


def test_a_part_of_a_line_is_linked_too(desk: Desk, capsys, monkeypatch) -> None:
    agent = Claude(desk)
    agent.edit("a.py", "os.name", "os.sep.join(['a'])")
    desk.bring()
    desk.git("add", "a.py")
    assert linked(desk, capsys, monkeypatch) == format_trailers(ids(desk))


def test_what_an_agent_took_out(desk: Desk, capsys, monkeypatch) -> None:
    agent = Claude(desk)
    agent.edit("a.py", "import os\n\n\n", "\n")
    desk.bring()
    desk.git("add", "a.py")
    assert len(linked(desk, capsys, monkeypatch)) == 1
    desk.tick(3600)
    desk.git("commit", "--quiet", "--allow-empty", "--only", "-m", "another file", "b.py")
    assert len(linked(desk, capsys, monkeypatch)) == 1  # still in no commit
    desk.git("checkout", "--quiet", "HEAD", "--", "a.py")  # thrown away …
    desk.change("a.py", "os.name", "os.sep")
    desk.commit()
    desk.change("a.py", "import os\n\n\n", "\n")  # … and a person does the same
    desk.git("add", "a.py")
    assert linked(desk, capsys, monkeypatch) == []


def test_the_first_commit(tmp_path: Path, capsys, monkeypatch) -> None:
    desk = Desk(tmp_path)
    Claude(desk).write("new.py", "print('first of all')\n")
    desk.bring()
    desk.git("add", "--all")
    assert linked(desk, capsys, monkeypatch) == format_trailers(ids(desk))


def test_link_says_what_is_wrong(desk: Desk, tmp_path: Path, capsys, monkeypatch) -> None:
    monkeypatch.chdir(desk.root)
    assert main(["git", "link"]) == 2
    assert "no archive in" in capsys.readouterr().err
    assert main(["git", "link", "MSG"]) == 2
    assert "without --hook it takes no argument" in capsys.readouterr().err
    monkeypatch.chdir(tmp_path)
    assert main(["git", "link"]) == 2
    assert "no repository at" in capsys.readouterr().err


# As hooks.


@pytest.fixture
def hooked(desk: Desk) -> Desk:
    for name in ("prepare-commit-msg", "commit-msg"):
        place = desk.root / ".git" / "hooks" / name
        place.write_text(HOOK)
        place.chmod(0o755)
    agent = Claude(desk)
    agent.edit("a.py", "import os\n", "import os\nimport shutil\n")
    desk.bring()
    return desk


def message(desk: Desk) -> str:
    return desk.git("log", "-1", "--format=%B").rstrip("\n")


def test_a_commit_names_its_session(hooked: Desk) -> None:
    (one,) = ids(hooked)
    hooked.git("commit", "--quiet", "-a", "-m", "all")  # git's index is another file meanwhile
    assert message(hooked) == f"all\n\nSession: {one}"
    shown = hooked.git("log", "-1", "--format=%(trailers:key=Session,valueonly)")
    assert shown.strip() == one
    hooked.change("b.py", "'b'", "'by hand'")
    hooked.git("commit", "--quiet", "-m", "by hand", "b.py")
    assert message(hooked) == "by hand"
    hooked.git("commit", "--quiet", "--amend", "--no-edit")
    assert message(hooked) == "by hand"
    hooked.git("reset", "--quiet", "--soft", "HEAD~2")
    hooked.git("commit", "--quiet", "-m", "Fix\n\nSigned-off-by: A <a@b>")
    assert message(hooked) == f"Fix\n\nSigned-off-by: A <a@b>\nSession: {one}"


@pytest.mark.parametrize("template", [False, True])
def test_an_empty_message_still_ends_the_commit(hooked: Desk, template: bool) -> None:  # noqa: FBT001
    if template:
        (hooked.root.parent / "template").write_text("Subject:\n\nWhy:\n# a remark\n")
        hooked.git("config", "commit.template", str(hooked.root.parent / "template"))
    hooked.git("add", "a.py")
    hooked.git("config", "core.editor", "true")
    hooked.git("commit", "--quiet", code=1)
    assert message(hooked) == "start"
    editor = hooked.root.parent / "editor"
    editor.write_text('#!/bin/sh\n{ echo "Typed"; cat "$1"; } >"$1.new" && mv "$1.new" "$1"\n')
    editor.chmod(0o755)
    hooked.git("config", "core.editor", str(editor))
    hooked.git("commit", "--quiet", "--verbose")
    assert message(hooked).startswith("Typed\n")
    assert message(hooked).endswith(f"Session: {ids(hooked)[0]}")


def test_merges_picks_and_rebases_stay_as_they_are(hooked: Desk) -> None:
    (one,) = ids(hooked)
    hooked.git("switch", "--quiet", "-c", "side")
    hooked.git("-c", "core.hooksPath=/dev/null", "commit", "--quiet", "-am", "not linked")
    hooked.git("switch", "--quiet", "main")
    hooked.change("b.py", "'b'", "'main'")
    hooked.git("commit", "--quiet", "-am", "on main")
    hooked.git("merge", "--quiet", "--no-edit", "side")
    assert message(hooked) == "Merge branch 'side'"
    hooked.git("reset", "--quiet", "--hard", "HEAD~1")
    hooked.git("cherry-pick", "side")
    assert message(hooked) == "not linked"
    hooked.git("reset", "--quiet", "--hard", "HEAD~1")
    hooked.git("rebase", "--quiet", "main", "side")
    assert message(hooked) == "not linked"
    hooked.git("switch", "--quiet", "main")
    hooked.git("merge", "--squash", "side")
    hooked.git("commit", "--quiet", "--no-edit")
    assert message(hooked).endswith(f"Session: {one}")


def test_a_squash_keeps_what_its_commits_name(hooked: Desk) -> None:
    (one,) = ids(hooked)
    hooked.git("switch", "--quiet", "-c", "side")
    hooked.git("commit", "--quiet", "-am", "with the session's line")
    hooked.change("a.py", "import shutil\n", "import socket\n")
    hooked.git("commit", "--quiet", "-am", f"a person's line\n\nSession: {TWO}")
    hooked.git("switch", "--quiet", "main")
    hooked.git("merge", "--squash", "side")
    hooked.git("commit", "--quiet", "--no-edit")
    assert message(hooked).endswith(f"\n\nSession: {one}")  # and not the one that nobody has
    named = parse_trailers(message(hooked))
    assert {trailer.ref for trailer in named} == {one, TWO}


@pytest.mark.parametrize(("kind", "kept"), [("squash", True), ("fixup", False)])
def test_a_trailer_lasts_as_long_as_its_message(hooked: Desk, kind: str, kept: bool) -> None:  # noqa: FBT001
    hooked.git("config", "core.editor", "true")
    hooked.git("commit", "--quiet", "-a", f"--{kind}=HEAD", "--no-edit")
    assert message(hooked).endswith(f"\n\nSession: {ids(hooked)[0]}")
    hooked.git("-c", "sequence.editor=true", "rebase", "-i", "--autosquash", "--root")
    assert hooked.git("rev-list", "--count", "HEAD") == "1\n"
    assert message(hooked).endswith(f"Session: {ids(hooked)[0]}") == kept


def test_an_amended_commit_names_those_that_come_to_it(hooked: Desk) -> None:
    hooked.git("commit", "--quiet", "-a", "-m", "all")
    Claude(hooked, 2).write("b.py", "print('bee')\nprint('honey')\n")
    hooked.bring()
    hooked.git("config", "core.editor", "true")
    hooked.git("commit", "--quiet", "-a", "--amend")
    assert message(hooked) == "all\n\n" + "\n".join(format_trailers(ids(hooked)))
    assert len(ids(hooked)) == 2


@pytest.mark.parametrize("how", ["with an editor", "without", "by hand"])
@pytest.mark.parametrize("source", ["", "message", "commit", "squash", "merge", "template"])
def test_where_a_message_comes_from(desk: Desk, capsys, monkeypatch, source: str, how: str) -> None:
    Claude(desk).edit("a.py", "import os\n", "import os\nimport shutil\n")
    other = Claude(desk, 2)
    desk.bring()
    first, second = ids(desk)
    desk.git("add", "a.py")
    text = f"Squashed\n\n    Session: {second}\n    Session: {TWO}\n\n#\n# a remark\n"
    (desk.root / "MSG").write_text(text)
    monkeypatch.chdir(desk.root)
    monkeypatch.setenv("GIT_EDITOR", ":" if how == "without" else "vi")
    if how != "by hand":
        monkeypatch.setenv("GIT_INDEX_FILE", ".git/index")
    assert other
    assert main(["git", "link", "--hook", "MSG", source]) == 0
    assert capsys.readouterr() == ("", "")
    body, _, rest = text.partition("\n\n#\n")
    named = [first, second] if source == "squash" else [first]
    linked = f"{body}\n\n" + "\n".join(format_trailers(named)) + f"\n\n#\n{rest}"
    stays = source in ("merge", "template") or (how == "with an editor" and source)
    assert (desk.root / "MSG").read_text() == (text if stays else linked)
    noted = (desk.root / ".git" / "sessionfs-message").exists()
    assert noted == (how != "by hand" and source not in ("", "merge"))


def test_a_long_history_is_read_in_steps(desk: Desk, monkeypatch) -> None:
    for number in range(7):
        desk.write("b.py", f"print({number})\n")
        desk.commit(f"{number}\n\nSession: {ONE}" if number in (0, 3) else str(number))
    sessionfs.init(str(desk.root / ".sessions"))
    monkeypatch.setattr("sessionfs.api.commits._FIRST", 1)
    assert [row[0] for row in logged(desk, monkeypatch, limit=1)] == ["3"]
    assert [row[0] for row in logged(desk, monkeypatch, limit=5)] == ["3", "0"]
    assert len(logged(desk, monkeypatch, limit=4, everything=True)) == 4


@pytest.mark.parametrize("wrong", ["no archive", "damaged", "no file"])
def test_a_hook_never_fails_a_commit(hooked: Desk, wrong: str) -> None:
    archive = hooked.root / ".sessions"
    if wrong == "damaged":
        for path in archive.rglob("summary.json"):
            path.write_text("{")
    elif wrong == "no archive":
        archive.rename(hooked.root.parent / "away")
    done = subprocess.run(
        [sys.executable, "-m", "sessionfs", "git", "link", "--hook", "MSG"],
        cwd=hooked.root, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "")
    assert "names no session" in done.stderr
    assert "Traceback" not in done.stderr
    hooked.git("commit", "--quiet", "-am", "all the same")
    assert message(hooked).startswith("all the same")


# log.


def logged(desk: Desk, monkeypatch, *paths: str, **options):
    monkeypatch.chdir(desk.root)
    return [
        (row.subject, [(one.ref, one.kind, one.evidence) for one in row.sessions])
        for row in sessionfs.log(paths, **options).commits
    ]


def test_the_sessions_behind_commits(desk: Desk, capsys, monkeypatch) -> None:
    agent = Claude(desk)
    agent.edit("a.py", "import os\n", "import os\nimport shutil\n")
    desk.bring()
    (one,) = ids(desk)
    desk.git("add", "a.py")
    plain = desk.commit("with the session")
    desk.change("b.py", "'b'", "'named'")
    desk.commit(f"named\n\nSession: {one}\nSession: {TWO}\nEntire-Checkpoint: 0123456789ab")
    desk.change("b.py", "'named'", "'noted'")
    desk.commit("noted")
    native = agent.session
    note = {"schema_version": "authorship/3.0.0", "prompts": {}, "sessions": {}}
    lines = f"b.py\n  {noted_ids('claude-code', native)[0]}::t_1 1\n  s_00000000000000 2\n---\n"
    desk.git("notes", "--ref=ai", "add", "-m", lines + json.dumps(note))
    desk.commit("nothing")
    assert logged(desk, monkeypatch) == [
        ("noted", [(one, "session", ["note"]), ("s_00000000000000", "git-ai", ["note"])]),
        ("named", [
            (one, "session", ["trailer"]), (TWO, "session", ["trailer"]),
            ("0123456789ab", "entire-checkpoint", ["trailer"]),
        ]),
        ("with the session", [(one, "session", ["committed with"])]),
    ]  # fmt: skip
    assert [row[0] for row in logged(desk, monkeypatch, "a.py")] == ["with the session"]
    assert [row[0] for row in logged(desk, monkeypatch, limit=1)] == ["noted"]
    everything = logged(desk, monkeypatch, everything=True)
    assert [row[0] for row in everything] == [
        "nothing",
        "noted",
        "named",
        *everything[3:4][0][:1],
        "start",
    ]
    assert [row[0] for row in logged(desk, monkeypatch, revision="HEAD~3..HEAD~1")] == [
        "noted",
        "named",
    ]
    manifest = next((desk.root / ".sessions").rglob("manifest.yaml"))
    with manifest.open("a") as stream:
        stream.write(f'links:\n  - kind: "commit"\n    ref: "{plain[:10]}"\n')
    assert main(["seal", "--accept-content"]) in (0, 1, 2)
    assert logged(desk, monkeypatch)[-1][1] == [(one, "session", ["committed with", "link"])]
    capsys.readouterr()
    assert main(["log", "-n", "2"]) == 0
    out = capsys.readouterr().out.splitlines()
    assert out[1] == f"    {one[:8]}  claude-code  Write it.  [note]"
    assert out[2] == "    s_00000000000000  (git-ai)  [note]"
    assert out[5] == f"    {TWO}  (not archived here)  [trailer]"


def test_a_session_that_was_removed_is_still_named(desk: Desk, monkeypatch) -> None:
    agent = Claude(desk)
    agent.edit("a.py", "import os\n", "import os\nimport shutil\n")
    desk.bring()
    (one,) = ids(desk)
    desk.commit(f"named\n\nSession: {one}")
    monkeypatch.chdir(desk.root)
    sessionfs.remove([one])
    (row,) = sessionfs.log().commits
    assert [(s.ref, s.path, s.title) for s in row.sessions] == [(one, None, None)]


def test_an_archive_that_stands_elsewhere(desk: Desk, tmp_path: Path, capsys, monkeypatch) -> None:
    agent = Claude(desk)
    agent.edit("a.py", "import os\n", "import os\nimport shutil\n")
    desk.bring(archive="../archive")
    archive = str(tmp_path / "archive")
    (session,) = (s.summary.id for s in sessionfs.open_archive(archive).sessions())
    desk.git("add", "a.py")
    assert linked(desk, capsys, monkeypatch, "-a", archive) == [f"Session: {session}"]
    desk.commit(f"named\n\nSession: {session}")
    told = logged(desk, monkeypatch, archive=archive)
    assert told == [("named", [(session, "session", ["trailer"])])]
    (line,) = sessionfs.blame("a.py", first=2, last=2, archive=archive).lines
    assert (line.writer.session, line.writer.evidence) == (session, ["replay", "trailer"])
    assert main(["pack", archive, "-o", "one.tar"]) == 0
    assert sessionfs.blame("a.py", first=2, last=2, archive="one.tar").lines == [line]


def test_log_says_what_is_wrong(tmp_path: Path, capsys, monkeypatch) -> None:
    desk = Desk(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert main(["log"]) == 2
    monkeypatch.chdir(desk.root)
    assert main(["log"]) == 2
    sessionfs.init(".sessions")
    with pytest.raises(NotFound, match="no commit yet"):
        sessionfs.log()
    desk.commit()
    for arguments in (["--rev", "nowhere"], ["--rev=-x"], ["../outside"], ["--rev", ""]):
        capsys.readouterr()
        assert main(["log", *arguments]) == 2, arguments
        told = capsys.readouterr()
        assert told.out == ""
        assert "hint:" in told.err
    desk.git("checkout", "--quiet", "--detach")
    assert main(["log", "--all"]) == 0
    desk.git("config", "core.bare", "true")
    assert main(["log"]) == 2
    assert "bare repository" in capsys.readouterr().err
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main(["log"]) == 2
    assert "git is not installed" in capsys.readouterr().err
    assert os.environ["PATH"] == str(tmp_path)
