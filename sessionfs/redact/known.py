"""The secrets of one session: each has one placeholder, wherever it stands."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sessionfs.errors import SessionfsError
from sessionfs.placeholder import (
    HOME_DIRECTORY,
    PLACEHOLDER,
    make_placeholder,
    split_placeholder,
)
from sessionfs.redact.patterns import Pattern, literal

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_SECRETS = 16_384
"""Most different secrets of one session."""

_AT_ONCE = 1 << 17
"""Bytes of secrets in one pattern."""

_HEAD = 512
"""Bytes of a longer secret that a pattern has; the rest is compared."""

_Forms = dict[bytes, list[tuple[bytes, str]]]
"""The forms of secrets, each with its placeholder, by how they begin."""

_SHORTEST = 6
"""Bytes below which a secret is removed only where a rule finds it."""

_INSIDE = 8
"""Bytes below which a secret is removed only where it stands as a word."""

_LONG = 16
"""Bytes from which any secret is removed, also one of letters alone."""

_URL_SAFE = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_LETTERS = re.compile(rb"[A-Za-z]")
_NO_LETTERS = re.compile(rb"[^A-Za-z._:/-]")


@dataclass(slots=True)
class Known:
    """The secrets of a session that are known so far, numbered as they were recognised.

    That order, and not the one in which they stand, is what growth of a log never changes.
    """

    grew: bool = False
    """Whether a secret became known since the last `take_stock`."""
    _names: dict[bytes, str] = field(default_factory=dict)
    _secrets: dict[str, bytes] = field(default_factory=dict)
    _last: dict[str, int] = field(default_factory=dict)
    _patterns: list[tuple[Pattern, _Forms]] | None = None

    @property
    def secrets(self) -> int:
        """How many secrets are known."""
        return len(self._names)

    def name(self, secret: bytes, rule: str) -> str:
        """Return the placeholder of a secret, a new one of this rule if it has none."""
        if rule == HOME_DIRECTORY:
            return "~"
        name = self._names.get(secret)
        if name is None:
            self._last[rule] = number = self._last.get(rule, 0) + 1
            name = make_placeholder(rule, number)
            self._keep(secret, name)
            self.grew = True
        return name

    def learn(self, secret: bytes, rule: str, number: int) -> None:
        """Take over what a placeholder stands for that is archived already."""
        self.reserve(rule, number)
        name = make_placeholder(rule, number)
        if secret not in self._names and name not in self._secrets:
            self._keep(secret, name)
            self._patterns = None

    def secret(self, name: str) -> bytes | None:
        """Return what a placeholder stands for, if that is known."""
        return self._secrets.get(name)

    def items(self) -> list[tuple[str, int, bytes]]:
        """Return rule, number and secret of each placeholder, sorted."""
        named = ((*split_placeholder(name), secret) for secret, name in self._names.items())
        return sorted(named)

    def take_over(self, other: Known) -> None:
        """Know what another session has removed, under numbers of this one."""
        for rule, _, secret in other.items():
            self.name(secret, rule)

    def reserve_in(self, text: str) -> None:
        """Give no number again that a placeholder in an archived text has."""
        for placeholder in PLACEHOLDER.findall(text):
            self.reserve(*split_placeholder(placeholder))

    def reserve(self, rule: str, number: int) -> None:
        """Give no number again up to one that an archived placeholder has."""
        self._last[rule] = max(number, self._last.get(rule, 0))

    def _keep(self, secret: bytes, name: str) -> None:
        self._names[secret] = name
        self._secrets[name] = secret
        if len(self._names) > MAX_SECRETS:
            message = f"more than {MAX_SECRETS:,} different secrets in one session"
            hint = "if they are none, say so in archive.yaml (`redaction.allow`)"
            raise SessionfsError(message, hint=hint)

    def take_stock(self) -> None:
        """Look from now on for every secret that is known."""
        self.grew = False
        self._patterns = None

    def patterns(self) -> list[tuple[Pattern, _Forms]]:
        """Return patterns of all forms of the secrets known at the last stock-taking."""
        if self._patterns is None:
            self._patterns = []
            forms: _Forms = {}
            size = 0
            for secret, name in self._names.items():
                for form in _forms(secret) if is_strong(secret) else ():
                    head = form[:_HEAD]
                    forms.setdefault(head, []).append((form, name))
                    size += len(head)
                if size >= _AT_ONCE:
                    self._patterns.append((_any_of(forms), forms))
                    forms, size = {}, 0
            if forms:
                self._patterns.append((_any_of(forms), forms))
        return self._patterns

    def is_in(self, content: bytes) -> bool:
        """Tell whether a known secret stands in a content: a text, or JSON with texts."""
        return any(pattern.is_in(content) for pattern, _ in self.patterns())

    def find(self, text: bytes) -> Iterator[tuple[int, int, str]]:
        """Yield begin, end and placeholder of each known secret, in any of its forms."""
        for pattern, forms in self.patterns():
            for match in pattern.find(text):
                start = match.span(0)[0]
                for form, name in forms[match.group(0) or b""]:
                    if text.startswith(form, start):
                        yield start, start + len(form), name


def is_strong(secret: bytes) -> bool:
    """Tell whether a secret is one wherever it stands; `admin` is one only as a password."""
    if len(secret) < _SHORTEST or not _is_utf8(secret):
        return False
    mixed = _LETTERS.search(secret) is not None and _NO_LETTERS.search(secret) is not None
    return mixed or len(secret) >= _LONG


def _is_utf8(secret: bytes) -> bool:
    try:
        secret.decode()
    except UnicodeDecodeError:
        return False
    return True


def _any_of(forms: _Forms) -> Pattern:
    return Pattern("|".join(map(_pattern, sorted(forms, key=lambda head: (-len(head), head)))))


def _pattern(form: bytes) -> str:
    if len(form) >= _INSIDE:
        return literal(form)
    return rf"\b{literal(form)}\b" if form[:1].isalnum() and form[-1:].isalnum() else literal(form)


def _forms(secret: bytes) -> Iterator[bytes]:
    """Yield a secret plain, in JSON, in JSON in JSON, percent-encoded, and in Base64."""
    yield secret
    if len(secret) < _INSIDE:
        return
    if secret.isalnum():
        quoted = once = secret
    else:
        once = _in_json(secret)
        quoted = b"".join(
            bytes((byte,)) if byte in _URL_SAFE else b"%%%02X" % byte for byte in secret
        )
    if once != secret:
        yield once
        yield _in_json(once)
    if quoted != secret:
        yield quoted
    for shift in range(3):
        # Of the digits at both ends, those count that nothing but the secret decides about.
        encoded = base64.b64encode(b"\0" * shift + secret)
        first = (0, 2, 3)[shift]
        last = (shift + len(secret)) * 8 // 6
        digits = encoded[first:last]
        yield digits
        url_safe = digits.translate(bytes.maketrans(b"+/", b"-_"))
        if url_safe != digits:
            yield url_safe


def _in_json(secret: bytes) -> bytes:
    return json.dumps(secret.decode(), ensure_ascii=False)[1:-1].encode()
