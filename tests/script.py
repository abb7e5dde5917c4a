"""Scripts of commands with their exact output, in the manner of Go's testscript.

Above: commands and what they print, each line with a mark. Below: files that stand there first.

    Text without a mark is a remark.
    $ sessionfs list
    > what it prints on stdout
    ! what it prints on stderr
    = 2                          (its exit code, where that is not 0)

    -- notes/a.txt --
    a file

`sessionfs` runs in this process, everything else as a program. `NAME=value` may stand before a
command, `> FILE` behind it. `$WORK` is the directory that the script runs in, which is empty
but for the files, `$PYTHON` the interpreter. Where the path of this program is printed, it is
told as `sessionfs`.
"""

import io
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sessionfs.cli import main
from sessionfs.git.definitions import in_shell
from sessionfs.git.installed import own_command

MARKS = (">", "!", "=")
OPTIONAL = ("b3sum", "jq", "zstd")
OURS = in_shell(own_command())
"""How git starts this program; told as `sessionfs`, which it is where that leads here."""
FILE = re.compile(r"-- (\S+) --")


class Done:
    """What a command did: its output, apart or together, and its exit code."""

    def __init__(self, out: str, err: str, code: int) -> None:
        self.out, self.err, self.code = out, err, code

    def lines(self) -> list[str]:
        """The marked lines that a script has below its command."""
        told = [f"> {line}".rstrip() for line in self.out.splitlines()]
        told += [f"! {line}".rstrip() for line in self.err.splitlines()]
        return [*told, *([f"= {self.code}"] if self.code else [])]


class Shell:
    """A directory in which commands are run."""

    def __init__(self, work: Path, *, together: bool = False) -> None:
        self.work = work.resolve()
        self.together = together
        """Whether stderr goes where stdout goes, as on a terminal."""

    def run(self, line: str) -> Done:
        """Run one command line, or a pipe of two."""
        words = list(_words(line.replace("$WORK", str(self.work))))
        if "|" in words:
            place = words.index("|")
            (self.work / ".pipe").write_text(self._run(words[:place]).out, "utf-8")
            return self._run([*words[place + 1 :], ".pipe"])
        return self._run(words)

    def _run(self, words: list[str]) -> Done:
        environment = {}
        while words and re.fullmatch(r"[A-Z_]+=.*", words[0]):
            name, _, value = words.pop(0).partition("=")
            environment[name] = value
        target = None
        if len(words) > 2 and words[-2] == ">":
            target = words.pop()
            words.pop()
        out, err, code = (self._ours if words[0] == "sessionfs" else self._program)(
            words, environment
        )
        if target is not None:
            (self.work / target).write_bytes(out)
            out = b""
        return Done(self._told(out), self._told(err), code)

    def _told(self, output: bytes) -> str:
        told = output.decode("utf-8").replace(str(self.work), "$WORK").replace("\x1b", "\\x1b")
        return told.replace(OURS, "sessionfs")

    def _ours(self, words: list[str], environment: dict[str, str]) -> tuple[bytes, bytes, int]:
        out = io.BytesIO()
        err = out if self.together else io.BytesIO()
        with within(self.work, environment), streams(out, err):
            code = main(words[1:])
        return out.getvalue(), b"" if self.together else err.getvalue(), code

    def _program(self, words: list[str], environment: dict[str, str]) -> tuple[bytes, bytes, int]:
        done = subprocess.run(
            words,
            cwd=self.work,
            env={**os.environ, "LC_ALL": "C.UTF-8", "PYTHON": sys.executable, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT if self.together else subprocess.PIPE,
            check=False,
            timeout=60,
        )
        return done.stdout, done.stderr or b"", done.returncode


def _words(line: str) -> Iterator[str]:
    """The words of a command line; a `|` that is not quoted is a word of its own."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars="|")
    lexer.whitespace_split = True
    return lexer


@contextmanager
def within(directory: Path, environment: dict[str, str]):
    before, where = dict(os.environ), Path.cwd()
    os.chdir(directory)
    os.environ.update(environment)
    try:
        yield
    finally:
        os.chdir(where)
        os.environ.clear()
        os.environ.update(before)


@contextmanager
def streams(out: io.BytesIO, err: io.BytesIO):
    before = sys.stdout, sys.stderr
    sys.stdout = io.TextIOWrapper(out, "utf-8", newline="\n", write_through=True)
    sys.stderr = io.TextIOWrapper(err, "utf-8", newline="\n", write_through=True)
    try:
        yield
    finally:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
            stream.detach()
        sys.stdout, sys.stderr = before


def missing(text: str) -> str | None:
    """The program that a script needs and that is not installed, if there is one."""
    wanted = [name for name in OPTIONAL if re.search(rf"^\$ .*\b{name}\b", text, re.MULTILINE)]
    return next((name for name in wanted if shutil.which(name) is None), None)


def replay(text: str, work: Path) -> str:
    """Run a script in an empty directory and return it with what really happened."""
    above, files = split(text)
    for name, content in files.items():
        place = work / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(content, encoding="utf-8", newline="\n")
    shell, lines = Shell(work), []
    for line in above.splitlines():
        if not line.startswith(MARKS):
            lines.append(line)
        if line.startswith("$ "):
            lines += shell.run(line[2:]).lines()
    told = "\n".join(lines) + "\n"
    return told + "".join(f"-- {name} --\n{content}" for name, content in files.items())


def split(text: str) -> tuple[str, dict[str, str]]:
    """Return the commands above, and the files below."""
    above: list[str] = []
    files: dict[str, str] = {}
    name = None
    for line in text.splitlines(keepends=True):
        match = FILE.fullmatch(line.rstrip("\n"))
        if match is not None:
            name = match[1]
            files[name] = ""
        elif name is None:
            above.append(line)
        else:
            files[name] += line
    return "".join(above), files
