"""The adversarial log: every way that we know in which a line of a log can be wrong.

`lines(agent)` names each line; `log(agent)` is the file. The last line is torn. Nothing here is
random, so the log is the same every time.
"""

from __future__ import annotations

from itertools import count

AGENTS = ("claude-code", "codex")

SESSION = {
    "claude-code": "0badc0de-0000-4000-8000-000000000000",
    "codex": "01a1f84a-95c0-70d6-a407-9e36703ebd37",
}
STAMP = "2026-11-20T09:30:00.000Z"
BOM = b"\xef\xbb\xbf"
HALF = b"\\ud83d"
"""An escape of half a character: JSON's grammar takes it, Unicode does not."""

LONG = 3 << 20

VALUES: dict[str, bytes] = {
    "plain text": b'"hello"',
    "half a surrogate pair, escaped": b'"a' + HALF + b'b"',
    "two halves, swapped": b'"\\ude00\\ud83d"',
    "a whole pair, escaped": b'"\\ud83d\\ude00"',
    "half a pair as a key": b'{"' + HALF + b'":1}',
    "two keys that repair to the same": b'{"' + HALF + b'":1,"\\ud83c":2}',
    "NaN": b"NaN",
    "infinity": b"[Infinity,-Infinity]",
    "a number beyond a double": b"[1e400,-1e400]",
    "integers beyond 2^53": b"[9007199254740991,9007199254740992,-9007199254740993]",
    "an integer beyond 2^64": b"18446744073709551616",
    "an integer of 5,000 digits": b"9" * 5000,
    "numbers in odd spellings": b"[1E5,1.0,1.10,-0,-0.0,0e0,1e-7,1E+2,100000000000000000000.0]",
    "duplicate keys": b'{"a":1,"a":2}',
    "duplicate keys, spelled apart": b'{"a":1,"\\u0061":2}',
    "keys without letters": b'{"":1,"~/":{"~1":2},"\\u0000":3}',
    "what looks like our references": b'[{"$ref":"/parts/0"},{"$json":"/native"},{"$file":"../x"},'
    b'{"$num":"1e5"},{"$lit":{"$lit":{}}},{"$ref":"x","b":{"$ref":"y"}}]',
    "line separators in a string": '"a\u2028b\u2029c\u0085d\u000be\u007f\ufeff"'.replace(
        "\u000b", "\\u000b"
    ).encode(),
    "needless escapes": b'"\\/\\u003c\\u0041\\u00e9"',
    "controls, escaped": b'"\\u0000\\u001b[31m\\b\\f\\u001F"',
    "an unescaped control": b'"a\x01b"',
    "an unescaped tab": b'"a\tb"',
    "a byte that is no UTF-8": b'"a\xffb"',
    "a surrogate in UTF-8": b'"\xed\xa0\x80"',
    "an overlong slash": b'"\xc0\xaf"',
    "beyond Unicode": b'"\xf4\x90\x80\x80"',
    "an emoji and a combining mark": '"\U0001f56f e\u0301"'.encode(),
    "spaces": b' [ 1 ,\t2 , { "a" : 3 } ] ',
    "no value": b"",
    "a comment": b"1 /* one */",
    "a trailing comma": b"[1,]",
    "single quotes": b"'a'",
    "null": b"null",
    "a list of nothing sensible": b'[null,true,[],{},[[{}]],"",0,{"type":5},'
    b'{"type":"text","text":[]}]',
    "an object of nothing sensible": b'{"type":{"type":[]},"text":{},"content":7,"input":null}',
    "depth at what we take": b"[" * 100 + b"]" * 100,
    "many brackets, little depth": b"[" + b",".join([b"[]"] * 300) + b"]",
}
"""JSON texts, and what is none, that stand where a log has a value."""

