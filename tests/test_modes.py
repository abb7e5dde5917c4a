"""The modes of verify: fast is no verification, deep finds what full finds and more."""

import json

import pytest

import sessionfs
from sessionfs.cli import main
from sessionfs.disk.tree import DirTree
from sessionfs.tree import MemoryTree
from sessionfs.verify import verify_archive, verify_tree
from test_vectors import VECTORS, expected, found, name, run

FAST = frozenset(
    "E001 E002 E003 E006 E101 E102 E103 E104 E105 E106 W107 E108 E121 W123 W124 E125 E309 E601 E602"
    " E605 E606 E611 E612 E613 E616 E704".split()
)
"""What names, sizes and seals can show, and a manifest that may ask for a newer reader."""


def is_ours_to_read(vector):
    """Not about the process that reads, and not about git."""
    return not (vector / "before").exists() and "unreadable" not in run.read(vector, "disk.json")


PLAIN = list(filter(is_ours_to_read, VECTORS))


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
    files = load(next(v for v in VECTORS if v.name == "everything"))
    tree = Seldom(files)
    report = verify_tree(tree, mode="fast")
    assert (report.findings, report.mode, report.checked.files) == ([], "fast", len(files))
    assert tree.read == {"manifest.yaml", "summary.json", "checksums.b3"}


@pytest.mark.parametrize("vector", PLAIN, ids=name)
def test_deep_finds_what_full_finds(vector, tree):
    verify = verify_tree if tree.name == "session" else verify_archive
    report = verify(DirTree(str(tree)), mode="deep")
    assert found(report) == expected(vector)


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


def test_no_process_is_no_number(tmp_path):
    with pytest.raises(sessionfs.SessionfsError, match="0 processes"):
        sessionfs.verify([str(tmp_path)], jobs=0)
