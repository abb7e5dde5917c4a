"""doctor: what is around an archive, told with what to do; nothing is changed by it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from pathlib import Path

import pytest

import sessionfs
from claude_logs import SESSION, log
from sessionfs.adapters.claude_code.retention import days_kept, settings_files
from sessionfs.api.places import find_archive
from sessionfs.cli import main
from sessionfs.errors import Hidden, NotFound
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


SECRETS = [b"ghp_abcdefghijklmnopqrstuvwxyzABCDEF1234", b"password=Zq8"]
"""One is longer than its placeholder, the other is shorter."""


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("fresh", [False, True])
def test_what_was_taken_out_of_a_log_leaves_it_archived(
    repository: Path, tmp_path: Path, secret: bytes, *, fresh: bool
) -> None:
    """doctor says what import says: also in a fresh clone, which has no cache."""
    home, policy = tmp_path / "home", repository / ".sessions" / "archive.yaml"
    sessionfs.remove([f"claude-code:{SESSION}"])
    rule = b"redaction:\n  rules:\n    - id: pass\n      regex: password=Zq8\n"
    policy.write_bytes(policy.read_bytes().partition(b"ignored:")[0] + rule)
    whole = log(24).replace(b"alpha", secret)
    lines = whole.splitlines(keepends=True)

    def state(content: bytes) -> tuple[list[str], str]:
        store(home, repository, SESSION, content, 25)
        if fresh:
            shutil.rmtree(repository / ".sessions" / ".cache", ignore_errors=True)
        (row,) = sessionfs.import_logs(here=".", dry_run=True).sessions
        checkup = sessionfs.doctor()
        assert checkup.ok == (not checkup.logs)
        return [each.state for each in checkup.logs], row.status

    assert state(b"".join(lines[:20])) == (["new"], "new")
    (row,) = sessionfs.import_logs(here=".").sessions
    assert row.redactions > 0
    path = "/".join(session_in(repository).parts[-3:])
    (source,) = sessionfs.open_archive().session(path).summary.source_files
    native = (home / ".claude" / "projects" / "-work" / f"{SESSION}.jsonl").read_bytes()
    assert (source.bytes > len(native)) == (secret == SECRETS[1])
    assert state(b"".join(lines[:20])) == ([], "unchanged")
    assert state(b"".join(lines[:12])) == ([], "unchanged")  # a longer one is archived
    assert state(whole) == (["grown"], "extended")
    if source.bytes > len(native):  # as long as what is archived of the log, and yet grown
        more = b"\n" * (source.bytes - len(native))
        assert state(b"".join(lines[:20]) + more) == (["grown"], "extended")


def test_what_import_cannot_take_is_named_with_its_days(
    repository: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "home"
    names = [SESSION[:-1] + digit for digit in "12456"]
    damaged, empty, away, titles, lost = names
    store(home, repository, SESSION, log(20), 3)
    sessionfs.import_logs(here=".")
    store(home, repository, damaged, log(8, session=damaged).replace(b"{", b"\xff{"), 24.5)
    slug = "".join(each if each.isalnum() else "-" for each in str(repository))
    projects = home / ".claude" / "projects"
    other = log(20).splitlines(keepends=True)  # another history, torn where it begins
    torn = store(home, repository, "torn", b"".join([*other[:9], other[12][:60]]), 25.5)
    (projects / "-work" / f"{empty}.jsonl").write_bytes(b"")
    (projects / "-elsewhere").mkdir()
    (projects / "-elsewhere" / f"{away}.jsonl").write_bytes(b"\xff\n")
    title = b'{"type":"summary","summary":"A lamp","leafUuid":"x"}\n'
    (projects / "-work" / f"{titles}.jsonl").write_bytes(title)
    checkup = sessionfs.doctor()
    rows = {Path(each.path).stem: each for each in checkup.logs}
    assert {name: (row.state, row.days_left) for name, row in rows.items()} == {
        damaged: ("refused", 5), "torn": ("refused", 4),
    }  # fmt: skip
    assert rows[damaged].reason == "no agent's log that is known"
    assert "torn" in rows["torn"].reason
    skipped = {row.path: row.status for row in sessionfs.import_logs(here=".").sessions}
    assert skipped[str(torn)] == "skipped"
    assert checkup.ok  # nobody can mend it with an import
    said = told(checkup, "warning")["logs"]
    assert said == (
        "2 of 3 logs of work here: import cannot take 2; the first is deleted in 4 days"
    )
    (hint,) = [check.hint for check in checkup.checks if check.name == "logs"]
    assert "import --here" not in hint
    assert main(["doctor"]) == 0
    assert "no agent's log that is known" in capsys.readouterr().out
    (projects / slug).mkdir()
    (projects / slug / f"{lost}.jsonl").write_bytes(b"\xff\n")
    assert {Path(each.path).stem for each in sessionfs.doctor().logs} == {damaged, "torn", lost}
    (projects / slug / f"{lost}.jsonl").write_bytes(title + b"\xff\n")
    everything = {Path(each.path).stem for each in sessionfs.doctor(everything=True).logs}
    assert everything == {damaged, "torn", away, lost}


def test_a_log_whose_archived_session_is_damaged_is_refused(
    repository: Path, tmp_path: Path
) -> None:
    store(tmp_path / "home", repository, SESSION, log(20), 3)
    sessionfs.remove([f"claude-code:{SESSION}"])
    policy = repository / ".sessions" / "archive.yaml"
    policy.write_bytes(policy.read_bytes().partition(b"ignored:")[0])
    sessionfs.import_logs(here=".")
    store(tmp_path / "home", repository, SESSION, log(24), 2)
    (segment,) = session_in(repository).glob("messages-*.jsonl")
    segment.write_bytes(segment.read_bytes().replace(b"bravo", b"brava"))
    (row,) = sessionfs.import_logs(here=".").sessions
    (refused,) = sessionfs.doctor().logs
    assert (row.status, refused.state) == ("skipped", "refused")
    assert "E60" in refused.reason


def test_what_was_seen_is_not_read_again(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sessionfs.remove([f"claude-code:{SESSION}"])
    policy = repository / ".sessions" / "archive.yaml"
    policy.write_bytes(policy.read_bytes().partition(b"ignored:")[0])
    store(tmp_path / "home", repository, SESSION, log(20), 3)
    sessionfs.import_logs(here=".")
    with monkeypatch.context() as patched:
        patched.setattr("sessionfs.api.unarchived.foresee", None)
        assert sessionfs.doctor().logs == []
    shutil.rmtree(repository / ".sessions" / ".cache")
    assert sessionfs.doctor().logs == []  # it is read, and found to be archived
    changed = log(20).replace(b"bravo", b"brava")
    store(tmp_path / "home", repository, SESSION, changed, 3)  # as long, and another history
    assert [each.state for each in sessionfs.doctor().logs] == ["new"]


# --- archives that git has, and the work tree has not ---


@pytest.mark.parametrize("mode", ["--cone", "--no-cone"])
def test_a_sparse_checkout_that_hides_the_archive(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    (repository / "src").mkdir()
    (repository / "src" / "a.py").write_text("")
    store(tmp_path / "home", repository, SESSION, log(20), 27)
    sessionfs.import_logs(here=".")
    store(tmp_path / "home", repository, SESSION, log(24), 27)
    git(repository, "add", "--all")
    git(repository, "commit", "-qm", "more")
    git(repository, "sparse-checkout", "set", mode, "src")
    assert not (repository / ".sessions" / "archive.yaml").exists()
    for archive in (None, ".sessions"):
        checkup = sessionfs.doctor(archive)
        where = f"a sparse checkout hides the archive {repository}/.sessions"
        assert told(checkup, "warning") == {"archive": where}
        assert told(checkup, "skipped").keys() == {"logs"}
        assert checkup.logs == []
        assert not any("import" in check.hint for check in checkup.checks)
    with pytest.raises(NotFound, match="sparse checkout hides"):
        sessionfs.import_logs(here=".")
    with pytest.raises(NotFound, match="sparse checkout hides"):
        sessionfs.init(".sessions")
    with pytest.raises(NotFound, match="sparse checkout hides"):
        sessionfs.open_archive()
    assert not (repository / ".sessions" / "archive.yaml").exists()
    monkeypatch.chdir(repository / "src")
    (hint,) = [check.hint for check in sessionfs.doctor().checks if check.name == "archive"]
    wanted = f"git -C {repository} sparse-checkout add .sessions"
    assert hint == f"`{wanted}` brings it back"
    git(repository, *wanted.split()[3:])
    assert [each.state for each in sessionfs.doctor(here="..").logs] == ["grown"]
    assert sessionfs.import_logs(here="..").totals()["extended"] == 1


def test_an_archive_that_was_deleted_from_the_work_tree(repository: Path, tmp_path: Path) -> None:
    store(tmp_path / "home", repository, SESSION, log(24), 27)
    policy = repository / ".sessions" / "archive.yaml"
    policy.unlink()
    (check, _) = sessionfs.doctor().checks
    assert check.message == f"{policy} is deleted from the work tree; git has it"
    assert "`git restore .sessions/archive.yaml`" in check.hint
    shutil.rmtree(repository / ".sessions")
    (check, _) = sessionfs.doctor().checks
    assert check.message.startswith(f"the archive {repository}/.sessions is deleted")
    assert "`git restore .sessions`" in check.hint
    with pytest.raises(NotFound, match="is deleted from the work tree"):
        sessionfs.import_logs(here=".")
    git(repository, "rm", "-rq", "--cached", ".sessions")
    assert sessionfs.import_logs(here=".").totals()["new"] == 1


def test_an_archive_that_git_was_told_to_skip(repository: Path) -> None:
    policy = repository / ".sessions" / "archive.yaml"
    git(repository, "update-index", "--skip-worktree", ".sessions/archive.yaml")
    policy.unlink()
    (check, _) = sessionfs.doctor().checks
    assert check.message == f"{policy} is not in the work tree; git has it, as skip-worktree"
    follow(repository, check.hint)
    assert policy.is_file()
    paths = git(repository, "ls-files", "-z", ".sessions").rstrip("\0").split("\0")
    git(repository, "update-index", "--skip-worktree", *paths)
    shutil.rmtree(session_in(repository))
    checks = [check for check in sessionfs.doctor().checks if check.name == "sparse"]
    assert "git is told to skip files of 1 session" in checks[0].message
    assert "sparse-checkout" not in checks[0].hint
    shutil.rmtree(repository / ".sessions")
    (check, _) = sessionfs.doctor().checks
    assert check.message.startswith(f"the archive {repository}/.sessions is not in the work tree")
    follow(repository, check.hint)
    assert git(repository, "ls-files", "-v", ".sessions").count("S ") == 0
    assert git(repository, "status", "--porcelain") == ""


def follow(place: Path, hint: str) -> None:
    """Do what a hint says: the commands in it, one after another."""
    for command in hint.split("`")[1::2]:
        subprocess.run(command, shell=True, cwd=place, check=True)  # noqa: S602  a hint has a pipe


HIDING = {
    "sparse": ("sparse-checkout", "set", "--cone", "src"),
    "deleted": ("status",),
    "skipped": ("update-index", "--skip-worktree", ".sessions/archive.yaml"),
}


@pytest.mark.parametrize("how", HIDING)
@pytest.mark.parametrize("kind", ["above", "submodule", "linked"])
def test_a_hidden_archive_is_never_left_for_one_above(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str, kind: str
) -> None:
    """One above may have another policy, and other readers."""
    home, project = tmp_path / "home", tmp_path / "home" / "project"
    sessionfs.init(str(home / ".sessions"))
    git(home, "init", "--quiet", "project")
    sessionfs.init(str(project / ".sessions"))
    (project / "src").mkdir()
    (project / "src" / "a.py").write_text("")
    git(project, "add", "--all")
    git(project, "commit", "-qm", "state")
    start = project / "src"
    if kind == "submodule":
        start = project / "src" / "module"
        git(project, "init", "--quiet", str(start))
    elif kind == "linked":
        git(project, "worktree", "add", "--quiet", str(home / "linked"), "-b", "side")
        project = home / "linked"
        start = project / "src"
    assert sessionfs.doctor(here=str(start)).archive == str(project / ".sessions")
    git(project, *HIDING[how])
    (project / ".sessions" / "archive.yaml").unlink(missing_ok=True)
    monkeypatch.setenv("HOME", str(home))
    checkup = sessionfs.doctor(here=str(start))
    assert checkup.archive is None
    assert f"{project}/.sessions" in told(checkup, "warning")["archive"]
    with pytest.raises(Hidden):
        sessionfs.import_logs(here=str(start))
    monkeypatch.chdir(start)
    for command in (["list"], ["verify"], ["import", "--here"]):
        assert main(command) == 2
    assert main(["git", "link"]) == (0 if kind == "linked" else 2)  # the main one's stands in
    assert not list((home / ".sessions").glob("2*"))


def test_git_is_only_asked_where_it_may_hide_an_archive(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (repository / "src").mkdir()
    outside = tmp_path / "outside" / "below"
    outside.mkdir(parents=True)
    monkeypatch.setattr(subprocess, "run", None)
    for start in (".", "src", ".sessions"):
        assert find_archive(start) == str(repository / ".sessions")
    with pytest.raises(NotFound, match="no archive in") as caught:
        find_archive(str(outside))
    assert not isinstance(caught.value, Hidden)


def test_another_file_of_that_name_hides_no_archive(repository: Path) -> None:
    (repository / "archive.yaml").write_text("boxes: 3\n")
    git(repository, "rm", "-rq", ".sessions")
    git(repository, "add", "archive.yaml")
    (repository / "archive.yaml").unlink()
    assert told(sessionfs.doctor(), "skipped")["archive"] == "none here or above"


def test_logs_are_told_without_an_archive_and_codex_deletes_none(
    repository: Path, tmp_path: Path, root: Path
) -> None:
    home = tmp_path / "home"
    shutil.copytree(root / "examples" / "native" / "codex", home / ".codex")
    git(repository, "rm", "-rq", ".sessions")
    shutil.rmtree(repository / ".sessions", ignore_errors=True)
    checkup = sessionfs.doctor(everything=True)
    assert {row.agent for row in checkup.logs} == {"codex"}
    assert {row.days_left for row in checkup.logs} == {None}
    assert told(checkup, "warning").keys() == {"logs"}
