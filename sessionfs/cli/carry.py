"""Commands that carry sessions from one place to another: pack, unpack."""

from __future__ import annotations

import os
import re
import signal
import sys
from collections import Counter
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import click

from sessionfs.cli import FAILED, FINDINGS, FINE
from sessionfs.cli.failure import complain, explained, say_json
from sessionfs.cli.filters import filters
from sessionfs.cli.terminal import Progress, note, say
from sessionfs.cli.verb import as_json, from_archive, verb
from sessionfs.errors import FormatError
from sessionfs.rules import RULES
from sessionfs.view import Line
from sessionfs.view.text import counted, one_line, size

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sessionfs.unpacker import OnConflict, Unpacked
    from sessionfs.view import Style

_UNITS = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}
_STYLES: dict[str, Style] = {
    "new": "good", "copied": "good", "unchanged": "faint", "skipped": "doubtful",
}  # fmt: skip


class Amount(click.ParamType):  # type: ignore[type-arg]  # generic since click 8.5
    """A positive number, with a unit or without: `200`, `5M`, `64G`."""

    name = "number"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> int:
        """Return the number."""
        digits = str(value).rstrip("kMGT")
        unit = str(value)[len(digits) :]
        number = int(digits) if re.fullmatch("[0-9]{1,18}", digits) else 0
        if not number or unit not in _UNITS:
            self.fail(f"{value!r} is no number: 200, 5M, 64G", param, ctx)
        return number * _UNITS[unit]


@contextmanager
def _ending_well() -> Iterator[None]:
    """Have who is told to end (SIGTERM, SIGHUP) remove first what is half made."""

    def end(number: int, _frame: object) -> None:
        raise SystemExit(128 + number)

    before = {}
    with suppress(ValueError):  # not the main thread: then somebody else listens
        for name in ("SIGTERM", "SIGHUP"):
            if hasattr(signal, name):
                before[name] = signal.signal(getattr(signal, name), end)
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(getattr(signal, name), handler)


@verb(
    "pack",
    "sessionfs pack -o sessions.tar.zst",
    "sessionfs pack 01M81CYG -o bug.tar",
    "sessionfs pack --tag release --since 30d -o month.tar.zst",
    "sessionfs pack a.tar.zst b.tar -o both.tar.zst",
    "sessionfs pack -o - | ssh elsewhere sessionfs unpack - -d .sessions",
)
@click.argument("paths", metavar="[PATH|SESSION]...", nargs=-1)
@click.option(
    "-o", "--output", metavar="FILE", required=True,
    help="FILE.tar, FILE.tar.zst, or - for stdout.",
)  # fmt: skip
@click.option("--zstd", is_flag=True, help="Compress what goes to stdout.")
@click.option("--force", is_flag=True, help="Write over what exists.")
@filters
@from_archive
@as_json
def pack_command(
    paths: tuple[str, ...], *, output: str, zstd: bool, force: bool, archive: str | None,
    as_json: bool, **chosen: Any,  # noqa: ANN401  click gives them
) -> None:  # fmt: skip
    """Write sessions into one file: a tar of one spelling, or the same compressed.

    PATH is an archive, a pack, or a session; SESSION an id, the beginning of one, or a uid.
    Without either, the nearest archive. The filters choose among the sessions of archives and
    packs.

    Every byte is compared with the checksums on the way; a damaged session stops it, and no FILE
    is left. Printed are the digests of the tar, which are the same for the same sessions wherever
    it is made and however it is compressed, and the root of the sessions.
    """
    import sessionfs
    from sessionfs.pack import Limits

    to_stdout = output == "-"
    if to_stdout and as_json:
        raise click.UsageError("--json and the pack cannot both go to stdout")
    if to_stdout and getattr(sys.stdout, "name", "") == os.devnull:
        raise click.UsageError("stdout is closed")
    if to_stdout and sys.stdout.isatty():
        raise click.UsageError("a pack is nothing for a terminal: pipe it, or name a file with -o")
    if zstd and not to_stdout:
        raise click.UsageError("--zstd is for -o -: the name of a file says how it is written")
    with _ending_well(), Progress("packing", hidden=as_json) as progress:
        packed = sessionfs.pack(
            paths, sys.stdout.buffer if to_stdout else output, archive=archive,
            compress=zstd if to_stdout else None, force=force, progress=progress, **chosen,
        )  # fmt: skip
    told = f"{counted(packed.sessions, 'session')}, {counted(packed.files, 'file')}"
    digests = [f"{name:<7} {getattr(packed, name)}" for name in ("blake3", "sha256", "root")]
    if as_json:
        from sessionfs.canonical import to_plain

        say_json({"pack": output, **to_plain(packed)})
    elif to_stdout:
        for line in digests:
            note(line)
    else:
        say(map(Line, digests))
    note(f"packed {told}, {size(packed.bytes)}" + ("" if to_stdout else f" into {output}"))
    if packed.ratio > Limits().ratio:
        note(f"it unpacks to many times its size: `unpack` needs --max-ratio {packed.ratio}")


