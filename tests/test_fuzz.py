"""The fuzzers' harnesses, without a fuzzer: every vector, and mutants that are always the same."""

import subprocess
import sys
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from random import Random

import pytest

from fuzz import oracle
from fuzz.choices import Choices
from fuzz.damage import damaged_bytes
from fuzz.run import HARNESSES, LONGEST
from sessionfs.canonical import replace
from sessionfs.model import decode_message
from sessionfs.schema import finding

pytestmark = pytest.mark.no_cover  # counting lines would take longer than the tests

RUN = Path(__file__).resolve().parent / "fuzz" / "run.py"
MUTANTS = 100


def harness(name):
    return import_module(f"fuzz.{name}")


def decode_or_none(line):
    """What the fast path would be if it only decoded."""
    with suppress(ValueError):
        return decode_message(line)


def mutants(name, count):
    """Inputs that are each a few mutations away from a vector."""
    made = Random(name)
    pool = list(harness(name).starts())

    def havoc(content, _max_size):
        return damaged_bytes(Choices(made.randbytes(32)), content)

    for _ in range(count):
        data = made.choice(pool)
        for _ in range(made.randint(1, 4)):
            data = harness(name).mutate(data, LONGEST[name], made.getrandbits(32), havoc)
        pool[made.randrange(len(pool))] = data
        yield data


def judge_all(name, count):
    for data in (*harness(name).starts(), *mutants(name, count)):
        harness(name).TestOneInput(data)


@pytest.mark.parametrize("stride", [5, pytest.param(1, marks=pytest.mark.exhaustive)])
@pytest.mark.parametrize("name", HARNESSES)
def test_what_holds_of_every_input_holds_of_the_vectors(name, stride):
    starts = list(harness(name).starts())
    assert len(starts) > 100
    for data in starts[::stride]:
        harness(name).TestOneInput(data)
    harness(name).TestOneInput(b"")


@pytest.mark.parametrize("name", HARNESSES)
def test_what_holds_of_every_input_holds_of_mutants(name):
    seen = set()
    for data in mutants(name, MUTANTS):
        assert len(data) <= LONGEST[name] + 300
        seen.add(data)
        harness(name).TestOneInput(data)
    assert len(seen) > MUTANTS // 2


@pytest.mark.parametrize(
    ("name", "place", "broken"),
    [
        ("messages", "fuzz.messages.prove_message", decode_or_none),
        ("manifests", "fuzz.manifests._parse_canonical", lambda _: {"title": "other"}),
        ("checksums", "sessionfs.verify.session.compare_digests", lambda *_: None),
        ("trees", "fuzz.oracle.safe", lambda text: text + "."),
        ("packs", "sessionfs.pack.members.padding", lambda _: 0),
        ("packs", "sessionfs.pack.members.is_layout_name", lambda _: True),
    ],
)
def test_a_broken_program_is_noticed(monkeypatch, name, place, broken):
    module, attribute = place.rsplit(".", 1)
    monkeypatch.setattr(import_module(module), attribute, broken)
    with pytest.raises(AssertionError):
        judge_all(name, 200)


@pytest.mark.parametrize(
    ("line", "pointer"), [(0, "/seq"), (3, "/seq"), (1, "seq"), (1, "/nowhere"), (1, "/parts/1")]
)
def test_a_finding_that_names_no_place_is_noticed(line, pointer):
    files = {"messages-00000001.jsonl": b'{"seq":1,"parts":[{}]}\n'}
    right = finding("E501", *files, "1 after 1", line=1, pointer="/parts/0")
    oracle.look_at(right, files, ())
    with pytest.raises(AssertionError):
        oracle.look_at(replace(right, line=line, pointer=pointer), files, ())


def test_an_input_is_replayed_without_a_fuzzer(tmp_path):
    place = tmp_path / "trees"
    place.mkdir()
    (place / "crash-1").write_bytes(b"\0\1\2\3")
    done = subprocess.run(
        [sys.executable, RUN, "--replay", place / "crash-1"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("trees: nothing is wrong with ")
