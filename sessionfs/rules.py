"""The rule table: every numbered rule of ``spec/sessionfs.md``, in the spec's words.

A code is a letter and three digits. ``E`` is a MUST: breaking it is an error. ``W`` is a
SHOULD: breaking it is a warning. The hundreds name the layer: 0 limits and versions,
1 layout and paths, 2 YAML, 3 framing, 4 JSON values and encoding, 5 messages, 6 derived
files and digests, 7 git, 8 packs, 9 index. The same digits under both letters are one rule at
two levels. A code is never reused.

``tests/test_spec.py`` proves that this table and the spec say the same. The module is long
because it is a table: splitting it would part the codes from each other.
"""
# ruff: noqa: E501 (a sentence stands on one line, so that grep finds it as in the spec)

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["RULES", "Level", "Rule"]

Level = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Rule:
    """One numbered sentence of the specification."""

    code: str
    """The letter and three digits that findings, schemas, vectors and the spec share."""
    level: Level
    """``error`` for a MUST, ``warning`` for a SHOULD."""
    sentence: str
    """The sentence of the spec, word for word."""
    why: str
    """The reason that the spec gives beside the sentence."""
    hint: str
    """How to mend what breaks the rule."""


def _rule(code: str, sentence: str, *, why: str, hint: str) -> tuple[str, Rule]:
    level: Level = "error" if code[0] == "E" else "warning"
    return code, Rule(code, level, sentence, why, hint)


_RESTORE = "Take the file back from git (`git checkout -- PATH`), or import the native log again."
_RESEAL = "If the change is meant, run `sessionfs seal --accept-content`; else take the file back from git."
_REIMPORT = "A writer made this line. Import the native log again with a current sessionfs, or take the file back from git."
_AGAIN = "An ordinary tar is no pack: make it with `sessionfs pack`. Else do not unpack it by other means; get it again from where it came."
_CUT = "Get it again from where it came; or name a file that `sessionfs pack` has made."
_YAML = "Edit the file so that it is plain YAML 1.2: two-space indent, strings in double quotes."

