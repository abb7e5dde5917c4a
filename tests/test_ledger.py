"""The ledger is a dict in few bytes: the same answers for any names in any order."""

import random
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sessionfs import ledger
from sessionfs.identity import message_id
from sessionfs.ledger import Ledger, name_key, ulid_key

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
NAMES = st.text(max_size=3) | st.text(ALPHABET[:3], min_size=1, max_size=4)
ULIDS = st.builds("{}{}".format, st.sampled_from("07"), st.text("0HZ", min_size=25, max_size=25))


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """So few rows are held and put together that every case comes up."""
    monkeypatch.setattr(ledger, "RECENT", 5)
    monkeypatch.setattr(ledger, "BUCKET", 4)


@settings(max_examples=300)
@given(st.lists(st.tuples(NAMES, st.integers(-9, 2**53)), max_size=200))
def test_it_answers_as_a_dict_does(pairs):
    known, rows = {}, Ledger(numbers=2)
    for name, number in pairs:
        assert rows.get(name) == known.get(name)
        assert (name in rows) == (name in known)
        known[name] = (number, -number)
        rows.put(name, known[name])
    assert all(rows.get(name) == row for name, row in known.items())
    assert "never put in" not in rows


@settings(max_examples=300)
@given(st.lists(ULIDS, max_size=200), st.booleans())
def test_ulids_in_order_or_not(ulids, ascending):
    known, rows = set(), Ledger(ulid_key)
    for ulid in sorted(ulids) if ascending else ulids:
        assert (ulid in rows) == (ulid in known)
        known.add(ulid)
        rows.put(ulid)
    assert all(ulid in rows for ulid in known)
    keys = [bytes(b[at : at + 16]) for b in rows._buckets for at in range(0, len(b), 16)]
    assert keys == sorted(set(keys))
    assert rows._firsts == [bytes(bucket[:16]) for bucket in rows._buckets]


def test_a_key_is_the_ulid_and_keeps_its_order():
    from ulid import ULID

    chance = random.Random(1)
    ulids = [
        "0" * 26,
        "7" + "Z" * 25,
        *(message_id("u", chance.randrange(2**48), str(n), n, repeated=False) for n in range(200)),
    ]
    assert [ulid_key(ulid) for ulid in ulids] == [ULID.from_str(ulid).bytes for ulid in ulids]
    assert sorted(ulids, key=ulid_key) == sorted(ulids)
    assert name_key("\ud800") != name_key("?")


@pytest.mark.parametrize("ascending", [True, False])
def test_it_takes_few_bytes(monkeypatch, ascending):
    monkeypatch.undo()
    chance = random.Random(2)
    ulids = [
        message_id("u", time if ascending else chance.randrange(2**48), None, time, repeated=False)
        for time in range(4 * ledger.RECENT)
    ]
    tracemalloc.start()
    rows = Ledger(ulid_key)
    for ulid in ulids:
        rows.put(ulid)
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert held / len(ulids) < 25
