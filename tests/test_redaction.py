"""Secrets are out of a session before its first byte is written, and stay out."""

from __future__ import annotations

import base64
import json
import re
import shutil
from pathlib import Path
from random import Random

import blake3
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import planting
import sessionfs
from claude_logs import SESSION, dumps, log, record
from planted import NEAR_MISSES, RULES, Planted, plant
from planting import PLACES
from sessionfs.errors import SessionfsError
from sessionfs.importer import import_logs as import_into
from sessionfs.redact import known
from sessionfs.redact.messages import Redactor
from test_git import git
from trees import tree

# No scanner of this repository should take them for real.
AWS = "AK" + "IAQX7ZLMN2PRSTUVWY"
OTHER = "AK" + "IAZ4KTWMB6DGHJQ5RS"
PASSWORD = "moth-7-Lantern"  # noqa: S105  nobody's
LONG = ", as it is written on the door of the lantern room"
"""A text that is long enough stands in its message once, and the native record refers to it."""


def said(number: int, text: str, **more: object) -> bytes:
    row = record(4 * number, Random(number), size=20)
    row["message"] = {"role": "user", "content": text}
    return dumps(row | more) + b"\n"


def bring(place: Path, content: bytes, name: str = "archive", **how: object) -> sessionfs.Imported:
    native = place / "native" / f"{SESSION}.jsonl"
    native.parent.mkdir(exist_ok=True)
    native.write_bytes(content)
    (row,) = sessionfs.import_logs([str(native)], archive=str(place / name), **how).sessions
    return row


def policy(place: Path, text: str) -> None:
    sessionfs.init(str(place / "archive"))
    path = place / "archive" / "archive.yaml"
    path.write_text(path.read_text("utf-8") + text, "utf-8")


def texts(place: Path, name: str = "archive") -> list[str]:
    (session,) = sessionfs.open_archive(str(place / name)).sessions()
    return [part.text for message in session.messages() for part in message.parts]


def marks(place: Path) -> list[tuple[str, int, str, int]]:
    (path,) = (place / "archive").rglob("redactions.jsonl")
    rows = map(json.loads, path.read_text("utf-8").splitlines())
    return [(row["rule"], row["seq"], row["pointer"], row["count"]) for row in rows]


def holds(place: Path, secret: str) -> bool:
    return any(secret.encode() in path.read_bytes() for path in place.rglob("*") if path.is_file())


@pytest.mark.parametrize("place", PLACES)
def test_secrets_are_gone_from_every_place(tmp_path: Path, place: str) -> None:
    """A part of the rules for each place; `-m exhaustive` has all of them."""
    check_place(tmp_path, place, RULES[PLACES.index(place) % 8 :: 8])


@pytest.mark.parametrize(
    "place",
    [
        pytest.param(one, marks=pytest.mark.soak if one == "large" else pytest.mark.exhaustive)
        for one in PLACES
    ],
)
def test_secrets_of_every_rule_are_gone_from_every_place(tmp_path: Path, place: str) -> None:
    check_place(tmp_path, place, RULES)


def check_place(tmp_path: Path, place: str, rules: tuple[str, ...]) -> None:
    planted = [each for rule in rules for each in planting.draw(rule, place, 1)]
    path = planting.write(tmp_path / "native", *planting.log(planted, place))
    (row,) = sessionfs.import_logs([str(path)], archive=str(tmp_path / "archive")).sessions
    assert (row.status, row.fidelity) == ("new", "redacted")
    assert planting.left_in(tmp_path / "archive", planted) == []
    assert sessionfs.verify([str(tmp_path / "archive")], mode="deep").ok


def test_near_misses_stay(tmp_path: Path) -> None:
    kept = [text for near in NEAR_MISSES.values() for text in near]
    content = b"".join(said(number, text) for number, text in enumerate(kept))
    row = bring(tmp_path, content)
    assert (row.fidelity, row.redactions) == ("exact", 0)
    assert texts(tmp_path) == kept


def test_every_rule_has_secrets_and_near_misses() -> None:
    from sessionfs.redact.ruleset import DEFAULT, shipped

    rules = shipped(DEFAULT)["rules"]
    assert [rule["id"] for rule in rules] == list(RULES)
    assert all(rule["description"].endswith(".") for rule in rules)
    assert all(len(NEAR_MISSES[rule]) >= 2 for rule in RULES)
    assert len(NEAR_MISSES[""]) >= 60


