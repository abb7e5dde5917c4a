"""`git setup`: what it writes, that it takes out again just that, and what git then does."""

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import sessionfs
from claude_logs import SESSION, log
from sessionfs.api import setup
from sessionfs.cli import main
from sessionfs.disk.guards import ATTRIBUTES, GUARDS, IGNORE, completed
from sessionfs.git import installed
from sessionfs.git.attributes import outranks_nothing
from sessionfs.git.block import BEGIN, END
from sessionfs.git.config import configured
from sessionfs.git.definitions import HOOKS, attribute_lines, definitions, is_ours
from sessionfs.git.installed import own_command
from sessionfs.view.textconv import RENDERING

IDENTITY = ("-c", "user.name=Somebody", "-c", "user.email=somebody@example.org")
SESSION_FILE = "2026/11/01M7W84WM8YF3N2YJDPS3MWRXG/messages-00000001.jsonl"


def git(directory, *arguments, check=True):
    done = subprocess.run(
        ["git", *IDENTITY, *arguments], cwd=directory, check=check, capture_output=True, text=True,
        errors="surrogateescape", timeout=60,
    )  # fmt: skip
    return done.stdout


def fill(repository, count=20, archive=".sessions"):
    native = repository.parent / "native" / f"{SESSION}.jsonl"
    native.parent.mkdir(exist_ok=True)
    native.write_bytes(log(count))
    sessionfs.import_logs([str(native)], archive=str(repository / archive))


def everything(place):
    """Content and mode of each file of a directory."""
    return {
        path.relative_to(place).as_posix(): (path.read_bytes(), path.stat().st_mode)
        for path in sorted(place.rglob("*"))
        if path.is_file()
    }


def merge_of(repository, *paths):
    """The attribute `merge` that git gives paths."""
    told = git(repository, "check-attr", "-z", "merge", "--", *paths).split("\0")
    return told[2::3]


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """A repository with nothing in it, which is the working directory."""
    place = tmp_path / "repository"
    place.mkdir()
    git(place, "init", "--quiet")
    monkeypatch.chdir(place)
    return place


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """A repository with an archive of one session, committed."""
    place = tmp_path_factory.mktemp("template") / "repository"
    place.mkdir()
    git(place, "init", "--quiet")
    fill(place)
    git(place, "add", ".")
    git(place, "commit", "--quiet", "-m", "sessions")
    return place


@pytest.fixture
def archived(template, tmp_path, monkeypatch):
    """Such a repository, which is the working directory."""
    place = tmp_path / "repository"
    shutil.copytree(template, place)
    monkeypatch.chdir(place)
    return place


def told(capsys):
    return "".join(capsys.readouterr())


def test_what_is_there_is_not_written_again(archived, capsys):
    before = everything(archived)
    assert main(["git", "setup", "--check", "--hooks"]) == 1
    assert everything(archived) == before
    wanted = capsys.readouterr().out
    assert main(["git", "setup", "--hooks"]) == 0
    assert capsys.readouterr().out == wanted
    written = everything(archived)
    assert main(["git", "setup", "--hooks"]) == 0
    assert capsys.readouterr().out == ""
    assert everything(archived) == written
    assert main(["git", "setup", "--check", "--hooks"]) == 0
    assert configured(str(archived), "local") == {
        key: [value] for key, value in definitions(own_command()).items()
    }


def test_each_line_that_is_written_is_printed(archived, capsys):
    before = everything(archived)
    main(["git", "setup", "--hooks"])
    lines = capsys.readouterr().out.splitlines()
    after = everything(archived)
    assert {path for path in after if after[path] != before.get(path)} == {
        ".git/config", ".git/info/attributes", *(f".git/hooks/{name}" for name in HOOKS),
    }  # fmt: skip
    for path in after.keys() - before.keys():
        printed = [line.removeprefix(f"{path}: ") for line in lines if line.startswith(f"{path}:")]
        assert printed == after[path][0].decode("utf-8").splitlines()
    for line in lines:
        if line.startswith("git config"):
            scope, key, value = shlex.split(line)[2:]
            assert scope == "--local"
            assert git(archived, "config", "--local", key) == f"{value}\n"


