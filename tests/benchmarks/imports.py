"""What each dependency costs: import time and size on disk, the numbers of ADR 0007.

Run `python tests/benchmarks/imports.py`. A fresh process an import, bytecode already cached; the
rounds go through all modules in turn, the smallest time of each counts, and that of `pass` is
taken off.
"""

import subprocess
import sys
import time
from importlib.metadata import distribution

MODULES = {
    "msgspec": ("msgspec",),
    "zstandard": ("zstandard",),
    "filelock": ("filelock",),
    "blake3": ("blake3",),
    "click": ("click",),
    "jsonschema": (
        "jsonschema",
        "jsonschema-specifications",
        "referencing",
        "rpds-py",
        "attrs",
    ),
    "ruamel.yaml": ("ruamel.yaml",),
    "ulid": ("python-ulid",),
    "jsonschema_rs": ("jsonschema_rs",),
}
ROUNDS = 25


def seconds(code: str) -> float:
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    return time.perf_counter() - start


def megabytes(names: tuple[str, ...]) -> float:
    files = [path for name in names for path in distribution(name).files or ()]
    sizes = [path.locate() for path in files if path.suffix != ".pyc"]
    return sum(path.stat().st_size for path in sizes if path.is_file()) / 1e6


def main() -> None:
    codes = {"": "pass"} | {
        name: f"import {name}"
        for name in MODULES
        if subprocess.run(
            [sys.executable, "-c", f"import {name}"], capture_output=True, check=False
        ).returncode
        == 0
    }
    best = dict.fromkeys(codes, float("inf"))
    for _ in range(ROUNDS):
        for name, code in codes.items():
            best[name] = min(best[name], seconds(code))
    print(f"python -c pass: {best.pop('') * 1000:.1f} ms; Python {sys.version.split()[0]}")
    floor = min(seconds("pass") for _ in range(ROUNDS))
    for name, least in best.items():
        size = megabytes(MODULES[name])
        version = distribution(MODULES[name][0]).version
        print(f"{name:14}{version:>12}{(least - floor) * 1000:8.1f} ms{size:8.1f} MB")


if __name__ == "__main__":
    main()
