"""Lines followed through the versions of a file: every line of an edit is claimed, no other."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sessionfs.model import Message, ToolCall
from sessionfs.provenance.calls import edits_of
from sessionfs.provenance.edits import (
    Edit,
    Hunk,
    Patched,
    Placed,
    Replaced,
    Written,
    is_telling,
    lines_of,
    matches,
)
from sessionfs.provenance.lines import Tracked
from sessionfs.provenance.patches import changes_in
from sessionfs.provenance.roots import Files
from sessionfs.provenance.trace import brought, trace
from sessionfs.provenance.versions import Version

SESSION, OTHER = "01M7W84WM8YF3N2YJDPS3MWRXG", "01M7WA417MWQQ7FXDJ7NGSAK49"
TRIVIAL = ["", "}", "    return", "else:", "    pass"]
MINUTE = 60_000


def edit(*changes, time=0, session=SESSION, **told) -> Edit:
    return Edit(
        session=session, seq=1, message="", time=time, speaker="", call="", call_id=None,
        paths=("f",), changes=changes, **told,
    )  # fmt: skip


def text(lines) -> str:
    return "".join(f"{line}\n" for line in lines)


@dataclass
class World:
    """A file that an agent and people change in turn, who wrote each line, and the commits."""

    lines: list[str] = field(default_factory=list)
    writers: list[int | None] = field(default_factory=list)
    edits: list[Edit] = field(default_factory=list)
    versions: list[Version] = field(default_factory=list)
    truths: list[list[int | None]] = field(default_factory=list)
    time: int = 0
    last: int = 0

    def tick(self) -> int:
        self.time += MINUTE
        return self.time

    def fresh(self, draw) -> list[str]:
        made = []
        for _ in range(draw(st.integers(0, 4))):
            choice = draw(st.integers(0, len(TRIVIAL) + 3))
            if choice < len(TRIVIAL):
                made.append(TRIVIAL[choice])
            else:
                self.last += 1
                made.append(f"    value_{self.last} = {self.last}")
        return made

    def span(self, draw) -> tuple[int, int]:
        start = draw(st.integers(0, len(self.lines)))
        return start, min(len(self.lines), start + draw(st.integers(0, 3)))

    def put(self, start, end, new, writer) -> None:
        self.lines[start:end] = new
        self.writers[start:end] = [writer] * len(new)

    def agent(self, draw) -> None:
        """Insert, or delete: so that nobody can argue about whose a line is."""
        start, end = self.span(draw)
        new = self.fresh(draw)
        if draw(st.booleans()):
            end = start
        else:
            new = []
        kind = draw(st.sampled_from(["edit", "write", "patch"]))
        before, number = list(self.lines), len(self.edits)
        self.put(start, end, new, number)
        if kind == "write" or not before:
            change = Written(text(self.lines))
        else:
            change = self.change(kind, before, start, end, new)
        told = text(before) if isinstance(change, Written) else None
        self.edits.append(edit(change, time=self.tick(), before=told))

    def change(self, kind, before, start, end, new):
        """Give as many lines around as it takes to mean one place."""
        for reach in range(len(before) + 1):
            low, high = max(0, start - reach), min(len(before), end + reach)
            old, put = before[low:high], before[low:start] + new + before[end:high]
            whole, wanted = text(before), text(old)
            places = [i for i in range(len(before)) if before[i : i + len(old)] == old]
            once = sum(whole.startswith(wanted, at) for at in range(len(whole))) == 1
            if old and len(places) == 1 and once:  # blank lines overlap
                if kind == "patch":
                    return Patched((Hunk((), tuple(old), tuple(put)),))
                return Replaced(wanted, text(put))
        return Written(text(self.lines))

    def human(self, draw) -> None:
        start, end = self.span(draw)
        self.put(start, end, self.fresh(draw), None)

    def commit(self) -> None:
        time = self.tick() // 1000 * 1000
        parents = (len(self.versions) - 1,) if self.versions else ()
        self.versions.append(Version(list(self.lines), parents, time, time))
        self.truths.append(list(self.writers))

    def claims(self):
        return trace(self.versions, self.edits)


def claimed(origins) -> list[int | None]:
    return [origin.claim.edit if origin.claim else None for origin in origins]


@settings(max_examples=60)
@given(st.data())
def test_commits_of_an_agent_then_of_people(data) -> None:
    """Each commit holds edits of one kind of writer: the agent's lines are all known for sure."""
    world = World()
    for _ in range(data.draw(st.integers(1, 5))):
        acts = world.agent if data.draw(st.booleans()) else world.human
        for _ in range(data.draw(st.integers(1, 4))):
            acts(data.draw)
        world.commit()
    for version, truth, origins in zip(world.versions, world.truths, world.claims(), strict=True):
        check(version.lines, truth, claimed(origins))
        assert {origin.claim.certainty for origin in origins if origin.claim} <= {"exact"}


