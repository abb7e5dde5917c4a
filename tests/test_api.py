"""The public face: small, lazy, typed."""

import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

import sessionfs
import sessionfs.api


def python(code):
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    return done.stdout


def test_names_are_there_and_are_told():
    assert len(sessionfs.__all__) <= 58
    assert sorted(sessionfs.__all__) == sessionfs.__all__
    assert set(sessionfs.__all__) <= set(dir(sessionfs))
    for name in sessionfs.__all__:
        value = getattr(sessionfs, name)
        assert value.__doc__, name
        assert value.__module__.startswith("sessionfs."), name


def test_a_name_that_is_not_there():
    with pytest.raises(AttributeError, match="no attribute 'migrate'"):
        sessionfs.migrate  # noqa: B018


def test_version_is_the_distribution_s():
    assert sessionfs.__version__ == version("sessionfs-archive")


def test_importing_loads_nothing():
    told = python("import sys, sessionfs\nprint(*(m for m in sys.modules if 'sessionfs' in m))")
    assert told.split() == ["sessionfs"]


@pytest.mark.parametrize(
    "first",
    ["import sessionfs.verify", "from sessionfs.verify import Report", "import sessionfs.api", ""],
)
def test_a_verb_is_a_function_whatever_was_imported_first(first):
    told = python(
        f"{first}\nimport sessionfs\nprint(sessionfs.verify.__qualname__)\n"
        "from sessionfs import verify\nprint(callable(verify))\n"
        "from sessionfs.verify import verify_tree\nprint(callable(verify_tree))"
    )
    assert told.split() == ["verify", "True", "True"]


def test_every_command_is_a_function():
    from sessionfs.cli.run import COMMANDS

    functions = {"import": "import_logs", "list": "list_sessions", "export": "export_native"}
    told = {functions.get(name, name) for name in COMMANDS} - {"show", "git", "demo", "completion"}
    assert told <= set(sessionfs.__all__)


def test_rules_are_explained():
    assert sessionfs.explain(" e601 ").code == "E601"
    assert len(sessionfs.explain()) > 50
    with pytest.raises(sessionfs.NotFound) as caught:
        sessionfs.explain("E000")
    assert caught.value.hint


def test_types_are_shipped():
    assert Path(sessionfs.__file__).with_name("py.typed").is_file()


@pytest.fixture
def archive(tmp_path):
    """An archive with one session of five messages."""
    script = Path(__file__).parent / "scripts" / "journey.txt"
    log = tmp_path / "lamp.jsonl"
    log.write_text(script.read_text("utf-8").partition("-- logs/lamp.jsonl --\n")[2], "utf-8")
    sessionfs.import_logs([str(log)], archive=str(tmp_path / "archive"))
    return sessionfs.open_archive(str(tmp_path / "archive"))


def test_an_edit_that_no_manifest_may_hold_changes_nothing(archive):
    with pytest.raises(sessionfs.SessionfsError, match=r"^tags/0: ") as caught:
        sessionfs.edit("01M7W84W", {}, archive.root, add_tags=[""])
    assert caught.value.hint
    with pytest.raises(sessionfs.SessionfsError, match=r"^outcome: "):
        sessionfs.edit("01M7W84W", {"outcome": "great"}, archive.root)
    with pytest.raises(sessionfs.Conflict, match=r"^id cannot be edited"):
        sessionfs.edit("01M7W84W", {"id": "x"}, archive.root)
    assert sessionfs.verify([archive.root]).ok


def test_a_session_that_travels_alone_is_verified(archive, tmp_path):
    (session,) = archive.sessions()
    shutil.copytree(Path(archive.root) / session.path, tmp_path / "alone")
    assert sessionfs.verify([str(tmp_path / "alone")]).findings == []


def test_a_listing_names_what_cannot_be_read_or_raises(archive):
    (session,) = archive.sessions()
    (Path(archive.root) / session.path / "summary.json").unlink()
    with pytest.raises(sessionfs.NotFound):
        sessionfs.list_sessions(archive)
    told = []
    assert sessionfs.list_sessions(archive, unreadable=told.append) == []
    assert [session.path in error.message for error in told] == [True]


def test_what_cannot_be_remembered_is_imported_all_the_same(archive, tmp_path):
    cache = Path(archive.root) / ".cache" / "imported.json"
    cache.unlink()
    (cache / "in the way").mkdir(parents=True)
    report = sessionfs.import_logs([str(tmp_path / "lamp.jsonl")], archive=archive.root)
    assert [row.status for row in report.sessions] == ["unchanged"]
    assert not report.failed


@pytest.mark.parametrize("verb", [sessionfs.init, sessionfs.open_archive])
def test_a_name_that_is_empty_is_refused(verb, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(sessionfs.SessionfsError, match="is empty"):
        verb("")
    assert list(tmp_path.iterdir()) == []


def test_what_is_missing_is_not_sealed_away(archive):
    (session,) = archive.sessions()
    (Path(archive.root) / session.path / "messages-00000001.jsonl").unlink()
    with pytest.raises(sessionfs.Conflict, match=r"messages-00000001.jsonl is missing"):
        sessionfs.seal([session.id], archive.root)


def test_every_example_is_exported_with_what_lay_beside_it(tmp_path, root):
    native = root / "examples" / "native" / "claude-code" / "projects"
    sessionfs.import_logs([str(native)], archive=str(tmp_path / "archive"))
    archive = sessionfs.open_archive(str(tmp_path / "archive"))
    for number, session in enumerate(archive.sessions()):
        place = tmp_path / str(number)
        for path in sessionfs.export_native(session, str(place), whole=True):
            (original,) = native.glob(f"*/{Path(path).relative_to(place).as_posix()}")
            assert Path(path).read_bytes() == original.read_bytes()