def test_uninstall_takes_out_what_was_written_and_no_more(archived, capsys):
    own = archived / ".git" / "info" / "attributes"
    own.parent.mkdir(exist_ok=True)
    own.write_bytes(b"*.png -diff\n\n# theirs\n")
    hook = archived / ".git" / "hooks" / "pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/bash\necho theirs\n")
    hook.chmod(0o755)
    git(archived, "config", "diff.other.textconv", "cat")
    before = everything(archived)
    assert main(["git", "setup", "--hooks"]) == 0
    fill(archived, 25)
    git(archived, "diff", "--", "*.jsonl")
    git(archived, "checkout", "--quiet", ".")
    assert git(archived, "for-each-ref", "refs/notes") != ""
    assert main(["git", "setup", "--uninstall"]) == 0
    assert "git update-ref -d refs/notes/textconv/sessionfs" in told(capsys)
    after = everything(archived)
    for path in (".git/config", ".git/info/attributes", ".git/hooks/pre-commit"):
        assert after[path] == before[path]
    assert {path for path in after.keys() - before.keys() if "/objects/" not in path} <= {
        ".git/index", ".sessions/.cache/index.jsonl",
    }  # fmt: skip
    assert git(archived, "for-each-ref", "refs/notes") == ""
    assert main(["git", "setup", "--uninstall"]) == 0
    assert capsys.readouterr().err == "nothing to take out\n"


@pytest.mark.parametrize("theirs", [b"*.png -diff", b"", b"a\r\nb\r\n", b"\xff\xfe merge=x\n"])
def test_lines_of_others_stay(archived, theirs):
    own = archived / ".git" / "info" / "attributes"
    own.parent.mkdir(exist_ok=True)
    own.write_bytes(theirs)
    main(["git", "setup"])
    assert own.read_bytes().startswith(theirs)
    fill(archived, archive="more")
    main(["git", "setup"])
    own.write_bytes(own.read_bytes() + b"*.gif -diff\n")
    assert main(["git", "setup", "--check"]) == 0
    main(["git", "setup", "--uninstall"])
    kept = theirs + (b"\n" if theirs and not theirs.endswith(b"\n") else b"")
    assert own.read_bytes() == kept + b"*.gif -diff\n"


@pytest.mark.parametrize(
    "name",
    [
        ".sessions", "with space", "two  spaces ", '"quoted"', "back\\slash", "[a-z]*?", "#hash",
        "!bang", "tab\there", "new\nline", "wörter/語", "a/b/c", os.fsdecode(b"no\xffutf8"), "'",
    ],
)  # fmt: skip
def test_sessions_of_an_archive_are_merged_wherever_it_is(repository, name):
    try:
        (repository / name).mkdir(parents=True)
    except OSError:
        pytest.skip("this system takes no such name")
    sessionfs.init(str(repository / name))
    sessionfs.init(str(repository / "other"))
    assert main(["git", "setup", "-a", name]) == 0
    below = [f"{name}/{SESSION_FILE}", f"{name}/archive.yaml", f"{name}/.gitignore"]
    assert merge_of(repository, *below) == ["sessionfs", "sessionfs", "unset"]
    assert merge_of(repository, "other/archive.yaml", "x", "az/archive.yaml") == [
        "unset", "unspecified", "unspecified",
    ]  # fmt: skip
    assert main(["git", "setup", "-a", name, "--check"]) == 0
    assert main(["git", "setup", "--check"]) == 1  # the other one


def test_an_archive_that_is_the_top_leaves_other_files_alone(repository):
    sessionfs.init(str(repository))
    assert main(["git", "setup"]) == 0
    paths = [SESSION_FILE, "archive.yaml", "README.md", "src/2026/a", "20261/x"]
    assert merge_of(repository, *paths) == ["sessionfs", "sessionfs", "unset", "unset", "unset"]
    assert attribute_lines("")[1] == b"/archive.yaml merge=sessionfs"


def test_an_archive_that_git_ignores_and_one_below_are_found(repository, capsys):
    (repository / ".gitignore").write_text(".sessions\n")
    fill(repository)
    fill(repository, archive="docs/sessions")
    (repository / "archive.yaml").write_text("an: other's\n")
    (repository / "docs" / "deep").mkdir()
    os.chdir(repository / "docs" / "deep")
    assert main(["git", "setup"]) == 0
    out, err = capsys.readouterr()
    assert "/.sessions/archive.yaml merge=sessionfs" in out
    assert "/docs/sessions/archive.yaml merge=sessionfs" in out
    assert " /archive.yaml merge=" not in out
    assert "W702 .sessions/archive.yaml: git ignores the archive" in err


