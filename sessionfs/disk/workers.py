"""Work on several processes: the same results in the same order, whoever did what.

What is spread are pure functions; they and what they are given can be pickled. A process that
dies is an error, never a wait without end. Ctrl-C, or any error here, ends them all at once.
"""

from __future__ import annotations

import os
import signal
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, TypeVar

from sessionfs.errors import SessionfsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")

WORTH: Final = 16 << 20
"""Bytes that keep a process busy long enough to pay for its start."""

_BATCH: Final = 4 << 20
"""Bytes that are handed out at once, so that handing out costs nothing beside the work."""


def usable() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def spread(
    work: Callable[[_Item], _Result],
    items: Iterable[_Item],
    size: Callable[[_Item], int],
    jobs: int | None = None,
) -> Iterable[_Result]:
    """Return what `map` returns, worked out by `jobs` processes.

    None lets the bytes decide: `size` tells those of an item. The largest are begun first.
    Raises what `work` raises, and `SessionfsError` where a process died.
    """
    everything = list(items)
    if jobs == 1 or len(everything) < 2:  # noqa: PLR2004  one cannot be divided
        return map(work, everything)
    sizes = [size(item) for item in everything]
    if jobs is None:
        jobs = min(usable(), sum(sizes) // WORTH)
    batches = list(_batches(sizes, max(1, min(_BATCH, sum(sizes) // (4 * max(jobs, 1))))))
    jobs = min(jobs, len(batches))
    if jobs <= 1:
        return map(work, everything)
    return _Crew(work, everything, batches).run(jobs)


def _batches(sizes: Sequence[int], least: int) -> Iterator[list[int]]:
    """Yield the places of the items in groups, the largest first, each of `least` bytes."""
    batch: list[int] = []
    held = 0
    for place in sorted(range(len(sizes)), key=sizes.__getitem__, reverse=True):
        batch.append(place)
        held += sizes[place]
        if held >= least:
            yield batch
            batch, held = [], 0
    if batch:
        yield batch


class _Crew:
    """Some processes, what is left to do, and what was done."""

    def __init__(
        self, work: Callable[[Any], Any], items: Sequence[Any], batches: Sequence[list[int]]
    ) -> None:
        self._work = work
        self._items = items
        self._left = iter(batches)
        self._done: dict[int, Any] = {}
        self._busy: dict[Connection, list[int]] = {}
        self._processes: list[BaseProcess] = []

    def run(self, jobs: int) -> list[Any]:
        """Return the results in the order of the items."""
        from multiprocessing.connection import wait  # noqa: PLC0415  10 ms that one process spares

        try:
            self._start(jobs)
            while self._busy:
                for connection in wait(list(self._busy)):
                    self._take(connection)  # type: ignore[arg-type]
        finally:
            for process in self._processes:  # they are idle, or their work is in vain
                process.kill()
            for process in self._processes:
                process.join()
                process.close()
        return [self._done[place] for place in range(len(self._items))]

    def _start(self, jobs: int) -> None:
        from multiprocessing import get_context  # noqa: PLC0415

        context: Any = get_context(_method())  # typed without its processes
        for _ in range(jobs):
            ours, theirs = context.Pipe()
            process = context.Process(target=_serve, args=(ours, theirs, self._work), daemon=True)
            with _interrupts_held():  # until it is known as one that must be ended
                process.start()
                self._processes.append(process)
            theirs.close()
            self._give(ours)

    def _give(self, connection: Connection) -> None:
        """Hand out the next batch, where one is left."""
        batch = next(self._left, None)
        if batch is not None:
            self._busy[connection] = batch
            try:
                connection.send([self._items[place] for place in batch])
            except OSError:
                raise _died() from None

    def _take(self, connection: Connection) -> None:
        batch = self._busy.pop(connection)
        try:
            results = connection.recv()
        except (EOFError, OSError):
            raise _died() from None
        if results is None:  # it failed there: here the error shows where
            results = [self._work(self._items[place]) for place in batch]
        self._done.update(zip(batch, results, strict=True))
        self._give(connection)


def _method() -> str | None:
    """Return how processes are started: by a fork where that is safe, for it takes no time."""
    from multiprocessing import get_all_start_methods  # noqa: PLC0415
    from threading import active_count  # noqa: PLC0415

    safe = sys.platform != "darwin" and active_count() == 1
    return "fork" if safe and "fork" in get_all_start_methods() else "spawn"


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Begin a process in which Ctrl-C raises nothing: the one that hears it ends the others."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _died() -> SessionfsError:
    return SessionfsError(
        "a worker process died", hint="memory may be short: try again with `--jobs 1`"
    )


def _serve(away: Connection, connection: Connection, work: Callable[[Any], Any]) -> None:
    """Work off what comes in until nothing more does; None in place of results is a failure.

    `away` is the other end, which a worker must not hold: it would never hear that it is closed.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    away.close()
    try:
        while True:
            items = connection.recv()
            try:
                results = [work(item) for item in items]
            except Exception:  # noqa: BLE001  it is raised again where it can be seen
                results = None
            connection.send(results)
    except (EOFError, OSError):
        return