def test_a_prefilter_matches_wherever_its_rule_does() -> None:
    """In the text, in JSON, and in JSON in JSON; else a look at the line would miss it."""
    from sessionfs.redact.ruleset import load_ruleset

    ruleset = load_ruleset()
    for rule in RULES:
        chance = Random(rule)
        for _ in range(4):
            text = plant(rule, chance).text
            finders = {name for _, _, name in ruleset.find(text.encode())}
            assert finders, rule
            for _level in range(3):
                found = {each.id for each in ruleset.rules_for(text.encode())}
                assert finders <= found, (rule, text)
                text = json.dumps(text, ensure_ascii=False)


def test_a_set_that_fails_in_silence_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    """RE2 tells of no match where a set of patterns runs out of memory."""
    from sessionfs.redact.patterns import Patterns
    from sessionfs.redact.ruleset import load_ruleset

    ruleset = load_ruleset()
    monkeypatch.setattr(Patterns, "found_in", lambda *_: [])
    assert [rule for *_, rule in ruleset.find(AWS.encode())] == ["aws-access-key-id"]


def test_one_secret_has_one_placeholder(tmp_path: Path) -> None:
    first = f"use {AWS}, not {OTHER}"
    row = bring(tmp_path, said(0, first) + said(1, f"again {OTHER} and {AWS}"))
    one, other = "[REDACTED:aws-access-key-id#1]", "[REDACTED:aws-access-key-id#2]"
    assert texts(tmp_path) == [f"use {one}, not {other}", f"again {other} and {one}"]
    assert marks(tmp_path) == [
        ("aws-access-key-id", 1, "/parts/0/text", 2),
        ("aws-access-key-id", 2, "/parts/0/text", 2),
    ]
    assert row.redactions == 4


def test_what_is_known_late_is_removed_everywhere(tmp_path: Path) -> None:
    early = said(0, f"the door says {PASSWORD}") + said(1, "and it opens")
    late = said(2, f"export DOOR_PASSWORD={PASSWORD}")
    assert bring(tmp_path, early).fidelity == "exact"
    assert holds(tmp_path / "archive", PASSWORD)
    row = bring(tmp_path, early + late)
    assert (row.status, row.redactions, row.messages) == ("rewritten", 2, 3)
    assert not holds(tmp_path / "archive", PASSWORD)
    bring(tmp_path, early + late, "once")
    assert tree(tmp_path / "archive") == tree(tmp_path / "once")
    assert bring(tmp_path, early + late).status == "unchanged"


def test_a_weak_secret_is_removed_only_where_it_is_one(tmp_path: Path) -> None:
    bring(tmp_path, said(0, "postgres://postgres:postgres@db/app") + said(1, "postgres is up"))
    text, other = texts(tmp_path)
    assert text == "postgres://postgres:postgres@db/app" or "[REDACTED:" in text
    assert other == "postgres is up"


def test_no_digest_of_what_was_removed(tmp_path: Path) -> None:
    content = said(0, f"export DOOR_PASSWORD={PASSWORD}") + said(1, "done")
    bring(tmp_path, content)
    unwanted = [content, content.splitlines()[0], PASSWORD.encode()]
    for held in unwanted:
        assert not holds(tmp_path / "archive", blake3.blake3(held).hexdigest()[:16])
    (session,) = sessionfs.open_archive(str(tmp_path / "archive")).sessions()
    restored = b"".join(session.restore())
    assert restored == content.replace(PASSWORD.encode(), b"[REDACTED:env-secret#1]")
    (source,) = session.summary.source_files
    assert source.blake3 == blake3.blake3(restored).hexdigest()


def test_an_unchanged_log_is_known_without_the_cache(tmp_path: Path) -> None:
    content = said(0, f"export DOOR_PASSWORD={PASSWORD}") + said(1, f"{AWS} too")
    bring(tmp_path, content)
    before = tree(tmp_path / "archive")
    shutil.rmtree(tmp_path / "archive" / ".cache")
    assert bring(tmp_path, content).status == "unchanged"
    assert bring(tmp_path, content[:-30]).status == "unchanged"  # torn, and shorter
    assert tree(tmp_path / "archive") == before


