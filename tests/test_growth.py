"""A log that grows: importing it step by step ends in the same bytes as importing it at once."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from random import Random

import pytest

import sessionfs
from claude_logs import SESSION, dumps, log, record, stamp, uuid
from trees import tree


def segments(archive: Path) -> dict[str, int]:
    """Return the inode of each segment."""
    return {path.name: path.stat().st_ino for path in archive.rglob("messages-*.jsonl")}


def looks(archive: Path) -> dict[str, tuple[int, int, int]]:
    """Return what tells that a file was not touched: inode, size, time of the last change."""
    stats = {p: p.stat() for p in archive.rglob("*") if ".cache" not in p.parts}
    return {str(p): (s.st_ino, s.st_size, s.st_mtime_ns) for p, s in stats.items()}


def statuses(report: sessionfs.ImportReport) -> list[str]:
    return [row.status for row in report.sessions]


@pytest.fixture
def native(tmp_path: Path) -> Path:
    return tmp_path / "native" / f"{SESSION}.jsonl"


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    return tmp_path / "archive"


def write(native: Path, content: bytes) -> str:
    native.parent.mkdir(exist_ok=True)
    native.write_bytes(content)
    return str(native)


def at_once(tmp_path: Path, content: bytes) -> dict[str, bytes]:
    """Return the tree that one import of the whole log makes."""
    path = write(tmp_path / "whole" / f"{SESSION}.jsonl", content)
    sessionfs.import_logs([path], archive=str(tmp_path / "at-once"))
    return tree(tmp_path / "at-once")


def test_cut_at_lines_and_inside_of_lines(tmp_path: Path, native: Path, archive: Path) -> None:
    content = log(700)
    lines = content.splitlines(keepends=True)
    cuts = []
    for number in range(200, len(lines), 200):
        end = sum(map(len, lines[:number]))
        cuts += [end, end + len(lines[number]) // 2, end + len(lines[number]) - 1]
    before: dict[str, int] = {}
    for cut in [*cuts, len(content)]:
        report = sessionfs.import_logs([write(native, content[:cut])], archive=str(archive))
        assert statuses(report) == ["extended" if before else "new"]
        after = segments(archive)
        closed = sorted(before)[:-1]
        assert {name: after[name] for name in closed} == {name: before[name] for name in closed}
        before = after
    assert tree(archive) == at_once(tmp_path, content)
    assert sessionfs.verify([str(archive)]).ok


def test_every_byte_of_growth_across_a_segment_border(
    tmp_path: Path, native: Path, archive: Path
) -> None:
    content = log(258, size=6)
    lines = content.splitlines(keepends=True)
    for cut in range(len(content) - sum(map(len, lines[-3:])), len(content) + 1, 211):
        sessionfs.import_logs([write(native, content[:cut])], archive=str(archive))
    sessionfs.import_logs([write(native, content)], archive=str(archive))
    assert tree(archive) == at_once(tmp_path, content)


def test_a_torn_line_that_shrinks_when_it_is_complete(
    tmp_path: Path, native: Path, archive: Path
) -> None:
    """Torn, it is 1 MB of raw text; complete, its text moves to a file and the message is small."""
    chance = Random(1)
    big = record(2, chance) | {"toolUseResult": {"stdout": "x" * 900_000}}
    content = log(2) + dumps(big) + b"\n" + log(4).splitlines(keepends=True)[3]
    for cut in (len(log(2)) + 850_000, len(content)):
        sessionfs.import_logs([write(native, content[:cut])], archive=str(archive))
    assert tree(archive) == at_once(tmp_path, content)
    assert sessionfs.verify([str(archive)]).ok


def test_importing_again_changes_nothing(native: Path, archive: Path) -> None:
    path = write(native, log(300))
    sessionfs.import_logs([path], archive=str(archive))
    before = looks(archive)
    report = sessionfs.import_logs([path], archive=str(archive))
    assert statuses(report) == ["unchanged"]
    assert looks(archive) == before


def test_a_shorter_log_joins_the_longer_one(native: Path, archive: Path) -> None:
    content = log(50)
    sessionfs.import_logs([write(native, content)], archive=str(archive))
    before = tree(archive)
    shorter = write(native.with_name("shorter.jsonl"), content[:-500])
    (row,) = sessionfs.import_logs([shorter], archive=str(archive)).sessions
    assert (row.status, row.messages) == ("unchanged", 50)
    assert row.reason == "a longer log of this session is archived"
    assert tree(archive) == before


def test_a_fork_becomes_a_session_of_its_own_and_grows(native: Path, archive: Path) -> None:
    content = log(20)
    common = b"".join(content.splitlines(keepends=True)[:12])
    other = common + b"".join(
        line.replace(b"alpha", b"OTHER").replace(b'"uuid":"00000000', b'"uuid":"00000009')
        for line in log(20, seed=2).splitlines(keepends=True)[12:]
    )
    main = sessionfs.import_logs([write(native, content)], archive=str(archive)).sessions[0]
    fork_path = write(native.with_name("fork.jsonl"), other[:-1000])
    fork = sessionfs.import_logs([fork_path], archive=str(archive)).sessions[0]
    assert fork.status == "forked"
    assert fork.uid is not None
    assert fork.uid.startswith(f"claude-code:{SESSION}#")
    opened = sessionfs.open_archive(str(archive))
    lineage = sessionfs.open_session(str(fork.session), opened).manifest.lineage
    assert lineage
    assert (lineage.parent, lineage.relation) == (f"claude-code:{SESSION}", "fork")
    messages = list(sessionfs.open_session(str(main.session), opened).messages())
    assert lineage.at == messages[11].id
    grown = sessionfs.import_logs(
        [write(native.with_name("fork.jsonl"), other)], archive=str(archive)
    ).sessions[0]
    assert (grown.status, grown.session) == ("extended", fork.session)
    session = sessionfs.open_session(str(fork.session), sessionfs.open_archive(str(archive)))
    assert b"".join(session.restore()) == other
    assert sessionfs.verify([str(archive)]).ok


def test_a_log_that_shares_no_line_is_a_continuation(native: Path, archive: Path) -> None:
    first, second = log(10), log(10, seed=5)
    sessionfs.import_logs([write(native, first)], archive=str(archive))
    row = sessionfs.import_logs(
        [write(native.with_name("later.jsonl"), second)], archive=str(archive)
    ).sessions[0]
    session = sessionfs.open_session(str(row.session), sessionfs.open_archive(str(archive)))
    assert session.manifest.lineage
    assert session.manifest.lineage.relation == "continuation"
    assert not session.manifest.lineage.at
    assert b"".join(session.restore()) == second


def test_the_order_of_logs_with_one_uid_does_not_matter(tmp_path: Path, native: Path) -> None:
    content = log(20)
    variants = {
        "a.jsonl": content,
        "b.jsonl": content[: len(content) // 2],
        "c.jsonl": log(10) + log(20, seed=3)[len(log(10, seed=3)) :],
        "d.jsonl": log(9, seed=7),
        "e.jsonl": log(10) + log(20, seed=3)[len(log(10, seed=3)) : -1200],
    }
    trees = []
    for number, order in enumerate((sorted(variants), sorted(variants, reverse=True))):
        place = tmp_path / f"archive-{number}"
        paths = [write(native.with_name(name), variants[name]) for name in order]
        sessionfs.import_logs(paths, archive=str(place))
        trees.append(tree(place))
    assert trees[0] == trees[1]
    assert sum(path.endswith("manifest.yaml") for path in trees[0]) == 3


def test_facts_that_come_late_are_added_once_and_comments_stay(native: Path, archive: Path) -> None:
    head = dumps(
        {"type": "user", "uuid": uuid(0), "parentUuid": None, "sessionId": SESSION,
         "timestamp": stamp(0), "message": {"role": "user", "content": "hello there"}}
    ) + b"\n"  # fmt: skip
    rest = log(5)[len(log(1)) :]
    sessionfs.import_logs([write(native, head)], archive=str(archive))
    (manifest,) = archive.rglob("manifest.yaml")
    assert "workspace" not in manifest.read_text()
    manifest.write_text(manifest.read_text() + "# mine\ntitle: Told by me\n")
    sessionfs.seal([str(manifest)], str(archive))
    sessionfs.import_logs([write(native, head + rest)], archive=str(archive))
    text = manifest.read_text()
    assert '  cwd: "~/project"' in text
    assert "# mine\ntitle: Told by me\n" in text
    assert sessionfs.verify([str(archive)]).ok
    session = sessionfs.open_session(str(manifest), None)
    assert session.summary.title == "Told by me"
    assert session.summary.agent.version == "2.1.90"


def test_damage_is_not_sealed_over_by_growth(native: Path, archive: Path) -> None:
    content = log(300)
    sessionfs.import_logs([write(native, content[: -len(content) // 3])], archive=str(archive))
    segment = min(archive.rglob("messages-*.jsonl"))
    damaged = segment.read_bytes().replace(b"alpha", b"alphA", 1)
    segment.write_bytes(damaged)
    report = sessionfs.import_logs([write(native, content)], archive=str(archive))
    (row,) = report.sessions
    assert report.failed
    assert row.status == "skipped"
    assert "E601" in str(row.reason)
    assert segment.read_bytes() == damaged
    assert not sessionfs.verify([str(archive)]).ok


def test_removed_sessions_stay_out(native: Path, archive: Path) -> None:
    path = write(native, log(10))
    row = sessionfs.import_logs([path], archive=str(archive)).sessions[0]
    (summary,) = sessionfs.remove([str(row.session)], str(archive))
    assert summary.uid == row.uid
    assert not list(archive.rglob("manifest.yaml"))
    report = sessionfs.import_logs([path], archive=str(archive))
    assert statuses(report) == ["skipped"]
    assert not report.failed
    assert sessionfs.verify([str(archive)]).ok


def test_rewrite_maps_anew_and_keeps_what_people_said(native: Path, archive: Path) -> None:
    path = write(native, log(10))
    row = sessionfs.import_logs([path], archive=str(archive)).sessions[0]
    sessionfs.edit(str(row.session), {"title": "Mine"}, str(archive))
    before = tree(archive)
    report = sessionfs.import_logs([path], archive=str(archive), rewrite=True)
    assert statuses(report) == ["unchanged"]
    assert tree(archive) == before


def test_dry_run_writes_nothing_and_says_the_same(native: Path, archive: Path) -> None:
    content = log(30)
    paths = [write(native, content), write(native.with_name("b.jsonl"), log(12, seed=9))]
    dry = sessionfs.import_logs(paths, archive=str(archive), dry_run=True)
    assert not os.path.lexists(archive)
    wet = sessionfs.import_logs(paths, archive=str(archive))
    assert dry.sessions == wet.sessions
    before = tree(archive)
    write(native, content + log(40)[len(content) :])
    dry = sessionfs.import_logs(paths, archive=str(archive), dry_run=True)
    assert tree(archive) == before
    assert dry.sessions == sessionfs.import_logs(paths, archive=str(archive)).sessions


def test_an_unchanged_log_is_not_even_opened(
    native: Path, archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(native, log(10))
    first = sessionfs.import_logs([path], archive=str(archive))
    with monkeypatch.context() as patch:
        patch.setattr("sessionfs.logs.open_plain", lambda *_: pytest.fail("it was read"))
        again = sessionfs.import_logs([path], archive=str(archive))
    assert statuses(again) == ["unchanged"]
    assert again.sessions[0].session == first.sessions[0].session
    # The memory is of this log and this session: when either changes, it is read again.
    sessionfs.edit(str(again.sessions[0].session), {"title": "Mine"}, str(archive))
    monkeypatch.setattr("sessionfs.logs.open_plain", _refuse)
    with pytest.raises(_Read):
        sessionfs.import_logs([path], archive=str(archive))


class _Read(Exception):
    pass


def _refuse(*_: object) -> None:
    raise _Read


def test_nothing_to_import_makes_no_archive(tmp_path: Path, archive: Path) -> None:
    (tmp_path / "junk.txt").write_text("no log\n")
    report = sessionfs.import_logs([str(tmp_path / "junk.txt")], archive=str(archive))
    assert (report.failed, statuses(report)) == (True, ["skipped"])
    assert not os.path.lexists(archive)


def store(root: Path, lines: int) -> str:
    """Make a store: a log that spills a result, its subagent's log with its description."""
    project = root / "projects" / "-home-somebody-project"
    beside = project / SESSION
    (beside / "subagents").mkdir(parents=True, exist_ok=True)
    (beside / "tool-results").mkdir(exist_ok=True)
    spilled = record(2, Random(1)) | {"uuid": uuid(900), "timestamp": stamp(900)}
    spilled["toolUseResult"] = {
        "stdout": "",
        "stderr": "",
        "interrupted": False,
        "isImage": False,
        "persistedOutputPath": f"/home/somebody/.claude/{SESSION}/tool-results/b1.txt",
    }
    head = log(5) + dumps(spilled) + b"\n"
    (project / f"{SESSION}.jsonl").write_bytes(head + log(lines)[len(log(5)) :])
    (beside / "tool-results" / "b1.txt").write_bytes(b"spilled\r\nresult\n")
    (beside / "tool-results" / "b2.txt").write_bytes(b"nobody names me\n")
    child = b"".join(
        dumps(record(n, Random(n)) | {"isSidechain": True, "agentId": "abc123", "uuid": uuid(n, 7)})
        + b"\n"
        for n in range(lines)
    )
    (beside / "subagents" / "agent-abc123.jsonl").write_bytes(child)
    (beside / "subagents" / "agent-abc123.meta.json").write_bytes(b'{"agentType":"Explore"}')
    return str(root)


