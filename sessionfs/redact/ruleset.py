"""The rules that tell a secret, in the shape of a gitleaks file; a team may add its own.

A rule that cannot be read or compiled stops everything: what was not looked for may be there.
"""

from __future__ import annotations

import math
import re
import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from sessionfs.errors import SessionfsError
from sessionfs.redact.patterns import BadPattern, Pattern, Patterns, literal
from sessionfs.redact.views import CODES_IN_JSON

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from sessionfs.redact.patterns import Match

DEFAULT = "rules.toml"
PRIVATE = "private.toml"

_ID = re.compile(r'[!"$-\\^-~]{1,128}')
_NO_KEYWORD = re.compile(r'["\\\x00-\x1f]')
"""What JSON would spell otherwise: a keyword that has it could be missed."""

_AROUND = 1024
"""Bytes on either side of a match that count as its line, however long that is."""

_ESCAPED_SLASH = r"\\*/"

_REPETITION = re.compile(r"(?<!\\x)(?<!\\p)(?<!\\P)\{([0-9]+)(,[0-9]*)?\}")
_COUNTED = 6
"""How far a prefilter counts."""


class BadRules(SessionfsError):
    """Rules that cannot be used; nothing may be written that they have not seen."""


@dataclass(slots=True, frozen=True)
class Allowlist:
    """What a rule finds and is no secret."""

    regexes: Pattern | None = None
    """Any of them."""
    stopwords: tuple[bytes, ...] = ()
    target: str = "secret"
    every: bool = False
    """All that is listed must hold, not any of it."""
    rules: frozenset[str] = frozenset()
    """The rules that it is for; none: all."""

    def allows(self, rule: str, text: bytes, match: Match, secret: bytes) -> bool:
        """Tell whether what a rule found is no secret."""
        if self.rules and rule not in self.rules:
            return False
        if self.target == "line":
            start, end = match.span(0)
            before, after = text[max(0, start - _AROUND) : start], text[end : end + _AROUND]
            target = before[before.rfind(b"\n") + 1 :] + text[start:end] + after.partition(b"\n")[0]
        else:
            target = (match.group(0) or b"") if self.target == "match" else secret
        lowered = secret.lower()
        told = []
        if self.regexes is not None:
            told.append(self.regexes.is_in(target))
        if self.stopwords:
            told.append(any(word in lowered for word in self.stopwords))
        return bool(told) and (all(told) if self.every else any(told))


@dataclass(slots=True, frozen=True)
class Rule:
    """One kind of secret: how it is found, and what of a match is the secret."""

    id: str
    description: str
    regex: Pattern
    prefilter: Pattern
    """It matches wherever `regex` does, also in JSON text; empty: everywhere."""
    group: int = 0
    entropy: float = 0.0
    allowlists: tuple[Allowlist, ...] = ()

    def secret_in(self, match: Match) -> tuple[int, int]:
        """Return where the secret of a match stands: its group, else the first one that matched."""
        if self.group:
            return match.span(self.group)
        groups = (match.span(number) for number in range(1, self.regex.groups + 1))
        return next((span for span in groups if span[0] >= 0 and span[1] > span[0]), match.span(0))


class Ruleset:
    """All rules that are in force, and the filters that make looking for them cheap."""

    def __init__(self, rules: Sequence[Rule], allowlists: Sequence[Allowlist] = ()) -> None:
        """Put rules together; allowlists are for each of them."""
        self.rules = tuple(rules)
        self._allowlists = tuple(allowlists)
        short = [_shortened(rule.prefilter.text) for rule in self.rules]
        self.any = Pattern("|".join((*(f"(?:{each})" for each in short), CODES_IN_JSON)))
        """Matches wherever a rule may find something, or a text is shown otherwise by its codes."""
        self._each = Patterns((*short, CODES_IN_JSON))

    def may_be_in(self, text: bytes) -> bool:
        """Tell whether a rule may find something in a text, or in a text in this JSON."""
        return next(self.rules_for(text), None) is not None

    def rules_for(self, text: bytes) -> Iterator[Rule]:
        """Yield the rules whose whole prefilter matches."""
        if not self.any.is_in(text):
            return
        # Something of the set matches. One that runs out of memory tells of no match, and no error.
        for number in self._each.found_in(text) or range(len(self.rules)):
            if number < len(self.rules) and self.rules[number].prefilter.is_in(text):
                yield self.rules[number]

    def find(self, text: bytes) -> Iterator[tuple[int, int, str]]:
        """Yield begin, end and rule of each secret in a text, rule by rule."""
        for rule in self.rules_for(text):
            for match in rule.regex.find(text):
                start, end = rule.secret_in(match)
                secret = text[start:end]
                if start < end and not self._is_allowed(rule, text, match, secret):
                    yield start, end, rule.id

    def _is_allowed(self, rule: Rule, text: bytes, match: Match, secret: bytes) -> bool:
        if rule.entropy and entropy(secret) <= rule.entropy:
            return True
        return any(
            each.allows(rule.id, text, match, secret)
            for each in (*rule.allowlists, *self._allowlists)
        )


def _shortened(prefilter: str) -> str:
    """Return a prefilter that counts less far: many of them together stay a small automaton.

    It matches wherever the longer one does.
    """

    def repetition(match: re.Match[str]) -> str:
        least = min(int(match[1]), _COUNTED)
        if match[2] is None and least == int(match[1]):
            return match[0]
        return f"{{{least},}}" if least else "*"

    return _REPETITION.sub(repetition, prefilter)


