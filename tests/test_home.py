"""What a URL says of a person is told by its shape, and left out."""

import pytest

from sessionfs.home import without_user


@pytest.mark.parametrize(
    ("url", "left"),
    [
        ("https://ada:secret@example.org/a.git", "https://example.org/a.git"),
        ("https://token@example.org", "https://example.org"),
        ("https://a b:c@d@example.org/a@b", "https://example.org/a@b"),
        ("ssh://git@example.org:22/a", "ssh://example.org:22/a"),
        ("https://example.org/a@b", "https://example.org/a@b"),
        ("https://example.org?to=a@b", "https://example.org?to=a@b"),
        ("git@example.org:ada/a.git", "git@example.org:ada/a.git"),
        ("/srv/git//ada@b/a.git", "/srv/git//ada@b/a.git"),
        ("https://example.org//ada@b", "https://example.org//ada@b"),
        ("//ada@example.org/a", "//example.org/a"),
        ("", ""),
    ],
)
def test_user_information_goes(url: str, left: str) -> None:
    assert without_user(url) == left
    assert without_user(left) == left
