"""Zstandard: logs as plain bytes, frames made and undone; the only importer of zstandard."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from sessionfs.errors import SessionfsError

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import BinaryIO, Self

MAGIC = b"\x28\xb5\x2f\xfd"
"""The four bytes that every Zstandard frame begins with (RFC 8878)."""

MAX_WINDOW = 1 << 27
"""Largest window accepted, in bytes: what `zstd` itself accepts without being asked for more."""


_LEAST_WINDOW = 1 << 10

_FEED = 512
"""Compressed bytes taken at a time: the smallest block of 4 bytes can say 128 KiB, so that
one step never gives more than 16 MiB."""


def open_zstd(stream: BinaryIO) -> BinaryIO:
    """Return a stream of the decompressed bytes of all frames in `stream`.

    Reading raises `SessionfsError` where the compressed bytes are damaged or cut.
    """
    return cast("BinaryIO", _ZstdStream(stream))


class _ZstdStream:
    """The few methods of a binary stream that readers of logs use."""

    def __init__(self, stream: BinaryIO) -> None:
        import zstandard  # noqa: PLC0415  18 ms that only compressed logs should pay

        self._error = zstandard.ZstdError
        self._source = stream
        self._frames = zstandard.ZstdDecompressor(max_window_size=MAX_WINDOW)
        self._frame = self._frames.decompressobj()
        self._plain = bytearray()
        self._fed = False

    def read(self, size: int = -1) -> bytes:
        while (size < 0 or len(self._plain) < size) and self._fill():
            pass
        end = len(self._plain) if size < 0 else size
        taken = bytes(self._plain[:end])
        del self._plain[:end]
        return taken

    def readline(self, size: int = -1) -> bytes:
        start = 0
        while (found := self._plain.find(b"\n", start)) < 0:
            start = len(self._plain)
            if 0 <= size <= start or not self._fill():
                break
        end = len(self._plain) if found < 0 else found + 1
        return self.read(end if size < 0 else min(end, size))

    def _fill(self) -> bool:
        chunk = self._source.read(_FEED)
        if not chunk:
            if self._fed and not self._frame.eof:
                message = "the compressed log ends in the middle of a frame"
                raise SessionfsError(message, hint="decompress what can be saved with `zstd -dc`")
            return False
        try:
            while chunk:
                if self._frame.eof:
                    self._frame = self._frames.decompressobj()
                self._plain += self._frame.decompress(chunk)
                self._fed = True
                chunk = self._frame.unused_data if self._frame.eof else b""
        except self._error as error:
            message = f"the compressed log is damaged: {error}"
            raise SessionfsError(message, hint="check it with `zstd -t`") from error
        return True

    def close(self) -> None:
        self._source.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


LEVEL = 3
"""How hard frames are compressed: what `zstd` does unless it is told otherwise."""


def compressor(most: int) -> Callable[[bytes], bytes]:
    """Return a function that makes a content one frame, with its size and checksum in it.

    A content of at most `most` bytes, a power of two, is one segment: no window is smaller than
    that. One thread uses it at a time.
    """
    import zstandard  # noqa: PLC0415  18 ms that only packs should pay

    parameters = zstandard.ZstdCompressionParameters.from_level(
        LEVEL,
        window_log=most.bit_length() - 1,
        write_checksum=True,
        write_content_size=True,
        write_dict_id=False,
    )
    return zstandard.ZstdCompressor(compression_params=parameters).compress


def decompressor(most: int) -> Callable[[bytes], bytes]:
    """Return a function that gives back the content of one frame, which says its size.

    It raises `ValueError` where the bytes are no whole frame, or not of the size and checksum
    that they say, or of a size above `most`. One thread uses it at a time.
    """
    import zstandard  # noqa: PLC0415

    frames = zstandard.ZstdDecompressor(max_window_size=max(most, _LEAST_WINDOW))

    def decompress(frame: bytes) -> bytes:
        try:
            if zstandard.get_frame_parameters(frame).content_size > most:
                raise ValueError("it says too large a size")
            return frames.decompress(frame, read_across_frames=False, allow_extra_data=False)
        except zstandard.ZstdError as error:
            raise ValueError(str(error)) from error

    return decompress
