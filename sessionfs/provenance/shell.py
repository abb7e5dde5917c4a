"""What here-documents and patches a text for a shell holds, and the directory that each is for.

The text is read once, from its beginning: a here-document is the text of its command, whatever
that is, and no command. A directory is told only where it is known: not after `cd "$x"`, `cd -`,
`pushd`, or a `cd` that may not have been run. Where the text cannot be read on, nothing is told.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import NamedTuple

BEGIN = "*** Begin Patch"
_END = re.compile(r"^\*\*\* End Patch\b.*$", re.MULTILINE)
_SUM = r"(?P<sum>\$?\(\((?:[^()\n]|\([^()\n]*+\))*+\)\))"
_COMMAND = re.compile(
    rf"(?P<blank>[ \t]++|\\\n)|(?P<line>\n)|{_SUM}|(?P<into>\$\(|[<>]\(|\((?![ \t]*\)))|(?P<out>\))"
    r"|(?P<here>\d*<<(?!<)(?P<tabs>-?)[ \t]*(?P<end>(?:'[^'\n]*'|\"[^\"\n]*\"|\\.|"
    r"[^\s;&|<>()'\"\\])++))"
    r"|(?P<put>\d*(?:<<<|>>|>\||>&|<&|<>|<|>)|&>>?)|(?P<then>\([ \t]*\)|&&|\|\||\|&?|;[;&]*|&)"
    r"|'(?P<single>[^']*+)'|(?P<double>\$?\")|\\(?P<escape>.)"
    r"|(?P<tick>`[^`]*+`|\$'(?:[^'\\]|\\.)*+')|(?P<plain>[^\s;&|<>()'\"\\$`]++|\$)|(?P<odd>\s)",
    re.DOTALL,
)
_DOUBLE = re.compile(
    rf"(?P<text>[^\"\\$`]++)|{_SUM}|(?P<into>\$\()|(?P<double>\")|(?P<tick>`[^`]*+`|\\.|\$)",
    re.DOTALL,
)
"""Within double quotes. Nothing in either can be read in two ways."""
_CHANGED = re.compile(r"[$*?\[]|\{.|.\{")
"""What a shell puts something else for."""
_MOVES = frozenset(["cd", "pushd", "popd", "eval", "chdir"])
_OPENS = frozenset("if for while until case select function {".split())
_LEADS = frozenset("then do else elif".split())
_CLOSES = frozenset(["fi", "done", "esac", "}"])
_SURE = frozenset("cd mkdir echo printf export set true".split())
"""Commands after which `&&` asks nothing."""
_LONGEST = 4096
"""Characters of a path, as systems allow; so many `cd` take no time."""
_DEEPEST = 100
"""Brackets in brackets that are read."""
_PATCHERS = frozenset(["apply_patch", "applypatch"])


class Put(NamedTuple):
    """A text that a command puts into a file, or a patch."""

    text: str
    directory: str | None
    """Where the command runs, as seen from where the text does; None where that is not known."""
    path: str | None = None
    """The file; None for a patch."""
    is_appended: bool = False


@dataclass(slots=True)
class _Document:
    end: str
    has_tabs: bool
    is_quoted: bool
    directory: str | None = None
    path: str | None = None
    is_appended: bool = False


@dataclass(slots=True)
class _Frame:
    """What is known within one pair of brackets, which is a shell of its own."""

    told: list[Put]
    directory: str | None = ""
    before: str = ";"
    depth: int = 0
    """Compound commands around: what stands in one may not be run."""
    words: list[str | None] = field(default_factory=list)
    puts: list[tuple[str, str | None]] = field(default_factory=list)
    documents: list[_Document] = field(default_factory=list)
    pieces: list[str] | None = None
    """The word that is being read."""
    has_begun: bool = False
    """Whether it has a character yet."""
    is_unknown: bool = False
    put: str = ""
    """The redirection whose word is to come."""
    is_in_quotes: bool = False
    has_asked: bool = False
    """In this list, a command before may have failed, and what follows `&&` not be run."""
    has_moved: bool = False
    is_maybe_moved: bool = False
    is_instead: bool = False
    """What comes now is run where a `cd` failed."""

    def add(self, piece: str, *, is_unknown: bool = False) -> None:
        if self.pieces is None:
            self.pieces = []
        self.pieces.append(piece)
        self.has_begun |= bool(piece)
        self.is_unknown |= is_unknown

    def end_word(self) -> None:
        if self.pieces is None:
            return
        word = None if self.is_unknown else "".join(self.pieces)
        self.pieces, self.has_begun, self.is_unknown = None, False, False
        if self.put:
            self.puts.append((self.put, word))
            self.put = ""
        else:
            self.words.append(word)

    def end_command(self, then: str) -> None:
        """Take in what the command does; `then` is the operator behind it."""
        self.end_word()
        if then == "\n":
            if not self.words and not self.puts and not self.documents and self.before != ";":
                return  # the line goes on
            then = ";"
        then = ";" if then.startswith(";") else then
        first = 0
        for word in self.words:
            if word not in _OPENS and word not in _LEADS and word not in _CLOSES:
                break
            self.depth = max(0, self.depth + (word in _OPENS) - (word in _CLOSES))
            first += 1
        words = self.words[first:]
        name = words[0] if words else ""
        for document in self.documents:
            document.directory = self.directory
        if words == ["cat"] and self.before in (";", "&&") and len(self.documents) == 1:
            self._put_into(self.documents[0])
        if name in _PATCHERS:
            patches = [word for word in words[1:] if word and BEGIN in word]
            self.told += [Put(patch, self.directory) for patch in patches]
        if not _MOVES.isdisjoint(words):
            self._move(words, then)
        elif self.is_instead:
            self.is_instead = self.is_maybe_moved = False
            if name not in ("exit", "return"):
                self.directory = None
        self.has_asked |= name not in _SURE
        if then in (";", "&"):
            if self.is_maybe_moved or (self.has_moved and then == "&"):  # `&`: in another shell
                self.directory = None
            self.has_moved = self.has_asked = self.is_maybe_moved = self.is_instead = False
        self.words, self.puts, self.documents, self.put = [], [], [], ""
        self.before = ";" if then == "&" else then

    def _put_into(self, document: _Document) -> None:
        outs = [(how, word) for how, word in self.puts if not how.startswith("2")]
        if len(outs) == 1 and document.is_quoted:
            how, path = outs[0]
            if how in (">", ">>", ">|", "1>", "1>>"):
                document.path, document.is_appended = path, how.endswith(">>")

    def _move(self, words: list[str | None], then: str) -> None:
        to = words[1] if len(words) == 2 else "~" if len(words) == 1 else None  # noqa: PLR2004 - `cd` and where
        if (
            words[0] != "cd" or self.depth or self.before not in (";", "&&")
            or then not in (";", "&&", "||") or not to or to.startswith("-")
        ):  # fmt: skip
            self.directory = None
            return
        self.directory = moved(self.directory, to)
        self.has_moved = True
        self.is_maybe_moved |= self.before == "&&" and self.has_asked
        self.is_instead = then == "||"


def moved(directory: str | None, path: str) -> str | None:
    """Return a path as seen from where a directory is named; None where that is not known."""
    if path.startswith(("/", "~")):
        return path
    if directory is None or len(directory) + len(path) > _LONGEST:
        return None
    return f"{directory.rstrip('/')}/{path}" if directory else path


def puts_of(text: str) -> list[Put]:
    """Return what the commands of a text, with line feeds, put into files; and its patches."""
    reader = _Reader(text)
    reader.read()
    return reader.told


class _Reader:
    """A text that is being read."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.place = 0
        self.line = 0
        """Where the line of commands begins."""
        self.told: list[Put] = []
        self.frames = [_Frame(self.told)]
        self.documents: list[_Document] = []
        """Those whose texts stand behind this line."""

    def read(self) -> None:
        self._patch()
        while self.place < len(self.text) and len(self.frames) <= _DEEPEST:
            frame = self.frames[-1]
            within = _DOUBLE if frame.is_in_quotes else _COMMAND
            found = within.match(self.text, self.place)
            if found is None:
                return
            self.place = found.end()
            if frame.is_in_quotes or found.lastgroup != "line":
                self._take(frame, found.lastgroup or "", found)
                continue
            frame.end_command("\n")
            line = self.text[self.line : self.place]
            for document in self.documents:
                if not self._read_text(document, is_patch=any(name in line for name in _PATCHERS)):
                    return
            self.documents, self.line = [], self.place
            self._patch()
        if len(self.frames) == 1 and not self.frames[0].is_in_quotes:
            self.frames[0].end_command("\n")

    def _take(self, frame: _Frame, kind: str, found: re.Match[str]) -> None:
        """Take in what stands at a place of a line."""
        piece = found[kind]
        if kind in ("blank", "odd"):
            if not piece.startswith("\\"):
                frame.end_word()
        elif kind == "into":
            self.frames.append(_Frame(self.told, frame.directory))
        elif kind == "out":
            frame.end_command(";")
            if not frame.depth and len(self.frames) > 1:  # else it is one of a `case`
                self.frames.pop()
                self.frames[-1].add("", is_unknown=True)
        elif kind == "then":
            frame.end_command(piece)
        elif kind == "put":
            frame.end_word()
            frame.put = piece
        elif kind == "here":
            frame.end_word()
            end = re.sub(r"['\"\\]", "", found["end"])
            document = _Document(end, bool(found["tabs"]), end != found["end"])
            frame.documents.append(document)
            self.documents.append(document)
        elif kind == "double":
            frame.add("")
            frame.is_in_quotes = not frame.is_in_quotes
        elif kind == "plain":
            if frame.pieces is None and piece.startswith("#"):
                stop = self.text.find("\n", self.place)
                self.place = len(self.text) if stop < 0 else stop
            else:
                frame.add(piece, is_unknown=_CHANGED.search(piece) is not None)
        else:  # quoted: a `~` is no home
            is_home = not frame.has_begun and piece.startswith("~")
            frame.add(piece, is_unknown=kind in ("sum", "tick") or is_home)

    def _read_text(self, document: _Document, *, is_patch: bool) -> bool:
        """Read the text of a here-document; tell whether it has an end."""
        lines: list[str] = []
        while self.place < len(self.text):
            stop = self.text.find("\n", self.place)
            stop = len(self.text) if stop < 0 else stop
            line = self.text[self.place : stop]
            self.place = stop + 1
            if document.has_tabs:
                line = line.lstrip("\t")
            if line == document.end:
                if document.path is not None or is_patch:
                    text = "".join(f"{one}\n" for one in lines)
                    put = Put(text, document.directory, document.path, document.is_appended)
                    self.told.append(put)
                return True
            lines.append(line)
        return False

    def _patch(self) -> None:
        """Take in a patch that stands here without a command; of one without an end, nothing."""
        if self.text.startswith(f"{BEGIN}\n", self.place):
            end = _END.search(self.text, self.place)
            stop = end.end() if end else len(self.text)
            if end:
                patch = self.text[self.place : stop]
                self.told.append(Put(patch, self.frames[-1].directory))
            self.place = stop
