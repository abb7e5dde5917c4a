# SPDX-License-Identifier: CC0-1.0
"""4: JSON values and their encoding."""

from __future__ import annotations

from making.session import NATIVE, SEGMENT, Session, Vector, changed, edited, line, segment, vector


@vector("bad/E401_cut_line")
def cut_line():
    return segment(lambda content: content[:-3] + b"\n", ("E401", SEGMENT, 4))


@vector("bad/E402_name_twice")
def name_twice():
    return edited(
        SEGMENT, b'"role":"user"', b'"role":"user","role":"user"', ("E402", SEGMENT, 1, "/role")
    )


@vector("bad/E403_nan")
def not_a_number():
    place = "/parts/0/arguments/n"
    return edited(SEGMENT, b'{"n":1.5}', b'{"n":NaN}', ("E403", SEGMENT, 2, place))


@vector("bad/E404_integer")
def large_integer():
    place = "/parts/0/arguments/n"
    return edited(SEGMENT, b'{"n":1.5}', b'{"n":9007199254740992}', ("E404", SEGMENT, 2, place))


@vector("bad/E405_overflow")
def overflow():
    place = "/parts/0/arguments/n"
    return edited(SEGMENT, b'{"n":1.5}', b'{"n":1e400}', ("E405", SEGMENT, 2, place))


@vector("bad/E406_surrogate")
def surrogate():
    return edited(SEGMENT, b"Nothing", b"\\ud800", ("E406", SEGMENT, 4, "/parts/0/text"))


@vector("bad/E406_name")
def surrogate_in_a_name():
    place = "/parts/0/arguments"
    return edited(SEGMENT, b'{"n":1.5}', b'{"\\udc00":1.5}', ("E406", SEGMENT, 2, place))


@vector("bad/E410_space")
def space():
    return edited(SEGMENT, b'"seq":2', b'"seq": 2', ("E410", SEGMENT, 2))


@vector("bad/E410_escape")
def needless_escape():
    return edited(SEGMENT, "é".encode(), b"\\u00e9", ("E410", SEGMENT, 1))


@vector("bad/E410_key_order")
def key_order():
    old = b'"type":"tool_call","call_id":"c1","name":"Read"'
    new = b'"type":"tool_call","name":"Read","call_id":"c1"'
    return edited(SEGMENT, old, new, ("E410", SEGMENT, 2))


@vector("bad/E410_integer_as_fraction")
def integer_as_fraction():
    return edited(SEGMENT, b'"seq":2', b'"seq":2.0', ("E410", SEGMENT, 2))


@vector("bad/E410_native_key_order")
def native_key_order():
    def change(message):
        message["native"] = {"eol": "\r\n"} | message["native"]

    return changed(1, change, ("E410", SEGMENT, 1))


@vector("bad/E410_redactions")
def spelt_redaction():
    session = Session()
    session.redactions = session.redactions.replace(b":", b": ", 1)
    return Vector(session.sealed(), ("E410", "redactions.jsonl", 1))


def respelled(code, number, pointer, old, new):
    """A vector of one place in the segment that is spelt otherwise."""
    return lambda: edited(SEGMENT, old, new, (code, SEGMENT, number, pointer))