@settings(max_examples=60)
@given(st.data())
def test_commits_of_both(data) -> None:
    """People change the file between the agent's edits, too: of telling lines nothing is wrong."""
    world = World()
    for _ in range(data.draw(st.integers(1, 5))):
        for _ in range(data.draw(st.integers(1, 5))):
            (world.agent if data.draw(st.booleans()) else world.human)(data.draw)
        world.commit()
    for version, truth, origins in zip(world.versions, world.truths, world.claims(), strict=True):
        check(version.lines, truth, claimed(origins))


def check(lines, truth, claims) -> None:
    """Of lines that are alike, which is whose is sometimes nobody's to tell."""
    for line, right, told in zip(lines, truth, claims, strict=True):
        if is_telling(line):
            assert told == right, (line, lines, truth, claims)


@settings(max_examples=60)
@given(st.data())
def test_what_only_an_agent_wrote_is_known_to_the_blank_line(data) -> None:
    world = World()
    for _ in range(data.draw(st.integers(1, 4))):
        for _ in range(data.draw(st.integers(1, 4))):
            world.agent(data.draw)
        world.commit()
    for version, truth, origins in zip(world.versions, world.truths, world.claims(), strict=True):
        check(version.lines, truth, claimed(origins))
        assert None not in claimed(origins)


@settings(max_examples=40)
@given(st.data())
def test_another_clock_and_a_lost_log_make_no_false_claim(data) -> None:
    """Edits that are not archived, or seem to be later: then less is claimed, nothing wrong."""
    world = World()
    for _ in range(data.draw(st.integers(1, 4))):
        for _ in range(data.draw(st.integers(1, 4))):
            (world.agent if data.draw(st.booleans()) else world.human)(data.draw)
        world.commit()
    late = data.draw(st.integers(0, 10)) * MINUTE
    kept = [number for number in range(len(world.edits)) if data.draw(st.booleans())]
    edits = [replace(world.edits[number], time=world.edits[number].time + late) for number in kept]
    told = trace(world.versions, edits)
    for version, truth, origins in zip(world.versions, world.truths, told, strict=True):
        for line, right, origin in zip(version.lines, truth, origins, strict=True):
            if origin.claim and is_telling(line):
                assert kept[origin.claim.edit] == right


def steps(*texts: str, start: int = 0) -> list[Version]:
    """Versions one after the other, an hour between."""
    return [
        Version(
            lines=content.splitlines(),
            parents=(number - 1,) if number else (),
            authored=(start + number * 60) * MINUTE,
            committed=(start + number * 60) * MINUTE,
        )
        for number, content in enumerate(texts)
    ]


def test_a_brace_that_a_person_wrote_is_not_the_agents() -> None:
    """Somebody threw most of an edit away and wrote braces and blank lines besides."""
    wrote = edit(
        Replaced("a = 10\n", "a = 10\nif (burning(wick)) {\n    put(out)\n}\n\n"), time=MINUTE
    )
    before = "a = 10\nb = 20\n"
    for after in (
        "a = 10\n}\n\nb = 20\n",
        "a = 10\nc = 30\n}\n\nb = 20\n",
        "\n}\na = 10\nb = 20\n",
    ):
        told = trace(steps(before, after), [wrote])[-1]
        assert claimed(told) == [None] * len(after.splitlines()), after
    kept = "a = 10\nif (burning(wick)) {\n    put(out)\n    }\n}\n\nb = 20\n"
    told = trace(steps(before, kept), [wrote])[-1]
    assert claimed(told)[:3] == [None, 0, 0]
    assert told[1].claim.certainty == "likely"


