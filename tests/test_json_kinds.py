"""Every kind of JSON text that parsers are known to disagree on, and what is said of each.

The kinds are those of JSONTestSuite, whose prefixes we keep: `y` is JSON, `n` is none, `i` is left
to implementations. The texts are ours; where several of its cases are one kind (a comma too many
in an array, before, between or after), a row here has several texts. A text stands as the
arguments of a tool call, where any JSON may stand, or, in LINES, as a whole line.

What is JSON is accepted in its one spelling, and E410 in any other; what is none is refused with
the code of its layer; what implementations may choose is refused, with a code of its own, for two
readers would get two values.
"""

import json

import pytest

from sessionfs.canonical import encode
from sessionfs.check.explanation import explain
from sessionfs.check.proof import prove_message
from sessionfs.tree import MemoryTree
from sessionfs.verify import verify_tree
from test_vectors import make
from test_verify import message

HERE = b'"here"'
LINE = encode(
    message(
        parts=[{"type": "tool_call", "call_id": "c", "name": "n", "arguments": json.loads(HERE)}]
    )
)

ACCEPTED = [
    "null", "true", "false", "0", "-1", "1.5", "-0.0", "1e-7", "1e22", "[]", "{}", '""', '" "',
    "[[]]", '[null,1,"1",{}]', '{"":0}', '{"a":[]}', '{"a\\u0000b":1}', '"\\\\u0041"', '"a/*b*/c"',
    '"\\"\\\\\\b\\f\\n\\r\\t"', '"\\u0012"', '"\u20ac\U0001d11e"', '"\x7f"', '"\u2028\u2029"',
    '"\ufeff"', '"\ufffe\uffff\U0010fffe"', '"\u0821\U0001b5ff"', "9007199254740991",
]  # fmt: skip

# Well-formed, and spelt otherwise than the one way.
RESPELT = [
    " []", "[] ", "[ ]", "[1 ]", "{ }", '{"a" :1}', "\t1", "1.0e0", "1E2", "1e+22", "1e2", "0e1",
    "-0", "1.50", "0.10e1", "123e-10000000", '"\\/"', '"\\u0041"', '"\\u00e9"', '"\\u001F"',
    '"\\u0008"', '"\\uD834\\uDD1E"', '"\\uDBFF\\uDFFE"', '"\\u2028"', '"\\u007F"', '"\\uFFFF"',
]  # fmt: skip

REFUSED = {
    # arrays
    "n_array_word": ("E401", "[1 true]", "[a]", "[]x", '["a" x]', "['a']"),
    "n_array_colon": ("E401", '["a":1]'),
    "n_array_comma": ("E401", "[,]", "[,1]", "[1,]", "[1,,2]", "[1,,]", '[""],', "[,", "1,"),
    "n_array_no_comma": ("E401", "[1 2]", "[3[4]]", "[1{}]"),
    "n_array_bracket": ("E401", "[1]]", "[", "[1", '[""', "[1,", "[{", "[[1]", "]", "[1}"),
    "n_array_star_or_minus": ("E401", "[*]", "[-]"),
    "n_array_line_end": ("E401", '["a"\n,1'),
    "n_array_control": ("E401", '["\v"]', "[\f]", "[\x1b]"),
    "n_array_bytes": ("E305", b"[\xff]", b"[a\xe5]"),
    "n_incomplete_word": ("E401", "nul", "tru", "fals", "True", "NULL", "nulll"),
    # numbers
    "n_number_sign": ("E401", "+1", "++1", "-", "--1", "-+1", "- 1", "-a", "1+2", "2-"),
    "n_number_leading_zero": ("E401", "01", "-01", "00", "-012", "01.5"),
    "n_number_point": ("E401", ".1", "1.", "-.5", "1..2", "0.e1", "2.e+3", "-2.", "1.2.3"),
    "n_number_exponent": (
        "E401", "1e", "1E+", "1e-", "0.3e", "1ee2", "1.0e+", "e1", "1e1.5", "9.e+",
    ),
    "n_number_base": ("E401", "0x1", "0x", "0b1", "0o7", "0xg", "1_000", "1 000"),
    "n_number_letters": ("E401", "1a", "1H-3", "-1x", "1e1a"),
    "n_number_other_digits": ("E401", "\uff11", "\u0661", "1\u0661", "-\u0967"),
    "n_number_bytes": ("E305", b"1e1\xe5", b"0\xe5", b"-123.\xfc"),
    "n_number_not_finite": ("E403", "NaN", "Infinity", "-Infinity", "[NaN]", '{"a":Infinity}'),
    "n_number_not_finite_word": ("E401", "-NaN", "+Inf", "Inf", "nan", "infinity", "Infinit"),
    # objects
    "n_object_key": ("E401", "{1:1}", "{a:1}", "{'a':1}", "{null:1}", "{[]:1}", "{:1}", '{"a'),
    "n_object_colon": ("E401", '{"a" 1}', '{"a"::1}', '{"a",1}', '{"a"=1}', '{"a":', '{"a"}'),
    "n_object_comma": ("E401", '{"a":1,}', '{,"a":1}', '{"a":1,,"b":2}', '{"a":1 "b":2}', "{,}"),
    "n_object_brace": ("E401", "{", '{"a":1', '{"a":1}}', '{"a":1]', "{[", "{{}}"),
    "n_object_comment": ("E401", '{"a":1}/**/', '{"a":/**/1}', '{"a":1}//', '{"a":1}#'),
    "n_object_rest": ("E401", '{"a":1}x', '{"a":"a" 1}', '{"a":1}"', '{"a":a}', '{"a":"b}'),
    "n_object_bytes": ("E305", b'{"\xb9":0}', b'{"a\xc3":1}'),
    # strings
    "n_string_quote": ("E401", '"', '"a', 'a"', "'a'", "\u201ca\u201d", '"a"b', '"""'),
    "n_string_escape": ("E401", '"\\a"', '"\\x41"', '"\\"', '"\\\\\\"', '"\\ "', '"\\\U0001f300"'),
    "n_string_hex": ("E401", '"\\u"', '"\\u1"', '"\\u00A"', '"\\u00g0"', '"\\U00A0"', '"\\u+123"'),
    "n_string_cut_pair": ("E401", '"\\ud800\\"', '"\\ud800\\u"', '"\\ud800\\u1"', '"\\ud800\\x"'),
    "n_string_control": ("E401", '"\t"', '"\x01"', '"\x1f"', '"\x0b"'),
    "n_string_nul": ("E308", '"\0"', '"\\\0"', "\0"),
    "n_string_cr": ("E302", '"\r"', "\r"),
    "n_string_bytes": ("E305", b'"\\u\xe5"', b'"\\\xe5"', b'"\xff"'),
    # structure
    "n_structure_space": ("E401", "\f1", "\v1", "\u00a01", "\u20601", "1\u2028", "\ufeff1"),
    "n_structure_words": ("E401", "", "x", "<a>", "\u00e5", "*", "#", "{}{}", "[][]", "1 2", "--"),
    "n_structure_depth": ("E007", "[" * 100_000, '{"a":' * 100_000, "[" * 200 + "]" * 200),
    # left to implementations, and y_object_duplicated_key: readers keep the first, or the last
    "i_object_name_twice": ("E402", '{"a":1,"a":1}', '{"a":1,"\\u0061":2}', '[{"":0,"":1}]'),
    "i_number_overflow": ("E405", "1e400", "-1e400", "0.4e06999999", "1" * 400 + ".0", "[1e309]"),
    "i_number_integer": ("E404", "9007199254740992", "-9007199254740992", "1" * 400, "1" * 5000),
    "i_string_half_a_pair": (
        "E406", '"\\ud800"', '"\\udc00"', '"\\ud800a"', '"\\udd1e\\ud834"', '"\\ud800\\ud800\\n"',
        '{"\\ud800":1}', '["\\uDFAA"]',
    ),
    "i_string_bytes": (
        "E305", b'"\x80"', b'"\xc3"', b'"\xe6\x97\xa5\xff"',
        b'"\xe2\x82"', b'"\xc0\xaf"', b'"\xe0\x80\xaf"',
        b'"\xfc\x80\x80\x80\x80\xaf"', b'"\xf4\xbf\xbf\xbf"', b'"\xed\xa0\x80"',
    ),
    "i_structure_depth": ("E007", "[" * 500 + "]" * 500),
}  # fmt: skip

