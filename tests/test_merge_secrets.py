"""What was removed on one side stays removed, and what only one side has stays: hard cases."""

from __future__ import annotations

import json

import pytest

from claude_logs import dumps
from memory import MemoryArchive, merged
from sessionfs.adapters.claude_code import ADAPTER
from sessionfs.archive import Session
from sessionfs.errors import Conflict
from sessionfs.history import compare_archives
from sessionfs.identity import branch_native_id
from sessionfs.importer import import_logs
from sessionfs.logs import Log
from sessionfs.redact.ruleset import Ruleset, _rule
from sessionfs.tree import MemoryTree
from sessionfs.writer import write_sealed
from sessionfs.yamltext import emit
from test_merging import COMMON, archive, line, log, main_of, prompt, rules

RED = "lantern-4711-red"
WEAK = Ruleset([_rule({"id": "weak", "regex": "pw=(admin)"})])
SESSION = json.loads(log("x").splitlines()[0])["sessionId"]


def text_of(one: MemoryArchive) -> bytes:
    return b"".join(content for files in one.files().values() for content in files.values())


def both_ways(
    common: MemoryArchive | None, ours: MemoryArchive, theirs: MemoryArchive
) -> MemoryArchive:
    """The merge, which is the same in both directions and breaks no rule."""
    result = merged(common, ours, theirs)
    assert result.files() == merged(common, theirs, ours).files()
    assert result.findings() == []
    return result


def rewritten(one: MemoryArchive, before: bytes, after: bytes) -> MemoryArchive:
    """The archive after somebody has edited the manifest by hand and sealed it."""
    path, made = main_of(one), one.copy()
    tree = MemoryTree()
    session = one.session(path)
    content = session.tree.files["manifest.yaml"]
    assert before in content
    write_sealed(session, tree, content.replace(before, after))
    made.trees[path] = tree
    return made


def said(content: bytes, **people: object) -> MemoryArchive:
    made = archive(content)
    if people:
        made.say(main_of(made), **people)
    return made


def redacted(one: MemoryArchive, ruleset: Ruleset) -> MemoryArchive:
    made = one.copy()
    made.redact(main_of(made), ruleset)
    assert made.files() != one.files()
    return made


# --- what people say ---


@pytest.mark.parametrize("key", ["title", "notes"])
@pytest.mark.parametrize("common", [True, False])
def test_a_title_that_was_redacted_does_not_come_back_with_another_one(key, common):
    base = said(log("hi"), **{key: f"use {RED}"})
    ours, theirs = redacted(base, rules("red")), base.copy()
    theirs.say(main_of(base), **{key: f"use {RED}, or else"})
    assert RED.encode() not in text_of(both_ways(base if common else None, ours, theirs))


def test_comments_that_were_redacted_or_deleted_do_not_come_back():
    base = rewritten(archive(log("hi")), b"agent:\n", f"# key: {RED}\nagent:\n".encode())
    theirs = base.copy()
    theirs.say(main_of(base), tags=["x"])
    cleared = both_ways(base, redacted(base, rules("red")), theirs)
    assert RED.encode() not in text_of(cleared)
    assert b"# key: [REDACTED:red#1]" in text_of(cleared)
    deleted = rewritten(base, f"# key: {RED}\n".encode(), b"")
    assert RED.encode() not in text_of(both_ways(base, deleted, theirs))


def test_a_heading_in_notes_is_no_comment():
    notes = f"notes: |\n  # key {RED}\n  more\nagent:\n".encode()
    base = rewritten(archive(log("hi")), b"agent:\n", notes)
    theirs = base.copy()
    theirs.say(main_of(base), tags=["x"])
    assert RED.encode() not in text_of(both_ways(base, redacted(base, rules("red")), theirs))


def test_a_fact_that_was_redacted_does_not_come_back_with_the_longer_log():
    named = log("hi").replace(b'"gitBranch":"main"', f'"gitBranch":"{RED}"'.encode())
    base = archive(named)
    theirs = base.copy()
    theirs.bring(named + line(COMMON + 1, "more"))
    result = both_ways(base, redacted(base, rules("red")), theirs)
    manifest = result.session(main_of(result)).manifest
    assert manifest.workspace.branch == "[REDACTED:red#1]"


def test_what_somebody_keeps_under_alternatives_stays():
    base = said(log("hi"), ext={"alternatives": {"plan": "sqlite"}})
    ours, theirs = base.copy(), base.copy()
    ours.say(main_of(base), title="Amber")
    theirs.say(main_of(base), tags=["x"])
    result = both_ways(base, ours, theirs)
    assert result.session(main_of(base)).manifest.ext == {"alternatives": {"plan": "sqlite"}}
    theirs.say(main_of(base), title="Blue")
    result = both_ways(base, ours, theirs)
    kept = result.session(main_of(base)).manifest.ext["alternatives"]
    assert kept == {"plan": ["sqlite"], "title": ["Blue"]}


