"""Where the lines of a file come from: its versions followed, and edits replayed between them.

From one version to the next the edits that came between are replayed on the earlier text, in
the order of their times. Where that gives the later version, every line's writer is known, also
of a blank one: `exact`. If not, somebody else changed the file as well: then a line counts as an
edit's where it stands, unchanged, among lines of the same edit of which one is telling:
`likely`. An edit that cannot be replayed is looked for by its lines: `weak`, and `likely` where
all of them stand together. What remains nobody claims.

The content is the witness, the time only says what to try: edits after the version's parent and
up to its own time, then those that an earlier version left out, as a rebase and a commit of some
hunks do. An edit that a commit left out may have been thrown away, and its lines written by
somebody else later: it is `likely` at most.
"""

from __future__ import annotations

from collections import Counter
from math import inf
from typing import TYPE_CHECKING

from sessionfs.provenance.edits import is_telling, key, matches
from sessionfs.provenance.lines import Tracked
from sessionfs.provenance.replay import Replay, distance, found, gaps, runs_of, taken_out
from sessionfs.provenance.versions import Claim, Origin

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sessionfs.provenance.edits import Edit
    from sessionfs.provenance.told import Certainty
    from sessionfs.provenance.versions import Evidence, Version

SKEW = 2_000
"""Milliseconds by which an edit may be later than the commit that has it: clocks differ."""

_SECOND = 1000
_ALONE = 4
"""Most sessions that are also tried each by itself."""


def trace(versions: Sequence[Version], edits: Sequence[Edit]) -> list[list[Origin]]:
    """Return the origin of each line of each version; a parent stands before its children."""
    return _Trace(versions, edits).run()


def brought(versions: Sequence[Version], edits: Sequence[Edit]) -> frozenset[int]:
    """Return the edits whose work the last version has and its parent had not, by their places.

    An edit counts by the lines that it is the origin of, and by what it took out of the parent's.
    """
    return _Trace(versions, edits).brought() if versions else frozenset()


