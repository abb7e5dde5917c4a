"""Every step that changes the disk, one function each, so that tests can fail each of them."""

from __future__ import annotations

import contextlib
import ctypes
import errno
import functools
import os
import shutil
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_EXCHANGE = 2
"""RENAME_EXCHANGE of Linux and RENAME_SWAP of macOS have the same value."""


def make_directories(path: str) -> None:
    """Make a directory and those above it, durably; one that exists is fine."""
    missing = []
    path = os.path.abspath(path)  # a relative path ends at "", which is never a directory
    while not os.path.isdir(path):
        missing.append(path)
        path = os.path.dirname(path)
    for directory in reversed(missing):
        make_directory(directory)
        sync_directory(os.path.dirname(directory))


def make_directory(path: str) -> None:
    """Make one directory; one that another process has just made is fine."""
    try:
        os.mkdir(path)
    except FileExistsError:
        if not os.path.isdir(path):
            raise


def create_file(path: str) -> int:
    """Create a file that must not exist and return its descriptor."""
    flags = (
        os.O_WRONLY
        | os.O_CREAT
        | os.O_EXCL
        | getattr(os, "O_NOFOLLOW", 0)
        | getattr(os, "O_BINARY", 0)
    )
    return os.open(path, flags, 0o666)


def write(descriptor: int, content: bytes) -> None:
    """Write all of `content`."""
    view = memoryview(content)
    while view:
        view = view[os.write(descriptor, view) :]


def sync_file(descriptor: int) -> None:
    """Wait until what was written is on the disk."""
    os.fsync(descriptor)


def sync_directory(path: str) -> None:
    """Wait until the names in a directory are on the disk, where the system can."""
    if sys.platform == "win32":
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def link_or_copy(source: str, target: str) -> None:
    """Give a file that never changes a second name; copy it where the system has no links."""
    try:
        link(source, target)
    except (OSError, NotImplementedError):
        copy_file(source, target)


def copy_file(source: str, target: str) -> None:
    """Copy a file durably to a name that must not exist."""
    descriptor = create_file(target)
    try:
        with open(source, "rb") as stream:
            while chunk := stream.read(1 << 20):
                write(descriptor, chunk)
        sync_file(descriptor)
    finally:
        os.close(descriptor)


def link(source: str, target: str) -> None:
    """Give a file a second name; raises `FileExistsError` where something has it."""
    os.link(source, target, follow_symlinks=False)


def rename(source: str, target: str) -> None:
    """Give a file or directory another name; a file that has it is replaced."""
    os.replace(source, target)


def rename_new(source: str, target: str) -> None:
    """Give a directory a name that nothing has; raises `FileExistsError` where something has."""
    if os.path.lexists(target):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), target)
    os.rename(source, target)


def exchange(left: str, right: str) -> bool:
    """Swap the names of two directories in one step; return False where the system cannot."""
    call = _exchange_call()
    if call is None:
        return False
    if call(os.fsencode(left), os.fsencode(right)) == 0:
        return True
    code = ctypes.get_errno()
    if code in (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP):
        return False
    raise OSError(code, os.strerror(code), left, None, right)


@functools.cache
def _exchange_call() -> Callable[[bytes, bytes], int] | None:
    try:
        library = ctypes.CDLL(None, use_errno=True)
        if sys.platform == "darwin":
            return functools.partial(_swap, library.renamex_np)
        renameat2 = library.renameat2
    except (OSError, AttributeError, TypeError):
        return None
    here = ctypes.c_int(-100)  # AT_FDCWD: paths are as given
    return lambda left, right: int(renameat2(here, left, here, right, ctypes.c_uint(_EXCHANGE)))


def _swap(renamex_np: Callable[..., int], left: bytes, right: bytes) -> int:
    return int(renamex_np(left, right, ctypes.c_uint(_EXCHANGE)))


def remove_file(path: str) -> None:
    """Remove a file; one that is gone already is fine."""
    try:
        os.unlink(path)
    except FileNotFoundError:
        return


def remove_directory(path: str) -> None:
    """Remove an empty directory; one that is not empty, or gone, is left as it is."""
    with contextlib.suppress(OSError):
        os.rmdir(path)


def remove_tree(path: str) -> None:
    """Remove a directory with all that is in it; one that is gone already is fine."""
    if os.path.lexists(path):
        shutil.rmtree(path)