def test_what_stands_beside_a_log_comes_with_it_once(tmp_path: Path, archive: Path) -> None:
    first = sessionfs.import_logs([store(tmp_path / "native", 20)], archive=str(archive))
    assert {Path(row.path).name: row.status for row in first.sessions} == {
        f"{SESSION}.jsonl": "new",
        "agent-abc123.jsonl": "new",
        "b2.txt": "skipped",
    }
    grown = sessionfs.import_logs([store(tmp_path / "native", 300)], archive=str(archive))
    assert statuses(grown).count("extended") == 2
    sessionfs.import_logs([store(tmp_path / "native", 300)], archive=str(tmp_path / "at-once"))
    assert tree(archive) == tree(tmp_path / "at-once")
    assert sessionfs.verify([str(archive)]).ok
    opened = sessionfs.open_archive(str(archive))
    parent = sessionfs.open_session(f"claude-code:{SESSION}", opened)
    child = sessionfs.open_session(f"claude-code:{SESSION}/abc123", opened)
    assert child.manifest.lineage
    assert child.manifest.lineage.parent == parent.manifest.source.uid
    out = tmp_path / "out"
    written = sessionfs.export_native(parent, str(out)) + sessionfs.export_native(
        child, str(out), force=True
    )
    project = tmp_path / "native" / "projects" / "-home-somebody-project"
    assert len(written) == 4
    for path in map(Path, written):
        assert path.read_bytes() == (project / path.relative_to(out)).read_bytes()


