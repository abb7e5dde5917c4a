"""The spec, the rule table, the schemas, the registry and the model say the same.

The parts of the spec that are procedures (ids, numbers, restoring, the derived files) are written
here a second time, from the spec's text alone, and run on the spec's own examples.
"""

import base64
import json
import math
import re
import struct
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest
from blake3 import blake3
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

import sessionfs
from conftest import beside
from scripted import Claude, Desk
from sessionfs import archive, canonical, identity, model, writer, yamltext
from sessionfs.adapters import GROUP
from sessionfs.check.explanation import explain
from sessionfs.check.proof import prove_message
from sessionfs.placeholder import PLACEHOLDER
from sessionfs.provenance.trailers import parse_trailers
from sessionfs.restore import restore_record
from sessionfs.rules import RULES
from sessionfs.summary import encode_summary
from sessionfs.tree import MemoryTree
from sessionfs.verify import verify_tree

SCHEMAS = ("archive", "manifest", "message", "summary", "redactions")
BASE = "https://sessionfs-archive.readthedocs.io/schemas/1.0/"
CAN_FAIL = frozenset(
    "type enum const pattern minLength maxLength minimum maximum required minItems maxItems"
    " uniqueItems minProperties maxProperties not anyOf dependentRequired".split()
)
APPLICATORS = ("properties", "$defs")


