"""Archives in memory: what importing and merging ask of one, without a disk."""

from __future__ import annotations

from sessionfs.adapters.claude_code import ADAPTER
from sessionfs.archive import CHECKSUMS, Session
from sessionfs.collection import Collection
from sessionfs.errors import Conflict
from sessionfs.identity import session_path
from sessionfs.importer import import_logs
from sessionfs.logs import Log
from sessionfs.merging.forms import Sides
from sessionfs.merging.merger import Merger
from sessionfs.redact.ruleset import Ruleset
from sessionfs.redacting import redact_session
from sessionfs.tree import MemoryTree
from sessionfs.verify import verify_tree
from sessionfs.writer import write_sealed
from sessionfs.yamltext import edit


class MemoryStage:
    def __init__(self, archive: MemoryArchive, path: str) -> None:
        self.archive = archive
        self.path = path
        self.tree = MemoryTree()

    def publish(self) -> None:
        self.archive.trees[self.path] = self.tree
        self.archive._forget()

    def discard(self) -> None:
        pass


class MemoryArchive(Collection):
    """Sessions by path, each a tree in memory."""

    ignored: frozenset[str] = frozenset()

    def __init__(self, trees: dict[str, MemoryTree] | None = None) -> None:
        super().__init__("memory")
        self.trees = dict(trees or {})

    def paths(self) -> list[str]:
        return sorted(self.trees)

    def session(self, path: str) -> Session:
        return Session(self.trees[path], path)

    def holds(self, path: str) -> bool:
        return path in self.trees

    def stage(
        self, session_id: str, *, replaces: str | None = None, draft: str = ""
    ) -> MemoryStage:
        del draft
        return MemoryStage(self, replaces or session_path(session_id))

    def copy(self) -> MemoryArchive:
        return MemoryArchive(self.trees)

    def bring(self, content: bytes, ruleset: Ruleset | None = None) -> str:
        """Import a log; return what became of it."""
        log = Log(
            shown="l.jsonl",
            tree=MemoryTree({"l.jsonl": content}),
            path="l.jsonl",
            adapter=ADAPTER,
            named=True,
            size=len(content),
        )
        (row,) = import_logs([log], self, ruleset=ruleset)
        return row.status

    def say(self, path: str, **changes: object) -> None:
        """Change what people say of a session."""
        tree = MemoryTree()
        before = self.session(path)
        write_sealed(before, tree, edit(before.tree.files["manifest.yaml"], changes))
        self.trees[path] = tree

    def redact(self, path: str, ruleset: Ruleset) -> None:
        tree = MemoryTree()
        if redact_session(self.session(path), ruleset, tree):
            self.trees[path] = tree

    def files(self) -> dict[str, dict[str, bytes]]:
        return {path: tree.files for path, tree in self.trees.items()}

    def findings(self) -> list[str]:
        """Return every error of every session."""
        return [
            f"{one.code} {path}/{one.where}: {one.message}"
            for path, tree in self.trees.items()
            for one in verify_tree(tree, name=path[8:]).findings
            if one.level == "error"
        ]


def merged(
    common: MemoryArchive | None, ours: MemoryArchive, theirs: MemoryArchive
) -> MemoryArchive:
    """Merge two archives as git and `sessionfs merge` do: session by session."""

    def seal(archive: MemoryArchive | None, path: str) -> bytes | None:
        tree = None if archive is None else archive.trees.get(path)
        return None if tree is None else tree.files[CHECKSUMS]

    def side(archive: MemoryArchive | None, path: str) -> Session | None:
        return archive.session(path) if archive is not None and archive.holds(path) else None

    result, conflicts = MemoryArchive(), []
    for path in sorted({*ours.trees, *theirs.trees}):
        mine, other = seal(ours, path), seal(theirs, path)
        if mine == other or other == seal(common, path):
            source = ours
        elif mine == seal(common, path):
            source = theirs
        else:
            conflicts.append(path)
            continue
        if source.holds(path):
            result.trees[path] = source.trees[path]

    def check(session: Session) -> None:
        for found in verify_tree(session.tree, name=session.path[8:]).findings:
            if found.level == "error":
                raise Conflict(f"{found.code} {found.where}: {found.message}")

    merger = Merger(result, check, lambda _: None)

    def depth(path: str) -> tuple[int, str]:
        uid = (ours if ours.holds(path) else theirs).session(path).manifest.source.uid
        return uid.count("#"), uid

    pending = {
        path: Sides(side(common, path), side(ours, path), side(theirs, path)) for path in conflicts
    }
    for path in sorted(conflicts, key=depth, reverse=True):
        uid = depth(path)[1]
        above = [pending[one] for one in conflicts if uid.startswith(f"{depth(one)[1]}#")]
        merger.merge(path, pending[path], above)
    return result
