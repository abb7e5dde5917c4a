"""Killed at any step that writes, an archive is old or new, and the next command mends it.

Each call into `sessionfs.disk.steps` fails once (a full disk), and the process dies once there.
Death is played by an exception that makes every later step fail too, so that no clean-up runs;
a few real deaths by `os._exit` show that the play is honest.
"""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

import sessionfs
from claude_logs import SESSION, log
from sessionfs.disk import steps
from sessionfs.disk.archive import Archive
from trees import sessions, tree

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

STEPS = [
    name for name in vars(steps)
    if callable(getattr(steps, name)) and getattr(steps, name).__module__ == steps.__name__
    and not name.startswith("_")
]  # fmt: skip


class DeathError(BaseException):
    """The process is dead: nothing that it still does reaches the disk."""


class Gate:
    """Lets steps through, counts them, and stops one of them: before it or in its middle."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, exchange: bool) -> None:
        self.count = 0
        self.stop_at: int | None = None
        self.dies = False
        self.dead = False
        self.log: list[str] = []
        for name in STEPS:
            real = getattr(steps, name)
            if name == "exchange" and not exchange:
                real = lambda _left, _right: False  # noqa: E731  a system without it
            monkeypatch.setattr(steps, name, self._wrap(name, real))

    def _wrap(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        def step(*arguments: Any) -> Any:
            if self.dead:
                raise DeathError
            self.count += 1
            self.log.append(name)
            if self.count == self.stop_at:
                if name == "write":
                    os.write(arguments[0], arguments[1][: len(arguments[1]) // 2])
                self.dead = self.dies
                raise DeathError if self.dies else OSError(errno.ENOSPC, "No space left on device")
            return real(*arguments)

        return step


def prepare(place: Path) -> list[str]:
    """Make logs, and an archive that has a shorter state of the first of them."""
    native = place / "native"
    native.mkdir(parents=True)
    content = log(300, size=30)
    (native / "grown.jsonl").write_bytes(content[: len(content) * 2 // 3])
    sessionfs.import_logs([str(native)], archive=str(place / "archive"))
    (native / "grown.jsonl").write_bytes(content)
    (native / "new.jsonl").write_bytes(log(5, session=SESSION.replace("5", "6")))
    fork = log(40, size=30) + log(3, seed=4)
    (native / "other.jsonl").write_bytes(fork)
    return [str(native)]


@pytest.mark.parametrize("exchange", [True, False], ids=["exchange", "journal"])
@pytest.mark.parametrize("dies", [True, False], ids=["dies", "fails"])
def test_every_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, dies: bool, exchange: bool
) -> None:
    paths = prepare(tmp_path / "origin")
    origin = tmp_path / "origin" / "archive"
    before = sessions(tree(origin))
    gate = Gate(monkeypatch, exchange=exchange)

    complete = tmp_path / "complete"
    shutil.copytree(origin, complete)
    assert not sessionfs.import_logs(paths, archive=str(complete)).failed
    total, after = gate.count, tree(complete)
    assert total > 60
    assert {"write", "sync_file", "rename_new", "exchange", "create_file", "link_or_copy"} <= set(
        gate.log
    )

    for number in range(1, total + 1):
        place = tmp_path / "victim"
        shutil.copytree(origin, place)
        gate.count, gate.stop_at, gate.dies, gate.dead = 0, number, dies, False
        try:
            report = sessionfs.import_logs(paths, archive=str(place))
            acknowledged = [row.session for row in report.sessions]
        except (DeathError, OSError):
            acknowledged = []
        gate.stop_at, gate.dead = None, False
        Archive(str(place))  # any command that opens the archive finishes an interrupted swap
        found = sessions(tree(place))
        wanted = sessions(after)
        for path, files in found.items():
            assert files in (before.get(path), wanted.get(path)), (
                f"step {number}: {path} is between"
            )
        assert set(before) <= set(found), f"step {number}: a session is gone"
        assert all(any(path.endswith(str(name)) for path in found) for name in acknowledged)
        assert sessionfs.verify([str(place)]).ok
        assert not sessionfs.import_logs(paths, archive=str(place)).failed
        assert tree(place) == after, f"step {number}: the next import does not end the same"
        assert not list((place / ".cache").glob("staging/*"))
        shutil.rmtree(place)


def test_every_step_of_making_an_archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = Gate(monkeypatch, exchange=True)
    sessionfs.init(str(tmp_path / "whole"))
    total, whole = gate.count, tree(tmp_path / "whole")
    for number in range(1, total + 1):
        place = tmp_path / f"victim-{number}"
        gate.count, gate.stop_at, gate.dies, gate.dead = 0, number, True, False
        with pytest.raises(DeathError):
            sessionfs.init(str(place))
        gate.stop_at, gate.dead = None, False
        sessionfs.init(str(place))
        assert tree(place) == whole


@pytest.mark.parametrize("verb", ["edit", "remove", "seal"])
def test_every_step_of_other_writers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    prepare(tmp_path / "origin")
    origin = tmp_path / "origin" / "archive"
    (path,) = sessions(tree(origin))
    session = path.rpartition("/")[2]
    if verb == "seal":
        manifest = origin / path / "manifest.yaml"
        manifest.write_text(manifest.read_text() + "title: told\n")
    calls: dict[str, Callable[[Path], object]] = {
        "edit": lambda place: sessionfs.edit(session, {"title": "told"}, str(place)),
        "remove": lambda place: sessionfs.remove([session], str(place)),
        "seal": lambda place: sessionfs.seal([session], str(place)),
    }
    before = sessions(tree(origin))
    gate = Gate(monkeypatch, exchange=True)
    shutil.copytree(origin, tmp_path / "complete")
    calls[verb](tmp_path / "complete")
    total, after = gate.count, sessions(tree(tmp_path / "complete"))
    for number in range(1, total + 1):
        place = tmp_path / "victim"
        shutil.copytree(origin, place)
        gate.count, gate.stop_at, gate.dies, gate.dead = 0, number, True, False
        with pytest.raises(DeathError):
            calls[verb](place)
        gate.stop_at, gate.dead = None, False
        Archive(str(place))
        assert sessions(tree(place)) in (before, after), f"step {number}"
        shutil.rmtree(place)


REAL_DEATH = """
import os, sys
import sessionfs
from sessionfs.disk import steps
stop, count = int(sys.argv[1]), 0
def wrap(real):
    def step(*arguments):
        global count
        count += 1
        if count == stop:
            os._exit(9)
        return real(*arguments)
    return step
for name in sys.argv[4:]:
    setattr(steps, name, wrap(getattr(steps, name)))
sessionfs.import_logs([sys.argv[2]], archive=sys.argv[3])
"""


@pytest.mark.parametrize("number", [5, 20, 35, 50, 65])
def test_real_deaths(tmp_path: Path, number: int) -> None:
    (native,) = prepare(tmp_path)
    place = str(tmp_path / "archive")
    died = subprocess.run(
        [sys.executable, "-c", REAL_DEATH, str(number), native, place, *STEPS], check=False
    )
    assert died.returncode == 9
    assert sessionfs.verify([place]).ok
    assert not sessionfs.import_logs([native], archive=place).failed
    sessionfs.import_logs([native], archive=str(tmp_path / "fresh"))
    assert tree(tmp_path / "archive") == tree(tmp_path / "fresh")
