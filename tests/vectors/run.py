# SPDX-License-Identifier: CC0-1.0
"""Hold a verifier's command line against every conformance vector; README.md is the protocol.

    python run.py [--expected-failures FILE] [--only GLOB] [--list] [-v] -- COMMAND...

`COMMAND... DIR` verifies the session, the archive or the pack at DIR, prints
`{"findings": [...]}` and exits with 0 (nothing, or only warnings), 1 (damaged) or 2 (a newer
format). It needs Python 3.9 and nothing else, and is in the public domain (CC0 1.0): copy it, with
the vectors, where you like.

Exit code 0: everything is as expected. 1: something is not. 2: nothing could be run.
"""

from __future__ import annotations

import argparse
import contextlib
import fnmatch
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

HERE = Path(__file__).resolve().parent
OURS = ("sessionfs", "verify", "--output-format", "json")
MOST_OUTPUT = 16 << 20
"""Bytes of output after which a command is stopped: it prints for ever."""

POWERLESS = ("--inh-caps=-all", "--ambient-caps=-all", "--bounding-set=-all")
"""What leaves root without the power to read what may not be read (`setpriv` of util-linux)."""


class NotHere(Exception):
    """What a vector needs and this machine cannot do."""


class CannotRun(Exception):
    """What is wrong with a file of expected failures, so that nothing was run."""


# --- vectors ---


def vectors(only: str = "*") -> list[Path]:
    """Return the vectors whose name (`bad/E501_gap`) matches a pattern, sorted."""
    found = sorted(path.parent for path in HERE.glob("*/*/expect.json"))
    return [vector for vector in found if fnmatch.fnmatchcase(name(vector), only)]


def name(vector: Path) -> str:
    """Return what a vector is called: its kind and its directory."""
    return f"{vector.parent.name}/{vector.name}"


def read(vector: Path, file: str) -> dict[str, Any]:
    """Return one of a vector's JSON files; a missing one says nothing."""
    path = vector / file
    value: dict[str, Any] = json.loads(path.read_bytes()) if path.exists() else {}
    return value


def root_of(vector: Path) -> str:
    """Return what a vector is: a `session`, an `archive`, or a pack by the name of its file."""
    kinds = ("session", "pack.tar", "pack.tar.zst")
    return next((kind for kind in kinds if (vector / kind).exists()), "archive")


def place_of(finding: dict[str, Any]) -> tuple[bytes, int, str, str]:
    """Return what findings are sorted by: path, line, code, pointer."""
    path = finding["path"].encode("utf-8", "surrogateescape")
    return path, finding.get("line") or 0, finding["code"], finding.get("pointer") or ""


# --- preparing ---


@dataclass(frozen=True)
class Prepared:
    """A vector on disk: the directory or pack to verify, and how a command must be started."""

    tree: Path
    prefix: tuple[str, ...]
    options: tuple[str, ...]


def prepare(vector: Path, place: Path) -> Prepared:
    """Make a vector's tree in an empty directory; raises `NotHere`."""
    wishes = read(vector, "disk.json")
    root = root_of(vector)
    tree = place / root
    options: tuple[str, ...] = ()
    if "git" in wishes or (vector / "before").exists():
        git(place, "init", "-q")
        around = {".gitattributes": "* -text\n"} | wishes.get("git", {}).get("files", {})
        for path, text in around.items():
            make_room(place / path).write_bytes(text.encode())
    if (vector / "before").exists():
        shutil.copytree(vector / "before", tree)
        commit(place)
        shutil.rmtree(tree)
        options = ("--against", "HEAD")
    if (vector / root).is_file():
        shutil.copyfile(vector / root, tree)
        return Prepared(tree, (), ())
    shutil.copytree(vector / root, tree)
    for fill in wishes.get("fill", ()):
        with make_room(tree / fill["path"]).open("wb") as stream:
            stream.write(fill["before"].encode())
            stream.write(fill["byte"].encode() * fill["count"])
            stream.write(fill["after"].encode())
    for path in wishes.get("empty_directories", ()):
        make_room(tree / path).mkdir()
    for path, target in wishes.get("symlinks", {}).items():
        try:
            make_room(tree / path).symlink_to(target)
        except OSError as error:
            raise NotHere(f"symbolic links ({error.strerror})") from None
    for path in wishes.get("fifos", ()):
        try:
            os.mkfifo(make_room(tree / path))
        except (AttributeError, OSError):
            raise NotHere("FIFOs") from None
    for path in wishes.get("executable", ()):
        (tree / path).chmod(0o755)
        if not (tree / path).stat().st_mode & 0o100:
            raise NotHere("modes of files")
    prefix = forbid(tree, wishes.get("unreadable", ()))
    return Prepared(tree, prefix, options)


