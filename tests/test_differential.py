"""Four opinions on every line: the fast path, the strict path, jsonschema and jsonschema-rs.

A stream of messages of every form, valid ones and damaged ones. What the fast path accepts the
others find nothing in; where the schema is broken, all three judges name the same rules at the
same places; where only the spelling is other, E410 is said and nothing else. So for manifests,
summaries, redactions and policies; and no keyword of a schema is idle.
"""

import contextlib
import copy
import json
import re
import string
from base64 import b64encode
from functools import cache
from itertools import chain, pairwise

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sessionfs import schema
from sessionfs.canonical import encode
from sessionfs.check.explained import Rung
from sessionfs.check.explanation import explain
from sessionfs.errors import SessionfsError
from sessionfs.yamltext import parse
from test_schema import NAMES, ULID, VALID
from test_vectors import VECTORS, name, run
from test_verify import JUNK as MESSAGE_JUNK
from test_verify import SEEDS, SNIPPETS, judge, places

pytestmark = pytest.mark.no_cover  # counting lines would take longer than the tests

# --- a third opinion ---


@cache
def third(schema_name):
    return jsonschema_rs.Draft202012Validator(schema.load(schema_name))


def third_opinion(value, schema_name):
    """Return code and pointer of each fault that jsonschema-rs finds."""
    whole = schema.load(schema_name)
    faults = set()
    for error in third(schema_name).iter_errors(value):
        *path, keyword = error.schema_path
        node = whole
        for element in path:
            if element == "$ref":
                node = whole["$defs"][node["$ref"].rpartition("/")[2]]
            else:
                node = node[element]
        code, pointer, holder = node["x-rules"][keyword], "", value
        for element in error.instance_path:
            pointer += "/" + str(element).replace("~", "~0").replace("/", "~1")
            holder = holder[element]
        if keyword == "additionalProperties":
            unknown = (key for key in holder if key not in node.get("properties", ()))
            places = [f"{pointer}/{k.replace('~', '~0').replace('/', '~1')}" for k in unknown]
        else:
            places = [pointer]
        faults |= {(code, place) for place in places}
    return faults


def agree(value, schema_name):
    """Hold the judges against each other for one value; return its faults, code and pointer."""
    found = [
        (fault.code, fault.pointer) for fault in schema.validate(value, schema_name, "file", line=1)
    ]
    faults = set(found)
    assert len(found) == len(faults)
    assert faults == third_opinion(value, schema_name)
    assert (not faults) == schema.is_valid(value, schema_name)
    assert (not faults) == third(schema_name).is_valid(value)
    if schema.is_plainly_valid(value, schema_name):
        assert not faults
    return faults


def opinions(line):
    """Hold all four against each other for one line; return the codes that the strict path says."""
    who = judge(line)
    explained = explain(line, "m", 1, "message", newer=False)
    codes = [found.code for found in explained.findings]
    assert who == ("none" if codes else "fast")  # what is valid needs no second look
    if who == "fast" or explained.rung is Rung.SCHEMA:
        value = json.loads(line)
        faults = {(found.code, found.pointer) for found in explained.findings}
        assert agree(value, "message") == faults
    elif codes == ["E410"]:
        # What is spelt otherwise is valid, or its spelling was looked at first.
        json.loads(line)
    return codes


# --- a stream of messages ---

