"""Writes what follows from the program: the README's outputs, the help, the example archive.

`python tests/generate.py` writes, `--check` says what is out of date, `--scripts` also writes down
what the command scripts of tests/scripts really print.
"""

from __future__ import annotations

import contextlib
import filecmp
import io
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import script
from sessionfs.cli import main
from sessionfs.cli.run import commands

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
COMMANDS_PAGE = ROOT / "spec" / "commands.md"
NATIVE = ROOT / "examples" / "native"
ARCHIVE = ROOT / "examples" / "sessions"
SCRIPTS = ROOT / "tests" / "scripts"
WIDTH = "96"
QUIET = {
    "COLUMNS": WIDTH,
    "GIT_AUTHOR_NAME": "Ada",
    "GIT_AUTHOR_EMAIL": "ada@example.org",
    "GIT_AUTHOR_DATE": "2026-11-20T18:00:00Z",  # ids of commits are printed
    "GIT_COMMITTER_DATE": "2026-11-20T18:00:00Z",
    "GIT_COMMITTER_NAME": "Ada",
    "GIT_COMMITTER_EMAIL": "ada@example.org",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "NO_COLOR": "1",
}
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```\n", re.MULTILINE | re.DOTALL)


def readme(text: str) -> str:
    """Return the README with what its blocks print when they are run, one after the other."""
    with workplace() as work, script.within(work, QUIET):
        output = ""

        def run(match: re.Match[str]) -> str:
            nonlocal output
            kind, body = match.groups()
            if kind == "console":
                body = console(script.Shell(work, together=True), body)
            elif kind == "python":
                output = python(body)
            elif kind == "text":
                body = output
            return f"```{kind}\n{body}```\n"

        return BLOCK.sub(run, text)


@contextlib.contextmanager
def workplace() -> Iterator[Path]:
    """A directory that holds nothing but the example logs."""
    with tempfile.TemporaryDirectory(prefix="sessionfs-readme-") as place:
        work = Path(place).resolve()
        shutil.copytree(NATIVE, work / "examples" / "native")
        yield work


def console(shell: script.Shell, body: str) -> str:
    """Return a console block with what its commands print."""
    told = ""
    for line in body.splitlines():
        if line.startswith("$ "):
            told += f"{line}\n{shell.run(line[2:]).out}"
    return told


def python(code: str) -> str:
    """Return what a Python block prints."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile(code, "README.md", "exec"), {"__name__": "readme"})  # noqa: S102
    return out.getvalue()


def commands_page() -> str:
    """Return the page with the help of every command."""
    parts = ["# Commands\n\nWritten by `python tests/generate.py` from the program itself.\n"]
    for words in [(), *(words for words, _ in commands.walk())]:
        shell = script.Shell(ROOT, together=True)
        with script.within(ROOT, {"COLUMNS": WIDTH, "NO_COLOR": "1"}):
            told = shell.run(" ".join(["sessionfs", *words, "--help"])).out
        parts.append(f"## sessionfs {' '.join(words)}".rstrip() + f"\n\n```text\n{told}```\n")
    return "\n".join(parts)


def differences(left: Path, right: Path, under: str = "") -> Iterator[str]:
    """Yield the paths in which two archives differ."""
    seen = filecmp.dircmp(left / under, right / under, ignore=[".cache"])
    yield from (f"{under}{name}" for name in [*seen.left_only, *seen.right_only])
    _, wrong, odd = filecmp.cmpfiles(left / under, right / under, seen.common_files, shallow=False)
    yield from (f"{under}{name}" for name in [*wrong, *odd])
    for name in seen.common_dirs:
        yield from differences(left, right, f"{under}{name}/")


def archive(place: Path) -> None:
    """Import the example logs into an archive."""
    with contextlib.redirect_stdout(io.StringIO()):
        code = main(["-q", "import", str(NATIVE), "-a", str(place)])
    if code:
        raise SystemExit("the examples cannot be imported")
    shutil.rmtree(place / ".cache")


def update(path: Path, content: str, *, check: bool) -> bool:
    """Write a text where it is out of date, or only tell; return whether it was."""
    if path.exists() and path.read_text("utf-8") == content:
        return False
    print(f"{'out of date' if check else 'wrote'}: {path.relative_to(ROOT)}")
    if not check:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, "utf-8", newline="\n")
    return True


def update_archive(*, check: bool) -> bool:
    """Make the example archive anew where it is out of date, or only tell."""
    with tempfile.TemporaryDirectory() as place:
        fresh = Path(place) / "sessions"
        archive(fresh)
        changed = sorted(differences(fresh, ARCHIVE)) if ARCHIVE.exists() else ["all of it"]
        if not changed:
            return False
        print(f"{'out of date' if check else 'wrote'}: examples/sessions: {', '.join(changed)}")
        if not check:
            shutil.rmtree(ARCHIVE, ignore_errors=True)
            shutil.copytree(fresh, ARCHIVE)
    return True


def update_scripts() -> None:
    """Write down what the command scripts really print."""
    for path in sorted(SCRIPTS.glob("*.txt")):
        with tempfile.TemporaryDirectory() as place:
            update(path, script.replay(path.read_text("utf-8"), Path(place)), check=False)


def run(arguments: list[str]) -> int:
    """Do what the arguments say; return 1 where something is out of date."""
    check = "--check" in arguments
    missing = [name for name in ("b3sum", "git", "jq") if shutil.which(name) is None]
    if missing:
        print(f"not on PATH: {', '.join(missing)}")
        return 2
    if "--scripts" in arguments:
        update_scripts()
    stale = [
        update_archive(check=check),
        update(COMMANDS_PAGE, commands_page(), check=check),
        update(README, readme(README.read_text("utf-8")), check=check),
    ]
    return int(check and any(stale))


if __name__ == "__main__":
    raise SystemExit(run(sys.argv[1:]))
