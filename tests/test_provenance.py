"""Lines followed through the versions of a file: every line of an edit is claimed, no other."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st

from sessionfs.provenance.edits import Edit, Hunk, Patched, Replaced, Written, is_telling
from sessionfs.provenance.trace import trace
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
            if old and len(places) == 1 and whole.count(wanted) == 1:
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


@settings(max_examples=150)
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
        check(version.lines, truth, claimed(origins), telling=True)
        assert {origin.claim.certainty for origin in origins if origin.claim} <= {"exact"}


@settings(max_examples=150)
@given(st.data())
def test_commits_of_both(data) -> None:
    """People change the file between the agent's edits, too: of telling lines nothing is wrong."""
    world = World()
    for _ in range(data.draw(st.integers(1, 5))):
        for _ in range(data.draw(st.integers(1, 5))):
            (world.agent if data.draw(st.booleans()) else world.human)(data.draw)
        world.commit()
    for version, truth, origins in zip(world.versions, world.truths, world.claims(), strict=True):
        check(version.lines, truth, claimed(origins), telling=True)


def check(lines, truth, claims, *, telling) -> None:
    for line, right, told in zip(lines, truth, claims, strict=True):
        if is_telling(line) or not telling:
            assert told == right, (line, lines, truth, claims)


@settings(max_examples=100)
@given(st.data())
def test_what_only_an_agent_wrote_is_known_to_the_blank_line(data) -> None:
    world = World()
    for _ in range(data.draw(st.integers(1, 4))):
        for _ in range(data.draw(st.integers(1, 4))):
            world.agent(data.draw)
        world.commit()
    for version, truth, origins in zip(world.versions, world.truths, world.claims(), strict=True):
        claims = claimed(origins)
        # Of lines that are alike and stand together, which is whose is nobody's to tell.
        assert Counter(zip(version.lines, claims, strict=True)) == Counter(
            zip(version.lines, truth, strict=True)
        )
        assert None not in claims
