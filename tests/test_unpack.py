"""Unpacking: the same sessions or none, into a new archive or among others."""

import io
import os
import shutil
import signal
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import click
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sessionfs
from claude_logs import SESSION, log
from packs import archive, pack_bytes, received
from sessionfs.archive import Session
from sessionfs.cli import main
from sessionfs.cli.carry import Amount
from sessionfs.cli.run import commands
from sessionfs.copying import Copy
from sessionfs.disk.tree import DirTree
from sessionfs.errors import Busy, Conflict, FormatError, NotFound, SessionfsError
from sessionfs.pack import Limits
from sessionfs.tree import MemoryTree
from sessionfs.writer import write_sealed
from sessionfs.yamltext import parse
from test_vectors import PACKS, expected, make, name, run
from trees import tree

MAKING = make.session


@pytest.fixture(scope="module")
def origin(tmp_path_factory):
    return archive(tmp_path_factory.mktemp("origin"))


@pytest.fixture(scope="module", params=["tar", "tar.zst"])
def pack(origin, tmp_path_factory, request):
    place = tmp_path_factory.mktemp("pack") / f"p.{request.param}"
    sessionfs.pack([str(origin)], str(place))
    return place


def statuses(report):
    return [row.status for row in report.sessions]


# --- there and back ---


def test_what_was_packed_is_unpacked(origin, pack, tmp_path):
    place = tmp_path / "new" / "archive"
    report = sessionfs.unpack(str(pack), str(place))
    assert tree(place) == tree(origin)
    assert statuses(report) == ["new"] * 4
    packed = sessionfs.pack([str(place)], str(tmp_path / "again.tar"))
    assert (report.blake3, report.sha256, report.root) == (
        packed.blake3, packed.sha256, packed.root,
    )  # fmt: skip
    assert (tmp_path / "again.tar").read_bytes() == pack_bytes(origin)
    assert not (place / ".cache" / "staging").exists() or not any(
        (place / ".cache" / "staging").iterdir()
    )


@pytest.mark.parametrize("options", [[], ["--zstd"]], ids=["tar", "zstd"])
def test_through_a_pipe(origin, tmp_path, options):
    ours = [sys.executable, "-m", "sessionfs"]
    giver = subprocess.Popen(
        [*ours, "pack", str(origin), "-o", "-", *options], stdout=subprocess.PIPE
    )
    taker = [*ours, "unpack", "-", "-d", "x"]
    done = subprocess.run(
        taker, stdin=giver.stdout, cwd=tmp_path, check=True, stdout=subprocess.PIPE
    )
    giver.stdout.close()
    assert giver.wait() == 0
    assert done.stdout.endswith(b"4 new\n")
    assert tree(tmp_path / "x") == tree(origin)


WORDS = st.text(alphabet='ab é"\n\\🕯', max_size=30)


@st.composite
def any_sessions(draw):
    """The files of a few sessions, by path: with more or fewer messages, payloads, redactions."""
    files = {}
    for number in draw(st.sets(st.sampled_from("0123456789ABCDEFGH"), min_size=1, max_size=4)):
        session = MAKING.Session()
        if draw(st.booleans()):
            session.plain()
        identifier = MAKING.ID[:-1] + number
        session.manifest = session.manifest.replace(MAKING.ID.encode(), identifier.encode())
        session.manifest = session.manifest.replace(b"a1", f"b{number}".encode())
        told = {"id": identifier, "uid": f"example:b{number}", "native_id": f"b{number}"}
        session.summary |= told
        session.summary["source_files"][0]["name"] = f"b{number}.jsonl"
        notes = draw(WORDS)
        session.manifest += f"notes: {MAKING.line(notes).decode()}\n".encode() if notes else b""
        files |= {f"2026/11/{identifier}/{path}": text for path, text in session.sealed().items()}
    return files


@given(any_sessions(), st.booleans(), st.data())
@settings(max_examples=40)
def test_any_sessions_come_back(files, compress, data):
    content = make.packs.tar(files)
    content = make.packs.compressed(content) if compress else content
    cuts = sorted(data.draw(st.sets(st.integers(0, len(content)), max_size=6)))
    edges = [0, *cuts, len(content)]
    pieces = (content[a:b] for a, b in pairwise(edges) if a < b)
    assert received(pieces) == files


