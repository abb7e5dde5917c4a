"""Killed at any step that writes, an archive is old or new, and the next command mends it.

Each call into `sessionfs.disk.steps` fails once (a full disk), and the process dies once there.
Death is played by an exception that makes every later step fail too, so that no clean-up runs;
a few real deaths by `os._exit` show that the play is honest.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

import packs
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


@pytest.mark.no_cover
@pytest.mark.parametrize(
    ("dies", "exchange", "stride"),
    [
        pytest.param(True, True, 13, id="dies-exchange-some"),
        pytest.param(False, False, 13, id="fails-journal-some"),
        pytest.param(True, True, 3, id="dies-exchange", marks=pytest.mark.exhaustive),
        pytest.param(False, False, 3, id="fails-journal", marks=pytest.mark.exhaustive),
        pytest.param(True, True, 1, id="dies-exchange-all", marks=pytest.mark.soak),
        pytest.param(False, False, 1, id="fails-journal-all", marks=pytest.mark.soak),
        pytest.param(True, False, 1, id="dies-journal-all", marks=pytest.mark.soak),
        pytest.param(False, True, 1, id="fails-exchange-all", marks=pytest.mark.soak),
    ],
)
def test_every_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, dies: bool, exchange: bool, stride: int
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

    for number in range(1, total + 1, stride):
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


@pytest.mark.no_cover
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


@pytest.mark.parametrize("number", [5, 35, 65])
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


# --- packs ---


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A pack of three sessions, of which `edited` has one under another title."""
    place = tmp_path_factory.mktemp("packed")
    source = packs.archive(place, 3, 5)
    for name in ("p.tar", "p.tar.zst"):
        sessionfs.pack([str(source)], str(place / name))
    one = min(sessions(tree(source)))
    sessionfs.pack([str(source / one)], str(place / "one.tar"))
    sessionfs.unpack(str(place / "one.tar"), str(place / "edited"))
    sessionfs.edit(one.rpartition("/")[2], {"title": "told"}, str(place / "edited"))
    return place


@pytest.mark.parametrize("dies", [True, False], ids=["dies", "fails"])
@pytest.mark.parametrize("force", [True, False], ids=["force", "new"])
@pytest.mark.parametrize("name", ["p.tar", "p.tar.zst"])
def test_every_step_of_packing(
    packed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, name: str, force: bool,
    dies: bool,
) -> None:  # fmt: skip
    source, whole = str(packed / "archive"), (packed / name).read_bytes()
    gate = Gate(monkeypatch, exchange=True)
    sessionfs.pack([source], str(tmp_path / name))
    total = gate.count
    assert total > 5
    for number in range(1, total + 1):
        place = tmp_path / str(number) / name
        place.parent.mkdir()
        before = b"mine" if force else None
        if before:
            place.write_bytes(before)
        gate.count, gate.stop_at, gate.dies, gate.dead = 0, number, dies, False
        with contextlib.suppress(DeathError, OSError):  # the last step of a replacement may not be
            sessionfs.pack([source], str(place), force=force)
        gate.stop_at, gate.dead = None, False
        found = place.read_bytes() if place.exists() else None
        assert found in (before, whole), f"step {number}"
        if not dies and gate.log[-1] != "remove_file":
            assert sorted(path.name for path in place.parent.iterdir()) in ([name], []), number
        sessionfs.pack([source], str(place), force=True)
        assert place.read_bytes() == whole


@pytest.mark.no_cover
@pytest.mark.parametrize("dies", [True, False], ids=["dies", "fails"])
@pytest.mark.parametrize("where", ["new", "edited"])
@pytest.mark.parametrize(
    "stride",
    [
        7,
        pytest.param(3, marks=pytest.mark.exhaustive),
        pytest.param(1, marks=pytest.mark.soak),
    ],
)
def test_every_step_of_unpacking(
    packed: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    where: str,
    dies: bool,
    stride: int,
) -> None:
    """Into nothing, and into an archive that has another form of one of the sessions."""
    pack = str(packed / "p.tar.zst")

    def prepare_place(place: Path) -> dict[str, dict[str, bytes]]:
        if where == "edited":
            shutil.copytree(packed / "edited", place)
        return sessions(tree(place)) if place.exists() else {}

    gate = Gate(monkeypatch, exchange=True)
    prepare_place(tmp_path / "complete")
    gate.count = 0
    sessionfs.unpack(pack, str(tmp_path / "complete"), on_conflict="fresh-id")
    total, after = gate.count, sessions(tree(tmp_path / "complete"))
    assert total > 60
    for number in range(1 + 2 * dies * (stride > 1), total + 1, stride):
        place = tmp_path / "outer" / "victim"
        before = prepare_place(place)
        gate.count, gate.stop_at, gate.dies, gate.dead = 0, number, dies, False
        with contextlib.suppress(DeathError, OSError):
            sessionfs.unpack(pack, str(place), on_conflict="fresh-id")
        gate.stop_at, gate.dead = None, False
        found = sessions(tree(place)) if place.exists() else {}
        for path, files in found.items():
            assert files == after[path], f"step {number}: {path} is between"
        assert set(before) <= set(found), f"step {number}: a session is gone"
        if where == "new" and not dies and not found:
            assert not (tmp_path / "outer").exists(), f"step {number}: something is left"
        sessionfs.unpack(pack, str(place), on_conflict="fresh-id")
        assert sessions(tree(place)) == after
        assert sessionfs.verify([str(place)]).ok
        assert not list((place / ".cache").glob("staging/*"))
        shutil.rmtree(tmp_path / "outer")


@pytest.mark.parametrize("milliseconds", [150, 250, 350])
def test_unpacking_that_is_really_killed(packed: Path, tmp_path: Path, milliseconds: int) -> None:
    line = [sys.executable, "-m", "sessionfs", "unpack", str(packed / "p.tar"), "-d", "a"]
    with contextlib.suppress(subprocess.TimeoutExpired):  # run() kills it then
        subprocess.run(line, cwd=tmp_path, timeout=milliseconds / 1000, check=True)
    found = sessions(tree(tmp_path / "a")) if (tmp_path / "a").exists() else {}
    whole = sessions(tree(packed / "archive"))
    assert all(files == whole[path] for path, files in found.items())
    subprocess.run(line, cwd=tmp_path, check=True)
    assert sessions(tree(tmp_path / "a")) == whole
