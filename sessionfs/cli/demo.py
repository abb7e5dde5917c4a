"""The tour: the main job on example logs, in a temporary git repository, as a person would do it.

Every command is really run, in a process of its own, and its real output printed. The demo
fails where one of them does not do what the README says.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

import sessionfs
from sessionfs.cli import FINDINGS, FINE, PROGRAM
from sessionfs.cli.terminal import columns, paint
from sessionfs.cli.verb import verb
from sessionfs.errors import NotFound
from sessionfs.view import Line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sessionfs.archive import Session

_SECONDS = 120
_SHOWN = 20
_ARCHIVE = ".sessions"
_IDENTITY = {
    "GIT_AUTHOR_NAME": "Ada", "GIT_AUTHOR_EMAIL": "ada@example.org",
    "GIT_COMMITTER_NAME": "Ada", "GIT_COMMITTER_EMAIL": "ada@example.org",
    "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1",
}  # fmt: skip
"""Who commits in the demo, and nowhere else; nobody's hooks or signatures take part."""


@verb("demo", "sessionfs demo")
def demo_command() -> int:
    """Walk through the main job on example logs, in a temporary repository that is then removed.

    Exit code 0 only if everything held.
    """
    logs = example_logs()
    with tempfile.TemporaryDirectory(prefix="sessionfs-demo-") as place:
        # Under its real name, which programs print: macOS's temporary directory is a link.
        tour = _Tour(Path(place).resolve(), logs)
        tour.walk()
    broken = [what for what, held in tour.held if not held]
    click.echo()
    if broken:
        click.echo(paint(Line(f"demo: FAILED: {'; '.join(broken)}", "bad")))
        return FINDINGS
    click.echo(
        paint(Line(f"demo: everything held: {', '.join(what for what, _ in tour.held)}.", "good"))
    )
    return FINE


def example_logs() -> Path:
    """Return the example logs: inside the installed package, or beside it in a checkout."""
    package = Path(sessionfs.__file__).parent
    for place in (package / "examples", package.parent / "examples" / "native"):
        if place.is_dir():
            return place
    message = "the example logs are missing"
    raise NotFound(message, hint="reinstall sessionfs")


