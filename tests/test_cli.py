"""The command line: what it prints, exactly, and how it fails."""

import errno
import io
import json
import os
import pty
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

import script
import sessionfs
from sessionfs.cli import main
from sessionfs.cli.run import COMMANDS, commands
from sessionfs.cli.table import Commands
from sessionfs.cli.verb import Verb
from sessionfs.digest import digest
from sessionfs.disk import steps

SCRIPTS = sorted((Path(__file__).parent / "scripts").glob("*.txt"))
LOG = script.split((SCRIPTS[0].parent / "journey.txt").read_text("utf-8"))[1]["logs/lamp.jsonl"]
EVERY = {" ".join(words): command for words, command in commands.walk()}
VERBS = {words: command for words, command in EVERY.items() if not isinstance(command, Commands)}
EXAMPLES = [
    (words, line.removeprefix("$ "))
    for words, command in VERBS.items()
    for line in command.examples
]


def process(*arguments, cwd, **options):
    command = [sys.executable, "-m", "sessionfs", *arguments]
    return subprocess.run(command, capture_output=True, check=False, cwd=cwd, timeout=60, **options)


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A directory with a log, which is the working directory."""
    (tmp_path / "lamp.jsonl").write_text(LOG, "utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def archived(here):
    assert main(["-q", "import", "lamp.jsonl"]) == 0
    return here


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_script(path, tmp_path):
    """`python tests/generate.py --scripts` writes down what happens, for a look at the diff."""
    told = path.read_text("utf-8")
    if (program := script.missing(told)) is not None:
        pytest.skip(f"{program} is not installed")
    assert script.replay(told, tmp_path) == told


@pytest.mark.parametrize("words", VERBS)
def test_every_command_has_help_with_an_example(words, capsys):
    assert main([*words.split(), "--help"]) == 0
    told = capsys.readouterr().out
    assert "Examples:\n" in told
    assert "$ sessionfs" in told or "$(sessionfs" in told
    assert isinstance(VERBS[words], Verb)


@pytest.mark.parametrize("words", sorted(EVERY.keys() - VERBS.keys()))
def test_a_group_lists_its_commands_and_says_which_may_be_meant(words, capsys):
    assert main(words.split()) == 0
    told = capsys.readouterr().out
    assert all(f"  {name} " in told for name in EVERY[words].table)
    some = next(iter(EVERY[words].table))
    assert main([*words.split(), f"{some}s"]) == 2
    assert main([*words.split(), "zzz"]) == 2
    assert capsys.readouterr().err == (
        f"sessionfs: no such command: {some}s\nhint: did you mean {some}?\n"
        f"sessionfs: no such command: zzz\nhint: `sessionfs {words} --help` shows what there is\n"
    )


@pytest.mark.parametrize(("words", "line"), EXAMPLES, ids=lambda text: text)
def test_examples_can_be_typed(words, line):
    line = line.removeprefix('eval "$(').removesuffix(')"')
    typed = shlex.split(re.split(r" [|<>] ", line)[0])
    name = ["sessionfs", *words.split()]
    assert typed[: len(name)] == name
    VERBS[words].make_context(words, typed[len(name) :]).close()


def test_help_without_arguments_and_after_h(capsys):
    assert main([]) == 0
    bare = capsys.readouterr().out
    assert main(["-h"]) == 0
    assert capsys.readouterr().out == bare
    assert all(f"  {name} " in bare for name in COMMANDS)


@pytest.mark.usefixtures("archived")
def test_quiet_and_verbose_stand_anywhere(capsys):
    capsys.readouterr()
    assert main(["remove", "01M7", "-q"]) == 0
    assert capsys.readouterr().err == ""


def test_many_files_that_are_no_logs_are_counted(here, capsys):
    for number in range(7):
        (here / f"note-{number}.txt").write_text("no log", "utf-8")
    assert main(["import", "."]) == 0
    assert (
        "skipped    7 files: no agent's log that is known (-v names them)\n"
        in capsys.readouterr().out
    )
    assert main(["import", ".", "-v"]) == 0
    assert capsys.readouterr().out.count("note-") == 7


@pytest.mark.usefixtures("archived")
def test_list_json_gives_path_seal_and_summary(capsys):
    capsys.readouterr()
    assert main(["list", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)["sessions"]
    (place,) = Path(".sessions").glob("*/*/*")
    assert row.pop("path") == place.relative_to(".sessions").as_posix()
    assert len(row.pop("seal")) == 64
    assert row == json.loads((place / "summary.json").read_text("utf-8"))


@pytest.mark.usefixtures("archived")
def test_age_bounds_a_listing(capsys):
    assert main(["list", "--since", "99999w"]) == 0
    capsys.readouterr()
    assert main(["list", "--since", "9000d", "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["sessions"]) == 1


@pytest.mark.usefixtures("archived")
def test_a_session_of_a_newer_format_cannot_be_verified(capsys):
    (manifest,) = Path(".sessions").glob("*/*/*/manifest.yaml")
    before = manifest.read_bytes()
    after = before.replace(b'min_reader: "1.0"', b'min_reader: "1.7"')
    manifest.write_bytes(after)
    checksums = manifest.parent / "checksums.b3"
    told = checksums.read_text("utf-8").replace(digest(before), digest(after))
    checksums.write_text(told, "utf-8")
    capsys.readouterr()
    assert main(["verify"]) == 2
    assert main(["verify", str(manifest.parent)]) == 2
    assert "Traceback" not in capsys.readouterr().err


@pytest.mark.usefixtures("here")
def test_interrupted(monkeypatch, capsys):
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(sessionfs, "import_logs", interrupt)
    assert main(["import", "lamp.jsonl"]) == 130
    assert capsys.readouterr().err == "sessionfs: interrupted\n"


@pytest.mark.usefixtures("here")
def test_a_defect_is_no_traceback(monkeypatch, capsys):
    monkeypatch.setattr(sessionfs, "init", lambda _: {}["a key\nthat is not there"])
    assert main(["init"]) == 2
    assert main(["init", "--json"]) == 2
    out, err = capsys.readouterr()
    assert re.fullmatch(
        r"sessionfs: internal error at test_cli\.py:\d+: KeyError: .*\nhint: .* report it .*\n", err
    )
    assert json.loads(out)["error"]["message"].startswith("internal error at ")


@pytest.mark.usefixtures("here")
def test_out_of_memory(monkeypatch, capsys):
    def exhaust(_):
        raise MemoryError

    monkeypatch.setattr(sessionfs, "init", exhaust)
    assert main(["init"]) == 2
    assert capsys.readouterr().err.startswith("sessionfs: out of memory\nhint: ")


@pytest.mark.usefixtures("here")
def test_a_full_disk_is_one_line_and_leaves_nothing(monkeypatch, capsys):
    def full(_descriptor, content):
        if len(content) > 1000:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "disk")

    write = steps.write
    with monkeypatch.context() as patch:
        patch.setattr(steps, "write", lambda to, what: full(to, what) or write(to, what))
        assert main(["import", "lamp.jsonl"]) == 2
    assert (
        capsys.readouterr().err.splitlines()[0] == f"sessionfs: disk: {os.strerror(errno.ENOSPC)}"
    )
    assert list(Path(".sessions").glob("[0-9]*/*/*")) == []
    assert main(["import", "lamp.jsonl"]) == 0


def test_progress_is_for_terminals(here):
    quiet = process("import", "lamp.jsonl", cwd=here)
    assert b"importing" not in quiet.stderr
    first, second = pty.openpty()
    command = [sys.executable, "-m", "sessionfs", "import", "lamp.jsonl", "-a", "other"]
    environment = {**os.environ, "TERM": "xterm"}
    subprocess.run(
        command, stderr=second, stdout=subprocess.PIPE, check=True, timeout=60, env=environment
    )
    os.close(second)
    told = b""
    with io.FileIO(first) as terminal:
        try:
            while chunk := terminal.read(4096):
                told += chunk
        except OSError:  # Linux's way to say that the other side is closed
            pass
    assert b"importing" in told
    assert b"100%" in told


@pytest.mark.usefixtures("here")
def test_a_pipe_that_closes_early_is_quiet():
    command = (
        f"{shlex.quote(sys.executable)} -m sessionfs explain | head -n 1; echo ${{PIPESTATUS[0]}}"
    )
    done = subprocess.run(["bash", "-c", command], capture_output=True, check=True, timeout=60)
    assert done.stderr == b""
    assert done.stdout.splitlines()[1] in (b"141", b"0")  # 0: everything fitted into the pipe


@pytest.mark.usefixtures("here")
def test_stdout_on_a_full_disk():
    if not Path("/dev/full").exists():
        pytest.skip("/dev/full is not beside these tests")
    for argument in ("--version", "explain"):
        with Path("/dev/full").open("wb") as full:
            command = [sys.executable, "-m", "sessionfs", argument]
            done = subprocess.run(
                command, stdout=full, stderr=subprocess.PIPE, check=False, timeout=60
            )
        assert done.returncode == 2
        assert done.stderr.startswith(b"sessionfs: No space left on device\nhint: ")
        assert b"Exception" not in done.stderr


@pytest.mark.parametrize(
    "arguments", ["--version", "list", "list --json", "show nope", "export 01"]
)
def test_a_closed_stream_is_told_nothing(archived, arguments):
    command = f"{shlex.quote(sys.executable)} -m sessionfs {arguments}"
    done, *others = (
        subprocess.run(
            ["sh", "-c", f"{command} {end}"],
            capture_output=True, check=False, cwd=archived, timeout=60,
        )
        for end in ("", ">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-")
    )  # fmt: skip
    for quiet in others:
        assert quiet.returncode == done.returncode
        assert quiet.stdout in (b"", done.stdout)
        assert quiet.stderr in (b"", done.stderr)


@pytest.mark.parametrize(
    "command", [["list"], ["verify"], ["init"], ["import", "--here"], ["show", "01"]]
)
def test_a_working_directory_that_is_gone_is_named(tmp_path, command):
    gone = tmp_path / "gone"
    gone.mkdir()
    run = f'rmdir "$PWD" && exec {shlex.quote(sys.executable)} -m sessionfs {shlex.join(command)}'
    done = subprocess.run(
        ["sh", "-c", run], capture_output=True, check=False, cwd=gone, text=True, timeout=60,
        env={**os.environ, "PWD": str(gone), "PYTHONPATH": str(SCRIPTS[0].parents[2])},
    )  # fmt: skip
    assert done.returncode == 2
    assert done.stderr == (
        f"sessionfs: the working directory is gone: {gone}\n"
        "hint: change to a directory that exists\n"
    )


@pytest.mark.parametrize(
    ("number", "hint"),
    [
        (errno.ENOSPC, "nothing was half-written; free space, then try again"),
        (errno.EDQUOT, "nothing was half-written; free space, then try again"),
        (errno.EACCES, "nothing was half-written; check permissions, then try again"),
        (errno.ENOTDIR, "nothing was half-written; look at what stands there, then try again"),
    ],
)
@pytest.mark.usefixtures("here")
def test_the_hint_fits_the_error(monkeypatch, capsys, number, hint):
    def fail(_):
        raise OSError(number, os.strerror(number), "place")

    monkeypatch.setattr(sessionfs, "init", fail)
    assert main(["init"]) == 2
    told = f"sessionfs: place: {os.strerror(number)}\nhint: {hint}\n"
    assert capsys.readouterr().err == told


@pytest.mark.parametrize(
    ("option", "key"), [("--title", "title"), ("--notes", "notes"), ("--tag", "tags")]
)
@pytest.mark.parametrize("text", ["\udcff", "half \ud800 a pair"])
@pytest.mark.usefixtures("archived")
def test_text_that_is_no_utf_8_changes_nothing(capsys, option, key, text):
    capsys.readouterr()
    assert main(["edit", "01M7", option, text]) == 2
    assert capsys.readouterr().err == (
        f"sessionfs: {key}: not UTF-8\nhint: nothing was changed; give the text as UTF-8\n"
    )
    assert main(["verify"]) == 0


@pytest.mark.parametrize("place", ["", "2026", "2026/11"])
@pytest.mark.usefixtures("archived")
def test_a_directory_that_cannot_be_read_is_named(monkeypatch, capsys, place):
    """As a person meets it who lacks permissions; whoever runs the tests may have them all."""
    hidden = Path.cwd() / ".sessions" / place
    scandir = os.scandir

    def refuse(path):
        if Path(path) == hidden:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    capsys.readouterr()
    assert main(["list"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert str(hidden) in err.splitlines()[0]
    assert "permissions" in err.splitlines()[1]


@pytest.mark.usefixtures("archived")
def test_an_export_that_fails_leaves_nothing(monkeypatch, capsys):
    def fail(_source, target):
        raise OSError(errno.EIO, os.strerror(errno.EIO), target)

    for step in ("link", "write"):
        with monkeypatch.context() as patch:
            patch.setattr(steps, step, fail)
            assert main(["export", "01M7", "-o", "back.jsonl"]) == 2
        assert "nothing was half-written" in capsys.readouterr().err
        assert not list(Path().glob("back*"))
    assert main(["export", "01M7", "-o", "back.jsonl"]) == 0
    assert Path("back.jsonl").read_text("utf-8") == LOG


@pytest.mark.parametrize(
    ("environment", "told"),
    [
        ({"LC_ALL": "C"}, "Wörter, 語"),
        ({"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}, "Wörter, 語"),
        ({"PYTHONIOENCODING": "latin-1"}, r"W�rter, \u8a9e"),
    ],
    ids=["C", "POSIX", "latin-1"],
)
def test_no_encoding_breaks_output(archived, environment, told):
    assert main(["edit", "01M7", "--title", "Wörter, 語"]) == 0
    done = process("list", cwd=archived, env={**os.environ, **environment})
    assert done.returncode == 0
    assert told in done.stdout.decode("utf-8", "replace")
    done = process("list", "--json", cwd=archived, env={**os.environ, **environment})
    assert json.loads(done.stdout.decode("utf-8"))["sessions"][0]["title"] == "Wörter, 語"


def test_a_path_that_is_no_utf_8_is_told(here):
    name = os.fsencode(here) + b"/l\xe4mp.jsonl"
    try:
        Path(os.fsdecode(name)).write_text(LOG, "utf-8")
    except OSError:  # macOS takes no such name
        return
    done = process("import", os.fsdecode(name), "--json", cwd=here)
    assert done.returncode == 0
    (row,) = json.loads(done.stdout)["sessions"]
    assert row["path"].encode() == name.replace(b"\xe4", rb"\xe4")
    assert process("import", os.fsdecode(name), cwd=here).returncode == 0


@pytest.mark.parametrize(
    ("arguments", "environment", "painted"),
    [
        ([], {}, False),
        ([], {"FORCE_COLOR": "1"}, True),
        ([], {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        (["--color", "always"], {"NO_COLOR": "1"}, True),
        (["--color", "never"], {"FORCE_COLOR": "1"}, False),
        (["--color=auto"], {"FORCE_COLOR": "1"}, False),
    ],
)
@pytest.mark.parametrize("command", [["verify"], ["verify", "nowhere"]])
@pytest.mark.usefixtures("archived")
def test_colour(monkeypatch, capsys, command, arguments, environment, painted):  # noqa: PLR0917
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("TERM", "xterm")
    for line in ([*arguments, *command], [*command, *arguments]):
        capsys.readouterr()
        main(line)
        assert ("\x1b[" in "".join(capsys.readouterr())) is painted


def test_completion_completes(here):
    environment = {
        **os.environ,
        "_SESSIONFS_COMPLETE": "bash_complete",
        "COMP_WORDS": "sessionfs ver",
        "COMP_CWORD": "1",
    }
    done = process(cwd=here, env=environment)
    assert done.stdout == b"plain,verify\n"
    for shell in ("zsh", "fish"):
        assert b"_SESSIONFS_COMPLETE" in process("completion", shell, cwd=here).stdout


def test_demo_holds_and_leaves_nothing(here):
    place = here / "temporary"
    place.mkdir()
    done = process("demo", cwd=here, env={**os.environ, "TMPDIR": str(place)})
    told = done.stdout.decode("utf-8")
    assert done.returncode == 0, told
    assert told.splitlines()[-1].startswith("demo: everything held: ")
    assert "$ git commit " in told
    assert list(place.iterdir()) == []
    assert sorted(path.name for path in here.iterdir()) == ["lamp.jsonl", "temporary"]


def test_demo_without_git(here):
    done = process("demo", cwd=here, env={**os.environ, "PATH": str(here)})
    told = done.stdout.decode("utf-8")
    assert done.returncode == 0, told
    assert "# git is not installed here: its steps are left out" in told


@pytest.mark.usefixtures("archived")
def test_show_goes_through_a_pager_on_a_terminal(archived):
    pager = archived / "pager"
    pager.write_text("#!/bin/sh\nexec sed s/^/PAGED:/\n", "utf-8")
    pager.chmod(0o755)
    first, second = pty.openpty()
    command = [sys.executable, "-m", "sessionfs", "show", "01M7"]
    environment = {**os.environ, "PAGER": str(pager), "TERM": "xterm"}
    subprocess.run(command, stdin=second, stdout=second, check=True, timeout=60, env=environment)
    os.close(second)
    with io.FileIO(first) as terminal:
        assert b"PAGED:Why is the lamp dark?" in terminal.read(65536)


def test_a_terminal_is_told_nothing_by_what_is_exported(archived):
    evil = "\x1b]0;owned\x07\x9b31m\n"
    (archived / "evil.jsonl").write_text(LOG + evil, "utf-8")
    assert main(["import", "evil.jsonl", "-a", "evil"]) == 0
    first, second = pty.openpty()
    command = [sys.executable, "-m", "sessionfs", "export", "01M7", "-a", "evil"]
    subprocess.run(command, stdout=second, check=True, timeout=60)
    os.close(second)
    with io.FileIO(first) as terminal:
        told = terminal.read(65536)
    assert b"Why is the lamp dark?" in told
    assert not set(told) & {0x1B, 0x07, 0x9B}
    assert process(*command[3:], cwd=archived).stdout.decode("utf-8") == LOG + evil


def test_a_command_reads_no_more_than_it_must():
    """`sessionfs list` needs neither schemas nor YAML nor adapters."""
    code = "import sys\nfrom sessionfs.cli import main\nmain(['list'])\nprint(*sorted(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    loaded = set(done.stdout.splitlines()[-1].split())
    assert not loaded & {"jsonschema", "ruamel.yaml", "sessionfs.adapters.codex"}