def test_rewriting_does_not_lose_what_is_no_longer_beside_the_log(
    tmp_path: Path, archive: Path
) -> None:
    place = Path(store(tmp_path / "native", 20))
    sessionfs.import_logs([str(place)], archive=str(archive))
    before = tree(archive)
    for path in (*place.rglob("*.txt"), *place.rglob("*.meta.json")):
        path.unlink()
    report = sessionfs.import_logs([str(place)], archive=str(archive), rewrite=True)
    assert statuses(report) == ["skipped", "skipped"]
    assert report.failed
    assert tree(archive) == before


def test_what_comes_late_beside_a_log_is_named(tmp_path: Path, archive: Path) -> None:
    place = Path(store(tmp_path / "native", 20))
    (spilled,) = place.rglob("b1.txt")
    (meta,) = place.rglob("*.meta.json")
    late = {path: path.read_bytes() for path in (spilled, meta)}
    for path in late:
        path.unlink()
    sessionfs.import_logs([str(place)], archive=str(archive))
    store(tmp_path / "native", 24)
    report = sessionfs.import_logs([str(place)], archive=str(archive))
    named = {Path(row.path).name for row in report.sessions if "--rewrite" in str(row.reason)}
    assert named == {"b1.txt", "agent-abc123.meta.json"}
    sessionfs.import_logs([str(place)], archive=str(archive), rewrite=True)
    sessionfs.import_logs([str(place)], archive=str(tmp_path / "at-once"))
    assert tree(archive) == tree(tmp_path / "at-once")