# --- forks ---


@pytest.mark.parametrize("lengths", [(3, 1), (1, 3)])
def test_the_common_part_of_a_fork_has_nothing_that_was_removed(lengths):
    """Also a password so weak that it is one only where a rule finds it, and a home directory."""
    base = archive(log("pw=admin"))
    tails = [
        b"".join(line(COMMON + 1 + n, f"{side} {n}", side) for n in range(count))
        for side, count in zip((1, 2), lengths, strict=True)
    ]
    ours = redacted(base, WEAK)
    ours.bring(log("pw=admin") + tails[0], WEAK)
    theirs = base.copy()
    theirs.bring(log("pw=admin") + tails[1])
    result = both_ways(base, ours, theirs)
    assert len(result.paths()) == 2
    assert b"pw=admin" not in text_of(result)
    counts = {session.summary.redactions for session in (*ours.sessions(), *result.sessions())}
    assert len(counts) == 1


def test_a_secret_has_no_part_in_the_id_of_a_fork():
    base = archive(log(f"It is {RED}."))
    ours = redacted(base, rules("red"))
    ours.bring(
        log(f"It is {RED}.") + line(COMMON + 1, "a", 1) + line(COMMON + 2, "b", 1), rules("red")
    )
    other = line(COMMON + 1, f"So {RED}?", 2)
    theirs = base.copy()
    theirs.bring(log(f"It is {RED}.") + other)
    result = both_ways(base, ours, theirs)
    assert RED.encode() not in text_of(result)
    (fork,) = (one for one in result.sessions() if "#" in one.manifest.source.native_id)
    told = fork.manifest.source.native_id
    assert told != branch_native_id(SESSION, other.rstrip(b"\n"))
    shown = [line for _, line in fork.native_lines()][COMMON + 1]
    assert told == branch_native_id(SESSION, shown.rstrip(b"\n"))


@pytest.mark.parametrize("goes_on", [True, False])
def test_a_fork_that_one_side_has_alone_does_not_say_what_the_other_one_removed(goes_on):
    """A third person redacts, while two others make the fork; it has a placeholder of its own."""
    base = archive(log(f"It is {RED}."))
    main = b"".join(line(COMMON + 1 + n, "Off.", 1) for n in range(3))
    ours = base.copy()
    ours.bring(log(f"It is {RED}.") + main)
    other = base.copy()
    mine = Ruleset([_rule({"id": "red", "regex": "(lantern-9999-red)"})])
    other.bring(log(f"It is {RED}.") + line(COMMON + 1, "Or lantern-9999-red.", 2), mine)
    both = both_ways(base, ours, other)
    assert text_of(both).count(RED.encode()) > 1
    third = redacted(base, rules("red"))
    if goes_on:
        third.bring(log(f"It is {RED}.") + line(COMMON + 1, "And?", 3), rules("red"))
    result = both_ways(base, both, third)
    assert RED.encode() not in text_of(result)
    assert len(result.paths()) == 2 + goes_on
    (fork,) = (
        one for one in result.sessions() if b"Or [REDACTED:red#1]" in b"".join(one.restore())
    )
    assert b"It is [REDACTED:red#2]." in b"".join(fork.restore())
    assert both_ways(base, result, third).files() == result.files()


def test_a_bookmark_follows_its_message_into_a_fork_that_an_import_made():
    tails = [
        b"".join(line(COMMON + 1 + n, f"{side} {n}", side) for n in range(5 - side))
        for side in (1, 2)
    ]
    base = archive(log("hi"))
    theirs = base.copy()
    theirs.bring(log("hi") + tails[1])
    ids = [message.id for message in theirs.session(main_of(base)).messages()]
    marks = [{"message": ids[1], "note": "common"}, {"message": ids[-1], "note": "tail"}]
    theirs.say(main_of(base), bookmarks=marks)
    ours = base.copy()
    ours.bring(log("hi") + tails[0])
    ours.bring(log("hi") + tails[1])
    result = both_ways(base, ours, theirs)
    notes = [mark.note for one in result.sessions() for mark in one.manifest.bookmarks or ()]
    assert sorted(set(notes)) == ["common", "tail"]
    for one in result.sessions():
        known = {message.id for message in one.messages()}
        assert all(mark.message in known for mark in one.manifest.bookmarks or ())


# --- files and documents beside a log ---


