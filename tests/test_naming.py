"""Names of source files that clash: as looking at every pair of them tells."""

from hypothesis import given
from hypothesis import strategies as st

from sessionfs.check.naming import Clash, Names


def clashes(first: str, second: str) -> bool:
    return first == second or first.startswith(f"{second}/") or second.startswith(f"{first}/")


@given(st.lists(st.text("aAb/", min_size=1, max_size=5).map(lambda t: t.strip("/") or "a")))
def test_it_tells_what_comparing_all_pairs_tells(names: list[str]) -> None:
    known, earlier = Names(), set[str]()
    for name in names:
        clash = known.add(name)
        if name in earlier:
            assert clash is None
            continue
        exact = any(clashes(name, other) for other in earlier)
        folded = any(clashes(name.lower(), other.lower()) for other in earlier)
        assert (clash is not None) is folded
        assert clash is None or clash.everywhere is exact
        earlier.add(name)


def test_what_clashes_everywhere_is_told_as_such() -> None:
    known = Names()
    assert known.add("a/b") is None
    assert known.add("a") == Clash("a/b", everywhere=True)
    assert known.add("A") == Clash("a/b", everywhere=False)
    assert known.add("a/b/c") == Clash("a", everywhere=True)
    assert known.add("a/B") == Clash("a", everywhere=True)
    assert known.add("A/x") == Clash("A", everywhere=True)
    assert known.add("A") is None
