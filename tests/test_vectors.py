"""The conformance vectors: what verify finds is what each vector says, exactly."""

import importlib
import re
import sys
from pathlib import Path

import pytest

import sessionfs
from sessionfs import schema
from sessionfs.api.prove import judge_pack
from sessionfs.canonical import to_plain
from sessionfs.disk.tree import DirTree
from sessionfs.history import compare_archives, compare_sessions, with_history
from sessionfs.pack.access import MemoryBytes
from sessionfs.rules import RULES
from sessionfs.tree import Below, MemoryTree
from sessionfs.verify import verify_archive, verify_tree

HERE = Path(__file__).resolve().parent / "vectors"
OURS = (sys.executable, "-m", "sessionfs", "verify", "--output-format", "json")


sys.path.append(str(HERE))  # the programs of the suite, which no package holds
run, make = importlib.import_module("run"), importlib.import_module("make")
name = run.name
VECTORS = run.vectors()
PACKS = [vector for vector in VECTORS if run.root_of(vector).startswith("pack")]
ON_DISK = [vector for vector in VECTORS if vector not in PACKS]
IN_GIT = [vector for vector in ON_DISK if not (vector / "disk.json").exists()]


def expected(vector):
    return run.read(vector, "expect.json")["findings"]


def found(report):
    keep = ("code", "path", "line", "pointer")
    return [
        {key: value for key, value in to_plain(finding).items() if key in keep}
        for finding in report.findings
    ]


@pytest.fixture
def prepared(vector, tmp_path):
    yield run.prepare(vector, tmp_path)
    run.restore(vector, tmp_path)


@pytest.mark.parametrize("vector", VECTORS, ids=name)
def test_findings_are_exactly_the_expected_ones(vector, prepared, tmp_path):
    asks_git = prepared.options or "git" in run.read(vector, "disk.json")
    if prepared.prefix or asks_git:  # it is about the process that reads, or about git
        line = (*prepared.prefix, *OURS, *prepared.options, str(prepared.tree))
        assert not run.wrongs(run.ask(line, tmp_path, 60), expected(vector), 60)
        return
    report = verify(prepared.tree)
    assert found(report) == expected(vector)
    assert report.ok == (vector.parent.name != "bad")
    assert report.errors + report.warnings == len(report.findings)
    assert report.newer == any(finding["code"] == "E002" for finding in expected(vector))


def verify(tree):
    if tree.is_file():
        return sessionfs.verify([str(tree)])
    return (verify_tree if tree.name == "session" else verify_archive)(DirTree(str(tree)))


@pytest.mark.parametrize("vector", PACKS, ids=name)
def test_a_pack_in_memory_gives_the_same_findings(vector):
    content = (vector / run.root_of(vector)).read_bytes()
    assert found(judge_pack(MemoryBytes(content), len(content))) == expected(vector)


@pytest.mark.no_cover
@pytest.mark.parametrize("vector", IN_GIT, ids=name)
def test_a_tree_in_memory_gives_the_same_findings(vector, prepared):
    tree, before = in_memory(prepared.tree), in_memory(vector / "before")
    if prepared.tree.name == "session":
        sides = (Below(side, "", side.paths()) for side in (before, tree))
        report = with_history(verify_tree(tree), compare_sessions(*sides))
    else:
        report = verify_archive(tree)
        if (vector / "before").exists():
            report = with_history(report, compare_archives(before, tree))
    assert found(report) == expected(vector)


def in_memory(place):
    """The files below a directory; none where it is not there."""
    paths = (path for path in place.rglob("*") if path.is_file())
    return MemoryTree({path.relative_to(place).as_posix(): path.read_bytes() for path in paths})


@pytest.mark.parametrize("vector", VECTORS, ids=name)
def test_name_says_the_rule(vector):
    kind, codes = vector.parent.name, {finding["code"] for finding in expected(vector)}
    if kind == "good":
        assert not codes
    else:
        code = re.fullmatch(r"([EW][0-9]{3})_[a-z0-9_]+", vector.name)[1]
        assert code in codes
        assert code[0] == {"warn": "W", "bad": "E"}[kind]
    if kind == "warn":
        assert all(code[0] == "W" for code in codes)


def test_every_rule_has_a_vector():
    covered = {vector.name[:4] for vector in VECTORS if vector.parent.name != "good"}
    assert covered == RULES.keys()


@pytest.mark.no_cover
def test_vectors_are_what_make_writes():
    assert make.main(["--check"]) is False


def codes_of_schema(value):
    if isinstance(value, dict):
        for key, member in value.items():
            if key == "x-rules":
                yield from member.values()
            else:
                yield from codes_of_schema(member)
    elif isinstance(value, list):
        for item in value:
            yield from codes_of_schema(item)


def test_each_rule_is_enforced_in_one_place():
    """One module says a code: of check, of verify, yamltext, or the schemas for all they say."""
    names = ("archive", "manifest", "message", "summary", "redactions")
    places = {code: {"schema"} for name in names for code in codes_of_schema(schema.load(name))}
    package = Path(schema.__file__).parent
    for path in (
        package / "yamltext.py",
        *package.glob("check/*.py"),
        *package.glob("verify/*.py"),
        *package.glob("history/*.py"),
        *package.glob("pack/*.py"),
    ):
        module = ".".join(path.relative_to(package).with_suffix("").parts)
        for code in re.findall(r'"([EW][0-9]{3})"', path.read_text("utf-8")):
            places.setdefault(code, set()).add(module)
    for code in RULES:
        if code[0] == "W" and code not in places and f"E{code[1:]}" in places:
            places.setdefault(code, set()).add("schema")  # the same keyword in a newer minor
    # One sentence about two kinds of file is enforced for each of them.
    both = {"E007": {"yamltext", "check.jsontext"}, "E108": {"schema", "verify.checksums"}}
    both |= {"E006": {"yamltext", "verify.manifest"}, "E213": {"schema", "verify.manifest"}}
    both["E108"].add("pack.members")
    both |= {code: {"pack.members", "pack.frames"} for code in ("E801", "E802")}
    both |= {"E002": {"verify.version", "verify.report"}}  # … and a report tells of it
    wrong = {
        code: where for code, where in places.items() if len(where) != 1 and where != both.get(code)
    }
    assert not wrong
    assert places.keys() == RULES.keys()
