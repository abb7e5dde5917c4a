"""The restricted YAML: refused by its bytes, read as JSON values, written in one way."""

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessionfs.canonical import encode
from sessionfs.yamltext import MAX_SIZE, YamlError, edit, emit, parse, quote

HEADER = emit({}, "manifest").decode().removesuffix("{}\n")
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
NUMBERS = st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
KEYS = TEXT | st.sampled_from(["format", "title", "tags", "ext", "notes", "source", "links", "no"])
MAPPINGS = st.dictionaries(KEYS, VALUES, max_size=6)


def refusal(text):
    with pytest.raises(YamlError) as caught:
        parse(text if isinstance(text, bytes) else text.encode())
    return caught.value


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        (b"\xef\xbb\xbfa: 1\n", "E201", 1),
        (b"\xff\xfea\0", "E201", 1),
        (b"a: 1\nb: \xff\n", "E201", 2),
        (b"a: 1\nb: \xed\xa0\x80\n", "E201", 2),
        ("a: 1\r\n", "E202", 1),
        ("a: 1\rb: 2\n", "E202", 1),
        ('a: "\x85"\n', "E202", 1),
        ('a: 1\nb: "\u2028"\n', "E202", 2),
        ('a: "\u2029"\n', "E202", 1),
        ("a: \0\n", "E202", 1),
        ("a: \x7f\n", "E202", 1),
        ("# \x1b[31m\n", "E202", 1),
        ("%YAML 1.2\na: 1\n", "E203", 1),
        ("a: 1\n%TAG ! x\n", "E203", 2),
        ("---\na: 1\n", "E204", 1),
        ("a: 1\n...\n", "E204", 2),
        ("a: |\n  x\n--- b\n", "E204", 3),
        ("a: &x 1\n", "E205", 1),
        ("a: 1\nb: *x\n", "E205", 2),
        ("a: [1, *x]\n", "E205", 1),
        ("&x a: 1\n", "E205", 1),
        ("- &x 1\n", "E205", 1),
        ("a:\n  <<: {b: 1}\n", "E205", 2),
        ("a:\n- |\n  x\n- *a\n", "E205", 4),
        ("a: >-\n  x\n b: *a\n", "E211", 3),
        ("- k: |\n   foo\n  z: *a\n", "E205", 3),
        ('a: "x\n  y" \nb: *a\n', "E205", 3),
        ("a: !!str 1\n", "E206", 1),
        ("a: !x\n", "E206", 1),
        ("a: !<tag:yaml.org,2002:str> 1\n", "E206", 1),
        ("!!map {a: 1}\n", "E206", 1),
        ("a: 1\na: 2\n", "E207", 2),
        ("a: 1\n'a': 2\n", "E207", 2),
        ("b:\n  - {a: 1, a: 2}\n", "E207", 2),
        ("1: 2\n", "E208", 1),
        ("~: 2\n", "E208", 1),
        ("true: 2\n", "E208", 1),
        ("? [a]\n: 1\n", "E208", 1),
        ("a: 2026-11-22\n", "E210", 1),
        ("a: 2026-11-22T10:00:00Z\n", "E210", 1),
        ("a: .inf\n", "E210", 1),
        ("a: -.INF\n", "E210", 1),
        ("a: .nan\n", "E210", 1),
        ("a: 0777\n", "E210", 1),
        ("a: 0o17\n", "E210", 1),
        ("a: 0x1F\n", "E210", 1),
        ("a: 1_000\n", "E210", 1),
        ("a: 1e999\n", "E210", 1),
        ("a: 12:30:45\n", "E210", 1),
        ("a: 9007199254740992\n", "E210", 1),
        ("a: 01234567890123456789012345\n", "E210", 1),
        ("a: =\n", "E210", 1),
        ("a: [\n", "E211", 2),
        ("a: b: c\n", "E211", 1),
        ("\ta: 1\n", "E211", 1),
        ('a: "\\x"\n', "E211", 1),
        ('a: "\\U00110000"\n', "E211", 1),
        ("a: @x\n", "E211", 1),
        ("a: `x\n", "E211", 1),
        ("a: ]\n", "E211", 1),
        ("a: \ufffe\n", "E211", 1),
        ("", "E212", 1),
        ("# nothing\n", "E212", 1),
        ("- 1\n", "E212", 1),
        ("text\n", "E212", 1),
        ('a: "\\ud800"\n', "E217", 1),
        ('a: "\\ud83d\\ude00"\n', "E217", 1),
    ],
)
def test_refused(text, code, line):
    error = refusal(text)
    assert (error.code, error.line) == (code, line)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a:\n", {"a": None}),
        ("a: ~\nb: null\n", {"a": None, "b": None}),
        ("a: true\nb: False\n", {"a": True, "b": False}),
        ("a: 1\nb: -1.5e3\nc: 1e2\n", {"a": 1, "b": -1500.0, "c": 100.0}),
        ("a: no\nb: yes\nc: on\n", {"a": "no", "b": "yes", "c": "on"}),
        ("a: x y\n  z\n", {"a": "x y z"}),
        ("a: 'it''s & *this* !'\n", {"a": "it's & *this* !"}),
        ('a: "\\u00e9\\n\\/"\n', {"a": "é\n/"}),
        ("a: # & * !\n  b: c&d*e!f\n", {"a": {"b": "c&d*e!f"}}),
        ("a: |\n  * x & !y\n  [[[\n\n   z\nb: 1\n", {"a": "* x & !y\n[[[\n\n z\n", "b": 1}),
        ("a:\n- >\n  & x\n- k: |-\n    *y\n  z: 1\n", {"a": ["& x\n", {"k": "*y", "z": 1}]}),
        ("{a: [1, 'b', {c: d}], e: 'f'}\n", {"a": [1, "b", {"c": "d"}], "e": "f"}),
        ("a: http://x#y\nb: a:b\n", {"a": "http://x#y", "b": "a:b"}),
        ("a: 😀\n", {"a": "😀"}),
        ("a: x", {"a": "x"}),
    ],
)
def test_read(text, value):
    read = parse(text.encode())
    assert read == value
    assert encode(read) == encode(value)


