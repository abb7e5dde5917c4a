"""What named paths stand for: sessions and archives, each verified once, with clear paths."""

import shutil

import pytest

import sessionfs
from conftest import ROOT

SESSION = "2026/11/01M7WM3K6WT6E66QERZ5G6H0NZ"
OTHER = "2026/11/01M7YKM28W1JT6WKMNA7GBBPRM"


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An archive `.sessions` with a planted file in two of its five sessions."""
    shutil.copytree(ROOT / "examples" / "sessions", tmp_path / ".sessions")
    for session in (SESSION, OTHER):
        (tmp_path / ".sessions" / session / "extra.txt").write_bytes(b"planted")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def told(*paths, **options):
    report = sessionfs.verify(paths, **options)
    return report.checked.sessions, [found.path for found in report.findings]


@pytest.mark.usefixtures("here")
def test_what_is_named_alone_is_what_paths_are_relative_to():
    every = [f"{SESSION}/extra.txt", f"{OTHER}/extra.txt"]
    sessions = sum(1 for _ in (ROOT / "examples" / "sessions").glob("*/*/*/manifest.yaml"))
    assert told() == (sessions, every)
    assert told(".sessions") == told(".sessions/") == told(".") == (sessions, every)
    assert told(f".sessions/{SESSION}") == told(f".sessions/{SESSION}/") == (1, ["extra.txt"])


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    "path", ["extra.txt", "manifest.yaml", "files", "deleted.txt", "files/gone"]
)
def test_a_path_inside_a_session_stands_for_it(path):
    named = f".sessions/{SESSION}/{path}"
    assert told(named) == (1, [f".sessions/{SESSION}/extra.txt"])


@pytest.mark.usefixtures("here")
def test_many_files_of_few_sessions_are_few_sessions():
    names = ["manifest.yaml", "summary.json", "messages-00000001.jsonl", "extra.txt"]
    files = [f".sessions/{session}/{name}" for name in names for session in (OTHER, SESSION)]
    planted = [f".sessions/{session}/extra.txt" for session in (SESSION, OTHER)]
    assert told(*files) == (2, planted)
    assert told(*files, f"./.sessions/{SESSION}") == (2, planted)


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("name", ["archive.yaml", ".gitattributes", "2026/stray.txt"])
def test_another_file_of_an_archive_stands_for_the_archive(here, name):
    (here / ".sessions" / "2026" / "stray.txt").write_bytes(b"")
    sessions, paths = told(f".sessions/{name}", f".sessions/{SESSION}/manifest.yaml")
    assert sessions == told(".sessions")[0]
    assert paths == [f".sessions/{path}" for path in told(".sessions")[1]]


def test_from_inside_an_archive(here, monkeypatch):
    monkeypatch.chdir(here / ".sessions")
    assert told("archive.yaml")[1] == [f"{SESSION}/extra.txt", f"{OTHER}/extra.txt"]
    monkeypatch.chdir(here / ".sessions" / SESSION / "files")
    assert told("gone")[1] == [str((here / ".sessions" / SESSION / "extra.txt").resolve())]


def test_a_link_belongs_where_it_lies(here):
    link = here / ".sessions" / SESSION / "files" / "passwd"
    link.symlink_to("/etc/passwd")
    assert told(f".sessions/{SESSION}/files/passwd")[0] == 1
    (here / "door").symlink_to(here / ".sessions" / SESSION)
    assert told("door/manifest.yaml", "door") == (1, ["door/extra.txt", "door/files/passwd"])


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("path", ["nowhere", "notes.txt", ".sessions/2026", "/", "", "x\ny"])
def test_what_stands_for_nothing_is_refused(here, path):
    (here / "notes.txt").write_bytes(b"")
    with pytest.raises(sessionfs.NotFound):
        sessionfs.verify([path])


def test_an_empty_name_is_not_the_working_directory(here, monkeypatch):
    monkeypatch.chdir(here / ".sessions" / SESSION)
    with pytest.raises(sessionfs.NotFound):
        sessionfs.verify([""])


def test_paths_relative_to_a_directory(here, tmp_path_factory):
    planted = [f".sessions/{session}/extra.txt" for session in (SESSION, OTHER)]
    assert told(relative_to=str(here))[1] == planted
    assert told(".sessions", relative_to=".")[1] == planted
    assert told(f".sessions/{SESSION}", relative_to=".sessions")[1] == [f"{SESSION}/extra.txt"]
    assert told(relative_to=".sessions")[1] == [path.removeprefix(".sessions/") for path in planted]
    assert told(relative_to="/")[1] == [str(here.resolve() / path)[1:] for path in planted]
    away = tmp_path_factory.mktemp("away")
    assert told(relative_to=str(away))[1] == [str(here.resolve() / path) for path in planted]
    (away / "link").symlink_to(here)
    assert told(str(away / "link" / ".sessions"), relative_to=str(away / "link"))[1] == planted


@pytest.mark.usefixtures("here")
def test_a_report_knows_what_was_looked_at():
    report = sessionfs.verify()
    assert report.archives == ("",)
    assert len(report.sessions) == report.checked.sessions
    assert SESSION in report.sessions
    both = sessionfs.verify([f".sessions/{SESSION}", f".sessions/{OTHER}/summary.json"])
    assert (both.archives, both.sessions) == (
        (),
        (f".sessions/{SESSION}", f".sessions/{OTHER}"),
    )
    assert sessionfs.verify(["."], relative_to=".").archives == (".sessions",)