def test_two_sessions_that_wrote_the_same_line() -> None:
    one = edit(Replaced("a = 10\n", "a = 10\nimport os.path\n"), time=MINUTE)
    two = edit(Replaced("b = 20\n", "b = 20\nimport os.path\n"), time=90 * MINUTE, session=OTHER)
    versions = steps(
        "a = 10\nb = 20\n",
        "a = 10\nimport os.path\nb = 20\n",
        "a = 10\nimport os.path\nb = 20\nimport os.path\n",
    )
    told = trace(versions, [one, two])[-1]
    assert claimed(told) == [None, 0, None, 1]
    assert [origin.claim.others for origin in told if origin.claim] == [1, 1]
    assert [origin.version for origin in told] == [0, 1, 0, 2]


def test_the_commit_that_names_a_session_makes_no_guess_likelier() -> None:
    """`git link` guesses by the same text: one guess is no evidence for the other."""
    part = edit(Replaced("unknown\n", "unknown\nthe first line\nthe second line\n"), time=MINUTE)
    before, after = "a = 10\n", "a = 10\nthe first line\nanother line\n"
    sure = []
    for named in (frozenset(), frozenset({SESSION})):
        first, last = steps(before, after)
        told = trace([first, replace(last, named=named)], [part])[-1]
        assert claimed(told) == [None, 0, None]
        sure.append((told[1].claim.certainty, told[1].claim.evidence))
    assert sure == [("weak", "text"), ("weak", "text")]


def test_what_somebody_changed_before_the_whole_file_was_written_is_theirs() -> None:
    versions = steps("a = 10\n", "a = 10\nby = 'hand'\nagent = 1\n")
    content = "a = 10\nby = 'hand'\nagent = 1\n"
    told = trace(versions, [edit(Written(content), time=MINUTE, before="a = 10\nby = 'hand'\n")])
    assert [claimed(told[-1]), told[-1][2].claim.certainty] == [[None, None, 0], "exact"]
    told = trace(versions, [edit(Written(content), time=MINUTE)])  # nobody knows
    assert claimed(told[-1]) == [None, 0, 0]
    assert {origin.claim.certainty for origin in told[-1] if origin.claim} == {"likely"}


def test_what_the_log_tells_later_explains_an_edit_that_could_not_be_replayed() -> None:
    """A person changed the place first; the next edit shows what came of it."""
    versions = steps("a = 10\n", "by = 'hand'\nfirst edit\nsecond edit\n")
    edits = [
        edit(Replaced("by = 'hand'\n", "by = 'hand'\nfirst edit\n"), time=MINUTE),
        edit(
            Replaced("first edit\n", "first edit\nsecond edit\n"),
            time=2 * MINUTE,
            before="by = 'hand'\nfirst edit\n",
        ),
    ]
    told = trace(versions, edits)[-1]
    assert claimed(told) == [None, 0, 1]
    assert [origin.claim.certainty for origin in told[1:]] == ["likely", "exact"]


def test_what_the_agent_took_back_is_not_its_own_when_a_person_writes_it() -> None:
    edits = [
        edit(Replaced("a = 10", "a = 1000"), time=MINUTE),
        edit(Replaced("a = 1000", "a = 10"), time=2 * MINUTE),
        edit(Replaced("b = 20\n", "b = 20\nc = 30\n"), time=3 * MINUTE),
    ]
    versions = steps("a = 10\nb = 20\n", "a = 10\nb = 20\nc = 30\n", "a = 1000\nb = 20\nc = 30\n")
    assert claimed(trace(versions, edits)[-1]) == [None, None, 2]


def test_a_file_of_one_line_many_times_takes_no_hours() -> None:
    many = ["}"] * 20_000
    assert list(matches(["x", *many, "y"], ["z", *many, "}", "w"])) == []
    assert list(matches([*many, "y"], [*many, "}", "w"])) == [(0, 0, 20_000)]


def test_an_edit_that_was_committed_late_is_not_sure_also_where_the_commit_names_it() -> None:
    """It may have been thrown away, and its line written by a person."""
    wrote = edit(Replaced("a = 10\n", "a = 10\nagent = 1\n"), time=MINUTE)
    first, other, last = steps("a = 10\n", "a = 10\nb = 20\n", "a = 10\nagent = 1\nb = 20\n")
    for named in (frozenset(), frozenset({SESSION})):
        told = trace([first, other, replace(last, named=named)], [wrote])[-1]
        assert [claimed(told), told[1].claim.certainty] == [[None, 0, None], "likely"]


