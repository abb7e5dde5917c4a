"""A session as it reads: who said what and when, calls on a line, results folded to their size.

Messages of one speaker stand together; the number before a line is the message's seq.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sessionfs.canonical import UNSET, Struct, UnsetType, encode, indent
from sessionfs.model import Data, File, Part, Text, Thinking, ToolCall, ToolResult, Unknown
from sessionfs.view import Line
from sessionfs.view.text import counted, duration, moment, one_line, safe, shorten, size

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sessionfs.archive import Session
    from sessionfs.model import Message, Part, Summary
    from sessionfs.view import Style


class Told(Struct, frozen=True, kw_only=True):
    """What is shown of a message, decoded alone; other keys, of a newer format too, are skipped."""

    seq: int
    ts: str | None
    kind: str
    actor: str
    parts: list[Part]
    model: str | UnsetType = UNSET
    agent: str | UnsetType = UNSET
    sidechain: bool | UnsetType = UNSET


_GUTTER = 6
_NOTICEABLE = 100
"""Milliseconds below which nobody asks how long a call took."""

_QUIET = frozenset({"echo", "usage", "snapshot", "tool_progress"})
"""Kinds that the conversation reads better without."""

_EVENTS = frozenset(
    {"interrupt", "rollback", "fork", "resume", "end", "compact", "model", "command"}
)
"""Events that change the conversation; the others are the harness's housekeeping."""

_FOLDED = frozenset({"context", "summary", "attachment", "snapshot", "subagent"})
"""Kinds whose text is folded to one line: nobody said it in the conversation."""


def header_lines(session: Session) -> Iterator[Line]:
    """Yield what is known of a session as a whole."""
    summary, notes = session.summary, session.manifest.notes
    yield Line(one_line(summary.title or "(no title)"), "title")
    yield from fact_lines(summary)
    if notes:
        yield Line("notes:")
        yield from (Line(f"  {line}") for line in safe(notes).split("\n"))
    yield Line("")


def fact_lines(summary: Summary) -> Iterator[Line]:
    """Yield what a summary says of its session, but for the title."""
    return (Line(f"{name + ':':<11}{one_line(value)}") for name, value in _facts(summary))


def _facts(summary: Summary) -> Iterator[tuple[str, str]]:
    yield "session", f"{summary.id}  {summary.uid}"
    agent = f"{summary.agent.name} {summary.agent.version or ''}".strip()
    yield "agent", ", ".join([agent, *summary.models])
    span = moment(summary.started_at)
    if summary.ended_at is not None and summary.ended_at != summary.started_at:
        span += f" to {moment(summary.ended_at)}"
    yield "time", f"{span} UTC, {counted(summary.messages, 'message')}, {summary.state}"
    if summary.workspace:
        place = summary.workspace
        branch = f"({place.branch})" if place.branch else ""
        yield "workspace", " ".join(filter(None, [place.repository or "", place.cwd or "", branch]))
    if summary.lineage:
        yield "from", f"{summary.lineage.parent} ({summary.lineage.relation})"
    for name in ("outcome", "task_ref", "domain", "actor"):
        if getattr(summary, name):
            yield name.replace("_ref", ""), getattr(summary, name)
    if summary.tags:
        yield "tags", " ".join(summary.tags)
    tokens = [
        f"{number:,} {name.replace('_', ' ')}"
        for name, number in summary.usage.items()
        if isinstance(number, int)
    ]
    if tokens:
        yield "tokens", ", ".join(tokens)
    if summary.cost:
        yield "cost", ", ".join(f"{cost.amount} {cost.currency}" for cost in summary.cost)
    kept = summary.fidelity
    odd = [counted(kept.raw, "raw record")] if kept.raw else []
    odd += [counted(kept.unknown, "unknown record")] if kept.unknown else []
    yield "fidelity", ", ".join([kept.level, *kept.reasons, *odd])


