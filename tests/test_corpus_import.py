"""Real logs, end to end: all archived or named, verified, restored to the byte, small, steady."""

from __future__ import annotations

import filecmp
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import sessionfs
from sessionfs.digest import digest
from sessionfs.disk.tree import DirTree
from sessionfs.logs import open_plain
from trees import sessions, tree

if TYPE_CHECKING:
    from sessionfs.importer import Imported

pytestmark = pytest.mark.no_cover  # what it reaches, others reach

AGENTS = ("claude-code", "codex")


@pytest.fixture(scope="session")
def imported(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Imported]]:
    """The archive of the whole corpus of both agents, and what became of each log."""
    place = tmp_path_factory.mktemp("corpus") / "archive"
    report = sessionfs.import_logs(
        [str(corpus / agent) for agent in AGENTS], archive=str(place), redact=False
    )
    assert not report.failed
    return place, report.sessions


def plain(path: str) -> bytes:
    """Return a log's bytes, decompressed."""
    directory, name = os.path.split(path)
    with open_plain(DirTree(directory), name) as stream:
        return stream.read()


def test_every_file_is_archived_or_named(
    corpus: Path, imported: tuple[Path, list[Imported]]
) -> None:
    _, rows = imported
    files = {str(p) for agent in AGENTS for p in (corpus / agent).rglob("*") if p.is_file()}
    assert {row.path for row in rows} == files
    assert all(row.session or (row.status == "skipped" and row.reason) for row in rows)
    archived = [row for row in rows if row.session]
    assert len(archived) >= 0.95 * len(rows)


def test_the_archive_verifies(imported: tuple[Path, list[Imported]]) -> None:
    report = sessionfs.verify([str(imported[0])])
    assert [finding for finding in report.findings if finding.level == "error"] == []


def test_every_log_is_restored(tmp_path: Path, imported: tuple[Path, list[Imported]]) -> None:
    archive = sessionfs.open_archive(str(imported[0]))
    for row in imported[1]:
        if row.session is None:
            continue
        session = sessionfs.open_session(row.session, archive)
        source = plain(row.path)
        out = tmp_path / "restored"
        sessionfs.export_native(session, str(out), force=True)
        restored = out.read_bytes()
        assert row.fidelity == "exact"
        if row.reason == "a longer log of this session is archived":
            assert restored.startswith(source)
        else:
            assert restored == source


def test_it_is_not_restored_by_keeping_it_raw(imported: tuple[Path, list[Imported]]) -> None:
    place, rows = imported
    archive = sessionfs.open_archive(str(place))
    summaries = [session.summary for session in archive.sessions()]
    lines = sum(summary.messages for summary in summaries)
    assert sum(summary.fidelity.raw for summary in summaries) <= 0.01 * lines
    native = sum(len(plain(row.path)) for row in rows if row.session)
    archived = sum(map(len, tree(place).values()))
    assert archived <= 1.10 * native


def test_checksums_agree_with_b3sum_and_find(imported: tuple[Path, list[Imported]]) -> None:
    if shutil.which("b3sum") is None:
        pytest.skip("b3sum is not installed")
    for path, files in sessions(tree(imported[0])).items():
        directory = imported[0] / path
        done = subprocess.run(
            ["b3sum", "--check", "--quiet", "checksums.b3"], cwd=directory, check=False
        )
        assert done.returncode == 0
        listed = [line.split("  ", 1)[1] for line in files["checksums.b3"].decode().splitlines()]
        assert listed == sorted(set(files) - {"checksums.b3"}, key=str.encode)


UMASK = 'umask 077; exec "$@"'
CHILD = """
import sys
import sessionfs
sessionfs.import_logs(sys.argv[2:], archive=sys.argv[1], redact=False)
"""


@pytest.mark.exhaustive
def test_the_same_bytes_anywhere(
    corpus: Path, tmp_path: Path, imported: tuple[Path, list[Imported]]
) -> None:
    home = tmp_path / "elsewhere"
    home.mkdir()
    environment = os.environ | {
        "PYTHONHASHSEED": "4711", "TZ": "Pacific/Chatham", "LC_ALL": "C", "HOME": str(home),
        "PYTHONUTF8": "0",
    }  # fmt: skip
    paths = [str(corpus / agent) for agent in reversed(AGENTS)]
    command = [sys.executable, "-c", CHILD, str(tmp_path / "again"), *paths]
    subprocess.run(["sh", "-c", UMASK, "sh", *command], cwd=home, env=environment, check=True)
    compared = filecmp.dircmp(imported[0], tmp_path / "again", ignore=[".cache"])
    assert not compared.left_only
    assert not compared.right_only
    assert {p: digest(c) for p, c in tree(tmp_path / "again").items()} == {
        p: digest(c) for p, c in tree(imported[0]).items()
    }


@pytest.mark.exhaustive
def test_steps_of_a_hundred_lines_end_in_the_same_bytes(corpus: Path, tmp_path: Path) -> None:
    logs = sorted(
        p for a in AGENTS for p in (corpus / a).rglob("*.jsonl") if p.stat().st_size < 1_200_000
    )
    for number, path in enumerate(logs):
        content = path.read_bytes()
        lines = content.splitlines(keepends=True) if b"\r" not in content else content.split(b"\n")
        growing = tmp_path / f"{number}.jsonl"
        place = tmp_path / f"steps-{number}"
        end = 0
        for start in range(0, len(lines), 100):
            end += sum(map(len, lines[start : start + 100]))
            for cut in (end, end + 150):
                growing.write_bytes(content[:cut])
                sessionfs.import_logs([str(growing)], archive=str(place))
        growing.write_bytes(content)
        sessionfs.import_logs([str(growing)], archive=str(place))
        once = tmp_path / f"once-{number}"
        sessionfs.import_logs([str(growing)], archive=str(once))
        assert tree(place) == tree(once), path.name


@pytest.mark.exhaustive
def test_redaction_leaves_real_logs_alone(tmp_path: Path, corpus: Path) -> None:
    """Their owners took the secrets out; what is found is 0.2 a MB at most."""
    report = sessionfs.import_logs(
        [str(corpus / agent) for agent in AGENTS], archive=str(tmp_path / "archive")
    )
    native = sum(
        Path(row.path).stat().st_size for row in report.sessions if row.session is not None
    )
    found = sum(
        len(path.read_text("utf-8").splitlines())
        for path in (tmp_path / "archive").rglob("redactions.jsonl")
    )
    assert found <= 0.2 * native / 1e6
    assert not [
        finding
        for finding in sessionfs.verify([str(tmp_path / "archive")]).findings
        if finding.level == "error"
    ]