def entropy(secret: bytes) -> float:
    """Return the Shannon entropy of a secret, in bits a byte."""
    counts = (secret.count(byte) / len(secret) for byte in set(secret))
    return -sum(share * math.log2(share) for share in counts)


@cache
def shipped(name: str) -> dict[str, Any]:
    """Return rules that come with this package: `DEFAULT`, or `PRIVATE` for names of people."""
    return tomllib.loads(files(__package__).joinpath(name).read_text("utf-8"))


def read_rules(name: str, content: bytes) -> dict[str, Any]:
    """Return the rules of a file in the shape of gitleaks. Raises `BadRules`."""
    try:
        return tomllib.loads(content.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadRules(f"{name}: {error}", hint="mend the file: nothing was written") from None


@cache
def _ours(name: str) -> tuple[dict[str, Rule], list[Allowlist]]:
    """Return the rules of a document that comes with this package, compiled: that takes a while."""
    return _read(shipped(name))


def load_ruleset(
    added: Iterable[tuple[str, Mapping[str, Any]]] = (),
    *,
    disabled: Iterable[str] = (),
    allowed: Sequence[str] = (),
    anonymize: bool = False,
) -> Ruleset:
    """Return the default rules and those of further documents, given by name.

    A later rule takes the place of an earlier one of its id. `allowed` are patterns of what is
    no secret; `anonymize` adds the rules for people and machines. Raises `BadRules`.
    """
    rules: dict[str, Rule] = {}
    allowlists: list[Allowlist] = []
    for name in (DEFAULT, PRIVATE) if anonymize else (DEFAULT,):
        more, general = _ours(name)
        rules |= more
        allowlists += general
    for name, document in added:
        try:
            more, general = _read(document)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            said = f"{name}: {_told(error)}"
            raise BadRules(said, hint="mend the rules: nothing was written") from None
        rules |= more
        allowlists += general
    if unknown := sorted(set(disabled) - set(rules)):
        message = f"archive.yaml disables a rule that there is not: {unknown[0]}"
        raise BadRules(message, hint="`sessionfs redact --list` shows them")
    kept = [rule for rule in rules.values() if rule.id not in set(disabled)]
    try:
        if allowed:
            allowlists.append(Allowlist(regexes=_union(allowed)))
        return Ruleset(kept, allowlists)
    except BadPattern as error:
        hint = "mend the pattern, in RE2 syntax"
        raise BadRules(f"`allow` in archive.yaml: {error}", hint=hint) from None


def _told(error: Exception) -> str:
    return f"no {error}" if isinstance(error, KeyError) else str(error)


def _read(document: Mapping[str, Any]) -> tuple[dict[str, Rule], list[Allowlist]]:
    if "path" in document.get("extend", {}):
        raise ValueError("`extend.path` is not followed: list each file in archive.yaml")
    rules: dict[str, Rule] = {}
    for table in document.get("rules", []):
        if "regex" not in table or table.get("skipReport"):
            continue  # a rule about paths, or one that reports nothing itself
        try:
            rule = _rule(table)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise ValueError(f"rule {table.get('id')}: {_told(error)}") from None
        rules[rule.id] = rule
    return rules, [_allowlist(table) for table in _allowlists(document)]


def _rule(table: Mapping[str, Any]) -> Rule:
    identifier = table["id"]
    if _ID.fullmatch(identifier) is None:
        raise ValueError("an id is printable ASCII without # and ]")
    regex = Pattern(table["regex"])
    group = int(table.get("secretGroup", 0))
    if not 0 <= group <= regex.groups:
        raise ValueError(f"the regex has no group {group}")
    prefilter = table.get("prefilter")
    if prefilter is None:
        prefilter = _keywords(table.get("keywords", ()))
    return Rule(
        id=identifier,
        description=str(table.get("description", "")),
        regex=regex,
        prefilter=Pattern(prefilter),
        group=group,
        entropy=float(table.get("entropy", 0)),
        allowlists=tuple(map(_allowlist, _allowlists(table))),
    )


def _keywords(words: Sequence[str]) -> str:
    """Return the pattern of any of the words, in text and in JSON; empty where one is unsafe."""
    if not words or any(_NO_KEYWORD.search(word) for word in words):
        return ""
    alternatives = (literal(word.encode()).replace(literal(b"/"), _ESCAPED_SLASH) for word in words)
    return f"(?i:{'|'.join(alternatives)})"


def _union(patterns: Sequence[str]) -> Pattern | None:
    """Return the pattern of any of these, each of which can be compiled."""
    for pattern in patterns:
        Pattern(pattern)
    return Pattern("|".join(f"(?:{pattern})" for pattern in patterns)) if patterns else None


def _allowlists(table: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    old = table.get("allowlist")
    return [*([old] if old else []), *table.get("allowlists", [])]


def _allowlist(table: Mapping[str, Any]) -> Allowlist:
    every = str(table.get("condition", "OR")).upper() in ("AND", "&&")
    if every and ("paths" in table or "commits" in table):
        return Allowlist()  # there are no such here, so it allows nothing
    return Allowlist(
        regexes=_union(table.get("regexes", ())),
        stopwords=tuple(word.lower().encode() for word in table.get("stopwords", ())),
        target=table.get("regexTarget", "secret"),
        every=every,
        rules=frozenset(table.get("targetRules", ())),
    )
