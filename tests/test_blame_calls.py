"""Which calls have written something, in which repository, and the file's names: blame and link."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import sessionfs
from scripted import Claude, Codex, Desk
from sessionfs.api.commits import sessions_of_staged

if TYPE_CHECKING:
    from pathlib import Path

HUMAN = "".join(f"human line number {n}\n" for n in range(12))
HERE = "agent_test = 1\nassert agent_test == 2\n"


def begin(place: Path, path: str = "a.py", text: str = HUMAN) -> Desk:
    desk = Desk(place)
    sessionfs.init(str(desk.root / ".sessions"))
    desk.write(".gitignore", "/.sessions/\n")
    desk.write(path, text)
    desk.commit("start")
    return desk


def staged(desk: Desk) -> int:
    """Return how many sessions `git link` would name."""
    desk.git("add", "--all")
    desk.bring()
    return len(sessions_of_staged(str(desk.root / ".sessions"), directory=str(desk.root)))


def writers(desk: Desk, path: str) -> list[tuple[int, str] | None]:
    return list(told(desk, path))


def told(desk: Desk, path: str):
    for line in desk.blame(path).lines:
        yield (line.writer.seq, line.writer.certainty) if line.writer else None


# Names that a file had before.


def rename(desk: Desk, old: str, new: str) -> None:
    desk.git("mv", old, new)
    desk.commit(f"{old} is {new}")


def there_and_back(desk: Desk) -> str:
    rename(desk, "a.py", "b.py")
    rename(desk, "b.py", "a.py")
    return "a.py"


def back_and_forth(desk: Desk) -> str:
    there_and_back(desk)
    there_and_back(desk)
    rename(desk, "a.py", "b.py")
    return "b.py"


def reverted(desk: Desk) -> str:
    rename(desk, "a.py", "b.py")
    desk.change("b.py", "human line number 2\n", "human line two\n")
    desk.commit()
    desk.git("revert", "--no-edit", "HEAD~1")
    return "a.py"


def onto_an_older_name(desk: Desk) -> str:
    desk.write("old.py", "another file\nof that name\n")
    desk.commit()
    desk.git("rm", "--quiet", "old.py")
    desk.commit()
    rename(desk, "a.py", "old.py")
    return "old.py"


@pytest.mark.parametrize("act", [there_and_back, back_and_forth, reverted, onto_an_older_name])
def test_a_name_that_was_there_before_and_was_gone(tmp_path: Path, act) -> None:
    """Commits are those of `git blame`, and the agent's line has its writer."""
    desk = begin(tmp_path)
    agent = Claude(desk)
    seq = agent.edit("a.py", "human line number 5\n", "human line number 5\nagent line here\n")
    desk.commit("the agent's")
    path = act(desk)
    desk.bring()
    commits = [line.commit for line in desk.blame(path).lines]
    by_git = [line.split()[0].lstrip("^") for line in desk.git("blame", "-s", path).splitlines()]
    assert [commit[: len(short)] for commit, short in zip(commits, by_git, strict=True)] == by_git
    assert len(set(commits)) > 1
    assert writers(desk, path) == [*[None] * 6, (seq, "exact"), *[None] * 6]


def test_a_file_that_is_written_anew_under_a_name_that_was_gone_is_new(tmp_path: Path) -> None:
    desk = begin(tmp_path)
    agent = Claude(desk)
    agent.edit("a.py", "human line number 5\n", "human line number 5\nagent line here\n")
    desk.commit()
    desk.git("rm", "--quiet", "a.py")
    desk.commit()
    desk.write("a.py", "nothing of it\nhuman line number 5\n")
    last = desk.commit()
    desk.bring()
    assert {line.commit for line in desk.blame("a.py").lines} == {last}
    assert writers(desk, "a.py") == [None, None]


# Calls that were not made.

