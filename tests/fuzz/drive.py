"""One harness under atheris: `python drive.py HARNESS [options and corpora of libFuzzer]`.

`run.py` starts it; it is a program of its own because a fuzzer ends with its process.
"""

from __future__ import annotations

import resource
import sys
from importlib import import_module
from pathlib import Path

import atheris

GROWTH = 500
"""Megabytes that a harness may need above what it needs to begin with."""


def main(name: str, options: list[str]) -> None:
    """Run a harness until libFuzzer has had enough."""
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    with atheris.instrument_imports(include=["sessionfs"], enable_loader_override=False):
        harness = import_module(f"fuzz.{name}")
        for start in list(harness.starts())[:3]:
            harness.TestOneInput(start)  # imports what is imported late

    def mutate(data: bytes, max_size: int, seed: int) -> bytes:
        return harness.mutate(bytes(data), max_size, seed, atheris.Mutate)

    baseline = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    limits = ["-timeout=5", f"-rss_limit_mb={baseline + GROWTH}"]
    atheris.Setup([sys.argv[0], *limits, *options], harness.TestOneInput, custom_mutator=mutate)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
