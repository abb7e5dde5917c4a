"""What importing, restoring and verifying cost, beside `jq -c .` and `b3sum --check`.

Run `python tests/benchmarks/importing.py`. Logs of 4 MB and 36 MB come from a seeded generator;
every figure is a whole process's, the median of five after one that does not count, all in one
run. Memory is the largest resident size of one process; this one makes the logs in a child,
for a child's count begins with its parent's size.
"""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

TESTS = str(Path(__file__).resolve().parent.parent)
MAKE = """
import sys
sys.path.insert(0, sys.argv[1])
from claude_logs import log_of_bytes
open(sys.argv[3], "wb").write(log_of_bytes(int(sys.argv[2])))
"""
ROUNDS = 5
MEGABYTE = 1_000_000


def run(command: list[str], directory: Path, output: Path | None = None) -> tuple[float, float]:
    """Return seconds and the peak of resident megabytes of one process."""
    with Path(output or os.devnull).open("wb") as stream:
        start = time.perf_counter()
        process = subprocess.Popen(command, cwd=directory, stdout=stream, stderr=stream)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
    if status:
        message = f"{command} failed"
        raise SystemExit(message)
    return seconds, usage.ru_maxrss / 1024


def median(
    command: list[str], directory: Path, *, fresh: Path | None = None
) -> tuple[float, float]:
    """Return the median time and the largest memory; `fresh` is removed before each run."""
    samples = []
    for number in range(ROUNDS + 1):
        if fresh is not None:
            shutil.rmtree(fresh, ignore_errors=True)
        sample = run(command, directory)
        if number:
            samples.append(sample)
    return statistics.median(s for s, _ in samples), max(m for _, m in samples)


def main() -> None:
    """Measure and print a table."""
    program = str(Path(sys.executable).with_name("sessionfs"))
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        rows: dict[str, tuple[float, float]] = {}
        for size in (4, 36):
            log = place / f"{size}.jsonl"
            making = [sys.executable, "-c", MAKE, TESTS, str(size * MEGABYTE), str(log)]
            subprocess.run(making, check=True)
            archive = place / f"archive-{size}"
            importing = [program, "import", str(log), "-a", str(archive)]
            rows[f"import {size} MB"] = median(importing, place, fresh=archive)
        session = next((place / "archive-36").glob("20*/*/*"))
        export = [program, "export", str(session), "--to", "native", "-o", "out", "--force"]
        rows["export 36 MB"] = median(export, place)
        rows["verify 36 MB"] = median([program, "verify", str(session)], place)
        if shutil.which("jq"):
            rows["jq -c . 36 MB"] = median(["jq", "-c", ".", str(place / "36.jsonl")], place)
        if shutil.which("b3sum"):
            command = ["b3sum", "--check", "--quiet", "checksums.b3"]
            rows["b3sum --check"] = median(command, session)
    for label, (seconds, memory) in rows.items():
        print(f"{label:16} {seconds:8.3f} s {memory:8.1f} MB")
    growth = rows["import 36 MB"][0] / rows["import 4 MB"][0]
    print(f"import: 36 MB takes {growth:.1f} x as long as 4 MB")
    for ours, theirs in (
        ("import 36 MB", "jq -c . 36 MB"),
        ("export 36 MB", "jq -c . 36 MB"),
        ("verify 36 MB", "b3sum --check"),
    ):
        if theirs in rows:
            print(f"{ours}: {rows[ours][0] / rows[theirs][0]:.1f} x {theirs}")


if __name__ == "__main__":
    main()
