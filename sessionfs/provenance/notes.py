"""Notes that git-ai attaches to commits (`refs/notes/ai`, authorship/3.0.0).

Lines of files by session, `---`, and a JSON object that says of each who that was. A session
there is `s_` and 14 hexadecimal digits, in older notes 16 or 7 digits: the first of the SHA-256
of `<tool>:<id of the conversation>`. So one that we have can be told by its native id.
"""

from __future__ import annotations

import hashlib
import re
from typing import NamedTuple

from sessionfs.canonical import decode

NOTES = "refs/notes/ai"

_ENTRY = re.compile(r"^  (s_[0-9a-f]{14}|[0-9a-f]{16}|[0-9a-f]{7})(?:::\S+)? ", re.MULTILINE)
_DIVIDER = re.compile(r"^---\n", re.MULTILINE)
_TOOLS = {"claude-code": ("claude", "claude-code")}
"""What git-ai calls an agent, where that is not our flavor."""


class Noted(NamedTuple):
    """A session that a note names: its id there, and the tool and conversation, if it says so."""

    ref: str
    tool: str | None
    conversation: str | None


def parse_note(note: str) -> list[Noted]:
    """Return the sessions that wrote lines by a note's word, each once; none where it is another's.

    What the note says of people is left out.
    """
    lines, *rest = _DIVIDER.split(note.replace("\r\n", "\n"), maxsplit=1)
    try:
        value = decode("".join(rest).strip())
    except ValueError:
        return []
    version = value.get("schema_version") if isinstance(value, dict) else None
    if not isinstance(version, str) or not version.startswith("authorship/"):
        return []
    agents: dict[str, object] = {}
    for table in (value.get("prompts"), value.get("sessions")):
        if isinstance(table, dict):
            agents |= table
    return [_noted(ref, agents.get(ref)) for ref in dict.fromkeys(_ENTRY.findall(lines))]


def _noted(ref: str, record: object) -> Noted:
    agent = record.get("agent_id") if isinstance(record, dict) else None
    told = agent if isinstance(agent, dict) else {}
    tool, conversation = told.get("tool"), told.get("id")
    return Noted(
        ref,
        tool if isinstance(tool, str) else None,
        conversation if isinstance(conversation, str) else None,
    )


def noted_ids(flavor: str, native_id: str) -> list[str]:
    """Return what git-ai may call a session of ours: the newer form, the older one, the oldest."""
    found = []
    for tool in _TOOLS.get(flavor, (flavor,)):
        text = hashlib.sha256(f"{tool}:{native_id}".encode()).hexdigest()
        found += [f"s_{text[:14]}", text[:16], text[:7]]
    return found
