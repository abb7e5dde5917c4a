"""Line ends in real git: no setting of a person or a repository damages a session unseen.

Each combination of core.autocrlf and attributes has an author who commits an archive, and four ways
in which its bytes come back out of git: a clone, an export, a stash, another work tree.
"""

from __future__ import annotations

import random
import shutil
import subprocess
from pathlib import Path

import pytest

import sessionfs
from claude_logs import SESSION, dumps, log, record
from test_git import git
from trees import tree

AUTOCRLF = ("true", "input", "false")
ATTRIBUTES = {
    "none": "",
    "text=auto": "* text=auto\n",
    "hostile": """\
* text=auto eol=crlf ident merge=union export-subst filter=shout
*.jsonl working-tree-encoding=UTF-16LE
""",
}
"""What the repository, and the person in a file of their own, say of all files."""

WAYS = ("clone", "export", "stash", "worktree")
GUARDS = (".gitattributes", ".gitignore")


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive in which is what git likes to change; a payload has CRLF."""
    place = tmp_path_factory.mktemp("archive")
    native = place / "native" / f"{SESSION}.jsonl"
    native.parent.mkdir()
    large = record(16, random.Random(1))
    large["message"]["content"] = "a line of Windows\r\n" * 15_000
    content = log(16).replace(b"alpha", b"$Id$ \\r\\n").replace(b"bravo", b"$Format:%H$")
    native.write_bytes(content + dumps(large) + b"\n")
    sessionfs.import_logs([str(native)], archive=str(place / ".sessions"))
    shutil.rmtree(place / ".sessions" / ".cache")
    assert any(b"\r\n" in content for content in sessions(place).values())
    return place / ".sessions"


def sessions(place: Path) -> dict[str, bytes]:
    """The files of the archive below a directory, without those that guard them."""
    found = tree(place / ".sessions")
    return {path: content for path, content in found.items() if path not in GUARDS}


class Author:
    """Somebody with settings, and a repository in which they commit the archive."""

    def __init__(self, place: Path, autocrlf: str, attributes: str) -> None:
        self.place = place
        self.repository = place / "repository"
        self.repository.mkdir()
        mine = place / "attributes"
        mine.write_text(ATTRIBUTES[attributes])
        settings = {"core.autocrlf": autocrlf, "core.attributesFile": str(mine)}
        self.settings = [f"-c{name}={value}" for name, value in settings.items()]
        git(self.repository, "init", "--quiet", "-b", "main")
        for name, value in settings.items():
            git(self.repository, "config", name, value)
        (self.repository / ".gitattributes").write_text(ATTRIBUTES[attributes])

    def committed(self) -> dict[str, bytes]:
        """What the commit has of the archive, as git keeps it."""
        rows = git(self.repository, "ls-tree", "-r", "HEAD", ".sessions/").splitlines()
        return {
            row.partition("\t")[2].removeprefix(".sessions/"): subprocess.check_output(
                ["git", "cat-file", "blob", row.split()[2]], cwd=self.repository
            )
            for row in rows
        }

    def come_back(self, way: str) -> Path:
        """Have the archive come out of git in one of the ways; return the work tree."""
        target = self.place / way
        if way == "stash":
            return self.stash()
        if target.exists():
            shutil.rmtree(target)
            git(self.repository, "worktree", "prune")
        if way == "clone":
            git(self.place, "clone", "--quiet", *self.settings, str(self.repository), str(target))
        elif way == "export":
            target.mkdir()
            content = subprocess.check_output(["git", "archive", "HEAD"], cwd=self.repository)
            subprocess.run(["tar", "-x", "-C", str(target)], input=content, check=True)
        else:
            git(self.repository, "worktree", "add", "--quiet", "--detach", str(target))
        return target

    def stash(self) -> Path:
        """Stash what replaces the whole archive, bring it back, and take what was committed."""
        for path in (self.repository / ".sessions").rglob("*"):
            if path.is_file() and path.name not in GUARDS and ".cache" not in path.parts:
                path.write_bytes("another text\n".encode("utf-16-le"))
        git(self.repository, "stash", "--quiet")
        git(self.repository, "stash", "pop", "--quiet")
        git(self.repository, "stash", "--quiet")
        git(self.repository, "stash", "drop", "--quiet")
        return self.repository


@pytest.mark.parametrize("autocrlf", AUTOCRLF)
@pytest.mark.parametrize("attributes", ATTRIBUTES)
def test_guards_keep_every_byte_and_without_them_damage_is_named(
    tmp_path: Path, archive: Path, autocrlf: str, attributes: str
) -> None:
    author = Author(tmp_path, autocrlf, attributes)
    shutil.copytree(archive, author.repository / ".sessions")
    for name in GUARDS:
        (author.repository / ".sessions" / name).unlink()
    sessionfs.init(str(author.repository / ".sessions"))  # writes the guards
    git(author.repository, "add", "--all")
    git(author.repository, "commit", "--quiet", "-m", "guarded")
    before = sessions(archive.parent)
    for way in WAYS:
        place = author.come_back(way)
        assert sessions(place) == before, way
        assert sessionfs.verify([str(place / ".sessions")]).findings == [], way
    report = sessionfs.verify([str(tmp_path / "clone")], git="HEAD")
    assert (report.findings, report.changed) == ([], ())

    git(author.repository, "rm", "--quiet", *(f".sessions/{name}" for name in GUARDS))
    shutil.rmtree(author.repository / ".sessions" / ".cache")
    if attributes != "hostile":  # to add them, git would read our files as UTF-16
        git(author.repository, "rm", "--quiet", "-r", "--cached", ".sessions")
        git(author.repository, "add", "--all")
    git(author.repository, "commit", "--quiet", "-m", "unguarded")
    blobs = author.committed()
    assert blobs.keys() == before.keys()
    lf = {path for path, content in before.items() if b"\r\n" not in content}
    lost = before.keys() - lf if autocrlf != "false" or attributes == "text=auto" else set()
    in_commit = {path for path in before if blobs[path] != before[path]}
    assert in_commit == (set() if attributes == "hostile" else lost)
    for way in WAYS:
        place = author.come_back(way)
        after = sessions(place)
        damaged = {path for path in before if after[path] != before[path]}
        assert damaged & lf == (lf if autocrlf == "true" or attributes == "hostile" else set()), way
        assert damaged - lf == (in_commit if autocrlf != "true" else set()), way
        report = sessionfs.verify([str(place / ".sessions")])
        named = {found.path for found in report.findings if found.level == "error"}
        assert named == damaged, way
        subst = way == "export" and attributes == "hostile"
        codes = {found.code for found in report.findings if found.level == "error"}
        assert codes <= {"E605"} or subst, way
        if way in {"clone", "worktree"}:
            told = sessionfs.verify([str(place)], git="HEAD")
            assert {one.path for one in told.findings if one.level == "error"} == in_commit
            assert {one.path for one in told.findings if "at checkout" in one.message} == {
                path for path in before if after[path] != blobs[path] and path not in in_commit
            }
            assert told.changed == ()