NOT_MADE = [
    "patch rejected by user",
    "patch rejected: it writes outside of the project",
    "exec command rejected by user",
    "exec command rejected: no",
    "rejected by user",
    "aborted by user after 3.1s",
    "Wall time: 0.0 seconds\naborted by user",
    "apply_patch verification failed: Failed to find expected lines in a.py",
    "exec_command failed for `/bin/zsh -lc ls`: CreateProcess { message: Rejected }",
    "approval required by policy, but AskForApproval is set to Never",
    "approval policy is Never; reject command",
    "failed to parse function arguments: missing field",
    "`cat` rejected: policy forbids commands starting with `cat`",
    "This action was rejected due to unacceptable risk.",
]
PATCH = "*** Begin Patch\n*** Update File: a.py\n@@\n import os\n+secret_line = 5\n*** End Patch\n"


def answer(agent: Codex, output: str, patch: str = PATCH, *, shell: bool = False) -> int:
    agent.calls += 1
    call = f"call_{agent.calls}"
    if shell:
        seq = agent.record(
            "response_item", type="local_shell_call", status="completed", call_id=call,
            action={"type": "exec", "command": ["bash", "-lc", f"apply_patch <<'E'\n{patch}E\n"]},
        )  # fmt: skip
        agent.record("response_item", type="function_call_output", call_id=call, output=output)
        return seq
    seq = agent.record(
        "response_item", type="custom_tool_call", status="completed", call_id=call,
        name="apply_patch", input=patch,
    )  # fmt: skip
    agent.record("response_item", type="custom_tool_call_output", call_id=call, output=output)
    return seq


def test_what_the_user_rejected_in_codex_is_nobodys(tmp_path: Path) -> None:
    """And what a person writes then is theirs, though it is the same."""
    desk = begin(tmp_path, text="import os\n")
    agent = Codex(desk)
    for number, output in enumerate(NOT_MADE):
        answer(agent, output, shell=number % 2 == 1)
        answer(agent, output, shell=number % 2 == 0)
    desk.write("a.py", "import os\nsecret_line = 5\n")
    assert staged(desk) == 0
    desk.commit()
    assert writers(desk, "a.py") == [None, None]


@pytest.mark.parametrize("shell", [True, False])
@pytest.mark.parametrize(
    "output", ["Done!", "Exit code: 0\nWall time: 0.1 seconds\nOutput:\npatch rejected by user"]
)
def test_what_was_not_rejected_in_codex_counts(tmp_path: Path, output: str, shell: bool) -> None:  # noqa: FBT001
    desk = begin(tmp_path, text="import os\n")
    seq = answer(Codex(desk), output, shell=shell)
    desk.write("a.py", "import os\nsecret_line = 5\n")
    assert staged(desk) == 1
    desk.commit()
    assert writers(desk, "a.py") == [None, (seq, "exact")]


@pytest.mark.parametrize(
    "said",
    [
        "The user doesn't want to proceed with this tool use. The tool use was rejected",
        "[Request interrupted by user for tool use]",
        "<tool_use_error>InputValidationError: Bash failed</tool_use_error>",
        "Permission to use Bash has been denied.",
        "Claude requested permissions to use Bash, but you haven't granted it yet.",
        "PreToolUse:Bash hook error: no",
        "Error: The user denied this operation.",
        "Tool call was cancelled",
        "Command blocked by policy",
    ],
)
def test_what_the_user_rejected_in_claude_code_is_nobodys(tmp_path: Path, said: str) -> None:
    desk = begin(tmp_path)
    shell(Claude(desk), f"cat > t.py <<'EOF'\n{HERE}EOF\n", error=said)
    desk.write("t.py", HERE)
    assert staged(desk) == 0
    desk.commit()
    assert writers(desk, "t.py") == [None, None]


# Shells that failed, when they had written.


def shell(agent: Claude, command: str, *, error: str = "") -> int:
    """Make a call of a shell, with what an error says."""
    seq = agent.call("Bash", {"command": command}, error=bool(error))
    if error:
        agent.lines[-1] = agent.lines[-1].replace(b'"done"', f'"{error}"'.encode())
        agent.save()
    return seq


@pytest.mark.parametrize(
    "said",
    [
        "Exit code 1\\nAssertionError",
        "AssertionError",
        "done",
        "bash: ./t.py: Permission denied",
        "Permission denied: ./t.py",
        "test_hooks.py: a block was cancelled",
        "FAILED test_approval - the request was rejected",
    ],
)
def test_a_shell_that_wrote_a_file_and_then_failed(tmp_path: Path, said: str) -> None:
    desk = begin(tmp_path)
    seq = shell(Claude(desk), f"cat > t.py <<'EOF'\n{HERE}EOF\npython t.py", error=said)
    desk.write("t.py", HERE)
    assert staged(desk) == 1
    desk.commit()
    assert writers(desk, "t.py") == [(seq, "likely")] * 2