def make_room(path: Path) -> Path:
    """Make the directories that a path stands in."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def forbid(tree: Path, paths: Any) -> tuple[str, ...]:
    """Take the permission to read files; return how to start a command that it stops."""
    if not paths:
        return ()
    prefix: tuple[str, ...] = ()
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        setpriv = shutil.which("setpriv")
        if setpriv is None:
            raise NotHere("unreadable files for root (no setpriv)")
        prefix = (setpriv, *POWERLESS)
    for path in paths:
        (tree / path).chmod(0)
    reading = "import os, sys; os.open(sys.argv[1], os.O_RDONLY)"  # of a directory too
    attempt = (*prefix, sys.executable, "-c", reading, str(tree / paths[0]))
    if subprocess.run(attempt, capture_output=True, check=False).returncode == 0:
        raise NotHere("unreadable files")
    return prefix


def restore(vector: Path, place: Path) -> None:
    """Give back the permissions that stand in the way of removing a prepared vector."""
    for path in read(vector, "disk.json").get("unreadable", ()):
        with contextlib.suppress(OSError):
            (place / root_of(vector) / path).chmod(0o700)


def git(place: Path, *arguments: str) -> None:
    """Run git in a directory, with nobody's settings; raises `NotHere`."""
    program = shutil.which("git")
    if program is None:
        raise NotHere("git")
    who = ("-c", "user.name=vectors", "-c", "user.email=vectors@example.org")
    subprocess.run(
        (program, *who, *arguments),
        cwd=place,
        env=environment(place),
        check=True,
        stdin=subprocess.DEVNULL,
        capture_output=True,
    )


def commit(place: Path) -> None:
    """Commit everything below a directory, whatever a `.gitignore` says."""
    git(place, "add", "--force", "--all")
    git(place, "-c", "commit.gpgsign=false", "commit", "-q", "--no-verify", "-m", "before")


