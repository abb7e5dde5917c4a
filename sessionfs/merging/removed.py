"""What either side has taken out of a manifest, so that the other one does not bring it back."""

from __future__ import annotations

from itertools import permutations
from typing import TYPE_CHECKING, Any, Final

from sessionfs.home import tilde
from sessionfs.placeholder import PLACEHOLDER, pair
from sessionfs.yamltext import YamlError, parse

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sessionfs.placeholder import Pairs

_COMMENTS: Final = ""
"""Stands for the comments where a key of a manifest is asked."""

_MOST: Final = 1 << 12
"""Texts of one key beyond which none is compared with every other one."""


class Removed:
    """What was taken out of the forms of a manifest, by key: texts, and their placeholders."""

    def __init__(self, texts: Sequence[bytes]) -> None:
        """Compare the forms, given as they stand in their files."""
        self._pairs: dict[str, dict[str, str]] = {}
        self._homes: set[str] = set()
        plain = [parse(text) for text in texts]
        for template, other in permutations(plain, 2):
            for key in template.keys() & other.keys():
                self._learn(key, list(_strings(template[key])), list(_strings(other[key])))
        for one, another in permutations(texts, 2):
            self._learn(_COMMENTS, comments_of(one), comments_of(another))

    @property
    def pairs(self) -> Pairs:
        """Placeholders, and what they stand for."""
        found = {(name, text) for texts in self._pairs.values() for text, name in texts.items()}
        return [(name, text) for name, text in sorted(found)]

    def clear(self, manifest: Mapping[str, Any]) -> dict[str, Any]:
        """Return a manifest, as a plain object, without it."""
        return {key: self._cleared(key, value) for key, value in manifest.items()}

    def clear_comments(self, text: bytes) -> bytes:
        """Return the text of a manifest whose comments are without it."""
        lines = text.decode().split("\n")
        cleared = (self._cleared(_COMMENTS, one) if is_comment(one) else one for one in lines)
        made = "\n".join(cleared).encode()
        try:
            return made if parse(made) == parse(text) else text
        except YamlError:
            return text

    def _learn(self, key: str, templates: Sequence[str], texts: Sequence[str]) -> None:
        """Learn from texts of one key; what may be one thing or another teaches nothing."""
        marked = [one for one in templates if one not in texts and PLACEHOLDER.search(one)]
        others = [one for one in texts if one not in templates]
        if len(marked) * len(others) > _MOST:
            return
        for template in marked:
            covered = [found for text in others if (found := pair(template, text)) is not None]
            for name, text in covered[0] if len(covered) == 1 else ():
                if text and not PLACEHOLDER.search(text):
                    known = self._pairs.setdefault(key, {})
                    known[text] = min(name, known.get(text, name))
        if any("~" in one and tilde(text) == one != text for one in templates for text in others):
            self._homes.add(key)

    def _cleared(self, key: str, value: Any) -> Any:  # noqa: ANN401  JSON is any value
        pairs = self._pairs.get(key)
        if pairs is None and key not in self._homes:
            return value
        match value:
            case str():
                for text in sorted(pairs or (), key=lambda one: (-len(one), one)):
                    value = value.replace(text, (pairs or {})[text])
                return tilde(value) if key in self._homes else value
            case list():
                return [self._cleared(key, item) for item in value]
            case dict():
                return {name: self._cleared(key, item) for name, item in value.items()}
            case _:
                return value


def comments_of(text: bytes) -> list[str]:
    """Return the lines of comment of a manifest."""
    return [line for line in text.decode().split("\n") if is_comment(line)]


def is_comment(line: str) -> bool:
    """Tell whether a line is a comment: further inside it may be a part of a text."""
    return line.startswith("#")


def _strings(value: Any) -> Iterator[str]:  # noqa: ANN401
    match value:
        case str():
            yield value
        case list():
            for item in value:
                yield from _strings(item)
        case dict():
            for item in value.values():
                yield from _strings(item)
        case _:
            pass