def test_a_shell_writes_in_the_directory_that_it_is_in_and_nowhere_else(tmp_path: Path) -> None:
    desk = begin(tmp_path)
    agent = Claude(desk)
    seq = shell(agent, f"cd 'my src'\ncat > t.py <<'EOF'\n{HERE}EOF\n")
    shell(agent, f"cd $src\ncat > u.py <<'EOF'\n{HERE}EOF\n")
    for path in ("my src/t.py", "t.py", "u.py"):
        desk.write(path, HERE)
    assert staged(desk) == 1
    desk.commit()
    assert writers(desk, "my src/t.py") == [(seq, "likely")] * 2
    assert writers(desk, "t.py") == writers(desk, "u.py") == [None, None]


def test_a_patch_before_tests_that_failed(tmp_path: Path) -> None:
    desk = begin(tmp_path, text="import os\n")
    agent = Codex(desk)
    seq = agent.shell(["bash", "-lc", f"apply_patch <<'E'\n{PATCH}E\npytest"], code=1)
    desk.write("a.py", "import os\nsecret_line = 5\n")
    assert staged(desk) == 1
    desk.commit()
    assert writers(desk, "a.py") == [None, (seq, "likely")]


def test_the_one_that_succeeds_has_written_it(tmp_path: Path) -> None:
    """The first one had no directory to write to, which its error need not say."""
    desk = begin(tmp_path)
    agent = Claude(desk)
    shell(agent, f"cat > src/t.py <<'EOF'\n{HERE}EOF\n", error="Exit code 1\\nno such directory")
    seq = shell(agent, f"mkdir -p src && cat > src/t.py <<'EOF'\n{HERE}EOF\n")
    desk.write("src/t.py", HERE)
    assert staged(desk) == 1
    desk.commit()
    assert writers(desk, "src/t.py") == [(seq, "likely")] * 2  # a shell tells not what was there


def test_other_tools_that_failed_have_written_nothing(tmp_path: Path) -> None:
    desk = begin(tmp_path)
    arguments = {"file_path": "/home/ada/project/t.py", "content": HERE}
    Claude(desk).call("Write", arguments, error=True)
    desk.write("t.py", HERE)
    assert staged(desk) == 0
    desk.commit()
    assert writers(desk, "t.py") == [None, None]


def test_what_a_shell_appends_and_what_another_makes_of_it(tmp_path: Path) -> None:
    desk = begin(tmp_path, text="import os\n")
    agent = Claude(desk)
    one = shell(agent, "cat >> a.py <<'EOF'\n\nfirst_line = 1\nEOF\n")
    two = shell(agent, "echo ok && cat <<'EOF' >> a.py\nsecond_line = 2\n\nEOF\n")
    desk.write("a.py", "import os\n\nfirst_line = 1\nsecond_line = 2\n\n")
    assert staged(desk) == 1
    desk.commit()
    assert writers(desk, "a.py") == [None, *[(one, "exact")] * 2, *[(two, "exact")] * 2]


# Texts that are no commands.


@pytest.mark.parametrize("text", ["cat > b.py <<'EOF'\n{}EOF\n", "{patch}"])
def test_a_subagent_that_is_told_what_to_write_has_not_written_it_here(
    tmp_path: Path, text: str
) -> None:
    lines = "alpha_value = 1\nbeta_value = 2\n"
    patch = "".join(f"+{line}\n" for line in lines.splitlines())
    patch = f"*** Begin Patch\n*** Add File: b.py\n{patch}*** End Patch\n"
    prompt = "Please run:\n" + text.format(lines, patch=patch)
    desk = begin(tmp_path)
    agent = Claude(desk)
    agent.call("Task", {"description": "x", "prompt": prompt})
    seq = agent.write("b.py", lines)
    desk.commit()
    desk.bring()
    assert writers(desk, "b.py") == [(seq, "exact")] * 2


