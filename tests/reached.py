"""Which of the places that say a rule's code does no vector reach: a line of `MODULE CODE` each.

A program of its own, because it traces itself: a test that did so would blind the coverage.
"""

import ast
import contextlib
import io
import re
import sys
import tempfile
import threading
from pathlib import Path

import sessionfs
from sessionfs.cli import main
from test_vectors import VECTORS, run

PACKAGE = Path(sessionfs.__file__).parent
PARTS = ("check", "verify", "git", "pack")
SOURCES = [
    PACKAGE / "yamltext.py",
    *sorted(path for part in PARTS for path in PACKAGE.glob(f"{part}/*.py")),
]
NAMES = frozenset(map(str, SOURCES))
reached = set()


def follow(frame, event, _):
    if event == "line":
        reached.add((frame.f_code.co_filename, frame.f_lineno))
    return follow


def begin(frame, _event, _argument):
    return follow if frame.f_code.co_filename in NAMES else None


def verify_all():
    for vector in VECTORS:
        with tempfile.TemporaryDirectory() as directory:
            place = Path(directory)
            try:
                made = run.prepare(vector, place)
                for deep in ((), ("--deep",))[: 1 + ("deep" in run.read(vector, "expect.json"))]:
                    arguments = ["verify", "--json", *made.options, *deep, str(made.tree)]
                    with contextlib.redirect_stdout(io.TextIOWrapper(io.BytesIO())):
                        threading.settrace(begin)  # frames are decompressed in threads
                        sys.settrace(begin)
                        main(arguments)
                        sys.settrace(None)
            finally:
                run.restore(vector, place)


def sayings(path):
    """Yield line and code wherever a function of a module names one."""
    for function in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(function, ast.FunctionDef):
            for node in (inner for statement in function.body for inner in ast.walk(statement)):
                if isinstance(node, ast.Constant) and re.fullmatch("[EW][0-9]{3}", str(node.value)):
                    yield node.lineno, node.value


if __name__ == "__main__":
    verify_all()
    for path in SOURCES:
        module = ".".join(path.relative_to(PACKAGE).with_suffix("").parts)
        for line, code in sayings(path):
            if (str(path), line) not in reached:
                print(module, code)
