"""Adapters turn native logs into drafts of messages; each knows one agent and nothing of our files.

An adapter is found through the entry-point group `sessionfs.adapters`; ours come through the
same door as anyone's. An adapter is total: a record that it cannot read becomes a draft of
kind `unknown`, never an error and never a silent drop.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from sessionfs.errors import SessionfsError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from sessionfs.draft import Draft
    from sessionfs.tree import Tree

GROUP = "sessionfs.adapters"
"""The entry-point group that adapters are registered in."""


class Mapper(Protocol):
    """Maps the records of one log, in file order.

    What it returns for a record may depend only on the records up to it, so that a log that
    grew changes nothing already written.
    """

    def map(self, record: Any) -> Draft:  # noqa: ANN401  JSON is any value
        """Return the draft of one record of the log: any JSON value, trusted in nothing."""

    def map_leading(self, path: str, record: Any) -> Draft:  # noqa: ANN401  JSON is any value
        """Return the draft of a document that `Adapter.leading` named; sets `Draft.source`."""


class Forgetful(Protocol):
    """What an adapter may know besides: that its agent deletes logs, and when."""

    def settings(self, environment: Mapping[str, str], home: str, project: str) -> Sequence[str]:
        """Return the files that may say how long logs are kept, the one that counts most last."""

    def days_kept(self, settings: Iterable[bytes]) -> int:
        """Return for how many days after its last change a log is kept, by such files' content."""

    def directory(self, project: str) -> str:
        """Return how the directory in a store is called that has the logs of work in `project`."""


class Adapter(Protocol):
    """What sessionfs asks of the knowledge about one agent."""

    flavor: str
    """The registry's name of the native format: lower case, digits, hyphens."""
    agent: str
    """The agent's name for people."""
    mapping: str
    """The version of the mapping, a small integer; it changes when what is written changes."""

    def recognizes(self, records: Sequence[Any]) -> int:
        """Return how many of the first records of a file are of this native format."""

    def children(self, tree: Tree, path: str) -> Sequence[str]:
        """Return the paths of logs that belong to the log at `path`, such as its subagents."""

    def leading(self, tree: Tree, path: str) -> Sequence[str]:
        """Return the paths of documents that describe the log at `path` as a whole."""

    def attachable(self, tree: Tree, path: str) -> Sequence[str]:
        """Return the paths of files that records of the log at `path` may bring in."""

    def mapper(self, path: str, name: str, read: Callable[[str], bytes | None]) -> Mapper:
        """Return a fresh mapper for the log at `path`.

        `name` is the log's source name, from its facts; names of leading documents and
        attached files are relative to the same root. `read` returns the content of an
        attachable file by path, or None where there is none.
        """

    def stores(self, environment: Mapping[str, str], home: str, platform: str) -> Sequence[str]:
        """Return the directories where the agent keeps its logs, whether they exist or not.

        `platform` is `linux`, `darwin` or `win32`.
        """


def load_adapters() -> dict[str, Adapter]:
    """Return every installed adapter by flavor; raises `SessionfsError` for a broken one."""
    from importlib.metadata import entry_points  # noqa: PLC0415  37 ms that only import pays

    adapters: dict[str, Adapter] = {}
    for entry in sorted(entry_points(group=GROUP), key=lambda entry: entry.name):
        try:
            adapters[entry.name] = entry.load()
        except Exception as error:
            message = f"the adapter {entry.name} does not load: {error}"
            raise SessionfsError(message, hint="reinstall the package that provides it") from error
    return adapters


def recognize(records: Sequence[Any], adapters: Mapping[str, Adapter]) -> Adapter | None:
    """Return the adapter that recognizes most of a file's first records, or None."""
    scores = {flavor: adapter.recognizes(records) for flavor, adapter in adapters.items()}
    best = max(scores, key=lambda flavor: scores[flavor], default=None)
    return adapters[best] if best is not None and scores[best] else None
