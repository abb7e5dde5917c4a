"""What people say of a session, merged: reasoned cases of every key."""

from __future__ import annotations

import pytest

from sessionfs.merging.manifests import People, merge_text
from sessionfs.merging.removed import Removed
from sessionfs.yamltext import emit, parse

FACTS = {
    "format": "1.0",
    "min_reader": "1.0",
    "id": "01M81CYGKKYF3N2YJDPS3MWRXG",
    "source": {
        "flavor": "example",
        "native_id": "a1",
        "uid": "example:a1",
        "nature": "log",
        "adapter": "example/1",
        "name": "a1.jsonl",
    },
    "agent": {"name": "Example"},
    "started_at": "2026-11-22T10:31:07.123Z",
}
MARKS = [{"message": f"01M81CYGKK00000000000000A{digit}", "note": digit} for digit in "123"]


def manifest(**people: object) -> dict:
    return {**FACTS, **people}


def merge(common: dict | None, one: dict, other: dict, there: object = lambda *_: True) -> dict:
    """The merged manifest, the same in both directions but for the order of lists."""
    base = None if common is None else manifest(**common)
    return People(base, manifest(**one), manifest(**other), there).merged()


@pytest.mark.parametrize(
    ("common", "one", "other", "wanted"),
    [
        # One side changed it, both changed it alike, one took it away.
        ({"title": "a"}, {"title": "b"}, {"title": "a"}, {"title": "b"}),
        ({"title": "a"}, {"title": "b"}, {"title": "b"}, {"title": "b"}),
        ({"title": "a"}, {}, {"title": "a"}, {"title": None}),
        ({"title": "a"}, {}, {"title": "b"}, {"title": "b"}),
        ({}, {"title": "b"}, {}, {"title": "b"}),
        (None, {"title": "b"}, {}, {"title": "b"}),
        # Both changed it: the smaller one stays.
        ({"title": "c"}, {"title": "b"}, {"title": "a"}, {"title": "a"}),
        ({}, {"outcome": "unknown"}, {"outcome": "fail"}, {"outcome": "fail"}),
        ({}, {"outcome": "success"}, {"outcome": "fail"}, {"outcome": "fail"}),
        ({}, {"notes": "b"}, {"notes": "a"}, {"notes": "a\nb"}),
        ({}, {"notes": "a and more"}, {"notes": "a"}, {"notes": "a and more"}),
        # Lists: united, less what either side took out.
        ({"tags": ["x", "y"]}, {"tags": ["y"]}, {"tags": ["x", "y", "z"]}, {"tags": ["y", "z"]}),
        ({"tags": ["x"]}, {}, {"tags": ["x"]}, {"tags": None}),
        ({"tags": ["x"]}, {"tags": []}, {"tags": ["x"]}, {"tags": []}),
        (None, {"tags": ["b", "a"]}, {"tags": ["a", "b"]}, {"tags": ["a", "b"]}),
        (None, {"tags": ["b"]}, {"tags": ["a", "b"]}, {"tags": ["a", "b"]}),
        ({}, {"bookmarks": MARKS[:1]}, {"bookmarks": MARKS[1:]}, {"bookmarks": MARKS}),
        # Facts that one side has not.
        (None, {"agent": {"name": "Example"}}, {"agent": {"name": "Example", "version": "2"}},
         {"agent": {"name": "Example", "version": "2"}}),
        (None, {}, {"workspace": {"cwd": "~/a"}}, {"workspace": {"cwd": "~/a"}}),
        (None, {}, {"lineage": {"parent": "example:p", "relation": "resume"}},
         {"lineage": {"parent": "example:p", "relation": "resume"}}),
        # ext, key by key.
        ({"ext": {"a": 1}}, {"ext": {"a": 2}}, {"ext": {"a": 1, "b": 3}},
         {"ext": {"a": 2, "b": 3}}),
        ({"ext": {"a": {"x": 1}}}, {"ext": {"a": {"x": 2}}}, {"ext": {"a": {"x": 1, "y": 3}}},
         {"ext": {"a": {"x": 2, "y": 3}}}),
        ({"ext": {"a": 1}}, {}, {"ext": {"a": 1}}, {"ext": None}),
    ],
)  # fmt: skip
def test_a_key_is_merged(common, one, other, wanted):
    for first, second in ((one, other), (other, one)):
        merged = {**first, **merge(common, first, second)}
        if "bookmarks" in merged:  # the first one's come first
            merged["bookmarks"] = sorted(merged["bookmarks"] or (), key=lambda mark: mark["note"])
        assert {key: merged.get(key) for key in wanted} == wanted