def test_no_archive_yet(repository, capsys):
    assert main(["git", "setup"]) == 0
    assert "no archive here yet" in told(capsys)
    assert not (repository / ".git" / "info" / "attributes").exists()
    assert main(["git", "setup", "--check"]) == 0
    fill(repository)
    assert main(["git", "setup", "--check"]) == 1


def test_linked_work_trees_share_what_is_written(archived, capsys):
    git(archived, "worktree", "add", "--quiet", "--detach", "../linked")
    linked = archived.parent / "linked"
    fill(linked, archive="more")
    assert main(["git", "setup", "--hooks"]) == 0
    os.chdir(linked)
    assert main(["git", "setup", "--check", "--hooks"]) == 1
    capsys.readouterr()
    assert main(["git", "setup", "--hooks"]) == 0
    assert str(archived / ".git" / "info" / "attributes") in told(capsys)
    for place in (linked, archived):
        os.chdir(place)
        assert main(["git", "setup", "--check", "--hooks"]) == 0
        assert merge_of(place, "more/archive.yaml", ".sessions/archive.yaml") == ["sessionfs"] * 2


def test_a_submodule_is_a_clone_of_its_own(archived, tmp_path, capsys):
    above = tmp_path / "above"
    above.mkdir()
    git(above, "init", "--quiet")
    allowed = "protocol.file.allow=always"
    git(above, "-c", allowed, "submodule", "--quiet", "add", str(archived), "sub")
    os.chdir(above)
    assert main(["git", "setup"]) == 0
    assert "no archive here yet" in told(capsys)
    os.chdir(above / "sub")
    assert main(["git", "setup", "--hooks"]) == 0
    assert merge_of(above / "sub", ".sessions/archive.yaml") == ["sessionfs"]
    os.chdir(tmp_path)
    assert main(["git", "setup", "--check", "-a", "above/sub/.sessions"]) == 0
    assert main(["git", "setup", "--check", "-a", "repository/.sessions"]) == 1


def test_an_archive_of_another_repository_around_is_not_ours(archived, capsys):
    inner = archived / "inner"
    inner.mkdir()
    git(inner, "init", "--quiet")
    os.chdir(inner)
    assert main(["git", "setup"]) == 0
    assert "no archive here yet" in told(capsys)


@pytest.mark.parametrize(
    ("break_it", "said"),
    [
        (lambda place: (place / ".git").rename(place / "git"), "not a git repository"),
        (lambda place: git(place, "config", "core.bare", "true"), "is a bare repository"),
        (lambda place: os.chdir(place / ".git"), "inside of a repository's own files"),
        (lambda place: (place / ".git" / "config.lock").touch(), "could not lock config file"),
        (lambda place: os.environ.update(PATH=str(place)), "git is not installed"),
        (
            lambda place: (place / ".git" / "info" / "attributes").write_bytes(END + b"\n"),
            "lost one of their marks",
        ),
        (
            lambda place: (place / ".git" / "info" / "attributes").write_bytes(b"#" * (1 << 21)),
            "too large",
        ),
    ],
    ids=["none", "bare", "inside", "locked", "no git", "marks", "large"],
)
def test_what_cannot_be_done_is_told_in_one_line(archived, monkeypatch, capsys, break_it, said):
    monkeypatch.setenv("PATH", os.environ["PATH"])
    (archived / ".git" / "info").mkdir(exist_ok=True)
    break_it(archived)
    before = everything(archived)
    assert main(["git", "setup"]) == 2
    error, hint = capsys.readouterr().err.splitlines()
    assert said in error
    assert hint.startswith("hint: ")
    assert everything(archived) == before


@pytest.mark.usefixtures("archived")
def test_a_repository_of_somebody_else_is_said_how_to_trust(monkeypatch, capsys):
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    assert main(["git", "setup"]) == 2
    error = told(capsys)
    assert "dubious ownership" in error
    assert "safe.directory" in error


def test_a_file_in_the_way_of_info_is_told(archived, capsys):
    info = archived / ".git" / "info"
    for path in info.iterdir():
        path.unlink()
    info.rmdir()
    info.touch()
    assert main(["git", "setup"]) == 2
    assert "Traceback" not in told(capsys)


