"""Deterministic ids: ULIDs made of a time and a digest; the only importer of python-ulid.

Nothing here reads a clock or draws a random number: the same log gives the same ids anywhere.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from sessionfs.digest import digest, first_bytes

ULID_PATTERN = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}")

_NATIVE_ID = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._:@+=/-]{0,199}")
_TIME = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt ]([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,9}))?"
    r"(?:[Zz]|([+-])([0-9]{2}):([0-9]{2}))",
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def parse_time(text: object) -> int | None:
    """Return an RFC 3339 timestamp as milliseconds since 1970, cut off, or None if it is none.

    Times before 1970 count as none: a ULID cannot hold them.
    """
    if not isinstance(text, str) or (match := _TIME.fullmatch(text)) is None:
        return None
    year, month, day, hour, minute, second = (int(part) for part in match.groups()[:6])
    fraction, sign, off_hours, off_minutes = match.groups()[6:]
    try:
        moment = datetime(year, month, day, hour, minute, min(second, 59), tzinfo=UTC)
        if sign:
            offset = timedelta(hours=int(off_hours), minutes=int(off_minutes))
            moment = moment - offset if sign == "+" else moment + offset
    except (ValueError, OverflowError):
        return None
    millis = (moment - _EPOCH) // _MILLISECOND + int((fraction or "").ljust(3, "0")[:3])
    return millis if millis >= 0 else None


def format_time(millis: int) -> str:
    """Return milliseconds since 1970 as RFC 3339 in UTC with three digits of fraction."""
    moment = _EPOCH + timedelta(milliseconds=millis)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{millis % 1000:03d}Z"


def time_of(ulid: str) -> int:
    """Return the time in a ULID as milliseconds since 1970."""
    from ulid import ULID  # noqa: PLC0415  47 ms that no --help should pay

    return ULID.from_str(ulid).milliseconds


def shard(session_id: str) -> str:
    """Return the directory `YYYY/MM` of a session: the UTC month in its ULID."""
    moment = _EPOCH + timedelta(milliseconds=time_of(session_id))
    return f"{moment.year:04d}/{moment.month:02d}"


def session_path(session_id: str) -> str:
    """Return where a session stands in a collection, `YYYY/MM/ULID`.

    Raises `ValueError` where the time in its id has no month of four digits' year.
    """
    try:
        return f"{shard(session_id)}/{session_id}"
    except OverflowError:
        raise ValueError(f"{session_id} lies after the year 9999") from None


def is_ulid(text: str) -> bool:
    """Tell whether `text` is a ULID in canonical spelling: 26 upper-case Crockford digits."""
    return ULID_PATTERN.fullmatch(text) is not None


def _mint(millis: int, seed: str) -> str:
    from ulid import ULID  # noqa: PLC0415  47 ms that no --help should pay

    entropy = first_bytes(seed.encode("utf-8", "surrogatepass"), 10)
    return str(ULID(millis.to_bytes(6, "big") + entropy))


def session_id(uid: str, millis: int) -> str:
    """Return the ULID of the session with this uid whose first time is `millis`."""
    return _mint(millis, f"sessionfs session\n{uid}")


def message_id(uid: str, millis: int, native_id: str | None, seq: int, *, repeated: bool) -> str:
    """Return the ULID of a message; a native id that came before adds the seq."""
    seed = f"sessionfs message\n{uid}\n" + (f"#{seq}" if native_id is None else native_id)
    return _mint(millis, f"{seed}\n{seq}" if repeated else seed)


def is_native_id(text: object) -> bool:
    """Tell whether an id that a log claims can stand in a uid; `#` is kept for branches."""
    return isinstance(text, str) and _NATIVE_ID.fullmatch(text) is not None


def fallback_native_id(first_line: bytes) -> str:
    """Return the native id of a log that names none, from its first complete line."""
    return f"b3-{digest(first_line)[:32]}"


def copy_native_id(native_id: str, seal: str) -> str:
    """Return the native id of a copy under a fresh id, from the seal of what it is a copy of."""
    return f"{native_id}#{seal[:16]}"


def branch_native_id(native_id: str, differing_line: bytes) -> str:
    """Return the native id of a fork or continuation, from its first differing line."""
    return f"{native_id}#{digest(differing_line)[:16]}"
