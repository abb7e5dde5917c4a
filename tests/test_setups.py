"""spec/setups.md tells the truth: its commands are run by a shell, one block after the other."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import sessionfs
from claude_logs import SESSION, log
from conftest import ROOT, beside, needs
from test_git import git

BLOCK = re.compile(r"^## (.*?)$|^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks() -> dict[str, list[str]]:
    """The commands by the heading that they stand below."""
    found: dict[str, list[str]] = {}
    heading = ""
    for title, body in BLOCK.findall(beside("spec").joinpath("setups.md").read_text("utf-8")):
        heading = title or heading
        if body:
            found.setdefault(heading, []).append(body)
    return found


@pytest.fixture
def work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository `lantern` on which an agent worked, and an empty one to push to."""
    work = tmp_path / "work"
    lantern = work / "lantern"
    lantern.mkdir(parents=True)
    git(work, "init", "-q", "--bare", "-b", "main", "origin.git")
    git(lantern, "init", "-q", "-b", "main")
    git(lantern, "commit", "-q", "--allow-empty", "-m", "code")
    home = tmp_path / "home"
    native = home / ".claude" / "projects" / "-lantern" / f"{SESSION}.jsonl"
    native.parent.mkdir(parents=True)
    native.write_bytes(log(20).replace(b"/home/somebody/project", os.fsencode(lantern)))
    program = tmp_path / "bin" / "sessionfs"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m sessionfs "$@"\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("HOME", str(home))
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "Ada")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "ada@example.org")
    return work


def run(work: Path, commands: list[str]) -> str:
    """Run blocks in one shell that stops at the first failure; return what they print."""
    done = subprocess.run(
        ["sh", "-eu", "-c", "\n".join(commands)],
        cwd=work,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "warning" not in done.stdout
    assert "names no session" not in done.stderr
    return done.stdout


def test_in_the_tree(work: Path) -> None:
    told = run(work, blocks()["In the tree"])
    assert "1 new" in told
    assert "ok: 1 session, 20 messages" in told
    assert ".sessions/archive.yaml" in git(work / "lantern", "ls-files").split()


@needs("jq")
def test_a_repository_of_its_own(work: Path) -> None:
    told = run(work, blocks()["A repository of its own"])
    assert told.count("ok: 1 session, 20 messages") == 1
    assert git(work / "lantern", "ls-files").split() == ["lamp.py"]
    assert told.splitlines()[-2].endswith("  Light the mole lamp")
    assert told.endswith("[trailer]\n")
    (name,) = git(
        work / "lantern", "log", "-1", "--skip=1", "--format=%(trailers:key=Session,valueonly)"
    ).split()
    assert sessionfs.open_session(name, sessionfs.open_archive(str(work / "lantern-sessions")))
    assert sessionfs.doctor(str(work / "lantern-sessions")).ok


@needs("jq")
def test_a_branch_of_its_own(work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told = run(work, blocks()["A branch of its own"])
    assert told.count("ok: 1 session, 20 messages") == 3
    lantern = work / "lantern"
    assert told.splitlines()[-2].endswith("  Light it")
    assert told.endswith("[trailer]\n")
    assert git(lantern, "ls-files").split() == [".gitignore", "lamp.py"]
    assert git(lantern, "merge-base", "--all", "main", "main") != ""
    with pytest.raises(subprocess.CalledProcessError):
        git(lantern, "merge-base", "main", "sessions")
    monkeypatch.chdir(lantern)
    assert sessionfs.verify(git="sessions").findings == []
    assert sessionfs.doctor().ok
    shutil.rmtree(lantern / ".sessions")
    git(lantern, "worktree", "prune")
    git(lantern, "worktree", "add", "-q", ".sessions", "sessions")
    assert sessionfs.verify().findings == []


def test_every_block_is_run() -> None:
    assert {name: len(found) for name, found in blocks().items()} == {
        "In the tree": 1,
        "A repository of its own": 3,
        "A branch of its own": 3,
    }