TEXTS = st.text(
    st.one_of(
        st.sampled_from('\0\b\t\n\r\x1f"\\/\x7f\x85\u2028\ufeff\uffff«é𝄞\U0010ffff{}[]$~'),
        st.characters(codec="utf-8"),
    ),
    max_size=12,
)
NAMED = TEXTS.filter(bool)
INTEGERS = st.integers(-(2**53) + 1, 2**53 - 1)
COUNTS = st.integers(0, 2**53 - 1)
JSON = st.recursive(
    st.none() | st.booleans() | INTEGERS | TEXTS | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
DIGESTS = st.text("0123456789abcdef", min_size=64, max_size=64)
ULIDS = st.from_regex(r"[0-7][0-9A-HJKMNP-TV-Z]{25}", fullmatch=True)
TIMES = st.datetimes().map(lambda time: f"{time.isoformat('T', 'milliseconds')}Z")
PATHS = st.sampled_from(["a", "a.jsonl", "b/c.txt", "x y/z~", "A-_@+=1.tar.gz"])


def keyed(required, optional=None):
    """Objects with these keys, in this order: the optional ones last, where they are there."""
    fixed = st.fixed_dictionaries(required, optional=optional or {})
    order = [*required, *(optional or {})]
    return fixed.map(lambda value: {key: value[key] for key in order if key in value})


def either(kind, **more):
    """A part of text, inline or in a file."""
    inline = keyed({"type": st.just(kind), "text": TEXTS}, more)
    return inline | keyed({"type": st.just(kind), "file": DIGESTS}, more)


OPEN = [keyed({"type": st.just(kind), "value": JSON}) for kind in ("data", "unknown")]
FILE = keyed({
    "type": st.just("file"), "file": DIGESTS, "media_type": st.sampled_from(["a/b", "x" * 255]),
    "name": st.none() | TEXTS, "bytes": COUNTS,
})  # fmt: skip
CALL_IDS = st.none() | NAMED
PARTS = st.one_of(
    either("text"),
    either("thinking", signature=TEXTS, encrypted=TEXTS),
    keyed(
        {"type": st.just("tool_call"), "call_id": CALL_IDS, "name": TEXTS, "arguments": JSON},
        {"status": NAMED},
    ),
    keyed(
        {
            "type": st.just("tool_result"),
            "call_id": CALL_IDS,
            "content": st.lists(st.one_of(either("text"), FILE, *OPEN), max_size=3),
            "is_error": st.booleans(),
        },
        {"exit_code": INTEGERS, "duration_ms": COUNTS},
    ),
    FILE,
    *OPEN,
)
STYLES = {"style": st.sampled_from(["spaced", "ascii", "spaced-ascii"])}
ENDS = {
    "eol": st.sampled_from(["", "\r\n"]),
    "source": PATHS,
    "files": st.dictionaries(PATHS, DIGESTS, min_size=1, max_size=2),
}
NATIVES = st.one_of(
    keyed({"record": JSON}, STYLES | ENDS),
    keyed({"raw": TEXTS}, ENDS),
    keyed({"raw_base64": st.binary(max_size=9).map(b64encode).map(bytes.decode)}, ENDS),
    keyed({"raw_file": DIGESTS}, ENDS),
)
KINDS = (
    "user_msg assistant_msg thinking tool_call tool_result tool_progress context summary approval"
    " attachment snapshot usage link subagent lifecycle error echo unknown unparsed"
).split()
MESSAGES = keyed(
    {
        "seq": st.integers(1, 2**53 - 1),
        "id": ULIDS,
        "parent": st.none() | ULIDS,
        "ts": st.none() | TIMES,
        "role": st.sampled_from(["user", "assistant", "system", "tool"]),
        "kind": st.sampled_from(KINDS),
        "actor": st.sampled_from(["human", "model", "harness", "tool", "hook", "subagent"]),
        "parts": st.lists(PARTS, max_size=4),
    },
    {
        "model": NAMED,
        "usage": keyed(
            {},
            dict.fromkeys(("input", "output", "cache_read", "cache_write", "reasoning"), COUNTS),
        ).flatmap(
            lambda counts: st.sampled_from(["exclusive", "inclusive"]).map(
                lambda convention: counts | {"convention": convention}
            )
        ),
        "cost": keyed({
            "amount": st.from_regex(r"(?:0|[1-9][0-9]{0,17})(?:\.[0-9]{1,18})?", fullmatch=True),
            "currency": st.text(string.ascii_uppercase, min_size=3, max_size=3),
        }),
        "response": NAMED,
        "turn": NAMED,
        "agent": NAMED,
        "sidechain": st.just(value=True),
        "stop": NAMED,
        "ext": st.dictionaries(TEXTS, JSON, max_size=2),
        "native": NATIVES,
    },
)  # fmt: skip


@given(MESSAGES)
def test_a_valid_message_is_proved_at_once(message):
    assert opinions(encode(message)) == []


# --- damage ---

JUNKS = [
    *MESSAGE_JUNK,
    *([1, True], ["a", "a"], [[], []], {"": None}, "x" * 600, -1, 1e300, 0.5, "a" * 64, "A" * 26),
    *(
        "1.0\n",
        "\uff11.0",
        "10000000.0",
        "example:a",
        "example:a\n",
        "example:\x85",
        "/a~2",
        "/a~0b",
    ),
    *(
        "a/CON.txt",
        "a/b.",
        "GIT~1",
        "example/0",
        "example/1",
        "2024-02-29T00:00:00.000Z",
        "no",
        ULID,
    ),
]
JUNK = st.sampled_from(JUNKS).map(copy.deepcopy)

WIDE_DIGITS = {ord(digit): ord(digit) + 0xFEE0 for digit in string.digits}
BOUNDARIES = (
    lambda text: f"{text}\n",
    lambda text: f"\n{text}",
    lambda text: f"{text}\r",
    lambda text: f"{text}\u2028",
    lambda text: f"{text} ",
    lambda text: f"{text}\0",
    lambda text: text[:-1],
    lambda text: text * 2,
    lambda text: text.translate(WIDE_DIGITS),
    lambda text: text.translate({48: "\u0660"}),
    lambda text: text.replace("K", "\u212a").replace("s", "\u017f"),
    str.upper,
    str.lower,
    str.title,
)
"""What regular expressions of different languages see differently, and off-by-ones."""


@st.composite
def damaged_values(draw, values):
    """A value with one to three places changed: types, keys, and what stands at the boundaries."""
    value = json.loads(json.dumps(draw(values)))
    for _ in range(draw(st.integers(1, 3))):
        holder, key = draw(st.sampled_from(list(places(value))))
        held = holder[key]
        match draw(st.sampled_from(["junk", "drop", "add", "boundary", "number", "move"])):
            case "drop":
                del holder[key]
            case "add" if isinstance(holder, dict):
                holder[draw(st.sampled_from(["mood", "text", "file", "style", "~/"]))] = draw(JUNK)
            case "boundary" if isinstance(held, str):
                holder[key] = draw(st.sampled_from(BOUNDARIES))(held)
            case "boundary" if isinstance(holder, dict):
                holder[draw(st.sampled_from(BOUNDARIES))(key)] = holder.pop(key)
            case "number" if isinstance(held, (int, float)):
                holder[key] = draw(st.sampled_from([-1, 0, 0.5, float(held), 2**53, held + 1]))
            case "move" if isinstance(holder, dict):
                holder[key] = holder.pop(key)
            case _:
                holder[key] = draw(JUNK)
        if not value:
            break  # nothing is left to change
    return value


@st.composite
def damaged_bytes(draw, lines):
    """A line with one or two places of its text changed, wherever they are."""
    line = draw(lines)
    for _ in range(draw(st.integers(1, 2))):
        start = draw(st.integers(0, len(line) - 1))
        end = min(len(line), start + draw(st.sampled_from([0, 1, 1, 2, 9])))
        match draw(st.sampled_from(["flip", "drop", "double", "snippet"])):
            case "flip":
                flipped = line[start] ^ 1 << draw(st.integers(0, 7))
                line = line[:start] + bytes((flipped,)) + line[start + 1 :]
            case "drop":
                line = line[:start] + line[end:]
            case "double":
                line = line[:end] + line[start:]
            case "snippet":
                line = line[:start] + draw(st.sampled_from(SNIPPETS)) + line[end:]
        if not line:
            break
    return line


TOKENS = re.compile(rb'"(?:[^"\\]|\\.)*"|-?[0-9][-+.0-9eE]*|[a-z]+|.', re.DOTALL)


def respelt(line):
    """Yield other spellings of a line's value: each has one token spelt otherwise."""
    tokens = TOKENS.findall(line)
    for place, token in enumerate(tokens):
        others = [token + b" ", b"\t" + token]
        if re.match(rb"-?[0-9]", token):
            others.append(token + (b"0" if b"." in token and b"e" not in token else b"E0"))
        elif token.startswith(b'"') and token[1:2] not in (b'"', b"\\"):
            (first, *_) = token[1:].decode()
            escape = (
                json.dumps(first).strip('"').encode() if first > "~" else b"\\u%04X" % ord(first)
            )
            others.append(b'"' + escape + token[1 + len(first.encode()) :])
        for other in others:
            yield b"".join([*tokens[:place], other, *tokens[place + 1 :]])


def doubled(line):
    """Yield a line with a name twice in one of its objects."""
    tokens = TOKENS.findall(line)
    for place, (token, key) in enumerate(pairwise(tokens)):
        if token == b"{" and key.startswith(b'"'):
            yield b"".join([*tokens[: place + 1], key, b":null,", *tokens[place + 1 :]])


@given(damaged_values(MESSAGES))
@settings(max_examples=120)
def test_a_damaged_message_is_judged_alike_by_all(value):
    opinions(encode(value))


@given(damaged_bytes(MESSAGES.map(encode)))
@settings(max_examples=120)
def test_a_line_of_damaged_bytes_is_judged_alike_by_all(line):
    opinions(line)


MANY_LINES = given(damaged_bytes(damaged_values(MESSAGES).map(encode) | MESSAGES.map(encode)))


@pytest.mark.exhaustive
@MANY_LINES
@settings(max_examples=3_000)
def test_a_damaged_line_is_judged_alike_by_all_of_many(line):
    opinions(line)


@pytest.mark.soak
@MANY_LINES
@settings(max_examples=30_000)
def test_a_damaged_line_is_judged_alike_by_all_of_very_many(line):
    opinions(line)


@given(MESSAGES.map(encode), st.data())
def test_another_spelling_is_e410_and_nothing_else(line, data):
    other = data.draw(st.sampled_from(list(respelt(line))))
    assert json.loads(other) == json.loads(line)
    assert opinions(other) == ["E410"]


@given(MESSAGES.map(encode), st.data())
def test_a_name_twice_is_e402_in_any_object(line, data):
    assert opinions(data.draw(st.sampled_from(list(doubled(line))))) == ["E402"]


# --- every schema ---


@pytest.mark.parametrize("schema_name", NAMES)
@given(data=st.data())
@settings(max_examples=80)
def test_every_schema_is_read_alike_by_all(schema_name, data):
    agree(data.draw(damaged_values(st.just(VALID[schema_name]))), schema_name)


LONG = {
    "archive": [
        VALID["archive"] | {"redaction": {key: ["x" * 4097]}} for key in ("allow", "files")
    ],
    "message": [
        SEEDS[0] | {"native": {"raw": "x" * 262_145}},
        SEEDS[0] | {"native": {"raw_base64": "AAAA" * 87_383}},
    ],
    "redactions": [VALID["redactions"] | {"pointer": "/" + "x" * 4096}],
}
"""What is too long to be tried at every place."""


def ruled(node):
    """Yield every part of a schema that names rules."""
    if isinstance(node, dict):
        if "x-rules" in node:
            yield node
        for key, member in node.items():
            if key != "x-rules":
                yield from ruled(member)
    elif isinstance(node, list):
        for member in node:
            yield from ruled(member)


def broken(value):
    """Yield a value with each of its places changed in each way, one at a time."""
    for number in range(len(list(places(value)))):
        for change in (*JUNKS, *BOUNDARIES, "drop", "add"):
            copied = copy.deepcopy(value)
            holder, key = list(places(copied))[number]
            if change == "drop":
                del holder[key]
            elif change == "add" and isinstance(holder, dict):
                holder["mood"] = 1
            elif not callable(change):
                holder[key] = copy.deepcopy(change)
            elif isinstance(holder[key], str):
                holder[key] = change(holder[key])
            elif isinstance(holder, dict):
                holder[change(key)] = holder.pop(key)
            yield copied


@pytest.mark.parametrize(
    "schema_name",
    [
        pytest.param(each, marks=pytest.mark.soak if each == "summary" else pytest.mark.exhaustive)
        for each in NAMES
    ],
)
def test_no_keyword_of_a_schema_is_idle(schema_name):
    """Each is broken by some value, and says its rule: a keyword that cannot be is no rule."""
    idle = {
        (id(node), keyword): f"{keyword} of {json.dumps(node)[:80]}"
        for node in ruled(schema.load(schema_name))
        for keyword in node["x-rules"]
    }
    values = SEEDS if schema_name == "message" else [VALID[schema_name]]
    for value in chain([None, {}], LONG.get(schema_name, ()), *map(broken, values)):
        for error in schema._validator(schema_name).iter_errors(value):
            idle.pop((id(error.schema), error.validator), None)
        if not idle:
            break
    # A part has a type, or it would be no text; who reads the definition alone is told so, too.
    told_twice = 2 * ["required"] if schema_name == "message" else []
    assert [words.partition(" ")[0] for words in idle.values()] == told_twice, idle.values()


PATTERNS = sorted({
    node["pattern"] for name in NAMES for node in ruled(schema.load(name)) if "pattern" in node
})  # fmt: skip


@pytest.mark.parametrize("pattern", PATTERNS, ids=range(len(PATTERNS)))
@given(data=st.data())
@settings(max_examples=40)
def test_a_pattern_means_the_same_in_python_and_in_ecma(pattern, data):
    """Alone, without the lengths and types beside it: what others take over may be just that."""
    ecma = jsonschema_rs.Draft202012Validator({"pattern": pattern})
    text = data.draw(st.from_regex(pattern))
    for change in (str, *BOUNDARIES):
        changed = change(text)
        matches = re.search(pattern, changed) is not None
        assert ecma.is_valid(changed) == matches, changed
        assert (re.fullmatch(pattern.removesuffix("(?!\\n)"), changed) is not None) == matches


# --- every vector ---


@pytest.fixture(scope="module")
def judged():
    """The lines that were judged already."""
    return set()


@pytest.mark.parametrize("vector", VECTORS, ids=name)
def test_judges_agree_on_every_vector(vector, judged):
    for path in sorted((vector / run.root_of(vector)).rglob("*")):
        if not path.is_file():
            continue
        content = path.read_bytes()
        if re.fullmatch(r"messages-[0-9]+\.jsonl", path.name):
            for line in content.split(b"\n"):
                if line not in judged:  # most vectors differ from a good session in one place
                    judged.add(line)
                    opinions(line)
        elif path.name in PLAIN:
            for text in content.splitlines() if path.suffix == ".jsonl" else [content]:
                with contextlib.suppress(SessionfsError, ValueError):  # it has no value to judge
                    read = parse if path.suffix == ".yaml" else json.loads
                    agree(read(text), PLAIN[path.name])


PLAIN = {
    "archive.yaml": "archive",
    "manifest.yaml": "manifest",
    "summary.json": "summary",
    "redactions.jsonl": "redactions",
}