ARGUMENTS, N = b'{"n":1.5}', "/parts/0/arguments/n"
SPELLINGS = {
    "E305_cesu_8": (1, None, "𝄞".encode(), b"\xed\xa0\xb4\xed\xb4\x9e"),
    "E305_cut_character": (1, None, "é".encode(), b"\xc3"),
    "E305_five_bytes": (1, None, "é".encode(), b"\xf8\x88\x80\x80\x80"),
    "E305_beyond_unicode": (1, None, "𝄞".encode(), b"\xf4\x90\x80\x80"),
    "E401_plus_sign": (2, None, ARGUMENTS, b'{"n":+1}'),
    "E401_leading_zero": (2, None, ARGUMENTS, b'{"n":01}'),
    "E401_no_digit_before_the_point": (2, None, ARGUMENTS, b'{"n":.5}'),
    "E401_no_digit_after_the_point": (2, None, ARGUMENTS, b'{"n":1.}'),
    "E401_hexadecimal": (2, None, ARGUMENTS, b'{"n":0x1F}'),
    "E401_other_digits": (2, None, ARGUMENTS, '{"n":1\u0661}'.encode()),
    "E401_lower_case_nan": (2, None, ARGUMENTS, b'{"n":nan}'),
    "E401_python_word": (2, None, ARGUMENTS, b'{"n":None}'),
    "E401_trailing_comma": (2, None, ARGUMENTS, b'{"n":1.5,}'),
    "E401_single_quotes": (2, None, ARGUMENTS, b"{'n':1.5}"),
    "E401_name_without_quotes": (2, None, ARGUMENTS, b"{n:1.5}"),
    "E401_comment": (2, None, ARGUMENTS, b'{"n":1.5/* why */}'),
    "E401_control_character": (4, None, b"Nothing", b"No\tthing"),
    "E401_unknown_escape": (4, None, b"Nothing", b"No\\x74hing"),
    "E401_form_feed": (2, None, ARGUMENTS, b'{"n":\f1.5}'),
    "E401_no_break_space": (2, None, ARGUMENTS, '{"n":\xa01.5}'.encode()),
    "E401_record_separator": (2, None, b'{"seq":2', b'\x1e{"seq":2'),
    "E401_spliced_line": (2, None, b'"arguments":{"n":1.5}', b'"arguments":{"n":1{"seq":2}'),
    "E401_bom_in_the_middle": (2, None, b'{"seq":2', '\ufeff{"seq":2'.encode()),
    "E402_in_arguments": (2, N, ARGUMENTS, b'{"n":1.5,"n":1.5}'),
    "E402_in_native": (1, "/native/record/ask", b'{"ask":', b'{"ask":1,"ask":'),
    "E402_spelt_in_two_ways": (2, N, ARGUMENTS, b'{"n":1.5,"\\u006e":2}'),
    "E403_infinity": (2, N, ARGUMENTS, b'{"n":Infinity}'),
    "E403_minus_infinity": (2, N, ARGUMENTS, b'{"n":-Infinity}'),
    "E404_negative": (2, N, ARGUMENTS, b'{"n":-9007199254740992}'),
    "E404_five_thousand_digits": (2, N, ARGUMENTS, b'{"n":%s}' % (b"1" * 5000)),
    "E405_long_exponent": (2, N, ARGUMENTS, b'{"n":-1e99999999999}'),
    "E406_second_half": (4, "/parts/0/text", b"Nothing", b"\\uDC00"),
    "E406_halves_swapped": (4, "/parts/0/text", b"Nothing", b"\\uDD1E\\uD834"),
    "E410_escaped_slash": (4, None, b"Nothing", b"No\\/thing"),
    "E410_escaped_astral": (1, None, "𝄞".encode(), b"\\ud834\\udd1e"),
    "E410_long_escape": (4, None, b"Nothing", b"No\\u0009thing"),
    "E410_upper_case_escape": (4, None, b"Nothing", b"No\\u001Bthing"),
    "E410_exponent": (2, None, ARGUMENTS, b'{"n":1e2}'),
    "E410_more_digits": (2, None, ARGUMENTS, b'{"n":1.50}'),
    "E410_minus_zero": (2, None, ARGUMENTS, b'{"n":-0}'),
    "E410_underflow": (2, None, ARGUMENTS, b'{"n":1e-400}'),
    "E410_rounded": (2, None, ARGUMENTS, b'{"n":0.1000000000000000055511151231257827}'),
}


"""Line, pointer, and what stands where something else belongs: each in its own vector."""


for _name, (_number, _pointer, _old, _new) in SPELLINGS.items():
    vector(f"bad/{_name}")(respelled(_name[:4], _number, _pointer, _old, _new))


@vector("bad/E410_space_at_the_end")
def space_at_the_end():
    return segment(lambda content: content.replace(b"}\n", b"} \n", 1), ("E410", SEGMENT, 1))


@vector("bad/E304_utf_16")
def utf_16():
    def change(content):
        return ("\ufeff" + content.decode()).encode("utf-16-le")

    return segment(change, ("E301", SEGMENT), ("E304", SEGMENT, 1), ("E308", SEGMENT, 2))


@vector("good/strings")
def strings():
    """Characters and names that readers are known to stumble over, as themselves."""
    session = Session()
    text = "\0\b\x0b\x1b\x7f\x85\u2028\u2029\ufeff\u202e\u200b\ufffe\U0010ffff e\u0301 \xe9 <!--"
    names = ["caf\xe9", "cafe\u0301", "__proto__", "", "$ref", "a/b~c", "\x85", "\U0001f331"]
    arguments = {"text": text} | dict.fromkeys(names, text[0])
    session.messages[1]["parts"][0]["arguments"] = arguments
    session.messages[1]["native"] = {"record": {"call": {"$ref": "/parts/0/arguments"}}}
    lines = NATIVE.splitlines(keepends=True)
    lines[1] = line({"call": arguments}) + b"\n"
    session.native(b"".join(lines))
    return Vector(session.sealed())


@vector("good/numbers")
def numbers():
    """The minimal encoding of numbers, as chapter 7 has it."""
    text = (
        "[0,-1,9007199254740991,-9007199254740991,0.0,-0.0,1.0,0.1,100.0,0.00001,9.9e-6,1e16,1.5e16,"
        "9007199254740992.0,1.7976931348623157e308,5e-324]"
    )
    session = Session()
    session.messages[1]["native"] = {"record": {"call": {"$ref": "/parts/0/arguments/n"}}}
    lines = NATIVE.splitlines(keepends=True)
    lines[1] = b'{"call":%s}\n' % text.encode()
    session.native(b"".join(lines))
    files = session.content()
    files[SEGMENT] = files[SEGMENT].replace(ARGUMENTS, b'{"n":%s}' % text.encode())
    return Vector(session.sealed(files))
