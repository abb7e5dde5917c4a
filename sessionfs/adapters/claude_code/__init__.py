"""Claude Code: `~/.claude/projects/<slug>/<session>.jsonl`, and what lies beside it.

Beside a transcript stands a directory of its name: `subagents/` holds the logs of its
subagents, each with a description, and `tool-results/` the outputs that were too long for
the log. The module is a package because the format has three layers: records (`mapper`),
what stands inside messages (`content`), and what stands beside them (`asides`).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from sessionfs.adapters.claude_code.asides import RECORDS
from sessionfs.adapters.claude_code.mapper import FLAVOR, Mapper, session_directory
from sessionfs.adapters.claude_code.retention import days_kept, settings_files
from sessionfs.errors import NotFound

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from sessionfs.tree import Tree

_COWORK = "local-agent-mode-sessions"
_MSIX = "Packages/Claude_pzs8sxrjxfjjc/LocalCache/Roaming/Claude"
"""Where Windows puts the roaming files of the packaged desktop app."""


class ClaudeCode:
    """The adapter for Claude Code, and for the agents of Claude Desktop that write its format."""

    flavor = FLAVOR
    agent = "Claude Code"
    mapping = "1"

    def recognizes(self, records: Sequence[Any]) -> int:
        """Return how many of the records are of this format."""
        return sum(map(_is_ours, records))

    def children(self, tree: Tree, path: str) -> Sequence[str]:
        """Return the logs of the subagents of the session at `path`."""
        if not path.endswith(".jsonl"):
            return ()
        return [
            child
            for child in tree.paths(path.removesuffix(".jsonl") + "/subagents")
            if child.endswith(".jsonl") and child.rpartition("/")[2].startswith("agent-")
        ]

    def leading(self, tree: Tree, path: str) -> Sequence[str]:
        """Return the description of the subagent whose log is at `path`, if there is one."""
        if not (path.rpartition("/")[2].startswith("agent-") and path.endswith(".jsonl")):
            return ()
        description = path.removesuffix(".jsonl") + ".meta.json"
        try:
            tree.size(description)
        except NotFound:
            return ()
        return (description,)

    def attachable(self, tree: Tree, path: str) -> Sequence[str]:
        """Return the outputs that the session spilled."""
        return list(tree.paths(session_directory(path) + "/tool-results"))

    def mapper(self, path: str, name: str, read: Callable[[str], bytes | None]) -> Mapper:
        """Return a fresh mapper for the log at `path`."""
        return Mapper(path, name, read)

    def stores(self, environment: Mapping[str, str], home: str, platform: str) -> Sequence[str]:
        """Return where Claude Code and Claude Desktop keep logs on this platform."""
        configured = environment.get("CLAUDE_CONFIG_DIR")
        places = [f"{configured or f'{home}/.claude'}/projects"]
        if platform == "win32":
            roaming = environment.get("APPDATA") or f"{home}/AppData/Roaming"
            local = environment.get("LOCALAPPDATA") or f"{home}/AppData/Local"
            places += [f"{roaming}/Claude/{_COWORK}", f"{local}/{_MSIX}/{_COWORK}"]
        elif platform == "darwin":
            places.append(f"{home}/Library/Application Support/Claude/{_COWORK}")
        else:
            config = environment.get("XDG_CONFIG_HOME") or f"{home}/.config"
            places.append(f"{config}/Claude/{_COWORK}")
        return places

    def settings(self, environment: Mapping[str, str], home: str, project: str) -> Sequence[str]:
        """Return the files that may say how long logs are kept, the one that counts most last."""
        return settings_files(environment, home, project)

    def days_kept(self, settings: Iterable[bytes]) -> int:
        """Return for how many days Claude Code keeps a log that does not change."""
        return days_kept(settings)

    def directory(self, project: str) -> str:
        """Return how the directory is called that has the logs of work in a directory."""
        return re.sub("[^A-Za-z0-9]", "-", project)


def _is_ours(record: object) -> bool:
    match record:
        case {"type": "user" | "assistant", "message": {"content": _}}:
            return True
        case {"type": "attachment", "attachment": {"type": str()}}:
            return True
        case {"type": "summary", "summary": str(), "leafUuid": _}:
            return True
        case {"type": "file-history-snapshot", "snapshot": _}:
            return True
        case {"type": "progress", "data": _, "sessionId": str()}:
            return True
        case {"type": "system", "sessionId": str(), "uuid": str()}:
            return True
        case {"type": str(kind), "sessionId": str()}:
            return kind in RECORDS
    return False


ADAPTER = ClaudeCode()
"""What the entry point names."""
