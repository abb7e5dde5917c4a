"""verify --against: what a commit proves of what has become of it, with real git."""

from __future__ import annotations

import json
import random
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import sessionfs
from claude_logs import SESSION, dumps, log, record, stamp
from sessionfs.adapters.claude_code import ClaudeCode
from sessionfs.archive import format_checksums
from sessionfs.digest import digest
from sessionfs.errors import NotFound, SessionfsError
from sessionfs.git.tree import GitTree
from sessionfs.history import compare_archives, compare_sessions, edition
from sessionfs.placeholder import covers
from sessionfs.tree import Below, MemoryTree
from test_git import git

if TYPE_CHECKING:
    from sessionfs.verify import Mode

FIRST = "messages-00000001.jsonl"
NO_ARCHIVE = [("W718", "archive.yaml", None, None)]


@pytest.fixture(scope="module")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with an archive of one session: 600 messages, three segments."""
    place = tmp_path_factory.mktemp("made") / "repository"
    place.mkdir()
    git(place, "init", "--quiet")
    bring(place, log(600))
    commit(place)
    return place


@pytest.fixture
def repository(made_once: Path, tmp_path: Path) -> Path:
    """A copy of it, to be changed."""
    shutil.copytree(made_once.parent, tmp_path, dirs_exist_ok=True)
    return tmp_path / "repository"


def bring(place: Path, content: bytes, *, rewrite: bool = False) -> None:
    native = place.parent / "native" / f"{SESSION}.jsonl"
    native.parent.mkdir(exist_ok=True)
    native.write_bytes(content)
    sessionfs.import_logs([str(native)], archive=str(place / ".sessions"), rewrite=rewrite)


def commit(place: Path) -> None:
    git(place, "add", ".")
    git(place, "commit", "--quiet", "--allow-empty", "-m", "state")


def session_in(place: Path) -> Path:
    (manifest,) = (place / ".sessions").rglob("manifest.yaml")
    return manifest.parent


def seal(place: Path) -> None:
    sessionfs.seal([str(session_in(place))], str(place / ".sessions"), accept_content=True)


def compared(place: Path, revision: str = "HEAD") -> list[tuple[str, str, int | None, str | None]]:
    """What the comparison finds: code, name in the session, line and pointer."""
    report = sessionfs.verify([str(place / ".sessions")], against=revision)
    plain = sessionfs.verify([str(place / ".sessions")])
    more = [found for found in report.findings if found not in plain.findings]
    assert len(report.findings) == len(plain.findings) + len(more)
    return [
        (found.code, found.path.rpartition("/")[2], found.line or None, found.pointer or None)
        for found in more
    ]


def edit(path: Path, line: int, old: str, new: str) -> None:
    lines = path.read_text().splitlines(keepends=True)
    assert old in lines[line - 1]
    lines[line - 1] = lines[line - 1].replace(old, new, 1)
    path.write_text("".join(lines))


# --- what may happen ---


def test_what_did_not_change_is_proved(repository: Path) -> None:
    assert compared(repository) == []


def test_growth_edits_and_new_sessions_are_fine(repository: Path) -> None:
    bring(repository, log(900))
    sessionfs.edit(str(session_in(repository)), {"title": "Another"})
    other = log(5, session="5f2c8a10-3b7e-4d61-9c42-ffffffffffff")
    (repository.parent / "other.jsonl").write_bytes(other)
    sessionfs.import_logs(
        [str(repository.parent / "other.jsonl")], archive=str(repository / ".sessions")
    )
    assert compared(repository) == []
    commit(repository)
    assert compared(repository, "HEAD~1") == []


def test_a_torn_record_may_be_completed_even_into_the_next_segment(tmp_path: Path) -> None:
    place = tmp_path / "repository"
    place.mkdir()
    git(place, "init", "--quiet")
    chance = random.Random(1)
    small = b"".join(dumps(record(n, chance, size=400)) + b"\n" for n in range(21))
    large = dumps(record(21, chance, size=1_500_000))
    bring(place, small + large[:600])
    commit(place)
    bring(place, small + large + b"\n")
    assert len(list(session_in(place).glob("messages-*"))) == 2
    assert compared(place) == []


def test_a_removed_session_is_named_and_one_that_vanished_is_an_error(repository: Path) -> None:
    sessionfs.remove([str(session_in(repository))], str(repository / ".sessions"))
    ((code, name, line, pointer),) = compared(repository)
    assert (code, line, pointer) == ("W710", None, None)
    policy = repository / ".sessions" / "archive.yaml"
    policy.write_text(policy.read_text().partition("ignored")[0])
    assert compared(repository) == [("E710", name, None, None)]


# --- what may not ---


def test_a_line_is_named_where_a_digest_tells_only_the_file(repository: Path) -> None:
    path = session_in(repository) / "messages-00000257.jsonl"
    edit(path, 7, '"kind":"tool_result"', '"kind":"attachment"')
    assert compared(repository) == [("E712", path.name, 7, "/kind")]


def test_sealing_anew_hides_nothing(repository: Path) -> None:
    edit(session_in(repository) / FIRST, 6, '"kind":"tool_call"', '"kind":"attachment"')
    seal(repository)
    assert compared(repository) == [("E712", FIRST, 6, "/kind")]
    commit(repository)
    assert compared(repository) == []
    assert compared(repository, "HEAD~1") == [("E712", FIRST, 6, "/kind")]


def test_messages_that_are_cut_off_are_counted(repository: Path) -> None:
    path = session_in(repository) / "messages-00000513.jsonl"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:80]))
    seal(repository)
    assert compared(repository) == [("E713", path.name, 81, None)]
    (found,) = sessionfs.verify([str(repository / ".sessions")], against="HEAD").findings[-1:]
    assert found.message.startswith("8 ")


def test_a_segment_that_is_gone_is_one_gap(repository: Path) -> None:
    (session_in(repository) / "messages-00000257.jsonl").unlink()
    seal(repository)
    assert compared(repository) == [("E713", "messages-00000257.jsonl", 1, None)]


def test_history_that_was_made_anew_does_not_fill_the_report(repository: Path) -> None:
    bring_other = log(600, seed=9)
    for path in (repository / ".sessions").glob("20*"):
        shutil.rmtree(path)
    bring(repository, bring_other)
    found = compared(repository)
    assert [code for code, *_ in found] == ["E712"] * 10
    assert [line for _, _, line, _ in found] == list(range(1, 11))
    report = sessionfs.verify([str(repository / ".sessions")], against="HEAD")
    assert any("600 in all" in one.message for one in report.findings)


def test_facts_are_written_once(repository: Path) -> None:
    manifest = session_in(repository) / "manifest.yaml"
    manifest.write_text(manifest.read_text().replace("2.1.90", "2.1.91"))
    seal(repository)
    assert compared(repository) == [("E711", "manifest.yaml", None, "/agent/version")]


def test_damage_of_the_earlier_revision_is_not_held_against_the_new_one(repository: Path) -> None:
    path = session_in(repository) / FIRST
    sound = path.read_bytes()
    edit(path, 3, '"seq":3', '"seq":4')
    commit(repository)
    path.write_bytes(sound)
    assert compared(repository) == [("W717", FIRST, None, None)]
    assert compared(repository, "HEAD~1") == []


@pytest.mark.parametrize("junk", [b"", b"\0" * 4096, b"{" * 100_000 + b"\n", b"\xff\xfe\r\n"])
def test_junk_on_either_side_is_findings_and_no_crash(repository: Path, junk: bytes) -> None:
    names = (FIRST, "manifest.yaml", "checksums.b3", "redactions.jsonl", "summary.json")
    for name in names if junk else names[:1]:
        path = session_in(repository) / name
        before = path.read_bytes() if path.exists() else None
        path.write_bytes(junk)
        assert not sessionfs.verify([str(repository / ".sessions")], against="HEAD").ok
        commit(repository)
        path.unlink() if before is None else path.write_bytes(before)
        assert not {code for code, *_ in compared(repository)} - {"W717", "E714"}
        commit(repository)


def test_a_converted_file_is_not_told_line_by_line(repository: Path) -> None:
    path = session_in(repository) / FIRST
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    report = sessionfs.verify([str(repository / ".sessions")], against="HEAD")
    assert {found.code for found in report.findings if found.path.endswith(FIRST)} == {"E605"}


# --- recorded changes ---


def test_mapping_anew_is_a_warning_where_it_is_recorded(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    edit(session_in(repository) / FIRST, 5, '"kind":"user_msg"', '"kind":"context"')
    seal(repository)
    commit(repository)
    bring(repository, log(600), rewrite=True)  # by the same mapping: a change like any other
    assert compared(repository) == [("E712", FIRST, 5, "/kind")]
    monkeypatch.setattr(ClaudeCode, "mapping", "2")
    bring(repository, log(620), rewrite=True)
    assert compared(repository) == [("W715", FIRST, 5, None)]
    bring_less = session_in(repository) / "messages-00000513.jsonl"
    bring_less.write_bytes(b"".join(bring_less.read_bytes().splitlines(keepends=True)[:50]))
    seal(repository)
    assert {code for code, *_ in compared(repository)} == {"E712", "E713"}


def redact(place: Path, line: int, secret: str) -> str:
    """Take a word out of a message, by hand, and record it."""
    path = session_in(place) / FIRST
    lines = path.read_text().splitlines(keepends=True)
    lines[line - 1] = lines[line - 1].replace(secret, "[REDACTED:word#1]")
    path.write_text("".join(lines))
    message = json.loads(lines[line - 1])
    pointer = "/parts/0/text"
    entry = {"rule": "word", "seq": line, "message": message["id"], "pointer": pointer,
             "count": lines[line - 1].count("[REDACTED:word#1]")}  # fmt: skip
    record_path = session_in(place) / "redactions.jsonl"
    record_path.write_bytes(dumps(entry) + b"\n")
    seal(place)
    return pointer


def test_a_redaction_is_accepted_on_the_record_and_never_undone(repository: Path) -> None:
    before = {path: path.read_bytes() for path in session_in(repository).iterdir()}
    pointer = redact(repository, 1, "alpha")
    assert sessionfs.verify([str(repository / ".sessions")]).ok
    assert compared(repository) == []
    (session_in(repository) / "redactions.jsonl").unlink()
    seal(repository)
    assert compared(repository) == [("E712", FIRST, 1, pointer)]
    redact(repository, 1, "never there")
    commit(repository)
    for path, content in before.items():
        path.write_bytes(content)
    assert ("E714", FIRST, 1, pointer) in compared(repository)
    (session_in(repository) / "redactions.jsonl").unlink()
    seal(repository)
    assert compared(repository) == [
        ("E714", FIRST, 1, pointer),
        ("E714", "redactions.jsonl", 1, None),
    ]


@pytest.mark.parametrize(
    ("template", "text", "held"),
    [
        ("a", "a", True),
        ("a", "b", False),
        ("x [REDACTED:k#1] y", "x secret y", True),
        ("x [REDACTED:k#1] y", "x y", False),
        ("[REDACTED:k#1]", "", True),
        ("[REDACTED:k#1][REDACTED:k#2]b", "aab", True),
        ("[REDACTED:k#1]a[REDACTED:k#1]", "b", False),
        ("[REDACTED:k#0]", "secret", False),
        ("[REDACTED:k]", "secret", False),
        ("aba[REDACTED:k#1]ba", "aba", False),
        ("x [REDACTED:k#2] y", "x [REDACTED:k#1] y", True),
    ],
)
def test_a_placeholder_stands_for_any_text(template: str, text: str, *, held: bool) -> None:
    assert covers(template, text) is held


# --- git in all its forms ---


def test_packed_worktree_subdirectory_and_names_of_any_bytes(
    tmp_path: Path, repository: Path
) -> None:
    git(repository, "gc", "--quiet")
    git(repository, "pack-refs", "--all")
    assert compared(repository) == []
    git(repository, "tag", "-a", "v1", "-m", "annotated")
    git(repository, "worktree", "add", "--quiet", "--detach", str(tmp_path / "tree"))
    edit(session_in(tmp_path / "tree") / FIRST, 1, "user_msg", "context")
    assert compared(tmp_path / "tree", "v1") == [("E712", FIRST, 1, "/kind")]
    below = repository / "a dir" / 'ü"\n#'
    below.mkdir(parents=True)
    git(repository, "mv", ".sessions", str(below / ".sessions"))
    commit(repository)
    edit(session_in(below) / FIRST, 1, "user_msg", "context")
    assert compared(below) == [("E712", FIRST, 1, "/kind")]
    assert compared(below, "HEAD~1") == NO_ARCHIVE  # it was elsewhere: that is not followed


def test_a_session_that_is_named_is_compared_alone(repository: Path) -> None:
    edit(session_in(repository) / FIRST, 1, "user_msg", "context")
    report = sessionfs.verify([str(session_in(repository))], against="HEAD")
    assert ("E712", FIRST, 1) in {(one.code, one.path, one.line) for one in report.findings}


def test_sha256_repositories(tmp_path: Path) -> None:
    place = tmp_path / "repository"
    place.mkdir()
    git(place, "init", "--quiet", "--object-format=sha256")
    bring(place, log(20))
    commit(place)
    assert compared(place) == []
    edit(session_in(place) / FIRST, 1, "user_msg", "context")
    assert compared(place) == [("E712", FIRST, 1, "/kind")]


def test_replaced_objects_prove_nothing(repository: Path) -> None:
    path = session_in(repository) / FIRST
    blob = git(repository, "rev-parse", f"HEAD:{path.relative_to(repository)}").strip()
    edit(path, 1, "user_msg", "context")
    other = git(repository, "hash-object", "-w", "--no-filters", str(path)).strip()
    git(repository, "replace", blob, other)
    assert compared(repository) == [("E712", FIRST, 1, "/kind")]


@pytest.mark.parametrize(
    "revision",
    [
        *("nope", "-x", "--all", "", "^HEAD", "HEAD..HEAD", "HEAD^@", "HEAD^!", "a\0b", "HEAD\n"),
        *("HEAD:", "HEAD^{tree}", "HEAD:.sessions/archive.yaml", "@{u}", ":/no such text", "tree"),
    ],
)
def test_what_is_no_revision_is_refused(repository: Path, revision: str) -> None:
    git(repository, "tag", "tree", "HEAD:.sessions")
    with pytest.raises(NotFound, match="no commit"):
        sessionfs.verify([str(repository / ".sessions")], against=revision)


def test_an_empty_repository_a_bare_one_and_none(tmp_path: Path) -> None:
    place = tmp_path / "repository"
    place.mkdir()
    bring(place, log(5))
    with pytest.raises(SessionfsError, match="not a git repository"):
        compared(place)
    git(place, "init", "--quiet")
    with pytest.raises(NotFound, match="no commit 'HEAD'"):
        compared(place)
    git(tmp_path, "init", "--quiet", "--bare", "bare.git")
    bring(tmp_path / "bare.git", log(5))
    with pytest.raises(SessionfsError, match="work tree"):
        compared(tmp_path / "bare.git")


def test_a_repository_of_somebody_else_says_how_to_trust_it(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {
        "GIT_TEST_ASSUME_DIFFERENT_OWNER": "1",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": "/dev/null",
    }.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SessionfsError, match="dubious ownership") as caught:
        compared(repository)
    assert f"safe.directory {repository}`" in caught.value.hint


@pytest.mark.parametrize("says", ["", "a blob 9", "a missing", "a blob"])
def test_a_git_that_dies_while_it_gives_a_file_is_an_error(
    repository: Path, monkeypatch: pytest.MonkeyPatch, says: str
) -> None:
    with GitTree(str(repository / ".sessions"), "HEAD") as tree:
        path, content = "archive.yaml", (repository / ".sessions" / "archive.yaml").read_bytes()
        with monkeypatch.context() as patched:
            program = f"print({says!r}); print('cut')" if says else ""
            dying = [sys.executable, "-c", program]
            patched.setattr("sessionfs.git.batch.command", lambda *_: dying)
            with pytest.raises(SessionfsError, match="git cannot give") as caught:
                tree.open(path)
            assert "git fsck" in caught.value.hint
        with tree.open(path) as stream:  # another git was started
            assert stream.read() == content
        monkeypatch.setattr("sessionfs.git.running.command", lambda *_: dying)
        tree.close()
        with pytest.raises(SessionfsError, match="git cannot give"):
            tree.size(path)


def test_a_submodule_has_its_own_history(tmp_path: Path, repository: Path) -> None:
    above = tmp_path / "above"
    above.mkdir()
    git(above, "init", "--quiet")
    allowed = ("-c", "protocol.file.allow=always")
    git(above, *allowed, "submodule", "--quiet", "add", str(repository), "sub")
    assert (above / "sub" / ".git").is_file()
    assert compared(above / "sub") == []
    edit(session_in(above / "sub") / FIRST, 1, "user_msg", "context")
    assert compared(above / "sub") == [("E712", FIRST, 1, "/kind")]


@pytest.mark.parametrize("mode", ["full", "deep"])
def test_every_mode_that_reads_messages_compares_them(repository: Path, mode: Mode) -> None:
    path = session_in(repository) / FIRST
    edit(path, 1, "user_msg", "context")
    report = sessionfs.verify([str(repository / ".sessions")], against="HEAD", mode=mode)
    assert "E712" in {one.code for one in report.findings}
    with pytest.raises(SessionfsError, match="mode fast"):
        sessionfs.verify([str(repository / ".sessions")], against="HEAD", mode="fast")


def test_an_archive_that_came_later_or_in_place_of_a_link_is_new(repository: Path) -> None:
    git(repository, "checkout", "--quiet", "--orphan", "other")
    git(repository, "rm", "-rq", "--cached", ".sessions")
    git(repository, "commit", "--quiet", "--allow-empty", "-m", "nothing")
    assert compared(repository) == NO_ARCHIVE
    (repository / ".sessions").rename(repository / "kept")
    (repository / ".sessions").symlink_to("kept")
    git(repository, "add", ".sessions")
    git(repository, "commit", "--quiet", "-m", "a link")
    (repository / ".sessions").unlink()
    (repository / "kept").rename(repository / ".sessions")
    assert compared(repository) == NO_ARCHIVE


def test_a_clone_that_lacks_history_says_so(tmp_path: Path, repository: Path) -> None:
    bring(repository, log(620))
    commit(repository)
    git(repository, "config", "uploadpack.allowFilter", "true")
    source = f"file://{repository}"
    git(tmp_path, "clone", "--quiet", "--depth=1", source, "shallow")
    assert compared(tmp_path / "shallow") == []
    with pytest.raises(NotFound) as caught:
        compared(tmp_path / "shallow", "HEAD~1")
    assert "--unshallow" in caught.value.hint
    git(tmp_path, "clone", "--quiet", "--filter=blob:none", source, "partial")
    assert compared(tmp_path / "partial") == []
    with pytest.raises(SessionfsError) as caught_too:
        compared(tmp_path / "partial", "HEAD~1")
    assert "--refetch" in caught_too.value.hint
    head = git(repository, "rev-parse", "HEAD~1:.sessions").strip()
    missing = git(tmp_path / "partial", "rev-list", "--objects", "--missing=print", head)
    assert "?" in missing  # nothing was fetched behind anyone's back


def test_links_and_submodules_of_a_revision_are_no_files(repository: Path) -> None:
    (repository / ".sessions" / "link").symlink_to("nowhere")
    git(repository, "add", ".")
    head = git(repository, "rev-parse", "HEAD").strip()
    git(repository, "update-index", "--add", "--cacheinfo", f"160000,{head},.sessions/module")
    git(repository, "commit", "--quiet", "-m", "odd")
    with GitTree(str(repository / ".sessions"), "HEAD") as tree:
        assert tree.oddities() == [("link", "symlink"), ("module", "special")]
        assert not {"link", "module"} & set(tree.paths())
        assert tree.paths() == sorted(tree.paths(), key=str.encode)
        for path in tree.paths():
            content = (repository / ".sessions" / path).read_bytes()
            with tree.open(path) as one, tree.open("archive.yaml") as other:
                assert other.read()
                assert one.read() == content
            assert tree.size(path) == len(content)
        with pytest.raises(NotFound):
            tree.open("nothing")


# --- what a tree in memory shows ---

MANIFEST = b'format: "1.0"\nmin_reader: "1.0"\n'


def small_session(lines: list[bytes], *, manifest: bytes = MANIFEST, **others: bytes) -> MemoryTree:
    """A session of one segment; `others` are a payload or redactions, by what they are."""
    files = {"manifest.yaml": manifest, FIRST: b"".join(lines)}
    if "redactions" in others:
        files["redactions.jsonl"] = others["redactions"]
    if "payload" in others:
        files["files/" + digest(others["payload"])] = others["payload"]
    listed = format_checksums({path: digest(content) for path, content in files.items()})
    return MemoryTree(files | {"checksums.b3": listed})


def whole(tree: MemoryTree) -> Below:
    return Below(tree, "", tree.paths())


def message(seq: int, text: str) -> bytes:
    return dumps({"seq": seq, "id": f"01M81CYGKK00000000000000{seq:02d}", "parent": None,
                  "ts": stamp(seq), "role": "user", "kind": "user_msg", "actor": "human",
                  "parts": [{"type": "text", "text": text}]}) + b"\n"  # fmt: skip


def found(old: MemoryTree, new: MemoryTree) -> list[tuple[str, str, str | None]]:
    findings = compare_sessions(whole(old), whole(new))
    return [(one.code, one.path, one.pointer or None) for one in findings]


def redaction(pointer: str, identifier: str | None) -> bytes:
    seq = None if identifier is None else 1
    return dumps({"rule": "key", "seq": seq, "message": identifier, "pointer": pointer,
                  "count": 1}) + b"\n"  # fmt: skip


def attached(payload: bytes, **native: object) -> bytes:
    value = json.loads(message(1, ""))
    value["parts"] = [{"type": "file", "file": digest(payload), "media_type": "text/plain",
                       "name": None, "bytes": len(payload)}]  # fmt: skip
    return dumps(value | ({"native": native} if native else {})) + b"\n"


IDENTIFIER = json.loads(message(1, ""))["id"]


def test_a_payload_may_be_redacted_on_the_record() -> None:
    before, after = b"the key is hunter2", b"the key is [REDACTED:key#1]"
    old = small_session([attached(before)], payload=before)
    line, record_of = attached(after), redaction("/parts/0/file", IDENTIFIER)
    assert found(old, small_session([line], payload=after, redactions=record_of)) == []
    changed = ("E712", FIRST, "/parts/0/file")
    assert found(old, small_session([line], payload=after)) == [changed]
    other = b"another text [REDACTED:key#1]"
    line = attached(other)
    assert found(old, small_session([line], payload=other, redactions=record_of)) == [changed]


@pytest.mark.parametrize(
    ("before", "after", "held"),
    [
        ({"raw": "not JSON hunter2 at all"}, {"raw": "not JSON [REDACTED:key#1] at all"}, True),
        ({"raw": "not JSON hunter2 at all"}, {"raw": "not JSON [REDACTED:key#1]"}, True),
        ({"raw": "not JSON hunter2 at all"}, {"raw": "JSON [REDACTED:key#1] at all"}, False),
        ({"record": {"a": "x hunter2"}}, {"record": {"a": "x [REDACTED:key#1]"}}, True),
        (
            {"record": {"a": "hunter2", "b": 1, "c": "d"}},
            {"record": {"a": "[REDACTED:key#1]", "c": "d"}},
            False,  # as text the placeholder would swallow the member between
        ),
        ({"record": {"a": "hunter2"}}, {"raw": '{"a":"[REDACTED:key#1]"}'}, True),
        ({"raw": "hunter2"}, {"raw": "[REDACTED:key#1]", "eol": ""}, False),
        ({"raw": "hunter2"}, {"record": {"$ref": "/nowhere"}}, False),
    ],
)
def test_a_native_record_may_be_redacted_as_the_line_that_it_stands_for(
    before: dict[str, object], after: dict[str, object], *, held: bool
) -> None:
    record_of = redaction("/native", IDENTIFIER)
    old = small_session([attached(b"", **before)], payload=b"")
    new = small_session([attached(b"", **after)], payload=b"", redactions=record_of)
    assert (found(old, new) == []) is held


def native_message(native: object, kind: str, seq: int = 1, identifier: str = "") -> bytes:
    value = json.loads(message(seq, "")) | {"kind": kind, "native": native}
    return dumps(value | ({"id": identifier} if identifier else {})) + b"\n"


def mapped_by(version: int) -> bytes:
    return MANIFEST + f'source:\n  adapter: "example/{version}"\n'.encode()


def test_mapped_anew_and_redacted_at_once() -> None:
    def session(version: int, kind: str, *raws: str, **others: bytes) -> MemoryTree:
        lines = [native_message({"raw": raw}, kind, seq) for seq, raw in enumerate(raws, 1)]
        return small_session(lines, manifest=mapped_by(version), **others)

    old = session(1, "user_msg", "my hunter2", "more")
    record_of, clean = redaction("/native", IDENTIFIER), "my [REDACTED:key#1]"
    rewritten = [("W715", FIRST, None)]
    changed = [("E712", FIRST, "/kind")] * 2
    assert found(old, session(2, "context", clean, "more", redactions=record_of)) == rewritten
    assert found(old, session(2, "context", clean, "more")) == changed  # not on the record
    assert found(old, session(2, "context", clean, "less", redactions=record_of)) == changed
    assert found(old, session(1, "context", clean, "more", redactions=record_of)) == changed


def test_a_source_file_or_a_leading_document_that_came_late_explains_a_rewrite() -> None:
    other, address = "01M81CYGKK0000000000000099", digest(b"{}")
    main = [native_message({"raw": raw}, "user_msg", seq) for seq, raw in enumerate("ab", 1)]
    moved = [native_message({"raw": raw}, "user_msg", seq) for seq, raw in enumerate("ab", 2)]

    def after(first: dict[str, object], *rest: bytes) -> MemoryTree:
        return small_session([native_message(first, "context", 1, other), *rest])

    beside = {"raw": "s", "source": "side.jsonl"}
    leading = {"raw": "a", "files": {"leading.json": address}}
    late = after(beside, *moved)
    assert found(small_session(main), late) == [("W715", FIRST, None)]
    assert found(small_session(main), after(leading, main[1])) == [("W715", FIRST, None)]
    # one that grew, was lost, or came with a shorter log explains nothing
    grown = after({**beside, "raw": "other"}, *moved)
    assert {code for code, *_ in found(late, grown)} == {"E712"}
    assert {code for code, *_ in found(late, small_session(main))} == {"E712", "E713"}
    assert {code for code, *_ in found(small_session(main), after(beside, moved[0]))} == {"E712"}


def test_a_fact_may_be_redacted_on_the_record() -> None:
    old = MANIFEST + b'workspace:\n  cwd: "/srv/hunter2"\n'
    new = MANIFEST + b'workspace:\n  cwd: "/srv/[REDACTED:key#1]"\n'
    record_of = redaction("/workspace/cwd", None)
    lines = [message(1, "")]
    before, after = small_session(lines, manifest=old), small_session(lines, manifest=new)
    assert found(before, after) == [("E711", "manifest.yaml", "/workspace/cwd")]
    assert found(before, small_session(lines, manifest=new, redactions=record_of)) == []


def test_versions_may_rise_and_a_newer_session_is_not_judged() -> None:
    lines, newer = [message(1, "")], MANIFEST.replace(b"1.0", b"1.1")
    format_only = MANIFEST.replace(b"1.0", b"1.1", 1)
    low, high = small_session(lines), small_session(lines, manifest=format_only)
    assert found(low, high) == []
    assert found(high, low) == [("E711", "manifest.yaml", "/format")]
    changed = small_session([message(1, "other")], manifest=newer)
    assert found(low, changed) == []
    assert found(changed, low) == [("W717", "manifest.yaml", None)]


def test_facts_of_a_manifest_that_cannot_be_read() -> None:
    lines, junk = [message(1, "")], b"- no mapping\n"
    assert found(small_session(lines), small_session(lines, manifest=junk)) == []
    assert found(small_session(lines, manifest=junk), small_session(lines)) == [
        ("W717", "manifest.yaml", None)
    ]


def test_a_line_that_no_reader_takes_is_compared_as_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(edition, "MAX_LINE", 300)
    long = message(1, "x" * 300)
    lines = [message(1, "a"), message(2, "b")]
    assert found(small_session(lines), small_session([long, lines[1]])) == [("E712", FIRST, None)]
    assert found(small_session([long, lines[1]]), small_session(lines)) == [("W717", FIRST, None)]


# --- any history ---


TEXTS = st.lists(st.text(max_size=20), min_size=1, max_size=8)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=3,
)
NATIVES = ANYTHING | st.fixed_dictionaries(
    {},
    optional={
        "raw": st.just("a") | ANYTHING,
        "record": st.just({"a": "b"}) | ANYTHING,
        "raw_file": ANYTHING,
        "eol": st.just("") | ANYTHING,
        "source": st.just("b.jsonl") | ANYTHING,
        "files": st.just({"a": "b"}) | ANYTHING,
    },
)


@settings(max_examples=400, deadline=None)
@given(NATIVES, NATIVES)
@example({"raw": "a", "source": {}}, {"raw": "a"})
@example({"raw": "a", "eol": 5}, {"raw": "a", "eol": 5})
@example({"raw": "a", "files": 5}, {"raw": "a", "files": {}})
def test_a_native_record_of_any_types_is_no_crash(before: object, after: object) -> None:
    """That one of them is no native record is the verification's to say."""
    lines = [native_message(before, "user_msg"), native_message(after, "context")]
    for record_of in ({}, {"redactions": redaction("/native", IDENTIFIER)}):
        told = found(small_session(lines[:1]), small_session(lines[1:], **record_of))
        assert [code for code, *_ in told] in (["E712"], [])  # it may have been completed