LARGE: dict[str, bytes] = {
    "3 MB of text": b'"' + b"lorem ipsum " * (LONG // 12) + b'"',
    "3 MB of text with half a character": b'"' + b"lorem ipsum " * (LONG // 12) + HALF + b'"',
    "3 MB of brackets in a string": b'"' + b"[{" * (LONG // 2) + b'"',
    "depth 2,000": b"[" * 2000 + b"]" * 2000,
    "depth 2,000 in objects": b'{"a":' * 2000 + b"1" + b"}" * 2000,
    "depth 100,000": b"[" * 100_000 + b"]" * 100_000,
    "depth without an end": b"[" * 100_000,
}

WHOLE: dict[str, bytes] = {
    "an empty line": b"",
    "spaces alone": b"  \t ",
    "a carriage return alone": b"\r",
    "a run of NUL": b"\0" * 4096,
    "a NUL before a record": b"\0{}",
    "a BOM before a record": BOM + b"{}",
    "a number": b"5",
    "a string": b'"x"',
    "null alone": b"null",
    "a list": b"[1,2]",
    "an empty object": b"{}",
    "no JSON at all": b"Traceback (most recent call last):",
    "JavaScript's words": b"[object Object]",
    "bytes": bytes(b for b in range(256) if b != 10),
    "an image": b"\x89PNG\r\x1a" + bytes(range(200, 256)),
    "a type that is no string": b'{"type":5,"payload":[],"message":null,"uuid":{},"timestamp":{}}',
    "a type unheard of": b'{"type":"unheard","payload":{"type":"of"},"uuid":7,"timestamp":"soon"}',
}
"""Lines that are no record of any agent."""


def _claude(number: int, value: bytes, kind: str, **keys: str) -> bytes:
    keys = {"uuid": f'"{number:08x}-0000-4000-8000-000000000000"', "parentUuid": "null"} | keys
    said = b",".join(f'"{key}":{text}'.encode() for key, text in keys.items())
    call = f'"toolu_{number}"'.encode()
    message = {
        "user": b'{"role":"user","content":%s}' % value,
        "assistant": b'{"id":"msg_%d","role":"assistant","model":"m","content":['
        b'{"type":"tool_use","id":%s,"name":"Bash","input":%s}],'
        b'"usage":{"input_tokens":%s,"output_tokens":1}}' % (number, call, value, value),
        "result": b'{"role":"user","content":[{"type":"tool_result","tool_use_id":%s,'
        b'"content":%s}]}' % (call, value),
    }[kind]
    aside = b',"toolUseResult":%s' % value if kind == "result" else b""
    return (
        b'{%s,"type":"%s","sessionId":"%s","timestamp":"%s","cwd":"/home/ada","version":"2.0.1",'
        b'"message":%s%s}'
    ) % (
        said,
        b"assistant" if kind == "assistant" else b"user",
        SESSION["claude-code"].encode(),
        STAMP.encode(),
        message,
        aside,
    )


def _codex(number: int, value: bytes, kind: str, **keys: str) -> bytes:
    call = f'"call_{number}"'.encode()
    said = b"".join(f'"{key}":{text},'.encode() for key, text in keys.items())
    wrapper, payload = {
        "user": (
            b"response_item",
            b'{%s"type":"message","role":"user","content":[{"type":"input_text","text":%s}]}'
            % (said, value),
        ),
        "assistant": (
            b"response_item",
            b'{"type":"function_call","name":"exec_command","arguments":%s,"call_id":%s}'
            % (value, call),
        ),
        "result": (
            b"event_msg",
            b'{"type":"token_count","info":{"total_token_usage":{"input_tokens":%s}},'
            b'"stdout":%s,"call_id":%s}' % (value, value, call),
        ),
    }[kind]
    return b'{"timestamp":"%s","type":"%s","payload":%s}' % (STAMP.encode(), wrapper, payload)


def lines(agent: str) -> dict[str, bytes]:
    """Return every line of the log by what is wrong with it, line ends included."""
    record = {"claude-code": _claude, "codex": _codex}[agent]
    numbers = count(1)
    result: dict[str, bytes] = {}

    def add(name: str, line: bytes, eol: bytes = b"\n") -> None:
        assert name not in result, name
        assert b"\n" not in line, name
        result[name] = line + eol

    if agent == "codex":
        meta = '{"id":"%s","timestamp":"%s","cwd":"/home/ada","cli_version":"0.121.0"}'
        meta %= (SESSION["codex"], STAMP)
        add("a beginning", b'{"timestamp":"%s","type":"session_meta","payload":%s}'
            % (STAMP.encode(), meta.encode()))  # fmt: skip
    else:
        add("a beginning", record(0, b'"hello"', "user"))
    for name, value in VALUES.items():
        for kind in ("user", "assistant", "result"):
            add(f"{name} ({kind})", record(next(numbers), value, kind))
    for name, value in LARGE.items():
        add(name, record(next(numbers), value, "user"))
    for name, line in WHOLE.items():
        add(name, line)
    own = f"{next(numbers):08x}-0000-4000-8000-000000000000"
    later = "ffffffff-0000-4000-8000-000000000000"
    keys = ("uuid", "parentUuid") if agent == "claude-code" else ("id", "parent_id")
    for name, uuid, parent in (
        ("a parent that never was", own, "deadbeef-0000-4000-8000-000000000000"),
        ("itself as parent", "eeeeeeee-0000-4000-8000-000000000000", None),
        ("a parent that comes later", "dddddddd-0000-4000-8000-000000000000", later),
        ("the same id again", own, later),
        ("the same id a third time, its own parent", own, own),
        ("the parent that came later", later, own),
        ("an id that is no id", "\\u0000/../\\ud83d", ""),
    ):
        ids = dict(zip(keys, (f'"{uuid}"', f'"{uuid if parent is None else parent}"'), strict=True))
        add(name, record(next(numbers), b'"family"', "user", **ids))
    good = record(next(numbers), b'"good"', "user")
    add("two records on one line", good + good)
    add("two records and a space", good + b" " + good)
    add("a record and something", good + b"}")
    add("a record without its end", good[:-1])
    add("a record without its beginning", good[20:])
    add("a line end of two bytes", record(next(numbers), b'"dos"', "user"), b"\r\n")
    add("no record, and a line end of two bytes", b"{", b"\r\n")
    add("a carriage return inside", b"{}\r{}")
    add("separators of lines between records", good + "\u2028".encode() + good + b"\x85\x0b\x0c")
    add("a time that is none", good.replace(STAMP.encode(), b"2026-13-45T99:99:99Z"))
    add("a time before all times", good.replace(STAMP.encode(), b"0000-00-00T00:00:00Z"))
    add("a BOM before a good record", BOM + good)
    add("spaces around a good record", b" " + good + b" ")
    add("torn, in the middle of a character", good[: good.index(b"good")] + "é".encode()[:1], b"")
    return result


def log(agent: str) -> bytes:
    """Return the whole log: some 10 MB."""
    return b"".join(lines(agent).values())