@pytest.mark.usefixtures("archived")
def test_the_variables_of_a_hook_do_not_mislead(tmp_path, monkeypatch):
    other = tmp_path / "other"
    other.mkdir()
    git(other, "init", "--quiet")
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other))
    assert main(["git", "setup"]) == 0
    monkeypatch.delenv("GIT_DIR")
    monkeypatch.delenv("GIT_WORK_TREE")
    assert configured(str(other), "local") == {}
    assert main(["git", "setup", "--check"]) == 0


def test_global_writes_definitions_alone(archived, tmp_path, monkeypatch, capsys):
    place = tmp_path / "config"
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(place))
    before = everything(archived)
    os.chdir(tmp_path)  # where no repository is
    assert main(["git", "setup", "--global", "--check"]) == 1
    assert not place.exists()
    assert main(["git", "setup", "--global"]) == 0
    assert "merging needs `sessionfs git setup` in each clone" in told(capsys)
    assert main(["git", "setup", "--global", "--check"]) == 0
    assert everything(archived) == before
    fill(archived, 21)
    assert "\n+── 21 " in git(archived, "diff", "--", "*.jsonl")
    assert main(["git", "setup", "--global", "--uninstall"]) == 0
    assert place.read_text() == ""


def test_values_of_another_version_are_replaced_and_others_left(archived, capsys):
    key = "diff.sessionfs.textconv"
    git(archived, "config", key, "/old/sessionfs git textconv --rendering 0")
    git(archived, "config", "--add", key, "twice")
    main(["git", "setup"])
    assert git(archived, "config", "--get-all", key).count("\n") == 1
    git(archived, "config", key, "/another/sessionfs git textconv --rendering 12")
    assert main(["git", "setup", "--check"]) == 1
    git(archived, "config", "merge.sessionfs.driver", "mine %A")
    capsys.readouterr()
    main(["git", "setup", "--uninstall"])
    assert configured(str(archived), "local") == {"merge.sessionfs.driver": ["mine %A"]}
    assert "merge.sessionfs.driver is not as `git setup` writes it" in told(capsys)
    assert all(is_ours(key, value) for key, value in definitions(("a b", "-m", "c")).items())


@pytest.mark.parametrize(
    "arguments",
    [
        ["--global", "--hooks"], ["--global", "-a", "x"], ["--uninstall", "--check"],
        ["--uninstall", "--hooks"], ["-a", "nothing"], ["-a", ""], ["more"],
    ],
)  # fmt: skip
def test_usage(archived, capsys, arguments):
    before = everything(archived)
    assert main(["git", "setup", *arguments]) == 2
    assert told(capsys).startswith("sessionfs: ")
    assert everything(archived) == before


def test_a_line_that_outranks_ours_is_told(archived, capsys):
    main(["git", "setup"])
    own = archived / ".git" / "info" / "attributes"
    own.write_bytes(own.read_bytes() + b"*.yaml merge=union\n")
    capsys.readouterr()
    assert main(["git", "setup", "--check"]) == 1
    assert "the attribute merge is union" in told(capsys)


@pytest.mark.parametrize(
    "pattern", ["*.jsonl", "*.b3", "summary.json", ".sessions/2026/**/files/*"]
)
def test_what_outranks_ours_for_a_file_of_a_session_is_told(archived, capsys, pattern):
    main(["git", "setup"])
    own = archived / ".git" / "info" / "attributes"
    own.write_bytes(own.read_bytes() + f"{pattern} merge=union\n".encode())
    capsys.readouterr()
    assert main(["git", "setup", "--check"]) == 1
    said = told(capsys)
    assert "the attribute merge is union" in said
    assert ("files/" in said) is ("files" in pattern)


def test_what_harms_is_not_as_it_should_be(archived, capsys):
    main(["git", "setup"])
    (archived / ".sessions" / "2026" / ".gitattributes").write_text("* text=auto\n")
    capsys.readouterr()
    assert main(["git", "setup", "--check"]) == 1
    assert "W701" in told(capsys)