def test_what_was_exported_is_the_same_session(tmp_path: Path) -> None:
    bring(tmp_path, said(0, f"export DOOR_PASSWORD={PASSWORD}") + said(1, "done"))
    (session,) = sessionfs.open_archive(str(tmp_path / "archive")).sessions()
    assert bring(tmp_path, b"".join(session.restore())).status == "unchanged"


def test_a_fork_of_a_redacted_session(tmp_path: Path) -> None:
    same = said(0, f"export DOOR_PASSWORD={PASSWORD}")
    bring(tmp_path, same + said(1, "left") + said(2, "and on"))
    row = bring(tmp_path, same + said(1, f"right {AWS}") + said(3, "and on"))
    assert row.status == "forked"
    assert not holds(tmp_path / "archive", AWS)
    # The id is made of the differing line as it is written.
    line = (
        said(1, f"right {AWS}")
        .rstrip(b"\n")
        .replace(AWS.encode(), b"[REDACTED:aws-access-key-id#1]")
    )
    assert row.uid.endswith("#" + blake3.blake3(line).hexdigest()[:16])
    assert bring(tmp_path, same + said(1, f"right {AWS}") + said(3, "and on")).status == "unchanged"


OWN = """redaction:
  rules:
    -
      id: "lamp-key"
      regex: "lamp-[0-9]{6}"
      keywords:
        - "lamp-"
"""


@pytest.mark.parametrize("how", [{}, {"redact": False}, {"rewrite": True}])
def test_a_redaction_is_never_undone(tmp_path: Path, how: dict[str, bool]) -> None:
    """The rule that found it is gone; the log still has the secret, and says it once more."""
    policy(tmp_path, OWN)
    begun = said(0, f"open lamp-123456 now{LONG}") + said(1, "done")
    bring(tmp_path, begun)
    assert texts(tmp_path) == [f"open [REDACTED:lamp-key#1] now{LONG}", "done"]
    path = tmp_path / "archive" / "archive.yaml"
    path.write_text(path.read_text("utf-8").replace(OWN, ""), "utf-8")
    row = bring(tmp_path, begun + said(2, f"again lamp-123456{LONG}"), **how)
    assert row.status == ("rewritten" if how.get("rewrite") else "extended")
    assert texts(tmp_path)[0] == f"open [REDACTED:lamp-key#1] now{LONG}"
    assert texts(tmp_path)[2] == f"again [REDACTED:lamp-key#1]{LONG}"
    assert [mark[1:] for mark in marks(tmp_path)] == [
        (1, "/parts/0/text", 1),
        (3, "/parts/0/text", 1),
    ]
    assert sessionfs.verify([str(tmp_path / "archive")]).ok


def test_rules_of_a_team_and_what_it_allows(tmp_path: Path) -> None:
    (tmp_path / "team.toml").write_text(
        "[[rules]]\nid = 'lamp-key'\nregex = '(?i)LAMP-([0-9]{6})'\nkeywords = ['lamp-']\n"
        "[[rules.allowlists]]\nregexes = ['^0+$']\n"
        "[[rules]]\nid = 'by-path'\npath = 'x'\n",
        "utf-8",
    )
    policy(
        tmp_path,
        'redaction:\n  files:\n    - "../team.toml"\n  disable:\n    - "aws-access-key-id"\n'
        f'  allow:\n    - "^{PASSWORD}$"\n',
    )
    bring(
        tmp_path,
        said(0, f"Lamp-123456 lamp-000000 {AWS} DOOR_PASSWORD={PASSWORD} DOOR_PASSWORD=moth-8-Lid"),
    )
    (told,) = texts(tmp_path)
    assert told == (
        f"Lamp-[REDACTED:lamp-key#1] lamp-000000 {AWS} DOOR_PASSWORD={PASSWORD} "
        "DOOR_PASSWORD=[REDACTED:env-secret#1]"
    )