def environment(place: Path) -> dict[str, str]:
    """Return our environment without git's: no repository but the vector's own is seen."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    return kept | {
        "GIT_CEILING_DIRECTORIES": str(place.resolve().parent),
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
    }


# --- running ---


@dataclass(frozen=True)
class Answer:
    """What a command said: its exit code (None where it was stopped) and its output."""

    code: int | None
    output: bytes
    errors: bytes


def ask(command: tuple[str, ...], place: Path, seconds: float) -> Answer:
    """Run a command, at most so long; what it started is stopped with it."""
    child = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(place),
        start_new_session=True,
    )
    said: dict[str, bytes] = {}

    def listen(which: str, pipe: IO[bytes]) -> None:
        with pipe:
            said[which] = pipe.read(MOST_OUTPUT)

    ears = [
        threading.Thread(target=listen, args=ear, daemon=True)
        for ear in (("output", child.stdout), ("errors", child.stderr))
    ]
    for ear in ears:
        ear.start()
    try:
        code: int | None = child.wait(seconds)
    except subprocess.TimeoutExpired:
        code = None
    finally:
        stop(child)
    for ear in ears:
        ear.join(10)
    return Answer(code, said.get("output", b""), said.get("errors", b""))


def stop(child: subprocess.Popen[bytes]) -> None:
    """Stop a command and its children, if any is left."""
    with contextlib.suppress(OSError):
        if hasattr(os, "killpg"):
            os.killpg(child.pid, signal.SIGKILL)
        else:
            child.kill()
    child.wait()


def wrongs(answer: Answer, expected: list[dict[str, Any]], seconds: float) -> list[str]:
    """Say what of an answer is not as expected."""
    if answer.code is None:
        return [f"stopped after {seconds:g} s"]
    found = findings_of(answer.output)
    if found is None:
        said = answer.errors.decode("utf-8", "replace").strip().splitlines()[-3:]
        return [
            f"exit code {answer.code}, and no findings in its output: {answer.output[:100]!r}",
            *(f"stderr: {line[:200]}" for line in said),
        ]
    wanted = [line_of(finding) for finding in expected]
    missing, unexpected = Counter(wanted) - Counter(found), Counter(found) - Counter(wanted)
    said = [f"missing:    {line}" for line in missing.elements()]
    said += [f"unexpected: {line}" for line in unexpected.elements()]
    if not said and found != wanted:
        said = ["the findings are right, but not sorted by path, line, code and pointer"]
    code = exit_code(expected)
    if answer.code != code:
        said.append(f"exit code {answer.code}, not {code}")
    return said


def findings_of(output: bytes) -> list[str] | None:
    """Return the findings of a command's output, or None where it has none that can be read."""
    try:
        return [line_of(finding) for finding in json.loads(output)["findings"]]
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None


def line_of(finding: dict[str, Any]) -> str:
    """Return code and place of a finding as a line: what is compared."""
    number, pointer = finding.get("line"), finding.get("pointer")
    line = "" if number is None else f":{number}"
    return f"{finding['code']} {finding['path']}{line}{'' if pointer is None else f'#{pointer}'}"


def exit_code(expected: list[dict[str, Any]]) -> int:
    """Return the exit code that findings call for."""
    errors = {finding["code"] for finding in expected if finding["code"].startswith("E")}
    return 1 if errors - {"E002"} else 2 if errors else 0


@dataclass(frozen=True)
class Outcome:
    """What became of a vector: what is wrong, or why it was not run."""

    vector: str
    wrong: tuple[str, ...] = ()
    not_here: str = ""


def judge(vector: Path, command: tuple[str, ...], seconds: float) -> Outcome:
    """Run a command on a vector, and once more with `--deep` where that finds more."""
    expect = read(vector, "expect.json")
    findings, deep = expect["findings"], expect.get("deep", [])
    turns: list[tuple[tuple[str, ...], list[dict[str, Any]]]] = [((), findings)]
    if deep:
        turns.append((("--deep",), sorted(findings + deep, key=place_of)))
    wrong: list[str] = []
    with tempfile.TemporaryDirectory(prefix="vector-") as directory:
        place = Path(directory)
        try:
            made = prepare(vector, place)
            for options, expected in turns:
                line = (*made.prefix, *command, *made.options, *options, str(made.tree))
                said = wrongs(ask(line, place, seconds), expected, seconds)
                wrong += [f"{' '.join((*options, ''))}{words}" for words in said]
        except NotHere as reason:
            return Outcome(name(vector), not_here=f"this machine has no {reason}")
        finally:
            restore(vector, place)
    return Outcome(name(vector), tuple(wrong))


# --- expected failures ---


def read_expected(path: Path) -> dict[str, str]:
    """Return the patterns of a file of expected failures, each with its reason."""
    expected: dict[str, str] = {}
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, ValueError) as error:
        raise CannotRun(f"cannot read {path}: {error}") from None
    for number, line in enumerate(lines, 1):
        if line.strip() and not line.startswith("#"):
            pattern, colon, reason = line.partition(":")
            if not colon or not reason.strip():
                raise CannotRun(f"{path}:{number}: not `VECTOR: REASON`")
            expected[pattern.strip()] = reason.strip()
    return expected