RULES: Mapping[str, Rule] = MappingProxyType(
    dict(
        (
            # 0: limits and versions
            _rule(
                "E001",
                "Every file of a session MUST be readable.",
                why="What cannot be read cannot be proved, and silence would pass for a proof.",
                hint="Look at the file's permissions and at the disk, then verify again.",
            ),
            _rule(
                "E002",
                "A reader MUST refuse a session or an archive whose `min_reader` is above the format version that the reader implements.",
                why="A guess at an unknown format would be a silent misreading.",
                hint="Install a newer sessionfs.",
            ),
            _rule(
                "E003",
                "`summary.json` and `checksums.b3` MUST NOT be larger than 67,108,864 bytes each.",
                why="A reader holds these two files in memory.",
                hint="Run `sessionfs seal` to rebuild them.",
            ),
            _rule(
                "E005",
                "A line of a JSON Lines file MUST NOT be longer than 67,108,864 bytes, its LF included.",
                why="A reader holds one line in memory; the limit bounds it before anything is parsed.",
                hint="Import the native log again: long payloads belong in `files/`.",
            ),
            _rule(
                "E006",
                "`archive.yaml` and `manifest.yaml` MUST NOT be larger than 1,048,576 bytes each.",
                why="YAML parsers are slow; a small cap bounds their work.",
                hint="Shorten the notes, or move them into a file of the repository and link it.",
            ),
            _rule(
                "E007",
                "JSON and YAML values MUST NOT be nested deeper than 128 levels.",
                why="Parsers recurse. A fixed depth is the same refusal everywhere instead of a crash somewhere.",
                hint="Import the native log again: records that nest deeper are kept raw.",
            ),
            _rule(
                "E008",
                "Outside of its strings, a line of a JSON Lines file MUST NOT hold more than 262,144 of the characters `[`, `{` and `,`, and `summary.json` not more than 1,048,576.",
                why="So many values are in them, and in memory a value takes up to a hundred times its bytes.",
                hint="Import the native log again: records with more values are kept raw.",
            ),
            # 1: layout and paths
            _rule(
                "E101",
                "A session MUST hold a `manifest.yaml`.",
                why="Without it the directory has no identity.",
                hint=_RESTORE,
            ),
            _rule(
                "E102",
                "Every file that `checksums.b3` lists MUST exist.",
                why="This is how a removed file is found.",
                hint=_RESTORE,
            ),
            _rule(
                "E103",
                "`checksums.b3` MUST list every file of the session except itself.",
                why="This is how a planted file is found.",
                hint="Remove the file if it does not belong there; else run `sessionfs seal --accept-content`.",
            ),
            _rule(
                "E104",
                "An archive MUST NOT hold a symbolic link outside `.cache/`.",
                why="A link can lead out of the archive, and means another thing on another machine.",
                hint="Replace the link by the file that it leads to, or remove it.",
            ),
            _rule(
                "E105",
                "Everything in a session MUST be a regular file or a directory.",
                why="Reading a pipe or a device can hang, or have effects.",
                hint="Remove the pipe, socket or device.",
            ),
            _rule(
                "E106",
                "A session MUST NOT hold a directory other than a non-empty `files`.",
                why="git keeps no empty directory, so a copy through git would differ; other directories are not covered by the layout.",
                hint="Remove the directory.",
            ),
            _rule(
                "W107",
                "An archive SHOULD hold nothing outside its sessions but `archive.yaml`, `.gitattributes`, `.gitignore`, `.cache/` and the shard directories.",
                why="No checksum covers what stands there.",
                hint="Move the file out of the archive.",
            ),
            _rule(
                "E108",
                "A path MUST be a safe path.",
                why="A path is followed when a session is unpacked or restored, on any system.",
                hint="Do not unpack or restore this session before you know where it comes from.",
            ),
            _rule(
                "W114",
                "The names of two source files of a session SHOULD differ in more than case.",
                why="On Windows and macOS one of the two would replace the other when both are restored.",
                hint="Restore this session on a system that tells upper and lower case apart.",
            ),
            _rule(
                "E118",
                "The name of a source file MUST NOT be a directory in the name of another.",
                why="No directory can hold both, so the session could not be restored.",
                hint=_REIMPORT,
            ),
            _rule(
                "E119",
                "The name of a session's directory MUST be the `id` in its manifest.",
                why="A moved or copied session would else answer to two names.",
                hint="Rename the directory to the id in its manifest; if the manifest was replaced (E601), take that back from git.",
            ),
            _rule(
                "E120",
                "A session in an archive MUST stand in the shard of the month in its id.",
                why="The path of a session follows from its id alone, so it is found without a search.",
                hint="Move the session's directory to YYYY/MM of the time in its id.",
            ),
            _rule(
                "E121",
                "Two sessions of an archive MUST NOT have the same id.",
                why="An id names one session.",
                hint="Remove one of the two directories.",
            ),
            _rule(
                "W123",
                "A file of an archive SHOULD NOT be executable.",
                why="Nothing in an archive is a program, and git carries the mode to everyone.",
                hint="Run `chmod a-xs FILE`, and commit the change of mode.",
            ),
            _rule(
                "W124",
                "Two sessions of an archive SHOULD NOT have the same uid.",
                why="Two people who import the same log apart get this when an adapter has changed in between.",
                hint="Compare the two with `sessionfs show` and remove one.",
            ),
            _rule(
                "E125",
                "A file of a session MUST have one of the names that the layout defines.",
                why="A name without a meaning is a place to hide things.",
                hint="Remove the file, or move it out of the session.",
            ),
            _rule(
                "E126",
                "The parents of the sessions of an archive MUST NOT form a loop.",
                why="A reader that follows them would not end.",
                hint="Take the manifest back from git: the first facts never change.",
            ),
            _rule(
                "W127",
                "An archive SHOULD NOT hold a session whose uid `archive.yaml` ignores.",
                why="It was removed, perhaps for what it holds, and a merge has brought it back.",
                hint="Run `sessionfs remove` again; or take the uid out of `ignored` in archive.yaml.",
            ),
            # 2: YAML
            _rule(
                "E201",
                "A YAML file MUST be UTF-8 without a byte order mark.",
                why="Another encoding means other text on another machine.",
                hint="Save the file as UTF-8 without BOM.",
            ),
            _rule(
                "E202",
                "A YAML file MUST NOT hold a CR, U+0085, U+2028, U+2029, or a control character other than TAB and LF.",
                why="Parsers disagree on which of these end a line.",
                hint="Save the file with LF line ends, and write other control characters as escapes in double quotes.",
            ),
            _rule(
                "E203",
                "A YAML file MUST NOT hold a directive.",
                why="`%YAML 1.1` turns `no` into false.",
                hint="Remove the line that begins with `%`.",
            ),
            _rule(
                "E204",
                "A YAML file MUST NOT hold a document marker, a line that begins with `---` or `...`.",
                why="Readers disagree on which document counts.",
                hint="Remove the marker and keep one document.",
            ),
            _rule(
                "E205",
                "A YAML file MUST NOT hold an anchor, an alias or a merge key.",
                why="Aliases grow a small file into a huge value, or into a loop.",
                hint="Write the value out where it is used; put text that begins with & or * in double quotes.",
            ),
            _rule(
                "E206",
                "A YAML file MUST NOT hold a tag.",
                why="Tags name types outside JSON, and in some parsers run code.",
                hint="Remove the tag; put text that begins with ! in double quotes.",
            ),
            _rule(
                "E207",
                "A YAML mapping MUST NOT hold a key twice.",
                why="Parsers disagree on which of the two counts.",
                hint="Remove one of the two keys.",
            ),
            _rule(
                "E208",
                "A key of a YAML mapping MUST be a string.",
                why="JSON has no other keys.",
                hint="Put the key in double quotes.",
            ),
            _rule(
                "E210",
                "A YAML value MUST be a JSON value.",
                why="Dates, infinities and sets differ from parser to parser.",
                hint="Put the value in double quotes.",
            ),
            _rule(
                "E211",
                "A YAML file MUST be well-formed YAML 1.2.",
                why="Text that is no YAML has no value; a parser that mends it guesses, and another guesses otherwise.",
                hint=_YAML,
            ),
            _rule(
                "E212",
                "The root of a YAML file MUST be a mapping.",
                why="Facts have names; a list, a word or nothing at all holds none.",
                hint=_YAML,
            ),
            _rule(
                "E213",
                "`archive.yaml` and `manifest.yaml` MUST be valid against their schemas.",
                why="Whoever reads the file relies on the names and types that the schema gives.",
                hint="Mend the key that the finding names; `spec/sessionfs.md` describes each.",
            ),
            _rule(
                "E214",
                "A YAML file of a format version that the reader implements MUST NOT hold a key that the schema does not define, other than under `ext`.",
                why="A misspelt `tag:` would be lost in silence.",
                hint="Mend the spelling of the key, or move it under `ext`.",
            ),
            _rule(
                "W214",
                "A YAML file of a newer minor format version SHOULD NOT hold a key that the reader's schema does not define, other than under `ext`.",
                why="The key may mean something that this reader cannot show.",
                hint="Install a newer sessionfs.",
            ),
            _rule(
                "E215",
                "A timestamp in a YAML file MUST be an existing moment in the form `YYYY-MM-DDThh:mm:ss.mmmZ`.",
                why="One form sorts as text and needs no parser.",
                hint="Write the time in UTC with milliseconds, in double quotes.",
            ),
            _rule(
                "E217",
                "A YAML string MUST NOT hold a lone surrogate.",
                why="It has no UTF-8 encoding, so it cannot be written again.",
                hint="Remove the escape, or write the whole character.",
            ),
            _rule(
                "E218",
                "`source.uid` MUST be `source.flavor`, a colon and `source.native_id`.",
                why="The uid finds the session again; its parts are stored for people.",
                hint=_RESTORE,
            ),
            _rule(
                "E219",
                "`lineage.parent` MUST NOT be the session's own uid.",
                why="A reader that follows parents would not end.",
                hint="Remove `lineage`, or take the manifest back from git.",
            ),
            _rule(
                "W220",
                "The `message` of a bookmark SHOULD be the `id` of a message of the session.",
                why="It would lead nowhere.",
                hint="Remove the bookmark, or copy the message's id again; then run `sessionfs seal --accept-content`.",
            ),
            _rule(
                "W221",
                "The `seq` of a checkpoint SHOULD NOT be above that of the last message of the session.",
                why="The session was longer, or the number is wrong.",
                hint="Look for the lost messages in git; else mend the number, then run `sessionfs seal --accept-content`.",
            ),
            _rule(
                "W222",
                "Two checkpoints of a session SHOULD NOT have the same `name`.",
                why="A name that two have finds neither.",
                hint="Rename one of the two, then run `sessionfs seal --accept-content`.",
            ),
            _rule(
                "E223",
                "`workspace.repository` MUST NOT hold user information.",
                why="A password or token in a URL would be in git for ever.",
                hint="Remove what stands between `//` and `@`, run `sessionfs seal --accept-content`, and revoke the token.",
            ),
            # 3: framing
            _rule(
                "E301",
                "A JSON Lines file MUST end in LF.",
                why="A missing final LF is what a torn write leaves.",
                hint=_RESTORE,
            ),
            _rule(
                "E302",
                "A JSON Lines file MUST NOT hold a CR.",
                why="JSON text escapes it, so a CR is what a line-end conversion left.",
                hint="Keep the archive's `.gitattributes`, then take the file back from git.",
            ),
            _rule(
                "E303",
                "A JSON Lines file MUST NOT hold a blank line.",
                why="A blank line is no message, and readers disagree on whether it is an error or nothing.",
                hint=_RESTORE,
            ),
            _rule(
                "E304",
                "A JSON Lines file MUST NOT begin with a byte order mark.",
                why="The mark is no JSON: most parsers refuse the first line because of it, and some drop it in silence.",
                hint=_RESTORE,
            ),
            _rule(
                "E305",
                "A JSON Lines file MUST be UTF-8.",
                why="Readers replace what they cannot decode, and a replaced character is a changed message.",
                hint=_RESTORE,
            ),
            _rule(
                "E308",
                "A JSON Lines file MUST NOT hold a NUL.",
                why="A run of NULs is what a crash leaves in a file that had grown.",
                hint=_RESTORE,
            ),
            _rule(
                "E309",
                "A file MUST NOT hold the conflict markers of a merge.",
                why="Neither side of an unfinished merge is a session.",
                hint="Run `sessionfs merge`, then `git add`. Once it is committed, take one side back (`git checkout REV -- DIRECTORY`) and import the logs of the other again.",
            ),
            _rule(
                "E311",
                "A line of a JSON Lines file MUST be one JSON object.",
                why="A reader takes one line for one message: two on a line, or a bare value, would be lost or misread.",
                hint=_REIMPORT,
            ),
            _rule(
                "E312",
                "The number in a segment's name MUST be the `seq` of its first message, which is one more than the `seq` of the last message of the segment before, or 1 where there is none.",
                why="A lost, doubled or renamed segment shows in the names alone.",
                hint=_RESTORE,
            ),
            _rule(
                "E313",
                "A segment MUST hold at least one message.",
                why="A file without a message says nothing, and its name claims a place in the sequence.",
                hint="Remove the empty file if it is the last segment; else take it back from git.",
            ),
            _rule(
                "E314",
                "A segment MUST NOT hold more than 256 messages, nor more than 1,048,576 bytes unless it holds one message.",
                why="git stores a grown file anew; small segments keep the repository small.",
                hint=_REIMPORT,
            ),
            _rule(
                "E315",
                "A segment MUST NOT end where the next message would have fitted.",
                why="The cuts follow from the messages alone, so one import and many give the same files.",
                hint=_REIMPORT,
            ),
            # 4: JSON values and encoding
            _rule(
                "E401",
                "A line of a JSON Lines file MUST be well-formed JSON.",
                why="A line that no parser reads is a message lost.",
                hint=_RESTORE,
            ),
            _rule(
                "E402",
                "A JSON object MUST NOT hold a name twice.",
                why="Most parsers keep the last and say nothing.",
                hint=_REIMPORT,
            ),
            _rule(
                "E403",
                "A JSON text MUST NOT hold `NaN`, `Infinity` or `-Infinity`.",
                why="They are not JSON; some parsers write and read them all the same.",
                hint=_REIMPORT,
            ),
            _rule(
                "E404",
                "An integer in a JSON text MUST be within ±9,007,199,254,740,991.",
                why="Beyond that, readers that hold doubles change the number.",
                hint=_REIMPORT,
            ),
            _rule(
                "E405",
                "A number in a JSON text MUST be finite as an IEEE 754 double.",
                why="Readers would see an infinity.",
                hint=_REIMPORT,
            ),
            _rule(
                "E406",
                "A string in a JSON text MUST NOT hold a lone surrogate.",
                why="It has no UTF-8 encoding; many programs stop at it.",
                hint=_REIMPORT,
            ),
            _rule(
                "E410",
                "A line of a JSON Lines file MUST be the minimal encoding of its value.",
                why="Decoding, encoding and comparing then proves that the line holds nothing else.",
                hint=_REIMPORT,
            ),
            # 5: messages
            _rule(
                "E501",
                "The `seq` of a message MUST be one more than the `seq` of the message before it in the segment.",
                why="A gap is the trace that a lost line leaves.",
                hint=_RESTORE,
            ),
            _rule(
                "E502",
                "Two messages of a session MUST NOT have the same `seq`.",
                why="Two continuations of one session that were merged line by line count on from the same message twice.",
                hint="Two continuations were merged line by line. Take one side back from git (`git checkout REV -- DIRECTORY`), then import both logs again.",
            ),
            _rule(
                "E503",
                "The `ts` of a message MUST be null or an existing moment in the form `YYYY-MM-DDThh:mm:ss.mmmZ`.",
                why="One form sorts as text and needs no parser.",
                hint=_REIMPORT,
            ),
            _rule(
                "E505",
                "A message MUST be valid against the message schema.",
                why="Whoever reads a message relies on the names and types that the schema gives.",
                hint=_REIMPORT,
            ),
            _rule(
                "E506",
                "Two messages of a session MUST NOT have the same `id`.",
                why="Bookmarks and parents name messages by id.",
                hint=_REIMPORT,
            ),
            _rule(
                "E507",
                "The `id` of a message, and its `parent` unless null, MUST be a ULID.",
                why="Ids are compared and sorted as text, so there is one spelling of each.",
                hint=_REIMPORT,
            ),
            _rule(
                "W508",
                "The `kind` of a message SHOULD be in the registry.",
                why="A reader shows an unknown kind without understanding it.",
                hint="Install a newer sessionfs, or ask the adapter's author to register the kind.",
            ),
            _rule(
                "E509",
                "The `parent` of a message MUST be null or the `id` of an earlier message of the session.",
                why="Edges that only lead back cannot form a loop, and a reader needs one pass.",
                hint=_REIMPORT,
            ),
            _rule(
                "E510",
                "A file that a message names MUST exist under `files/`.",
                why="What the message carried would be lost: the name is all that the line keeps of it.",
                hint=_RESTORE,
            ),
            _rule(
                "W511",
                "A tool call SHOULD have a result in the session.",
                why="A session that was cut off, or is still running, has calls without results.",
                hint="Nothing needs to be done if the agent was interrupted; import again if it was still running.",
            ),
            _rule(
                "E512",
                "The pointer of a marker MUST lead to a value in the message outside `native`.",
                why="Targets outside `native` make restoring one pass that ends.",
                hint=_REIMPORT,
            ),
            _rule(
                "E513",
                "A marker in `native.record` MUST have one of the forms that this specification defines.",
                why="A malformed marker cannot be turned back into the native bytes.",
                hint=_REIMPORT,
            ),
            _rule(
                "E514",
                'An `eol` of `""` MUST stand only on the last message of its source file.',
                why="Two native lines would else run together on restoring.",
                hint=_REIMPORT,
            ),
            _rule(
                "E515",
                "A file under `files/` MUST be named by a message.",
                why="It would be a place to hide things, and outlive the message that it belonged to.",
                hint="Remove the file and run `sessionfs seal --accept-content`.",
            ),
            _rule(
                "E516",
                "The inline text of a `text` or `thinking` part MUST NOT be longer than 262,144 bytes of UTF-8.",
                why="Longer text belongs in `files/`, where it is stored once and a diff stays readable.",
                hint=_REIMPORT,
            ),
            _rule(
                "W517",
                "A tool result SHOULD answer an earlier call of the session.",
                why="A forked or compacted log can hold results whose calls stand elsewhere.",
                hint="Nothing needs to be done if the native log is like that.",
            ),
            _rule(
                "E518",
                "A message of a format version that the reader implements MUST NOT hold a key that the schema does not define, other than where the schema leaves the value open.",
                why="An unknown key is a misspelling, or a place to hide things.",
                hint=_REIMPORT,
            ),
            _rule(
                "W518",
                "A message of a newer minor format version SHOULD NOT hold a key that the reader's schema does not define, other than where the schema leaves the value open.",
                why="The key may mean something that this reader cannot show.",
                hint="Install a newer sessionfs.",
            ),
            _rule(
                "E519",
                "The native line that a record with references stands for MUST NOT be longer than 67,108,864 bytes.",
                why="Many references to one long text would make a small line stand for terabytes.",
                hint="Import the native log again: a longer native line is kept in `raw_file`.",
            ),
            _rule(
                "E520",
                "The `bytes` of a file part MUST be the size of its payload.",
                why="A reader shows the size, and may make room for it, without opening the payload.",
                hint=_REIMPORT,
            ),
            # 6: derived files and digests
            _rule(
                "E601",
                "The BLAKE3 digest of a file MUST be the one that `checksums.b3` lists.",
                why="One flipped bit changes it.",
                hint="`sessionfs verify --against HEAD` names the lines that changed. " + _RESEAL,
            ),
            _rule(
                "E602",
                "`files` in `summary.json` MUST list the size in bytes of every file of the session except `summary.json` and `checksums.b3`.",
                why="A size is compared without reading the file, so truncation is found at the cost of a listing.",
                hint=_RESEAL,
            ),
            _rule(
                "E603",
                "Every key of `summary.json` other than `files` MUST have the value that follows from the manifest and the messages.",
                why="A listing shows the summary; it must not tell another story than the messages.",
                hint="Run `sessionfs seal` to rebuild the summary.",
            ),
            _rule(
                "E605",
                "The line ends and the encoding of a file MUST NOT have been converted, nor an `$Id$` in it expanded.",
                why="git does this where attributes or `core.autocrlf` ask for it; nothing else is wrong with the file.",
                hint="Bring back the archive's `.gitattributes` (`sessionfs init ARCHIVE` writes a missing one), remove the converted files, and `git checkout -- DIRECTORY`: git leaves files alone that it thinks unchanged. If the commit itself holds converted bytes, import the log again.",
            ),
            _rule(
                "E606",
                "A line of `checksums.b3` MUST be 64 lower-case hexadecimal digits, two spaces, a path and LF.",
                why="This is what `b3sum --check` reads.",
                hint="Take the file back from git; or run `sessionfs seal --accept-content`, which takes every file as it is now.",
            ),
            _rule(
                "E608",
                "A segment MUST NOT be cut off between two messages.",
                why="Every line that is left is right, so only the digest and the summary tell that others are gone.",
                hint=_RESTORE,
            ),
            _rule(
                "E611",
                "The lines of `checksums.b3` MUST be in ascending order of the bytes of their paths, each path once.",
                why="One order makes one file; sorted by path, two changes to one session always collide in a merge.",
                hint="Run `sessionfs seal` to rebuild the file.",
            ),
            _rule(
                "E612",
                "A session MUST hold a `checksums.b3`.",
                why="Without it no change would be found.",
                hint="Take it back from git, or run `sessionfs seal --accept-content`.",
            ),
            _rule(
                "E613",
                "A session MUST hold a `summary.json`.",
                why="A listing reads nothing else: without it the session would not be seen.",
                hint="Run `sessionfs seal` to rebuild it.",
            ),
            _rule(
                "E614",
                "The name of a file under `files/` MUST be the BLAKE3 digest of its bytes in lower-case hexadecimal digits.",
                why="A message names a payload by its digest.",
                hint=_RESTORE,
            ),
            _rule(
                "E616",
                "`summary.json` MUST be its value in the summary encoding.",
                why="One value, one spelling: the file can be rebuilt byte for byte.",
                hint="Run `sessionfs seal` to rebuild it.",
            ),
            _rule(
                "E617",
                "A line of `redactions.jsonl` MUST be valid against the redactions schema.",
                why="A list of what was removed that cannot be read accounts for nothing.",
                hint=_RESTORE,
            ),
            _rule(
                "W617",
                "A line of `redactions.jsonl` of a newer minor format version SHOULD NOT hold a key that the reader's schema does not define.",
                why="The key may mean something that this reader cannot show.",
                hint="Install a newer sessionfs.",
            ),
            _rule(
                "E618",
                "`summary.json` MUST be valid against the summary schema.",
                why="A listing shows what stands there as it stands: a wrong type would break every reader of it.",
                hint="Run `sessionfs seal` to rebuild it.",
            ),
            _rule(
                "W618",
                "`summary.json` of a newer minor format version SHOULD NOT hold a key that the reader's schema does not define.",
                why="The key may mean something that this reader cannot show.",
                hint="Install a newer sessionfs.",
            ),
            _rule(
                "E619",
                "A line of `redactions.jsonl` MUST name a message of the session by its `seq` and its `id`, or have null for both.",
                why="It would tell of a removal that nobody can find.",
                hint=_RESTORE,
            ),
            _rule(
                "E620",
                "The lines of `redactions.jsonl` MUST be in ascending order of `seq`, null first, then of the bytes of `pointer`, then of those of `rule`, each only once.",
                why="One order makes one file, and lines and messages can be compared as both pass by.",
                hint=_RESTORE,
            ),
            # 7: git
            _rule(
                "W701",
                "In a git work tree, the attributes of a session's files SHOULD keep git from converting them.",
                why="A checkout elsewhere would else hold other bytes, and a merge could blend two sessions without a conflict.",
                hint="Bring back the archive's `.gitattributes` (`sessionfs init ARCHIVE` writes a missing one); `git check-attr -a -- FILE` shows what git does to a file. A line of `.git/info/attributes`, or of a `.gitattributes` beside the file, outranks it.",
            ),
            _rule(
                "W702",
                "A file of a session SHOULD NOT be ignored by git.",
                why="It would never be committed, and a clone would lack it.",
                hint="Bring back the archive's `.gitignore` (`sessionfs init ARCHIVE` writes a missing one); `git check-ignore -v FILE` names the line that ignores a file.",
            ),
            _rule(
                "E704",
                "The content of a file MUST be there, not a pointer to it as Git LFS or git-annex leave it.",
                why="What was not downloaded cannot be read or proved.",
                hint="Run `git lfs pull` (or `git annex get .`). A session does not belong there: `git check-attr filter -- FILE` names what set `filter`, which the archive's `.gitattributes` unsets.",
            ),
            _rule(
                "E710",
                "A session of an earlier revision MUST NOT disappear, unless `archive.yaml` records that it was removed.",
                why="A session that is gone without a word is what a censor or a bad merge leaves.",
                hint="Take the session back from git (`git checkout REV -- PATH`); to remove it on the record, use `sessionfs remove`.",
            ),
            _rule(
                "W710",
                "A session of an earlier revision SHOULD NOT be removed.",
                why="It was somebody's record; the revision still has it.",
                hint="Nothing is to mend if the removal is meant; else take the session back from git (`git checkout REV -- PATH`) and its uid out of archive.yaml.",
            ),
            _rule(
                "E711",
                "A fact of a manifest in an earlier revision MUST be unchanged.",
                why="A session that says another origin or time is another session under the old name.",
                hint="Take `manifest.yaml` back from git (`git checkout REV -- PATH`), and edit only what people say: title, tags, notes.",
            ),
            _rule(
                "E712",
                "A message of an earlier revision MUST be unchanged.",
                why="A digest proves that a file is as it was sealed; only the earlier bytes prove that it was not sealed anew.",
                hint="Take the file back from git (`git checkout REV -- PATH`), then import the native log again: what it has more is appended.",
            ),
            _rule(
                "E713",
                "A message of an earlier revision MUST NOT be lost.",
                why="A log that ends earlier, or leaves out its middle, tells another story and can be sealed like any other.",
                hint="Take the session back from git (`git checkout REV -- PATH`), then import the native log again: what it has more is appended.",
            ),
            _rule(
                "E714",
                "A redaction of an earlier revision MUST NOT be undone.",
                why="What was removed had a reason; a merge can bring it back in silence.",
                hint="Take the session back from git (`git checkout REV -- PATH`). If the text was a secret and is pushed, change the secret.",
            ),
            _rule(
                "W715",
                "The messages of an earlier revision SHOULD NOT be mapped anew.",
                why="The native log proves that nothing of it was changed; what people read of it was.",
                hint="Nothing is to mend after `sessionfs import --rewrite`; else take the session back from git.",
            ),
            _rule(
                "W716",
                "The messages of an earlier revision SHOULD NOT change, also where the source is a document that its agent rewrites.",
                why="Such an agent may change its past; the revision still has what it was.",
                hint="Nothing is to mend if the agent did it; `git diff REV -- PATH` shows what is another.",
            ),
            _rule(
                "W717",
                "An earlier revision of a session SHOULD be one that can be compared.",
                why="What was damaged in the earlier revision proves nothing against the new one.",
                hint="Name a revision in which the session is valid: `git log -- PATH` lists them, `sessionfs verify` judges one that is checked out.",
            ),
            _rule(
                "W718",
                "An earlier revision of an archive SHOULD hold it.",
                why="Where there is nothing to compare with, nothing is proved, and silence would pass for a proof.",
                hint="Nothing needs to be done where the archive is new. If it was moved, name a revision after that.",
            ),
            _rule(
                "W719",
                "A session of an earlier revision SHOULD keep its log under its id.",
                why="Who noted the id finds another log there; nothing was lost, for a fork has it.",
                hint="Nothing is to mend after `sessionfs merge`: where both sides have lines of their own, the longer log stays.",
            ),
            # 8: packs
            _rule(
                "E801",
                "A pack MUST end with two blocks of zeros, and a compressed one with its table of frames behind them.",
                why="A pack that was cut off passes for a whole one where the end of the file is taken for its end.",
                hint=_CUT,
            ),
            _rule(
                "E802",
                "A pack MUST NOT hold anything behind its end.",
                why="Programs disagree on whether a second archive, or what is only called padding, counts.",
                hint=_AGAIN,
            ),
            _rule(
                "E803",
                "The header of a member MUST be the one that this profile has for its name and size.",
                why="One spelling leaves nothing for two readers to read in two ways: no second name or size, no owner, mode or time.",
                hint=_AGAIN,
            ),
            _rule(
                "E804",
                "A member of a pack MUST be a regular file.",
                why="Links, devices, directories and extension headers are what hostile archives are made of.",
                hint=_AGAIN,
            ),
            _rule(
                "E805",
                "The members of a pack MUST be in ascending order of the bytes of their names, each name only once.",
                why="One order makes one file; and of two members with one name some programs take the first, some the last.",
                hint=_AGAIN,
            ),
            _rule(
                "E806",
                "The bytes that fill the content of a member up to a whole block MUST be zero.",
                why="No digest covers them.",
                hint=_AGAIN,
            ),
            _rule(
                "E807",
                "A pack MUST stay within the limits of its reader: bytes, files, the ratio of the tar to the pack, the length of a name.",
                why="A few bytes can stand for a full disk.",
                hint="If you trust where it comes from, raise the limit that is named: `sessionfs unpack` has `--max-bytes`, `--max-files` and `--max-ratio`; other commands have none.",
            ),
            _rule(
                "E808",
                "A compressed pack MUST consist of Zstandard frames in the one form that this profile has for the sizes of their contents.",
                why="Each frame can be read by itself, in bounded memory, and none holds what only some readers would see.",
                hint="Make it again with `sessionfs pack`. What `zstd` alone has compressed: `zstd -dc FILE | sessionfs unpack -`.",
            ),
            _rule(
                "E809",
                "A pack MUST begin with the header of a member or with a Zstandard frame.",
                why="What begins with something else is another kind of file, or has something in front that some reader would take for the pack.",
                hint="Name a file that `sessionfs pack` has made. If it holds a pack in another compression: `gzip -dc FILE | sessionfs unpack -`.",
            ),
            _rule(
                "E810",
                "The name of a member MUST be the path of a session, `YYYY/MM/<id>`, a `/`, and a name that the layout defines.",
                why="A pack holds sessions and nothing else: what stands around them in an archive is somebody else's policy.",
                hint=_AGAIN,
            ),
            _rule(
                "E811",
                "The table of frames MUST list the bytes of each frame and of its content.",
                why="Who reads only a part of a pack finds it with the table.",
                hint=_AGAIN,
            ),
            _rule(
                "E812",
                "A frame MUST be valid Zstandard whose content has the size and the checksum that it says.",
                why="What cannot be decompressed is damage, and so is what decompresses to something else.",
                hint=_CUT,
            ),
            _rule(
                "E813",
                "A pack MUST hold a session.",
                why="A file of nothing but zeros would otherwise be a valid pack.",
                hint=_CUT,
            ),
        )
    )
)
"""Every rule by its code, in the order of the codes' hundreds."""