@pytest.mark.parametrize(
    ("text", "said_"),
    [
        ('redaction:\n  rules:\n    -\n      id: "x"\n      regex: "(?=a)"\n', "rule x"),
        ('redaction:\n  rules:\n    -\n      id: "x"\n      regex: "a{2000}"\n', "rule x"),
        ('redaction:\n  allow:\n    - "("\n', "`allow` in archive.yaml"),
        ('redaction:\n  files:\n    - "nowhere.toml"\n', "nowhere.toml"),
        ('redaction:\n  disable:\n    - "no-such-rule"\n', "no-such-rule"),
        ("redaction:\n  enabled: 1\n", "E213"),
        ('redaction:\n  off: "true"\n', "E213"),
    ],
)
def test_rules_that_cannot_be_used_stop_everything(tmp_path: Path, text: str, said_: str) -> None:
    policy(tmp_path, text)
    before = tree(tmp_path / "archive")
    with pytest.raises(SessionfsError, match=re.escape(said_)) as told:
        bring(tmp_path, said(0, "hello"))
    assert told.value.hint
    assert tree(tmp_path / "archive") == before


def test_more_secrets_than_can_be_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known, "MAX_SECRETS", 1)
    row = bring(tmp_path, said(0, f"{AWS} {OTHER}"))
    assert row.status == "skipped"
    assert "secrets" in row.reason
    assert not list((tmp_path / "archive").rglob("manifest.yaml"))
    assert not holds(tmp_path / "archive", AWS)


def test_an_interrupted_scan_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Redactor, "_clear", stop)
    with pytest.raises(KeyboardInterrupt):
        bring(tmp_path, said(0, "hello") + said(1, AWS))
    monkeypatch.undo()
    assert not list((tmp_path / "archive").rglob("manifest.yaml"))
    assert not holds(tmp_path / "archive", AWS)


