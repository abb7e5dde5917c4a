"""Edits from messages: what each tool call of a session wrote, by the words of its agent.

Known are the calls of Claude Code (Edit, MultiEdit, Write, NotebookEdit), patches in the form of
Codex, also in a shell, and here-documents of a shell. Any other call that names a file and a text
is taken by the names of its arguments: the text in the place of another, a whole file, or just
lines. A patch or a command that some other tool is told of, as a subagent is, writes nothing.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from sessionfs.identity import parse_time
from sessionfs.model import Text, ToolCall, ToolResult
from sessionfs.provenance.edits import Change, Edit, Placed, Replaced, Written, lines_of
from sessionfs.provenance.patches import changes_in, is_patch
from sessionfs.provenance.shell import moved

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sessionfs.model import Message

_PATH = "file_path path filePath notebook_path target_file absolute_path filename".split()
_OLD = "old_string oldString old_str oldText old_text".split()
_NEW = "new_string newString new_str newText new_text new_source".split()
_WHOLE = "content file_text contents fileText".split()
_LOOSE = "new_source insert_text code_edit text".split()
_READERS = frozenset("Read read view read_file Grep Glob LS".split())
SHELLS = frozenset(
    "Bash bash shell shell_command local_shell exec_command container.exec unified_exec exec "
    "PowerShell run_shell_command run_terminal_cmd run_in_terminal run_command execute_command "
    "Execute terminal".split()
)
"""Tools that run the commands that they are told."""
_PATCHERS = frozenset("apply_patch applypatch ApplyPatch patch".split())
_COMMANDS = "command cmd input script patch patchText".split()
_NOT_RUN = re.compile(
    r"(?:apply_patch verification failed|(?:patch|exec command) rejected\b|rejected by user"
    r"|(?:Wall time: [\d.]+ seconds\n)?aborted by user|exec_command failed for"
    r"|failed to parse function arguments|approval (?:required by|policy is)"
    r"|`[^`\n]*` rejected: |This action was rejected)"
)
"""How Codex begins the result of a call that it did not make; it does not call that an error."""
_REFUSED = re.compile(
    r"\b(?:reject|den(?:y|ied)|refus|declin|permission|approv|not allowed|block|cancel|abort"
    r"|interrupted by user|doesn't want|tool_use_error|hook)",
    re.IGNORECASE,
)
_SHELL_REFUSED = re.compile(
    r"\W*+(?:error\b\W*)?(?:(?:the|this|your|a) )?(?!permission denied)(?:user|tool|command|call"
    r"|action|operation|request|execution|permission|approval|claude|pretooluse)[^\n]{0,80}?"
    r"(?:reject|\bden(?:y|ied)|refus|declin|requested permission|approv|not allowed|\bblock|cancel"
    r"|\babort|interrupted by user|doesn't want|tool_use_error|hook error)"
    r"|<tool_use_error>|claude requested permission|approval ",
    re.IGNORECASE,
)
"""How the error of a shell begins that was not run; what else it says are words of its commands."""
_BEGINNING = 300
"""Characters of an error in which it says that it is a refusal."""


class Results:
    """What came back from calls: which failed, which a person altered, what stood there before."""

    def __init__(self) -> None:
        """Start with no result."""
        self.refused: set[str] = set()
        """Calls that were not made at all."""
        self.failed: set[str] = set()
        """Calls that ended in an error; a shell may have done some of its commands before."""
        self.altered: set[str] = set()
        self.before: dict[str, str] = {}
        self._shells: set[str] = set()

    def expect(self, call: ToolCall) -> None:
        """Note a call whose result may come."""
        if call.call_id is not None and call.name in SHELLS:
            self._shells.add(call.call_id)

    def add(self, message: Message, part: ToolResult) -> None:
        """Take in a result, with what the native record says besides."""
        if part.call_id is None:
            return
        pieces = [piece.text for piece in part.content if isinstance(piece, Text)]
        texts = [text for text in pieces if isinstance(text, str)]
        ran = isinstance(part.exit_code, int)
        said = None
        if part.is_error:
            said = _SHELL_REFUSED.match if part.call_id in self._shells else _REFUSED.search
        if not ran and any(
            _NOT_RUN.match(text) or (said and said(text[:_BEGINNING])) for text in texts
        ):
            self.refused.add(part.call_id)
        elif part.is_error:
            self.failed.add(part.call_id)
        native: Any = message.native
        record = native.get("record") if isinstance(native, dict) else None
        told = record.get("toolUseResult") if isinstance(record, dict) else None
        if isinstance(told, dict):
            if told.get("userModified") is True:
                self.altered.add(part.call_id)
            if isinstance(before := told.get("originalFile"), str):
                self.before[part.call_id] = before
            elif told.get("type") == "create":
                self.before[part.call_id] = ""


def edits_of(messages: Iterable[Message], session: str, agent: str) -> list[Edit]:
    """Return what the calls of a session wrote, in order; what failed is left out.

    `session` is its ULID, `agent` stands where no model is told. A call without a result counts:
    whether it was made, the content of the file says. So it is with a shell that failed: its
    last command may have done that, a test say. But where the same is written once more later
    on, the one that failed has not written it.
    """
    found: list[tuple[Message, ToolCall, int | None, tuple[str, ...], tuple[Change, ...]]] = []
    results = Results()
    time = None
    for message in messages:
        time = parse_time(message.ts) or time
        for part in message.parts:
            if type(part) is ToolCall:
                results.expect(part)
                found += [(message, part, time, *told) for told in _told(part)]
            elif type(part) is ToolResult:
                results.add(message, part)
    edits = [
        Edit(
            session=session,
            seq=message.seq,
            message=message.id,
            time=time,
            speaker=message.model if isinstance(message.model, str) else agent,
            call=call.name,
            call_id=call.call_id,
            paths=paths,
            changes=changes,
            before=results.before.get(call.call_id or ""),
            is_altered=(call.call_id or "") in results.altered,
            is_doubtful=call.call_id in results.failed,
        )
        for message, call, time, paths, changes in found
        if call.call_id not in results.refused
        and call.status != "failed"
        and (call.call_id not in results.failed or call.name in SHELLS)
    ]
    return _without_tries(edits)


def _without_tries(edits: list[Edit]) -> list[Edit]:
    """Leave out what a failed call was to write where a later one writes the very same."""
    kept: list[Edit] = []
    later: set[tuple[tuple[str, ...], tuple[Change, ...]]] = set()
    for edit in reversed(edits):
        if not edit.is_doubtful or (edit.paths, edit.changes) not in later:
            kept.append(edit)
        later.add((edit.paths, edit.changes))
    return kept[::-1]


def _told(call: ToolCall) -> Iterator[tuple[tuple[str, ...], tuple[Change, ...]]]:
    """Yield the files that a call writes, and what it does to them."""
    arguments: Any = call.arguments
    if isinstance(arguments, dict) and (path := _first(arguments, _PATH)):
        changes = tuple(_changes(arguments, path)) if call.name not in _READERS else ()
        if changes:
            yield (path,), changes
            return
    workdir = _first(arguments, ["workdir"]) if isinstance(arguments, dict) else None
    if call.name not in SHELLS and call.name not in _PATCHERS:
        return
    for text in _texts(arguments):
        if is_patch(text):
            for told in changes_in(text):
                paths = tuple(path for one in told.paths if (path := moved(workdir or "", one)))
                if paths:
                    yield paths, (told.change,)


def _changes(arguments: dict[str, Any], path: str) -> Iterator[Change]:
    edits = arguments.get("edits")
    if isinstance(edits, list):
        pairs = [_replaced(edit) for edit in edits if isinstance(edit, dict)]
        yield from (change for change in pairs if change)
    elif change := _replaced(arguments):
        yield change
    elif (text := _first(arguments, _WHOLE)) is not None:
        yield Written(text)
    elif (text := _first(arguments, _LOOSE)) is not None:
        quoted = path.endswith(".ipynb")
        yield Placed(tuple(_quoted(text) if quoted else lines_of(text)), quoted=quoted)


def _replaced(arguments: dict[str, Any]) -> Replaced | None:
    old, new = _first(arguments, _OLD), _first(arguments, _NEW)
    if old is None or new is None:
        return None
    return Replaced(old, new, everywhere=arguments.get("replace_all") is True)


def _quoted(text: str) -> list[str]:
    """Return the lines of a cell as a notebook has them."""
    lines = text.split("\n")
    whole = [f"{line}\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])
    return [json.dumps(line, ensure_ascii=False) for line in whole]


def _first(arguments: dict[str, Any], names: Iterable[str]) -> str | None:
    return next((arguments[name] for name in names if isinstance(arguments.get(name), str)), None)


def _texts(value: object) -> Iterator[str]:
    """Yield the commands and patches of a call: words one by one where it has them apart."""
    inner = [value]
    if isinstance(value, dict):
        inner = [value.get(name) for name in _COMMANDS]
    for item in inner:
        if isinstance(item, str):
            yield item
        elif isinstance(item, list):
            yield from (text for text in item if isinstance(text, str))
