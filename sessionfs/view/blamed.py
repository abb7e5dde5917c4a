"""Commits with their sessions, and lines with who wrote them, for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sessionfs.view import Line
from sessionfs.view.text import encodable, one_line, pad, safe, shorten, width

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sessionfs.provenance.told import BlamedLine, LoggedCommit
    from sessionfs.view import Style

_COMMIT = 12
_NAME = 24
_STYLES: dict[str, Style] = {"exact": "good", "likely": "plain", "weak": "doubtful"}


def commit_lines(commits: Sequence[LoggedCommit], length: int) -> Iterator[Line]:
    """Yield a line for each commit, and below it one for each session; ids have `length`."""
    for commit in commits:
        head = f"{commit.commit[:_COMMIT]}  {commit.date[:10]}  {one_line(commit.subject)}"
        yield Line(head.rstrip(), "title")
        for row in commit.sessions:
            evidence = ", ".join(row.evidence)
            if row.path is not None:
                name = f"{row.ref[:length]}  {one_line(row.agent or 'unreadable')}"
                title = one_line(row.title or "(no title)")
                yield Line(f"    {name}  {title}  [{evidence}]")
            else:
                what = "not archived here" if row.kind == "session" else row.kind
                yield Line(f"    {row.ref}  ({what})  [{evidence}]", "faint")


def blame_lines(lines: Sequence[BlamedLine], length: int) -> Iterator[Line]:
    """Yield each line of a file behind who wrote it, in columns; ids have `length`."""
    rows = [_cells(line, length) for line in lines]
    widths = [max((width(row[column]) for row in rows), default=0) for column in range(4)]
    for line, row in zip(lines, rows, strict=True):
        number = row[0].rjust(widths[0])
        cells = "  ".join(pad(cell, widths[at]) for at, cell in enumerate(row) if at)
        style = _STYLES[line.writer.certainty] if line.writer else "faint"
        text = encodable(safe(line.text).replace("\n", " "))
        yield Line(f"{number}  {cells} | {text}".rstrip(), style)


def _cells(line: BlamedLine, length: int) -> tuple[str, str, str, str]:
    number = str(line.line)
    if line.writer is not None:
        wrote = line.writer
        who = f"{wrote.session[:length]}:{wrote.seq}"
        return number, who, shorten(one_line(wrote.speaker), _NAME), wrote.certainty
    if line.commit is None:
        return number, "not committed", "", ""
    return number, line.commit[:_COMMIT], shorten(one_line(line.author or ""), _NAME), ""
