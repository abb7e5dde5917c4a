"""Run the fuzzers for a given time: `python tests/fuzz/run.py --seconds 600`.

Each harness runs in a process of its own, so many side by side. Corpora, logs and reproducers
are kept outside of the tree. Exit code 0: nothing was found. 1: something was, and what makes it
happen again is named. 2: nothing was run.

`--replay FILE` runs one input through a harness, named by the directory that the file is in. It
needs no atheris.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from hashlib import sha256
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

HERE = Path(__file__).resolve().parent
HARNESSES = ("messages", "manifests", "checksums", "trees", "packs")
LONGEST = {"messages": 16384, "manifests": 16384, "checksums": 16384, "trees": 1024, "packs": 16384}
"""Most bytes of an input: small ones find the same things, and find them faster."""


def main(arguments: list[str]) -> int:
    """Return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("harness", nargs="*", help=f"one of {', '.join(HARNESSES)}; all of them")
    parser.add_argument("--seconds", type=int, default=60, help="for each harness (60)")
    parser.add_argument("--jobs", type=int, default=2, help="harnesses side by side (2)")
    parser.add_argument(
        "--keep", metavar="DIR", type=Path, help="keep, and go on from, corpora here"
    )
    parser.add_argument("--replay", metavar="FILE", type=Path, help="run this input alone")
    asked = parser.parse_args(arguments)
    sys.path.insert(0, str(HERE.parent))
    if unknown := set(asked.harness) - set(HARNESSES):
        parser.error(f"no harness {', '.join(sorted(unknown))}")
    if asked.replay is not None:
        return replay(asked.replay, (asked.harness or [asked.replay.resolve().parent.name])[0])
    if find_spec("atheris") is None:
        print("error: atheris is not installed\nhint: pip install -e '.[fuzz]'", file=sys.stderr)
        return 2
    place = asked.keep or Path(tempfile.mkdtemp(prefix="sessionfs-fuzz-"))
    names = asked.harness or HARNESSES
    print(f"in {place}: {', '.join(names)}; {asked.seconds} s each, {asked.jobs} side by side")
    with ThreadPoolExecutor(asked.jobs) as pool:
        results = list(pool.map(partial(fuzz, place, asked.seconds), names))
    return 0 if all(results) else 1


def replay(file: Path, name: str) -> int:
    """Run one input through a harness; what goes wrong is raised."""
    import_module(f"fuzz.{name}").TestOneInput(file.read_bytes())
    print(f"{name}: nothing is wrong with {file}")
    return 0


def fuzz(place: Path, seconds: int, name: str) -> bool:
    """Run one harness, say what came of it, and return whether nothing was found."""
    found, corpus, log = place / name, place / f"{name}-corpus", place / f"{name}.log"
    found.mkdir(parents=True, exist_ok=True)
    corpus.mkdir(exist_ok=True)
    for start in import_module(f"fuzz.{name}").starts():
        (corpus / sha256(start).hexdigest()[:40]).write_bytes(start)
    before = set(found.iterdir())
    command = [
        sys.executable,
        HERE / "drive.py",
        name,
        found,
        f"-max_total_time={seconds}",
        f"-max_len={LONGEST[name]}",
        "-print_final_stats=1",
        corpus,
    ]
    with log.open("wb") as output:
        code = subprocess.run(command, stdout=output, stderr=output, check=False).returncode
    said = log.read_text("utf-8", "replace")
    told = dict(re.findall(r"stat::(\w+): +(\d+)", said))
    coverage = (re.findall(r" cov: (\d+)", said) or ["0"])[-1]
    print(
        f"{name}: {told.get('number_of_executed_units', '0')} executions, {coverage} edges,"
        f" {len(list(corpus.iterdir()))} inputs kept, peak {told.get('peak_rss_mb', '?')} MB"
    )
    reproducers = sorted(set(found.iterdir()) - before)
    for reproducer in reproducers:
        print(f"{name}: FOUND, see {log}; again: python tests/fuzz/run.py --replay {reproducer}")
    if code and not reproducers:
        print(f"{name}: ended with {code}, see {log}")
    return code == 0 and not reproducers


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
