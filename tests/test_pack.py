"""Packs: the same bytes wherever they are made, those of GNU tar, and trees like any other."""

import io
import itertools
import os
import random
import re
import shutil
import subprocess
import sys
import tarfile
import threading
from pathlib import Path

import pytest

import sessionfs
from claude_logs import SESSION, log
from conftest import beside, needs
from packs import archive, pack_bytes
from sessionfs.cli import main
from sessionfs.disk.threads import in_threads
from sessionfs.errors import Conflict, FormatError, NotFound, SessionfsError
from sessionfs.pack.frames import FRAME
from sessionfs.pack.ustar import MAX_SIZE, header
from test_vectors import make
from trees import sessions, tree


@pytest.fixture(scope="module")
def origin(tmp_path_factory):
    return archive(tmp_path_factory.mktemp("origin"))


def command(*arguments, **more):
    line = [sys.executable, "-m", "sessionfs", *map(str, arguments)]
    return subprocess.run(line, capture_output=True, check=False, **more)


# --- the same bytes ---


def copied(origin: Path, place: Path, chance: random.Random) -> Path:
    """The same sessions in files that were made in another order, at other times, with modes."""
    files = list(tree(origin).items())
    chance.shuffle(files)
    for path, content in files:
        target = place / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        target.chmod(chance.choice([0o600, 0o644, 0o664, 0o400]))
        os.utime(target, (chance.randrange(2**31), chance.randrange(2**31)))
    return place


def file_systems():
    """Where files can be: the temporary directory, and memory where the system offers it."""
    return [None, *filter(lambda place: os.access(place, os.W_OK), ["/dev/shm"])]  # noqa: S108


def test_the_same_sessions_give_the_same_bytes(origin, tmp_path):
    chance = random.Random(7)
    seen = set()
    places = itertools.cycle(file_systems())
    for number, locale in enumerate(("C", "C.UTF-8", "tr_TR.UTF-8", "POSIX")):
        outer = Path(next(places) or tmp_path) / f"sessionfs-test-{os.getpid()}-{number}"
        try:
            place = copied(origin, outer / ("deeper" if number % 2 else "") / "a", chance)
            done = command(
                "pack", os.path.relpath(place, outer) if number % 2 else place, "-o", "-",
                cwd=outer, umask=chance.choice([0, 0o22, 0o77]),
                env={**os.environ, "LC_ALL": locale, "PYTHONHASHSEED": str(number)},
            )  # fmt: skip
            assert done.returncode == 0, done.stderr
            seen.add(done.stdout)
        finally:
            shutil.rmtree(outer, ignore_errors=True)
    assert seen == {pack_bytes(origin)}


@needs("tar")
def test_gnu_tar_makes_the_same_bytes_and_reads_them(origin, tmp_path):
    """By the very line of the specification, also for a session of no time, in 1970."""
    place = copied(origin, tmp_path / "a", random.Random(1))
    native = tmp_path / "timeless.jsonl"
    native.write_bytes(re.sub(rb',"timestamp":"[^"]*"', b"", log(3, session="e" + SESSION[1:])))
    assert not sessionfs.import_logs([str(native)], archive=str(place)).failed
    paths = [path for path in tree(place) if path[0].isdecimal()]
    assert any(path.startswith("1970/") for path in paths)
    assert any(len(path) > 100 for path in paths)  # a name in two parts
    ordered = "".join(f"{path}\n" for path in sorted(paths, key=str.encode))
    spec = (beside("spec") / "sessionfs.md").read_text("utf-8")
    (line,) = re.findall(r"^find .* -cf sessions\.tar$", spec, re.MULTILINE)
    subprocess.run(line, shell=True, cwd=place, check=True)  # noqa: S602  as it is printed
    theirs = (place / "sessions.tar").read_bytes()
    (place / "sessions.tar").unlink()
    assert theirs == pack_bytes(place)
    pack = tmp_path / "p.tar"
    pack.write_bytes(theirs)
    listed = subprocess.run(["tar", "tf", pack], stdout=subprocess.PIPE, check=True)
    assert listed.stdout.decode() == ordered
    (tmp_path / "out").mkdir()
    subprocess.run(["tar", "xf", pack], cwd=tmp_path / "out", check=True)
    assert sessions(tree(tmp_path / "out")) == sessions(tree(place))


