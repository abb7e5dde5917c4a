"""What verifying costs, beside `b3sum --check`, git and jq on the same files in the same run.

Run `SESSIONFS_CORPUS=… python tests/benchmarks/verifying.py [DIRECTORY]`. The corpus is copied
under other ids until its native logs are a gigabyte, and all of them are imported; a second
archive has one session of a gigabyte. Both are made in DIRECTORY, and kept and used again where
one is named. Figures are of whole processes, on warm files: the median of five, memory the
largest of any process.
"""

import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from importing import MAKE, TESTS, run

PROGRAM = str(Path(sys.executable).with_name("sessionfs"))
SIZE = 1_000_000_000
ROUNDS = 5
UUID = re.compile(rb"[0-9a-f]{8}(?=-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})")


def other_ids(content: bytes, number: int) -> bytes:
    """A log in which every UUID is another one, the same for the same."""
    return UUID.sub(lambda match: b"%08x" % (int(match[0], 16) ^ number), content)


def copy_under_other_ids(corpus: Path, place: Path, number: int) -> int:
    """Copy the logs of agents that can be imported; return their bytes."""
    total = 0
    for agent in ("claude-code", "codex"):
        for path in sorted((corpus / agent).rglob("*")):
            if path.is_file():
                name = other_ids(os.fsencode(path.relative_to(corpus)), number)
                target = place / os.fsdecode(name)
                target.parent.mkdir(parents=True, exist_ok=True)
                content = other_ids(path.read_bytes(), number)
                target.write_bytes(content)
                total += len(content)
    return total


