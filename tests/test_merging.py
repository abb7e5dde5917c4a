"""Merging as algebra: identity, symmetry, idempotence, associativity, and nothing is lost."""

from __future__ import annotations

import itertools
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from claude_logs import dumps, record
from memory import MemoryArchive, merged
from sessionfs.archive import SUMMARY
from sessionfs.errors import Conflict
from sessionfs.merging.blending import blend, blend_values
from sessionfs.merging.policy import merge_policies
from sessionfs.placeholder import covers, pair_lines
from sessionfs.redact.ruleset import Ruleset, _rule
from sessionfs.yamltext import emit, parse

SECRETS = {"red": "lantern-4711-red", "blue": "lantern-0815-blue"}
COMMON = 3
"""Lines that every log of these tests begins with."""


def rules(*colours: str) -> Ruleset:
    return Ruleset([_rule({"id": colour, "regex": f"({SECRETS[colour]})"}) for colour in colours])


def prompt(number: int, text: str) -> dict:
    made = record(4 * number, random.Random(0), size=6)
    made["message"]["content"] = text
    return made


def line(number: int, text: str, salt: int = 0) -> bytes:
    """A prompt that comes after the first lines of a log; of another side with another salt."""
    made = prompt(number, text)
    if salt:
        made["uuid"] = f"{salt:08x}-0000-4000-8000-{number:012x}"
    return dumps(made) + b"\n"


def log(*texts: str, salt: int = 0) -> bytes:
    """A log that begins like every other one, and then says these texts."""
    begin = [line(number, f"Lamp {number}?") for number in range(COMMON)]
    return b"".join(begin + [line(COMMON + n, text, salt) for n, text in enumerate(texts)])


def archive(*logs: bytes, ruleset: Ruleset | None = None) -> MemoryArchive:
    made = MemoryArchive()
    for content in logs:
        made.bring(content, ruleset)
    return made


def main_of(one: MemoryArchive) -> str:
    """The path of the session that is no fork."""
    (path,) = (p for p in one.paths() if "#" not in one.session(p).manifest.source.uid)
    return path


def logs_of(one: MemoryArchive) -> list[bytes]:
    return [b"".join(session.restore()) for session in one.sessions()]


def is_in(native: bytes, one: MemoryArchive) -> bool:
    """Whether some session gives a log back that begins with this one."""
    lines = native.splitlines(keepends=True)
    for other in logs_of(one):
        theirs = other.splitlines(keepends=True)
        if len(lines) <= len(theirs) and all(
            pair_lines(there, here) or pair_lines(here, there)
            for here, there in zip(lines, theirs, strict=False)
        ):
            return True
    return False


def normal(one: MemoryArchive) -> tuple[set[bytes], set[str], set[str]]:
    """The normal form: the logs that no other one goes on with; titles and tags of the main one."""
    logs = logs_of(one)
    maximal = {this for this in logs if not any(o != this and o.startswith(this) for o in logs)}
    manifest = one.session(main_of(one)).manifest
    titles = {manifest.title} if manifest.title else set()
    titles |= set(((manifest.ext or {}).get("alternatives") or {}).get("title", ()))
    return maximal, titles, set(manifest.tags or ())


# --- sides, as people make them ---

TEXTS = st.lists(
    st.sampled_from(["On.", "Off.", f"Say {SECRETS['red']}.", f"Or {SECRETS['blue']}, then?"]),
    max_size=3,
)


@st.composite
def sides(draw: st.DrawFn, count: int) -> tuple[MemoryArchive, list[MemoryArchive]]:
    """An archive, and what several people made of it, each in another clone."""
    secret = draw(st.booleans())
    first = [f"Red {SECRETS['red']}, blue {SECRETS['blue']}."] if secret else []
    common = archive(log(*first))
    path = main_of(common)
    made = []
    for _ in range(count):
        mine = common.copy()
        salt = draw(st.sampled_from([0, 0, 1, 2]))
        grown = log(*first) + b"".join(
            line(COMMON + 1 + n, text, salt) for n, text in enumerate(draw(TEXTS))
        )
        mine.bring(grown)
        if (title := draw(st.sampled_from([None, "Amber", "Blue"]))) is not None:
            mine.say(path, title=title)
        if tags := draw(st.lists(st.sampled_from(["a", "b"]), max_size=2, unique=True)):
            mine.say(path, tags=tags)
        for colour in draw(st.lists(st.sampled_from(sorted(SECRETS)), max_size=2, unique=True)):
            mine.redact(path, rules(colour))
        made.append(mine)
    return common, made


