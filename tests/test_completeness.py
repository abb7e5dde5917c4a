"""Spec, rules, checks, vectors and `explain` are complete: each code in each, and nothing idle.

That spec and rules say the same is `test_spec`'s; that a rule has one place and one vector or
more, `test_vectors`'. Here: every place in the code that says a rule is reached by a vector, every
check that is switched off is missed, and `explain` tells of every rule.
"""

import contextlib
import subprocess
import sys
from pathlib import Path

import pytest

from sessionfs import schema
from sessionfs.canonical import replace
from sessionfs.cli import main
from sessionfs.rules import RULES
from sessionfs.tree import MemoryTree
from sessionfs.verify import verify_archive, verify_tree
from sessionfs.verify.ladder import Ladder
from test_vectors import IN_GIT, VECTORS, expected, found, make, name, run

pytestmark = pytest.mark.no_cover  # what it reaches, others reach

# Said where a first check has failed to see what it should have seen; no vector can do that.
SECOND_LOCKS = {
    "check.conversation E513": "--deep compares our own two ways to restore a line",
    "check.explanation E410": "our own two readers of JSON, of what both could read",
    "check.jsontext E007": "depth is counted before; a deep stack of the caller's own remains",
    "verify.checksums E611": "--deep compares with the list that the writer makes anew",
    "verify.summary E603": "--deep compares with the summary that the writer makes anew",
    "yamltext E007": "levels are counted before; a deep stack of the caller's own remains",
    "yamltext E205": "tokens are scanned before; then the parser's own events are asked",
    "yamltext E206": "the same",
    "yamltext E211": "escapes beyond Unicode are refused before; the parser may leak others",
}


@pytest.mark.exhaustive
def test_every_place_that_says_a_rule_is_reached_by_a_vector(tmp_path):
    # As root, files that nobody may read are readable: give that up first, as the runner does.
    (tmp_path / "file").touch()
    prefix = run.forbid(tmp_path, ["file"])
    program = str(Path(__file__).parent / "reached.py")
    done = subprocess.run(
        [*prefix, sys.executable, program], capture_output=True, text=True, check=True
    )
    assert sorted(done.stdout.splitlines()) == sorted(SECOND_LOCKS)


@pytest.mark.parametrize("code", RULES)
def test_explain_tells_rule_reason_and_remedy(code, capsys):
    assert main(["explain", code]) == 0
    rule, level = RULES[code], {"E": "error", "W": "warning"}[code[0]]
    assert rule.why
    assert rule.hint
    assert capsys.readouterr().out == (
        f"{code} ({level})\n{rule.sentence}\nWhy:  {rule.why}\nMend: {rule.hint}\n"
    )


def test_one_function_makes_one_vector():
    assert len({id(function) for function in make.VECTORS.values()}) == len(VECTORS)
    assert list(map(name, VECTORS)) == sorted(make.VECTORS)


# What follows from one failure is told with it, or the vector is about several on purpose.
SEVERAL_CODES = {
    "bad/E121_copy_beside": "a copy has the id of another, and not that of its directory",
    "bad/E121_id_twice": "of two places for one id, one is the wrong shard",
    "bad/E304_utf_16": "the mark, and the NULs of an encoding in which a line end is two bytes",
    "bad/E502_union_merge": "what a blend by lines leaves of three files",
    "bad/E601_changed_seq": "what was changed is found in its line as well",
    "bad/E601_truncated_in_a_line": "where the file ends, and that it is damage",
    "bad/E713_message_in_between": "what is taken out leaves a gap in the numbers",
    "bad/E714_undone_in_a_fork": "another log is in its place, and no fork keeps the record",
    "warn/W701_deeper": "a guard further inside is a foreign file as well",
}


def test_a_vector_breaks_one_rule():
    several = {
        name(vector)
        for vector in VECTORS
        if len({finding["code"] for finding in expected(vector)}) > 1
    }
    assert several == SEVERAL_CODES.keys()


# --- checks switched off ---

# What is said on the way to a conclusion, which then stands alone.
EVIDENCE = {("bad/E605_everything", "E302"): "CR LF on the lines, before the file is known for it"}
FINDING = schema.finding


@contextlib.contextmanager
def watching(monkeypatch, switched_off=None):
    """Every code that a check says, in a list; one of them can be left unheard.

    A check that is switched off says nothing, so the ladder goes on as if all were well there.
    """
    said = []

    def listen(code, *place, **more):
        said.append(code)
        made = FINDING(code, *place, **more)
        return replace(made, level="unheard") if code == switched_off else made

    def say(ladder, rung, *findings):
        heard(ladder, rung, *(found for found in findings if found.level != "unheard"))

    heard = Ladder.say
    with monkeypatch.context() as patch:
        for module in list(sys.modules.values()):
            if getattr(module, "finding", None) is FINDING:
                patch.setattr(module, "finding", listen)
        patch.setattr(Ladder, "say", say)
        yield said


def load(vector):
    root = vector / run.root_of(vector)
    return root.name, {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file()
    }


def outcome(root, files):
    """What verify finds in a tree; where it stumbles over what was not said, that."""
    verify = verify_tree if root == "session" else verify_archive
    try:
        report = verify(MemoryTree(files))
    except Exception as error:  # noqa: BLE001  whatever it is, it is not what was expected
        return repr(error)
    kept = [finding for finding in report.findings if finding.level != "unheard"]
    return found(replace(report, findings=kept))


PLAIN = [vector for vector in IN_GIT if not (vector / "before").exists()]


@pytest.mark.parametrize("vector", PLAIN, ids=name)
def test_a_check_that_is_switched_off_is_missed(vector, monkeypatch):
    """In the vectors that list its code, and in no others: it is heard there and nowhere else."""
    root, files = load(vector)
    with watching(monkeypatch) as said:
        whole = outcome(root, files)
    assert whole == expected(vector)
    listed = {finding["code"] for finding in whole}
    assert listed <= set(said)
    for code in sorted(set(said)):
        if (name(vector), code) in EVIDENCE:
            continue
        with watching(monkeypatch, switched_off=code):
            assert (outcome(root, files) != whole) == (code in listed), code