def schema(name: str) -> dict[str, Any]:
    text = (beside("schemas") / "1.0" / f"{name}.schema.json").read_text("utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def spec(name: str = "sessionfs.md") -> str:
    return (beside("spec") / name).read_text("utf-8")


class Example(NamedTuple):
    """A fenced block of the spec: what it holds, the rule it breaks, where it stands."""

    kind: str
    bad: str | None
    body: str
    line: int

    @property
    def lines(self) -> list[str]:
        return self.body.splitlines()


def examples(kind: str) -> list[Example]:
    """The spec's blocks of one kind: at least one."""
    text = spec()
    found = [
        Example(match[1], match[2], match[3], text.count("\n", 0, match.start()) + 1)
        for match in re.finditer(
            r"^```(?:json|yaml|text) ([a-z -]+?)(?: bad ([EW]\d{3}))?\n(.*?)^```$",
            text,
            re.MULTILINE | re.DOTALL,
        )
    ]
    chosen = [example for example in found if example.kind == kind]
    assert chosen, f"no example of {kind}"
    return chosen


def the(kind: str) -> Example:
    (example,) = examples(kind)
    return example


def codes(value: object, against: dict[str, Any]) -> set[str]:
    """The rules that a value breaks, by the look-up that the spec describes."""
    errors = Draft202012Validator(against).iter_errors(value)
    return {error.schema["x-rules"][error.validator] for error in errors}


# Rules


def test_the_spec_and_the_table_have_the_same_rules() -> None:
    written = re.findall(
        r'^- <a id="([EW]\d{3})"></a>\*\*([EW]\d{3})\*\* (.*)\n(?:  > Why\? (.*)\n)?',
        spec(),
        re.MULTILINE,
    )
    assert [(anchor, why) for anchor, code, _, why in written if anchor != code] == []
    assert {code: (sentence, why) for _, code, sentence, why in written} == {
        code: (rule.sentence, rule.why) for code, rule in RULES.items()
    }
    assert len(written) == len(RULES)


def test_a_rule_is_one_sentence_with_one_keyword() -> None:
    for code, rule in RULES.items():
        word, level = ("MUST", "error") if code[0] == "E" else ("SHOULD", "warning")
        assert re.findall(r"\b(?:MUST|SHALL|SHOULD|REQUIRED|MAY|OPTIONAL)\b", rule.sentence) == [
            word
        ], code
        assert (rule.code, rule.level) == (code, level)
        assert rule.hint.endswith(".")
        assert rule.sentence.endswith(".")


def test_keywords_stand_only_in_rules() -> None:
    prose = re.sub(r"^```.*?^```$", "", spec(), flags=re.MULTILINE | re.DOTALL)
    prose = re.sub(r'^- <a id="[EW]\d{3}">.*$', "", prose, flags=re.MULTILINE)
    prose = re.sub(r"^The words MUST.*$", "", prose, count=1, flags=re.MULTILINE)
    prose = re.sub(r"^A rule has a code:.*$", "", prose, count=1, flags=re.MULTILINE)
    assert not re.findall(r"\b(?:MUST|SHALL|SHOULD|REQUIRED|MAY|OPTIONAL)\b", prose)


def test_every_code_in_the_text_is_a_rule() -> None:
    for name in ("sessionfs.md", "registry.md", "notes.md", "hazards.md"):
        assert set(re.findall(r"\b[EW]\d{3}\b", spec(name))) <= {*RULES}, name


def test_every_rule_finds_a_hazard() -> None:
    """`hazards.md` has a line for each, and none without a rule or a reason."""
    rows = re.findall(r"^\| (.+?) \| ([^|]+) \|$", spec("hazards.md"), re.MULTILINE)
    found = [cell for hazard, cell in rows if hazard != "hazard" and not hazard.startswith("-")]
    assert len(found) > 100
    assert {*RULES} - {
        code for cell in found for code in re.findall(r"\b[EW]\d{3}\b", cell)
    } == set()
    assert [cell for cell in found if not re.match(r"[EW]\d{3}\b|none[ :]", cell)] == []


def test_every_rule_is_enforced() -> None:
    """A schema names it, or the code that looks for it does; a schema's W is its E, in a newer
    minor version."""
    package = Path(sessionfs.__file__).parent
    sources = [path.read_text("utf-8") for path in package.rglob("*.py") if path.stem != "rules"]
    in_code = set(re.findall(r'"([EW]\d{3})"', "".join(sources)))
    in_schemas = set(re.findall(r'"([EW]\d{3})"', "".join(map(json.dumps, map(schema, SCHEMAS)))))
    enforced = in_code | in_schemas | {f"W{code[1:]}" for code in in_schemas}
    assert set(RULES) <= enforced
    assert in_code | in_schemas <= set(RULES)


def test_links_inside_the_spec_lead_somewhere() -> None:
    text = spec()
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
    assert set(re.findall(r"\]\(#([^)]+)\)", text)) <= anchors | {*RULES}
    assert set(re.findall(r"\(sessionfs\.md#([^)]+)\)", spec("registry.md"))) <= anchors


# Schemas


def subschemas(value: object, pointer: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Each schema object that can fail; conditions (`if`, `not`, `anyOf`) never fail themselves."""
    if not isinstance(value, dict):
        return
    yield pointer, value
    for name in APPLICATORS:
        for key, inner in value.get(name, {}).items():
            yield from subschemas(inner, f"{pointer}/{name}/{key}")
    for name in ("items", "additionalProperties", "propertyNames", "then", "else"):
        yield from subschemas(value.get(name), f"{pointer}/{name}")
    for number, inner in enumerate(value.get("allOf", ())):
        yield from subschemas(inner, f"{pointer}/allOf/{number}")


@pytest.mark.parametrize("name", SCHEMAS)
def test_each_constraint_names_its_rule(name: str) -> None:
    for pointer, inner in subschemas(schema(name)):
        constraints = {key for key in inner if key in CAN_FAIL}
        if inner.get("additionalProperties") is False:
            constraints.add("additionalProperties")
        rules = inner.get("x-rules", {})
        assert set(rules) == constraints, pointer
        assert set(rules.values()) <= set(RULES), pointer


@pytest.mark.parametrize("name", SCHEMAS)
def test_schemas_are_hygienic(name: str) -> None:
    value = schema(name)
    Draft202012Validator.check_schema(value)
    assert value["$id"] == f"{BASE}{name}.schema.json"
    text = json.dumps(value)
    assert '"format":' not in text.replace('"format": {"$ref"', "")
    assert "oneOf" not in text
    assert all(target.startswith("#/$defs/") for target in re.findall(r'"\$ref": "([^"]*)"', text))
    used = set(re.findall(r'"#/\$defs/(\w+)"', text))
    assert used == set(value.get("$defs", {}))
    for pointer, inner in subschemas(value):
        pattern = inner.get("pattern")
        if pattern is not None:
            assert pattern.startswith("^"), pointer
            assert "maxLength" in inner, pointer
            assert not re.search(r"\\[dDwWsSbB]", pattern), pointer
            fixed = re.fullmatch(r"\^(?:[^*+?]|\(\?)*\$", pattern)
            assert fixed or pattern.endswith("$(?!\\n)"), pointer
        if inner.get("type") == "object" and "properties" in inner and "allOf" not in inner:
            assert inner.get("additionalProperties") is False, pointer


@pytest.mark.parametrize("name", SCHEMAS)
def test_no_pattern_admits_a_final_line_feed(name: str) -> None:
    """Python's `$` also matches before one."""
    seen = {
        "ulid": "01KAP4FZJ300000000000000AA",
        "digest": "0" * 64,
        "timestamp": "2026-11-22T10:31:07.123Z",
    }
    for pointer, inner in subschemas(schema(name)):
        sample = seen.get(pointer.rpartition("/")[2])
        if "pattern" in inner and sample is not None:
            assert codes(sample, inner) == set()
            assert codes(sample + "\n", inner), pointer


# Examples


def message_codes(line: str) -> set[str]:
    """The rules that one line breaks by itself: the schema's, or the encoding."""
    found = codes(json.loads(line), schema("message"))
    if not found and model.encode_message(model.decode_message(line.encode())) != line.encode():
        found = {"E410"}
    return found


def test_message_examples() -> None:
    for example in examples("message"):
        for line in example.lines:
            assert message_codes(line) == ({example.bad} if example.bad else set()), line


def test_the_slow_path_says_of_a_bad_example_what_the_spec_says() -> None:
    for example in examples("message"):
        for line in example.lines:
            found = explain(line.encode(), "x", 1, "message", newer=False).findings
            assert {each.code for each in found} == ({example.bad} if example.bad else set()), line
            assert (prove_message(line.encode()) is None) is bool(example.bad), line


def test_every_bad_example_names_a_rule() -> None:
    assert set(re.findall(r"^```.* bad (\S+)$", spec(), re.MULTILINE)) <= set(RULES)


def test_manifest_examples() -> None:
    for example in examples("manifest"):
        if example.bad:
            with pytest.raises(yamltext.YamlError) as caught:
                yamltext.parse(example.body.encode())
            assert caught.value.code == example.bad
        else:
            value = yamltext.parse(example.body.encode())
            assert codes(value, schema("manifest")) == set()
            assert yamltext.emit(value, "manifest").decode() == example.body


def test_archive_example() -> None:
    example = the("archive")
    value = yamltext.parse(example.body.encode())
    assert codes(value, schema("archive")) == set()
    assert yamltext.emit(value, "archive").decode() == example.body


def test_redaction_example() -> None:
    for line in the("redactions").lines:
        assert codes(json.loads(line), schema("redactions")) == set()
        assert canonical.encode(json.loads(line)).decode() == line


def output_problems(name: str, value: object) -> list[str]:
    against = json.loads(the(f"schema {name}-output").body)
    Draft202012Validator.check_schema(against)
    return [error.message for error in Draft202012Validator(against).iter_errors(value)]


@pytest.mark.parametrize("name", ["verify", "import", "pack", "unpack", "doctor", "log", "blame"])
def test_output_examples(name: str) -> None:
    assert output_problems(name, json.loads(the(f"{name}-output").body)) == []


def test_commands_print_what_the_spec_says(tmp_path: Path) -> None:
    native, junk, place = tmp_path / "a.jsonl", tmp_path / "b.txt", tmp_path / "archive"
    native.write_text(the("native-log").body.removesuffix("\n"), encoding="utf-8")
    junk.write_text("no log\n", encoding="utf-8")

    def run(*arguments: str) -> Any:
        command = [sys.executable, "-m", "sessionfs", *arguments, "--json"]
        done = subprocess.run(command, capture_output=True, check=False, timeout=60)
        return json.loads(done.stdout)

    imported = run("import", str(native), str(junk), "-a", str(place))
    assert output_problems("import", imported) == []
    (session,) = (row["session"] for row in imported["sessions"] if row["session"])
    assert session == json.loads(the("summary").body)["id"]
    (place / "planted").write_text("x", encoding="utf-8")
    verified = run("verify", str(place))
    assert output_problems("verify", verified) == []
    assert [found["code"] for found in verified["findings"]] == ["W107"]
    listed = run("list", "-a", str(place))
    assert output_problems("list", listed) == []
    assert run("verify", str(place / "nowhere")).keys() == {"error"}
    assert output_problems("doctor", run("doctor", "-a", str(place))) == []
    pack, other = str(tmp_path / "p.tar.zst"), str(tmp_path / "other")
    packed = run("pack", str(place), "-o", pack)
    assert output_problems("pack", packed) == []
    for statuses in (["new"], ["unchanged"]):
        unpacked = run("unpack", pack, "-d", other)
        assert output_problems("unpack", unpacked) == []
        assert [row["status"] for row in unpacked["sessions"]] == statuses
    assert {key: packed[key] for key in ("blake3", "sha256", "root")}.items() <= unpacked.items()
    sessionfs.edit(session, {"title": "Mine"}, other)
    skipped = run("unpack", pack, "-d", other, "--on-conflict", "skip")
    assert output_problems("unpack", skipped) == []
    assert skipped["sessions"][0]["reason"]


def test_commits_are_told_as_the_spec_says(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.write("f.txt", "a line of a person\n")
    desk.commit("start")
    Claude(desk).edit("f.txt", "person\n", "person\na line of an agent\n")
    desk.bring()
    message = the("commit-message").body.rstrip("\n")
    assert [trailer.key for trailer in parse_trailers(message)] == ["Session"]
    desk.commit(f"{message}\nEntire-Checkpoint: 0123456789ab")
    desk.write("f.txt", desk.read("f.txt") + "not committed\n")
    for name, arguments in (("log", ["--all"]), ("blame", ["f.txt"])):
        command = [sys.executable, "-m", "sessionfs", name, *arguments, "--json"]
        done = subprocess.run(command, capture_output=True, check=True, timeout=60, cwd=desk.root)
        told = json.loads(done.stdout)
        assert output_problems(name, told) == []
    assert [line["writer"] is None for line in told["lines"]] == [True, False, True]


def test_a_placeholder_is_what_the_spec_says() -> None:
    assert the("placeholder").body.strip() == PLACEHOLDER.pattern


def test_plain_scalars_are_refused_as_the_spec_says() -> None:
    pattern = re.compile(the("plain-scalar").body.strip())
    for scalar in (
        "010",
        "0x1F",
        "1_000",
        "12:30",
        ".inf",
        "-.INF",
        ".nan",
        "2026-11-22",
        "=",
        "1.",
    ):
        assert pattern.fullmatch(scalar)
        with pytest.raises(yamltext.YamlError) as caught:
            yamltext.parse(f"a: {scalar}\n".encode())
        assert caught.value.code == "E210"
    for scalar, value in (("1.5", 1.5), ("1e3", 1000.0), ("-7", -7), ("~", None), ("no", "no")):
        assert yamltext.parse(f"a: {scalar}\n".encode()) == {"a": value}


# Numbers


def spell(number: float) -> str:
    """The spelling of a double, from the spec's words; `repr` gives the shortest digits."""
    sign = "-" if math.copysign(1, number) < 0 else ""
    if number == 0:
        return f"{sign}0.0"
    mantissa, _, exponent = repr(abs(number)).partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    leading = len(whole + fraction) - len(digits)
    point = len(whole) + int(exponent or 0) - leading  # digits before the decimal point
    digits = digits.rstrip("0")
    if 1e-5 <= abs(number) < 1e16:
        if point <= 0:
            return f"{sign}0.{'0' * -point}{digits}"
        return f"{sign}{digits[:point].ljust(point, '0')}.{digits[point:] or '0'}"
    rest = f".{digits[1:]}" if digits[1:] else ""
    return f"{sign}{digits[0]}{rest}e{point - 1}"


def test_number_examples_are_minimal() -> None:
    for literal in the("number").body.split():
        value = json.loads(literal)
        assert canonical.encode(value).decode() == literal
        assert isinstance(value, int) or spell(value) == literal


@given(st.integers(min_value=0, max_value=2**64 - 1))
def test_numbers_are_spelled_as_the_spec_says(bits: int) -> None:
    (number,) = struct.unpack("<d", struct.pack("<Q", bits))
    if math.isfinite(number):
        assert canonical.encode(number).decode() == spell(number)


@given(st.floats(min_value=-1e18, max_value=1e18))
def test_everyday_numbers_are_spelled_as_the_spec_says(number: float) -> None:
    assert canonical.encode(number).decode() == spell(number)


# Ids


CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def ulid(millis: int, seed: str) -> str:
    number = millis << 80 | int.from_bytes(blake3(seed.encode()).digest(length=10), "big")
    return "".join(CROCKFORD[number >> shift & 31] for shift in range(125, -1, -5))


def test_id_examples() -> None:
    for line in the("id").lines:
        row = json.loads(line)
        uid, time, seq, native_id = row["uid"], row["time"], row["seq"], row["native_id"]
        named = f"#{seq}" if native_id is None else native_id
        tail = f"\n{seq}" if row["repeated"] else ""
        assert row["session"] == ulid(time, f"sessionfs session\n{uid}")
        assert row["message"] == ulid(time, f"sessionfs message\n{uid}\n{named}{tail}")
        assert row["session"] == identity.session_id(uid, time)
        assert row["message"] == identity.message_id(
            uid, time, native_id, seq, repeated=row["repeated"]
        )


# Native records


def look_up(message: object, pointer: str) -> Any:
    value: Any = message
    first, *elements = pointer.split("/")
    assert first == ""
    assert elements[0] != "native"
    for element in elements:
        key = element.replace("~1", "/").replace("~0", "~")
        value = value[int(key)] if isinstance(value, list) else value[key]
    return value


def escaped(match: re.Match[str]) -> str:
    return re.sub("....", r"\\u\g<0>", match[0].encode("utf-16-be").hex())


def respell(value: object, style: str | None) -> str:
    text = canonical.encode(value).decode()
    if style in ("spaced", "spaced-ascii"):
        text = re.sub(r'("(?:[^"\\]|\\.)*")|([,:])', lambda m: m[1] or f"{m[2]} ", text)
    if style in ("ascii", "spaced-ascii"):
        text = re.sub(r"[^ -~]", escaped, text)
    return text


def restored(value: Any, message: object, literals: list[str]) -> Any:
    """Step 2 of the spec's procedure; a number's literal leaves a mark that step 3 replaces."""
    if isinstance(value, list):
        return [restored(item, message, literals) for item in value]
    if not isinstance(value, dict):
        return value
    match next(iter(value), None):
        case "$ref":
            return look_up(message, value["$ref"])
        case "$json":
            return respell(look_up(message, value["$json"]), value.get("style"))
        case "$num":
            literals.append(value["$num"])
            return f"<literal {len(literals) - 1}>"
        case "$lit":
            value = value["$lit"]
    return {key: restored(member, message, literals) for key, member in value.items()}


def restore(message: dict[str, Any]) -> str:
    kept = message["native"]
    if "raw" in kept:
        return str(kept["raw"])
    if "raw_base64" in kept:
        return base64.b64decode(kept["raw_base64"]).decode()
    literals: list[str] = []
    text = respell(restored(kept["record"], message, literals), kept.get("style"))
    return re.sub(r'"<literal ([0-9]+)>"', lambda m: literals[int(m[1])], text)


def no_file(address: str) -> bytes:
    raise KeyError(address)


def test_restore_examples() -> None:
    for example in examples("restore"):
        line, expected = example.lines
        assert message_codes(line) == set()
        message = model.decode_message(line.encode())
        assert isinstance(message.native, dict)
        assert restore(json.loads(line)) == json.loads(expected)
        assert restore_record(message.native, message, no_file).decode() == json.loads(expected)


# The whole session


def segment_example() -> Example:
    """The segment is the message example behind the native log."""
    line = the("native-log").line
    return next(example for example in examples("message") if example.line > line)


def test_the_example_session_restores_its_log() -> None:
    log = ""
    for line in segment_example().lines:
        message = json.loads(line)
        log += restore(message) + message["native"].get("eol", "\n")
    assert log == the("native-log").body.removesuffix("\n")
    (source,) = json.loads(the("summary").body)["source_files"]
    assert source["bytes"] == len(log.encode())
    assert source["blake3"] == blake3(log.encode()).hexdigest()


def test_the_example_session_has_the_ids_that_follow() -> None:
    records = [json.loads(line) for line in the("native-log").lines]
    messages = [json.loads(line) for line in segment_example().lines]
    manifest = yamltext.parse(next(e for e in examples("manifest") if not e.bad).body.encode())
    millis = identity.parse_time(records[0]["timestamp"])
    assert millis is not None
    uid = manifest["source"]["uid"]
    assert manifest["id"] == ulid(millis, f"sessionfs session\n{uid}")
    known: dict[str, str] = {}
    for record, message in zip(records, messages, strict=True):
        moment = identity.parse_time(record["timestamp"])
        assert moment is not None
        assert message["id"] == ulid(moment, f"sessionfs message\n{uid}\n{record['uuid']}")
        assert message["parent"] == known.get(record["parentUuid"])
        known[record["uuid"]] = message["id"]


def test_the_example_session_is_sealed() -> None:
    contents = {
        "manifest.yaml": next(e for e in examples("manifest") if not e.bad).body,
        "messages-00000001.jsonl": segment_example().body,
        "summary.json": the("summary").body,
    }
    lines = [f"{blake3(text.encode()).hexdigest()}  {path}\n" for path, text in contents.items()]
    assert "".join(lines) == the("checksums").body
    assert f"The seal is `{blake3(the('checksums').body.encode()).hexdigest()}`" in spec()
    sizes = {path: len(text.encode()) for path, text in contents.items() if path != "summary.json"}
    assert json.loads(the("summary").body)["files"] == sizes


def test_the_example_session_is_what_the_code_derives() -> None:
    authored = {
        "manifest.yaml": next(e for e in examples("manifest") if not e.bad).body,
        "messages-00000001.jsonl": segment_example().body,
    }
    tree = MemoryTree({path: text.encode() for path, text in authored.items()})
    summary, digests = writer.derive(archive.Session(tree))
    assert encode_summary(summary).decode() == the("summary").body
    digests["summary.json"] = blake3(the("summary").body.encode()).hexdigest()
    assert archive.format_checksums(digests).decode() == the("checksums").body


def test_a_new_archive_has_the_guards_that_the_spec_shows(tmp_path: Path) -> None:
    sessionfs.init(str(tmp_path))
    for name in ("gitattributes", "gitignore"):
        written = (tmp_path / f".{name}").read_text("utf-8").splitlines()
        lines = [line for line in written if line and not line.startswith("#")]
        assert lines == the(name).lines


def test_the_example_session_is_valid() -> None:
    example = {
        "manifest.yaml": next(e for e in examples("manifest") if not e.bad).body,
        "messages-00000001.jsonl": segment_example().body,
        "summary.json": the("summary").body,
        "checksums.b3": the("checksums").body,
    }
    tree = MemoryTree({path: text.encode() for path, text in example.items()})
    report = verify_tree(tree, name=json.loads(the("summary").body)["id"])
    assert report.findings == []
    assert report.checked.messages == 3


def test_the_example_summary_is_encoded_as_the_spec_says() -> None:
    body = the("summary").body
    value = json.loads(body)
    assert codes(value, schema("summary")) == set()
    assert json.dumps(value, indent=2, ensure_ascii=False) + "\n" == body
    assert list(value) == [key for key in schema("summary")["properties"] if key in value]


# The model and the registry


MODEL = {
    "message": (model.Message, {
        "": model.Message, "usage": model.Usage, "cost": model.Cost, "text": model.Text,
        "thinking": model.Thinking, "tool_call": model.ToolCall, "tool_result": model.ToolResult,
        "file": model.File, "data": model.Data, "unknown": model.Unknown,
    }),
    "manifest": (model.Manifest, {
        "": model.Manifest, "source": model.Source, "agent": model.Agent,
        "workspace": model.Workspace, "lineage": model.Lineage, "bookmark": model.Bookmark,
        "checkpoint": model.Checkpoint, "link": model.Link,
    }),
    "summary": (model.Summary, {
        "": model.Summary, "agent": model.Agent, "workspace": model.Workspace,
        "lineage": model.Lineage,
    }),
}  # fmt: skip
"""The struct of each object that a schema defines, by the name under `$defs`."""


@pytest.mark.parametrize(
    ("name", "definition"), [(name, each) for name, (_, known) in MODEL.items() for each in known]
)
def test_schema_and_model_agree_on_keys_and_their_order(name: str, definition: str) -> None:
    whole = schema(name)
    described = whole["$defs"][definition] if definition else whole
    struct_type = MODEL[name][1][definition]
    tag = [struct_type.__struct_config__.tag_field] * bool(struct_type.__struct_config__.tag_field)
    assert list(described["properties"]) == [*tag, *struct_type.__struct_fields__]
    required = [field.name for field in msgspec.structs.fields(struct_type) if field.required]
    if name == "message" and definition in ("text", "thinking"):
        assert described["anyOf"] == [{"required": ["text"]}, {"required": ["file"]}]
    assert sorted(described.get("required", [])) == sorted([*tag, *required])
    assert struct_type.__struct_config__.forbid_unknown_fields


@pytest.mark.parametrize(
    ("name", "definition", "key"),
    [
        ("message", "", "role"),
        ("message", "", "actor"),
        ("message", "usage", "convention"),
        ("manifest", "source", "nature"),
        ("manifest", "lineage", "relation"),
        ("manifest", "link", "kind"),
        ("manifest", "", "outcome"),
        ("summary", "", "state"),
        ("summary", "", "nature"),
    ],
)
def test_schema_and_model_agree_on_closed_lists(name: str, definition: str, key: str) -> None:
    whole = schema(name)
    described = (whole["$defs"][definition] if definition else whole)["properties"][key]
    if "$ref" in described:
        described = whole["$defs"][described["$ref"].rpartition("/")[2]]
    fields = {f.name: f for f in msgspec.structs.fields(MODEL[name][1][definition])}
    parsed = msgspec.json.schema(MODEL[name][1][definition])
    assert key in fields
    own = parsed["$defs"][MODEL[name][1][definition].__name__]["properties"][key]
    while "anyOf" in own:
        own = own["anyOf"][0]
    assert sorted(own["enum"]) == sorted(described["enum"])


def table(heading: str) -> list[str]:
    """The first column of the registry's table below a heading."""
    section = re.search(
        rf"^## {heading}\n(.*?)(?=^## |\Z)", spec("registry.md"), re.MULTILINE | re.DOTALL
    )
    assert section, heading
    return re.findall(r"^\| `([^`]+)` \|", section[1], re.MULTILINE)


def test_registry_names_what_schema_and_model_name() -> None:
    message = schema("message")
    assert table("Roles and actors") == [
        *message["properties"]["role"]["enum"],
        *message["properties"]["actor"]["enum"],
    ]
    assert set(table("Kinds")) == model.KINDS
    assert table("Part types") == message["$defs"]["part"]["properties"]["type"]["enum"]
    assert tuple(table("Styles")) == canonical.STYLES
    assert set(message["$defs"]["style"]["enum"]) == {*canonical.STYLES[1:]}
    assert (
        table("Usage conventions")
        == (message["$defs"]["usage"]["properties"]["convention"]["enum"])
    )


def test_registry_names_the_events_of_the_adapters() -> None:
    adapters = (Path(sessionfs.__file__).parent / "adapters").rglob("*.py")
    code = "".join(path.read_text("utf-8") for path in adapters)
    written = re.findall(r'"event": "(\w+)"|\bevent="(\w+)"|_event\(\s*draft, "(\w+)"', code)
    assert {name for names in written for name in names if name} <= set(table("Events"))


def test_registry_names_the_flavors() -> None:
    ours = [e for e in entry_points(group=GROUP) if e.module.startswith("sessionfs.")]
    assert {entry.name for entry in ours} == set(table("Flavors"))


def test_every_part_type_is_told_apart_and_described() -> None:
    defs = schema("message")["$defs"]
    for name in ("part", "result_part"):
        types = defs[name]["properties"]["type"]["enum"]
        assert [case["then"]["$ref"] for case in defs[name]["allOf"]] == [
            f"#/$defs/{each}" for each in types
        ]
    tags = {part.__struct_config__.tag for part in model.Part.__args__}
    assert tags == {*defs["part"]["properties"]["type"]["enum"]}


@pytest.mark.parametrize(
    ("limit", "value"),
    [("262,144 bytes", model.MAX_TEXT), ("67,108,864 bytes", model.MAX_LINE)],
)
def test_the_spec_and_the_code_have_the_same_limits(limit: str, value: int) -> None:
    assert limit in spec()
    assert int(limit.split(maxsplit=1)[0].replace(",", "")) == value


def test_the_spec_is_about_the_version_that_is_written() -> None:
    assert f"Version {model.FORMAT}." in spec()
    assert f"## {model.FORMAT}\n" in spec("CHANGELOG.md")