def make_archive(corpus: Path, place: Path) -> Path:
    """Import the corpus again and again, under other ids."""
    archive = place / "many"
    if archive.exists():
        return archive
    total = number = 0
    while total < SIZE:
        number += 1
        logs = place / "logs"
        total += copy_under_other_ids(corpus, logs, number)
        command = [PROGRAM, "import", str(logs), "-a", str(archive), "--quiet"]
        subprocess.run(command, check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        shutil.rmtree(logs)
    return archive


def make_session(place: Path) -> Path:
    """Import one log of a gigabyte."""
    archive = place / "one"
    if archive.exists():
        return archive
    log = place / "one.jsonl"
    subprocess.run([sys.executable, "-c", MAKE, TESTS, str(SIZE), str(log)], check=True)
    command = [PROGRAM, "import", str(log), "-a", str(archive), "--quiet"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    log.unlink()
    return archive


def peak(command: list[str], directory: Path) -> int:
    """The largest resident size of any process of a command, in megabytes."""
    code = (
        "import resource, subprocess, sys;"
        "subprocess.run(sys.argv[1:], stdout=-3, check=False);"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *command], cwd=directory, capture_output=True, check=True
    )
    return int(done.stdout)


def median(command: list[str], directory: Path, rounds: int = ROUNDS) -> float:
    """The median time of a command, after one that does not count."""
    times = [run(command, directory)[0] for _ in range(rounds + 1)]
    return statistics.median(times[1:])


FLOOR = """
import sys, time
from pathlib import Path
from blake3 import blake3
from msgspec.json import Decoder, Encoder
from sessionfs.model import Message

decode, encode = Decoder(Message).decode, Encoder().encode
spent = [0.0] * 4
for path in Path(sys.argv[1]).glob("20*/*/*/messages-*.jsonl"):
    at = [time.process_time()]
    content = path.read_bytes()
    blake3(content).digest()
    at.append(time.process_time())
    lines = content.split(b"\\n")[:-1]
    at.append(time.process_time())
    values = [decode(line) for line in lines]
    at.append(time.process_time())
    for line, value in zip(lines, values):
        assert encode(value) == line
    at.append(time.process_time())
    spent = [sum(pair) for pair in zip(spent, map(float.__sub__, at[1:], at))]
print(*spent)
"""


def floor(archive: Path) -> list[float]:
    """Seconds of one core: read and hash, split, decode, encode and compare; nothing else."""
    command = [sys.executable, "-c", FLOOR, str(archive)]
    return [float(word) for word in subprocess.check_output(command).split()]


def prepare_git(archive: Path) -> None:
    """Have git know the archive, everything committed."""
    if not (archive / ".git").exists():
        name = ["-c", "user.name=b", "-c", "user.email=b@example.org"]
        for command in (["init", "-q"], ["add", "-A"], [*name, "commit", "-q", "-m", "all"]):
            subprocess.run(["git", *command], cwd=archive, check=True)


def main() -> None:
    """Make what is missing, measure, and print a table."""
    corpus = Path(os.environ["SESSIONFS_CORPUS"])
    with tempfile.TemporaryDirectory() as scratch:
        place = Path(sys.argv[1] if len(sys.argv) > 1 else scratch)
        many, one = make_archive(corpus, place), make_session(place)
        prepare_git(many)
        measure(many, one)


def measure(many: Path, one: Path) -> None:
    """Print times and ratios."""
    segments = [str(path) for path in many.glob("20*/*/*/messages-*.jsonl")]
    size = sum(path.stat().st_size for path in many.glob("20*/**/*") if path.is_file()) / 1e6
    check = "ls -d 20*/*/* | xargs -P2 -I{} sh -c 'cd {} && b3sum --check --quiet checksums.b3'"
    # One process a session is b3sum's own cost of starting: all lists as one are its best.
    listed = many / ".git" / "all.b3"
    lines = []
    for path in sorted(many.glob("20*/*/*/checksums.b3")):
        below = path.parent.relative_to(many)
        lines += [f"{line[:66]}{below}/{line[66:]}" for line in path.read_text().splitlines()]
    listed.write_text("\n".join(lines) + "\n")
    times: dict[str, float] = {}

    def row(label: str, seconds: float) -> None:
        times[label] = seconds
        print(f"{label:42} {seconds:8.3f} s {size / seconds:8.0f} MB/s", flush=True)

    sessions = len({path.rpartition("/")[0] for path in segments})
    print(
        f"{sessions} sessions, {len(segments)} segments, {size:.0f} MB, {os.cpu_count()} processors"
    )
    for label, options in {"verify -j2": ["-j2"], "verify -j1": ["-j1"]}.items():
        row(label, median([PROGRAM, "verify", *options, str(many)], many, 3))
    row("verify --fast", median([PROGRAM, "verify", "--fast", str(many)], many))
    row("b3sum --check, one list", median(["b3sum", "--check", "--quiet", str(listed)], many))
    row("b3sum --check, a process a session", median(["sh", "-c", check], many, 3))
    row("git status", median(["git", "status", "--short"], many))
    row("git fsck --full", median(["git", "fsck", "--full"], many, 1))
    start = time.perf_counter()
    sample = segments[:: max(1, len(segments) // 50)]
    part = sum(Path(path).stat().st_size for path in sample) / 1e6
    subprocess.run(["jq", "-c", ".", *sample], stdout=subprocess.DEVNULL, check=True)
    row("jq -c ., from a sample", (time.perf_counter() - start) * size / part)
    steps = floor(many)
    for label, seconds in zip(
        (
            "floor: read, BLAKE3",
            "floor: … split",
            "floor: … typed decode",
            "floor: … encode, compare",
        ),
        (sum(steps[: n + 1]) for n in range(4)),
        strict=True,
    ):
        row(f"{label} (one core)", seconds)
    print()
    full = times["verify -j2"]
    for other in (
        "b3sum --check, one list",
        "b3sum --check, a process a session",
        "git fsck --full",
    ):
        print(f"verify -j2: {full / times[other]:.2f} x {other}")
    print(f"jq: {times['jq -c ., from a sample'] / full:.1f} x verify -j2")
    print(f"verify -j1: {times['verify -j1'] / sum(steps):.2f} x its floor")
    print(f"verify --fast: {times['verify --fast'] / times['git status']:.2f} x git status")
    print(f"memory, verify -j2: {peak([PROGRAM, 'verify', '-j2', str(many)], many)} MB a process")
    start = time.perf_counter()
    used = peak([PROGRAM, "verify", str(one)], one)
    print(f"one session of 1 GB: {time.perf_counter() - start:.1f} s, {used} MB")


if __name__ == "__main__":
    main()