@pytest.mark.parametrize("ignored", ["5", "true", "'u:1'", "{a: 1}", "\n  - [1]\n  - 'u:1'"])
@pytest.mark.parametrize("uid", ["5", "[1]", "{a: 1}", "null", "'u:2'"])
def test_a_session_that_is_gone_whatever_stands_for_its_uid(ignored: str, uid: str) -> None:
    session = "2026/11/01M7WM3K6WT6E66QERZ5G6H0NZ"
    manifest = MANIFEST + f"source:\n  uid: {uid}\n".encode()
    summary = dumps({"uid": [1]})
    policy = MANIFEST + f"ignored: {ignored}\n".encode()
    old = {f"{session}/manifest.yaml": manifest, f"{session}/summary.json": summary}
    told = compare_archives(MemoryTree(old), MemoryTree({"archive.yaml": policy}))
    assert [(one.code, one.path) for one in told] == [("E710", session)]


@settings(max_examples=200, deadline=None)
@given(TEXTS, TEXTS)
def test_any_growth_passes(before: list[str], more: list[str]) -> None:
    lines = [message(seq, text) for seq, text in enumerate(before + more, 1)]
    old, new = small_session(lines[: len(before)]), small_session(lines)
    assert compare_sessions(whole(old), whole(new)) == []
    assert len(compare_sessions(whole(new), whole(old))) == 1


@settings(max_examples=400, deadline=None)
@given(TEXTS, st.data())
def test_any_changed_byte_is_named_with_its_line(texts: list[str], data: st.DataObject) -> None:
    lines = [message(seq, text) for seq, text in enumerate(texts, 1)]
    number = data.draw(st.integers(1, len(lines)), label="line")
    line = lines[number - 1]
    place = data.draw(st.integers(0, len(line) - 2), label="place")
    byte = data.draw(st.integers(0, 255).filter(lambda b: b not in (line[place], 10)), label="byte")
    changed = line[:place] + bytes([byte]) + line[place + 1 :]
    new = small_session([*lines[: number - 1], changed, *lines[number:]])
    found = compare_sessions(whole(small_session(lines)), whole(new))
    assert [(one.code, one.line) for one in found] == [("E712", number)]