# Repositories.

SETTINGS = '[build-system]\nrequires = ["hatchling"]\n[project]\nname = "{}"\n'


def test_another_project_of_the_archive_is_not_meant_by_a_common_name(tmp_path: Path) -> None:
    desk = begin(tmp_path)
    agent = Claude(desk, cwd="/home/ada/otherproj")
    for path in ("src/x1.py", "src/x2.py", "tests/y.py", "docs/z.md", "pyproject.toml"):
        content = SETTINGS.format("otherproj") if "toml" in path else f"content of {path}\n"
        agent.call("Write", {"file_path": f"{agent.cwd}/{path}", "content": content})
    desk.write("pyproject.toml", SETTINGS.format("lantern"))
    assert staged(desk) == 0
    desk.commit()
    assert writers(desk, "pyproject.toml") == [None] * 4


@pytest.mark.parametrize(
    ("remote", "sure"),
    [
        ("git@github.com:harbour/lantern.git", "exact"),
        ("https://github.com/ada/lantern", "exact"),  # a fork: the file names tell
        ("https://github.com/harbour/another", None),
        (None, "exact"),
    ],
)
def test_the_remote_decides_where_the_session_knows_its_repository(
    tmp_path: Path, remote: str | None, sure: str | None
) -> None:
    desk = begin(tmp_path, text="import os\n")
    if remote is not None:
        desk.git("remote", "add", "upstream", "https://github.com/harbour/more")
        desk.git("remote", "add", "origin", remote)
    agent = Codex(desk, cwd="/home/bea/elsewhere")
    agent.lines[0] = agent.lines[0].replace(
        b'"payload":{', b'"payload":{"git":{"repository_url":"https://github.com/harbour/lantern"},'
    )
    seq = agent.patch(PATCH)
    desk.write("a.py", "import os\nsecret_line = 5\n")
    assert staged(desk) == (sure is not None)
    desk.commit()
    assert writers(desk, "a.py") == [None, sure and (seq, sure)]


def test_a_work_tree_that_the_agent_entered_in_the_session(tmp_path: Path) -> None:
    desk = begin(tmp_path, text="x_line = 1\n")
    agent = Claude(desk)
    path = ".claude/worktrees/feat/a.py"
    seq = agent.call(
        "Edit",
        {
            "file_path": f"{agent.cwd}/{path}",
            "old_string": "x_line = 1\n",
            "new_string": "x_line = 1\ny_line = 2\n",
        },
    )
    desk.write("a.py", "x_line = 1\ny_line = 2\n")
    assert staged(desk) == 1
    desk.commit()
    again = agent.call(
        "Edit",
        {
            "file_path": f"{agent.cwd}/a.py",
            "old_string": "y_line = 2\n",
            "new_string": "y_line = 2\nz_line = 3\n",
        },
    )
    desk.write("a.py", "x_line = 1\ny_line = 2\nz_line = 3\n")
    desk.commit()
    desk.bring()
    assert writers(desk, "a.py") == [None, (seq, "exact"), (again, "exact")]


def test_a_byte_order_mark_that_the_log_leaves_out(tmp_path: Path) -> None:
    desk = begin(tmp_path, text="\ufeff" + HUMAN)
    agent = Claude(desk)
    seq = agent.call(
        "Edit",
        {
            "file_path": f"{agent.cwd}/a.py",
            "old_string": "human line number 0\n",
            "new_string": "agent line number 0\nand one more\n",
        },
        originalFile=HUMAN,
        userModified=False,
    )
    changed = HUMAN.replace("human line number 0\n", "agent line number 0\nand one more\n")
    desk.write("a.py", "\ufeff" + changed)
    assert staged(desk) == 1
    desk.commit()
    desk.write("a.py", changed)
    desk.commit("without the mark")
    for revision in ("HEAD~1", "HEAD"):
        lines = desk.blame("a.py", revision=revision).lines
        assert [(line.writer.seq, line.writer.certainty) for line in lines[:2]] == [
            (seq, "exact")
        ] * 2
        assert not any(line.writer for line in lines[2:])
        assert len({line.commit for line in lines}) == 2
