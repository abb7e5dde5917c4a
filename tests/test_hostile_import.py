"""Hostile logs through the whole of it: imported, verified, restored to the byte, or refused."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import hostile
import sessionfs
from claude_logs import SESSION, dumps, log, record, stamp, uuid
from trees import tree

SIZES = st.integers(min_value=1, max_value=5)


def round_trip(place: Path, content: bytes) -> sessionfs.ImportReport:
    """Import a log, verify the archive, and compare what comes back."""
    place.mkdir(exist_ok=True)
    (place / "log.jsonl").write_bytes(content)
    archive = str(place / "archive")
    report = sessionfs.import_logs([str(place / "log.jsonl")], archive=archive)
    for row in report.sessions:
        if row.session is not None:
            session = sessionfs.open_session(row.session, sessionfs.open_archive(archive))
            assert b"".join(session.restore()) == content
            assert row.fidelity == "exact"
            found = sessionfs.verify([archive]).findings
            assert [finding for finding in found if finding.level == "error"] == []
    return report


@pytest.mark.parametrize("agent", hostile.AGENTS)
def test_the_adversarial_log(tmp_path: Path, agent: str) -> None:
    content = hostile.log(agent)
    (row,) = round_trip(tmp_path, content).sessions
    assert row.status == "new"
    assert row.messages == content.count(b"\n") + (not content.endswith(b"\n"))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\n\n\n",
        bytes(range(256)) * 64,
        b'{"not": "a log"}\n' * 5,
        b"broken {\n" * 20,
        b"[" * 100_000 + b"\n",
        b"\0" * 100_000,
    ],
    ids=["empty", "blank", "binary", "stranger", "broken", "deep", "zeros"],
)
def test_what_is_no_log_is_named_and_nothing_is_written(tmp_path: Path, content: bytes) -> None:
    report = round_trip(tmp_path, content)
    assert report.failed
    (row,) = report.sessions
    assert (row.status, row.session) == ("skipped", None)
    assert row.reason
    assert not (tmp_path / "archive").exists()


@settings(max_examples=25)
@given(data=st.data())
def test_any_damage_to_a_log_is_kept(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    content = bytearray(log(12, size=20))
    for _ in range(data.draw(SIZES)):
        at = data.draw(st.integers(0, len(content) - 1))
        content[at : at + data.draw(SIZES)] = data.draw(st.binary(max_size=6))
    round_trip(tmp_path_factory.mktemp("damage"), bytes(content))


def test_ids_that_would_leave_the_tree_stay_inside(tmp_path: Path) -> None:
    """Names come from content, so content chooses them: it must not choose places."""
    for number, name in enumerate(
        ("../../../outside", "/etc/passwd", "a\\..\\b", "CON", "x" * 500, "a\nb")
    ):
        place = tmp_path / str(number)
        lines = [record(n, Random(1)) | {"sessionId": name} for n in range(3)]
        content = b"".join(dumps(line) + b"\n" for line in lines)
        (row,) = round_trip(place, content).sessions
        session = sessionfs.open_session(
            str(row.session), sessionfs.open_archive(str(place / "archive"))
        )
        (source,) = session.summary.source_files
        assert not source.name.startswith("/")
        assert ".." not in source.name.split("/")
        assert {path.name for path in place.iterdir()} == {"log.jsonl", "archive"}


def test_an_adapter_that_breaks_its_word_loses_no_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sessionfs.adapters.claude_code import ADAPTER

    real = type(ADAPTER.mapper("", "", lambda _: None)).map

    def broken(self, value):
        if value.get("uuid") == uuid(5):
            message = "a fault"
            raise RuntimeError(message)
        return real(self, value)

    monkeypatch.setattr(type(ADAPTER.mapper("", "", lambda _: None)), "map", broken)
    (row,) = round_trip(tmp_path, log(9)).sessions
    session = sessionfs.open_session(
        str(row.session), sessionfs.open_archive(str(tmp_path / "archive"))
    )
    assert [message.kind for message in session.messages()].count("unknown") == 1


def test_numbers_beyond_all_bounds_do_not_break_the_totals(tmp_path: Path) -> None:
    usage = {"input_tokens": 2**53 - 1, "output_tokens": 2**70, "cache_read_input_tokens": -1}
    lines = []
    for number in range(4):
        message = {
            "id": f"m{number}", "model": "m", "role": "assistant", "type": "message",
            "content": [{"type": "text", "text": "x"}], "usage": usage,
        }  # fmt: skip
        lines.append(
            {"type": "assistant", "uuid": uuid(number), "sessionId": SESSION,
             "timestamp": stamp(number), "message": message, "costUSD": 1e300}
        )  # fmt: skip
    (row,) = round_trip(tmp_path, b"".join(dumps(line) + b"\n" for line in lines)).sessions
    assert row.messages == 4


def test_the_rest_goes_on_when_one_log_is_bad(tmp_path: Path) -> None:
    (tmp_path / "good.jsonl").write_bytes(log(5))
    (tmp_path / "bad.jsonl").write_bytes(b"nothing\n")
    paths = [str(tmp_path / "bad.jsonl"), str(tmp_path / "good.jsonl")]
    report = sessionfs.import_logs(paths, archive=str(tmp_path / "archive"))
    assert report.failed
    assert [row.status for row in report.sessions] == ["skipped", "new"]
    walked = sessionfs.import_logs([str(tmp_path)], archive=str(tmp_path / "second"))
    assert not walked.failed


def test_an_archive_in_the_way_of_a_walk_is_no_log(tmp_path: Path) -> None:
    (tmp_path / "log.jsonl").write_bytes(log(5))
    archive = tmp_path / ".sessions"
    sessionfs.import_logs([str(tmp_path / "log.jsonl")], archive=str(archive))
    before = tree(archive)
    report = sessionfs.import_logs([str(tmp_path)], archive=str(archive))
    assert [row.status for row in report.sessions] == ["unchanged"]
    assert tree(archive) == before


@pytest.mark.parametrize("depth", [30, 62, 63, 110, 119, 120, 121, 500])
def test_markers_inside_of_markers_cost_no_depth_that_is_not_there(
    tmp_path: Path, depth: int
) -> None:
    """Each `$lit` is a level more: what would pass the limit then is kept raw."""
    nested = b'{"$lit":' * depth + b"1" + b"}" * depth
    line = dumps(record(1, Random(1)))[:-1] + b',"extra":' + nested + b"}\n"
    round_trip(tmp_path, log(1) + line + log(3).splitlines(keepends=True)[2])


def test_a_first_line_of_many_megabytes_is_still_a_log_s(tmp_path: Path) -> None:
    first = record(0, Random(1)) | {"message": {"role": "user", "content": "x" * (9 << 20)}}
    (row,) = round_trip(tmp_path, dumps(first) + b"\n" + log(3)[len(log(1)) :]).sessions
    assert row.status == "new"


def test_a_fact_that_no_manifest_could_hold_is_left_in_the_log(tmp_path: Path) -> None:
    lines = [record(n, Random(1)) | {"cwd": "/x" * 1_000_000} for n in range(2)]
    (row,) = round_trip(tmp_path, b"".join(dumps(line) + b"\n" for line in lines)).sessions
    assert row.status == "new"


def test_a_file_beside_the_log_that_cannot_be_read_stops_its_import(tmp_path: Path) -> None:
    place = tmp_path / "p"
    (place / SESSION / "tool-results").mkdir(parents=True)
    spilled = record(2, Random(1)) | {
        "toolUseResult": {"persistedOutputPath": "/t/tool-results/a.txt"}
    }
    (place / f"{SESSION}.jsonl").write_bytes(log(2) + dumps(spilled) + b"\n")
    (place / SESSION / "tool-results" / "a.txt").write_text("x")
    from sessionfs.disk.tree import DirTree

    real = DirTree.open

    def refuse(self, path):
        if path.endswith("a.txt") and self.root.endswith("p"):
            message = f"cannot read {path}"
            raise sessionfs.SessionfsError(message)
        return real(self, path)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DirTree, "open", refuse)
        path = str(place / f"{SESSION}.jsonl")
        report = sessionfs.import_logs([path], archive=str(tmp_path / "archive"))
    assert report.failed
    assert {row.status for row in report.sessions} == {"skipped"}
    assert not list((tmp_path / "archive").rglob("manifest.yaml"))


@pytest.mark.exhaustive
def test_a_line_that_no_message_could_hold_goes_to_a_file(tmp_path: Path) -> None:
    rows = [f"{n:06d}" + "x" * 50_000 for n in range(1_400)]
    weird = {"type": "weird", "sessionId": SESSION, "timestamp": stamp(1), "rows": rows}
    (row,) = round_trip(tmp_path, log(1) + dumps(weird) + b"\n").sessions
    assert row.messages == 2


@pytest.mark.parametrize("key", ["rows", "content"])
def test_a_record_of_too_many_values_goes_to_a_file(tmp_path: Path, key: str) -> None:
    crowded = [[]] * 140_000  # a bracket and a comma each
    weird = {"type": "weird", "sessionId": SESSION, "timestamp": stamp(1), key: crowded}
    (row,) = round_trip(tmp_path, log(1) + dumps(weird) + b"\n").sessions
    assert row.messages == 2
    assert len(list((tmp_path / "archive").rglob("files/*"))) == 1


def test_no_payload_is_written_that_no_message_names(tmp_path: Path) -> None:
    """A record kept raw whose parts were emptied, for it only repeats: its image goes with them."""
    image = {
        "type": "image",
        "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"},
    }
    first = record(0, Random(1)) | {"message": {"role": "user", "content": [image]}}
    boundary = {
        "type": "system", "subtype": "compact_boundary", "uuid": uuid(50), "parentUuid": None,
        "sessionId": SESSION, "timestamp": stamp(3),
        "compactMetadata": {"trigger": "auto", "preservedMessages": {"uuids": [uuid(0)]}},
    }  # fmt: skip
    again = dumps(first).replace(b'"type":"user"', b'"type" : "user"', 1)
    again = again.replace(b'"AAAA"', b'"BBBB"')
    round_trip(tmp_path, dumps(first) + b"\n" + dumps(boundary) + b"\n" + again + b"\n")