class _Trace:
    """The versions so far: origins of their lines, and the edits that they are done with."""

    def __init__(self, versions: Sequence[Version], edits: Sequence[Edit]) -> None:
        self._versions = versions
        self._edits = edits
        self._times = [edit.time or 0 for edit in edits]
        self._order = sorted(range(len(edits)), key=self._times.__getitem__)
        self._ranks = {edit: rank for rank, edit in enumerate(self._order)}
        self._writers = Counter(line for edit in edits for line in set(edit.added))
        self._origins: list[list[Origin]] = []
        self._settled: list[frozenset[int]] = []
        self._made: tuple[Replay, Replay] | None = None
        """What the last version was made from, and how, unless it has several parents."""

    def run(self) -> list[list[Origin]]:
        for number, version in enumerate(self._versions):
            follow = self._merge if len(version.parents) > 1 else self._step
            origins, settled = follow(number, version)
            self._origins.append(origins)
            self._settled.append(settled)
        return self._origins

    def brought(self) -> frozenset[int]:
        """Return the edits that the last version brings: what they wrote, or what they took out."""
        origins = self.run()[-1]
        last = len(self._versions) - 1
        claims = [origin.claim for origin in origins if origin.version == last]
        return frozenset(claim.edit for claim in claims if claim) | self._took_out()

    def _took_out(self) -> frozenset[int]:
        """Return the edits of which the last version lacks lines that its parent had.

        Not those that it had left out: that somebody takes out the same lines says little.
        """
        version = self._versions[-1]
        if self._made is None or len(version.parents) != 1:
            return frozenset()
        start, best = self._made
        parent = version.parents[0]
        gone = Counter(map(key, start.text.lines)) - Counter(map(key, version.lines))
        since = self._versions[parent].authored or -1
        done = self._settled[-1] - self._settled[parent]
        found = set()
        replay = start.copy()
        for edit in best.used:
            late = self._times[edit] <= since
            replay.prepare(edit, is_late=late)
            before = replay.text.copy()
            replay.make(edit, is_late=late)
            taken = {line for line in taken_out(before, replay.text.lines) if line in gone}
            if not best.is_same:  # others changed the file as well, or took it away
                taken = {line for line in taken if is_telling(line)} if version.lines else set()
            if taken and edit in done and not late:
                found.add(edit)
        return frozenset(found)

    def _step(self, number: int, version: Version) -> tuple[list[Origin], frozenset[int]]:
        """Follow the lines from a version's one parent, or from nothing."""
        base: Tracked[Origin | int] = Tracked([], [])
        settled: frozenset[int] = frozenset()
        since = -1
        for parent in version.parents:
            base = Tracked(self._versions[parent].lines, self._origins[parent])
            settled = self._settled[parent]
            since = self._versions[parent].authored or -1
        waiting = [edit for edit in self._until(version) if edit not in settled]
        near = [edit for edit in waiting if self._times[edit] > since]
        late = [edit for edit in waiting if self._times[edit] <= since]
        if late:
            fresh = Counter(map(key, version.lines)) - Counter(map(key, base.lines))
            late = [edit for edit in late if self._edits[edit].written_in(fresh.keys())]
        start = Replay(base, version.lines, number, self._edits)
        best = self._best(version, start, near, frozenset(late)) or start
        self._made = start, best
        if not best.is_same and base.is_like(version.lines):
            return self._origins[version.parents[0]] if version.parents else [], settled
        return self._claims(number, best, settled, frozenset(late))

    def _until(self, version: Version) -> list[int]:
        """Return the edits up to a version's time, the earliest first."""
        if version.authored is None:
            return self._order
        end = max(version.authored, version.committed or 0) + SKEW
        return [edit for edit in self._order if self._times[edit] <= end]

    def _best(
        self, version: Version, start: Replay, near: list[int], late: frozenset[int]
    ) -> Replay | None:
        """Return the edits that come closest to a version, replayed; None where there are none."""
        best: Replay | None = None
        plain = distance(start.text.lines, version.lines) if late else 0
        for chosen in self._choices(version, near, late):
            done = self._replay(version, start.copy(), chosen, late)
            if done.is_same:
                return done
            # What was left out before may have been thrown away: it has to explain something.
            enough = inf if late.isdisjoint(chosen) else plain
            if done.distance < min(best.distance if best else inf, enough):
                best = done
        return best

    def _choices(
        self, version: Version, near: list[int], late: frozenset[int]
    ) -> Iterator[tuple[int, ...]]:
        """Yield sets of edits to try, the likeliest first, none of them twice."""
        both = sorted([*near, *late], key=self._ranks.__getitem__)
        sessions = list(dict.fromkeys(self._edits[edit].session for edit in both))
        groups: list[frozenset[str]] = [frozenset(sessions), version.named]
        if len(sessions) <= _ALONE:
            groups += [frozenset({session}) for session in sessions]
        seen: set[tuple[int, ...]] = {()}
        for pool in (near, both):
            for group in groups:
                chosen = tuple(edit for edit in pool if self._edits[edit].session in group)
                if chosen not in seen:
                    seen.add(chosen)
                    yield chosen

    def _replay(
        self, version: Version, replay: Replay, chosen: tuple[int, ...], late: frozenset[int]
    ) -> Replay:
        """Make edits until the text is the version; else those that came before it."""
        same: Replay | None = None
        cuts: list[Replay] = []
        ends = {self._before(chosen, when) for when in (version.authored, version.committed)}
        for count, edit in enumerate(chosen):
            if count in ends:
                cuts.append(replay.copy())
            replay.make(edit, is_late=edit in late)
            if replay.is_same:
                same = replay.copy()
        if same is not None:
            return same
        if len(chosen) in ends:
            cuts.append(replay)
        for cut in cuts:
            cut.measure()
        return min(cuts, key=lambda cut: cut.distance)

    def _before(self, chosen: Sequence[int], when: int | None) -> int:
        """Return how many edits came before a time; commits know it to the second."""
        if when is None:
            return len(chosen)
        return sum(self._times[edit] < when + _SECOND for edit in chosen)

    def _claims(
        self, number: int, best: Replay, settled: frozenset[int], late: frozenset[int]
    ) -> tuple[list[Origin], frozenset[int]]:
        """Return the origins that a replay proves, and the edits that are done with."""
        lines, text = self._versions[number].lines, best.text
        origins: list[Origin | None] = [None] * len(lines)
        gone = set(range(len(text.lines)))
        follows = self._versions[number].follows
        overdue = (edit for edit in best.used if follows and self._times[edit] <= follows)
        unsure = best.unsure.union(overdue)
        for mine, theirs, size in matches(text.lines, lines):
            gone.difference_update(range(mine, mine + size))
            bounds = (
                mine - (mine == theirs == 0),
                mine + size + (mine + size == len(text.lines) and theirs + size == len(lines)),
            )
            for start, end, origin in runs_of(text.origins, mine, mine + size):
                place = theirs + start - mine
                if isinstance(origin, Origin):
                    origins[place : place + end - start] = [origin] * (end - start)
                    continue
                tells = any(map(is_telling, text.lines[start:end]))
                if best.is_same and origin not in unsure:
                    sure: Certainty = "exact"
                elif best.is_same or tells or (start > bounds[0] and end < bounds[1]):
                    sure = "likely"
                else:  # alone among what somebody changed, it could be anybody's
                    continue
                for step in range(place, place + end - start):
                    origins[step] = self._claim(number, step, origin, sure, "replay")
        lost = {
            origin
            for origin, line in ((text.origins[place], text.lines[place]) for place in gone)
            if isinstance(origin, int) and is_telling(line)
        }
        if not best.is_same:
            lost |= set(best.missed)
            lost -= self._place(number, origins, best.missed, late)
        done = settled | (frozenset(best.used) - lost)
        return [origin or Origin(number) for origin in origins], done

    def _claim(
        self, number: int, place: int, edit: int, sure: Certainty, evidence: Evidence
    ) -> Origin:
        others = self._writers[key(self._versions[number].lines[place])] - 1
        return Origin(number, Claim(edit, sure, evidence, max(others, 0)))

    def _place(
        self,
        number: int,
        origins: list[Origin | None],
        missed: Iterable[int],
        late: frozenset[int],
    ) -> frozenset[int]:
        """Claim new lines for edits that could not be replayed; return those that were found."""
        version = self._versions[number]
        placed = set()
        for edit in reversed(list(missed)):
            for start, end in gaps(origins, None):
                places = found(self._edits[edit], version.lines[start:end])
                if places:
                    placed.add(edit)
                    whole = edit not in late and len(self._edits[edit].added) == len(places)
                    sure: Certainty = "likely" if whole else "weak"
                    for place in places:
                        at = start + place
                        origins[at] = self._claim(number, at, edit, sure, "text")
        return frozenset(placed)

    def _merge(self, number: int, version: Version) -> tuple[list[Origin], frozenset[int]]:
        """Follow the lines from several parents; what none of them had is looked for by text."""
        origins: list[Origin | None] = [None] * len(version.lines)
        for parent in version.parents:
            for mine, theirs, size in matches(self._versions[parent].lines, version.lines):
                for step in range(size):
                    if origins[theirs + step] is None:
                        origins[theirs + step] = self._origins[parent][mine + step]
        settled = frozenset[int]().union(*(self._settled[parent] for parent in version.parents))
        waiting = [edit for edit in self._until(version) if edit not in settled]
        since = max(self._versions[parent].authored or -1 for parent in version.parents)
        late = frozenset(edit for edit in waiting if self._times[edit] <= since)
        placed = self._place(number, origins, waiting, late)
        return [origin or Origin(number) for origin in origins], settled | placed
