"""Trees of files: names, kinds and contents that were never meant, around sessions that were.

Input: decisions, see `choices`.
"""

from __future__ import annotations

from random import Random
from typing import BinaryIO

from fuzz import oracle, seeds
from fuzz.choices import Choices
from fuzz.damage import DIGEST, damaged_bytes, damaged_json, damaged_lines
from sessionfs.errors import SessionfsError
from sessionfs.tree import MemoryTree

ID = "01M81CYGKKYF3N2YJDPS3MWRXG"
NAMES = [
    "manifest.yaml", "summary.json", "checksums.b3", "redactions.jsonl", f"files/{DIGEST}",
    "messages-00000001.jsonl", "messages-00000002.jsonl", "messages-00000003.jsonl",
    "messages-99999999.jsonl", "messages-00000000.jsonl", f"files/{'0' * 64}", "files", "files/x",
    "files/a/b", "archive.yaml", ".gitattributes", ".gitignore", ".cache/index.jsonl", ".cache",
    "2026/11", f"2026/11/{ID}", f"2026/11/{ID}/manifest.yaml", f"2026/12/{ID}/summary.json",
    f"9999/99/{ID}/files/{DIGEST}", "2026", "2026/x", "0000/00/x", "notes.txt", "Manifest.yaml",
    "MANIFEST.YAML", "manifest.yaml ", "../x", "..", ".", "a/../b", "a//b", "//", "\\x", "C:\\x",
    "con", "nul.txt", ".git/config", ".GIT/config", "git~1", "a\nb", "a\rb", "\x1b]0;x\x07", "\0",
    "\u202egnp.exe", "e\u0301", "\u00e9", "\ufeff", "\udcff", "\udc80/x", "x" * 255,
    "d/" * 100 + "x", "-rf", "~", "$(x)", "%s", "*", "a:b", "[", "messages-1.jsonl",
    "messages-00000001.jsonl/x",
]  # fmt: skip
"""Names of the layout, and names that some system or program stumbles over."""

KINDS = ("symlink", "special", "empty_directory", "directory", "unreadable")


class OddTree(MemoryTree):
    """A tree in memory with things in it that are no files."""

    def __init__(self, files, odd) -> None:
        super().__init__(files)
        self.odd = odd

    def oddities(self) -> list[tuple[str, str]]:
        return sorted(self.odd.items())

    def open(self, path: str) -> BinaryIO:
        if path in self.odd:
            raise SessionfsError(f"cannot read {path}")
        return super().open(path)


def starts():
    """Inputs to begin with: decisions that lead to each vector, and a little further."""
    for kind, trees in ((0, seeds.sessions()), (1, seeds.archives())):
        for number in range(len(trees)):
            chosen = bytes((kind,)) + number.to_bytes(1 if len(trees) <= 256 else 2)
            yield chosen
            yield chosen + b"\1" + Random(number).randbytes(40)


def TestOneInput(data: bytes) -> None:  # noqa: N802  as atheris has it
    """Build a tree and judge it, as a session or as an archive."""
    choices = Choices(data)
    archive = choices.below(4) == 1
    trees = seeds.archives() if archive else seeds.sessions()
    files = dict(choices.of(list(trees.values())))
    while choices and len(files) < 40:
        files = changed(choices, files)
    if choices.one_in(2) and not archive:
        files = seeds.resealed(files, summary=choices.one_in(2))
    odd = {}
    while choices.one_in(4) and files:
        path = choices.of([*files, *NAMES])
        odd[path] = choices.of(KINDS)
    name = choices.of((None, ID, "x", "..", "\udcff"))

    def make(content):
        return OddTree({path: content[path] for path in content if odd.get(path) != "symlink"}, odd)

    oracle.judge(files, archive=archive, name=name, make=make, odd=odd)


def changed(choices: Choices, files: dict[str, bytes]) -> dict[str, bytes]:
    """Return a tree with one file added, taken away, renamed or damaged."""
    files = dict(files)
    path = choices.of(sorted(files)) if files else "manifest.yaml"
    content = files.get(path, b"")
    match choices.below(10):
        case 0:
            files.pop(path, None)
        case 1:
            files[named(choices, path)] = content
        case 2:
            files[named(choices, path)] = files.pop(path, b"")
        case 3:
            other = choices.of(sorted(files)) if files else path
            files[path], files[other] = files.get(other, b""), content
        case 4:
            files[named(choices, path)] = choices.take(choices.below(64))
        case 5:
            files[path] = damaged_lines(choices, content)
        case 6 | 7:
            lines = content.split(b"\n")
            place = choices.below(min(len(lines), 256))
            lines[place] = damaged_json(choices, lines[place])
            files[path] = b"\n".join(lines)
        case 8:
            root = path.rpartition("/")[0]
            below = f"{root}/" if root else ""
            inside = {p[len(below) :]: c for p, c in files.items() if p.startswith(below)}
            sealed = seeds.resealed(inside, summary=choices.one_in(2))
            files |= {below + p: c for p, c in sealed.items()}
        case 9:
            files[path] = damaged_bytes(choices, content)
    return files


def named(choices: Choices, path: str) -> str:
    """Return a name: one that is known, or one made of it, beside a file that is there."""
    name = choices.of(NAMES)
    if choices.one_in(3):
        name = path.rpartition("/")[0] + "/" + name
    if choices.one_in(8):
        name += choices.of(NAMES)
    return name


def mutate(data: bytes, max_size: int, seed: int, havoc) -> bytes:
    """Change bytes: which decisions they make is for the fuzzer to find out."""
    return (
        havoc(data, max_size)
        if seed % 4
        else damaged_bytes(Choices(Random(seed).randbytes(32)), data)[:max_size]
    )
