"""Schemas become findings: each keyword names its rule and the place."""

import subprocess
import sys

import pytest

from sessionfs import schema
from sessionfs.rules import RULES

ULID = "01M81CYGKKYF3N2YJDPS3MWRXG"
MESSAGE = {
    "seq": 1,
    "id": ULID,
    "parent": None,
    "ts": None,
    "role": "user",
    "kind": "user_msg",
    "actor": "human",
    "parts": [{"type": "text", "text": "x"}],
}
MANIFEST = {
    "format": "1.0",
    "min_reader": "1.0",
    "id": ULID,
    "source": {
        "flavor": "example",
        "native_id": "a",
        "uid": "example:a",
        "nature": "log",
        "adapter": "example/1",
        "name": "a.jsonl",
    },
    "agent": {"name": "Example"},
    "started_at": "2026-11-22T10:31:07.123Z",
    "workspace": {"repository": "example.org/a", "branch": "b", "commit": "c", "cwd": "~/a"},
    "lineage": {"parent": "example:b", "relation": "fork", "at": ULID},
    "title": "A title",
    "outcome": "success",
    "task_ref": "#1",
    "domain": "web",
    "actor": "ada",
    "tags": ["a", "b"],
    "bookmarks": [{"message": ULID, "note": "here"}],
    "checkpoints": [{"name": "one", "seq": 1, "seal": "0" * 64}],
    "links": [{"kind": "url", "ref": "https://example.org"}],
    "notes": "Some.",
    "ext": {"any": [1, None]},
}
SUMMARY = {
    "format": "1.0",
    "min_reader": "1.0",
    "id": ULID,
    "uid": "example:a",
    "flavor": "example",
    "native_id": "a",
    "nature": "log",
    "adapter": "example/1",
    "agent": {"name": "Example", "version": "1"},
    "title": "A title",
    "started_at": "2026-11-22T10:31:07.123Z",
    "ended_at": None,
    "state": "active",
    "workspace": {"repository": "example.org/a", "branch": "b", "commit": "c", "cwd": "~/a"},
    "lineage": {"parent": "example:b", "relation": "fork", "at": ULID},
    "outcome": "fail",
    "task_ref": "#1",
    "domain": "web",
    "actor": "ada",
    "tags": ["a"],
    "messages": 1,
    "roles": {"user": 1},
    "kinds": {"user_msg": 1},
    "models": ["m"],
    "provider": "p",
    "usage": {
        "input": 0,
        "output": 1,
        "cache_read": 2,
        "cache_write": 3,
        "reasoning": 4,
        "convention": "inclusive",
    },
    "cost": [{"amount": "0.1", "currency": "USD"}],
    "preview": None,
    "files_read": ["a"],
    "files_edited": ["b", "c"],
    "tools": {"Read": 1},
    "fidelity": {"level": "lossy", "reasons": ["why"], "raw": 0, "unknown": 0},
    "source_files": [{"name": "a.jsonl", "bytes": 1, "blake3": "0" * 64}],
    "redactions": 0,
    "files": {"manifest.yaml": 1},
}
REDACTION = {"rule": "key", "seq": 1, "message": ULID, "pointer": "/parts/0", "count": 1}
POLICY = {
    "enabled": True,
    "anonymize": False,
    "files": ["../team.toml"],
    "rules": [
        {
            "id": "lamp-key",
            "description": "A key of a lamp.",
            "regex": "lamp-([0-9]{6})",
            "secretGroup": 1,
            "keywords": ["lamp-"],
        }
    ],
    "disable": ["jwt"],
    "allow": ["^0+$"],
}
ARCHIVE = {
    "format": "1.0",
    "min_reader": "1.0",
    "ignored": ["example:a"],
    "redaction": POLICY,
    "ext": {"a": 1},
}
VALID = {
    "message": MESSAGE,
    "manifest": MANIFEST,
    "summary": SUMMARY,
    "redactions": REDACTION,
    "archive": ARCHIVE,
}
NAMES = ("archive", "manifest", "message", "summary", "redactions")


def judged(value, name, **options):
    return [
        (found.code, found.pointer)
        for found in schema.validate(value, name, "file", line=1, **options)
    ]