def test_guards_that_are_missing_are_written_and_what_people_added_stays(archived, capsys):
    attributes, ignore = (archived / ".sessions" / name for name in GUARDS)
    attributes.write_text("# ours\n*.png binary\n")
    ignore.unlink()
    assert main(["git", "setup", "--check"]) == 1
    assert not ignore.exists()
    assert main(["git", "setup"]) == 0
    assert attributes.read_text() == f"{ATTRIBUTES}# ours\n*.png binary\n"
    assert ignore.read_text() == IGNORE
    assert f".sessions/.gitattributes: {ATTRIBUTES.splitlines()[1]}" in told(capsys)
    attributes.write_text(f"{ATTRIBUTES}* text=auto\n")
    assert main(["git", "setup"]) == 0
    assert "W701 .sessions/.gitattributes: `text` is auto" in told(capsys)
    assert attributes.read_text() == f"{ATTRIBUTES}* text=auto\n"


def test_a_guard_is_completed_above_what_people_added():
    guard = b"# why\n!*\n*~\n"
    assert completed(b"", guard) == guard
    assert completed(b"*~\nmine\n!*", guard) == b"*~\nmine\n!*"
    assert completed(b"# why\n!*\nmine", guard) == guard + b"mine\n"
    assert completed(guard, guard) == guard


def test_what_setup_writes_costs_verifying_nothing(archived):
    main(["git", "setup"])
    own = archived / ".git" / "info" / "attributes"
    assert outranks_nothing(str(own))
    written = own.read_bytes()
    for harmful in (b"* text\n" + written, written.replace(b"** merge", b"** text merge")):
        own.write_bytes(harmful)
        assert not outranks_nothing(str(own))
    quoted = b'"/a \\\\ \\"b\\"/**" merge=sessionfs\n'
    own.write_bytes(written.replace(END, quoted + END))
    assert outranks_nothing(str(own))
    own.write_bytes(BEGIN)
    assert not outranks_nothing(str(own))
    own.unlink()
    assert outranks_nothing(str(own))


def fake(place, body):
    """A program that setup takes for ours."""
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(f"#!/bin/sh\n{body}\n")
    place.chmod(0o755)
    return (str(place),)


@pytest.fixture
def ours(tmp_path, monkeypatch):
    """A program at an odd place that writes down how it was called, and ends as it is told."""
    record = tmp_path / "record"
    words = fake(
        tmp_path / "it's 100%A $odd" / "session fs",
        f'echo "$@" >> {shlex.quote(str(record))}; exit ${{CODE:-0}}',
    )
    monkeypatch.setattr(setup, "own_command", lambda: words)
    record.touch()
    return record


def commit(repository, **environment):
    """Commit a change; return the exit code."""
    (repository / "file").write_text(os.urandom(8).hex())
    git(repository, "add", "file")
    return subprocess.run(
        ["git", *IDENTITY, "commit", "-qm", "more"], cwd=repository, check=False,
        capture_output=True, env={**os.environ, **environment}, timeout=60,
    ).returncode  # fmt: skip


def test_hooks_run_and_block_for_findings_only(archived, ours):
    assert main(["git", "setup", "--hooks"]) == 0
    assert commit(archived) == 0
    assert ours.read_text() == (
        "verify --staged --quiet\ngit link --hook .git/COMMIT_EDITMSG message\n"
        "git link --hook .git/COMMIT_EDITMSG\n"
    )
    assert commit(archived, CODE="2") == 0
    assert commit(archived, CODE="127") == 0
    assert commit(archived, CODE="1") == 1
    git(archived, "reset", "--hard", "--quiet")
    git(archived, "checkout", "--quiet", "-b", "other", "HEAD~1")
    (archived / "else").write_text("x")
    git(archived, "add", "else")
    git(archived, "commit", "--quiet", "-m", "else")
    ours.write_text("")
    git(archived, "merge", "--quiet", "--no-edit", "-")
    assert "verify --staged --quiet" in ours.read_text()
    next(ours.parent.glob("it*/session fs")).unlink()
    assert commit(archived) == 0


def test_a_hook_of_others_runs_after_ours(archived, ours):
    hook = archived / ".git" / "hooks" / "pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/usr/bin/env sh\nset -e\necho theirs >> {shlex.quote(str(ours))}\nexit 0\n")
    hook.chmod(0o750)
    assert main(["git", "setup", "--hooks"]) == 0
    assert commit(archived) == 0
    assert ours.read_text().splitlines()[:2] == ["verify --staged --quiet", "theirs"]
    assert hook.stat().st_mode & 0o777 == 0o750
    assert main(["git", "setup", "--uninstall"]) == 0
    assert hook.read_text().startswith("#!/usr/bin/env sh\nset -e\n")
    assert BEGIN not in hook.read_bytes()


