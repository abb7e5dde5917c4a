"""What packing and unpacking cost, beside `tar` and `zstd` on the same files in the same run.

Run `SESSIONFS_CORPUS=… python tests/benchmarks/packing.py [DIRECTORY]`. The archives are those of
`verifying.py`: many sessions that are a gigabyte together, and one of a gigabyte. Output goes to
memory (/dev/shm) where there is room, so that the disk does not count. Figures are of whole
processes on warm files, in turn: ours, theirs, ours …; ratios are of pairs, the median of three.
Memory is that of the largest process.
"""

import os
import shutil
import statistics
import sys
import tempfile
from pathlib import Path

from importing import MEGABYTE
from verifying import PROGRAM, Sample, make_archive, make_session, sample

ROUNDS = 3
FLAGS = "--format=ustar --mtime=@0 --owner=0 --group=0 --numeric-owner --mode=0644 --no-recursion"
LIST = "find 20* -type f | LC_ALL=C sort"


def shell(line: str) -> list[str]:
    """A pipeline, as a person would type it."""
    return ["sh", "-c", line]


def in_turn(ours: list[str], theirs: list[str], place: Path, fresh: Path) -> None:
    """Measure two commands in turn; `fresh` is removed before each."""
    pairs = []
    for _ in range(ROUNDS):
        pair = []
        for command in (ours, theirs):
            shutil.rmtree(fresh, ignore_errors=True)
            fresh.mkdir()
            pair.append(sample(command, place))
        pairs.append(pair)
    for label, samples in zip(("ours", "theirs"), zip(*pairs, strict=True), strict=True):
        row(label, Sample(*map(statistics.median, zip(*samples, strict=True))))
    wall, work = (
        statistics.median(one[which] / other[which] for one, other in pairs) for which in (0, 1)
    )
    print(f"  {wall:.2f} x the clock, {work:.2f} x the work", flush=True)


def row(label: str, result: Sample) -> None:
    """Print one line of the table."""
    print(f"  {label:8} {result.wall:7.2f} s {result.work:7.2f} s {result.memory:6.0f} MB")


def warm(archive: Path) -> int:
    """Read every file once, and return the bytes of all."""
    return sum(len(path.read_bytes()) for path in archive.glob("20*/**/*") if path.is_file())


def measure(name: str, archive: Path, scratch: Path) -> None:
    """Print what each step takes for one archive."""
    fresh = scratch / "fresh"
    ours, theirs, plain = scratch / "o.tar.zst", scratch / "t.tar.zst", scratch / "o.tar"
    print(f"\n{name}: {warm(archive) / MEGABYTE:.0f} MB     clock      work   memory")
    print("pack -o x.tar.zst | tar … | zstd -3 -T0")
    pack = [PROGRAM, "-q", "pack", str(archive), "--force", "-o"]
    tar = f"{LIST} | tar {FLAGS} --blocking-factor=1 -T - -cf -"
    in_turn([*pack, str(ours)], shell(f"{tar} | zstd -q -3 -T0 -f -o {theirs}"), archive, fresh)
    sizes = ours.stat().st_size, theirs.stat().st_size
    print(f"  {sizes[0] / MEGABYTE:.1f} MB, {sizes[0] / sizes[1]:.3f} x the size")
    print("pack -o x.tar | tar …")
    in_turn([*pack, str(plain)], shell(f"{tar} > {scratch / 't.tar'}"), archive, fresh)
    (scratch / "t.tar").unlink()
    print("verify x.tar.zst | verify the directory")
    verify = [PROGRAM, "-q", "verify"]
    in_turn([*verify, str(ours)], [*verify, str(archive)], archive, fresh)
    print("list -a x.tar.zst | zstd -dc | tar t")
    listing = shell(f"zstd -dcq {ours} | tar t")
    in_turn([PROGRAM, "list", "-a", str(ours)], listing, archive, fresh)
    print("unpack x.tar.zst | zstd -dc | tar x, then verify the directory")
    unpack = [PROGRAM, "-q", "unpack", str(ours), "-d", str(fresh / "a")]
    line = f"zstd -dcq {theirs} | tar x -C {fresh}"
    in_turn(unpack, shell(f"{line} && {PROGRAM} -q verify {archive}"), archive, fresh)
    print("unpack x.tar.zst | zstd -dc | tar x")
    in_turn(unpack, shell(line), archive, fresh)
    print("unpack into an archive that has it all | verify the directory")
    again = [PROGRAM, "-q", "unpack", str(ours), "-d", str(scratch / "kept")]
    sample(again, archive)
    in_turn(again, [*verify, str(archive)], archive, fresh)


def main() -> None:
    """Make what is missing, measure, and print."""
    corpus = Path(os.environ["SESSIONFS_CORPUS"])
    with tempfile.TemporaryDirectory() as elsewhere:
        place = Path(sys.argv[1] if len(sys.argv) > 1 else elsewhere)
        archives = {"many": make_archive(corpus, place), "one": make_session(place)}
        memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108
        for name, archive in archives.items():
            with tempfile.TemporaryDirectory(dir=memory) as scratch:
                measure(name, archive, Path(scratch))


if __name__ == "__main__":
    main()
