"""The forms of a verifier's report, each read by what will read it."""

import json
import os
import re
import shutil
import stat
from collections import Counter
from pathlib import Path
from urllib.parse import unquote_to_bytes

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from junitparser import JUnitXml

from conftest import ROOT
from sessionfs.canonical import UNSET, replace
from sessionfs.cli import main
from sessionfs.digest import digest
from sessionfs.rules import RULES
from sessionfs.schema import finding
from sessionfs.view import github, gitlab, junit, sarif
from sessionfs.view.ranking import fingerprints, worst

SHARD = "2026/11"
SESSION = f"{SHARD}/01M7WM3K6WT6E66QERZ5G6H0NZ"
CHECKED = {"sessions": 3, "messages": 7, "files": 9, "bytes": 812}
LOG = f".sessions/{SESSION}/messages-00000001.jsonl"
ODD = os.fsdecode(b"a b/%41,:\n#?\xff\xc3\xa9\x1b[31m/::x")
SCHEMA = json.loads((ROOT / "tests" / "schemas" / "sarif-2.1.0.json").read_bytes())
EVERY_SHAPE = [
    finding("W107", "notes.txt", "it belongs to no session"),
    finding("E601", LOG, "its digest is another one"),
    finding("E505", LOG, "not a string", line=3, pointer="/parts/0/text"),
    finding("E505", LOG, "not a string either", line=3, pointer="/parts/0/text"),
    finding("E410", LOG, "key order", line=4),
    finding("E603", f".sessions/{SESSION}/summary.json", "does not follow", pointer="/\ud800\0~1"),
    finding(
        "E505",
        ODD,
        "::stop-commands::x\r\n##[error]y\u2028\x07\uffff|`<b>@ada`",
        line=1,
        pointer="",
    ),
    finding("E104", "/elsewhere/link", "a symbolic link"),
]
MANY = [finding("W508", f"{number % 7}/m.jsonl", "ä", line=number + 1) for number in range(3000)]
SHAPES = {"every": EVERY_SHAPE, "many": MANY, "none": []}
given_findings = pytest.mark.parametrize("found", SHAPES.values(), ids=SHAPES)
anything = st.builds(
    finding,
    st.sampled_from(["E505", "E601", "W508"]),
    st.text(st.characters(exclude_characters="\0"), max_size=9),
    st.text(max_size=9),
    line=st.none() | st.integers(1, 9),
    pointer=st.none() | st.text(max_size=9),
)


# Which findings, and what tells them apart


def test_the_worst_come_from_everywhere():
    broken = [finding("E505", "a/long", "?", line=line) for line in range(1, 31)]
    broken += [finding("E601", f"{name}/x", "?") for name in "bcd"]
    warned = [finding("W508", "a/warned", "?")]
    told = worst([*warned, *broken], 5)
    assert [(found.path, found.line) for found in told] == [
        ("a/long", 1),
        ("a/long", 2),
        ("b/x", UNSET),
        ("c/x", UNSET),
        ("d/x", UNSET),
    ]
    assert warned[0] not in worst([*warned, *broken], 33)
    assert worst([*warned, *broken], 34) == [*warned, *broken]
    of_one = [finding("E601", f"a/{name}", "?") for name in ("x", "x", "x", "files/y", "z")]
    assert [found.path for found in worst([*of_one, finding("E601", "b/x", "?")], 3)] == [
        "a/x",
        "a/files/y",
        "b/x",
    ]


def test_fingerprints_follow_from_the_place_alone():
    prints = fingerprints(EVERY_SHAPE)
    assert len(set(prints)) == len(EVERY_SHAPE)
    reworded = [replace(found, message="other words", hint="") for found in EVERY_SHAPE]
    assert fingerprints(reworded) == prints
    moved = [replace(found, path=f"x/{found.path}") for found in EVERY_SHAPE]
    assert not set(fingerprints(moved)) & set(prints)
    without_one = fingerprints(EVERY_SHAPE[1:])
    assert without_one == prints[1:]
    assert len(set(fingerprints(MANY))) == len(MANY)
    spelled = f"E601\0{LOG}\0\0\0" + "0"  # services compare those of many versions: never another
    assert prints[1] == digest(spelled.encode())[:32]


