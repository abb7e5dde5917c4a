"""What sessions cost in git, beside plain files of the same number and size, and other layouts.

Run `python tests/benchmarks/git.py [SESSIONS]`; 10,000 by default. Figures of `git status` are the
least of nine, warm, in one run: of the clock, and of processors. The plain files stand a thousand
in a directory, and four, as those of sessions do. `verify` judges the work tree, and the commit.

Growth is that of one session of 5,000 messages which a commit takes 25 further, 200 times: ours,
as segments of which nothing is derived and each commit adds a file of its own, and as one file.
Sizes are those of packs, after `git gc`. The messages' texts are pieces of Python's own library:
in texts of a few words git finds likenesses that real ones do not have.
"""

import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from importing import TESTS

sys.path.insert(0, TESTS)

import sessionfs
from claude_logs import SESSION, dumps, log, record

ROUNDS = 9
COMMITS, STEP = 200, 25
MEGABYTE = 1_000_000
QUIET = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}


def git(place: Path, *arguments: str) -> str:
    """Run git and return what it prints."""
    name = ("-c", "user.name=b", "-c", "user.email=b@example.org", "-c", "gc.auto=0")
    command = ["git", *name, *arguments]
    done = subprocess.run(command, cwd=place, check=True, capture_output=True, text=True, env=QUIET)
    return done.stdout


def repository(place: Path) -> Path:
    """Make an empty repository."""
    place.mkdir(parents=True)
    git(place, "init", "-q")
    return place


def status(label: str, place: Path, *options: str) -> tuple[float, float]:
    """Print and return the least that `git status` takes: of the clock, and of processors."""
    git(place, *options, "status", "--porcelain")
    taken = []
    for _ in range(ROUNDS):
        before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
        git(place, *options, "status", "--porcelain")
        wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
        used = (after.ru_utime - before.ru_utime) + (after.ru_stime - before.ru_stime)
        taken.append((wall, used))
    least = min(wall for wall, _ in taken), min(used for _, used in taken)
    print(f"git status, {label:32} {least[0] * 1000:6.0f} ms {least[1] * 1000:6.0f} ms of work")
    return least


def many(place: Path, number: int) -> None:
    """Compare `git status` of sessions with that of as many plain files."""
    ours, flat, deep = (repository(place / name) for name in ("ours", "flat", "deep"))
    native = place / "native" / f"{SESSION}.jsonl"
    native.parent.mkdir()
    native.write_bytes(log(8))
    seed = place / "seed"
    sessionfs.import_logs([str(native)], archive=str(seed))
    (session,) = (path.parent for path in seed.rglob("manifest.yaml"))
    archive = ours / ".sessions"
    shutil.copytree(seed, archive, ignore=shutil.ignore_patterns("20*", ".cache"))
    for count in range(number):  # copies under other names are as good as sessions, to git
        shard = f"{2020 + count % 8}/{1 + count // 8 % 12:02d}"
        shutil.copytree(session, archive / shard / f"{count:026d}")
    files = sorted(path for path in archive.rglob("*") if path.is_file())
    for count, path in enumerate(files):
        for plain, width in ((flat, 1000), (deep, 4)):
            directory = plain / f"{count // 4000}" / f"{count // width}"
            directory.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, directory / f"{count}.txt")
    for each in (ours, flat, deep):
        git(each, "add", "--all")
        git(each, "commit", "-q", "-m", "all")
    print(f"{number:,} sessions, {len(files):,} files")
    first = status("sessions", ours)
    for label, plain in (("plain, 1,000 a directory", flat), ("plain, 4 a directory", deep)):
        second = status(label, plain)
        clock, work = first[0] / second[0], first[1] / second[1]
        print(f"  sessions take {clock:.2f} x the clock, {work:.2f} x the work")
    git(ours, "update-index", "--untracked-cache")
    status("sessions, core.untrackedCache", ours)
    for options in ([], ["--git", "HEAD"]):
        start = time.perf_counter()
        command = [sys.executable, "-m", "sessionfs", "verify", *options]
        subprocess.run(command, cwd=ours, check=False, capture_output=True)
        name = " ".join(["verify", *options])
        print(f"{name:24} {time.perf_counter() - start:8.1f} s", flush=True)