@pytest.mark.parametrize(
    ("follows", "sure"), [(None, "exact"), (MINUTE - 1, "exact"), (MINUTE, "likely")]
)
def test_what_a_commit_of_other_files_left_out_is_late_too(follows, sure) -> None:
    wrote = edit(Replaced("a = 10\n", "a = 10\nagent = 1\n"), time=MINUTE)
    first, last = steps("a = 10\n", "a = 10\nagent = 1\n")
    told = trace([first, replace(last, follows=follows)], [wrote])[-1]
    assert [claimed(told), told[1].claim.certainty] == [[None, 0], sure]


def test_a_part_of_a_line_that_was_not_replayed_claims_no_line() -> None:
    part = edit(Replaced("not there any more", "return value1"), time=MINUTE)
    after = "x = 1\ndef human():\n    return value1 + human_stuff_here(1, 2)\n"
    assert claimed(trace(steps("x = 1\n", after), [part])[-1]) == [None] * 3


WHOLE = "by = 'hand'\nagent = 1\n"


@pytest.mark.parametrize(
    ("wrote", "before", "sure"),
    [
        (Written(WHOLE), None, "likely"),
        (Written(WHOLE, is_new=True), None, "exact"),
        (Written(WHOLE), "", "exact"),
    ],
)
def test_a_whole_file_of_which_nobody_tells_whether_it_was_new(wrote, before, sure) -> None:
    """A person may have begun it: then the log has not what they wrote."""
    told = trace(steps(WHOLE), [edit(wrote, before=before)])[-1]
    assert [(origin.claim.edit, origin.claim.certainty) for origin in told] == [(0, sure)] * 2


@settings(max_examples=60)
@given(st.data())
def test_the_edits_that_a_version_brings(data) -> None:
    """Whoever wrote a line since the version before, and nobody whose edits that one had."""
    world = World()
    known = 0
    for _ in range(data.draw(st.integers(1, 4))):
        known = len(world.edits)
        for _ in range(data.draw(st.integers(1, 4))):
            (world.agent if data.draw(st.booleans()) else world.human)(data.draw)
        world.commit()
    told = brought(world.versions, world.edits)
    lines = zip(world.versions[-1].lines, world.truths[-1], strict=True)
    wrote = {who for line, who in lines if who is not None and is_telling(line)}
    assert {who for who in wrote if who >= known} <= told
    assert min(told, default=known) >= known


TAKEN = "keep = 1000\nold_value = 2\nelse_value = 3\n"
LESS = "keep = 1000\nelse_value = 3\n"


@pytest.mark.parametrize(
    ("after", "change", "counts"),
    [
        (LESS, Replaced("keep = 1000\nold_value = 2\n", "keep = 1000\n"), True),
        (LESS, Patched((Hunk((), ("keep = 1000", "old_value = 2"), ("keep = 1000",)),)), True),
        (LESS, Written(LESS), True),
        ("", Written(""), True),
        ("keep = 1000\nhuman = 3\n", Replaced("old_value = 2\n", ""), True),
        ("keep = 2000\nold_value = 2\n", Replaced("old_value = 2\n", ""), False),
        (LESS, Replaced("old_value = 2\n", "new_value = 2\n"), False),
        ("", Replaced("old_value = 2\n", ""), False),
    ],
)
def test_a_version_brings_what_an_edit_took_out(after, change, counts) -> None:
    """Not where the lines still stand, where they gave way to others, or the file is gone."""
    told = brought(steps(TAKEN, after), [edit(change, time=MINUTE)])
    assert told == ({0} if counts else set())
    late = brought(steps(TAKEN, TAKEN + "more = 1\n", after), [edit(change, time=MINUTE)])
    assert late == set()


def test_a_telling_line_holds_more_together_than_braces_do() -> None:
    assert list(matches(["kept = 1", "}", "}"], ["}", "}", "kept = 1"])) == [(0, 2, 1)]


def test_a_patch_without_a_place_for_a_hunk_changes_nothing() -> None:
    text = Tracked(["a", "b", "c"], [0, 0, 0])
    hunks = (Hunk((), ("a",), ("a", "x")), Hunk((), ("z",), ("y",)))
    assert not text.apply([Patched(hunks)], 1)
    assert (text.lines, text.origins) == (["a", "b", "c"], [0, 0, 0])
    assert (
        text.apply([Patched((Hunk(("b",), (), ("end",)), Hunk(("b",), ("c",), ("C",))))], 1)
        is False
    )
    assert text.apply([Patched((Hunk(("b",), ("  c  ",), ("C",)),))], 1)
    assert (text.lines, text.origins) == (["a", "b", "C"], [0, 0, 1])


