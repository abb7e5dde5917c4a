"""Archives that somebody prepared, or that were damaged: nothing is lost, nothing leaves them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

import sessionfs
from claude_logs import SESSION, log
from sessionfs.canonical import replace
from sessionfs.digest import digest
from sessionfs.disk import steps
from sessionfs.disk.archive import Archive
from sessionfs.disk.tree import DirTree
from sessionfs.errors import Conflict, FormatError, SessionfsError
from trees import sessions, tree


@pytest.fixture
def native(tmp_path: Path) -> Path:
    path = tmp_path / "native" / f"{SESSION}.jsonl"
    path.parent.mkdir()
    path.write_bytes(log(20))
    return path


@pytest.fixture
def archive(tmp_path: Path, native: Path) -> Path:
    place = tmp_path / "archive"
    sessionfs.import_logs([str(native)], archive=str(place))
    return place


def directory(archive: Path) -> Path:
    (found,) = archive.glob("20*/*/*")
    return found


@pytest.mark.parametrize("damage", [b"<<<<<<< HEAD\n", b"", None])
def test_a_session_that_cannot_be_read_is_never_overwritten(
    archive: Path, native: Path, damage: bytes | None
) -> None:
    summary = directory(archive) / "summary.json"
    summary.unlink()
    if damage is not None:
        summary.write_bytes(damage)
    (archive / ".cache" / "imported.json").unlink()
    native.write_bytes(log(2))
    before = tree(archive)
    report = sessionfs.import_logs([str(native)], archive=str(archive))
    assert [row.status for row in report.sessions] == ["skipped"]
    assert report.failed
    assert tree(archive) == before


def test_another_session_with_the_same_ulid_is_not_overwritten(archive: Path, native: Path) -> None:
    """Somebody has given the session another uid, and sealed it: the place is taken."""
    manifest = directory(archive) / "manifest.yaml"
    manifest.write_text(manifest.read_text().replace(SESSION, SESSION[:-1] + "0"))
    sessionfs.seal([], str(archive))
    before = tree(archive)
    report = sessionfs.import_logs([str(native)], archive=str(archive))
    assert [row.status for row in report.sessions] == ["skipped"]
    assert tree(archive) == before


@pytest.mark.parametrize(
    "journal",
    [
        b'{"session":"../moved","staged":"../../victim"}',
        b'{"session":"2026/11/../../../moved"}',
        b'{"session":["2026","11","x"]}',
        b"[]",
        b"{",
        b"",
        b"\xff\xfe",
    ],
)
def test_a_journal_that_is_none_moves_nothing(archive: Path, journal: bytes) -> None:
    victim = archive.parent / "victim"
    victim.mkdir()
    (archive / ".cache" / "journal.json").write_bytes(journal)
    before = tree(archive.parent)
    Archive(str(archive))
    assert not (archive / ".cache" / "journal.json").exists()
    assert tree(archive.parent) == before
    assert victim.is_dir()


def test_a_cache_that_is_a_link_is_refused_and_named(archive: Path, native: Path) -> None:
    victim = archive.parent / "victim"
    (victim / "staging").mkdir(parents=True)
    (victim / "staging" / "precious").write_text("mine")
    shutil.rmtree(archive / ".cache")
    (archive / ".cache").symlink_to(victim)
    native.write_bytes(log(30))
    with pytest.raises(Conflict, match="symbolic link"):
        sessionfs.import_logs([str(native)], archive=str(archive))
    assert (victim / "staging" / "precious").read_text() == "mine"
    assert not sessionfs.verify([str(archive)]).ok


def test_a_shard_that_is_a_link_takes_no_session(tmp_path: Path, native: Path) -> None:
    outside, place = tmp_path / "outside", tmp_path / "linked"
    outside.mkdir()
    sessionfs.init(str(place))
    (place / "2026").mkdir()
    (place / "2026" / "11").symlink_to(outside)
    report = sessionfs.import_logs([str(native)], archive=str(place))
    assert [row.status for row in report.sessions] == ["skipped"]
    assert not list(outside.iterdir())
    assert sessionfs.list_sessions(sessionfs.open_archive(str(place))) == []


def test_what_is_no_directory_where_one_belongs_is_passed_over(archive: Path, native: Path) -> None:
    (archive / "2026" / "12").write_text("a file")
    (archive / "1999").write_text("a file")
    assert len(sessionfs.list_sessions(sessionfs.open_archive(str(archive)))) == 1
    assert not sessionfs.import_logs([str(native)], archive=str(archive)).failed


@pytest.mark.parametrize("version", ["²", "9" * 5000, "", "1.0\n", "x.y"])
def test_a_strange_version_is_no_traceback(archive: Path, version: str) -> None:
    policy = archive / "archive.yaml"
    policy.write_text(policy.read_text().replace('min_reader: "1.0"', f"min_reader: {version!r}"))
    with suppress(SessionfsError):
        sessionfs.open_archive(str(archive))
    sessionfs.verify([str(archive)])


def test_very_deep_directories_are_only_deep(archive: Path) -> None:
    deep = str(archive / "deep")
    made = [deep]
    for _ in range(1_300):
        deep += "/d"
        made.append(deep)
    for path in made:
        os.mkdir(path)  # noqa: PTH102  pathlib is slow at this depth
    try:
        assert len(DirTree(str(archive)).oddities()) > len(made)
        sessionfs.verify([str(archive)])
    finally:
        for path in reversed(made):
            os.rmdir(path)  # noqa: PTH106


@pytest.mark.parametrize("name", ["summary.json", "checksums.b3", "manifest.yaml"])
def test_a_file_that_is_too_large_is_not_read(archive: Path, name: str) -> None:
    path = directory(archive) / name
    path.unlink()
    with path.open("wb") as stream:
        stream.truncate(3 << 30)
    (session,) = Archive(str(archive)).sessions()
    with pytest.raises(FormatError, match=r"E00[36]"):
        _ = session.manifest if name == "manifest.yaml" else (session.summary, session.seal)


def test_a_session_in_the_wrong_shard_stays_one_session(archive: Path, native: Path) -> None:
    wrong = archive / "2026" / "10"
    wrong.mkdir()
    path = directory(archive)
    path.rename(wrong / path.name)
    native.write_bytes(log(30))
    sessionfs.import_logs([str(native)], archive=str(archive))
    sessionfs.seal([], str(archive))
    assert list(sessions(tree(archive))) == [f"2026/10/{path.name}"]


WAIT = """
import sys, sessionfs
sessionfs.remove([sys.argv[2]], sys.argv[1])
"""


def test_two_removals_at_once_both_count(tmp_path: Path) -> None:
    """Each reads archive.yaml under the lock, not before it."""
    names = [SESSION.replace("5", digit) for digit in "1234"]
    for name in names:
        (tmp_path / f"{name}.jsonl").write_bytes(log(3, session=name))
    place = tmp_path / "archive"
    sessionfs.import_logs([str(tmp_path)], archive=str(place))
    with Archive(str(place)).lock():
        waiting = [
            subprocess.Popen([sys.executable, "-c", WAIT, str(place), f"claude-code:{name}"])
            for name in names
        ]
        time.sleep(2)  # until each of them has opened the archive and waits
    assert [process.wait() for process in waiting] == [0] * len(names)
    assert Archive(str(place)).ignored == {f"claude-code:{name}" for name in names}


def test_archives_opened_before_another_wrote_see_it_under_the_lock(archive: Path) -> None:
    stale = Archive(str(archive))
    (row,) = sessionfs.list_sessions(stale)
    sessionfs.remove([row.summary.uid], str(archive))
    with stale.lock():
        assert stale.ignored == {row.summary.uid}
        assert stale.find(row.summary.uid) is None


@pytest.mark.parametrize("name", ["../../../victim", "/nowhere/victim", "..", ""])
def test_an_id_that_is_a_path_deletes_nothing(archive: Path, native: Path, name: str) -> None:
    """A session says of itself where it would be staged; only its directory's name counts."""
    victim = archive.parent / "victim"
    victim.mkdir()
    (victim / "precious").write_text("mine")
    summary = directory(archive) / "summary.json"
    identifier = directory(archive).name
    summary.write_text(summary.read_text().replace(f'"{identifier}"', f'"{name}"'))
    sums = directory(archive) / "checksums.b3"
    lines = sums.read_text().splitlines()
    lines[-1] = f"{digest(summary.read_bytes())}  summary.json"
    sums.write_text("\n".join(lines) + "\n")
    native.write_bytes(log(30))
    sessionfs.import_logs([str(native)], archive=str(archive))
    assert (victim / "precious").read_text() == "mine"


def test_a_session_without_native_records_is_no_internal_error(archive: Path) -> None:
    (session,) = Archive(str(archive)).sessions()
    message = next(session.messages())
    with pytest.raises(FormatError, match="E51"):
        session.native_line(replace(message, native={"eol": ""}))


def test_no_archive_is_made_inside_of_a_session(archive: Path, native: Path) -> None:
    before = tree(archive)
    for place in (directory(archive), directory(archive) / "files"):
        with pytest.raises(Conflict, match="inside of a session"):
            sessionfs.import_logs([str(native)], archive=str(place))
    assert tree(archive) == before


def test_another_program_s_archive_yaml_is_not_ours(tmp_path: Path, native: Path) -> None:
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "archive.yaml").write_text("name: somebody else's\n")
    with pytest.raises(FormatError, match="E213"):
        sessionfs.import_logs([str(native)], archive=str(tmp_path / "other"))
    assert [path.name for path in (tmp_path / "other").iterdir()] == ["archive.yaml"]


def test_directories_are_made_below_the_working_directory_only_where_there_is_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    with pytest.raises(FileNotFoundError):
        steps.make_directories("a/b")
    monkeypatch.chdir(tmp_path)
