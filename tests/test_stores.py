"""`--here` and `--all`: logs are found in the agents' stores, wherever their variables point."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

import sessionfs
from claude_logs import SESSION, log
from sessionfs.adapters import load_adapters
from sessionfs.disk.find import stores

OTHER = SESSION.replace("5", "7")
CODEX_ID = "01a1f84a-95c0-70d6-a407-9e36703ebd37"


@pytest.fixture
def world(tmp_path: Path) -> dict[str, Path]:
    """A home with stores of two agents, a repository, and a directory outside of it."""
    home, repository, outside = tmp_path / "home", tmp_path / "repository", tmp_path / "outside"
    for place in (home, repository / "deep" / "er", outside):
        place.mkdir(parents=True)
    subprocess.run(["git", "init", "--quiet", str(repository)], check=True)
    claude = home / ".claude" / "projects"
    for session, cwd in ((SESSION, repository / "deep"), (OTHER, outside)):
        path = claude / str(cwd).replace("/", "-") / f"{session}.jsonl"
        path.parent.mkdir(parents=True)
        content = log(8, session=session).replace(b"/home/somebody/project", str(cwd).encode())
        path.write_bytes(content)
    codex = home / ".codex" / "sessions" / "2026" / "11" / "20"
    codex.mkdir(parents=True)
    meta = (
        f'{{"timestamp":"2026-11-20T09:30:00.000Z","type":"session_meta","payload":{{"id":"{CODEX_ID}",'
        f'"timestamp":"2026-11-20T09:30:00.000Z","cwd":"{repository}","originator":"codex_cli_rs",'
        '"cli_version":"0.150.0","source":"cli"}}\n'
    )
    (codex / f"rollout-2026-11-20T09-30-00-{CODEX_ID}.jsonl").write_text(meta)
    return {"home": home, "repository": repository, "outside": outside}


def uids(report: sessionfs.ImportReport) -> set[str]:
    return {str(row.uid) for row in report.sessions if row.session}


def test_here_takes_what_was_said_in_this_repository(world: dict[str, Path]) -> None:
    environment = {"HOME": str(world["home"]), "USERPROFILE": str(world["home"])}
    report = sessionfs.import_logs(
        here=str(world["repository"] / "deep" / "er"), environment=environment
    )
    assert uids(report) == {f"claude-code:{SESSION}", f"codex:{CODEX_ID}"}
    assert not report.failed
    # The archive is made where people expect it: at the root of the repository.
    assert (world["repository"] / ".sessions" / "archive.yaml").is_file()
    again = sessionfs.import_logs(here=str(world["repository"]), environment=environment)
    assert {row.status for row in again.sessions} == {"unchanged"}


def test_all_takes_everything(world: dict[str, Path], tmp_path: Path) -> None:
    environment = {"HOME": str(world["home"]), "USERPROFILE": str(world["home"])}
    archive = str(tmp_path / "archive")
    report = sessionfs.import_logs(everything=True, environment=environment, archive=archive)
    expected = {f"claude-code:{SESSION}", f"claude-code:{OTHER}", f"codex:{CODEX_ID}"}
    assert uids(report) == expected
    only = sessionfs.import_logs(
        everything=True, environment=environment, archive=f"{archive}-2", agent="codex"
    )
    assert uids(only) == {f"codex:{CODEX_ID}"}


def test_the_agents_variables_win(world: dict[str, Path], tmp_path: Path) -> None:
    moved = tmp_path / "moved"
    (world["home"] / ".claude").rename(moved)
    environment = {
        "HOME": str(tmp_path / "empty"),
        "USERPROFILE": str(tmp_path / "empty"),
        "CLAUDE_CONFIG_DIR": str(moved),
        "CODEX_HOME": str(world["home"] / ".codex"),
    }
    report = sessionfs.import_logs(
        everything=True, environment=environment, archive=str(tmp_path / "archive")
    )
    assert len(uids(report)) == 3


def test_a_machine_without_agents_has_nothing_to_import(tmp_path: Path) -> None:
    environment = {"HOME": str(tmp_path), "USERPROFILE": str(tmp_path)}
    report = sessionfs.import_logs(
        everything=True, environment=environment, archive=str(tmp_path / "archive")
    )
    assert (report.sessions, report.failed) == ([], False)


@pytest.mark.parametrize(
    ("platform", "environment", "home", "expected"),
    [
        (
            "linux",
            {},
            "/home/x",
            {".claude/projects", ".codex/sessions", ".codex/archived_sessions"},
        ),
        ("darwin", {}, "/Users/x", {".claude/projects", ".codex/sessions"}),
        ("win32", {"APPDATA": r"C:\Users\x\AppData\Roaming"}, r"C:\Users\x", {".claude", ".codex"}),
    ],
)
def test_each_platform_has_its_places(
    platform: str, environment: dict[str, str], home: str, expected: set[str]
) -> None:
    adapters = load_adapters().values()
    places = {p for adapter in adapters for p in adapter.stores(environment, home, platform)}
    spelled = {place.replace("\\", "/") for place in places}
    assert all(place.startswith(home.replace("\\", "/")) for place in spelled)
    for name in expected:
        assert any(f"/{name}" in place for place in spelled), name


def test_only_existing_stores_are_looked_through(tmp_path: Path) -> None:
    assert not list(stores(load_adapters(), {}, str(tmp_path), "linux"))