LINES = {
    "y_structure_lonely": ("E311", "null", "true", "42", "-0.1", '""', '"a"', "[]", "[{}]"),
    "n_structure_two": ("E311", "{}{}", "{} {}", "{}x", "{},", "{}#", "{}]"),
    "n_structure_cut": ("E401", "{", '{"a":1', '{"a', "[", "'a'", "x", "@", "}", "]", ","),
    "n_structure_nothing": ("E303", "", " ", "\t ", "   "),
    "n_structure_mark": ("E304", b"\xef\xbb\xbf", b"\xef\xbb\xbf{}", b"\xff\xfe{\0}\0"),
    "n_structure_half_a_mark": ("E305", b"\xef\xbb{}", b"\xff", b"\xe5"),
    "i_structure_utf_16": ("E308", b"{\0}\0", b"\0{\0}"),
}  # fmt: skip


def rows(table):
    return [
        pytest.param(text if isinstance(text, bytes) else text.encode(), code, id=f"{kind}-{place}")
        for kind, (code, *texts) in table.items()
        for place, text in enumerate(texts)
    ]


def said(line):
    """The codes that the strict path says of a line; the fast one proves just what has none."""
    codes = [found.code for found in explain(line, "m", 1, "message", newer=False).findings]
    assert (prove_message(line) is None) == bool(codes)
    return codes


def verified(text):
    """What verify says of a session in which a text stands as the arguments of its call."""
    vector = make.session.edited(make.session.SEGMENT, b'{"n":1.5}', text)
    return verify_tree(MemoryTree(vector.files)).findings


@pytest.mark.parametrize("text", ACCEPTED)
def test_json_is_accepted(text):
    assert said(LINE.replace(HERE, text.encode())) == []


@pytest.mark.parametrize("text", RESPELT)
def test_json_that_is_spelt_otherwise_is_told_so(text):
    json.loads(text)
    assert said(LINE.replace(HERE, text.encode())) == ["E410"]
    assert [found.code for found in verified(text.encode())] == ["E410"]


@pytest.mark.parametrize(("text", "code"), rows(REFUSED))
def test_what_is_no_json_is_refused(text, code):
    assert said(LINE.replace(HERE, text)) == [code]
    found = verified(text)
    assert {(each.code, each.path) for each in found} == {(code, make.session.SEGMENT)}
    assert found[0].line == 2


@pytest.mark.parametrize(("line", "code"), rows(LINES))
def test_what_is_no_object_is_refused(line, code):
    assert said(line) == [code]