def test_a_fork_grows_when_its_main_session_was_removed(native: Path, archive: Path) -> None:
    fork = log(6) + log(20, seed=3)[len(log(6, seed=3)) :]
    main = write(native, log(20))
    side = write(native.with_name("side.jsonl"), fork[:-700])
    sessionfs.import_logs([main, side], archive=str(archive))
    sessionfs.remove([f"claude-code:{SESSION}"], str(archive))
    write(native.with_name("side.jsonl"), fork)
    report = sessionfs.import_logs([main, side], archive=str(archive))
    assert statuses(report) == ["skipped", "extended"]


@pytest.mark.parametrize("change", ["shorter", "other"])
def test_a_log_that_changes_while_it_is_read_changes_nothing(
    native: Path, archive: Path, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    content = log(30)
    sessionfs.import_logs([write(native, log(20))], archive=str(archive))
    before = tree(archive)
    write(native, content)
    real = sessionfs.importer.find_place

    def find_place(*arguments):
        place = real(*arguments)
        other = content.replace(b"alpha", b"ALPHA")
        write(native, log(5) if change == "shorter" else other)
        return place

    monkeypatch.setattr("sessionfs.importer.find_place", find_place)
    (row,) = sessionfs.import_logs([str(native)], archive=str(archive)).sessions
    assert (row.status, row.reason) == ("skipped", "the log changed while it was read")
    assert tree(archive) == before


def test_damage_does_not_pass_for_another_history(native: Path, archive: Path) -> None:
    sessionfs.import_logs([write(native, log(20))], archive=str(archive))
    (summary,) = archive.rglob("summary.json")
    text = summary.read_text()
    at = text.index('"blake3": "') + len('"blake3": "')
    summary.write_text(text[:at] + ("1" if text[at] == "0" else "0") + text[at + 1 :])
    (row,) = sessionfs.import_logs([write(native, log(30))], archive=str(archive)).sessions
    assert row.status == "skipped"
    assert "damaged" in str(row.reason)
    assert len(list(archive.rglob("manifest.yaml"))) == 1


@pytest.mark.parametrize("torn", [b"12", b'{"a":1}{"b"', b'{"zz'])
def test_a_fork_waits_until_its_first_line_cannot_change(
    native: Path, archive: Path, torn: bytes
) -> None:
    sessionfs.import_logs([write(native, log(5))], archive=str(archive))
    fork = write(native.with_name("fork.jsonl"), log(3) + torn)
    (row,) = sessionfs.import_logs([fork], archive=str(archive)).sessions
    assert row.status == "skipped"
    assert "torn" in str(row.reason)


def test_of_equal_logs_the_one_with_files_beside_it_counts(tmp_path: Path) -> None:
    place = Path(store(tmp_path / "native", 8))
    (whole,) = place.rglob(f"{SESSION}.jsonl")
    trees = []
    for name in ("a", "z"):
        bare = place / name
        bare.mkdir()
        (bare / "copy.jsonl").write_bytes(whole.read_bytes())
        sessionfs.import_logs([str(place)], archive=str(tmp_path / f"archive-{name}"))
        trees.append(tree(tmp_path / f"archive-{name}"))
        (bare / "copy.jsonl").unlink()
    assert trees[0] == trees[1]
    assert any("/files/" in path for path in trees[0])


@pytest.mark.parametrize("more", [b"\r", b"\r\n", b"\n", b'{"b"', b" "])
def test_a_torn_branch_goes_on_with_a_shorter_log_of_it(
    native: Path, archive: Path, more: bytes
) -> None:
    """The longer one is tried first, finds no place, and finds it after the shorter one."""
    fork = log(3) + dumps(record(9, Random(9)))
    paths = [
        write(native, log(9)),
        write(native.with_name("b.jsonl"), fork),
        write(native.with_name("c.jsonl"), fork + more),
    ]
    sessionfs.import_logs(paths, archive=str(archive))
    before = tree(archive)
    shutil.rmtree(archive / ".cache")
    again = sessionfs.import_logs(paths, archive=str(archive))
    assert set(statuses(again)) == {"unchanged"}
    assert tree(archive) == before
    assert len(list(archive.rglob("manifest.yaml"))) == 2
