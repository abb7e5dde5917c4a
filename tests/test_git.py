"""Archives in real git: what is committed comes out the same; importing again leaves no diff."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

import sessionfs
import test_vectors
from claude_logs import SESSION, log
from sessionfs.api.bring import is_hidden_from_git
from sessionfs.cli import main
from sessionfs.errors import FormatError
from trees import tree

if TYPE_CHECKING:
    from pathlib import Path

IDENTITY = ("-c", "user.name=Somebody", "-c", "user.email=somebody@example.org")
HOSTILE = """\
* text=auto eol=crlf ident merge=union export-subst filter=lfs
*.jsonl working-tree-encoding=UTF-16LE
.sessions/** export-ignore
"""


def git(directory: Path, *arguments: str) -> str:
    """Run git and return what it prints."""
    done = subprocess.run(
        ["git", *IDENTITY, *arguments], cwd=directory, check=True, capture_output=True, text=True
    )
    return done.stdout


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository whose own attributes and ignores are against us."""
    place = tmp_path / "repository"
    place.mkdir()
    git(place, "init", "--quiet")
    (place / ".gitattributes").write_text(HOSTILE)
    (place / ".gitignore").write_text("*.jsonl\nfiles/\nsummary.json\n")
    return place


def fill(repository: Path, count: int = 300) -> Path:
    """Import a log of `count` records that has CR, `$Id$` and long text in it."""
    native = repository.parent / "native" / f"{SESSION}.jsonl"
    native.parent.mkdir(exist_ok=True)
    content = log(count).replace(b"alpha", b"$Id$ \\r\\n").replace(b"bravo", b"$Format:%H$")
    native.write_bytes(content)
    sessionfs.import_logs([str(native)], archive=str(repository / ".sessions"))
    return native


def test_a_second_import_leaves_the_status_clean(repository: Path) -> None:
    native = fill(repository)
    git(repository, "add", ".")
    git(repository, "commit", "--quiet", "-m", "sessions")
    committed = git(repository, "ls-files", ".sessions").split()
    assert {f".sessions/{path}" for path in tree(repository / ".sessions")} == set(committed)
    sessionfs.import_logs([str(native)], archive=str(repository / ".sessions"))
    assert git(repository, "status", "--porcelain") == ""


def test_growth_changes_only_the_open_segment(repository: Path) -> None:
    fill(repository, 600)
    git(repository, "add", ".")
    git(repository, "commit", "--quiet", "-m", "sessions")
    fill(repository, 620)
    changed = {
        line.rpartition("/")[2] for line in git(repository, "status", "--porcelain").splitlines()
    }
    assert changed == {"messages-00000513.jsonl", "summary.json", "checksums.b3"}


@pytest.mark.parametrize("autocrlf", ["true", "input", "false"])
def test_no_setting_of_line_ends_changes_a_byte(
    repository: Path, tmp_path: Path, autocrlf: str
) -> None:
    git(repository, "config", "core.autocrlf", autocrlf)
    fill(repository)
    before = tree(repository / ".sessions")
    git(repository, "add", ".")
    git(repository, "commit", "--quiet", "-m", "sessions")
    clone = tmp_path / "clone"
    git(
        tmp_path, "clone", "--quiet", "-c", f"core.autocrlf={autocrlf}", str(repository), str(clone)
    )
    assert tree(clone / ".sessions") == before
    assert sessionfs.verify([str(clone / ".sessions")]).ok
    git(repository, "archive", "-o", str(tmp_path / "a.tar"), "HEAD")
    (tmp_path / "exported").mkdir()
    subprocess.run(
        ["tar", "-xf", str(tmp_path / "a.tar"), "-C", str(tmp_path / "exported")], check=True
    )
    assert tree(tmp_path / "exported" / ".sessions") == before


def test_two_branches_that_grew_one_session_conflict(repository: Path) -> None:
    """Without any driver: a clone that knows nothing of us must not blend two sessions."""
    fill(repository, 20)
    git(repository, "add", ".")
    git(repository, "commit", "--quiet", "-m", "base")
    git(repository, "checkout", "--quiet", "-b", "other")
    fill(repository, 30)
    git(repository, "commit", "--quiet", "-am", "theirs")
    git(repository, "checkout", "--quiet", "-")
    fill(repository, 25)
    git(repository, "commit", "--quiet", "-am", "ours")
    with pytest.raises(subprocess.CalledProcessError):
        git(repository, "merge", "other")
    conflicts = git(repository, "diff", "--name-only", "--diff-filter=U")
    assert "checksums.b3" in conflicts


def test_a_repository_whose_name_is_no_utf_8_gets_the_archive(tmp_path: Path) -> None:
    place = tmp_path / os.fsdecode(b"re\xffpo")
    try:
        place.mkdir()
    except OSError:
        pytest.skip("this system takes no such name")
    git(place, "init", "--quiet")
    (place / "below").mkdir()
    log_path = place / "log.jsonl"
    log_path.write_bytes(log(10))
    report = sessionfs.import_logs([str(log_path)], here=str(place / "below"))
    assert [row.status for row in report.sessions] == ["new"]
    assert (place / ".sessions" / "archive.yaml").is_file()
    assert list(tmp_path.iterdir()) == [place]


def test_a_hidden_archive_is_told(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    (tmp_path / ".gitignore").write_text(".sessions/\n")
    archive = sessionfs.init(str(tmp_path / ".sessions"))
    assert is_hidden_from_git(archive.root)
    (tmp_path / ".gitignore").write_text("*.jsonl\n")
    assert not is_hidden_from_git(archive.root)


def test_the_vector_of_blended_continuations_is_what_git_makes(tmp_path: Path) -> None:
    made, right = test_vectors.make.messages, test_vectors.make.session.Session
    sides = [made.continued(right(), *side).sealed() for side in ((2, "A"), (3, "B"))]
    base, blended = right().sealed(), made.union_merge().files
    for path, content in base.items():
        for name, side in zip(("ours", "base", "theirs"), (sides[0], base, sides[1]), strict=True):
            (tmp_path / name).write_bytes(side[path])
        if any(side[path] != content for side in sides):
            command = ["git", "merge-file", "--union", "-p", "ours", "base", "theirs"]
            done = subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
            assert done.stdout == blended[path], path
        else:
            assert blended[path] == content


ATTRIBUTES = {
    "none": ("", ["text"]),
    "text=auto": ("* text=auto\n", ["text"]),
    "hostile": (
        HOSTILE,
        [
            *("text", "ident", "filter", "working-tree-encoding"),
            *("export-subst", "export-ignore", "merge"),
        ],
    ),
}
"""What a repository says of all its files, and which of that would change ours."""


def cloned(repository: Path, name: str, autocrlf: str) -> Path:
    """Commit what was added, and clone the repository as somebody does who has this setting."""
    git(repository, "commit", "--quiet", "-m", name)
    clone = repository.parent / name
    setting = f"core.autocrlf={autocrlf}"
    git(repository.parent, "clone", "--quiet", "-c", setting, str(repository), str(clone))
    return clone


@pytest.mark.parametrize("autocrlf", ["true", "input", "false"])
@pytest.mark.parametrize("attributes", ATTRIBUTES)
def test_a_conversion_is_prevented_or_named(
    repository: Path, attributes: str, autocrlf: str
) -> None:
    text, harmful = ATTRIBUTES[attributes]
    (repository / ".gitattributes").write_text(text)
    fill(repository)
    before = tree(repository / ".sessions")
    git(repository, "add", "--all")
    clone = cloned(repository, "guarded", autocrlf)
    assert tree(clone / ".sessions") == before
    assert sessionfs.verify([str(clone / ".sessions")]).findings == []

    guard = ".sessions/.gitattributes"
    git(repository, "rm", "--quiet", guard)
    clone = cloned(repository, "unguarded", autocrlf)
    after = tree(clone / ".sessions")
    converts = autocrlf == "true" or attributes == "hostile"
    guards = {".gitattributes", ".gitignore"}
    converted = sorted(before.keys() - guards) if converts else []
    assert converted == [
        path for path in sorted(after.keys() - guards) if after[path] != before[path]
    ]
    findings = sessionfs.verify([str(clone / ".sessions")]).findings
    assert [found.path for found in findings if found.code == "E605"] == converted
    warned = [found for found in findings if found.code != "E605"]
    assert {(found.code, found.path) for found in warned} == {("W701", ".gitattributes")}
    assert [found.message.split("`")[1] for found in warned] == harmful


def test_what_the_hint_says_brings_converted_files_back(repository: Path) -> None:
    fill(repository)
    git(repository, "add", "--all")
    git(repository, "rm", "--quiet", "--force", ".sessions/.gitattributes")
    clone = cloned(repository, "clone", "true")
    archive = clone / ".sessions"
    (session,) = archive.glob("20*/*/*")
    codes = {found.code for found in sessionfs.verify([str(session)]).findings}
    assert codes == {"E605", "W701"}
    assert main(["init", str(archive)]) == 0  # the first step is done
    assert (archive / ".gitattributes").exists()
    with pytest.raises(FormatError, match=r"E605.*archive\.yaml: its line ends became CRLF"):
        sessionfs.init(str(archive))
    for path in (*session.iterdir(), archive / "archive.yaml"):
        path.unlink()
    git(clone, "checkout", "--", ".sessions")
    assert sessionfs.verify([str(archive)]).findings == []


def test_work_trees_submodules_and_sparse_checkouts_are_work_trees(repository: Path) -> None:
    (repository / ".gitattributes").write_text("")
    fill(repository, 20)
    (repository / ".sessions" / ".gitattributes").unlink()
    git(repository, "add", "--all")
    git(repository, "commit", "--quiet", "-m", "sessions")
    git(repository, "worktree", "add", "--quiet", "../worktree")
    above = repository.parent / "above"
    above.mkdir()
    git(above, "init", "--quiet")
    allowed = "protocol.file.allow=always"
    git(above, "-c", allowed, "submodule", "--quiet", "add", str(repository), "sub")
    git(repository, "sparse-checkout", "set", "--no-cone", ".sessions/archive.yaml", "**/20*/**")
    for place in (repository.parent / "worktree", above / "sub", repository):
        report = sessionfs.verify([str(place / ".sessions")])
        assert [found.code for found in report.findings] == ["W701"], place


def test_a_bare_repository_and_a_missing_git_are_nothing_to_ask(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(repository, 20)
    (repository / ".sessions" / ".gitattributes").unlink()
    archive = str(repository / ".sessions")
    assert not all(found.code != "W701" for found in sessionfs.verify([archive]).findings)
    git(repository, "config", "core.bare", "true")
    assert sessionfs.verify([archive]).findings == []
    git(repository, "config", "core.bare", "false")
    monkeypatch.setenv("PATH", str(repository))
    assert sessionfs.verify([archive]).findings == []


def test_a_hook_asks_about_the_place_and_runs_nothing(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """git tells a hook of its repository, relative to the root; a program may be configured."""
    fill(repository, 20)
    (repository / ".sessions" / ".gitignore").unlink()
    program = repository / "program"
    program.write_text("#!/bin/sh\ntouch ran\n")
    program.chmod(0o755)
    git(repository, "config", "core.fsmonitor", str(program))
    monkeypatch.chdir(repository)
    monkeypatch.setenv("GIT_DIR", ".git")
    monkeypatch.setenv("GIT_INDEX_FILE", ".git/index")
    monkeypatch.setenv("GIT_LITERAL_PATHSPECS", "1")
    (found,) = sessionfs.verify([".sessions"]).findings
    assert found.code == "W702"
    assert found.message.startswith("git ignores it")
    assert not list(repository.rglob("ran"))