@needs("zstd")
def test_a_compressed_pack_is_the_same_tar_to_zstd_and_to_python(origin, tmp_path):
    pack = tmp_path / "p.tar.zst"
    packed = sessionfs.pack([str(origin)], str(pack))
    done = subprocess.run(["zstd", "-dc", pack], stdout=subprocess.PIPE, check=True)
    assert done.stdout == pack_bytes(origin)
    subprocess.run(["zstd", "-t", "-q", pack], check=True)
    assert packed.packed == pack.stat().st_size
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as opened:
        members = {m.name: opened.extractfile(m).read() for m in opened.getmembers()}
    assert members == {path: text for path, text in tree(origin).items() if path[:2] == "20"}


@needs("b3sum", "sha256sum")
def test_digests_are_those_of_the_tar(origin, tmp_path):
    told = {
        name: sessionfs.pack([str(origin)], str(tmp_path / name)) for name in ("p.tar", "p.tar.zst")
    }
    plain, compressed = told.values()
    for name in ("blake3", "sha256", "root", "bytes", "files", "sessions"):
        assert getattr(plain, name) == getattr(compressed, name)
    sums = [
        subprocess.run([program, tmp_path / "p.tar"], stdout=subprocess.PIPE, check=True).stdout[
            :64
        ]
        for program in ("b3sum", "sha256sum")
    ]
    assert [plain.blake3, plain.sha256] == [word.decode() for word in sums]
    sealed = sessionfs.seal([], str(origin))
    lines = "".join(f"{value}  {session.path}\n" for session, value in sealed).encode()
    assert plain.root == make.packs.digest(lines)


def test_a_header_is_that_of_the_specification():
    """What the vectors' own writer has, of any name and size."""
    chance = random.Random(3)
    for _ in range(200):
        name = "/".join("x" * chance.randrange(1, 60) for _ in range(chance.randrange(1, 4)))
        size = chance.choice([0, 1, 511, 8**7, MAX_SIZE])
        assert header(name.encode(), size) == make.packs.header(name, size)


@pytest.mark.parametrize("name", [b"", b"a" * 101, b"a/" + b"b" * 101, b"a" * 156 + b"/b", b"a\0b"])
def test_a_name_that_no_header_holds(name):
    with pytest.raises(ValueError, match="no header holds this name"):
        header(name, 1)
    with pytest.raises(ValueError, match="no header holds this size"):
        header(b"a", MAX_SIZE + 1)


# --- what is packed ---


def names(path):
    return sessionfs.open_archive(str(path)).paths()