@given(any_sessions())
@settings(max_examples=12)
def test_any_sessions_come_back_on_disk(tmp_path_factory, files):
    place = tmp_path_factory.mktemp("any")
    sessionfs.unpack(io.BytesIO(make.packs.tar(files)), str(place / "a"))
    found = {path: text for path, text in tree(place / "a").items() if path[:2] == "20"}
    assert found == files
    sessionfs.pack([str(place / "a")], str(place / "p.tar.zst"))
    sessionfs.unpack(str(place / "p.tar.zst"), str(place / "b"))
    assert tree(place / "b") == tree(place / "a")
    shutil.rmtree(place)


# --- hostile packs ---


def everything(place: Path):
    """All that stands below a directory, empty directories too; of files when they changed."""
    return {
        path.relative_to(place): path.is_file() and (path.lstat().st_mtime_ns, path.read_bytes())
        for path in place.rglob("*")
        if ".cache" not in path.parts
    }


@pytest.mark.parametrize("vector", PACKS, ids=name)
@pytest.mark.parametrize("where", ["new", "existing"])
def test_a_hostile_pack_is_refused_with_its_code_and_leaves_no_trace(
    vector, where, origin, tmp_path
):
    outer = tmp_path / "outer"
    place = outer / "deep" / "archive"
    victim = outer / "victim"
    victim.parent.mkdir()
    victim.write_text("canary")
    if where == "existing":
        shutil.copytree(origin, place)
    before = everything(tmp_path)
    pack = vector / run.root_of(vector)
    codes = {found["code"] for found in expected(vector)}
    if not codes:
        assert set(statuses(sessionfs.unpack(str(pack), str(place)))) == {"new"}
        assert sessionfs.verify([str(place)]).ok
        return
    for source in (str(pack), io.BytesIO(pack.read_bytes())):
        with pytest.raises(FormatError) as raised:
            sessionfs.unpack(source, str(place))
        assert {raised.value.code} == codes
    after = everything(tmp_path)
    assert after == before
    assert where == "existing" or not (outer / "deep").exists()