REPLACED = [
    ("a\nb\nc\n", "b\n", "", False, "a0 c0"),
    ("a\nb\nc\n", "b", "", False, "a0 c0"),
    ("a\nb\nc\n", "b", "x\ny", False, "a0 x1 y1 c0"),
    ("a\nb\nc\n", "\nb\n", "\n", False, "a0 c0"),
    ("a\nb\nc\n", "c\n", "c\nd\n", False, "a0 b0 c0 d1"),
    ("a\nb\nc", "c", "c\nd", False, "a0 b0 c0 d1"),
    ("a\nb\na\n", "a", "x", False, None),
    ("a\nb\na\n", "a", "x", True, "x1 b0 x1"),
    ("aa\nb\n", "a", "x", True, "xx1 b0"),
    ("ab ab\nab\n", "b", "\n", True, "a1 _a1 1 a1 1"),
    ("", "", "x\n", False, "x1"),
    ("a\n", "", "x\n", False, None),
    ("a\nb\n", "z", "x", False, None),
    ("a\r\nb\r\n", "a\nb\n", "a\r\nx\r\nb\n", False, "a0 x1 b0"),
    ("k = s3\nb\n", "k = [REDACTED:env#1]\n", "k = [REDACTED:env#1]\nn\n", False, "k_=_s30 n1 b0"),
]


@pytest.mark.parametrize(("before", "old", "new", "everywhere", "after"), REPLACED)
def test_a_text_in_the_place_of_another(before, old, new, everywhere, after) -> None:
    lines = lines_of(before)
    text = Tracked(lines, [0] * len(lines))
    assert text.apply([Replaced(old, new, everywhere=everywhere)], 1) is (after is not None)
    told = " ".join(
        f"{line.replace(' ', '_')}{origin}"
        for line, origin in zip(text.lines, text.origins, strict=True)
    )
    assert told == (after if after is not None else " ".join(f"{line}0" for line in lines))


@given(
    st.lists(st.sampled_from(["a b1", "c d2", "}", ""]), max_size=9),
    st.lists(st.sampled_from(["a b1", "c d2", "e f3", "}", ""]), max_size=9),
)
def test_runs_that_two_texts_have_in_common(old, new) -> None:
    end = (0, 0)
    for one, other, size in matches(old, new):
        assert size > 0
        assert one >= end[0]
        assert other >= end[1]
        assert old[one : one + size] == new[other : other + size]
        end = one + size, other + size
    if old == new and old:
        assert list(matches(old, new)) == [(0, 0, len(old))]


# Calls.


def called(name: str, arguments, **told) -> list[Edit]:
    call = ToolCall(call_id="c", name=name, arguments=arguments)
    message = Message(
        seq=1, id=SESSION, parent=None, ts="2026-11-20T10:00:00.000Z", role="assistant",
        kind="tool_call", actor="model", parts=[call], **told,
    )  # fmt: skip
    return edits_of([message], SESSION, "an agent")


CALLS = {
    "str_replace": ({"path": "f", "old_str": "a", "new_str": "b"}, Replaced("a", "b")),
    "edit": ({"filePath": "f", "oldString": "a", "newString": "b"}, Replaced("a", "b")),
    "pi": ({"path": "f", "edits": [{"oldText": "a", "newText": "b"}]}, Replaced("a", "b")),
    "create": ({"path": "f", "file_text": "x\n"}, Written("x\n")),
    "write": ({"path": "f", "content": "x\n"}, Written("x\n")),
    "insert": ({"path": "f", "insert_line": 3, "insert_text": "x\ny\n"}, Placed(("x", "y"))),
    "Read": ({"file_path": "f", "content": "x"}, None),
    "grep": ({"path": "f", "pattern": "x"}, None),
    "odd": ([1, {"path": "f"}], None),
    "apply_patch": (
        "*** Begin Patch\n*** Add File: f\n+x\n*** End Patch",
        Written("x\n", is_new=True),
    ),
    "applypatch": ("*** Begin Patch\n*** Add File: f\n+x\n", None),  # cut off
    "patch": ({"input": "*** Begin Patch\n*** Delete File: f\n*** End Patch\n"}, Written("")),
    "shell": ({"cmd": "cat <<'E' > f\nx\nE\nls", "workdir": None}, Written("x\n")),
    "exec_command": ({"cmd": "cat > f <<E\n$x\nE\n"}, None),  # the shell puts something in
    "Task": ({"prompt": "Run:\ncat > f <<'E'\nx\nE\n"}, None),  # another session does that
    "spawn_agent": ({"input": "*** Begin Patch\n*** Add File: f\n+x\n*** End Patch"}, None),
    "Bash": ({"command": "ls", "description": "cat > f <<'E'\nx\nE\n"}, None),
}