def conversation(
    session: Session,
    *,
    first: int = 1,
    last: int | None = None,
    full: bool = False,
    columns: int = 100,
) -> Iterator[Line]:
    """Yield the messages `first` to `last` as people read them; `full` folds nothing."""
    speaker: str | None = None
    pending: dict[str, int] = {}
    for message in session.messages():
        if message.seq < first:
            continue
        if last is not None and message.seq > last:
            return
        lines = list(message_lines(session, message, pending, full=full, columns=columns))
        if not lines:
            continue
        name = speaker_of(message) or speaker or "tool"
        if name != speaker:
            if speaker is not None:
                yield Line("")
            at = f"  {moment(message.ts)}" if message.ts else ""
            yield Line(f"{name}{at}", "speaker")
            speaker = name
        for number, line in enumerate(lines):
            gutter = str(message.seq) if number == 0 else ""
            yield Line(f"{gutter:>{_GUTTER}}  {line.text}".rstrip(), line.style)


def speaker_of(message: Message | Told) -> str | None:
    """Return who speaks, or None for what answers a call: it belongs to who called."""
    if message.actor == "tool":
        return None
    name = message.model if message.actor == "model" and message.model else message.actor
    aside = (
        f" (subagent {message.agent})" if message.agent else " (aside)" if message.sidechain else ""
    )
    return one_line(f"{name}{aside}")


def message_lines(
    session: Session | None,
    message: Message | Told,
    pending: dict[str, int] | None = None,
    *,
    full: bool = False,
    columns: int = 100,
) -> Iterator[Line]:
    """Yield the lines of one message, without number and speaker; none where it says nothing.

    Without a session, long texts are named, not read. `pending` has the seq of each call without
    a result yet, by call id; it is kept up to date.
    """
    pending = {} if pending is None else pending
    room = columns - _GUTTER - 2
    if message.kind in _QUIET and not full:
        return
    if message.kind == "unparsed":
        yield Line("a line that cannot be read; `export` gives it back", "doubtful")
    for part in message.parts:
        if isinstance(part, Data) and message.kind == "lifecycle":
            yield from _event(part.value, full=full, room=room)
            continue
        lines = _part(session, part, full=full, room=room)
        if isinstance(part, ToolCall) and part.call_id is not None:
            pending[part.call_id] = message.seq
        elif isinstance(part, ToolResult):
            lines = _result(session, part, _answered(part, pending), full=full, room=room)
        if message.kind in _FOLDED and not full:
            yield from _fold(message.kind, lines, room)
        elif message.kind == "error":
            yield from (Line(line.text, "bad") for line in lines)
        else:
            yield from lines


def _fold(kind: str, lines: Iterator[Line], room: int) -> Iterator[Line]:
    """Yield one line for many: what it is, how long, how it begins."""
    texts = [line.text for line in lines]
    begin = next((text for text in texts if text.strip()), "")
    told = f"{kind}, {counted(len(texts), 'line')}: " if len(texts) > 1 else f"{kind}: "
    yield Line(shorten(told + one_line(begin), room), "faint")


def _event(value: Any, *, full: bool, room: int) -> Iterator[Line]:  # noqa: ANN401  JSON is any value
    event = value.get("event") if isinstance(value, dict) else None
    if full:
        yield from _block(_spelled(value), "faint")
    elif event in _EVENTS:
        details = "".join(f", {key} {told}" for key, told in value.items() if key != "event")
        yield Line(shorten(one_line(f"({event}{details})"), room), "faint")


def _part(session: Session | None, part: object, *, full: bool, room: int) -> Iterator[Line]:
    match part:
        case Text():
            yield from _block(_text(session, part))
        case Thinking():
            yield from _thinking(session, part, full=full, room=room)
        case ToolCall():
            yield from _call(part, full=full, room=room)
        case File():
            name = f" {part.name}" if part.name else ""
            shown = f"[{part.media_type}{name}, {size(part.bytes)}: files/{part.file[:12]}…]"
            yield Line(one_line(shown), "faint")
        case Data() | Unknown():
            kind = "" if isinstance(part, Data) else "unknown: "
            text = kind + _spelled(part.value)
            yield from (
                _block(text, "faint") if full else [Line(shorten(one_line(text), room), "faint")]
            )


