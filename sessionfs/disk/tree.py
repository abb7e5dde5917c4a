"""A directory as a tree: links are never followed, files appear whole or not at all."""

from __future__ import annotations

import errno
import io
import os
import stat
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, BinaryIO, cast

from sessionfs.digest import CHUNK
from sessionfs.disk import steps
from sessionfs.errors import NotFound, SessionfsError
from sessionfs.tree import check_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sessionfs.tree import Tree

_READ = (
    os.O_RDONLY
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_BINARY", 0)
)

_RUNNABLE = 0o111 | stat.S_ISUID | stat.S_ISGID


class DirTree:
    """A directory to read. `hidden` names entries of the root that are not looked at."""

    def __init__(self, root: str, *, hidden: Iterable[str] = ()) -> None:
        """Look at the directory `root`."""
        self.root = root
        self._hidden = frozenset(hidden)

    def paths(self, under: str = "") -> list[str]:
        """Return the path of every regular file below `under`, sorted by bytes."""
        return sorted((path for path, kind in self._walk(under) if kind == "file"), key=os.fsencode)

    def oddities(self) -> list[tuple[str, str]]:
        """Return what is no regular file: path and kind, sorted.

        Kinds: `symlink`, `special` (FIFO, device, socket), `empty_directory`, `directory`
        (one that holds something), `unreadable`.
        """
        return sorted((path, kind) for path, kind in self._walk("") if kind != "file")

    def _walk(self, under: str) -> Iterator[tuple[str, str]]:
        pending = [under]
        while pending:
            directory = pending.pop()
            try:
                with os.scandir(self._path(directory) if directory else self.root) as scan:
                    entries = list(scan)
            except FileNotFoundError:
                continue
            except OSError:
                yield directory, "unreadable"
                continue
            if directory != under:
                yield directory, "directory" if entries else "empty_directory"
            for entry in entries:
                path = f"{directory}/{entry.name}" if directory else entry.name
                if not directory and entry.name in self._hidden:
                    continue
                if entry.is_symlink():
                    yield path, "symlink"
                elif entry.is_dir(follow_symlinks=False):
                    pending.append(path)
                else:
                    yield path, "file" if entry.is_file(follow_symlinks=False) else "special"

    def open(self, path: str) -> BinaryIO:
        """Open a regular file for reading; raises `NotFound` or `SessionfsError`."""
        try:
            descriptor = os.open(self._path(path), _READ)
        except FileNotFoundError:
            message = f"no file {path}"
            raise NotFound(message) from None
        except OSError as error:
            raise _unreadable(path, error) from error
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            message = f"{path} is no regular file"
            raise SessionfsError(message)
        return io.BufferedReader(io.FileIO(descriptor), 1 << 18)

    def size(self, path: str) -> int:
        """Return a file's size in bytes; raises `NotFound` or `SessionfsError`."""
        try:
            return os.lstat(self._path(path)).st_size
        except FileNotFoundError:
            message = f"no file {path}"
            raise NotFound(message) from None
        except OSError as error:
            raise _unreadable(path, error) from error

    def is_executable(self, path: str) -> bool:
        """Tell whether a file can be run, or asks to be run as somebody."""
        try:
            return os.lstat(f"{self.root}/{path}").st_mode & _RUNNABLE != 0
        except OSError:
            return False

    def _path(self, path: str) -> str:
        return os.path.join(self.root, *path.split("/"))


def _unreadable(path: str, error: OSError) -> SessionfsError:
    reason = os.strerror(error.errno) if error.errno else str(error)
    if error.errno == errno.ELOOP:
        reason = "it is a symbolic link"
    return SessionfsError(
        f"cannot read {path}: {reason}", hint="check that it exists and may be read"
    )


class WritableDirTree(DirTree):
    """A directory that takes new files; each is durable once its `create` is left."""

    @contextmanager
    def create(self, path: str) -> Iterator[BinaryIO]:
        """Open a new file for writing; where the block fails, the file is gone again."""
        target = self._prepare(path)
        descriptor = steps.create_file(target)
        try:
            yield cast("BinaryIO", _Output(descriptor))
            steps.sync_file(descriptor)
        except BaseException:
            os.close(descriptor)
            steps.remove_file(target)
            raise
        os.close(descriptor)

    def adopt(self, source: Tree, path: str) -> None:
        """Take over a file of another tree: by a hard link where both are directories."""
        if isinstance(source, DirTree):
            steps.link_or_copy(source._path(path), self._prepare(path))  # noqa: SLF001
            return
        with self.create(path) as stream, closing(source.open(path)) as content:
            while chunk := content.read(CHUNK):
                stream.write(chunk)

    def _prepare(self, path: str) -> str:
        check_path(path)
        target = self._path(path)
        if "/" in path:
            steps.make_directories(os.path.dirname(target))
        return target


class _Output:
    """The one method of a binary stream that writers of trees use."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def write(self, content: bytes) -> int:
        steps.write(self._descriptor, content)
        return len(content)