@pytest.mark.parametrize("name", CALLS)
def test_calls_of_many_agents(name) -> None:
    arguments, change = CALLS[name]
    assert [(made.paths, made.changes) for made in called(name, arguments)] == (
        [(("f",), (change,))] if change else []
    )


HERE = {
    "mkdir -p a && cat > a/f <<'E'\nx\nE\n": [("a/f", Written("x\n"))],
    "mkdir -p 'a b' && cd a && cd b; cat >f <<'E'\nx\nE\n": [("a/b/f", Written("x\n"))],
    "cd /a && cat > f <<'E' && sh f\nx\nE\n": [("/a/f", Written("x\n"))],
    "cat >> f <<'E'\nx\n\ny\nE\n": [("f", Patched((Hunk((), (), ("x", "", "y")),)))],
    "cat <<'E' >> f\nx\nE\n": [("f", Patched((Hunk((), (), ("x",)),)))],
    "cat > f <<'E'\ncat > g <<'X'\ny\nX\nE\ncat > h <<'E'\nz\nE\n": [
        ("f", Written("cat > g <<'X'\ny\nX\n")), ("h", Written("z\n")),
    ],
    "cat > f <<'E'\n*** Begin Patch\n*** Delete File: g\n*** End Patch\nE\n": [
        ("f", Written("*** Begin Patch\n*** Delete File: g\n*** End Patch\n")),
    ],
    "apply_patch <<'E'\n*** Begin Patch\n*** Update File: f\n@@\n cat > g <<'E'\n+x\n"
    "*** End Patch\nE\n": [("f", Patched((Hunk((), ("cat > g <<'E'",), ("cat > g <<'E'", "x")),)))],
    "cat > f <<'E'\nno end\n": [],
    "echo 'a && cat > f <<'E'\nx\nE\n": [],
    "# cd a && cat > f <<'E'\nx\nE\n": [],
    "grep x < y && cat > f <<'E'\nx\nE\n": [("f", Written("x\n"))],
    "cat > f <<-'E'\n\tx\n\t\ty\n\tE\ncat > g <<'E'\n\tE\nE\n": [
        ("f", Written("x\ny\n")), ("g", Written("\tE\n")),
    ],
    "python - <<'P'\ncat > f <<'E'\nx\nE\nP\ncat > g <<'E'\ny\nE\n": [("g", Written("y\n"))],
    "python - <<P\n*** Begin Patch\n*** Delete File: f\n*** End Patch\nP\n": [],
    "cat <<'A' > f <<'E'\nx\nA\ny\nE\n": [],
    "python - <<\\A; cat > f <<'E'\ncat > g <<'E'\nA\nx\nE\n": [("f", Written("x\n"))],
    "echo 'one\ncat > f <<\"E\"\nx\nE\n'": [],
    "git commit -m \"$(cat <<'E'\nit's \"a\" )\nE\n)\" && cat > f <<'E'\nx\nE\n": [
        ("f", Written("x\n")),
    ],
    "echo $((1<<2)) \"$((1 << 3))\" # it's\ncat > f <<'E'\nx\nE\n": [("f", Written("x\n"))],
    "cat > $f <<'E'\nx\nE\ncat > \"$f\" <<'E'\nx\nE\ncat > f* <<'E'\nx\nE\n": [],
    "cat > f 2>/dev/null <<'E'\nx\nE\n": [("f", Written("x\n"))],
    "cat > f <<'E' | tee g\nx\nE\n": [("f", Written("x\n"))],
    "cat a > f <<'E'\nx\nE\n": [],
    "[ -f f ] || cat > f <<'E'\nx\nE\n": [],
    "(cd a && cat > f <<'E'\nx\nE\n)\ncat > f <<'E'\ny\nE\n": [
        ("a/f", Written("x\n")), ("f", Written("y\n")),
    ],
    "case $1 in\na) ls ;;\nesac\ncat > f <<'E'\nx\nE\n": [("f", Written("x\n"))],
    "cd a && apply_patch <<'E'\n*** Begin Patch\n*** Delete File: f\n*** End Patch\nE\n": [
        ("a/f", Written("")),
    ],
    "cd a\napply_patch '*** Begin Patch\n*** Delete File: f\n*** End Patch\n'": [
        ("a/f", Written("")),
    ],
    "cd a\napply_patch \"$(cat <<'E'\n*** Begin Patch\n*** Delete File: f\n*** End Patch\nE\n)\"": [
        ("a/f", Written("")),
    ],
    "cd $a && apply_patch <<'E'\n*** Begin Patch\n*** Delete File: f\n*** End Patch\nE\n": [],
    "(" * 200 + ")" * 200 + "\ncat > f <<'E'\nx\nE\n": [],
}  # fmt: skip