def removed_by(common: MemoryArchive, *archives: MemoryArchive) -> set[str]:
    """The secrets that some side has removed and the common form says.

    One that stood in the tail of one side alone is known to nobody once it is removed there.
    """
    said = b"".join(logs_of(common))
    names = {
        colour
        for one in archives
        for colour in SECRETS
        if any(f"[REDACTED:{colour}#".encode() in text for text in logs_of(one))
    }
    return {SECRETS[colour] for colour in names if SECRETS[colour].encode() in said}


@given(sides(2))
@settings(max_examples=25, deadline=None)
def test_both_directions_give_the_same_and_nothing_is_lost(made):
    common, (ours, theirs) = made
    result = merged(common, ours, theirs)
    assert result.files() == merged(common, theirs, ours).files()
    assert result.findings() == []
    for side in (ours, theirs):
        for native in logs_of(side):
            assert is_in(native, result)
    text = b"".join(content for files in result.files().values() for content in files.values())
    for secret in removed_by(common, ours, theirs):
        assert secret.encode() not in text
    titles = {side.session(main_of(side)).manifest.title or None for side in (ours, theirs)}
    assert titles - {None} <= normal(result)[1]


@given(sides(1))
@settings(max_examples=10, deadline=None)
def test_a_side_that_changed_nothing_adds_nothing(made):
    common, (ours,) = made
    for before in (common, None):
        assert merged(before, ours, ours).files() == ours.files()
    assert merged(common, ours, common).files() == ours.files()
    path = main_of(ours)
    forced = merged(None, ours, common)  # nobody knows that the one comes from the other
    assert normal(forced)[0] == normal(ours)[0]
    assert forced.findings() == []
    assert forced.session(path).summary.redactions == ours.session(path).summary.redactions


@given(sides(2))
@settings(max_examples=12, deadline=None)
def test_what_is_merged_already_changes_nothing(made):
    common, (ours, theirs) = made
    result = merged(common, ours, theirs)
    for side in (ours, theirs):
        for before in (side, None):
            again = merged(before, result, side)
            assert normal(again) == normal(result) or before is None
            assert {p: f[SUMMARY] for p, f in again.files().items()} == {
                p: f[SUMMARY] for p, f in result.files().items()
            }
            assert again.files() == merged(before, side, result).files()


@given(sides(3))
@settings(max_examples=12, deadline=None)
def test_the_order_of_three_does_not_matter_but_for_which_log_is_the_main_one(made):
    common, three = made
    results = []
    for one, two, last in itertools.permutations(three):
        results.append(merged(common, merged(common, one, two), last))
    assert not any(result.findings() for result in results)
    forms = [normal(result) for result in results]
    assert all(form[1:] == forms[0][1:] for form in forms)
    for result, other in itertools.pairwise(results):
        for native in logs_of(result):
            assert is_in(native, other)


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    ("law", "count"),
    [
        (test_both_directions_give_the_same_and_nothing_is_lost, 2),
        (test_a_side_that_changed_nothing_adds_nothing, 1),
        (test_what_is_merged_already_changes_nothing, 2),
        (test_the_order_of_three_does_not_matter_but_for_which_log_is_the_main_one, 3),
    ],
)
def test_laws_often(law, count):
    @settings(max_examples=100, deadline=None)
    @given(sides(count))
    def often(made):
        law.hypothesis.inner_test(made)

    often()


# --- one text of two ---

PIECES = st.lists(st.sampled_from(["key ", "= ", "lamp", "dark", "\n", '"', "[", "~"]), max_size=5)


@given(st.lists(st.tuples(st.sampled_from(["alpha-1", "beta-22", "gamma-3"]), PIECES), max_size=4),
       PIECES, st.data())  # fmt: skip
@settings(max_examples=200, deadline=None)
def test_a_blend_has_the_placeholders_of_both(secrets, begin, data):
    """What either side removed is removed, and everything around it is there."""
    forms = [["".join(begin)], ["".join(begin)]]
    plain = "".join(begin)
    for number, (secret, behind) in enumerate(secrets, 1):
        text = f"<{number}>" + "".join(behind)  # what follows tells where the secret ends
        plain += secret + text
        for side, form in enumerate(forms):
            removed = data.draw(st.booleans(), label=f"side {side} removes {secret}")
            form.append((f"[REDACTED:rule{side}#{number}]" if removed else secret) + text)
    one, other = ("".join(form) for form in forms)
    blended = blend(one, other)
    assert blended is not None
    assert blended == blend(other, one)
    assert covers(blended, one)
    assert covers(blended, other)
    assert covers(blended, plain)
    both = zip(forms[0][1:], forms[1][1:], strict=True)
    wanted = sum("[REDACTED" in left or "[REDACTED" in right for left, right in both)
    assert blended.count("[REDACTED") == wanted