def test_sessions_archives_and_packs_can_be_packed(origin, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    everything = names(origin)
    one, two, *_ = everything
    inside = origin / one / "manifest.yaml"
    sessionfs.pack([str(inside)], "one.tar")
    assert names("one.tar") == [one]
    sessionfs.pack([two.rpartition("/")[2]], "two.tar.zst", archive=str(origin))
    assert names("two.tar.zst") == [two]
    sessionfs.pack(["one.tar", "two.tar.zst", str(origin / one)], "both.tar")
    assert names("both.tar") == [one, two]
    sessionfs.pack([str(origin)], "some.tar", sort="oldest", limit=2)
    assert names("some.tar") == sorted(everything)[:2]
    sessionfs.pack([], "all.tar.zst", archive=str(origin))
    sessionfs.pack(["all.tar.zst"], "all.tar")
    assert Path("all.tar").read_bytes() == pack_bytes(origin)
    shutil.copytree(origin / one, "alone")
    sessionfs.pack(["alone"], "alone.tar")
    assert Path("alone.tar").read_bytes() == Path("one.tar").read_bytes()


def test_one_id_with_two_contents_is_a_conflict(origin, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(origin, other)
    one = names(origin)[0]
    sessionfs.edit(one.rpartition("/")[2], {"title": "mine"}, str(other))
    with pytest.raises(Conflict, match="named twice, with different content"):
        sessionfs.pack([str(origin), str(other / one)], str(tmp_path / "p.tar"))
    assert not (tmp_path / "p.tar").exists()


@pytest.mark.parametrize("ending", ["tar", "tar.zst"])
def test_a_damaged_session_stops_it_and_nothing_is_left(origin, tmp_path, ending):
    damages = {
        "E601": lambda place: next(place.glob("messages-*")).write_bytes(b"{}\n"),
        "E102": lambda place: next(place.glob("messages-*")).unlink(),
        "E125": lambda place: (place / "notes.txt").touch(),
    }
    for code, damage in damages.items():
        place = tmp_path / "a"
        shutil.copytree(origin, place)
        damage(place / names(origin)[1])
        with pytest.raises(FormatError) as raised:
            sessionfs.pack([str(place)], str(tmp_path / f"p.{ending}"))
        assert raised.value.code == code
        shutil.rmtree(place)
        assert not list(tmp_path.iterdir())


def test_a_file_that_grows_meanwhile_is_no_pack(origin, monkeypatch):
    store = sessionfs.open_archive(str(origin))
    session = store.session(store.paths()[0])
    monkeypatch.setattr(session.tree, "size", lambda _path: 1)
    with pytest.raises(FormatError, match="E601"):
        list(sessionfs.pack.__globals__["PackWriter"]({session.path: session}).write())


def test_what_is_no_file_is_not_left_out_in_silence(origin, tmp_path):
    def fifo(place):
        os.mkfifo(place / "redactions.jsonl")

    one = names(origin)[0]
    for number, plant in enumerate(
        (fifo, lambda p: (p / "x").symlink_to("/etc"), lambda p: (p / "d").mkdir())
    ):
        place = tmp_path / str(number)
        shutil.copytree(origin, place)
        plant(place / one)
        with pytest.raises(SessionfsError, match="is no file"):
            sessionfs.pack([str(place)], str(tmp_path / "p.tar"))


def test_a_session_in_the_place_of_another_is_not_moved_in_silence(origin, tmp_path):
    one, two, *_ = names(origin)
    place = tmp_path / two
    shutil.copytree(origin / one, place)
    with pytest.raises(FormatError, match="E119"):
        sessionfs.pack([str(place)], str(tmp_path / "p.tar"))


def test_filters_and_archives_that_do_not_apply_are_said(origin, tmp_path):
    one, output = str(origin / names(origin)[0]), str(tmp_path / "p.tar")
    with pytest.raises(SessionfsError, match="is one session, and filters choose"):
        sessionfs.pack([one], output, tags=["none"])
    with pytest.raises(NotFound):
        sessionfs.pack([one], output, archive=str(tmp_path / "absent"))
    with pytest.raises(SessionfsError, match="the name of the archive is empty"):
        sessionfs.pack([], output, archive="")


def test_streams_that_are_closed(origin, tmp_path):
    ours = f"{sys.executable} -m sessionfs"
    for line, said in (
        (f"{ours} pack {origin} -o - >&-", b"stdout is closed"),
        (f"{ours} unpack - -d a <&-", b"stdin is closed"),
    ):
        done = subprocess.run(["sh", "-c", line], capture_output=True, check=False, cwd=tmp_path)
        assert done.returncode == 2
        assert said in done.stderr
    assert not list(tmp_path.iterdir())


def test_a_name_as_long_as_a_name_can_be(origin, tmp_path):
    place = tmp_path / f"{'n' * 251}.tar"
    sessionfs.pack([str(origin)], str(place))
    assert [path.name for path in tmp_path.iterdir()] == [place.name]


def test_a_session_of_no_month_cannot_be_packed(tmp_path):
    session = make.session.Session().plain()
    text = session.manifest.replace(make.session.ID.encode(), b"7" + b"Z" * 25)
    session.manifest = text
    session.summary["id"] = "7" + "Z" * 25
    for name, content in session.sealed().items():
        (tmp_path / "s").mkdir(exist_ok=True)
        (tmp_path / "s" / name).write_bytes(content)
    with pytest.raises(SessionfsError, match="after the year 9999"):
        sessionfs.pack([str(tmp_path / "s")], str(tmp_path / "p.tar"))


# --- where it goes ---


def test_nothing_is_overwritten_without_being_asked(origin, tmp_path):
    place = tmp_path / "p.tar"
    place.write_text("mine")
    with pytest.raises(Conflict, match="exists"):
        sessionfs.pack([str(origin)], str(place))
    assert place.read_text() == "mine"
    sessionfs.pack([str(origin)], str(place), force=True)
    assert place.read_bytes() == pack_bytes(origin)

    late = tmp_path / "late.tar"

    def appears(*_):
        late.write_text("theirs")

    with pytest.raises(Conflict, match="exists"):
        sessionfs.pack([str(origin)], str(late), progress=appears)
    assert late.read_text() == "theirs"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["late.tar", "p.tar"]


def test_where_no_pack_can_go(origin, tmp_path):
    for output, said in (
        ("", "says neither tar nor zstd"),
        (str(tmp_path / "p.zip"), "says neither tar nor zstd"),
        (str(tmp_path / "no" / "p.tar"), "no directory"),
        (str(origin / "p.tar"), "would be a file among the records"),
    ):
        with pytest.raises(SessionfsError, match=said):
            sessionfs.pack([str(origin)], output)
    (tmp_path / "link.tar").symlink_to("elsewhere")
    with pytest.raises(Conflict, match="no regular file"):
        sessionfs.pack([str(origin)], str(tmp_path / "link.tar"), force=True)
    with pytest.raises(NotFound, match="no session to pack"):
        sessionfs.pack([str(origin)], str(tmp_path / "p.tar"), agent="codex")


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit(143), OSError(28, "No space")])
def test_what_is_interrupted_leaves_nothing(origin, tmp_path, error):
    def stop(*_):
        raise error

    with pytest.raises(type(error) if isinstance(error, Exception) else BaseException):
        sessionfs.pack([str(origin)], str(tmp_path / "p.tar.zst"), progress=stop)
    assert not list(tmp_path.iterdir())


