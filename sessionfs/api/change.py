"""What people say of a session, and what is derived made anew: edit, seal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sessionfs.api.places import naming, open_around, open_inside
from sessionfs.archive import MANIFEST, SUMMARY
from sessionfs.errors import Conflict, FormatError, NotFound, SessionfsError
from sessionfs.model import PEOPLE
from sessionfs.schema import validate
from sessionfs.tree import read_bytes
from sessionfs.writer import derive, write_sealed
from sessionfs.yamltext import edit as edit_text
from sessionfs.yamltext import parse

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sessionfs.archive import Session
    from sessionfs.disk.archive import Archive


_REFUSED = "bring it back from git, or seal with --accept-content"


def seal(
    names: Sequence[str], archive: str | None = None, *, accept_content: bool = False
) -> list[tuple[Session, str]]:
    """Make anew what is derived, summary.json and checksums.b3, and return each seal.

    Raises `Conflict` where content differs from its checksums, unless that is accepted.
    """
    store = open_around(names, archive)
    sealed = []
    with store.lock():
        for name in names or store.paths():
            session = open_inside(name, store) if names else store.session(name)
            with naming(session):
                if not accept_content:
                    _check_content(session)
                sealed.append((session, _rewrite(store, session, None)))
    return sealed


def _check_content(session: Session) -> None:
    try:
        listed = session.checksums()
    except NotFound:
        return
    except FormatError as error:
        error.hint = error.hint or _REFUSED
        raise
    _, digests = derive(session)
    for path, address in sorted(digests.items()):
        if path != MANIFEST and listed.get(path) != address:
            message = f"{session.path}/{path} is not what checksums.b3 says"
            raise Conflict(message, hint=_REFUSED)
    missing = sorted(set(listed) - set(digests) - {SUMMARY})
    if missing:
        message = f"{session.path}/{missing[0]} is missing"
        raise Conflict(message, hint=_REFUSED)


def _rewrite(store: Archive, session: Session, manifest: bytes | None) -> str:
    identifier = session.path.rpartition("/")[2]
    stage = store.stage(identifier, replaces=session.path)
    try:
        _, value = write_sealed(session, stage.tree, manifest)
        stage.publish()
    finally:
        stage.discard()
    return value


def edit(
    name: str,
    changes: Mapping[str, Any],
    archive: str | None = None,
    *,
    add_tags: Sequence[str] = (),
    remove_tags: Sequence[str] = (),
) -> str:
    """Set what people say of a session and re-seal it; None takes a key away. Returns the seal.

    `add_tags` and `remove_tags` change the tags that it has. The session must be undamaged.
    Comments and order of an edited manifest stay.
    """
    unknown = sorted(set(changes) - set(PEOPLE))
    if unknown:
        message = f"{unknown[0]} cannot be edited"
        raise Conflict(message, hint=f"there are: {', '.join(PEOPLE)}")
    for key, value in (*changes.items(), *(("tags", tag) for tag in (*add_tags, *remove_tags))):
        _check_text(key, value)
    store = open_around([name], archive)
    with store.lock():
        session = open_inside(name, store)
        with naming(session):
            session.check_digests()
        if add_tags or remove_tags:
            tags = changes.get("tags", session.manifest.tags) or ()
            kept = [tag for tag in dict.fromkeys([*tags, *add_tags]) if tag not in remove_tags]
            changes = {**changes, "tags": kept or None}
        text = edit_text(read_bytes(session.tree, MANIFEST), changes)
        for broken in validate(parse(text), "manifest", MANIFEST):
            message = f"{(broken.pointer or '').strip('/')}: {broken.message}"
            raise SessionfsError(message, hint="nothing was changed; give another value")
        return _rewrite(store, session, text)


def _check_text(key: str, value: object) -> None:
    """Raise `SessionfsError` for text that UTF-8 has no bytes for, as a shell may hand over."""
    for text in value if isinstance(value, (list, tuple)) else (value,):
        try:
            _ = text.encode() if isinstance(text, str) else b""
        except UnicodeEncodeError:
            message = f"{key}: not UTF-8"
            raise SessionfsError(
                message, hint="nothing was changed; give the text as UTF-8"
            ) from None