@pytest.mark.parametrize("command", HERE)
def test_here_documents(command) -> None:
    told = called("Bash", {"command": command})
    assert [(made.paths, made.changes) for made in told] == [
        ((path,), (change,)) for path, change in HERE[command]
    ]


INTO = {
    "cd a": "a/",
    "cd a\ncd b": "a/b/",
    "cd a &&": "a/",
    "cd a && ls": "a/",
    "cd a > /dev/null; ls | wc": "a/",
    "cd 'my a' # b": "my a/",
    'cd "my a"/b\\ c': "my a/b c/",
    "cd a/ && cd ../b": "a/../b/",
    "cd /": "/",
    "cd": "~/",
    "cd $a; cd ~/b": "~/b/",
    "cd a || exit 1": "a/",
    "mkdir -p a && cd a": "a/",
    "test -d a && cd a &&": "a/",
    "echo cd a && ls": None,
    "bash -c 'cd a'": "",
    "ls\n# cd a": "",
    "(cd a && ls)": "",
    "x=$(cd a; pwd)": "",
    'echo "$(cd a && pwd) cd b"': "",
    "test -d a && cd a": None,
    "[ -d a ] && cd a\nls": None,
    "ls || cd a": None,
    "cd a || cd b": None,
    "cd a || true": None,
    "cd a | cat": None,
    "cd a &": None,
    "cd a && ls &": None,
    "ls | cd a": None,
    "cd $a": None,
    'cd "$a"': None,
    "cd $(ls)": None,
    'cd "$(ls)"': None,
    "cd `ls`": None,
    "cd a*": None,
    "cd {a,b}": None,
    "cd '~'": None,
    "cd -": None,
    "cd -P a": None,
    "cd ''": None,
    "pushd a": None,
    "popd": None,
    "command cd a": None,
    "eval x": None,
    "! cd a": None,
    "if true; then cd a; fi": None,
    "if true; then\ncd a\nfi": None,
    "for a in b; do\ncd a\ndone": None,
    "case a in\nb) cd a ;;\nesac": None,
    "{ cd a; }": None,
    "f() {\ncd a\n}": None,
    "function f {\ncd a\n}": None,
    "cd a/" + "b" * 5000: None,
}


@pytest.mark.parametrize("command", INTO)
def test_the_directory_that_a_command_is_in(command) -> None:
    """Where nobody knows it, only a path that needs none names a file."""
    told = called("Bash", {"command": f"{command}\ncat > f <<'E'\nx\nE\ncat > /g <<'E'\ny\nE\n"})
    into = INTO[command]
    assert [made.paths[0] for made in told] == [*([] if into is None else [f"{into}f"]), "/g"]


# Paths.

