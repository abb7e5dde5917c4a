"""Work on several processes: the same results for any number, and no process left behind."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sessionfs
import trees
from sessionfs.disk import workers
from sessionfs.disk.workers import spread
from sessionfs.errors import SessionfsError
from sessionfs.tree import MemoryTree
from sessionfs.verify import verify_archive

VECTORS = Path(__file__).resolve().parent / "vectors"
SESSION = "01M81CYGKKYF3N2YJDPS3MWRXG"


def square(number):
    return number * number


def fail(number):
    if number == 7:
        raise ZeroDivisionError(number)
    return number


def die(number):
    if number == 7:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def whereabouts(_item):
    return os.getpid()


def one(_item):
    return 1


@pytest.mark.parametrize("method", multiprocessing.get_all_start_methods())
def test_results_stand_in_the_order_of_the_items(method, monkeypatch):
    monkeypatch.setattr(workers, "_method", lambda: method)
    items = [5, 1, 4, 2, 3] * 7
    expected = list(map(square, items))
    for jobs in (1, 2, 5):
        assert list(spread(square, items, size=abs, jobs=jobs)) == expected


def test_the_work_is_done_elsewhere_unless_it_is_little():
    here = os.getpid()
    assert set(spread(whereabouts, range(9), one, jobs=1)) == {here}
    assert set(spread(whereabouts, range(9), one)) == {here}
    assert set(spread(whereabouts, [3], one, jobs=4)) == {here}
    assert here not in set(spread(whereabouts, range(9), one, jobs=2))
    assert list(spread(square, [], one, jobs=2)) == []


def test_many_bytes_are_worth_a_process_each(monkeypatch):
    monkeypatch.setattr(workers, "usable", lambda: 2)
    large = partial(max, workers.WORTH)
    assert os.getpid() not in set(spread(whereabouts, range(9), large))
    monkeypatch.setattr(workers, "usable", lambda: 1)
    assert set(spread(whereabouts, range(9), large)) == {os.getpid()}


def test_an_error_is_raised_where_it_can_be_seen():
    with pytest.raises(ZeroDivisionError) as caught:
        list(spread(fail, range(20), one, jobs=2))
    assert caught.traceback[-1].name == "fail"
    assert not multiprocessing.active_children()


def test_a_process_that_dies_is_an_error_and_no_wait():
    with pytest.raises(SessionfsError, match="a worker process died") as caught:
        list(spread(die, range(20), one, jobs=2))
    assert "--jobs 1" in caught.value.hint
    assert not multiprocessing.active_children()


INTERRUPTED = r"""
import os, sys, time
from sessionfs.disk.workers import spread

def sleep(_):
    os.write(1, b"%d\n" % os.getpid())
    time.sleep(60)

try:
    spread(sleep, range(4), lambda _: 1, jobs=2)
except KeyboardInterrupt:
    sys.exit(130)
"""


@pytest.mark.skipif(not hasattr(os, "killpg"), reason="Ctrl-C in another process")
def test_an_interrupt_ends_every_process_at_once():
    with subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as process:
        children = [int(process.stdout.readline()) for _ in range(2)]
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to all of them
        _, said = process.communicate(timeout=30)
    assert (process.returncode, said) == (130, b"")
    for child in children:
        with pytest.raises(ProcessLookupError):
            os.kill(child, 0)


@pytest.mark.skipif(not hasattr(os, "killpg"), reason="no such signal")
def test_workers_end_when_the_one_that_asked_is_gone():
    short = INTERRUPTED.replace("sleep(60)", "sleep(0.2)")
    with subprocess.Popen(
        [sys.executable, "-c", short], stdout=subprocess.PIPE, start_new_session=True
    ) as process:
        children = [int(process.stdout.readline()) for _ in range(2)]
        process.kill()
        process.communicate(timeout=30)  # its output ends when no worker holds it any longer
    for child in children:
        for _ in range(100):
            try:
                os.kill(child, 0)
            except ProcessLookupError:
                break
            time.sleep(0.1)
        else:
            pytest.fail(f"{child} is still there")


# Sessions, whoever verifies them


def archive_of(count):
    """Sessions of which all but one stand in the wrong directory."""
    files = trees.tree(VECTORS / "good/archive/archive")
    for number in range(count - 1):
        name = f"01M81CYGKKYF3N2YJDPS3MWRX{number}"
        files |= {
            path.replace(SESSION, name): content
            for path, content in files.items()
            if path.startswith(f"2026/11/{SESSION}/")
        }
    return files


@settings(max_examples=3, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 99), st.integers(0, 999), st.binary(max_size=3)), max_size=6)
)
def test_findings_do_not_depend_on_the_number_of_processes(damages):
    files = archive_of(6)
    for file, place, other in damages:
        path = sorted(files)[file % len(files)]
        content = files[path]
        files[path] = content[:place] + other + content[place + 1 :]
    tree = MemoryTree(files)
    reports = [verify_archive(tree, each=partial(spread, size=one, jobs=jobs)) for jobs in (1, 3)]
    assert reports[0].findings  # at least that they are in a wrong place
    assert reports[1] == reports[0] == verify_archive(tree)


@pytest.mark.parametrize("mode", ["full", "fast", "deep"])
def test_named_sessions_are_spread_too(tmp_path, mode):
    for path, content in archive_of(4).items():
        place = tmp_path / "a" / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
    named = sorted(map(str, (tmp_path / "a").glob("2026/11/*")))
    reports = [sessionfs.verify(named, mode=mode, jobs=jobs) for jobs in (1, 3)]
    assert reports[1] == reports[0]
    assert len(reports[0].sessions) == 4
    whole = [sessionfs.verify([str(tmp_path / "a")], mode=mode, jobs=jobs) for jobs in (1, 3)]
    assert whole[1] == whole[0]
    assert whole[0].checked == reports[0].checked
