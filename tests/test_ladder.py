"""The ladder as the specification tells it is the one that every finding of a vector stands on."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from conftest import beside
from sessionfs.disk.tree import DirTree
from sessionfs.rules import RULES
from sessionfs.verify import verify_archive, verify_tree
from sessionfs.verify.ladder import Ladder
from test_modes import PLAIN
from test_vectors import run

ELSEWHERE = {"W107", "E121", "W124", "E126", "W127", "E001"}
"""Around the sessions of an archive, each of which has a ladder; and what root never meets."""


def told():
    """Return each rung with each of its codes, as chapter 21 lists them."""
    text = (beside("spec") / "sessionfs.md").read_text("utf-8")
    chapter = text.split("\n## 21.")[1].split("\n## 22.")[0]
    rungs = re.findall(r"^\d\. \*\*(\w+)\*\*: (.*?)[;.]$", chapter, re.MULTILINE | re.DOTALL)
    assert len(rungs) == 5
    pairs = {("DAMAGE", code) for code in ("E309", "E605", "E608", "E704")}
    for rung, text in rungs:
        pairs |= {(rung.upper(), code) for code in re.findall(r"[EW]\d{3}", text)}
        for first, last in re.findall(r"[EW](\d{3}) to [EW](\d{3})", text):
            pairs |= {(rung.upper(), code) for code in RULES if first < code[1:] < last}
    return pairs - {("FRAMING", "E309")}


def test_every_finding_stands_on_the_rung_that_the_specification_tells(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: set[tuple[str, str]] = set()
    say = Ladder.say

    def listen(ladder, rung, *findings):
        heard.update((rung.name, found.code) for found in findings)
        say(ladder, rung, *findings)

    monkeypatch.setattr(Ladder, "say", listen)
    for number, vector in enumerate(PLAIN):
        place = tmp_path / str(number)
        place.mkdir()
        tree = run.prepare(vector, place).tree
        (verify_tree if tree.name == "session" else verify_archive)(DirTree(str(tree)))
        run.restore(vector, place)
    wanted = {(rung, code) for rung, code in told() if code not in ELSEWHERE}
    assert sorted(heard - wanted - {("STRUCTURE", "E001")}) == []
    assert sorted(wanted - heard) == []