def packed(place: Path) -> float:
    """Megabytes of all that a repository has, packed."""
    git(place, "gc", "-q", "--prune=now")
    return sum(path.stat().st_size for path in (place / ".git" / "objects").rglob("*.pack"))


def loose(place: Path) -> int:
    """Bytes of what is not packed yet, as files."""
    objects = place / ".git" / "objects"
    return sum(path.stat().st_size for path in objects.glob("??/*"))


def realistic(count: int) -> list[bytes]:
    """The lines of a log whose texts are code and prose, none twice."""
    chance = random.Random(1)
    library = Path(os.__file__).parent
    sources = sorted((*library.glob("*.py"), *library.glob("[a-s]*/*.py")))
    text = "".join(path.read_text("utf-8", "replace") for path in sources)
    lines, place = [], 0
    for number in range(count):
        entry = record(number, chance)
        size = chance.choice((80, 200, 600, 600, 2_000, 4_000))
        piece, place = text[place : place + size], (place + size) % len(text)
        mold = dumps(entry).replace(dumps(spoken(entry)), dumps(piece))
        lines.append(mold + b"\n")
    return lines


def spoken(entry: dict) -> str:
    """The text of a record."""
    content = entry["message"]["content"]
    match content:
        case str():
            return content
        case [{"text": str(text)}] | [{"content": str(text)}] | [{"input": {"command": text}}]:
            return text
    message = "no text"
    raise ValueError(message)


def growth(place: Path) -> None:
    """Compare what a session's growth costs with what other layouts of its lines cost."""
    lines = realistic(COMMITS * STEP)
    layouts = {name: repository(place / name) for name in ("ours", "a file a commit", "one file")}
    native = place / "native" / f"{SESSION}.jsonl"
    native.parent.mkdir()
    for number in range(COMMITS):
        first, end = number * STEP, (number + 1) * STEP
        native.write_bytes(b"".join(lines[:end]))
        sessionfs.import_logs([str(native)], archive=str(layouts["ours"] / ".sessions"))
        messages = written(layouts["ours"] / ".sessions")
        (layouts["a file a commit"] / f"{first + 1:08d}.jsonl").write_bytes(
            b"".join(messages[first:end])
        )
        (layouts["one file"] / "all.jsonl").write_bytes(b"".join(messages))
        for layout in layouts.values():
            git(layout, "add", "--all")
            git(layout, "commit", "-q", "-m", str(number))
    (manifest,) = (layouts["ours"] / ".sessions").rglob("manifest.yaml")
    for name in ("manifest.yaml", "summary.json", "checksums.b3"):  # once, as every layout needs
        shutil.copyfile(manifest.with_name(name), layouts["a file a commit"] / name)
    git(layouts["a file a commit"], "add", "--all")
    git(layouts["a file a commit"], "commit", "-q", "-m", "facts")
    size = sum(map(len, messages))
    print(f"{len(messages):,} messages, {size / MEGABYTE:.1f} MB, in {COMMITS} commits")
    print(f"{'':18} {'loose':>9} {'packed':>9}")
    sizes = {}
    for name, layout in layouts.items():
        before = loose(layout)
        sizes[name] = packed(layout)
        print(f"{name:18} {before / MEGABYTE:6.1f} MB {sizes[name] / MEGABYTE:6.2f} MB")
    ratio = sizes["ours"] / sizes["a file a commit"]
    print(f"ours: {ratio:.2f} x what a file a commit gives\n", flush=True)


def written(archive: Path) -> list[bytes]:
    """The messages of the one session of an archive."""
    segments = sorted(archive.rglob("messages-*.jsonl"))
    return [line for path in segments for line in path.read_bytes().splitlines(keepends=True)]


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        growth(Path(scratch) / "growth")
        many(Path(scratch) / "status", int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