# SARIF


@given_findings
def test_sarif_is_valid(found):
    log = sarif.document(found, version="1.2.3", complete=True)
    Draft202012Validator(SCHEMA).validate(log)
    assert json.loads(json.dumps(log)) == log


def test_the_sarif_schema_refuses_what_is_no_sarif():
    log = sarif.document(EVERY_SHAPE, version="1.2.3", complete=True)
    log["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["region"] = {"startLine": 0}
    assert not Draft202012Validator(SCHEMA).is_valid(log)


@given_findings
def test_sarif_names_rule_place_and_fingerprint(found):
    (run,) = sarif.document(found, version="1.2.3", complete=False)["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == sorted({one.code for one in found})
    assert run["invocations"] == [{"executionSuccessful": False}]
    for one, told in zip(found, run["results"], strict=True):
        assert rules[told["ruleIndex"]]["id"] == told["ruleId"] == one.code
        assert rules[told["ruleIndex"]]["shortDescription"]["text"] == RULES[one.code].sentence
        assert told["level"] == one.level
        (location,) = told["locations"]
        place = location["physicalLocation"]
        assert place.get("region") == (None if one.line is UNSET else {"startLine": one.line})
        assert ("logicalLocations" in location) == (one.pointer is not UNSET and one.pointer != "")
    marks = [told["partialFingerprints"]["sessionfs/v1"] for told in run["results"]]
    assert marks == fingerprints(found)


def test_sarif_uris_lead_to_the_files():
    (run,) = sarif.document(EVERY_SHAPE, version="1", complete=True)["runs"]
    for one, told in zip(EVERY_SHAPE, run["results"], strict=True):
        artifact = told["locations"][0]["physicalLocation"]["artifactLocation"]
        assert re.fullmatch(r"(?:[A-Za-z0-9._~/:-]|%[0-9A-F]{2})+", artifact["uri"])
        absolute = one.path.startswith("/")
        assert artifact.get("uriBaseId") == (None if absolute else "SRCROOT")
        path = artifact["uri"].removeprefix("file://" if absolute else "")
        assert unquote_to_bytes(path) == os.fsencode(one.path)
    assert "SRCROOT" in run["originalUriBaseIds"]


def test_sarif_has_the_worst_5000_and_says_so():
    found = [*(finding("W508", "m", "?", line=line) for line in range(1, 6001)), EVERY_SHAPE[1]]
    (run,) = sarif.document(found, version="1", complete=True)["runs"]
    assert len(run["results"]) == 5000
    assert Counter(told["level"] for told in run["results"]) == {"warning": 4999, "error": 1}
    (invocation,) = run["invocations"]
    (notification,) = invocation["toolExecutionNotifications"]
    assert notification["message"]["text"].startswith("6,001 findings: the worst 5,000 ")
    run["results"] = run["results"][::100]  # the schema has an opinion on each, not on their number
    Draft202012Validator(SCHEMA).validate({"version": "2.1.0", "runs": [run]})


# JUnit


def read_junit(found, archives=(".sessions",), sessions=(f".sessions/{SESSION}",)):
    return JUnitXml.fromstring(junit.document(found, archives, sessions).encode())


@given_findings
def test_junitparser_reads_junit(found):
    report = read_junit(found)
    cases = [case for suite in report for case in suite]
    failed = [case for case in cases if case.result]
    assert (report.tests, report.failures) == (len(cases), len(failed))
    for suite in report:
        assert suite.tests == len(list(suite))
        assert suite.failures == sum(bool(case.result) for case in suite)
    told = [case.system_out or "" for case in cases]
    told += [one.text for case in failed for one in case.result]
    lines = "\n".join(told).splitlines()
    assert sum(line.startswith(tuple(RULES)) for line in lines) == len(found)


def test_junit_has_a_suite_for_each_archive_and_a_case_for_each_session():
    sessions = [f"{archive}{SHARD}/{name}" for archive in ("a/", "b/") for name in ("X", "Y")]
    found = [
        finding("E601", f"a/{SHARD}/X/files/abc", "?"),
        finding("W511", f"b/{SHARD}/X/messages-00000001.jsonl", "no result", line=2),
        finding("E213", "b/archive.yaml", "?"),
    ]
    (top, other, alone) = read_junit(found, ("a", "b"), [*sessions, f"c/{SHARD}/Z"])
    names = ["around the sessions", f"{SHARD}/X", f"{SHARD}/Y"]
    assert [(suite.name, [case.name for case in suite]) for suite in (top, other, alone)] == [
        ("a", names),
        ("b", names),
        ("c", [f"{SHARD}/Z"]),
    ]
    assert [bool(case.result) for case in top] == [False, True, False]
    assert [bool(case.result) for case in other] == [True, False, False]
    assert list(other)[1].system_out.startswith(f"W511 b/{SHARD}/X/messages-00000001.jsonl:2: no")
    assert list(top)[1].classname == "a"
    (alone_one,) = read_junit([finding("E101", "manifest.yaml", "?")], (), ("",))
    assert [(case.name, bool(case.result)) for case in alone_one] == [(".", True)]


def test_a_junit_case_has_one_failure_with_all_errors():
    errors = [finding("E601", LOG, "one"), finding("E505", LOG, "two", line=2)]
    (case,) = [case for suite in read_junit(errors) for case in suite if case.result]
    (failure,) = case.result
    assert failure.type == "E601"
    assert failure.message == f"E601 {LOG}: one (and 1 more error)"
    assert failure.text.splitlines()[:2] == [f"E601 {LOG}: one", f"E505 {LOG}:2: two"]


@given(st.lists(anything, max_size=5))
def test_any_text_makes_xml_and_json(found):
    assert read_junit(found).failures <= len(found)
    for value in (gitlab.document(found), sarif.document(found, version="1", complete=True)):
        json.dumps(value, ensure_ascii=False).encode()


# GitLab


@given_findings
def test_gitlab_code_quality(found):
    told = gitlab.document(found)
    assert len({entry["fingerprint"] for entry in told}) == len(found)
    for one, entry in zip(found, told, strict=True):
        assert entry.keys() == {
            "description", "check_name", "fingerprint", "severity", "location",
        }  # fmt: skip
        assert entry["check_name"] == one.code
        assert entry["severity"] == {"E": "critical", "W": "minor"}[one.code[0]]
        assert entry["location"]["lines"]["begin"] == (1 if one.line is UNSET else one.line)
        assert "\n" not in entry["description"]
    paths = [entry["location"]["path"] for entry in told]
    assert paths == [one.path.replace("\udcff", "\\xff") for one in found]


# GitHub


def obeyed(lines):
    """What a runner of GitHub takes out of a log: commands with properties, and other lines.

    After actions/runner: a command begins a line after blanks with `::`; of old, it stood
    anywhere behind `##[`.
    """
    commands, rest = [], []
    for line in re.split(r"\r\n|\r|\n", "\n".join(lines)):
        match = re.fullmatch(r"\s*::(\w[\w-]*)(?: (.*?))?::(.*)", line)
        if match is None:
            assert not line.lstrip().startswith("::")
            assert "##[" not in line
            rest.append(line)
            continue
        name, told, data = match.groups()
        pairs = dict(pair.split("=", 1) for pair in told.split(",")) if told else {}
        for token, sign in {"%0D": "\r", "%0A": "\n", "%3A": ":", "%2C": ",", "%25": "%"}.items():
            pairs = {key: value.replace(token, sign) for key, value in pairs.items()}
        for token, sign in {"%0D": "\r", "%0A": "\n", "%25": "%"}.items():
            data = data.replace(token, sign)
        commands.append((name, pairs, data))
    return commands, rest


def test_github_annotates_files_and_lines():
    commands, rest = obeyed(github.log_lines(EVERY_SHAPE, CHECKED))
    assert {name for name, _, _ in commands} == {"error", "warning"}
    shown = [*EVERY_SHAPE[1:], EVERY_SHAPE[0]]
    for one, (name, pairs, data) in zip(shown, commands, strict=True):
        assert name == one.level
        assert pairs["title"] == one.code
        assert pairs["file"] == one.path.replace("\udcff", "\\xff").replace("\x1b[31m", "")
        assert pairs.get("line") == (None if one.line is UNSET else str(one.line))
        assert data.endswith(f"\nhint: {one.hint}")
    assert commands[1][2].startswith("/parts/0/text: not a string\n")
    assert rest == ["7 errors and 1 warning in 3 sessions, 7 messages, 9 files, 812 bytes"]


def test_github_takes_ten_of_each_level_and_lists_the_rest():
    errors = [finding("E505", f"{name}/m", "##[error]", line=9) for name in range(25)]
    commands, rest = obeyed(github.log_lines([*MANY, *errors], CHECKED))
    counts = Counter(name for name, _, _ in commands)
    assert counts == {"error": 10, "warning": 10, "notice": 1, "group": 1, "endgroup": 1}
    assert [name for name, _, _ in commands][:20] == ["error"] * 10 + ["warning"] * 10
    files = [pairs["file"] for name, pairs, _ in commands if name == "error"]
    assert len(set(files)) == 10
    assert commands[20][2].startswith("3,005 more findings: ")
    assert sum(line.startswith(("E505 ", "W508 ")) for line in rest) == 3005
    assert rest[-1].startswith("25 errors and 3,000 warnings in ")


def test_github_says_only_the_verdict_where_nothing_was_found():
    assert list(github.log_lines([], CHECKED)) == ["ok: 3 sessions, 7 messages, 9 files, 812 bytes"]


@given(st.lists(anything, max_size=30), st.text(), st.text())
def test_nothing_in_a_file_is_a_command(found, message, hint):
    commands, _ = obeyed([*github.log_lines(found, CHECKED), github.failure(message, hint)])
    said = Counter(name for name, _, _ in commands)
    assert said.keys() <= {"error", "warning", "notice", "group", "endgroup"}
    for name, pairs, _ in commands:
        assert pairs.keys() <= {"file", "line", "title"}, name


def test_the_page_has_a_table_that_is_only_a_table():
    told = github.page(EVERY_SHAPE, CHECKED)
    rows = [line for line in told.splitlines() if line.startswith("|")]
    assert len(rows) == 2 + len(EVERY_SHAPE)
    assert {len(re.findall(r"\|", row)) for row in rows} == {5}
    assert "<b>" not in told
    assert "@ada" not in told
    assert "`" not in told.replace("`sessionfs", "")
    assert f"| error | E601 | {LOG} | its digest is another one |" in rows


def check_page(found, room):
    told = github.page(found, CHECKED, room)
    assert len(told.encode()) <= room
    if told:
        assert told.startswith("### sessionfs verify\n\n7 errors and ")
    rows = sum(line.startswith(("| error", "| warning")) for line in told.splitlines())
    if rows:
        errors = sum(line.startswith("| error") for line in told.splitlines())
        assert errors == min(rows, 7)
        left = len(found) - rows
        assert (f"\n{left:,} more finding" in told) == (left > 0)
    return rows


def test_the_page_fits_and_counts_what_does_not():
    few = [*MANY[:20], *EVERY_SHAPE]
    rows = [check_page(few, room) for room in range(4000)]
    assert rows == sorted(rows)
    assert set(rows) == set(range(len(few) + 1))
    every = [*MANY, *EVERY_SHAPE]
    assert 0 < check_page(every, 50_000) < len(every)
    assert check_page(every, github.PAGE) == len(every)


def test_a_page_without_findings_is_short():
    told = github.page([], CHECKED)
    assert told == "### sessionfs verify\n\nok&#58; 3 sessions, 7 messages, 9 files, 812 bytes\n"


# The command


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A repository with an archive in which one message was altered; its work directory."""
    shutil.copytree(ROOT / "examples" / "sessions", tmp_path / "repo" / ".sessions")
    shutil.copytree(ROOT / "examples" / "sessions", tmp_path / "repo" / "sound")
    log = tmp_path / "repo" / LOG
    log.write_bytes(log.read_bytes().replace(b"mole lamp", b"mule lamp"))
    (tmp_path / "repo" / ".git").mkdir()
    for name, text in {
        "HEAD": "ref: refs/heads/main\n",
        "config": "[core]\n\tbare = false\n",
    }.items():
        (tmp_path / "repo" / ".git" / name).write_text(text)
    for name in ("objects", "refs"):
        (tmp_path / "repo" / ".git" / name).mkdir()
    (tmp_path / "repo" / "src").mkdir()
    monkeypatch.chdir(tmp_path / "repo")
    return tmp_path / "repo"


def names_in(directory):
    return sorted(path.name for path in directory.iterdir())


def run(capsysbinary, *arguments):
    code = main(["verify", *arguments])
    told = capsysbinary.readouterr()
    return code, told.out.decode(), told.err.decode()


def places(form, told):
    """The files that a report in a form names."""
    if form == "sarif":
        results = json.loads(told)["runs"][0]["results"]
        location = [result["locations"][0]["physicalLocation"] for result in results]
        return {place["artifactLocation"]["uri"] for place in location}
    if form == "junit":
        cases = [case for suite in JUnitXml.fromstring(told.encode()) for case in suite]
        return {
            re.search(r"E601 (\S+):", str(case.result[0].text))[1] for case in cases if case.result
        }
    if form == "gitlab":
        return {entry["location"]["path"] for entry in json.loads(told)}
    if form == "github":
        return {pairs["file"] for name, pairs, _ in obeyed(told.splitlines())[0] if name == "error"}
    return {one["path"] for one in json.loads(told)["findings"]}


@pytest.mark.parametrize("form", ["github", "sarif", "junit", "gitlab"])
def test_services_get_paths_from_the_top_of_the_repository(form, here, monkeypatch, capsysbinary):
    for directory, named in (
        (here, []),
        (here / "src", []),
        (here / ".sessions" / "2026", []),
        (here, [f".sessions/{SESSION}"]),
        (here / "src", [f"../{LOG}", "../sound"]),
    ):
        monkeypatch.chdir(directory)
        code, told, _ = run(capsysbinary, *named, "--output-format", form)
        assert code == 1
        assert LOG in places(form, told), (directory, named)
    monkeypatch.chdir(here / "src")
    (here.parent / "link").symlink_to(here / "src")
    monkeypatch.chdir(here.parent / "link")
    assert LOG in places(form, run(capsysbinary, "--output-format", form)[1])


@pytest.mark.parametrize("form", ["github", "sarif", "junit", "gitlab"])
def test_outside_of_a_repository_paths_are_below_the_working_directory(
    form, here, monkeypatch, capsysbinary
):
    shutil.rmtree(here / ".git")
    assert LOG in places(form, run(capsysbinary, "--output-format", form)[1])
    (here.parent / "away").mkdir()
    monkeypatch.chdir(here.parent / "away")
    told = places(form, run(capsysbinary, "../repo", "--output-format", form)[1])
    assert f"{'file://' if form == 'sarif' else ''}{(here / LOG).resolve()}" in told


@pytest.mark.usefixtures("here")
def test_text_and_json_name_paths_below_what_was_verified(capsysbinary):
    assert LOG.removeprefix(".sessions/") in places("json", run(capsysbinary, "--json")[1])
    assert run(capsysbinary, "--output-format", "text")[1].startswith(f"E601 {SESSION}/messages")
    assert run(capsysbinary, "--output-format", "text") == run(capsysbinary)


@pytest.mark.usefixtures("here")
def test_auto_is_github_in_its_jobs_where_the_report_is_read(monkeypatch, capsysbinary, tmp_path):
    text = run(capsysbinary)[1]
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    page = tmp_path / "page.md"
    page.write_text("what an earlier command said\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(page))
    assert run(capsysbinary)[1].startswith(f"::error file={LOG},title=E601::")
    assert run(capsysbinary, "-o", "-")[1].startswith("::error ")
    lines = page.read_text().splitlines()
    assert lines[0] == "what an earlier command said"
    assert lines.count("### sessionfs verify") == 2
    assert run(capsysbinary, "--output-format", "text")[1] == text
    assert run(capsysbinary, "-o", "report.txt")[1] == ""
    assert Path("report.txt").read_text("utf-8") == text
    assert page.read_text().count("### sessionfs verify") == 2
    monkeypatch.setenv("GITHUB_ACTIONS", "false")
    assert run(capsysbinary)[1] == text


@pytest.mark.usefixtures("here")
def test_the_page_keeps_to_its_limit_with_what_is_there(monkeypatch, capsysbinary, tmp_path):
    page = tmp_path / "page.md"
    page.write_bytes(b"x" * (github.PAGE - 300))
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(page))
    assert run(capsysbinary, "--output-format", "github")[0] == 1
    assert github.PAGE - 300 < page.stat().st_size <= github.PAGE
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "nowhere" / "page.md"))
    code, told, complaint = run(capsysbinary, "--output-format", "github")
    assert (code, told[:8]) == (1, "::error ")
    assert complaint.startswith("GITHUB_STEP_SUMMARY: ")


@pytest.mark.usefixtures("here")
def test_what_could_not_run_is_told_in_the_form_of_the_log(monkeypatch, capsysbinary):
    told = "::error title=sessionfs::no such file or directory: no%25where%0Ahint: name an "
    for form in (["--output-format", "github"], ["--output-format=github"]):
        code, out, err = run(capsysbinary, "no%where", *form)
        assert (code, out[: len(told)], err) == (2, told, "")
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    assert run(capsysbinary, "no%where")[1].startswith(told)
    assert run(capsysbinary, "no%where", "-o", "-")[1].startswith(told)
    for plain in (["-o", "x"], ["--output-format", "sarif"], ["--output-format", "text"]):
        code, out, err = run(capsysbinary, "no%where", *plain)
        assert (code, out) == (2, "")
        assert err.startswith("sessionfs: no such file or directory: no%where\nhint: ")
    assert run(capsysbinary, "nowhere", "--json")[1].startswith('{\n  "error": {')
    assert main(["show", "nowhere"]) == 2
    assert capsysbinary.readouterr().err.startswith(b"sessionfs: ")


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("form", ["text", "json", "github", "sarif", "junit", "gitlab"])
def test_a_file_is_written_whole_or_stays_as_it_was(form, here, capsysbinary, monkeypatch):
    code, told, _ = run(capsysbinary, "--output-format", form)
    before = names_in(here)
    verdict = run(capsysbinary, "--output-format", "text")[1].splitlines()[-1]
    written = run(capsysbinary, "--output-format", form, "-o", "report")
    assert written == (code, "", f"{verdict}\n")
    report = here / "report"
    assert report.read_text("utf-8") == told
    assert names_in(here) == sorted([*before, "report"])
    report.write_text("an earlier report")
    report.chmod(0o640)
    assert run(capsysbinary, "nowhere", "--output-format", form, "-o", "report")[0] == 2
    assert report.read_text() == "an earlier report"

    def full(*_):
        raise OSError(28, os.strerror(28))

    with monkeypatch.context() as patched:
        patched.setattr("sessionfs.cli.forms.steps.write", full)
        assert run(capsysbinary, "--output-format", form, "-o", "report")[0] == 2
    assert report.read_text() == "an earlier report"
    assert names_in(here) == sorted([*before, "report"])
    (here / "door").symlink_to("report")
    run(capsysbinary, "--output-format", form, "-o", "door")
    assert report.read_text("utf-8") == told
    assert stat.S_IMODE(report.stat().st_mode) == 0o640
    assert (here / "door").is_symlink()


@pytest.mark.usefixtures("here")
def test_a_report_goes_into_a_pipe_and_into_no_directory(here, capsysbinary):
    assert run(capsysbinary, "-o", "/dev/null")[0] == 1
    assert run(capsysbinary, "-o", ".")[0] == 2
    code, told, complaint = run(capsysbinary, "-o", "no/where")
    assert (code, told) == (2, "")
    assert complaint.startswith("sessionfs: no directory for no/where\nhint: ")
    os.mkfifo(here / "pipe")
    reader = os.open(here / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    try:
        assert run(capsysbinary, "--output-format", "gitlab", "-o", "pipe")[0] == 1
        assert LOG in places("gitlab", os.read(reader, 1 << 16))
    finally:
        os.close(reader)


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    "name", [".sessions/archive.yaml", ".sessions/report", f".sessions/{SESSION}/files/x", "one/x"]
)
def test_a_report_never_goes_among_the_records(name, here, capsysbinary):
    shutil.copytree(here / ".sessions" / SESSION, here / "one")
    before = {path: path.read_bytes() for path in here.rglob("*") if path.is_file()}
    (here / "door").symlink_to(name)
    for output in (name, "door"):
        code, told, complaint = run(capsysbinary, "-o", output)
        assert (code, told) == (2, "")
        assert complaint.startswith(f"sessionfs: {output} would be a file among the records in ")
    (here / "door").unlink()
    assert {path: path.read_bytes() for path in here.rglob("*") if path.is_file()} == before


@pytest.mark.usefixtures("here")
def test_a_directory_that_takes_no_report_is_named_as_it_was_given(capsysbinary, monkeypatch):
    def refuse(path):
        raise PermissionError(13, os.strerror(13), path)

    monkeypatch.setattr("sessionfs.cli.forms.steps.create_file", refuse)
    code, _, complaint = run(capsysbinary, "-o", "report")
    assert (code, complaint.partition("\n")[0]) == (2, "sessionfs: report: Permission denied")


@pytest.mark.usefixtures("here")
def test_a_newer_format_is_reported_in_every_form(here, capsysbinary):
    policy = here / ".sessions" / "archive.yaml"
    policy.write_text(policy.read_text().replace('min_reader: "1.0"', 'min_reader: "9.0"'))
    for form in ("text", "json", "github", "sarif", "junit", "gitlab"):
        code, told, _ = run(capsysbinary, "--output-format", form)
        assert code == 2
        assert "E002" in told
    told = run(capsysbinary, "--output-format", "sarif")[1]
    assert json.loads(told)["runs"][0]["invocations"] == [{"executionSuccessful": False}]


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("form", ["text", "json", "github", "sarif", "junit"])
def test_a_look_is_not_told_as_a_verification(form, capsysbinary):
    label = '"mode": "fast"' if form == "json" else "not a verification"
    assert label in run(capsysbinary, "--fast", "--output-format", form)[1]
    assert label not in run(capsysbinary, "--output-format", form)[1]
    if form == "sarif":
        told = run(capsysbinary, "--fast", "--output-format", form)[1]
        Draft202012Validator(SCHEMA).validate(json.loads(told))


@pytest.mark.usefixtures("here")
def test_strict_readers_take_json_of_a_path_that_is_no_utf_8(capsysbinary):
    (Path(".sessions") / os.fsdecode(b"a\xff\\")).touch()
    told = run(capsysbinary, "--json")[1]
    assert "\\ud" not in told  # half of a surrogate pair, which I-JSON forbids
    assert "a\\xff\\" in places("json", told)


@pytest.mark.usefixtures("here")
def test_json_has_one_spelling(capsysbinary):
    code, _, complaint = run(capsysbinary, "--json", "--output-format", "sarif")
    assert code == 2
    assert complaint == ""
    assert run(capsysbinary, "--json") == run(capsysbinary, "--output-format", "json")
    assert run(capsysbinary, "--json", "--output-format", "json")[0] == 1


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("form", ["json", "github", "sarif", "junit", "gitlab"])
def test_what_a_program_reads_has_no_colours(form, monkeypatch, capsysbinary):
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b" not in run(capsysbinary, "--output-format", form, "--color", "always")[1]
    assert "\x1b" in run(capsysbinary, "--output-format", "text")[1]
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in run(capsysbinary, "--output-format", "text")[1]
