"""Work on several threads: for libraries that let others run meanwhile, such as compressors."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final, TypeVar

from sessionfs.disk.workers import usable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from concurrent.futures import Future

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")

_AHEAD: Final = 2
"""Items that wait for each thread, so that none is idle and few are held."""


def in_threads(
    make: Callable[[], Callable[[_Item], _Result]], items: Iterable[_Item]
) -> Iterator[_Result]:
    """Yield what is made of each item, in the order of the items; each thread makes its function.

    What taking or working raises is raised in its turn: after the results before it.
    """
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415  12 ms that others spare
    from threading import local  # noqa: PLC0415

    own = local()

    def work(item: _Item) -> _Result:
        if not hasattr(own, "work"):
            own.work = make()
        result: _Result = own.work(item)
        return result

    count = usable()
    source = iter(items)
    waiting: deque[Future[_Result]] = deque()
    failure: Exception | None = None
    ended = False
    pool = ThreadPoolExecutor(count)
    try:
        while True:
            while not ended and len(waiting) < count * _AHEAD:
                try:
                    waiting.append(pool.submit(work, next(source)))
                except StopIteration:
                    ended = True
                except Exception as error:  # noqa: BLE001  it is raised in its turn
                    failure, ended = error, True
            if not waiting:
                break
            yield waiting.popleft().result()
    finally:
        # Nothing is waited for: what is left behind unread is closed by the garbage collector, at
        # any place, also in a thread that begins and holds the lock that joining another one needs.
        pool.shutdown(wait=False, cancel_futures=True)
    if failure is not None:
        raise failure