ROOTS = [
    ("~/lantern", ["lantern/a.py", "~/lantern/src/b.py"], "~/lantern"),
    ("/home/x/lantern/src", ["b.py"], "~/lantern"),
    ("C:\\Users\\x\\lantern", ["C:\\Users\\x\\lantern\\src\\b.py"], "~/lantern"),
    ("~", ["~/lantern/src/b.py"], "~/lantern"),
    ("~", ["~/elsewhere/src/b.py"], None),
    ("~/code", ["../code/./src/b.py"], "~/code"),
    ("", ["src/b.py"], ""),
    ("~/lantern/.claude/worktrees/one", ["src/b.py"], "~/lantern"),
    ("~/lantern", [".claude/worktrees/one/src/b.py"], "~/lantern"),
    ("/srv/x", ["/srv/x/.claude/worktrees/one/src/b.py"], "/srv/x"),
    ("~/other", ["~/other/c.py"], None),
    ("~/lantern", ["~/README.md"], "~/lantern"),  # in this very place, whatever it names
    ("/srv/x", ["README.md"], None),  # which every repository has
    ("/srv/x", ["README.md", "src/b.py"], "/srv/x"),
    ("/srv/x", ["README.md", "src/c.py", "src/d.py", "src/b.py"], "/srv/x"),
    ("/srv/x", ["src/c.py", "src/d.py", "src/b.py"], None),
    ("/srv/x", ["/opt/c.py", "/opt/d.py", "src/b.py"], "/srv/x"),  # what lies elsewhere
    ("/srv/lantern", ["README.md"], "/srv/lantern"),
    ("/srv/lantern", ["src/c.py", "src/d.py", "src/b.py"], "/srv/lantern"),
    ("/srv/lantern", ["src/c.py", "src/d.py", "README.md"], None),
]


@pytest.mark.parametrize(("directory", "touched", "root"), ROOTS)
def test_the_root_where_a_session_ran(directory, touched, root) -> None:
    files = Files(["lantern/a.py", "src/b.py", "README.md"], "/home/y/lantern")
    assert files.root(directory, touched) == root


OURS = "https://github.com/harbour/lantern.git"
ADDRESSES = [
    ("/srv/x", ["README.md"], OURS, "/srv/x"),
    ("/srv/x", ["README.md", "src/c.py", "src/d.py"], "git@github.com:Harbour/lantern", "/srv/x"),
    ("/srv/x", ["README.md"], "ssh://git@github.com:22/harbour/lantern/", "/srv/x"),
    ("/srv/x", ["README.md"], "https://user@github.com/harbour/lantern", "/srv/x"),
    ("/srv/x", ["README.md", "src/b.py"], "https://github.com/harbour/lamp", None),
    ("/srv/lantern", ["README.md", "src/b.py"], "https://github.com/harbour/lamp", None),
    ("~/lantern", ["README.md"], "https://github.com/harbour/lamp", None),
    ("~/lantern", [], "https://github.com/harbour/lamp", None),
    ("~/lantern", [], OURS, "~/lantern"),
    ("/srv/x", ["README.md"], "https://github.com/fork/lantern", None),  # as if it were not known
    ("/srv/x", ["src/b.py"], "https://github.com/fork/lantern", "/srv/x"),
    ("/srv", ["lantern/src/b.py"], "https://github.com/harbour/all", "/srv/lantern"),  # a submodule
    ("/srv/x", ["src/c.py"], OURS, None),
]


@pytest.mark.parametrize(("directory", "touched", "repository", "root"), ADDRESSES)
def test_the_address_of_a_repository_decides(directory, touched, repository, root) -> None:
    remotes = ["https://example.org/mirror", OURS]
    files = Files(["src/b.py", "README.md"], "/home/y/lantern", remotes)
    assert files.root(directory, touched, repository) == root


def test_without_a_remote_an_address_decides_nothing() -> None:
    files = Files(["src/b.py", "README.md"], "/home/y/lantern")
    assert files.root("/srv/x", ["src/b.py"], OURS) == "/srv/x"


@pytest.mark.parametrize(
    "text",
    [
        "x;  " * 5_000 + "\n",
        " " * 100_000 + "\n",
        "'a' " * 20_000 + "<<\n",
        "'" * 400_000 + "<<\n",
        "".join(f"cat > f <<'E{number}'\nx\n" for number in range(5_000)),
        "*** Begin Patch\n*** Update File: a\n" * 5_000,
        "cd a;" * 100_000 + "cat > f <<'E'\nx\nE\n",
        "((a" * 50_000,
        "`" + "$((a" * 50_000,
        "1" * 200_000 + "<<",
    ],
    ids=[
        "separators",
        "blanks",
        "quotes",
        "nothing quoted",
        "here-documents without an end",
        "patches without one",
        "directories",
        "sums",
        "sums in quotes",
        "digits",
    ],
)
def test_a_command_that_is_made_to_take_long_writes_nothing(text):
    """Each would take hours if a line could be read in many ways, or all that follows again."""
    assert list(changes_in(text)) == []