def spill(text: str = "abc", number: int = COMMON + 1) -> bytes:
    """A result that the agent has put into a file beside the log."""
    path = f"/home/ada/.claude/projects/x/{SESSION}/tool-results/b1.txt"
    made = prompt(number, "x")
    said = f"<persisted-output>\nOutput too large (5KB). Full output saved to: {path}\n\n"
    said += "Preview (first 2KB):\nabc\n</persisted-output>"
    result = {"type": "tool_result", "tool_use_id": "t1", "content": said}
    made["message"]["content"] = [result]
    made["toolUseResult"] = {
        "stdout": text, "stderr": "", "persistedOutputPath": path, "persistedOutputSize": 5,
    }  # fmt: skip
    return dumps(made) + b"\n"


def with_file(content: bytes, beside: bytes | None) -> MemoryArchive:
    tree = MemoryTree({f"{SESSION}.jsonl": content})
    if beside is not None:
        tree.files[f"{SESSION}/tool-results/b1.txt"] = beside
    given = Log(
        shown="l", tree=tree, path=f"{SESSION}.jsonl", adapter=ADAPTER, named=True,
        size=len(content),
    )  # fmt: skip
    made = MemoryArchive()
    list(import_logs([given], made, ruleset=None))
    assert beside is None or beside in text_of(made)
    return made


BESIDE = log("hi") + spill()
LONGER = BESIDE + line(COMMON + 2, "more")


@pytest.mark.parametrize("longer", [BESIDE, LONGER])
def test_two_contents_of_one_file_are_both_kept(longer):
    result = both_ways(None, with_file(BESIDE, b"FIRST"), with_file(longer, b"SECOND"))
    assert len(result.paths()) == 2
    assert b"FIRST" in text_of(result)
    assert b"SECOND" in text_of(result)


@pytest.mark.parametrize("longer", [BESIDE, LONGER])
def test_a_file_that_only_the_shorter_log_has_comes_to_the_longer_one(longer):
    result = both_ways(None, with_file(BESIDE, b"FIRST"), with_file(longer, None))
    assert len(result.paths()) == 1
    assert b"FIRST" in text_of(result)
    assert result.session(main_of(result)).summary.messages == longer.count(b"\n")


def test_a_line_and_its_file_may_be_redacted_on_different_sides():
    content = log("hi") + spill("pw=admin x")
    guest = Ruleset([_rule({"id": "guest", "regex": "pw=(guest)"})])
    base = with_file(content, b"k pw=guest z")
    sides = redacted(base, WEAK), redacted(base, guest)
    result = both_ways(base, *sides)
    assert b"pw=admin" not in text_of(result)
    assert b"pw=guest" not in text_of(result)
    counts = [one.session(main_of(one)).summary.redactions for one in (result, *sides)]
    assert counts[0] == counts[1] + counts[2]


@pytest.mark.parametrize(("text", "ruleset"), [(RED, rules("red")), ("pw=admin", WEAK)])
def test_a_line_that_was_redacted_and_a_file_that_only_the_other_side_has(text, ruleset):
    """A weak secret is known by its place alone, and the file has moved that."""
    content = log("hi") + spill(f"{text} x")
    sides = redacted(with_file(content, None), ruleset), with_file(content, b"FILE content")
    if ruleset is WEAK:
        for one, other in (sides, sides[::-1]):
            with pytest.raises(Conflict, match="message 5 has been redacted"):
                merged(None, one, other)
        return
    result = both_ways(None, *sides)
    assert text.encode() not in text_of(result)
    assert b"FILE content" in text_of(result)


SUBAGENT = f"{SESSION}/subagents/agent-abc"


def with_document(content: bytes, document: bytes) -> MemoryArchive:
    told = content.replace(b'"isSidechain":false', b'"isSidechain":true,"agentId":"abc"')
    tree = MemoryTree({f"{SUBAGENT}.jsonl": told, f"{SUBAGENT}.meta.json": document})
    given = Log(
        shown="l", tree=tree, path=f"{SUBAGENT}.jsonl", adapter=ADAPTER, named=True, size=len(told)
    )
    made = MemoryArchive()
    list(import_logs([given], made, ruleset=None))
    assert sum("source" in (m.native or {}) for s in made.sessions() for m in s.messages()) == 1
    return made


def test_documents_beside_a_log_are_redacted_and_kept_like_its_lines():
    document = dumps({"agentType": f"with {RED}"})
    base, grown = (
        with_document(content, document) for content in (log("hi"), log("hi", "and more"))
    )
    ours = base.copy()
    (path,) = ours.paths()
    ours.redact(path, rules("red"))
    result = both_ways(base, ours, grown)
    assert RED.encode() not in text_of(result)
    assert [one.summary.redactions for one in result.sessions()] == [1]
    other = with_document(log("hi", "and more"), dumps({"agentType": "another"}))
    both = both_ways(None, ours, other)
    assert len(both.paths()) == 2
    assert b"another" in text_of(both)


