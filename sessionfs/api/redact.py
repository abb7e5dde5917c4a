"""Secrets in what is archived already: found, and taken out."""

from __future__ import annotations

import os
from bisect import bisect_right
from typing import TYPE_CHECKING

from sessionfs.api.named import each_once, nearest_archive, place_of
from sessionfs.api.places import naming, open_around, open_inside, open_store
from sessionfs.api.rules import rules_for
from sessionfs.archive import MANIFEST, SEGMENT, Session
from sessionfs.canonical import UNSET, Struct
from sessionfs.disk.archive import POLICY, Archive
from sessionfs.disk.pack import open_pack
from sessionfs.disk.tree import DirTree
from sessionfs.errors import NotFound, SessionfsError
from sessionfs.identity import is_ulid
from sessionfs.model import Finding
from sessionfs.pack.ustar import BLOCK, is_header
from sessionfs.redact.lines import Place as Spot
from sessionfs.redact.lines import find_in_content
from sessionfs.redacting import find_secrets, redact_session
from sessionfs.rules import Rule
from sessionfs.tree import read_bytes
from sessionfs.verify import Checked, Report, in_order, merge_reports
from sessionfs.zstd import MAGIC

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from sessionfs.api.named import Place
    from sessionfs.redact.ruleset import Rule as RedactionRule
    from sessionfs.redact.ruleset import Ruleset
    from sessionfs.redacting import Found

STANDARD_INPUT = "-"
"""What stands for standard input where a path is asked for."""

MAX_FILE = 1 << 30
"""Most bytes of a file, or of standard input, that is searched."""

_HINT = (
    "`sessionfs redact` takes it out of an archive; a secret that was committed or shared is known:"
    " replace it where it is used."
)


class Cleared(Struct, frozen=True, kw_only=True):
    """A session from which secrets were taken out, and its new seal."""

    path: str
    uid: str
    removed: int
    seal: str


def check_secrets(
    paths: Sequence[str] = (),
    *,
    rules: Sequence[str] = (),
    anonymize: bool = False,
    given: bytes = b"",
    relative_to: str | None = None,
) -> tuple[Report, Mapping[str, Rule]]:
    """Look for secrets in archives, sessions, packs and files; without a path, the nearest archive.

    Returns a report whose codes are the ids of redaction rules, and those rules. No finding
    says what was found. `-` stands for `given`, the content of standard input. `rules` are
    further files in the shape of gitleaks; an archive's own policy counts for what lies in it.
    Raises `NotFound`, or `BadRules` where a rule cannot be used.
    """
    loaded: dict[str, Ruleset] = {}

    def ruleset(root: str) -> Ruleset:
        if root not in loaded:
            policy = Archive(root).redaction if os.path.isfile(os.path.join(root, POLICY)) else {}
            loaded[root] = rules_for(policy, root, anonymize=anonymize, files=tuple(rules))
        return loaded[root]

    reports: dict[str, Report] = {}
    places: list[Place] = [] if paths else [nearest_archive()]
    for path in paths:
        if path == STANDARD_INPUT:
            reports[path] = _check_content(given, ruleset(""))
            continue
        try:
            places.append(place_of(path))
        except NotFound:
            if not os.path.isfile(path):
                raise
            directory, name = os.path.split(os.path.realpath(path))
            tree = DirTree(directory)
            if tree.size(name) > MAX_FILE:
                message = f"{path} is longer than {MAX_FILE:,} bytes"
                raise SessionfsError(message, hint="split it") from None
            reports[path] = _check_content(read_bytes(tree, name), ruleset(""))
    alone = len(places) == 1 and not reports and relative_to is None and not places[0].is_inside
    for place in each_once(places):
        name = "" if alone else place.seen_from(relative_to)
        reports[name] = _check_place(place, ruleset)
    used = {rule.id: rule.description for each in loaded.values() for rule in each.rules}
    described = {
        code: Rule(code, "error", description or code, "It is a secret.", _HINT)
        for code, description in used.items()
    }
    return merge_reports(reports), described


