"""What verifying costs, beside `b3sum --check`, git and jq on the same files in the same run.

Run `SESSIONFS_CORPUS=… python tests/benchmarks/verifying.py [DIRECTORY]`. The corpus is copied
under other ids until its native logs are a gigabyte, and all of them are imported; a second
archive has one session of a gigabyte. Both are made in DIRECTORY, and kept and used again where
one is named. Figures are of whole processes, on warm files: the median of three. On a busy
machine the seconds of work are worth more than those of the clock. Memory is that of the largest
process.
"""

import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from importing import MAKE, MEGABYTE, TESTS

PROGRAM = str(Path(sys.executable).with_name("sessionfs"))
SIZE = 1_000_000_000
ROUNDS = 3
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


class Sample(NamedTuple):
    """Seconds of the clock, seconds of processors, and the megabytes of the largest process."""

    wall: float
    work: float
    memory: float


def sample(command: list[str], directory: Path) -> Sample:
    """What a command and the processes that it started took."""
    code = (
        "import resource, subprocess, sys, time; start = time.perf_counter();"
        "subprocess.run(sys.argv[1:], stdout=-3, check=False);"
        "wall = time.perf_counter() - start;"
        "used = resource.getrusage(resource.RUSAGE_CHILDREN);"
        "print(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *command], cwd=directory, capture_output=True, check=True
    )
    return Sample(*map(float, done.stdout.split()))


def median(command: list[str], directory: Path) -> Sample:
    """The medians of a few samples."""
    samples = [sample(command, directory) for _ in range(ROUNDS)]
    return Sample(*map(statistics.median, zip(*samples, strict=True)))


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
    for line in lines:
        decode(line)
    at.append(time.process_time())
    for line in lines:
        assert encode(decode(line)) == line
    at.append(time.process_time())
    spent = [sum(pair) for pair in zip(spent, map(float.__sub__, at[1:], at))]
spent[3] -= spent[2]  # decoded a second time
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
    segments = sorted(map(str, many.glob("20*/*/*/messages-*.jsonl")))
    size = 0
    for path in (path for path in many.glob("20*/**/*") if path.is_file()):
        size += len(path.read_bytes())  # and the files are warm
    seen: dict[str, Sample] = {}

    def row(label: str, result: Sample) -> None:
        seen[label] = result
        rate = size / MEGABYTE / result.wall
        print(
            f"{label:34} {result.wall:8.2f} s {result.work:8.2f} s {rate:6.0f} MB/s"
            f" {result.memory:6.0f} MB",
            flush=True,
        )

    sessions = len({path.rpartition("/")[0] for path in segments})
    print(f"{sessions} sessions, {len(segments)} segments, {size / MEGABYTE:.0f} MB in all")
    print(f"{'':34} {'clock':>10} {'work':>10} {'':>11} {'memory':>9}")
    verify = [PROGRAM, "verify", str(many)]
    row("verify -j2", median([*verify, "-j2"], many))
    row("b3sum --check", median(["b3sum", "--check", "--quiet", str(one_list(many))], many))
    row("verify -j1", median([*verify, "-j1"], many))
    row("verify --fast", median([*verify, "--fast"], many))
    row("git status", median(["git", "status", "--short"], many))
    row("git fsck --full", sample(["git", "fsck", "--full"], many))
    chosen = segments[:: max(1, len(segments) // 50)]
    share = size / sum(Path(path).stat().st_size for path in chosen)
    some = sample(["jq", "-c", ".", *chosen], many)
    row(
        "jq -c ., of a sample",
        Sample(some.wall * share, some.work * share, some.memory),
    )
    steps = floor(many)
    names = ("read, BLAKE3", "… split into lines", "… typed decode", "… encode, compare")
    for number, label in enumerate(names, 1):
        least = sum(steps[:number])
        row(f"floor, one core: {label}", Sample(least, least, 0))
    print()
    ours = seen["verify -j2"]
    for other in ("b3sum --check", "git fsck --full", "jq -c ., of a sample"):
        theirs = seen[other]
        print(f"verify -j2: {ours.wall / theirs.wall:.2f} x the clock of {other},"
              f" {ours.work / theirs.work:.2f} x its work")  # fmt: skip
    print(f"verify -j1: {seen['verify -j1'].work / sum(steps):.2f} x the floor's work")
    fast, status = seen["verify --fast"], seen["git status"]
    print(f"verify --fast: {fast.wall / status.wall:.2f} x the clock of git status")
    alone = sample([PROGRAM, "verify", str(one)], one)
    print(f"one session of 1 GB: {alone.wall:.1f} s, {alone.memory:.0f} MB")


def one_list(archive: Path) -> Path:
    """Write all checksums as one list: b3sum at its best, one process for all sessions."""
    lines = []
    for path in sorted(archive.glob("20*/*/*/checksums.b3")):
        below = path.parent.relative_to(archive)
        lines += [f"{line[:66]}{below}/{line[66:]}" for line in path.read_text().splitlines()]
    place = archive / ".git" / "all.b3"
    place.write_text("\n".join(lines) + "\n")
    return place


if __name__ == "__main__":
    main()