def test_the_command_says_code_and_hint_and_exits_with_1(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    bad = run.HERE / "bad" / "E804_symbolic_link" / "pack.tar"
    assert main(["unpack", str(bad), "-d", "new"]) == 1
    told = capsys.readouterr().err.splitlines()
    assert told[0].startswith("sessionfs: E804 the header at byte ")
    assert told[1].startswith("hint: An ordinary tar is no pack: make it with `sessionfs pack`.")
    assert main(["unpack", str(bad), "-d", "new", "--json"]) == 1
    assert '"message": "E804 ' in capsys.readouterr().out
    assert main(["list", "-a", str(bad)]) == 2
    assert not list(tmp_path.iterdir())


def test_damage_that_only_verifying_finds_publishes_nothing(origin, tmp_path):
    files = {path: text for path, text in tree(origin).items() if path[:2] == "20"}
    path = next(path for path in files if "messages-" in path)
    files[path] = files[path].replace(b'"seq":2', b'"seq":9', 1)
    root = path.rpartition("/")[0]
    names = {p[len(root) + 1 :]: text for p, text in files.items() if p.startswith(f"{root}/")}
    files |= {f"{root}/{p}": text for p, text in MAKING.listed(names).items()}  # sealed anew
    with pytest.raises(FormatError, match=r"E501.*messages-00000001.jsonl:2.*and \d+ more"):
        sessionfs.unpack(io.BytesIO(make.packs.tar(files)), str(tmp_path / "new"))
    assert not list(tmp_path.iterdir())


def test_every_limit_can_be_lowered_and_raised(tmp_path, capsys):
    bomb = str(run.HERE / "bad" / "E807_bomb" / "pack.tar.zst")
    good = str(run.HERE / "good" / "pack" / "pack.tar")
    told = {"bytes": "64G", "files": "1M", "ratio": "200", "name": "180"}
    options = {p.name: p for p in commands.get_command(click.Context(commands), "unpack").params}
    for limit, most in told.items():
        assert options[f"max_{limit}"].help.endswith(f"[{most}]")
        assert Amount().convert(most, None, None) == getattr(Limits(), limit)
    place = str(tmp_path / "a")
    for option in ("--max-bytes=2k", "--max-files=3", "--max-name=50"):
        assert main(["unpack", good, "-d", place, option]) == 1
        assert "E807" in capsys.readouterr().err
    assert main(["unpack", bomb, "-d", place, "--max-ratio", "20k", "--max-bytes", "10M"]) == 1
    assert "E807 70" in capsys.readouterr().err
    for wrong in ("0", "-5", "1x", "", "\N{ARABIC-INDIC DIGIT ONE}"):
        assert main(["unpack", good, "-d", place, "--max-files", wrong]) == 2
    assert not list(tmp_path.iterdir())
    assert main(["unpack", good, "-d", place, "--max-bytes=1G", "--max-files=9", "-q"]) == 0
    with pytest.raises(FormatError, match="E807"):
        received(iter([Path(bomb).read_bytes()]))
    assert received(iter([Path(bomb).read_bytes()]), Limits(ratio=20_000))


def test_pack_says_when_a_reader_would_take_its_pack_for_a_bomb(tmp_path, capsys):
    bomb = str(run.HERE / "bad" / "E807_bomb" / "pack.tar.zst")
    sessionfs.unpack(bomb, str(tmp_path / "a"), limits=Limits(ratio=20_000))
    assert main(["pack", str(tmp_path / "a"), "-o", str(tmp_path / "p.tar.zst")]) == 0
    told = capsys.readouterr().err
    ratio = told.rpartition("--max-ratio ")[2].strip()
    assert int(ratio) > 200
    assert main(["unpack", str(tmp_path / "p.tar.zst"), "-d", str(tmp_path / "b")]) == 1
    more = ["unpack", str(tmp_path / "p.tar.zst"), "-d", str(tmp_path / "b"), "--max-ratio", ratio]
    assert main(more) == 0


# --- where it goes ---


def test_what_is_no_place_for_an_archive(pack, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("file").touch()
    Path("full").mkdir()
    Path("full/README.md").touch()
    for place, error, said in (
        ("file", Conflict, "is no directory"),
        ("full", Conflict, "holds other files, and is no archive"),
        ("", SessionfsError, "the name of the archive is empty"),
        (None, NotFound, "no archive in . or above it"),
    ):
        with pytest.raises(error, match=said):
            sessionfs.unpack(str(pack), place)
    with pytest.raises(NotFound, match="no such file: absent"):
        sessionfs.unpack("absent.tar", "new")
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["README.md", "file", "full"]
    Path("empty").mkdir()
    assert sessionfs.unpack(str(pack), "empty").totals()["new"] == 4
    Path("empty/sub").mkdir()
    monkeypatch.chdir("empty/sub")
    assert sessionfs.unpack(str(pack)).totals()["unchanged"] == 4


def test_a_directory_that_was_empty_is_empty_again(tmp_path):
    place = tmp_path / "empty"
    place.mkdir()
    with pytest.raises(FormatError):
        sessionfs.unpack(io.BytesIO(b"junk"), str(place))
    assert not list(place.iterdir())


def test_what_a_crash_left_of_making_the_archive_is_gone_on_with(pack, tmp_path):
    place = tmp_path / "a"
    sessionfs.init(str(place))
    (place / "archive.yaml").unlink()
    assert sessionfs.unpack(str(pack), str(place)).totals()["new"] == 4


@pytest.mark.parametrize("name", [".gitignore", ".gitattributes", ".cache/models/w", "2026/x"])
def test_files_of_others_are_never_taken_away(tmp_path, name):
    """What a failed unpacking removes is what it has made."""
    place = tmp_path / "a"
    (place / name).parent.mkdir(parents=True, exist_ok=True)
    (place / name).write_text("mine")
    before = everything(tmp_path)
    for content in (b"junk", b""):
        with pytest.raises(Conflict, match="holds other files"):
            sessionfs.unpack(io.BytesIO(content), str(place))
    assert everything(tmp_path) == before


def test_two_that_make_one_archive_do_not_harm_each_other(pack, tmp_path, monkeypatch):
    """Whoever comes second, in whatever moment, leaves what the first one has made alone."""
    place = tmp_path / "a"
    monkeypatch.setattr("sessionfs.disk.archive.LOCK_SECONDS", 0.05)
    told = []

    def meanwhile(*_):
        if told:
            return
        for turn in range(2):
            before = everything(place)
            with pytest.raises((Busy, Conflict)):
                sessionfs.unpack(str(pack), str(place))
            told.append(everything(place) == before)
            if not turn:  # then as it is a moment before it is an archive
                policy = (place / "archive.yaml").read_bytes()
                (place / "archive.yaml").unlink()
        (place / "archive.yaml").write_bytes(policy)

    report = sessionfs.unpack(str(pack), str(place), progress=meanwhile)
    assert told == [True, True]
    assert report.totals()["new"] == 4


def test_what_stands_in_the_way_is_seen_before_anything_is_published(origin, pack, tmp_path):
    last = sessionfs.open_archive(str(origin)).paths()[-1]
    for number, path in enumerate((last, last[:7], last[:4])):
        place = tmp_path / str(number)
        sessionfs.init(str(place))
        (place / path).parent.mkdir(parents=True, exist_ok=True)
        (place / path).touch()
        before = everything(place)
        with pytest.raises(Conflict, match="stands in the way"):
            sessionfs.unpack(str(pack), str(place))
        assert everything(place) == before


def test_no_archive_inside_of_another(origin, pack, tmp_path):
    place = tmp_path / "a"
    shutil.copytree(origin, place)
    for inside in ("nested", "2026/x"):
        with pytest.raises(SessionfsError, match="among the records"):
            sessionfs.unpack(str(pack), str(place / inside))


def test_a_list_that_is_none_is_refused_at_its_first_line(tmp_path):
    """Eight million lines in 2 kB: no more of them is looked at than that."""
    files = {f"{MAKING.SHARD}/checksums.b3": b"a\n" * (8 << 20)}
    content = make.packs.compressed(make.packs.tar(files))
    with pytest.raises(FormatError, match=r"E606 checksums.b3:1"):
        received(iter([content]))
    (tmp_path / "p.tar.zst").write_bytes(content)
    found = sessionfs.verify([str(tmp_path / "p.tar.zst")]).findings
    assert sum(one.code == "E606" for one in found) == 1000


def test_links_lead_nothing_out_of_the_archive(pack, tmp_path):
    place, outside = tmp_path / "a", tmp_path / "outside"
    outside.mkdir()
    sessionfs.init(str(place))
    (place / "2026").symlink_to(outside)
    with pytest.raises(Conflict, match="is a symbolic link"):
        sessionfs.unpack(str(pack), str(place))
    assert not list(outside.iterdir())
    (place / "2026").unlink()
    shutil.rmtree(place / ".cache")
    (place / ".cache").symlink_to(outside)
    with pytest.raises(Conflict, match="is a symbolic link"):
        sessionfs.unpack(str(pack), str(place))
    assert not list(outside.iterdir())


def test_only_some_sessions(origin, pack, tmp_path):
    store = sessionfs.open_archive(str(origin))
    one, two, *_ = store.paths()
    uid = store.session(two).summary.uid
    report = sessionfs.unpack(
        str(pack), str(tmp_path / "a"), only=[one.rpartition("/")[2][:20], uid]
    )
    assert [row.path for row in report.sessions] == [one, two]
    assert sessionfs.open_archive(str(tmp_path / "a")).paths() == [one, two]
    assert report.root == sessionfs.pack([str(origin)], str(tmp_path / "p.tar")).root
    stream = io.BytesIO(pack.read_bytes())
    sessionfs.unpack(stream, str(tmp_path / "b"), only=[one.rpartition("/")[2]])
    assert sessionfs.open_archive(str(tmp_path / "b")).paths() == [one]
    for names, said in (
        (["01ZZZ"], "no session 01ZZZ"), (["01"], "sessions begin with 01"),
    ):  # fmt: skip
        for source in (str(pack), io.BytesIO(pack.read_bytes())):
            with pytest.raises(NotFound, match=said):
                sessionfs.unpack(source, str(tmp_path / "c"), only=names)
            assert not (tmp_path / "c").exists()


def test_names_are_looked_up_in_the_pack_and_nowhere_else(origin, pack, tmp_path, monkeypatch):
    one, two, *_ = sessionfs.open_archive(str(origin)).paths()
    sessionfs.pack([str(origin / one)], str(tmp_path / "one.tar"))
    sessionfs.pack([str(origin / two)], str(tmp_path / "two.tar"))
    monkeypatch.chdir((origin / one).parent)  # where a directory has the name
    for asked in (one.rpartition("/")[2], str(tmp_path / "one.tar")):
        with pytest.raises(NotFound, match="no session"):
            sessionfs.unpack(str(tmp_path / "two.tar"), str(tmp_path / "a"), only=[asked])
    with pytest.raises(SessionfsError, match="the name of a session is empty"):
        sessionfs.unpack(str(pack), str(tmp_path / "a"), only=[""])
    assert not (tmp_path / "a").exists()


def test_damage_in_a_session_that_nobody_wants_is_damage(origin, tmp_path):
    content = bytearray(pack_bytes(origin))
    last = content.rindex(b'"messages"')
    content[last] ^= 1
    one = sessionfs.open_archive(str(origin)).paths()[0].rpartition("/")[2]
    with pytest.raises(FormatError, match="E601"):
        sessionfs.unpack(io.BytesIO(content), str(tmp_path / "a"), only=[one])
    assert not list(tmp_path.iterdir())


# --- among others ---


@pytest.fixture
def edited(origin, tmp_path):
    """An archive that has one of the sessions under another title, and not the others."""
    place = tmp_path / "edited"
    one = sessionfs.open_archive(str(origin)).paths()[1]
    sessionfs.pack([str(origin / one)], str(tmp_path / "one.tar"))
    sessionfs.unpack(str(tmp_path / "one.tar"), str(place))
    sessionfs.edit(one.rpartition("/")[2], {"title": "Mine"}, str(place))
    return place, one


def test_a_conflict_unpacks_nothing_unless_it_is_decided(edited, pack, capsys):
    place, one = edited
    before = everything(place)
    assert main(["unpack", str(pack), "-d", str(place)]) == 1
    told = capsys.readouterr().err
    assert f"{one}: the archive has it with other content" in told
    assert "--on-conflict skip keeps what the archive has" in told
    assert everything(place) == before

    report = sessionfs.unpack(str(pack), str(place), on_conflict="skip")
    assert sorted(statuses(report)) == ["new", "new", "new", "skipped"]
    (skipped,) = (row for row in report.sessions if row.status == "skipped")
    assert (skipped.path, skipped.session) == (one, None)
    assert (
        sessionfs.open_session(
            one.rpartition("/")[2], sessionfs.open_archive(str(place))
        ).summary.title
        == "Mine"
    )


def test_a_copy_under_a_fresh_id(edited, origin, pack, tmp_path):
    place, one = edited
    report = sessionfs.unpack(str(pack), str(place), on_conflict="fresh-id")
    assert sorted(statuses(report)) == ["copied", "new", "new", "new"]
    (row,) = (row for row in report.sessions if row.status == "copied")
    store = sessionfs.open_archive(str(place))
    copy = sessionfs.open_session(row.session, store)
    ours = sessionfs.open_archive(str(origin)).session(one)
    assert row.uid == copy.summary.uid == f"{ours.summary.uid}#{ours.seal[:16]}"
    assert copy.summary.lineage.parent == ours.summary.uid
    assert copy.summary.lineage.relation == "copy"
    assert copy.summary.title == ours.summary.title
    assert b"".join(copy.restore()) == b"".join(ours.restore())
    assert copy.summary.started_at == ours.summary.started_at
    assert sessionfs.verify([str(place)], mode="deep").findings == []
    again = sessionfs.unpack(str(pack), str(place), on_conflict="fresh-id")
    assert sorted(statuses(again)) == ["unchanged"] * 4
    elsewhere = tmp_path / "elsewhere"
    shutil.copytree(edited[0], elsewhere)
    shutil.rmtree(elsewhere / copy.path)
    sessionfs.unpack(str(pack), str(elsewhere), on_conflict="fresh-id")
    assert tree(elsewhere) == tree(place)


def test_a_uid_that_is_archived_under_another_id(origin, pack, tmp_path):
    """As when another version of an adapter had read the log's first time otherwise."""
    one = sessionfs.open_archive(str(origin)).paths()[0]
    session = Session(DirTree(str(origin / one)), one)
    other = "01" + one.rpartition("/")[2][2:-1] + "0"
    files = {path: (origin / one / path).read_bytes() for path in session.tree.paths()}
    moved = MemoryTree(
        files
        | {"manifest.yaml": files["manifest.yaml"].replace(session.id.encode(), other.encode())}
    )
    sealed = MemoryTree()
    write_sealed(Session(moved), sealed)
    place = tmp_path / "a"
    content = {f"2026/11/{other}/{path}": text for path, text in sealed.files.items()}
    sessionfs.unpack(io.BytesIO(make.packs.tar(content)), str(place))
    with pytest.raises(Conflict, match=f"is archived as 2026/11/{other}"):
        sessionfs.unpack(str(pack), str(place))
    report = sessionfs.unpack(str(pack), str(place), on_conflict="fresh-id")
    assert sorted(statuses(report)) == ["copied", "new", "new", "new"]
    assert sessionfs.verify([str(place)]).findings == []


def test_what_was_removed_stays_out(origin, pack, tmp_path):
    place = tmp_path / "a"
    shutil.copytree(origin, place)
    (gone, *_) = sessionfs.open_archive(str(place)).paths()
    sessionfs.remove([gone.rpartition("/")[2]], str(place))
    report = sessionfs.unpack(str(pack), str(place))
    assert sorted(statuses(report)) == ["skipped", "unchanged", "unchanged", "unchanged"]
    (row,) = (row for row in report.sessions if row.status == "skipped")
    assert "archive.yaml ignores this uid" in row.reason
    assert gone not in sessionfs.open_archive(str(place)).paths()


def test_what_was_removed_stays_out_whatever_is_asked(edited, pack):
    """A session that is there with other content though its uid is ignored; and a copy."""
    place, one = edited
    copied = sessionfs.unpack(str(pack), str(place), on_conflict="fresh-id")
    (copy,) = (row for row in copied.sessions if row.status == "copied")
    sessionfs.remove([copy.session], str(place))
    again = sessionfs.unpack(str(pack), str(place), on_conflict="fresh-id")
    (row,) = (row for row in again.sessions if row.path == one)
    assert (row.status, row.session, row.uid) == ("skipped", None, copy.uid)
    uid = sessionfs.open_archive(str(place)).session(one).summary.uid
    sessionfs.open_archive(str(place)).ignore([uid])
    for asked in ("error", "skip", "fresh-id"):
        report = sessionfs.unpack(str(pack), str(place), on_conflict=asked)
        (row,) = (row for row in report.sessions if row.path == one)
        assert row.status == "skipped"
        assert "ignores this uid" in row.reason


def test_an_import_goes_on_with_the_session_that_has_the_uid(tmp_path):
    """The log continues both, the one of the archive and the copy of the one in the pack."""
    lines = log(12).splitlines(keepends=True)
    native = tmp_path / f"{SESSION}.jsonl"
    for place, count in (("theirs", 9), ("ours", 6)):
        native.write_bytes(b"".join(lines[:count]))
        sessionfs.import_logs([str(native)], archive=str(tmp_path / place))
    store = sessionfs.open_archive(str(tmp_path / "ours"))
    sessionfs.edit(store.paths()[0].rpartition("/")[2], {"title": "Mine"}, store.root)
    sessionfs.pack([str(tmp_path / "theirs")], str(tmp_path / "p.tar"))
    report = sessionfs.unpack(str(tmp_path / "p.tar"), store.root, on_conflict="fresh-id")
    native.write_bytes(b"".join(lines))
    (row,) = sessionfs.import_logs([str(native)], archive=store.root).sessions
    assert row.status == "extended"
    assert sessionfs.verify([store.root], mode="deep").findings == []
    assert row.session == store.paths()[0].rpartition("/")[2]
    assert report.sessions[0].status == "copied"


def test_a_damaged_session_in_the_archive_is_not_the_same(origin, pack, tmp_path):
    place = tmp_path / "a"
    shutil.copytree(origin, place)
    one = sessionfs.open_archive(str(place)).paths()[0]
    (place / one / "summary.json").write_text("{}\n")
    with pytest.raises(Conflict, match="what the archive has there is damaged"):
        sessionfs.unpack(str(pack), str(place))


def test_parents_in_a_loop_are_refused(tmp_path):
    """Each side is right by itself; together they would not be."""
    sides = []
    for number, parent in ((1, "example:a2"), (2, "example:a1")):
        root, session = MAKING.related(number, parent)
        sides.append({f"{root}/{path}": text for path, text in session.sealed().items()})
    sessionfs.unpack(io.BytesIO(make.packs.tar(sides[0])), str(tmp_path / "a"))
    before = everything(tmp_path)
    with pytest.raises(FormatError, match="E126"):
        sessionfs.unpack(io.BytesIO(make.packs.tar(sides[1])), str(tmp_path / "a"))
    assert everything(tmp_path) == before


# --- copies ---


def copied(files):
    session, target = Session(MemoryTree(files), "here"), MemoryTree()
    copy = Copy(session)
    copy.write(target)
    return session, copy, target


def test_references_in_a_copy_lead_to_its_own_messages():
    session = MAKING.Session()
    first, second, *_ = (message["id"] for message in session.messages)
    session.manifest += f'bookmarks:\n  - message: "{second}"\n    note: "here"\n'.encode()
    before, copy, target = copied(session.sealed())
    after = Session(target)
    assert sessionfs.verify.__globals__["verify_tree"](target, name=copy.id).findings == []
    named = {old.id: new.id for old, new in zip(before.messages(), after.messages(), strict=True)}
    assert len({*named, *named.values()}) == 8
    for old, new in zip(before.messages(), after.messages(), strict=True):
        assert new.parent == (None if old.parent is None else named[old.parent])
        assert new.id[:10] == old.id[:10]
    assert [mark.message for mark in after.manifest.bookmarks] == [named[second]]
    assert named[first] not in target.files["manifest.yaml"].decode()
    assert named[MAKING.redaction()["message"]].encode() in target.files["redactions.jsonl"]
    assert after.manifest.title == before.manifest.title
    assert b"".join(after.restore()) == b"".join(before.restore())
    payloads = [{p for p in t if p.startswith("files/")} for t in (before.tree.files, target.files)]
    assert payloads[0] == payloads[1]


def test_comments_in_the_manifest_of_a_copy_stay():
    session = MAKING.Session()
    session.manifest += b'# what we learnt\nnotes: "much"\n'
    _, _, target = copied(session.sealed())
    assert b'# what we learnt\nnotes: "much"\n' in target.files["manifest.yaml"]
    assert parse(target.files["manifest.yaml"])["lineage"]["relation"] == "copy"


def test_a_native_record_that_refers_to_an_id_cannot_be_copied():
    session = MAKING.Session().plain()
    session.messages[0]["native"] = {"record": {"mine": {"$ref": "/id"}}}
    line = b'{"mine":"%s"}\n' % session.messages[0]["id"].encode()
    session.native(line + MAKING.NATIVE.splitlines(keepends=True)[3])
    with pytest.raises(Conflict, match="refers to its own ids"):
        copied(session.sealed())


def test_what_a_newer_version_wrote_cannot_be_copied():
    session = MAKING.Session()
    session.manifest = session.manifest.replace(b'format: "1.0"', b'format: "1.1"')
    session.summary["format"] = "1.1"
    with pytest.raises(Conflict, match="is of format"):
        copied(session.sealed())


# --- told to end ---


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_an_unpacking_that_is_told_to_end_leaves_nothing(origin, tmp_path, number, code):
    content = pack_bytes(origin)
    line = [sys.executable, "-m", "sessionfs", "unpack", "-", "-d", "new/archive"]
    child = subprocess.Popen(
        line,
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=tmp_path,
        preexec_fn=lambda: signal.signal(number, signal.SIG_DFL),  # noqa: PLW1509  no threads here
    )
    child.stdin.write(content[: len(content) // 2])
    child.stdin.flush()
    deadline = time.monotonic() + 30
    while not list(tmp_path.glob("new/archive/.cache/staging/*/*")):
        assert time.monotonic() < deadline
        assert child.poll() is None
        time.sleep(0.01)
    child.send_signal(number)
    _, told = child.communicate(timeout=30)
    assert child.returncode == code, told
    assert b"Traceback" not in told
    assert not list(tmp_path.iterdir())


def test_a_terminal_is_no_pack(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    with Path(os.devnull).open() as terminal:
        monkeypatch.setattr(terminal, "isatty", lambda: True, raising=False)
        monkeypatch.setattr(sys, "stdin", terminal)
        assert main(["unpack", "-", "-d", "x"]) == 2
    assert "stdin is a terminal" in capsys.readouterr().err