def _block(text: str, style: Style = "plain") -> Iterator[Line]:
    return (Line(line, style) for line in safe(text).rstrip("\n").split("\n"))


def _text(session: Session | None, part: Text | Thinking) -> str:
    """Return the text of a part, from its file where it is long."""
    if isinstance(part.text, str):
        return part.text
    if isinstance(part.file, str):
        if session is None:
            return f"[long: files/{part.file[:12]}…]"
        try:
            return session.file(part.file).decode("utf-8", "replace")
        except KeyError:
            return f"[files/{part.file} is missing]"
    return ""


def _thinking(session: Session | None, part: Thinking, *, full: bool, room: int) -> Iterator[Line]:
    text = _text(session, part)
    if not text.strip():
        yield Line(f"thinking, {'encrypted' if part.encrypted else 'not shown'}", "faint")
    elif full:
        yield Line("thinking:", "faint")
        yield from _block(text, "faint")
    else:
        yield Line(shorten(f"thinking: {one_line(text)}", room), "faint")


def _call(part: ToolCall, *, full: bool, room: int) -> Iterator[Line]:
    if full:
        yield Line(f"> {one_line(part.name)}", "call")
        indented = _block(_pretty(part.arguments))
        yield from (Line(f"  {line.text}", "call") for line in indented)
        return
    if isinstance(part.arguments, dict):
        told = ", ".join(f"{key}={_spelled(value)}" for key, value in part.arguments.items())
    else:
        told = _spelled(part.arguments)
    yield Line(shorten(f"> {one_line(part.name)}({one_line(told)})", room), "call")


def _answered(part: ToolResult, pending: dict[str, int]) -> str:
    """Return which call a result answers, where that is not plain to see."""
    several = len(pending) > 1
    seq = pending.pop(part.call_id or "", None)
    return f"#{seq} " if several and seq is not None else ""


def _result(
    session: Session | None, part: ToolResult, answered: str, *, full: bool, room: int
) -> Iterator[Line]:
    lines = [line for piece in part.content for line in _part(session, piece, full=True, room=room)]
    told = ["error" if part.is_error else "ok"]
    if part.exit_code is not UNSET:
        told.append(f"exit {part.exit_code}")
    if part.duration_ms is not UNSET and part.duration_ms >= _NOTICEABLE:
        told.append(duration(part.duration_ms))
    pieces = [piece for piece in part.content if isinstance(piece, Text)]
    if session is None:
        told += [_text(None, piece) for piece in pieces if isinstance(piece.file, str)]
        pieces = [piece for piece in pieces if isinstance(piece.text, str)]
    texts = [_text(session, piece) for piece in pieces]
    if any(texts):
        told.append(counted(len(safe("".join(texts)).rstrip("\n").split("\n")), "line"))
        told.append(counted(sum(map(len, texts)), "character"))
    told += [
        f"{piece.media_type} {size(piece.bytes)}"
        for piece in part.content
        if isinstance(piece, File)
    ]
    style: Style = "bad" if part.is_error else "faint"
    outcome = f"< {answered}{', '.join(told)}"
    if full:
        yield Line(outcome, style)
        yield from (Line(f"  {line.text}", line.style) for line in lines)
        return
    begin = (
        next((line.text.strip() for line in lines if line.text.strip()), "")
        if part.is_error
        else ""
    )
    yield Line(shorten(one_line(f"{outcome}: {begin}" if begin else outcome), room), style)


def _spelled(value: object) -> str:
    """Return a value as compact JSON."""
    return encode(value).decode("utf-8", "replace")


def _pretty(value: object) -> str:
    """Return a value as indented JSON; a lone string as itself."""
    return value if isinstance(value, str) else indent(encode(value)).decode("utf-8", "replace")