def test_progress_goes_to_the_end_by_bytes(origin, tmp_path):
    told = []
    sessionfs.pack([str(origin)], str(tmp_path / "p.tar"), progress=lambda *step: told.append(step))
    assert told == sorted(told)
    assert told[-1][0] == told[-1][1] > 0


# --- packs are trees ---


@pytest.fixture(params=["tar", "tar.zst"])
def pack(origin, tmp_path, request):
    place = tmp_path / f"p.{request.param}"
    sessionfs.pack([str(origin)], str(place))
    return place


def said(capsys, *arguments):
    assert main(list(map(str, arguments))) == 0
    return capsys.readouterr().out


def test_reading_commands_say_of_a_pack_what_they_say_of_its_archive(origin, pack, capsys):
    one = names(origin)[0].rpartition("/")[2]
    uid = sessionfs.open_archive(str(origin)).session(names(origin)[1]).summary.uid
    for line in (
        ["list"], ["list", "--json"], ["list", "--sort", "oldest", "--limit", "2"],
        ["show", one], ["show", uid, "--json"], ["export", one], ["export", uid],
    ):  # fmt: skip
        assert said(capsys, *line, "-a", pack) == said(capsys, *line, "-a", origin), line
    whole, packed = said(capsys, "verify", origin), said(capsys, "verify", pack)
    assert packed == whole
    for option in ("--fast", "--deep", "-j2"):
        assert said(capsys, "verify", option, pack) == said(capsys, "verify", option, origin)


def test_a_damaged_session_is_found_in_a_pack_as_in_its_archive(origin, tmp_path):
    """The tar is right about it: only the sessions' own rules can see it."""
    files = {path: text for path, text in tree(origin).items() if path[:2] == "20"}
    path = next(path for path in files if "messages-" in path)
    files[path] = files[path].replace(b'"seq":2', b'"seq":9', 1)
    place = tmp_path / "damaged"
    for name, content in files.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(content)
    shutil.copy(origin / "archive.yaml", place)
    (tmp_path / "p.tar").write_bytes(make.packs.tar(files))
    (tmp_path / "p.tar.zst").write_bytes(make.packs.compressed(make.packs.tar(files)))
    expected = sessionfs.verify([str(place)]).findings
    assert {"E501", "E601"} <= {found.code for found in expected}
    for name in ("p.tar", "p.tar.zst"):
        assert sessionfs.verify([str(tmp_path / name)]).findings == expected
    several = sessionfs.verify([str(place), str(tmp_path / "p.tar")]).findings
    assert [found.path for found in several] == [
        f"{outer}/{found.path}" for outer in (place, tmp_path / "p.tar") for found in expected
    ]