@pytest.mark.parametrize(
    ("common", "one", "other", "kept"),
    [
        ({"title": "c"}, {"title": "b"}, {"title": "a"}, {"title": ["b"]}),
        (None, {"actor": "bo"}, {"actor": "ada"}, {"actor": ["bo"]}),
        # In ext itself, also where one of them is no object.
        (None, {"ext": {"k": 1}}, {"ext": {"k": {"x": 1}}}, {"ext.k": [{"x": 1}]}),
        # What lost before stays, unless a person took it away since.
        (
            {"title": "a", "ext": {"alternatives": {"title": ["z", "y"]}}},
            {"title": "b", "ext": {"alternatives": {"title": ["z"]}}},
            {"title": "c", "ext": {"alternatives": {"title": ["z", "y"]}}},
            {"title": ["c", "z"]},
        ),
    ],
)
def test_what_has_no_place_is_kept_beside(common, one, other, kept):
    for first, second in ((one, other), (other, one)):
        assert merge(common, first, second)["ext"]["alternatives"] == kept


def test_marks_of_what_is_not_there_are_left_out():
    def there(key: str, item: dict) -> bool:
        return key == "bookmarks" and item["note"] == "2"

    checkpoints = [{"name": "c", "seq": 9, "seal": "0" * 64}]
    merged = merge(None, {}, {"bookmarks": MARKS, "checkpoints": checkpoints}, there)
    assert merged["bookmarks"] == [MARKS[1]]
    assert merged["checkpoints"] is None


def text(**people: object) -> bytes:
    return emit(manifest(**people), "manifest")


def test_the_text_of_the_other_side_is_taken_where_it_says_all():
    first, second = text(), b"# why\n" + text(tags=["x"])
    made, content = merge_text(first, second, None, {"tags": ["x"]})
    assert content == second
    assert made.tags == ["x"]


def test_comments_of_both_stay_and_those_that_were_taken_away_are_gone():
    common = b"# one\n# two\n" + text()
    first = b"# one\n# mine\n" + text()
    second = b"# one\n# two\n# theirs\n" + text(tags=["x"])
    _, content = merge_text(first, second, common, {"tags": ["x"], "title": "t"})
    told = [line for line in content.decode().split("\n") if line.startswith("# ")][:-1]
    assert {"# one", "# mine", "# theirs"} <= {*told, content.decode().split("\n")[-2]}
    assert b"# two" not in content
    assert parse(content)["title"] == "t"


def test_what_one_side_removed_is_known_by_key():
    one = text(title="a [REDACTED:r#1] b", notes="~/x", tags=["p [REDACTED:r#2]", "same"])
    other = text(title="a key b", notes="/home/ada/x", tags=["p lamp", "same"], domain="key")
    removed = Removed([one, other])
    assert removed.pairs == [("[REDACTED:r#1]", "key"), ("[REDACTED:r#2]", "lamp")]
    cleared = removed.clear(parse(other))
    assert (cleared["title"], cleared["notes"]) == ("a [REDACTED:r#1] b", "~/x")
    assert cleared["tags"] == ["p [REDACTED:r#2]", "same"]
    assert cleared["domain"] == "key"  # of another key nothing is known for sure
    assert removed.clear(parse(one)) == parse(one)


def test_what_may_be_one_or_another_teaches_nothing():
    one = text(tags=["[REDACTED:r#1]", "same"])
    other = text(tags=["lamp", "wick", "same"])
    assert Removed([one, other]).pairs == []
