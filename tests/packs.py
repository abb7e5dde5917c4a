"""Packs for tests: archives of a few sessions, and a place in memory to unpack into."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import sessionfs
from claude_logs import SESSION, log
from sessionfs.identity import shard
from sessionfs.pack import Limits, PackWriter, one_by_one, open_stream
from sessionfs.tree import MemoryTree
from sessionfs.unpacker import Unpacker

if TYPE_CHECKING:
    from collections.abc import Iterator


def archive(place: Path, *sizes: int) -> Path:
    """Make an archive with a session for each number of messages; one has a long output."""
    logs = place / "logs"
    logs.mkdir(parents=True)
    for number, size in enumerate(sizes or (3, 20, 7)):
        session = f"{number:08x}{SESSION[8:]}"
        (logs / f"{number}.jsonl").write_bytes(log(size, session=session, seed=number))
    long = json.loads(log(1, session="f" + SESSION[1:]).splitlines()[0])
    long["message"] = {"role": "user", "content": "wick " * 60_000}
    (logs / "long.jsonl").write_text(json.dumps(long, separators=(",", ":")) + "\n")
    target = place / "archive"
    report = sessionfs.import_logs([str(logs)], archive=str(target))
    assert not report.failed
    return target


def pack_bytes(place: Path, *, compress: bool = False) -> bytes:
    """Return an archive as a pack."""
    store = sessionfs.open_archive(str(place))
    writer = PackWriter({path: store.session(path) for path in store.paths()})
    return b"".join(writer.write(one_by_one if compress else None))


class MemoryStage:
    """A stage whose session nobody publishes."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.tree = MemoryTree()


class MemoryStore:
    """What receiving asks of an archive, in memory."""

    def __init__(self) -> None:
        self.stages: dict[str, MemoryStage] = {}

    def stage(self, session_id: str) -> MemoryStage:
        path = f"{shard(session_id)}/{session_id}"
        self.stages[path] = MemoryStage(path)
        return self.stages[path]


def received(pieces: Iterator[bytes], limits: Limits | None = None) -> dict[str, bytes]:
    """Return the files of a pack as unpacking takes them in, before it verifies them."""
    store = MemoryStore()
    limits = limits or Limits()
    tar = open_stream(pieces, limits, one_by_one, lambda _: None)
    Unpacker(store, limits).receive(tar, lambda _: True)
    return {
        f"{path}/{name}": content
        for path, stage in store.stages.items()
        for name, content in stage.tree.files.items()
    }