@verb(
    "unpack",
    "sessionfs unpack sessions.tar.zst -d .sessions",
    "sessionfs unpack bug.tar --only 01M81CYG",
    "sessionfs unpack theirs.tar.zst --on-conflict fresh-id",
    "sessionfs unpack - -d review/.sessions < theirs.tar.zst",
)
@click.argument("pack", metavar="FILE")
@click.option(
    "-d", "--directory", metavar="DIR",
    help="The archive, made where there is none; by default the nearest.",
)  # fmt: skip
@click.option(
    "--only", metavar="SESSION", multiple=True,
    help="Only this session, by id, the beginning of one, or (of a file) uid; may be repeated.",
)  # fmt: skip
@click.option(
    "--on-conflict", type=click.Choice(["error", "skip", "fresh-id"]), default="error",
    show_default=True, help="What to do where the archive has other content under an id.",
)  # fmt: skip
@click.option("--max-bytes", type=Amount(), metavar="N", help="Most bytes in all files.  [64G]")
@click.option("--max-files", type=Amount(), metavar="N", help="Most files.  [1M]")
@click.option("--max-ratio", type=Amount(), metavar="N", help="Most bytes for one of FILE.  [200]")
@click.option("--max-name", type=Amount(), metavar="N", help="Longest name, at most 180.  [180]")
@click.option(
    "-j", "--jobs", type=click.IntRange(min=1), metavar="N",
    help="Verify N sessions at once; by default as many as there are processors.",
)  # fmt: skip
@as_json
def unpack_command(
    pack: str, *, directory: str | None, only: tuple[str, ...], on_conflict: OnConflict,
    jobs: int | None, as_json: bool, **most: int | None,
) -> int:  # fmt: skip
    """Bring the sessions of a pack into an archive. FILE may be -, for stdin.

    No session appears there before the whole pack has been read, and those that are wanted are
    verified; what is damaged or hostile leaves no trace. Then each session appears in one step;
    what was interrupted can be done again. A session that the archive has already stays as it is.
    One that was removed stays out.

    \b
    Where the archive has other content under the same id, or the same uid under another id:
      error     nothing is unpacked
      skip      the session of the pack is left out
      fresh-id  it becomes a copy with an id of its own, which is the same each time

    Exit code 1 where the pack breaks a rule, or for a conflict: nothing was unpacked then. 2
    where it asks for a newer reader.
    """  # noqa: D301  click wants the character itself before lines that are to stay
    import sessionfs
    from sessionfs.pack import Limits

    given = {name.removeprefix("max_"): value for name, value in most.items() if value is not None}
    if pack == "-" and sys.stdin is None:
        raise click.UsageError("stdin is closed")
    source = sys.stdin.buffer if pack == "-" else pack
    if pack == "-" and sys.stdin.isatty():
        raise click.UsageError("stdin is a terminal: give a pack to it, or name a file")
    try:
        with _ending_well(), Progress("unpacking", hidden=as_json) as progress:
            report = sessionfs.unpack(
                source, directory, only=only, on_conflict=on_conflict, limits=Limits(**given),
                jobs=jobs, progress=progress,
            )  # fmt: skip
    except FormatError as error:
        error.hint = error.hint or RULES[error.code].hint
        ours = explained(error)
        if as_json:
            say_json({"error": {"message": ours.message, "hint": ours.hint}})
        else:
            complain(ours)
        return FAILED if error.code == "E002" else FINDINGS
    if as_json:
        from sessionfs.canonical import to_plain

        rows = to_plain(report.sessions)
        digests = {name: getattr(report, name) for name in ("blake3", "sha256", "root")}
        totals = report.totals()
        say_json({"archive": report.archive, "sessions": rows, "totals": totals, **digests})
    else:
        say(_lines(report.sessions))
        note(f"root {report.root}")
    return FINE


def _lines(rows: list[Unpacked]) -> Iterator[Line]:
    for row in rows:
        remarks = "; ".join(filter(None, [counted(row.messages, "message"), row.reason or ""]))
        told = one_line(f"{row.uid}  ({remarks})")
        yield Line(f"{row.status:<9} {row.session or row.path}  {told}", _STYLES[row.status])
    counts: Counter[str] = Counter(row.status for row in rows)
    yield Line(", ".join(f"{counts[status]:,} {status}" for status in _STYLES if counts[status]))
