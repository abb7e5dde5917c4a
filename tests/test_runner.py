"""The suite's runner: it passes our command line, and says what is wrong of every wrong one."""

import subprocess
import sys

import pytest

from test_vectors import HERE, OURS, VECTORS, run

SWAPPED = "bad/E501_swapped"  # two findings: lines 3 and 4 of one file
FOUND = ("E501 messages-00000001.jsonl:3#/seq", "E501 messages-00000001.jsonl:4#/seq")
NOTHING = [*(f"missing:    {line}" for line in FOUND), "exit code 0, not 1"]
UNREADABLE = "exit code 0, and no findings in its output: "

# What ours says, as `value` and `code`, to be spoilt and said.
HONEST = f"""\
import json, subprocess, sys
done = subprocess.run([*{OURS!r}, *sys.argv[1:]], stdout=subprocess.PIPE)
value, code = json.loads(done.stdout), done.returncode
found = value["findings"]
"""
SAY = """
print(json.dumps(value))
sys.exit(code)
"""
WRONG = {
    "finds nothing": ("""print('{"findings": []}')""", NOTHING),
    "another line": (
        HONEST + "found[1]['line'] += 1" + SAY,
        [f"missing:    {FOUND[1]}", f"unexpected: {FOUND[1].replace(':4', ':5')}"],
    ),
    "no pointer": (
        HONEST + "del found[1]['pointer']" + SAY,
        [f"missing:    {FOUND[1]}", f"unexpected: {FOUND[1].removesuffix('#/seq')}"],
    ),
    "one twice": (HONEST + "found.append(found[1])" + SAY, [f"unexpected: {FOUND[1]}"]),
    "another order": (
        HONEST + "found.reverse()" + SAY,
        ["the findings are right, but not sorted by path, line, code and pointer"],
    ),
    "another exit code": (HONEST + "code = 3" + SAY, ["exit code 3, not 1"]),
    "no JSON": ("print('all is well')", [UNREADABLE + r"b'all is well\n'"]),
    "no object": ("print('[]')", [UNREADABLE + r"b'[]\n'"]),
    "no path": (
        """print('{"findings":[{"code":"E501"}]}')""",
        [UNREADABLE + """b'{"findings":[{"code":"E501"}]}\\n'"""],
    ),
    "hangs": ("import time; time.sleep(600)", ["stopped after 5 s"]),
    "leaves a child": (
        """\
import subprocess, sys
print('{"findings": []}', flush=True)
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
""",
        NOTHING,
    ),
    "prints for ever": (
        "import os\nwhile True: os.write(1, b'x' * 60000)",
        [f"exit code 1, and no findings in its output: {b'x' * 100!r}"],
    ),
    "crashes": (
        "raise ValueError('no such thing')",
        ["exit code 1, and no findings in its output: b''", "stderr: ValueError: no such thing"],
    ),
}


