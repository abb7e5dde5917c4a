"""The parts of messages, calls and results: values of the record itself, never copies."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from sessionfs.adapters.codex.values import is_integer, list_of, mapping_of, text_of
from sessionfs.canonical import UNSET
from sessionfs.model import Data, File, Text, Thinking, ToolCall, ToolResult, Unknown

if TYPE_CHECKING:
    from sessionfs.draft import Draft
    from sessionfs.model import Part

_DATA_URL = re.compile(r"data:([a-z]{1,20}/[A-Za-z0-9.+-]{1,80});base64,")
_UNIFIED = re.compile(
    r"Chunk ID: \w+\nWall time: ([0-9]{1,9}\.[0-9]{1,9}) seconds\n"
    r"(?:Process exited with code (-?[0-9]{1,9})\n)?"
)
_SHELL = re.compile(
    r"Exit code: (-?[0-9]{1,9})\nWall time: ([0-9]{1,9}(?:\.[0-9]{1,9})?) seconds\n"
)
_BEFORE_OUTPUT = 65_536
"""Characters in which the lines before an output must begin; a command stands before them."""

_LONGEST = 1e12
"""Seconds that are no duration any more."""

_ARGUMENTS = {
    "custom_tool_call": "input",
    "local_shell_call": "action",
    "web_search_call": "action",
    "image_generation_call": "revised_prompt",
}
"""Where a call has its arguments, when not under that name."""

_PRINTED = ("aggregated_output", "stdout", "formatted_output", "stderr")


def content(draft: Draft, value: object) -> list[Any]:
    """Return the parts of a message's or a result's content: a string or a list of items."""
    match value:
        case str():
            return [Text(text=value)]
        case list():
            return [_block(draft, item) for item in value]
        case None:
            return []
        case _:
            return [Unknown(value=value)]


def _block(draft: Draft, item: object) -> Text | File | Unknown:
    match item:
        case {"type": "input_text" | "output_text" | "text", "text": str(text)}:
            return Text(text=text)
        case {"type": "input_image", "image_url": str(url)} if file := image(draft, url):
            return file
        case _:
            return Unknown(value=item)


def image(draft: Draft, url: str) -> File | None:
    """Return the file of a data URL, None for other URLs."""
    head = _DATA_URL.match(url)
    return draft.image(url[head.end() :], head[1], prefix=head[0]) if head else None


def reasoning(item: dict[str, Any]) -> list[Part]:
    """Return what the model showed of its reasoning, and what only its provider can read."""
    blocks = [*list_of(item, "summary"), *list_of(item, "content")]
    texts = [
        block["text"]
        for block in blocks
        if isinstance(block, dict) and isinstance(block.get("text"), str)
    ]
    encrypted = text_of(item, "encrypted_content")
    if encrypted is None:
        return [Thinking(text=text) for text in texts]
    first, *others = texts or [""]
    return [Thinking(text=first, encrypted=encrypted), *(Thinking(text=text) for text in others)]


def call(draft: Draft, kind: str, item: dict[str, Any]) -> list[Part]:
    """Return the call; an image that the provider made comes in the same record."""
    arguments = item.get(_ARGUMENTS.get(kind, "arguments"))
    if isinstance(arguments, str) and kind not in _ARGUMENTS:
        arguments = _decoded(draft, arguments, arguments)
    tool = ToolCall(
        call_id=text_of(item, "call_id"),
        name=text_of(item, "name") or kind.removesuffix("_call"),
        arguments=arguments,
        status=text_of(item, "status") or UNSET,
    )
    picture = text_of(item, "result") if kind == "image_generation_call" else None
    file = picture and draft.image(picture, "image/png")
    return [tool, file] if file else [tool]


def result(draft: Draft, item: dict[str, Any]) -> ToolResult:
    """Return a result with the exit code and duration that its own text claims."""
    parts, code, duration, failed = content(draft, item.get("output")), None, None, False
    match item.get("output"):
        case str(output) if output.startswith('{"output":'):
            value = _decoded(draft, output, None)
            if isinstance(value, dict) and (metadata := mapping_of(value, "metadata")):
                parts = [Data(value=value)]
                duration = _milliseconds(metadata.get("duration_seconds"))
                code = metadata.get("exit_code")
        case str(output):
            code, duration = _claims(output)
        case {"content": told, **rest}:  # as the first versions told failures
            parts, failed = content(draft, told), rest.get("success") is False
        case None if "tools" in item:  # what a search for tools has found
            parts = [Data(value=item["tools"])]
    return ToolResult(
        call_id=text_of(item, "call_id"),
        content=parts,
        is_error=failed or (is_integer(code) and code != 0),
        exit_code=code if is_integer(code) else UNSET,
        duration_ms=UNSET if duration is None else duration,
    )


def _decoded(draft: Draft, text: str, otherwise: str | None) -> Any:  # noqa: ANN401  JSON is any value
    try:
        return draft.decode(text)
    except ValueError:
        return otherwise


def _claims(output: str) -> tuple[int | None, int | None]:
    """Return exit code and milliseconds from the lines that Codex puts before an output."""
    if output.startswith("Exit code: ") and (found := _SHELL.match(output)):
        return int(found[1]), _milliseconds(float(found[2]))
    start = output.find("Chunk ID: ", 0, _BEFORE_OUTPUT)
    if start < 0 or not output.startswith(("Chunk ID: ", "Command: ")):
        return None, None
    if (found := _UNIFIED.match(output, start)) is None:
        return None, None
    return int(found[2]) if found[2] else None, _milliseconds(float(found[1]))


def _milliseconds(seconds: object) -> int | None:
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)):
        return None
    return round(seconds * 1000) if 0 <= seconds < _LONGEST else None


def printed(event: dict[str, Any]) -> list[Part]:
    """Return what a tool printed where its report has it twice: both then refer to one copy.

    The call's result says it too, so a report that has it once needs no part.
    """
    texts = [text for key in _PRINTED if (text := text_of(event, key))]
    repeated = [text for text in texts if texts.count(text) > 1]
    return [Text(text=max(repeated, key=len))] if repeated else []