def test_errors_name_the_place():
    error = refusal("a:\n  - b/c: 2026-01-01\n")
    assert (error.code, error.line, error.pointer) == ("E210", 2, "/a/0/b~1c")
    assert str(error) == "E210 :2#/a/0/b~1c: '2026-01-01' without quotes"


@pytest.mark.parametrize("text", ["a: " + "[" * 128 + "]" * 128, "- " * 140, "? " * 140, "[" * 200])
def test_deep_nesting_is_refused(text):
    assert refusal(text + "\n").code == "E007"


def test_depth_128_is_read():
    value = parse(("a: " + "[" * 127 + "]" * 127 + "\n").encode())
    assert encode(value).count(b"[") == 127


@pytest.mark.no_cover
@pytest.mark.parametrize(
    "text",
    [
        b"[" * MAX_SIZE,
        b"a: " + b"{a: " * 200_000,
        b"- " * 500_000,
        b'a: "' + b"\\" * 1_000_000,
        b"a: '" + b"'" * 999_999,
        b"a: " + b"x: " * 300_000,
        b"a: |\n" + b"\n" * 1_000_000,
    ],
    ids=range(7),
)
def test_hostile_text_of_the_largest_size_is_read_or_refused(text):
    """`benchmarks/hostile.py` tells that the time grows as the text does."""
    with contextlib.suppress(YamlError):
        parse(text[:MAX_SIZE])


def test_size_is_capped():
    assert refusal(b"a: 1\n" + b"#" * MAX_SIZE).code == "E006"


def test_canonical_text():
    value = {
        "ext": {
            "no": {"k": [1, 2.5, 1e-7, 1e-5, 1e16, -0.0, [1, [2, {}], []], {"a": {"b": [{}]}}]}
        },
        "tags": ["\x85\u2028\ufeff\x7f", "😀\n\t\x00"],
        "links": [{"ref": "x", "kind": "url"}],
        "started_at": None,
        "format": "1.0",
    }
    assert emit(value, "manifest").decode() == HEADER + (
        'format: "1.0"\n'
        "started_at: null\n"
        "tags:\n"
        '  - "\\u0085\\u2028\\ufeff\\u007f"\n'
        '  - "😀\\n\\t\\u0000"\n'
        "links:\n"
        '  - kind: "url"\n'
        '    ref: "x"\n'
        "ext:\n"
        '  "no":\n'
        "    k:\n"
        "      - 1\n"
        "      - 2.5\n"
        "      - 1e-7\n"
        "      - 0.00001\n"
        "      - 1e16\n"
        "      - -0.0\n"
        "      -\n"
        "        - 1\n"
        "        -\n"
        "          - 2\n"
        "          - {}\n"
        "        - []\n"
        "      - a:\n"
        "          b:\n"
        "            - {}\n"
    )