def runner(*arguments):
    """Run the runner: its exit code, the lines that it prints, and what it complains of."""
    done = subprocess.run(
        [sys.executable, str(HERE / "run.py"), *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    return done.returncode, done.stdout.splitlines(), done.stderr


def closing(count=1, passed=0, failed=0, expected=0, not_run=0):
    return (
        f"{count} vectors: {passed} passed, {failed} failed, "
        f"{expected} failed as expected, {not_run} not run"
    )


@pytest.fixture
def blind(tmp_path):
    """A verifier that finds nothing."""
    script = tmp_path / "blind.py"
    script.write_text(WRONG["finds nothing"][0])
    return ("--", sys.executable, script)


@pytest.mark.parametrize(
    "only",
    [
        pytest.param("*/W71*", id="git"),
        pytest.param("*/[EW]?[13]*", id="some", marks=pytest.mark.exhaustive),
        pytest.param("*", id="all", marks=pytest.mark.soak),
    ],
)
def test_our_command_line_conforms(only):
    count = len(run.vectors(only))
    assert runner("--only", only, "-j", 2, "--", *OURS) == (0, [closing(count, passed=count)], "")


@pytest.mark.parametrize("way", WRONG)
def test_a_wrong_one_is_told_what_is_wrong(way, tmp_path):
    text, said = WRONG[way]
    script = tmp_path / "verifier.py"
    script.write_text(text)
    code, lines, errors = runner("--only", SWAPPED, "--timeout", 5, "--", sys.executable, script)
    assert (code, errors) == (1, "")
    assert (lines[0], lines[-1]) == (f"failed    {SWAPPED}", closing(failed=1))
    told = [line.strip() for line in lines[1:-1]]
    assert [line for line in told if not line.startswith("stderr: ") or line in said] == said


def test_expected_failures_have_reasons(tmp_path, blind):
    listed = tmp_path / "listed.txt"
    listed.write_text("# what it lacks\n\nbad/*: it finds nothing: at all\n")
    only = ("--only", "*/E00[12]*", "--expected-failures", listed)
    count = len(run.vectors("*/E00[12]*"))
    assert runner(*only, *blind) == (0, [closing(count, expected=count)], "")
    code, lines, _ = runner(*only, "-v", *blind)
    assert (code, lines[-1]) == (0, closing(count, expected=count))
    assert lines[0] == "expected  bad/E001_checksums: it finds nothing: at all"


def test_an_expected_failure_that_passes_is_a_failure(tmp_path, blind):
    listed = tmp_path / "listed.txt"
    listed.write_text("good/plain: it is too hard\nbad/E000*: no such rule\n")
    code, lines, _ = runner("--only", "good/plain", "--expected-failures", listed, *blind)
    assert code == 1
    assert lines == [
        "failed    good/plain: passes, though it is expected to fail: it is too hard",
        "failed    bad/E000*: an expected failure that names no vector",
        closing(failed=1),
    ]


def test_without_reason_or_command_nothing_runs(tmp_path, blind):
    listed = tmp_path / "listed.txt"
    listed.write_text("good/plain\n")
    said = f"error: {listed}:1: not `VECTOR: REASON`\n"
    assert runner("--expected-failures", listed, *blind) == (2, [], said)
    code, lines, errors = runner("--expected-failures", tmp_path / "none", *blind)
    assert (code, lines) == (2, [])
    assert errors.startswith(f"error: cannot read {tmp_path / 'none'}: ")
    assert runner("--", "no-such-program") == (2, [], "error: no program no-such-program\n")
    assert runner("--only", "x", *blind) == (2, [], "error: no vector is called x\n")


def test_list_runs_nothing():
    names = [run.name(vector) for vector in VECTORS]
    assert runner("--list", "--", "no-such-program") == (0, names, "")


def test_what_a_machine_cannot_do_is_not_passed(monkeypatch):
    def refuse(*_):
        raise OSError(1, "Operation not permitted")

    (vector,) = run.vectors("bad/E104_link")
    monkeypatch.setattr(run.Path, "symlink_to", refuse)
    outcome = run.judge(vector, OURS, 60)
    reason = "this machine has no symbolic links (Operation not permitted)"
    assert outcome == run.Outcome("bad/E104_link", not_here=reason)


def test_what_is_not_run_is_named_and_counted(capsys):
    outcomes = [run.Outcome("bad/a", not_here="no git"), run.Outcome("bad/b")]
    counts = run.report(outcomes, {"bad/a": "?"}, verbose=False)
    assert counts == {"not run": 1, "passed": 1}
    assert capsys.readouterr().out == "not run   bad/a: no git\n"


def test_a_vector_runs_in_an_environment_of_its_own(monkeypatch, tmp_path):
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    environment = run.environment(tmp_path)
    assert "GIT_DIR" not in environment
    assert environment["GIT_CEILING_DIRECTORIES"] == str(tmp_path.resolve().parent)
