"""Two forms of one session, and what either has removed."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from sessionfs.archive import MANIFEST, Session
from sessionfs.errors import SessionfsError
from sessionfs.merging.relation import relate
from sessionfs.merging.removed import Removed
from sessionfs.merging.uniting import Uniting, secrets_of
from sessionfs.redact.known import Known
from sessionfs.tree import read_bytes
from sessionfs.yamltext import parse

if TYPE_CHECKING:
    from sessionfs.copying import Renamed
    from sessionfs.merging.relation import Relation
    from sessionfs.placeholder import Pairs


class Sides(NamedTuple):
    """A session as the common ancestor and both sides have it, each None where it has not."""

    common: Session | None
    ours: Session | None
    theirs: Session | None


class Both(NamedTuple):
    """Two forms of one session, the one whose messages stay first."""

    one: Session
    other: Session
    relation: Relation
    ancestor: Session | None
    """The session that both come from, if it can be read."""
    known: Known | None

    @property
    def common(self) -> bytes | None:
        """The manifest that both come from."""
        return _text(self.ancestor)

    def turned(self) -> Both:
        """Return the two the other way around."""
        return self._replace(one=self.other, other=self.one, relation=self.relation.turned())

    def removed(self) -> Removed:
        """Return what was taken out of the manifest on either side."""
        texts = [self.common, _text(self.one), _text(self.other)]
        return Removed([text for text in texts if text is not None])

    def with_known(self, foreign: Known) -> Both:
        """Return the same with what either side has removed, to be removed from both.

        So is what was removed from the sessions that this is a branch of.
        """
        pairs = [*self.relation.learned[0], *self.relation.learned[1], *self.removed().pairs]
        pairs += self._removed_by_both()
        return self._replace(known=secrets_of(pairs, (self.one, self.other), foreign))

    def _removed_by_both(self) -> Pairs:
        """Return what neither form says any more: only the one that both come from tells it."""
        before, sides = self.ancestor, (self.one, self.other)
        if before is None or any(
            side.summary.redactions <= before.summary.redactions for side in sides
        ):
            return []
        with suppress(SessionfsError):  # a damaged one is as good as none
            return [pair for side in sides for pair in relate(before, side).learned[1]]
        return []

    def alone(self, renamed: Renamed | None = None) -> Uniting:
        """Return the second without what the first one has removed, perhaps under other ids."""
        turned = self.turned()
        known = self.known or Known()
        return Uniting(turned.one, turned.other, turned.relation, known, renamed)


def removed_in(sides: Sides) -> Known:
    """Return what either side of a session has removed, as far as it can be read."""
    if sides.ours is None or sides.theirs is None:
        return Known()
    try:
        relation = relate(sides.ours, sides.theirs)
        both = Both(sides.ours, sides.theirs, relation, readable(sides.common), None)
        return both.with_known(Known()).known or Known()
    except SessionfsError:  # it is in conflict, and told so in its turn
        return Known()


def readable(session: Session | None) -> Session | None:
    """Return the session that both sides come from; one that is damaged is as good as none."""
    try:
        text = _text(session)
        return session if text is not None and parse(text) else None
    except SessionfsError:
        return None


def _text(session: Session | None) -> bytes | None:
    """Return the manifest of a session as it stands there, if there is one."""
    return None if session is None else read_bytes(session.tree, MANIFEST)
