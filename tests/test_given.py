"""Which numbers were given: as a set of all of them would tell, in the memory of its gaps."""

from hypothesis import given
from hypothesis import strategies as st

from sessionfs.check.given import MAX_GAPS, Given


@given(st.lists(st.integers(min_value=1, max_value=40), max_size=60))
def test_it_tells_what_a_set_tells(numbers: list[int]) -> None:
    known, seen = Given(), set()
    for number in numbers:
        assert known.add(number) is (number not in seen)
        seen.add(number)
    assert known.highest == max(seen, default=0)


def test_gaps_beyond_the_limit_count_as_given() -> None:
    known = Given()
    for number in range(2, 2 * MAX_GAPS + 100, 2):
        assert known.add(number)
    assert known.add(1)
    assert known.add(2 * MAX_GAPS - 1)
    assert not known.add(2 * MAX_GAPS + 1)
    assert not known.add(2 * MAX_GAPS - 1)


def test_a_wide_gap_costs_what_a_narrow_one_costs() -> None:
    known = Given()
    assert known.add(2**53 - 1)
    assert known.add(2**52)
    assert known.add(2**52 + 1)
    assert not known.add(2**52)