@pytest.mark.parametrize("name", NAMES)
def test_schema_is_a_schema_that_nothing_fetches(name):
    from jsonschema import Draft202012Validator

    loaded = schema.load(name)
    Draft202012Validator.check_schema(loaded)
    assert loaded["$id"].endswith(f"/schemas/1.0/{name}.schema.json")
    assert all(reference.startswith("#/") for reference in _values_of(loaded, "$ref"))


def _values_of(value, wanted):
    if isinstance(value, dict):
        for key, member in value.items():
            if key == wanted:
                yield member
            yield from _values_of(member, wanted)
    elif isinstance(value, list):
        for item in value:
            yield from _values_of(item, wanted)


@pytest.mark.parametrize("name", VALID)
def test_valid_values_have_no_findings(name):
    assert not judged(VALID[name], name)
    assert schema.is_valid(VALID[name], name)


@pytest.mark.parametrize("name", [name for name in VALID if name != "message"])
def test_plain_test_knows_valid_values_at_once(name):
    assert schema.is_plainly_valid(VALID[name], name)


def test_plain_test_leaves_to_jsonschema_what_it_does_not_know():
    assert not schema.is_plainly_valid(MESSAGE, "message")
    assert schema.is_plainly_valid({"a": "0" * 64}, "message", "native", "files")


def test_an_item_twice_is_found_by_both():
    value = MANIFEST | {"tags": ["a", "a"]}
    assert not schema.is_plainly_valid(value, "manifest")
    assert judged(value, "manifest") == [("E213", "/tags")]


@pytest.mark.parametrize(
    ("change", "code", "pointer"),
    [
        ({"seq": "1"}, "E505", "/seq"),
        ({"seq": 0}, "E505", "/seq"),
        ({"id": "x"}, "E507", "/id"),
        ({"parent": "x"}, "E507", "/parent"),
        ({"ts": "2026-02-30T00:00:00.000Z"}, "E503", "/ts"),
        ({"ts": "2026-02-28T00:00:00.000Z\n"}, "E503", "/ts"),
        ({"role": "tools"}, "E505", "/role"),
        ({"kind": "user_msg\n"}, "E505", "/kind"),
        ({"sidechain": False}, "E505", "/sidechain"),
        ({"mood~/": 1}, "E518", "/mood~0~1"),
        ({"native": {}}, "E505", "/native"),
        ({"native": {"raw": "x", "style": "ascii"}}, "E505", "/native"),
        ({"native": {"raw": "x", "source": "../x"}}, "E108", "/native/source"),
        ({"native": {"raw": "x", "files": {"/x": "0" * 64}}}, "E108", "/native/files"),
        ({"native": {"raw": "x", "files": {}}}, "E505", "/native/files"),
        ({"cost": {"amount": "1,5", "currency": "USD"}}, "E505", "/cost/amount"),
        ({"usage": {"input": -1, "convention": "inclusive"}}, "E505", "/usage/input"),
    ],
)
def test_a_keyword_names_rule_and_place(change, code, pointer):
    assert judged(MESSAGE | change, "message") == [(code, pointer)]


def test_one_finding_a_place():
    found = judged(MESSAGE | {"id": "x" * 50}, "message")
    assert found == [("E507", "/id")]


def test_every_missing_key_is_one_finding():
    (found,) = schema.validate({"seq": 1}, "message", "file")
    assert found.message == "lacks id or parent or ts or role or kind or actor or parts"
    assert found.hint == RULES["E505"].hint
    assert found.where == "file#"


def test_a_key_of_a_newer_minor_version_is_a_warning():
    value = MESSAGE | {"mood": 1}
    assert judged(value, "message", newer=True) == [("W518", "/mood")]
    assert judged(REDACTION | {"by": 1}, "redactions", newer=True) == [("W617", "/by")]


def test_findings_repeat_little_of_the_file():
    (found,) = schema.validate(MESSAGE | {"role": "secret" * 1000}, "message", "file")
    assert len(found.message) < 200


def test_pattern_is_the_schemas_own():
    assert schema.pattern("message", "ulid") == "[0-7][0-9A-HJKMNP-TV-Z]{25}"


def test_the_package_is_imported_without_jsonschema():
    code = "import sys, sessionfs.verify; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"jsonschema", "ruamel.yaml", "ulid"} & set(done.stdout.split())
