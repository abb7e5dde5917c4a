"""The modes of verify: fast is no verification, deep finds what full finds and more."""

import json

import pytest

import sessionfs
from sessionfs import writer
from sessionfs.canonical import replace
from sessionfs.cli import main
from sessionfs.disk.tree import DirTree
from sessionfs.errors import NotFound
from sessionfs.schema import finding as schema_finding
from sessionfs.tree import MemoryTree
from sessionfs.verify import deep as deeper
from sessionfs.verify import segments, verify_archive, verify_tree
from test_vectors import ON_DISK, VECTORS, expected, found, name, run

FAST = frozenset(
    "E001 E002 E003 E006 E008 E101 E102 E103 E104 E105 E106 W107 E108 E121 W123 W124 E125 E309 E601"
    " E602 E605 E606 E611 E612 E613 E616 E704".split()
)
"""What names, sizes and seals can show, and a manifest that may ask for a newer reader."""


def is_ours_to_read(vector):
    """Not about the process that reads, and not about git."""
    wishes = run.read(vector, "disk.json")
    return not (vector / "before").exists() and not {"unreadable", "git"} & wishes.keys()


EVERYTHING = next(vector for vector in VECTORS if vector.name == "everything")
PLAIN = list(filter(is_ours_to_read, ON_DISK))


@pytest.fixture
def tree(vector, tmp_path):
    yield run.prepare(vector, tmp_path).tree
    run.restore(vector, tmp_path)


class Seldom(MemoryTree):
    """A tree that notes what is read of it."""

    def __init__(self, files):
        super().__init__(files)
        self.read = set()

    def open(self, path):
        self.read.add(path)
        return super().open(path)


def load(vector):
    root = vector / ("session" if (vector / "session").exists() else "archive")
    paths = (path for path in root.rglob("*") if path.is_file())
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in paths}


def blamed(finding):
    """The file that a finding is about."""
    if finding["code"] == "E602":
        return finding["pointer"].removeprefix("/files/").replace("~1", "/")
    return finding["path"]


@pytest.mark.parametrize("vector", PLAIN, ids=name)
def test_fast_blames_no_file_that_full_does_not(vector, tree):
    verify = verify_tree if tree.name == "session" else verify_archive
    report = verify(DirTree(str(tree)), mode="fast")
    codes = {finding.code for finding in report.findings if not finding.path.endswith(".yaml")}
    assert codes <= FAST
    assert set(map(blamed, found(report))) <= set(map(blamed, expected(vector)))
    assert report.newer == any(finding["code"] == "E002" for finding in expected(vector))


def test_fast_reads_no_message_and_no_payload():
    files = load(EVERYTHING)
    tree = Seldom(files)
    report = verify_tree(tree, mode="fast")
    assert (report.findings, report.mode, report.checked.files) == ([], "fast", len(files))
    assert tree.read == {"manifest.yaml", "summary.json", "checksums.b3"}


@pytest.mark.no_cover
@pytest.mark.parametrize("vector", PLAIN, ids=name)
def test_deep_finds_what_full_finds(vector, tree):
    verify = verify_tree if tree.name == "session" else verify_archive
    report = verify(DirTree(str(tree)), mode="deep")
    assert found(report) == expected(vector)


# Where a fast way is wrong, deep says so: each of them is made to be.


def deep():
    return verify_tree(MemoryTree(load(EVERYTHING)), mode="deep")


def test_deep_finds_nothing_in_a_valid_session():
    report = deep()
    assert (report.findings, report.mode) == ([], "deep")


def test_deep_compares_the_two_ways_to_restore(monkeypatch):
    monkeypatch.setattr("sessionfs.check.conversation.restored_line", lambda *_: b"{}\n")
    assert {finding["code"] for finding in found(deep())} == {"E513"}
    full = verify_tree(MemoryTree(load(EVERYTHING)))
    assert {finding["code"] for finding in found(full)} == {"E603"}


def test_deep_compares_the_two_readers(monkeypatch):
    monkeypatch.setattr("sessionfs.check.explanation.decode", lambda _: {"seq": 1})
    assert {(finding.code, finding.message) for finding in deep().findings} == {
        ("E410", "another reader of JSON gets another value")
    }


def test_deep_does_not_believe_the_fast_validator(monkeypatch):
    files = load(EVERYTHING)
    monkeypatch.setattr(segments, "prove_message", lambda _: None)
    assert verify_tree(MemoryTree(files), mode="deep").ok
    asked = []

    def validate(value, schema, path, **_):
        asked.append(path)
        yield schema_finding("E505", path, f"{schema} {len(value)}")

    monkeypatch.setattr(deeper, "validate", validate)
    report = verify_tree(MemoryTree(files), mode="deep")
    assert not report.ok
    assert set(asked) == {"manifest.yaml", "summary.json", "redactions.jsonl"}


def test_deep_derives_anew(monkeypatch):
    def derive(session):
        summary, digests = writer.derive(session)
        return replace(summary, title="another"), digests | {"manifest.yaml": "0" * 64}

    monkeypatch.setattr(deeper, "derive", derive)
    assert [finding.code for finding in deep().findings] == ["E611", "E603"]


def test_deep_says_what_vanishes_between_two_readings(monkeypatch):
    def derive(_session):
        raise NotFound("no file manifest.yaml")

    monkeypatch.setattr(deeper, "derive", derive)
    assert [finding.code for finding in deep().findings] == ["E001"]


@pytest.mark.parametrize("mode", ["full", "fast", "deep"])
def test_the_mode_is_said(mode, tmp_path, capsys):
    sessionfs.init(str(tmp_path))
    options = [] if mode == "full" else [f"--{mode}"]
    place = str(tmp_path)
    assert main(["verify", place, "--json", *options]) == 0
    assert json.loads(capsys.readouterr().out)["mode"] == mode
    assert main(["verify", place, *options]) == 0
    assert ("not a verification" in capsys.readouterr().out) == (mode == "fast")


def test_fast_and_deep_exclude_each_other(capsys):
    assert main(["verify", "--fast", "--deep"]) == 2
    assert "exclude each other" in capsys.readouterr().err


def test_fast_and_against_exclude_each_other(capsys):
    assert main(["verify", "--fast", "--against", "HEAD"]) == 2
    assert "exclude each other" in capsys.readouterr().err


def test_no_process_is_no_number(tmp_path):
    with pytest.raises(sessionfs.SessionfsError, match="0 processes"):
        sessionfs.verify([str(tmp_path)], jobs=0)
