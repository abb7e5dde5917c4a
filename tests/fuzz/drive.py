"""One harness under atheris: `python drive.py HARNESS DIRECTORY [libFuzzer's options and corpora]`.

`run.py` starts it; it is a program of its own because a fuzzer ends with its process.
"""

from __future__ import annotations

import os
import resource
import sys
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from traceback import print_exc

import atheris

GROWTH = 500
"""Megabytes that a harness may need above what it needs to begin with."""


def main(name: str, found: str, options: list[str]) -> None:
    """Run a harness until libFuzzer has had enough; what it finds goes into a directory."""
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    with atheris.instrument_imports(include=["sessionfs"], enable_loader_override=False):
        harness = import_module(f"fuzz.{name}")
        for start in list(harness.starts())[:3]:
            harness.TestOneInput(start)  # imports what is imported late

    def judge(data: bytes) -> None:
        try:
            harness.TestOneInput(data)
        except Exception:  # noqa: BLE001  whatever it is, it is what we look for
            print_exc()
            Path(f"{found}/crash-{sha256(data).hexdigest()[:40]}").write_bytes(data)
            sys.stderr.flush()
            os._exit(1)  # libFuzzer's own way out can lose the input

    def mutate(data: bytes, max_size: int, seed: int) -> bytes:
        return harness.mutate(bytes(data), max_size, seed, atheris.Mutate)

    baseline = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10
    options += ["-timeout=5", f"-rss_limit_mb={baseline + GROWTH}", f"-artifact_prefix={found}/"]
    atheris.Setup([sys.argv[0], *options], judge, custom_mutator=mutate)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