def test_a_session_in_a_pack_can_be_read_as_any(origin, pack):
    opened = sessionfs.open_archive(str(pack))
    assert isinstance(opened, sessionfs.Pack)
    for session in opened.sessions():
        ours = sessionfs.open_archive(str(origin)).session(session.path)
        assert list(session.messages()) == list(ours.messages())
        assert b"".join(session.restore()) == b"".join(ours.restore())
        assert opened.find(session.summary.uid).path == session.path
        with pytest.raises(NotFound):
            session.tree.open("absent")
        with pytest.raises(NotFound):
            session.tree.size("absent")


def test_a_pack_of_one_session_stands_for_it(origin, tmp_path, capsys):
    one = names(origin)[0].rpartition("/")[2]
    place = tmp_path / "one.tar.zst"
    sessionfs.pack([one], str(place), archive=str(origin))
    assert said(capsys, "show", place) == said(capsys, "show", one, "-a", origin)
    sessionfs.pack([str(origin)], str(place), force=True)
    with pytest.raises(NotFound, match="holds 4 sessions"):
        sessionfs.open_session(str(place))


def test_packs_are_never_changed(pack, capsys):
    content = pack.read_bytes()
    for line in (["edit", "01M", "--title", "x"], ["seal"], ["remove", "x"]):
        assert main([*line, "-a", str(pack)]) == 2
        assert "is a pack, and packs are never changed" in capsys.readouterr().err
    assert main(["verify", "--against", "HEAD", str(pack)]) == 2
    assert "it has no earlier revision" in capsys.readouterr().err
    assert pack.read_bytes() == content


def test_a_pack_is_told_by_its_content_too(origin, pack, tmp_path):
    bare = tmp_path / "no-ending"
    shutil.copy(pack, bare)
    assert sessionfs.verify([str(bare)]).checked == sessionfs.verify([str(origin)]).checked
    (tmp_path / "notes.txt").write_text("no pack\n")
    with pytest.raises(NotFound, match="no archive, session or pack"):
        sessionfs.verify([str(tmp_path / "notes.txt")])


def test_a_pack_can_be_read_by_a_process_that_was_not_forked(pack):
    """What spreads sessions over processes pickles the tree where it cannot fork."""
    import pickle

    opened = sessionfs.open_archive(str(pack))
    again = pickle.loads(pickle.dumps(opened.tree))  # noqa: S301  our own
    for path in opened.tree.paths():
        with opened.tree.open(path) as ours, again.open(path) as theirs:
            assert theirs.read() == ours.read()


# --- threads ---


def test_threads_give_results_in_order_and_errors_in_their_turn():
    makers = []

    def slow():
        makers.append(threading.get_ident())
        return lambda number: (threading.Event().wait(0.01 * (number % 3 == 0)), number)[1]

    assert list(in_threads(slow, iter(range(40)))) == list(range(40))
    assert len(makers) == len(set(makers)) <= os.cpu_count()

    def failing():
        yield from range(5)
        raise ValueError("the sixth")

    seen = []
    with pytest.raises(ValueError, match="the sixth"):
        seen += map(seen.append, in_threads(slow, failing()))
    assert [number for number in seen if number is not None] == list(range(5))


def test_closing_what_is_read_in_threads_waits_for_none_of_them():
    """The garbage collector may do it, in a thread that others wait for."""
    begun, going, in_time = threading.Event(), threading.Event(), []

    def work(item):
        if item:
            begun.set()
            in_time.append(going.wait(5))

    results = in_threads(lambda: work, iter(range(2)))
    next(results)
    assert begun.wait(5)
    results.close()
    going.set()
    assert False not in in_time


def test_content_lies_in_several_frames(tmp_path):
    """A payload over the ends of frames, read back at every place by the random access."""
    place = tmp_path / "p.tar.zst"
    content = make.packs.compressed(make.packs.large(2 * FRAME + 77))
    place.write_bytes(content)
    tree = sessionfs.open_archive(str(place)).tree
    (path,) = (path for path in tree.paths() if "/files/" in path)
    with tree.open(path) as stream:
        assert stream.read() == bytes(2 * FRAME + 77)
    assert sessionfs.verify([str(place)]).ok