@given(MAPPINGS)
def test_what_is_written_is_read_again(value):
    text = emit(value, "manifest")
    read = parse(text)
    assert read == value
    assert emit(read, "manifest") == text
    # The YAML parser reads the same as the reader of canonical text does.
    slow = parse(b"#\n" + text)
    assert encode(slow) == encode(read)


@given(st.binary(max_size=60))
def test_bytes_are_read_or_refused(text):
    with contextlib.suppress(YamlError):
        parse(text)


ALPHABET = "ab: -?#|>&*!%@`'\"\\\n\t{}[],~0.1<=é"


@given(st.text(ALPHABET, max_size=40), MAPPINGS)
def test_text_is_read_or_refused_and_what_is_read_is_json(text, value):
    for candidate in (text.encode(), emit(value, "manifest") + text.encode()):
        try:
            read = parse(candidate)
        except YamlError:
            continue
        assert json.loads(encode(read)) == read


@given(TEXT)
def test_quoted_is_json(text):
    assert json.loads(quote(text)) == text
    assert parse(f"a: {quote(text)}\n".encode()) == {"a": text}


@given(NUMBERS)
def test_numbers_are_spelt_as_in_json(number):
    assert emit({"a": number}, "manifest").decode() == f"{HEADER}a: {encode(number).decode()}\n"


@pytest.mark.parametrize("value", ["\ud800", 2**53, float("inf"), float("nan"), b"x", {1}])
def test_what_is_not_json_is_not_written(value):
    with pytest.raises(ValueError, match=r"no JSON value|surrogate"):
        emit({"a": value}, "manifest")


PERSONS = """\
# hi
format: "1.0" # v
title: old  # my title

# tags of mine
tags:
- a # A
- b
# end
notes: |
  x

ext: {}
"""


def test_edit_keeps_what_a_person_wrote():
    changes = {"title": "new", "tags": ["q"], "domain": "d", "notes": None}
    assert edit(PERSONS.encode(), changes).decode() == (
        "# hi\n"
        'format: "1.0" # v\n'
        'title: "new"  # my title\n'
        'domain: "d"\n'
        "\n"
        "# tags of mine\n"
        "tags:\n"
        '  - "q"\n'
        "# end\n"
        "\n"
        "ext: {}\n"
    )


def test_edit_of_canonical_text_is_canonical():
    before = {"format": "1.0", "tags": ["a"], "notes": "x"}
    after = {"format": "1.0", "title": "t", "tags": ["a"]}
    changed = edit(emit(before, "manifest"), {"title": "t", "notes": None})
    assert changed == emit(after, "manifest")


def test_edit_of_what_has_no_lines_for_its_keys_is_canonical():
    assert edit(b"{format: '1.0'}\n", {"title": "t"}) == emit(
        {"format": "1.0", "title": "t"}, "manifest"
    )


def test_edit_of_text_without_last_newline():
    assert edit(b"title: a", {"notes": "n"}).decode() == 'title: a\nnotes: "n"\n'


def test_edit_of_an_archive():
    text = emit({"format": "1.0", "min_reader": "1.0"}, "archive") + b"# ours\n"
    changed = edit(text, {"ignored": ["a:b"]}, "archive")
    assert changed.endswith(b'min_reader: "1.0"\nignored:\n  - "a:b"\n# ours\n')


@given(MAPPINGS, st.dictionaries(st.sampled_from(["title", "tags", "notes", "domain"]), VALUES))
def test_edit_sets_and_deletes(value, changes):
    text = b"# mine\n" + emit(value, "manifest") + b"# end\n"
    after = {key: member for key, member in value.items() if key not in changes}
    after |= {key: member for key, member in changes.items() if member is not None}
    if after:
        changed = edit(text, changes) if value else emit(after, "manifest")
        assert parse(changed) == after
    if value and after:
        assert changed.startswith(b"# mine\n")
        assert b"# end\n" in changed
