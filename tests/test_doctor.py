"""doctor: what is around an archive, told with what to do; nothing is changed by it."""

from __future__ import annotations

import json
import os
import shutil
import time
from pathlib import Path

import pytest

import sessionfs
from claude_logs import SESSION, log
from sessionfs.adapters.claude_code.retention import days_kept, settings_files
from sessionfs.cli import main
from sessionfs.errors import NotFound
from sessionfs.view.upkeep import (
    Checkup,
    Unarchived,
    by_urgency,
    days_left,
    entries_of,
    judge_directories,
    judge_logs,
    judge_sizes,
    judge_speed,
    lines,
)
from test_git import git

MIB = 1 << 20
DAY = 86_400


def bring(archive: Path, count: int = 20) -> None:
    native = archive.parent.parent / "native" / f"{SESSION}.jsonl"
    native.parent.mkdir(exist_ok=True)
    native.write_bytes(log(count))
    sessionfs.import_logs([str(native)], archive=str(archive))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("made") / "repository"
    place.mkdir()
    git(place, "init", "--quiet", "-b", "main")
    bring(place / ".sessions")
    (place / "code.py").write_text("x = 1\n")
    git(place, "add", "--all")
    git(place, "commit", "--quiet", "-m", "state")
    return place


@pytest.fixture
def repository(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with an archive, where nothing but the set-up of the clone is missing."""
    place = tmp_path / "repository"
    shutil.copytree(made, place)
    git(place, "status")
    monkeypatch.chdir(place)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    return place


def told(checkup: Checkup, *levels: str) -> dict[str, str]:
    """What is told on these levels, by the names of the checks."""
    return {check.name: check.message for check in checkup.checks if check.level in levels}


def session_in(place: Path) -> Path:
    (manifest,) = (place / ".sessions").rglob("manifest.yaml")
    return manifest.parent


def looks(place: Path) -> dict[str, tuple[int, int]]:
    stats = {path: path.stat() for path in place.rglob("*")}
    return {str(path): (stat.st_mtime_ns, stat.st_size) for path, stat in stats.items()}


def test_a_sound_archive_has_only_the_set_up_of_its_clone_to_mend(repository: Path) -> None:
    before = looks(repository)
    checkup = sessionfs.doctor()
    assert checkup.ok
    assert checkup.archive == str(repository / ".sessions")
    assert told(checkup, "warning", "problem", "skipped").keys() == {"setup"}
    names = "archive policy cache sizes directories sessions git guards setup logs".split()
    assert [check.name for check in checkup.checks] == names
    assert all(check.hint for check in checkup.checks if check.level != "ok")
    assert looks(repository) == before
    git(repository, "config", "merge.sessionfs.driver", "x")
    git(repository, "config", "diff.sessionfs.textconv", "x")
    assert "`merge` is unset" in told(sessionfs.doctor(), "warning")["setup"]
    (repository / ".git" / "info" / "attributes").write_text(".sessions/** merge=sessionfs\n")
    assert told(sessionfs.doctor(), "warning", "problem") == {}


def test_without_git_or_archive_it_says_so(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setenv("PATH", str(tmp_path))
        checkup = sessionfs.doctor()
        assert (checkup.ok, told(checkup, "skipped")) == (True, {"git": "it is not installed"})
    outside = tmp_path / "outside"
    outside.mkdir()
    shutil.copytree(repository / ".sessions", outside / "kept")
    said = told(sessionfs.doctor(str(outside / "kept")), "skipped")["git"]
    assert said == "the archive is in no work tree"
    monkeypatch.chdir(outside)
    checkup = sessionfs.doctor()
    assert checkup.archive is None
    assert told(checkup, "skipped", "problem") == {"archive": "none here or above"}
    with pytest.raises(NotFound, match="no archive at nowhere"):
        sessionfs.doctor("nowhere")
    assert main(["doctor", "-a", "nowhere"]) == 2


def test_an_archive_that_does_not_open_is_a_problem(repository: Path) -> None:
    policy = repository / ".sessions" / "archive.yaml"
    right = policy.read_bytes()
    policy.write_bytes(right + b"redaction:\n  enabled: false\nignored:\n  - a:b\n")
    said = told(sessionfs.doctor(), "warning")["policy"]
    assert said == "no secrets are taken out on import, 1 session kept out"
    policy.write_bytes(right + b"redaction:\n  files:\n    - nowhere.toml\n")
    assert "nowhere.toml" in told(sessionfs.doctor(), "problem")["policy"]
    policy.write_bytes(right.replace(b"\n", b"\r\n"))
    checkup = sessionfs.doctor()
    assert "E605" in told(checkup, "problem")["archive"]
    assert not checkup.ok


def test_guards_that_are_gone_and_files_that_are_ignored(repository: Path) -> None:
    git(repository, "rm", "-q", ".sessions/.gitattributes", ".sessions/.gitignore")
    (repository / ".gitattributes").write_text("* text=auto filter=lfs\n")
    (repository / ".gitignore").write_text("*.jsonl\n")
    shutil.copytree(session_in(repository), session_in(repository).with_name("0" * 26))
    said = [check.message for check in sessionfs.doctor().checks if check.name == "guards"]
    assert ["`text`" in said[0], "`filter` is lfs" in said[1], "git ignores it" in said[2]] == [
        True
    ] * 3


def test_pointers_and_damage_are_problems(repository: Path) -> None:
    path = session_in(repository) / "messages-00000001.jsonl"
    digest = "0" * 64
    path.write_text(
        f"version https://git-lfs.github.com/spec/v1\noid sha256:{digest}\nsize 12345\n"
    )
    problems = told(sessionfs.doctor(), "problem")
    assert problems.keys() == {"pointers", "sessions"}
    assert path.name in problems["pointers"]
    assert problems["sessions"].startswith("1 error, the first: E602")


def test_what_a_command_left_behind_is_told(repository: Path) -> None:
    left = repository / ".sessions" / ".cache" / "staging" / "01"
    left.mkdir(parents=True)
    assert told(sessionfs.doctor(), "warning")["cache"] == "left in .cache: staging"
    left.rmdir()
    assert "cache" in told(sessionfs.doctor(), "ok")


def test_a_merge_in_conflict_is_a_problem(repository: Path) -> None:
    git(repository, "checkout", "-q", "-b", "other")
    bring(repository / ".sessions", 40)
    git(repository, "commit", "-qam", "theirs")
    git(repository, "checkout", "-q", "main")
    bring(repository / ".sessions", 32)
    git(repository, "commit", "-qam", "ours")
    with pytest.raises(Exception, match="returned non-zero"):
        git(repository, "merge", "other")
    checkup = sessionfs.doctor()
    assert told(checkup, "problem")["merge"].startswith("3 files in conflict")
    (hint,) = [check.hint for check in checkup.checks if check.name == "merge"]
    assert "sessionfs merge" in hint


def test_a_sparse_checkout_hides_sessions_and_damages_none(repository: Path) -> None:
    git(repository, "sparse-checkout", "set", "--no-cone", "/*", "!messages-*.jsonl")
    assert not (session_in(repository) / "messages-00000001.jsonl").exists()
    checkup = sessionfs.doctor()
    assert told(checkup, "problem") == {}
    assert "hides files of 1 session" in told(checkup, "warning")["sparse"]


def test_clones_that_lack_something(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(repository, "config", "uploadpack.allowFilter", "true")
    git(repository, "commit", "-q", "--allow-empty", "-m", "more")
    clone = tmp_path / "clone"
    lacking = ("--filter=blob:none", "--depth=1", "--no-checkout")
    git(tmp_path, "clone", "-q", *lacking, repository.as_uri(), str(clone))
    git(clone, "sparse-checkout", "set", "--no-cone", "/.sessions/archive.yaml")
    git(clone, "checkout", "-q", "main")
    monkeypatch.chdir(clone)
    warnings = told(sessionfs.doctor(), "warning")
    assert {"partial", "shallow", "sparse"} <= warnings.keys()
    above = tmp_path / "above"
    above.mkdir()
    git(above, "init", "-q")
    allowed = ("-c", "protocol.file.allow=always")
    git(above, *allowed, "submodule", "-q", "add", str(repository), "sub")
    assert f"a submodule of {above}" in told(
        sessionfs.doctor(str(above / "sub" / ".sessions")), "warning"
    )["submodule"]  # fmt: skip


# --- limits of hosts ---


@pytest.mark.parametrize(
    ("sizes", "level", "words"),
    [
        ({}, "ok", "no files yet"),
        ({"a": 50 * MIB}, "ok", "52.4 MB"),
        ({"a": 50 * MIB + 1, "b": 60 * MIB}, "warning", "b has 62.9 MB; GitHub warns"),
        ({"a": 100 * MIB + 1}, "problem", "refuse more than 100 MiB"),
    ],
)
def test_large_files(sizes: dict[str, int], level: str, words: str) -> None:
    check = judge_sizes(sizes)
    assert (check.level, words in check.message, bool(check.hint)) == (level, True, level != "ok")


def test_a_crowded_directory() -> None:
    paths = [f"2026/11/{number}/manifest.yaml" for number in range(3001)]
    assert judge_directories(entries_of(paths[1:])).level == "ok"
    check = judge_directories(entries_of(paths))
    assert (check.level, check.message.split()[0:3]) == ("warning", ["2026/11", "has", "3,001"])
    assert entries_of(["a/b/c", "a/b/d", "a/e", "f"]) == {"a": 2, "a/b": 2}


def test_git_can_be_faster_with_many_sessions() -> None:
    assert judge_speed(1_999, [None, None]) is None
    assert judge_speed(2_000, [None, "true"]) is None
    check = judge_speed(2_000, ["false", None])
    assert check is not None
    assert "core.untrackedCache" in check.hint


# --- logs ---


def test_how_long_claude_code_keeps_logs() -> None:
    assert days_kept([]) == 30
    assert days_kept([b'{"cleanupPeriodDays":90}', b"{", b"[]", b'{"cleanupPeriodDays":-1}']) == 90
    assert days_kept([b'{"cleanupPeriodDays":90}', b'{"cleanupPeriodDays":0}']) == 0
    assert settings_files({"CLAUDE_CONFIG_DIR": "/c"}, "/h", "/p") == [
        *("/c/settings.json", "/c/settings.local.json"),
        *("/p/.claude/settings.json", "/p/.claude/settings.local.json"),
    ]
    assert settings_files({}, "/h", "/p")[0] == "/h/.claude/settings.json"


@pytest.mark.parametrize(
    ("period", "age", "left"),
    [
        (30, 0.0, 30),
        (30, 0.1, 29),
        (30, 29.5, 0),
        (30, 400.0, 0),
        (None, 9.0, None),
        (30, None, None),
    ],
)
def test_days_that_are_left(period: int | None, age: float | None, left: int | None) -> None:
    assert days_left(period, age) == left


def unarchived(path: str, left: int | None) -> Unarchived:
    return Unarchived(path=path, agent="claude-code", state="new", days_left=left)


def test_the_most_urgent_logs_come_first_and_the_rest_is_counted() -> None:
    logs = by_urgency([unarchived("c", None), unarchived("b", 20), unarchived("a", 20)])
    assert [log.path for log in logs] == ["a", "b", "c"]
    assert judge_logs(logs, 3, "work here").level == "warning"
    assert judge_logs([unarchived("a", None)], 3, "work here").level == "warning"
    check = judge_logs([unarchived("a", 7)], 3, "work here")
    assert (check.level, "in 7 days" in check.message) == ("problem", True)
    assert "next start" in judge_logs([unarchived("a", 0)], 3, "work here").message
    many = by_urgency(unarchived(f"{number:02}", number) for number in range(20))
    checkup = Checkup(archive=None, checks=[judge_logs(many, 20, "work here")], logs=many)
    text = [line.text for line in lines(checkup)]
    assert sum("claude-code" in line for line in text) == 12
    assert text[-2].strip() == "and 8 more"
    assert text[-1] == "1 problem"


def store(home: Path, cwd: Path, name: str, content: bytes, age: float) -> Path:
    """Put a log where Claude Code keeps its own, last changed some days ago."""
    path = home / ".claude" / "projects" / "-work" / f"{name}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.replace(b"/home/somebody/project", os.fsencode(cwd)))
    then = time.time() - age * DAY
    os.utime(path, (then, then))
    return path


def test_logs_that_are_not_archived_have_days_left(
    repository: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "home"
    other, far = "5f2c8a10-3b7e-4d61-9c42-ffffffffffff", "5f2c8a10-3b7e-4d61-9c42-eeeeeeeeeeee"
    store(home, repository, SESSION, log(20), 3)
    sessionfs.import_logs(here=".")
    checkup = sessionfs.doctor()
    assert told(checkup, "ok")["logs"] == "1 log of work here, all archived"
    store(home, repository, SESSION, log(24), 3.5)
    store(home, repository, other, log(8, session=other), 27.5)
    store(home, tmp_path / "far", far, log(8, session=far), 1)
    checkup = sessionfs.doctor()
    rows = [(each.state, each.days_left, Path(each.path).stem) for each in checkup.logs]
    assert rows == [("new", 2, other), ("grown", 26, SESSION)]
    assert told(checkup, "problem").keys() == {"logs"}
    assert [Path(each.path).stem for each in sessionfs.doctor(everything=True).logs] == [
        other, SESSION, far,
    ]  # fmt: skip
    (home / ".claude" / "settings.json").write_text('{"cleanupPeriodDays": 60}')
    assert [each.days_left for each in sessionfs.doctor().logs] == [32, 56]
    shutil.rmtree(repository / ".sessions" / ".cache")  # as in a fresh clone
    assert len(sessionfs.doctor().logs) == 2
    assert main(["doctor", "--json"]) == 0
    value = json.loads(capsys.readouterr().out)
    assert [row["days_left"] for row in value["logs"]] == [32, 56]
    sessionfs.import_logs(here=".")
    assert sessionfs.doctor().logs == []
    sessionfs.remove([SESSION.join(["claude-code:", ""])])
    assert sessionfs.doctor().logs == []  # it is kept out on purpose


def test_logs_are_told_without_an_archive_and_codex_deletes_none(
    repository: Path, tmp_path: Path, root: Path
) -> None:
    home = tmp_path / "home"
    shutil.copytree(root / "examples" / "native" / "codex", home / ".codex")
    shutil.rmtree(repository / ".sessions")
    checkup = sessionfs.doctor(everything=True)
    assert {row.agent for row in checkup.logs} == {"codex"}
    assert {row.days_left for row in checkup.logs} == {None}
    assert told(checkup, "warning").keys() == {"logs"}