@pytest.mark.parametrize(
    ("one", "other", "blended"),
    [
        ("a [REDACTED:r#1] b", "a [REDACTED:r#1] b", "a [REDACTED:r#1] b"),
        ("a [REDACTED:r#1] b x", "a x b [REDACTED:q#1]", "a [REDACTED:r#1] b [REDACTED:q#1]"),
        ("KEY=[REDACTED:r#1] x", "[REDACTED:q#1] x", "[REDACTED:q#1] x"),  # the wider one
        ("[REDACTED:r#1]", "[REDACTED:q#1]", "[REDACTED:q#1]"),
        ("~/a [REDACTED:r#1].", "/home/ada/a key.", "~/a [REDACTED:r#1]."),
        ("a [REDACTED:r#1] b", "a key c", None),
        ("a", "b", None),
        ("a [REDACTED:r#1]", "b [REDACTED:q#1]", None),
    ],
)
def test_two_texts_make_one_or_none(one, other, blended):
    assert blend(one, other) == blended
    assert blend(other, one) == blended


def test_what_a_placeholder_stands_for_is_learned_only_where_it_is_sure():
    learned = ([], [])
    assert blend("a [REDACTED:r#1], b", "a key, key, b", learned) == "a [REDACTED:r#1], b"
    assert learned == ([("[REDACTED:r#1]", "key, key")], [])
    learned = ([], [])
    assert blend("[REDACTED:r#1], b [REDACTED:r#2]", "x, b y, b z", learned) is not None
    assert learned[0][0] == ("[REDACTED:r#1]", None)


@pytest.mark.parametrize(
    ("one", "other"), [({"a": 1}, {"a": 1, "b": 2}), ([1], [1, 2]), (1, 2), ("a", 1), (1, 1.0)]
)
def test_values_that_differ_in_more_are_not_blended(one, other):
    with pytest.raises(ValueError, match="differ"):
        blend_values(one, other, ([], []))


# --- archive.yaml ---


def policy(**more: object) -> bytes:
    return emit({"format": "1.0", "min_reader": "1.0", **more}, "archive")


RULE = {"id": "r", "regex": "(lamp)"}


@pytest.mark.parametrize(
    ("common", "one", "other", "wanted"),
    [
        ({}, {"ignored": ["x:b"]}, {"ignored": ["x:a"]}, {"ignored": ["x:a", "x:b"]}),
        ({"ignored": ["x:a"]}, {}, {"ignored": ["x:a", "x:b"]}, {"ignored": ["x:b"]}),
        (None, {"ignored": ["x:a"]}, {}, {"ignored": ["x:a"]}),
        (
            {"redaction": {"enabled": False}},
            {"redaction": {"anonymize": True}},
            {"redaction": {"enabled": False, "rules": [RULE]}},
            {"redaction": {"anonymize": True, "rules": [RULE]}},
        ),
        # Without a common form only what both let through is let through.
        (
            None,
            {"redaction": {"allow": ["a", "b"], "enabled": False}},
            {"redaction": {"allow": ["b", "c"]}},
            {"redaction": {"allow": ["b"]}},
        ),
        (None, {"redaction": {"disable": ["a"]}}, {}, {}),
        ({}, {"format": "1.10"}, {"format": "1.9"}, {"format": "1.10"}),
    ],
)
def test_policies_have_what_both_sides_changed(common, one, other, wanted):
    before = None if common is None else policy(**common)
    made = merge_policies(before, policy(**one), policy(**other))
    assert parse(made) == parse(policy(**wanted))
    assert made == merge_policies(before, policy(**other), policy(**one))


def test_policies_that_contradict_each_other_stay_a_conflict():
    one = policy(redaction={"rules": [RULE]})
    other = policy(redaction={"rules": [{**RULE, "regex": "(dark)"}]})
    with pytest.raises(Conflict, match="the rule r"):
        merge_policies(policy(), one, other)
    with pytest.raises(Conflict, match="cannot be read"):
        merge_policies(policy(), one, b"<<<<<<< ours\n")


def test_comments_of_a_policy_stay():
    one = policy(ignored=["x:a"]) + b"# why\n"
    made = merge_policies(policy(), one, policy(ignored=["x:b"]))
    assert b"# why\n" in made
    assert parse(made)["ignored"] == ["x:a", "x:b"]
