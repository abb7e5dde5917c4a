"""How the time grows with text that was made to take long: YAML, and what a terminal would obey.

Run `python tests/benchmarks/hostile.py`. Each row: seconds of this processor for a quarter of the
text, for all of it, and how many times longer that took: four is linear, sixteen is quadratic.
"""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING, Any

from sessionfs.view.text import safe
from sessionfs.yamltext import MAX_SIZE, YamlError, parse

if TYPE_CHECKING:
    from collections.abc import Callable

YAML = {
    "[[[": b"[" * MAX_SIZE,
    "{a: {a:": b"a: " + b"{a: " * 200_000,
    "- - -": b"- " * 500_000,
    "backslashes": b'a: "' + b"\\" * 1_000_000,
    "quotes": b"a: '" + b"'" * 999_999,
    "x: x:": b"a: " + b"x: " * 300_000,
    "empty lines": b"a: |\n" + b"\n" * 1_000_000,
}
ESCAPES = ("\x1b]", "\x1b[", "\x1bP", "\x9d", "\x90", "\x9b", "\x1bPx", "\x9dx", "\x1b[0", "\x9b0")


def read(text: bytes) -> None:
    with contextlib.suppress(YamlError):
        parse(text)


def took(work: Callable[[Any], object], text: bytes | str) -> float:
    start = time.process_time()
    work(text)
    return time.process_time() - start


def row(name: str, short: float, whole: float) -> None:
    print(f"{name:>14}  {short:8.3f}  {whole:8.3f}  {whole / max(short, 1e-6):6.1f}")


if __name__ == "__main__":
    for name, text in YAML.items():
        row(name, took(read, text[: len(text) // 4]), took(read, text[:MAX_SIZE]))
    for evil in ESCAPES:
        text = evil * 200_000
        row(repr(evil), took(safe, text[: len(text) // 4]), took(safe, text))