def test_nothing_is_written_before_all_is_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also a password that only the last line tells is in no file at any time."""
    from sessionfs.disk import steps

    write = steps.write

    def watch(descriptor: int, content: bytes) -> None:
        assert PASSWORD.encode() not in content
        write(descriptor, content)

    monkeypatch.setattr(steps, "write", watch)
    content = said(0, f"it is {PASSWORD}{LONG}") + said(1, f"DOOR_PASSWORD={PASSWORD} {LONG}")
    assert bring(tmp_path, content).redactions == 2


def test_without_redaction_the_log_comes_back(tmp_path: Path) -> None:
    content = said(0, f"DOOR_PASSWORD={PASSWORD}")
    assert bring(tmp_path, content, redact=False).fidelity == "exact"
    (session,) = sessionfs.open_archive(str(tmp_path / "archive")).sessions()
    assert b"".join(session.restore()) == content


def test_the_policy_may_say_no(tmp_path: Path) -> None:
    policy(tmp_path, "redaction:\n  enabled: false\n")
    assert bring(tmp_path, said(0, AWS)).fidelity == "exact"


def test_people_and_machines(tmp_path: Path) -> None:
    text = (
        "/home/ada/lantern and C:\\Users\\ada\\x, -home-ada-lantern, ada@lantern.dev wrote to"
        " ada@lantern.dev from ada@workbench:~/x and db.lantern.internal; git@github.com stays"
    )
    content = said(0, text)
    row = bring(tmp_path, content, anonymize=True)
    (told,) = texts(tmp_path)
    assert told == (
        "~/lantern and ~\\x, -home-[REDACTED:user-name#1]-lantern, [REDACTED:email-address#1]"
        " wrote to [REDACTED:email-address#1] from ada@[REDACTED:host-name#1]:~/x and"
        " [REDACTED:host-name#2]; git@github.com stays"
    )
    assert row.fidelity == "redacted"
    assert not holds(tmp_path / "archive", "/home/")
    assert bring(tmp_path, content, anonymize=True).status == "unchanged"
    assert bring(tmp_path, content + said(1, "more")).status == "extended"


def test_the_manifest_too(tmp_path: Path) -> None:
    row = said(0, "hello", gitBranch=f"try-{AWS}")
    bring(tmp_path, row)
    (session,) = sessionfs.open_archive(str(tmp_path / "archive")).sessions()
    assert session.manifest.workspace.branch == "try-[REDACTED:aws-access-key-id#1]"
    assert ("aws-access-key-id", None, "/workspace/branch", 1) in marks(tmp_path)
    assert sessionfs.verify([str(tmp_path / "archive")]).ok


def test_a_key_of_an_object(tmp_path: Path) -> None:
    bring(tmp_path, said(0, "hello", tomorrow={f"{AWS} and more": {"a": 1}, OTHER: 2}))
    assert not holds(tmp_path / "archive", AWS)
    one, other = "[REDACTED:aws-access-key-id#1]", "[REDACTED:aws-access-key-id#2]"
    assert [mark[2] for mark in marks(tmp_path)] == [
        f"/native/record/tomorrow/{one} and more",
        f"/native/record/tomorrow/{other}",
    ]


def test_a_key_tells_what_its_value_is(tmp_path: Path) -> None:
    """Also where the same text stands in the message, so that the record only refers to it."""
    bring(tmp_path, said(0, PASSWORD, login={"doorPassword": PASSWORD}))
    assert not holds(tmp_path / "archive", PASSWORD)


def test_text_that_no_longer_fits_goes_to_a_file(tmp_path: Path) -> None:
    """Placeholders are longer than what they stand for."""
    line = f"DOOR_PASSWORD={PASSWORD} "
    text = line * (262_144 // len(line))
    bring(tmp_path, said(0, text))
    (session,) = sessionfs.open_archive(str(tmp_path / "archive")).sessions()
    (message,) = session.messages()
    placed = text.replace(PASSWORD, "[REDACTED:env-secret#1]")
    assert session.file(message.parts[0].file).decode() == placed
    assert b"".join(session.restore()) == said(0, text).replace(
        PASSWORD.encode(), b"[REDACTED:env-secret#1]"
    )
    assert sessionfs.verify([str(tmp_path / "archive")], mode="deep").ok


@pytest.mark.parametrize(
    "line",
    [
        b'{"bad": "\xff\xfe ' + AWS.encode() + b'"}\n',
        b"\0\0 " + AWS.encode() + b"\n",
        b'{"a": "' + b"lamp " * 60_000 + AWS.encode() + b'", "a": 1}\n',
        b'{"key": "\\u0041' + AWS[1:].encode() + b'"}\n',
        b'{"key": "{\\"key\\": \\"\\\\u0041' + AWS[1:].encode() + b'\\"}"}\n',
    ],
    ids=["no UTF-8", "NUL", "a raw file", "escaped", "escaped in JSON in JSON"],
)
def test_lines_that_are_hard_to_read(tmp_path: Path, line: bytes) -> None:
    row = bring(tmp_path, said(0, "hello") + line)
    assert row.redactions >= 1
    assert not holds(tmp_path / "archive", AWS)
    assert not holds(tmp_path / "archive", AWS[1:])
    assert sessionfs.verify([str(tmp_path / "archive")], mode="deep").ok
    assert bring(tmp_path, said(0, "hello") + line).status == "unchanged"


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "utf-16"])
def test_files_beside_the_log(tmp_path: Path, encoding: str) -> None:
    planted = [Planted(f"DOOR_PASSWORD={PASSWORD} für alle", PASSWORD)]
    content, beside = planting.log(planted, "beside")
    beside = {name: held.decode().encode(encoding) for name, held in beside.items()}
    path = planting.write(tmp_path / "native", content, beside)
    (row,) = sessionfs.import_logs([str(path)], archive=str(tmp_path / "archive")).sessions
    assert row.redactions >= 1
    (session,) = sessionfs.open_archive(str(tmp_path / "archive")).sessions()
    (address,) = {
        address for m in session.messages() for address in m.native.get("files", {}).values()
    }
    told = session.file(address).decode(encoding)
    assert told == "DOOR_PASSWORD=[REDACTED:env-secret#1] für alle"
    (again,) = sessionfs.import_logs(
        [str(path)], archive=str(tmp_path / "archive"), rewrite=True, redact=False
    ).sessions
    assert again.status == "unchanged"


def test_a_commit_proves_what_was_taken_out_and_what_came_back(tmp_path: Path) -> None:
    place = tmp_path / "repository"
    place.mkdir()
    git(place, "init", "--quiet")
    content = said(0, f"it is {PASSWORD}{LONG}", note={f"{AWS} of us": "x"})
    content += said(1, f"DOOR_PASSWORD={PASSWORD} {LONG} in /home/ada/lantern")
    native = tmp_path / "native" / f"{SESSION}.jsonl"
    native.parent.mkdir()
    native.write_bytes(content)
    archive = str(place / ".sessions")
    sessionfs.import_logs([str(native)], archive=archive, redact=False)
    git(place, "add", ".")
    git(place, "commit", "--quiet", "-m", "plain")
    plain = tmp_path / "plain"
    shutil.copytree(archive, plain)
    (cleared,) = sessionfs.redact([], archive, anonymize=True)
    assert cleared.removed > 3
    assert not holds(place / ".sessions", PASSWORD)
    assert sessionfs.verify([archive], against="HEAD", mode="deep").findings == []
    git(place, "add", ".")
    git(place, "commit", "--quiet", "-m", "redacted")
    assert sessionfs.redact([], archive, anonymize=True) == []
    (row,) = sessionfs.import_logs([str(native)], archive=archive).sessions
    assert row.status == "unchanged"
    shutil.rmtree(place / ".sessions" / "2026")
    shutil.copytree(plain / "2026", place / ".sessions" / "2026")
    codes = {found.code for found in sessionfs.verify([archive], against="HEAD").findings}
    assert "E714" in codes


def test_what_people_said_of_a_session(tmp_path: Path) -> None:
    bring(tmp_path, said(0, "hello"))
    archive = str(tmp_path / "archive")
    sessionfs.edit("01", {"title": f"with {AWS}"}, archive)
    (manifest,) = (tmp_path / "archive").rglob("manifest.yaml")
    manifest.write_text(manifest.read_text("utf-8") + f"# and {OTHER}\n", "utf-8")
    sessionfs.seal([], archive)
    report, _ = sessionfs.check_secrets([archive])
    assert {found.path.rpartition("/")[2] for found in report.findings} == {"manifest.yaml"}
    assert [row.removed for row in sessionfs.redact([], archive)] == [2]
    text = manifest.read_text("utf-8")
    assert 'title: "with [REDACTED:aws-access-key-id#1]"' in text
    assert "# and [REDACTED:aws-access-key-id#2]" in text
    assert sessionfs.verify([archive], mode="deep").ok


def pem(seed: int, lines: int = 5) -> str:
    """Return a private key that opens nothing."""
    digits = "ABCDEFabcdef0123456789+/"
    body = ("".join(Random(f"{seed} {n}").choices(digits, k=64)) for n in range(lines))
    head = "PRIVATE" + " KEY-----"
    return "\n".join((f"-----BEGIN {head}", *body, f"-----END {head}"))


def test_a_rule_without_keywords_beside_the_others(tmp_path: Path) -> None:
    policy(tmp_path, 'redaction:\n  rules:\n    -\n      id: "x"\n      regex: "lamp-[0-9]{6}"\n')
    text = f"lamp-123456 and {AWS} and DOOR_PASSWORD={PASSWORD}{LONG}"
    assert bring(tmp_path, said(0, text)).redactions == 3


def test_what_only_looks_like_a_reference(tmp_path: Path) -> None:
    odd = {"a": {"$ref": f"x {AWS}"}, "b": {"$lit": {"$ref": OTHER}}}
    bring(tmp_path, said(0, "hello", tomorrow=odd))
    assert not holds(tmp_path / "archive", AWS)
    assert not holds(tmp_path / "archive", OTHER)


def test_nothing_is_learned_where_it_could_be_one_or_another(tmp_path: Path) -> None:
    """What stands between two keys also begins a certificate, which is public."""
    public = "-----BEGIN CERTIFICATE-----\nMIIabc\n-----END CERTIFICATE-----\nand again "
    begun = said(0, f"{pem(1)}\n{pem(2)}")
    whole = begun + said(1, public + pem(1))
    for content, name in ((begun, "archive"), (whole, "archive"), (whole, "once")):
        bring(tmp_path, content, name)
    assert tree(tmp_path / "archive") == tree(tmp_path / "once")
    assert texts(tmp_path)[1] == f"{public}[REDACTED:private-key#1]"


def test_a_placeholder_in_the_manifest_keeps_its_number(tmp_path: Path) -> None:
    bring(tmp_path, said(0, "hello"))
    archive = str(tmp_path / "archive")
    sessionfs.edit("01", {"notes": f"with {AWS}"}, archive)
    sessionfs.redact([], archive)
    bring(tmp_path, said(0, "hello") + said(1, f"another, {OTHER}{LONG}"))
    assert texts(tmp_path)[1] == f"another, [REDACTED:aws-access-key-id#2]{LONG}"


def test_a_document_that_describes_the_log(tmp_path: Path) -> None:
    agents = tmp_path / "native" / SESSION / "subagents"
    agents.mkdir(parents=True)
    line = {"sessionId": SESSION, "agentId": "a1", "isSidechain": True}
    begun = said(0, f"begin{LONG}", **line)
    path = agents / "agent-a1.jsonl"
    meta = {"agentType": "x", "description": f"use {AWS}", "toolUseId": "toolu_1"}
    (agents / "agent-a1.meta.json").write_bytes(dumps(meta))
    for more in (b"", said(1, f"{AWS}, not {OTHER}{LONG}", **line)):
        path.write_bytes(begun + more)
        (row,) = sessionfs.import_logs([str(path)], archive=str(tmp_path / "archive")).sessions
    assert row.status == "extended"
    (session,) = sessionfs.open_archive(str(tmp_path / "archive")).sessions()
    told = b"".join(line for _, line in session.native_lines()).decode()
    one, other = "[REDACTED:aws-access-key-id#1]", "[REDACTED:aws-access-key-id#2]"
    assert f"use {one}" in told
    assert f"{one}, not {other}{LONG}" in told


def test_a_wrapped_secret_beside_a_backslash_or_in_json(tmp_path: Path) -> None:
    before = 'echo "foo\\nbar" && '
    line = before + "y" * (71 - len(before)) + " " + AWS[:8] + "\n" + AWS[8:]
    wrapped = "x" * 71 + " " + OTHER[:8] + "\n" + OTHER[8:]
    row = bring(tmp_path, said(0, line) + said(1, json.dumps({"stdout": wrapped})))
    assert row.redactions == 2


def test_what_people_wrote_holds_what_is_known_late(tmp_path: Path) -> None:
    bring(tmp_path, said(0, "hello"))
    sessionfs.edit("01", {"notes": f"the door says {PASSWORD}"}, str(tmp_path / "archive"))
    row = bring(tmp_path, said(0, "hello") + said(1, f"DOOR_PASSWORD={PASSWORD}{LONG}"))
    assert (row.status, row.redactions) == ("extended", 2)
    assert not holds(tmp_path / "archive", PASSWORD)
    assert ("env-secret", None, "/notes", 1) in marks(tmp_path)
    assert sessionfs.verify([str(tmp_path / "archive")]).ok


def test_two_secrets_that_begin_alike() -> None:
    """The longer one, bare, is not taken for the shorter one."""
    from sessionfs.redact.known import Known

    known, short = Known(), b"k1-" + b"Lamp" * 150
    for secret in (short, short + b"Lantern"):
        known.name(secret, "key")
    assert {name for _, _, name in known.find(b"x " + short + b"Lantern")} == {
        "[REDACTED:key#1]",
        "[REDACTED:key#2]",
    }


def test_a_long_secret(tmp_path: Path) -> None:
    key = pem(3, 4000)
    row = bring(tmp_path, said(0, key) + said(1, f"again\n{key}"))
    assert row.status == "new"
    assert not holds(tmp_path / "archive", key.splitlines()[2])


def test_a_key_that_is_a_known_secret(tmp_path: Path) -> None:
    bring(tmp_path, said(0, f"DOOR_PASSWORD={PASSWORD}") + said(1, "x", tomorrow={PASSWORD: 1}))
    assert not holds(tmp_path / "archive", PASSWORD)


@pytest.mark.parametrize("encoding", ["utf-8", "latin-1", "utf-16"])
def test_a_document_in_base64(tmp_path: Path, encoding: str) -> None:
    data = base64.b64encode(f"Tür: {AWS}".encode(encoding)).decode()
    source = {"type": "base64", "media_type": "text/plain", "data": data}
    row = json.loads(said(0, "x"))
    row["message"]["content"] = [{"type": "document", "source": source}]
    content = dumps(row) + b"\n"
    assert bring(tmp_path, content).fidelity == "redacted"
    assert not holds(tmp_path / "archive", data)
    assert bring(tmp_path, content).status == "unchanged"
    assert sessionfs.verify([str(tmp_path / "archive")], mode="deep").ok


def test_a_damaged_session_is_not_searched(tmp_path: Path) -> None:
    bring(tmp_path, log(600))
    next((tmp_path / "archive").rglob("messages-00000257.jsonl")).unlink()
    with pytest.raises(SessionfsError, match="E102"):
        sessionfs.check_secrets([str(tmp_path / "archive")])


def test_rules_of_any_shape(tmp_path: Path) -> None:
    for text in (
        "rules = 5",
        "[[rules]]\nid = 5\nregex = 'a'",
        "allowlist = 5",
        "[" * 5000,
        "\xff",
    ):
        (tmp_path / "team.toml").write_bytes(text.encode("latin-1"))
        policy_text = 'redaction:\n  files:\n    - "../team.toml"\n'
        shutil.rmtree(tmp_path / "archive", ignore_errors=True)
        policy(tmp_path, policy_text)
        with pytest.raises(SessionfsError, match=r"team\.toml"):
            bring(tmp_path, said(0, "hello"))


def story(chance: Random) -> list[bytes]:
    """Return the lines of a log in which secrets come and go, some before they are known."""
    secrets = [f"{word}-{chance.randrange(10)}-Lantern" for word in ("moth", "fox", "owl")]
    keys = [AWS, OTHER]
    lines = []
    for number in range(chance.randrange(4, 12)):
        text = chance.choice(
            (
                f"say {chance.choice(secrets)} aloud",
                f"export DOOR_PASSWORD={chance.choice(secrets)}",
                f"use {chance.choice(keys)}",
                "nothing to see",
                f"{chance.choice(keys)}{chance.choice(secrets)}",
            )
        )
        lines.append(said(number, text))
    return lines


@pytest.mark.parametrize("seed", range(4))
def test_step_by_step_is_the_same_as_at_once(tmp_path: Path, seed: int) -> None:
    check_steps(tmp_path, seed)


@pytest.mark.exhaustive
@pytest.mark.parametrize("seed", range(4, 20))
def test_step_by_step_is_the_same_as_at_once_for_many(tmp_path: Path, seed: int) -> None:
    check_steps(tmp_path, seed)


def check_steps(tmp_path: Path, seed: int) -> None:
    chance = Random(seed)
    lines = story(chance)
    whole = b"".join(lines)
    cuts = sorted(chance.sample(range(1, len(whole)), 3))
    ends = [sum(map(len, lines[: number + 1])) for number in range(len(lines))]
    for cut in [*cuts, chance.choice(ends), len(whole)]:
        row = bring(tmp_path, whole[:cut])
        assert row.status != "forked", row
    bring(tmp_path, whole, "once")
    assert tree(tmp_path / "archive") == tree(tmp_path / "once")
    assert sessionfs.verify([str(tmp_path / "archive")]).ok


def test_only_the_redactor_makes_what_may_be_written() -> None:
    package = Path(sessionfs.__file__).parent
    makers = {
        path.relative_to(package).as_posix()
        for path in package.rglob("*.py")
        if re.search(r"\bRedacted\(", path.read_text("utf-8"))
    }
    assert makers == {"redact/messages.py"}
    assert import_into.__kwdefaults__.keys() == {"rewrite", "advance"}  # rules must be given


@settings(max_examples=20, deadline=None)
@given(st.text(max_size=200), st.sampled_from(["{}", "KEY={}", '{{"k": "{}"}}', "\x1b[1m{}"]))
def test_redacting_twice_is_redacting_once(text: str, form: str) -> None:
    from sessionfs.redact.known import Known
    from sessionfs.redact.ruleset import load_ruleset
    from sessionfs.redact.texts import Remover
    from sessionfs.redact.values import Values

    remover = Remover(load_ruleset(), Known())
    once = Values(remover).text(f"{text} {form.format(AWS)} DOOR_PASSWORD={PASSWORD}", "")
    again = Values(remover)
    assert AWS not in once
    assert again.text(once, "") == once
    assert not again.removed


def test_a_log_of_many_records_is_not_held(tmp_path: Path) -> None:
    """One secret at the end of a log of many segments; everything before stays as it was."""
    content = log(600)
    bring(tmp_path, content)
    before = {p.name: p.read_bytes() for p in (tmp_path / "archive").rglob("messages-*.jsonl")}
    row = bring(tmp_path, content + said(700, f"DOOR_PASSWORD={PASSWORD}"))
    assert (row.status, row.redactions) == ("extended", 1)
    after = {p.name: p.read_bytes() for p in (tmp_path / "archive").rglob("messages-*.jsonl")}
    closed = sorted(before)[:-1]
    assert {name: after[name] for name in closed} == {name: before[name] for name in closed}