def _check_place(place: Place, ruleset: Callable[[str], Ruleset]) -> Report:
    if place.kind == "pack":
        return _check_sessions(open_pack(place.root).sessions(), ruleset(""))
    if place.kind == "archive":
        return _check_sessions(Archive(place.root).sessions(), ruleset(place.root))
    name = os.path.basename(place.root)
    root = os.path.dirname(os.path.dirname(os.path.dirname(place.root))) if is_ulid(name) else ""
    return _check_sessions([Session(DirTree(place.root))], ruleset(root))


def _check_sessions(sessions: Iterable[Session], ruleset: Ruleset) -> Report:
    findings: list[Finding] = []
    checked = Checked()
    looked_at = []
    for session in sessions:
        with naming(session):
            names = session.segments()
            firsts = [int(SEGMENT.fullmatch(name)[1]) for name in names]  # type: ignore[index]
            findings += (
                _finding(found, session, names, firsts) for found in find_secrets(session, ruleset)
            )
            paths = list(session.tree.paths())
            checked += Checked(
                sessions=1,
                messages=session.summary.messages,
                files=len(paths),
                bytes=sum(map(session.tree.size, paths)),
            )
            looked_at.append(session.path)
    return Report(
        findings=in_order(findings),
        checked=checked,
        archives=("",),
        sessions=tuple(looked_at),
        mode="secrets",
    )


def _finding(found: Found, session: Session, names: list[str], firsts: list[int]) -> Finding:
    name, line = MANIFEST, None
    if found.message is not None:
        number = bisect_right(firsts, found.message.seq) - 1
        name, line = names[number], found.message.seq - firsts[number] + 1
    path = f"{session.path}/{name}" if session.path else name
    spot = Spot(line, found.mark.pointer, found.mark.rule, found.mark.number)
    return _secret(path, spot)


def _check_content(content: bytes, ruleset: Ruleset) -> Report:
    if content.startswith(MAGIC) or is_header(content[:BLOCK]):
        message = "this is a pack, or compressed: it cannot be searched as a text"
        raise SessionfsError(message, hint="name a pack as a file; decompress anything else first")
    found = [_secret("", spot) for spot in find_in_content(content, ruleset)]
    checked = Checked(files=1, bytes=len(content))
    return Report(findings=in_order(found), checked=checked, mode="secrets")


def _secret(path: str, spot: Spot) -> Finding:
    return Finding(
        code=spot.rule,
        level="error",
        path=path,
        line=UNSET if spot.line is None else spot.line,
        pointer=spot.pointer or UNSET,
        message="a secret" if spot.number == 1 else f"{spot.number} secrets",
        hint=_HINT,
    )


def list_rules(
    archive: str | None = None, *, rules: Sequence[str] = (), anonymize: bool = False
) -> Sequence[RedactionRule]:
    """Return the rules of an archive, of the nearest one, or where there is none the default."""
    try:
        store = open_store(archive)
    except NotFound:
        if archive is not None:
            raise
        return rules_for({}, "", anonymize=anonymize, files=tuple(rules)).rules
    found = rules_for(store.redaction, store.root, anonymize=anonymize, files=tuple(rules))
    return found.rules


def redact(
    names: Sequence[str] = (),
    archive: str | None = None,
    *,
    rules: Sequence[str] = (),
    anonymize: bool = False,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> list[Cleared]:
    """Take the secrets out of archived sessions, record it, and seal them anew.

    Without names, of every session. Raises `FormatError` for a session that is damaged; those
    before it are done. Returns the sessions that were changed.
    """
    store = open_around(names, archive)
    with store.lock():
        ruleset = rules_for(store.redaction, store.root, anonymize=anonymize, files=tuple(rules))
        sessions = [open_inside(name, store) for name in names] or list(store.sessions())
        once = list({session.path: session for session in sessions}.values())
        cleared = []
        for number, session in enumerate(once):
            progress(number, len(once))
            with naming(session):
                session.check_digests()
                cleared += _clear(store, session, ruleset)
        progress(len(once), len(once))
    return cleared


def _clear(store: Archive, session: Session, ruleset: Ruleset) -> list[Cleared]:
    stage = store.stage(session.path.rpartition("/")[2], replaces=session.path)
    try:
        removed = redact_session(session, ruleset, stage.tree)
        if not removed:
            return []
        uid = session.summary.uid
        stage.publish()
    finally:
        stage.discard()
    seal = store.session(session.path).seal
    return [Cleared(path=session.path, uid=uid, removed=removed, seal=seal)]
