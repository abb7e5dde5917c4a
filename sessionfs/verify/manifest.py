"""manifest.yaml: whether it can be read, is valid, and names the session that it stands in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sessionfs.archive import MANIFEST
from sessionfs.canonical import encode, typed_decoder
from sessionfs.check.explained import Rung
from sessionfs.check.explanation import without_unknown
from sessionfs.home import without_user
from sessionfs.identity import is_ulid
from sessionfs.identity import shard as shard_of
from sessionfs.model import Finding, Manifest
from sessionfs.schema import finding, is_plainly_valid, validate
from sessionfs.verify.version import is_newer, readable
from sessionfs.yamltext import MAX_SIZE, YamlError, parse

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sessionfs.verify.files import Files

_decode_manifest = typed_decoder(Manifest)


@dataclass(frozen=True, slots=True)
class Judged:
    """What a manifest says: its value where it is sound, and whether a newer version wrote it.

    With `refusals` it asks for a newer reader, and nothing more of the session is judged.
    """

    manifest: Manifest | None = None
    newer: bool = False
    refusals: tuple[Finding, ...] = ()


def judge_manifest(files: Files, name: str | None, shard: str | None) -> Judged:
    """Judge the manifest of a session in the directory `name` of a shard.

    What was damaged asks for nothing: a flipped bit in `min_reader` is E601.
    """
    say = files.ladder.say
    content = manifest_text(files)
    if content is None:
        return Judged()
    path = files.at(MANIFEST)
    try:
        value = parse(content)
    except YamlError as error:
        say(Rung.FRAMING, yaml_finding(error, path))
        return Judged()
    if refusals := tuple(readable(value, path)):
        damaged = (files.listed or files.digests).get(MANIFEST) != files.digests[MANIFEST]
        return Judged() if damaged else Judged(refusals=refusals)
    newer = is_newer(value.get("format"))
    if not is_plainly_valid(value, "manifest"):
        found = tuple(validate(value, "manifest", path, newer=newer))
        say(Rung.SCHEMA, *found)
        value = without_unknown(value, found)
    if not files.is_sound(MANIFEST):
        return Judged(newer=newer)
    try:
        manifest = _decode_manifest(encode(value))
    except ValueError:  # an integer is written as 1.0: no other rule of YAML forbids it
        say(Rung.SCHEMA, finding("E213", path, "an integer has a fraction"))
        return Judged(newer=newer)
    say(Rung.SEMANTICS, *_identity(value, path, name), *_uid(value, path))
    say(Rung.SEMANTICS, *_parent(manifest, path), *_repository(manifest, path))
    if shard is not None:
        say(Rung.SEMANTICS, *_shard(value, path, shard))
    return Judged(manifest, newer)


def manifest_text(files: Files) -> bytes | None:
    """Return the manifest and note its digest, None where it is not to be had. Enforces E006."""
    return files.small(MANIFEST, MAX_SIZE, "E006")


def yaml_finding(error: YamlError, path: str) -> Finding:
    """Return the finding that a text is not the format's YAML."""
    return finding(error.code, path, error.said, line=error.line, pointer=error.pointer or None)


def _identity(value: Mapping[str, Any], path: str, name: str | None) -> Iterator[Finding]:
    """Yield where a manifest names another session than its directory. Enforces E119."""
    if name is not None and value["id"] != name:
        yield finding("E119", path, f"{value['id']} in the directory {name}", pointer="/id")


def _uid(value: Mapping[str, Any], path: str) -> Iterator[Finding]:
    """Yield where the uid is not made of its parts. Enforces E218."""
    source = value["source"]
    if source["uid"] != f"{source['flavor']}:{source['native_id']}":
        said = "not the flavor, a colon and the native id"
        yield finding("E218", path, said, pointer="/source/uid")


def _parent(manifest: Manifest, path: str) -> Iterator[Finding]:
    """Yield where a session is its own parent. Enforces E219."""
    if manifest.lineage and manifest.lineage.parent == manifest.source.uid:
        yield finding("E219", path, "its own uid", pointer="/lineage/parent")


def _repository(manifest: Manifest, path: str) -> Iterator[Finding]:
    """Yield where the repository names a user. Enforces E223."""
    url = (manifest.workspace and manifest.workspace.repository) or ""
    if without_user(url) != url:
        said = "something stands before the @ of the host"
        yield finding("E223", path, said, pointer="/workspace/repository")


def _shard(value: Mapping[str, Any], path: str, shard: str) -> Iterator[Finding]:
    """Yield where a session stands in another month than its id says. Enforces E120."""
    if own_shard(value["id"]) != shard:
        yield finding("E120", path, f"{value['id']} in {shard}", pointer="/id")


def own_shard(session_id: str) -> str | None:
    """Return the shard of the month in an id, None where it has none."""
    try:
        return shard_of(session_id) if is_ulid(session_id) else None
    except OverflowError:  # a time after the year 9999
        return None