@pytest.mark.usefixtures("ours")
def test_a_hook_that_is_no_shell_script_is_left_alone(archived, capsys):
    hooks = archived / ".git" / "hooks"
    hooks.mkdir(exist_ok=True)
    for name, text in zip(HOOKS, ("#!/usr/bin/python3\n", "#!perl\n", "\x7fELF", ""), strict=True):
        (hooks / name).write_text(text)
        (hooks / name).chmod(0o755)
    before = everything(hooks)
    assert main(["git", "setup", "--hooks"]) == 0
    error = capsys.readouterr().err
    assert error.count("it is no shell script; to add by hand: if command -v ") == 4
    assert everything(hooks) == before
    assert main(["git", "setup", "--hooks", "--check"]) == 1
    (hooks / "pre-commit").write_text("#!/usr/bin/python3\nrun('x verify --staged --quiet')")
    capsys.readouterr()
    main(["git", "setup", "--hooks"])
    assert capsys.readouterr().err.count("to add by hand") == 3


@pytest.mark.usefixtures("ours")
def test_a_hook_that_is_a_link_or_switched_off_is_left_alone(archived, capsys):
    hooks = archived / ".git" / "hooks"
    hooks.mkdir(exist_ok=True)
    (archived / "script").write_text("#!/bin/sh\n")
    (archived / "script").chmod(0o755)
    (hooks / "pre-commit").symlink_to(archived / "script")
    (hooks / "pre-merge-commit").write_text("#!/bin/sh\n")
    main(["git", "setup", "--hooks"])
    error = capsys.readouterr().err
    assert "pre-commit: it is a link;" in error
    assert "pre-merge-commit: it is switched off: not executable;" in error
    assert (archived / "script").read_text() == "#!/bin/sh\n"


@pytest.mark.usefixtures("ours")
def test_hooks_go_where_git_looks_for_them(archived, capsys):
    git(archived, "config", "core.hooksPath", "tools/hooks")
    assert main(["git", "setup", "--hooks"]) == 0
    assert sorted(path.name for path in (archived / "tools" / "hooks").iterdir()) == sorted(HOOKS)
    out, err = capsys.readouterr()
    assert "tools/hooks/pre-commit: #!/bin/sh" in out
    assert "hooks are in tools/hooks: core.hooksPath has it so" in err
    assert main(["git", "setup", "--uninstall"]) == 0
    assert not list((archived / "tools" / "hooks").iterdir())
    git(archived, "config", "core.hooksPath", os.devnull)
    assert main(["git", "setup", "--hooks"]) == 0
    assert "git runs no hooks here" in told(capsys)
    assert main(["git", "setup", "--check", "--hooks"]) == 1
    assert main(["git", "setup", "--check"]) == 0


def test_hooks_that_are_there_are_brought_up_to_date(archived, ours, monkeypatch):
    main(["git", "setup", "--hooks"])
    words = fake(ours.parent / "moved" / "sessionfs", "exit 0")
    monkeypatch.setattr(setup, "own_command", lambda: words)
    assert main(["git", "setup", "--check"]) == 1
    assert main(["git", "setup"]) == 0
    told = (archived / ".git" / "hooks" / "pre-commit").read_text()
    assert f"  {words[0]} verify" in told
    assert "100%A" not in told
    hook = archived / ".git" / "hooks" / "pre-commit"
    hook.write_bytes(hook.read_bytes().replace(END, b""))
    assert main(["git", "setup"]) == 0  # and says that it cannot tell what is ours
    assert main(["git", "setup", "--check"]) == 1


def test_a_diff_of_an_appended_turn_has_new_lines_only(archived):
    main(["git", "setup"])
    fill(archived, 24)
    lines = git(archived, "diff", "--", "*.jsonl").splitlines()
    (hunk,) = (number for number, line in enumerate(lines) if line.startswith("@@"))
    assert not [line for line in lines[hunk + 1 :] if line.startswith("-")]
    added = [line for line in lines[hunk + 1 :] if line.startswith("+── ")]
    assert [line.split()[1] for line in added] == ["21", "22", "23", "24"]
    header = lines[hunk].split(" @@ ")[1]
    assert header.split()[0].isdigit()
    assert not header.split()[-1].isalpha()  # it ends in the time, not in digits of the line
    assert "native" not in "".join(lines[hunk:])