# --- what a session says of itself ---


def test_a_damaged_side_is_not_merged():
    base = archive(log("hi"))
    path = main_of(base)
    ours, theirs = base.copy(), base.copy()
    ours.bring(log("hi") + line(COMMON + 1, "ours", 1))
    theirs.bring(log("hi") + line(COMMON + 1, "theirs", 2))
    theirs.trees[path].files["manifest.yaml"] += b"# planted\n"
    with pytest.raises(Conflict, match="E601"):
        merged(base, ours, theirs)
    assert Session(ours.trees[path], path).check_digests() is None


def test_a_damaged_common_form_is_as_good_as_none():
    base = said(log("hi"), title="Amber")
    path = main_of(base)
    ours, theirs = base.copy(), base.copy()
    ours.say(path, title="Blue")
    theirs.say(path, tags=["x"])
    broken = base.copy()
    broken.trees[path] = MemoryTree(
        base.trees[path].files | {"manifest.yaml": b"<<<<<<< ours\n", "checksums.b3": b"?"}
    )
    result = both_ways(broken, ours, theirs)
    manifest = result.session(path).manifest
    assert manifest.title == "Amber"  # the smaller one: nobody knows which is older
    assert manifest.ext == {"alternatives": {"title": ["Blue"]}}
    assert manifest.tags == ["x"]


# --- what history says of a fork ---


def history(before: MemoryArchive, after: MemoryArchive) -> list[str]:
    """The codes of what comparing two archives finds."""
    policy = emit({"format": "1.0", "min_reader": "1.0"}, "archive")
    trees = [
        MemoryTree(
            {f"{path}/{name}": content for path, files in one.files().items()
             for name, content in files.items()} | {"archive.yaml": policy}
        )
        for one in (before, after)
    ]  # fmt: skip
    return sorted({found.code for found in compare_archives(*trees)})


def grown(tail: bytes, salt: int) -> bytes:
    return log("hi") + tail + line(COMMON + 2, f"tail {salt}", salt)


def test_a_log_that_went_to_a_fork_is_whole_there():
    base = archive(log("hi"))
    sides = [base.copy() for _ in range(2)]
    for salt, side in enumerate(sides, 1):
        side.bring(grown(b"" if salt == 1 else line(COMMON + 1, "more", 2), salt))
    result = both_ways(base, *sides)
    assert history(base, result) == []
    assert history(sides[0], result) == ["W719"]
    assert history(sides[1], result) == []
    del result.trees[next(path for path in result.paths() if path != main_of(result))]
    assert history(sides[0], result) == ["E712"]


def test_a_fork_hides_no_other_log_in_the_place_of_a_session():
    """The fork is there and whole; but what has the session's id now begins otherwise."""
    before = archive(log("hi"))
    after = archive(log("hi").replace(b"Lamp 0?", b"Lump 0?"))
    after.bring(log("hi"))
    assert len(after.paths()) == 2
    assert after.holds(main_of(before))
    assert history(before, after) == ["E712"]


def test_a_fork_hides_no_redaction_that_was_undone():
    content = log(f"It is {RED}.")
    before = archive(content)
    before.bring(content + line(COMMON + 1, "a", 1))
    plain = before.copy()
    before.redact(main_of(before), rules("red"))
    after = archive(content)
    after.bring(content + line(COMMON + 1, "another", 2) + line(COMMON + 2, "more", 2))
    result = merged(None, before, after)
    assert history(before, result) == ["W719"]
    assert history(plain, result) == ["W719"]
    result.trees[main_of(result)] = after.trees[main_of(after)]
    assert "E714" in history(before, result)


def test_a_placeholder_in_a_fork_stands_for_no_more_than_before():
    content = log(f"It is {RED}, as I say.")
    before = archive(content + line(COMMON + 1, "a", 1))
    before.redact(main_of(before), rules("red"))
    after = archive(content + line(COMMON + 1, "another", 2) + line(COMMON + 2, "more", 2))
    result = merged(None, before, after)
    assert history(before, result) == ["W719"]
    (path,) = (path for path in result.paths() if path != main_of(result))
    tree = MemoryTree()
    session = result.session(path)
    name = "messages-00000001.jsonl"
    session.tree.files[name] = session.tree.files[name].replace(b", as I say.", b"")
    write_sealed(session, tree)
    result.trees[path] = tree
    assert history(before, result) == ["E712"]