class _Tour:
    """One walk through the demo, and what held on the way."""

    def __init__(self, root: Path, logs: Path) -> None:
        self.held: list[tuple[str, bool]] = []
        self._logs = root / "logs"
        self._project = root / "project"
        self._project.mkdir()
        shutil.copytree(logs, self._logs)
        self._git = shutil.which("git") is not None
        kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        colour = click.get_current_context().color
        painted = sys.stdout.isatty() if colour is None else colour
        ours = str(Path(sessionfs.__file__).parents[1])
        path = os.pathsep.join(filter(None, [ours, os.environ.get("PYTHONPATH")]))
        self._environment = {
            **kept, **_IDENTITY, "PYTHONPATH": path,
            "COLUMNS": str(columns() or 100), "PYTHONIOENCODING": "utf-8",
            **({"FORCE_COLOR": "1"} if painted else {"NO_COLOR": "1"}),
        }  # fmt: skip

    def walk(self) -> None:
        """Do the main job, step by step."""
        if self._git:
            self._run("git init -q")
        else:
            self._tell("git is not installed here: its steps are left out")
        self._run(f"{PROGRAM} init")
        self._run(f"{PROGRAM} import ../logs")
        chosen, log = self._choose()
        longest = max(self._sessions(), key=lambda session: session.summary.messages)
        self._run(f"{PROGRAM} list")
        self._run(f"{PROGRAM} show {longest.id[:11]} --message -{_SHOWN}")
        if self._git:
            self._run("git add .sessions")
            self._run("git commit -qm 'Keep the sessions'")
        self._import_again()
        self._damage(chosen)
        self._restore(chosen, log)
        self._carry()

    def _choose(self) -> tuple[Session, Path]:
        """Return the longest session that comes from one plain file, and that file."""
        from sessionfs.digest import digest

        logs = {digest(path.read_bytes()): path for path in self._logs.rglob("*") if path.is_file()}
        sessions = list(self._sessions())
        found = [
            (session.summary.messages, session, logs[session.summary.source_files[0].blake3])
            for session in sessions
            if len(session.summary.source_files) == 1
            and session.summary.source_files[0].blake3 in logs
        ]
        _, session, log = max(found, key=lambda row: (row[0], row[1].path))
        return session, log

    def _sessions(self) -> Iterator[Session]:
        return sessionfs.open_archive(str(self._project / _ARCHIVE)).sessions()

    def _import_again(self) -> None:
        _, output = self._run(f"{PROGRAM} import ../logs | tail -n 1")
        self._note(
            "importing again changed nothing", held="new" not in output and "unchanged" in output
        )
        if self._git:
            _, changed = self._run("git status --short")
            self._note("git saw no change", held=not changed)

    def _damage(self, session: Session) -> None:
        code, _ = self._run(f"{PROGRAM} verify")
        self._note("every session verified", held=code == FINE)
        name = f"{_ARCHIVE}/{session.path}/messages-00000001.jsonl"
        place = self._project / name
        content = bytearray(place.read_bytes())
        middle = len(content) // 2
        content[middle] ^= 1
        before = place.read_bytes()
        self._tell(f"one bit flips: byte {middle} of {name}")
        place.write_bytes(content)
        code, output = self._run(f"{PROGRAM} verify", expected=FINDINGS)
        self._note(
            "a flipped bit was found and named", held=code == FINDINGS and session.path in output
        )
        if self._git:
            self._run("git checkout -q -- .sessions")
        else:
            place.write_bytes(before)
            self._tell("the file is put back")
        code, _ = self._run(f"{PROGRAM} verify")
        self._note("the way back was clean", held=code == FINE)

    def _restore(self, session: Session, log: Path) -> None:
        self._run(f"{PROGRAM} export {session.id[:11]} --to native -o restored.jsonl")
        original = Path("..") / log.relative_to(self._project.parent)
        restored = self._project / "restored.jsonl"
        if shutil.which("cmp"):
            code, _ = self._run(f"cmp restored.jsonl {shlex.quote(original.as_posix())}")
            same = code == FINE
        else:
            same = restored.is_file() and restored.read_bytes() == log.read_bytes()
            self._tell(f"restored.jsonl and {original} are {'the same' if same else 'different'}")
        for other in self._sessions():
            for _ in sessionfs.native_content(other):  # raises at its end where it is not the log
                pass
        self._note("the native logs came back byte for byte", held=same)

    def _carry(self) -> None:
        self._run(f"{PROGRAM} pack -o ../sessions.tar.zst")
        code, _ = self._run(f"{PROGRAM} verify ../sessions.tar.zst")
        self._run(f"{PROGRAM} unpack ../sessions.tar.zst -d ../elsewhere | tail -n 1")
        there = sessionfs.open_archive(str(self._project.parent / "elsewhere")).sessions()
        before, after = (
            {session.path: session.seal for session in sessions}
            for sessions in (self._sessions(), there)
        )
        same = code == FINE and before == after
        self._note("a pack carried the same sessions elsewhere", held=same)

    def _note(self, what: str, *, held: bool) -> None:
        self.held.append((what, held))

    def _tell(self, text: str) -> None:
        click.echo()
        click.echo(paint(Line(f"# {text}", "faint")))

    def _run(self, line: str, *, expected: int = FINE) -> tuple[int, str]:
        """Print a command, run it, print its output; return its exit code and output."""
        click.echo()
        click.echo(paint(Line(f"$ {line}", "title")))
        command, _, cut = line.partition(" | tail -n ")
        words = shlex.split(command)
        if words[0] == PROGRAM:
            words[:1] = [sys.executable, "-m", PROGRAM]
        done = subprocess.run(  # noqa: S603  lines of this module, and no shell
            words, cwd=self._project, env=self._environment, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, timeout=_SECONDS,
            encoding="utf-8", errors="replace",
        )  # fmt: skip
        output = done.stdout
        if cut:
            output = "".join(output.splitlines(keepends=True)[-int(cut) :])
        click.echo(output, nl=False)
        if done.returncode != expected:
            self._note(f"`{line}` exits {expected}", held=False)
        return done.returncode, output