def test_a_program_at_an_odd_place_is_found_without_path(archived, tmp_path, monkeypatch):
    run = f'exec {shlex.quote(sys.executable)} -m sessionfs "$@"'
    words = fake(tmp_path / 'it\'s "100%" $odd\\' / "session fs", run)
    monkeypatch.setattr(setup, "own_command", lambda: words)
    main(["git", "setup"])
    monkeypatch.chdir(tmp_path)
    fill(archived, 21)
    assert "\n+── 21 " in git(archived, "diff", "--", "*.jsonl")


def test_the_driver_is_called_with_what_git_knows(archived, ours):
    main(["git", "setup"])
    diverge(archived)
    git(archived, "merge", "--quiet", "other", check=False)
    calls = ours.read_text().splitlines()
    (call,) = [line for line in calls if line.endswith("checksums.b3")]
    assert call.startswith("git merge-driver .merge_file_")


def diverge(repository):
    """Two branches that continued one session; the one that is checked out is the shorter."""
    git(repository, "checkout", "--quiet", "-b", "other")
    fill(repository, 30)
    git(repository, "commit", "--quiet", "-am", "theirs")
    git(repository, "checkout", "--quiet", "-")
    fill(repository, 25)
    git(repository, "commit", "--quiet", "-am", "ours")


def test_a_clone_without_setup_has_plain_diffs_and_conflicts(archived, tmp_path):
    main(["git", "setup"])
    diverge(archived)
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", str(archived), str(clone))
    assert configured(str(clone), "local") == {}
    assert '\n+{"seq":21,' in git(clone, "log", "-p", "-1")
    before = git(clone, "rev-parse", "HEAD")
    git(clone, "merge", "origin/other", check=False)
    assert git(clone, "rev-parse", "HEAD") == before
    conflicts = git(clone, "diff", "--name-only", "--diff-filter=U").split()
    assert [path.rpartition("/")[2] for path in conflicts] == [
        "checksums.b3", "messages-00000001.jsonl", "summary.json",
    ]  # fmt: skip
    assert sessionfs.verify([str(clone / ".sessions")]).ok  # ours, whole
    os.chdir(clone)
    assert main(["git", "setup"]) == 0  # also in the middle of a merge
    assert main(["git", "setup", "--check"]) == 0


def test_what_git_has_cached_is_not_shown_by_another_rendering(archived, monkeypatch, tmp_path):
    words = fake(tmp_path / "sessionfs", 'echo "rendered by $4"')
    monkeypatch.setattr(setup, "own_command", lambda: words)
    main(["git", "setup"])
    assert f"+rendered by {RENDERING}" in git(archived, "show")
    fake(tmp_path / "sessionfs", 'echo "another way"')
    assert f"+rendered by {RENDERING}" in git(archived, "show")  # from the cache
    monkeypatch.setattr("sessionfs.git.definitions.RENDERING", 99)
    main(["git", "setup"])
    shown = git(archived, "show")
    assert "+another way" in shown
    assert "rendered by" not in shown


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A virtual environment with our script, and a PATH with other directories."""
    scripts = tmp_path / "venv" / "bin"
    fake(scripts / "sessionfs", "")
    (scripts / "python").touch()
    monkeypatch.setattr(sys, "executable", str(scripts / "python"))
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "venv"))
    monkeypatch.setattr(installed.sysconfig, "get_path", lambda _: str(scripts))
    monkeypatch.setenv("PATH", f"{tmp_path}/path:{os.environ['PATH']}")
    (tmp_path / "path").mkdir()
    return tmp_path


def test_the_command_is_the_one_on_path_where_that_is_this_one(machine, monkeypatch):
    script = str(machine / "venv" / "bin" / "sessionfs")
    assert own_command() == (script,)
    monkeypatch.setenv("PATH", f"{machine}/venv/bin:{os.environ['PATH']}")
    assert own_command() == (script,)  # on PATH while the environment is active
    (machine / "path" / "sessionfs").symlink_to(script)
    monkeypatch.setenv("PATH", f"{machine}/path:{os.environ['PATH']}")
    assert own_command() == ("sessionfs",)
    (machine / "path" / "sessionfs").unlink()
    fake(machine / "path" / "sessionfs", "another program of that name")
    assert own_command() == (script,)
    Path(script).unlink()
    assert own_command() == (sys.executable, "-m", "sessionfs")