def reason_for(vector: str, expected: dict[str, str]) -> str:
    """Return why a vector is expected to fail, or nothing."""
    matching = (why for pattern, why in expected.items() if fnmatch.fnmatchcase(vector, pattern))
    return next(matching, "")


# --- the command line ---


def report(outcomes: Any, expected: dict[str, str], *, verbose: bool) -> Counter[str]:
    """Print what became of each vector as it comes; return how many of each."""
    counts: Counter[str] = Counter()
    for outcome in outcomes:
        why = reason_for(outcome.vector, expected)
        if outcome.not_here:
            verdict, words = "not run", outcome.not_here
        elif outcome.wrong:
            verdict, words = ("expected", why) if why else ("failed", "")
        elif why:
            verdict, words = "failed", f"passes, though it is expected to fail: {why}"
        else:
            verdict, words = "passed", ""
        counts[verdict] += 1
        if verbose or verdict in {"failed", "not run"}:
            print(f"{verdict:8}  {outcome.vector}{f': {words}' if words else ''}")
            if outcome.wrong and (verbose or verdict == "failed"):
                print("\n".join(f"            {said}" for said in outcome.wrong))
            sys.stdout.flush()
    return counts


def options_of(arguments: list[str]) -> argparse.Namespace:
    """Read the command line."""
    own, _, command = (
        (arguments[: arguments.index("--")], "--", arguments[arguments.index("--") + 1 :])
        if "--" in arguments
        else (arguments, "", [])
    )
    parser = argparse.ArgumentParser(
        prog="run.py",
        usage="python run.py [options] [-- COMMAND...]",
        description=f"Run COMMAND... DIR on every vector. Without COMMAND: {' '.join(OURS)}",
    )
    parser.add_argument("--expected-failures", type=Path, metavar="FILE", help="VECTOR: REASON")
    parser.add_argument("--only", default="*", metavar="GLOB", help="vectors by name: bad/E5*")
    parser.add_argument("--timeout", type=float, default=60.0, metavar="SECONDS", help="a vector")
    parser.add_argument("--list", action="store_true", help="print the vectors' names, run nothing")
    parser.add_argument("-j", type=int, default=os.cpu_count() or 1, metavar="N", help="at once")
    parser.add_argument("-v", "--verbose", action="store_true", help="print those that pass too")
    options = parser.parse_args(own)
    options.command = tuple(command) or OURS
    return options


def fail(said: str) -> int:
    """Say why nothing was run."""
    print(f"error: {said}", file=sys.stderr)
    return 2


def main(arguments: list[str]) -> int:
    """Run, print, and return the exit code."""
    options = options_of(arguments)
    chosen = vectors(options.only)
    if options.list:
        print("".join(f"{name(vector)}\n" for vector in chosen), end="")
        return 0
    try:
        expected = read_expected(options.expected_failures) if options.expected_failures else {}
    except CannotRun as error:
        return fail(str(error))
    if not chosen:
        return fail(f"no vector is called {options.only}")
    program = shutil.which(options.command[0])
    if program is None:
        return fail(f"no program {options.command[0]}")
    command = (os.path.abspath(program), *options.command[1:])  # noqa: PTH100  links as they are
    with ThreadPoolExecutor(max(1, options.j)) as pool:
        outcomes = pool.map(lambda vector: judge(vector, command, options.timeout), chosen)
        counts = report(outcomes, expected, verbose=options.verbose)
    every = list(map(name, vectors()))
    idle = [pattern for pattern in expected if not fnmatch.filter(every, pattern)]
    for pattern in idle:
        print(f"failed    {pattern}: an expected failure that names no vector")
    print(
        f"{len(chosen)} vectors: {counts['passed']} passed, {counts['failed']} failed, "
        f"{counts['expected']} failed as expected, {counts['not run']} not run"
    )
    return 1 if counts["failed"] or idle else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
