"""Where verify lives in CI: the hook under pre-commit, the action, the recipes of the README."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from junitparser import JUnitXml
from ruamel.yaml import YAML

import script
from conftest import ROOT, beside
from sessionfs.cli import main

SCRIPTS = ROOT / "tests" / "scripts"
LOG = script.split((SCRIPTS / "journey.txt").read_text("utf-8"))[1]["logs/lamp.jsonl"]
NATIVE_ID = "3d1f7c52-6a0e-4f0b-8f6e-0b1d9c7a5e21"
SESSION = ".sessions/2026/11/01M7WM3K6WT6E66QERZ5G6H0NZ"
ACTION = ".github/actions/verify/action.yml"
IDENTITY = {
    f"GIT_{who}_{what}": value
    for who in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "Ada"), ("EMAIL", "ada@example.org"))
}


def load(text):
    return YAML(typ="safe", pure=True).load(text)


def program(name):
    """A program that only these tests need."""
    place = shutil.which(name)
    if place is None:
        pytest.skip(f"{name} is not installed")
    return place


def git(directory, *words):
    command = ["git", "-c", "core.autocrlf=false", *words]
    return subprocess.run(
        command, cwd=directory, check=True, capture_output=True, env={**os.environ, **IDENTITY}
    )


def repository(place):
    """Make a directory a repository with everything that is in it committed."""
    git(place, "init", "-q", "-b", "main")
    git(place, "add", "-A")
    git(place, "commit", "-qm", "all")
    return place


def damage(directory):
    log = directory / SESSION / "messages-00000001.jsonl"
    log.write_bytes(log.read_bytes().replace(b"mole lamp", b"mule lamp"))


# The hook


@pytest.fixture(scope="module")
def hook():
    value, _ = load(beside(".pre-commit-hooks.yaml").read_text("utf-8"))
    return value


def test_the_hook_for_secrets_is_given_the_same(hook):
    _, other = load(beside(".pre-commit-hooks.yaml").read_text("utf-8"))
    assert other["entry"].split() == ["sessionfs", "redact", "--check"]
    told = {"id", "name", "description", "entry"}
    assert {key: other[key] for key in other.keys() - told} == {
        key: hook[key] for key in hook.keys() - told
    }


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        (f"{SESSION}/manifest.yaml", True),
        (f"{SESSION}/messages-00000001.jsonl", True),
        (f"{SESSION}/files/{'0' * 64}", True),
        (f"{SESSION}/planted.sh", True),
        (f"store/{SESSION.removeprefix('.sessions/')}/summary.json", True),
        (".sessions/archive.yaml", True),
        ("deep/down/.sessions/.gitattributes", True),
        (".sessions/2026/11/stray", True),
        ("archive.yaml", False),
        ("my.sessions/x", False),
        (".sessions", False),
        ("2026/13/01M7WM3K6WT6E66QERZ5G6H0NZ/x", False),
        ("2026/11/01M7WM3K6WT6E66QERZ5G6H0NI/x", False),
        ("docs/manifest.yaml", False),
    ],
)
def test_the_hook_is_given_what_belongs_to_sessions(hook, path, wanted):
    assert (re.search(hook["files"], path) is not None) == wanted


def test_the_hook_runs_our_command_once(hook):
    assert hook["entry"].split() == ["sessionfs", "verify"]
    assert hook["require_serial"] is True
    assert hook["types"] == []


@pytest.fixture(scope="module")
def hooked(tmp_path_factory):
    """A way to run our hook in a repository, from what is in this checkout."""
    pre_commit = program("pre-commit")
    place = tmp_path_factory.mktemp("hook")
    for name in ("sessionfs", "schemas", "examples"):
        leave = shutil.ignore_patterns("__pycache__")
        shutil.copytree(beside(name), place / "ours" / name, ignore=leave)
    for name in (".pre-commit-hooks.yaml", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(beside(name), place / "ours" / name)
    ours = repository(place / "ours")
    revision = git(ours, "rev-parse", "HEAD").stdout.decode().strip()
    config = f"repos:\n- repo: {ours}\n  rev: {revision}\n  hooks:\n  - id: sessionfs-verify\n"

    def run(repo, *words):
        (repo / ".pre-commit-config.yaml").write_text(config)
        git(repo, "add", ".pre-commit-config.yaml")
        return subprocess.run(
            [pre_commit, "run", "--verbose", "--color=never", *words],
            cwd=repo,
            env={**os.environ, **IDENTITY, "PRE_COMMIT_HOME": str(place / "cache")},
            capture_output=True,
            check=False,
            encoding="utf-8",
            timeout=300,
        )

    return run


@pytest.fixture
def repo(tmp_path, monkeypatch):
    """A repository with 70 sessions, of which the first ten are committed."""
    (tmp_path / "logs").mkdir()
    monkeypatch.chdir(tmp_path)
    for number in range(70):
        text = LOG.replace(NATIVE_ID, f"{number:08x}{NATIVE_ID[8:]}")
        (tmp_path / "logs" / f"{number}.jsonl").write_text(text)
        if number == 9:
            assert main(["-q", "import", "logs", "-a", "repo/.sessions"]) == 0
            repository(tmp_path / "repo")
    assert main(["-q", "import", "logs", "-a", "repo/.sessions"]) == 0
    git(tmp_path / "repo", "add", ".sessions")
    return tmp_path / "repo"


@pytest.mark.exhaustive
def test_the_real_pre_commit_verifies_what_changed_in_one_process(hooked, repo):
    staged = git(repo, "diff", "--cached", "--name-only").stdout.decode().split()
    sessions = {path.split("/")[3] for path in staged if path.startswith(".sessions/2026/")}
    assert len(sessions) == 60
    assert len(staged) >= 120
    done = hooked(repo)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.findall(r"^ok: .*session", done.stdout, re.MULTILINE) == ["ok: 60 session"]
    git(repo, "commit", "-qm", "sixty more")

    done = hooked(repo)
    assert done.returncode == 0
    assert "(no files to check)Skipped" in done.stdout.replace(".", "")

    log = next(iter(sorted(repo.glob(".sessions/2026/11/*/messages-00000001.jsonl"))))
    log.write_bytes(log.read_bytes().replace(b"dark", b"dusk"))
    git(repo, "add", ".sessions")
    done = hooked(repo)
    assert done.returncode == 1
    assert re.search(rf"^E601 {log.relative_to(repo)}:", done.stdout, re.MULTILINE)
    assert re.findall(r"in (\d+) session", done.stdout) == ["1"]

    done = hooked(repo, "--all-files")
    assert done.returncode == 1
    assert re.findall(r"in (\d+) session", done.stdout) == ["70"]


@pytest.mark.exhaustive
def test_the_real_pre_commit_hands_over_links_and_planted_files(hooked, repo):
    git(repo, "commit", "-qm", "sixty more")
    session = next(repo.glob(".sessions/2026/11/*"))
    (session / "door").symlink_to("/etc/passwd")
    git(repo, "add", "-f", ".sessions")
    done = hooked(repo)
    assert done.returncode == 1
    assert f"E104 {session.relative_to(repo)}/door: " in done.stdout


# The action


@pytest.fixture(scope="module")
def action():
    return load(beside(ACTION).read_text("utf-8"))


def test_the_action_runs_its_own_words_only(action):
    assert action["runs"]["using"] == "composite"
    for step in action["runs"]["steps"]:
        assert "uses" not in step
        assert step["shell"] == "bash"
        assert step["run"].startswith("set -euo pipefail\n")
        assert "${{" not in step["run"]
    given = [value for step in action["runs"]["steps"] for value in step["env"].values()]
    assert sorted(given) == sorted(f"${{{{ inputs.{name} }}}}" for name in action["inputs"])


class Runner:
    """What a runner of GitHub does with the run steps of a composite action."""

    def __init__(self, action, place):
        self.steps = action["runs"]["steps"]
        self.defaults = {name: told["default"] for name, told in action["inputs"].items()}
        self.temp = place / "temp"
        self.temp.mkdir()
        self.output, self.page = place / "output", place / "page.md"

    def run(self, number, workspace, **inputs):
        values = {
            **self.defaults,
            **{name.replace("_", "-"): told for name, told in inputs.items()},
        }
        step = self.steps[number]
        names = {key: told[len("${{ inputs.") : -len(" }}")] for key, told in step["env"].items()}
        for file in (self.output, self.page):
            file.write_text("")
        environment = {
            **os.environ,
            **{key: values[name] for key, name in names.items()},
            "GITHUB_ACTIONS": "true",
            "GITHUB_ACTION_PATH": str((ROOT / ACTION).parent),
            "GITHUB_OUTPUT": str(self.output),
            "GITHUB_STEP_SUMMARY": str(self.page),
            "GITHUB_WORKSPACE": str(workspace),
            "RUNNER_TEMP": str(self.temp),
        }
        script_file = self.temp / "step.sh"
        script_file.write_text(step["run"])
        return subprocess.run(
            ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", str(script_file)],
            cwd=workspace,
            env=environment,
            capture_output=True,
            check=False,
            encoding="utf-8",
            timeout=300,
        )


@pytest.fixture
def runner(action, tmp_path):
    """A runner on which the program that is tested stands where the action would install it."""
    made = Runner(action, tmp_path)
    (made.temp / "sessionfs" / "bin").mkdir(parents=True)
    starter = made.temp / "sessionfs" / "bin" / "sessionfs"
    starter.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m sessionfs "$@"\n')
    starter.chmod(0o755)
    return made


@pytest.fixture
def workspace(tmp_path):
    shutil.copytree(ROOT / "examples" / "sessions", tmp_path / "work space" / ".sessions")
    return repository(tmp_path / "work space")


def test_the_action_passes_what_is_sound(runner, workspace):
    done = runner.run(1, workspace)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("ok: 9 sessions, ")
    assert runner.page.read_text().startswith("### sessionfs verify\n\nok")
    assert runner.output.read_text() == ""


def test_the_action_shows_what_is_damaged(runner, workspace):
    damage(workspace)
    done = runner.run(1, workspace)
    assert done.returncode == 1
    assert f"::error file={SESSION}/messages-00000001.jsonl,title=E601::" in done.stdout
    assert "| error | E601 | " in runner.page.read_text()


def test_the_action_compares_with_a_revision(runner, workspace):
    assert runner.run(1, workspace, against="HEAD").stdout.startswith("ok: 9 sessions, ")
    damage(workspace)
    done = runner.run(1, workspace, against="HEAD")
    assert done.returncode == 1
    assert re.search(
        rf"^::error file={SESSION}/messages-[0-9]+\.jsonl,line=", done.stdout, re.MULTILINE
    )
    done = runner.run(1, workspace, against="nowhere")
    assert done.returncode == 2
    assert done.stdout.startswith("::error title=sessionfs::")


def test_the_action_writes_a_report(runner, workspace):
    damage(workspace)
    done = runner.run(1, workspace, format="junit", output_file="a report.xml")
    assert (done.returncode, done.stdout) == (1, "")
    assert JUnitXml.fromfile(str(workspace / "a report.xml")).failures == 1
    lines = runner.output.read_text().splitlines()
    assert (lines[0].partition("<<")[0], lines[1]) == ("report", "a report.xml")
    assert lines[0].partition("<<")[2] == lines[2]


def test_the_action_takes_several_paths_and_arguments(runner, workspace):
    damage(workspace)
    (other,) = workspace.glob(".sessions/2025/06/*")
    sound = str(other.relative_to(workspace))
    done = runner.run(1, workspace, path=f"{sound}\n\n{SESSION}\n", args="--color\nnever\n")
    assert done.returncode == 1
    assert " in 2 sessions, " in done.stdout
    assert runner.run(1, workspace, path=sound).stdout.startswith("ok: 1 session, ")
    assert runner.run(1, workspace, path="$(touch hacked)\n`touch hacked`").returncode == 2
    assert runner.run(1, workspace, path="--help").returncode == 2
    assert not (workspace / "hacked").exists()


@pytest.mark.exhaustive
def test_the_action_installs_itself(action, tmp_path, workspace):
    runner = Runner(action, tmp_path)
    done = runner.run(0, workspace)
    assert done.returncode == 0, done.stderr
    assert runner.run(1, workspace).stdout.startswith("ok: 9 sessions, ")
    damage(workspace)
    assert runner.run(1, workspace).returncode == 1


def zizmor(*words):
    command = [program("zizmor"), "--offline", "--no-progress", "--color=never", *map(str, words)]
    return subprocess.run(command, capture_output=True, check=False, encoding="utf-8", timeout=120)


@pytest.mark.exhaustive
def test_zizmor_has_nothing_to_say(tmp_path):
    place = tmp_path / "sessions.yml"
    place.write_text(recipe("# .github/workflows/sessions.yml"))
    # `$/` instead of `./`, which it asks for, is of github.com alone, and actionlint refuses it.
    (tmp_path / "zizmor.yml").write_text("rules: {self-repository: {disable: true}}\n")
    told = [zizmor(beside(".github"), beside(".pre-commit-hooks.yaml"))]
    told += [zizmor("--config", tmp_path / "zizmor.yml", place)]
    for done in told:
        assert done.returncode == 0, done.stdout + done.stderr
        assert done.stdout.startswith("No findings to report.")
    place.write_text(place.read_text().replace("contents: read", "contents: write"))
    place.write_text(re.sub("@[0-9a-f]{40}", "@v4", place.read_text()))
    assert zizmor("--config", tmp_path / "zizmor.yml", place).returncode > 10


@pytest.mark.exhaustive
def test_actionlint_has_nothing_to_say(tmp_path):
    lint = program("actionlint")
    place = tmp_path / "sessions.yml"
    place.write_text(recipe("# .github/workflows/sessions.yml"))
    for workflow in [*beside(".github/workflows").iterdir(), place]:
        done = subprocess.run([lint, str(workflow)], capture_output=True, check=False, timeout=120)
        assert (done.returncode, done.stdout) == (0, b"")
    place.write_text("on: push\njobs: {a: {runs-in: x}}\n")
    assert subprocess.run([lint, str(place)], capture_output=True, check=False).returncode == 1


# The README's recipes


def recipe(first):
    """The block of the README that begins with a line."""
    blocks = re.findall(
        r"^```\w+\n(.*?)^```$", beside("README.md").read_text("utf-8"), re.MULTILINE | re.DOTALL
    )
    (block,) = [block for block in blocks if block.startswith(f"{first}\n")]
    return block


def test_the_workflow_uses_the_action_as_it_is(action):
    workflow = load(recipe("# .github/workflows/sessions.yml"))
    (job,) = workflow["jobs"].values()
    uses = [step["uses"] for step in job["steps"]]
    assert [re.sub("@[0-9a-f]{40}$", "@", name) for name in uses] == [
        "actions/checkout@",
        f"./tools/sessionfs/{Path(ACTION).parent}",
    ]
    for step in job["steps"]:
        if step["uses"].startswith("./"):
            assert step.get("with", {}).keys() <= action["inputs"].keys()


def test_the_hook_of_the_readme_is_ours(hook):
    (repo,) = load(recipe("# .pre-commit-config.yaml"))["repos"]
    assert [one["id"] for one in repo["hooks"]] == [hook["id"], "sessionfs-secrets"]


@pytest.mark.parametrize("damaged", [False, True])
def test_the_job_for_gitlab_does_what_it_says(damaged, workspace, tmp_path):
    job = load(recipe("# .gitlab-ci.yml"))["sessions"]
    if damaged:
        damage(workspace)
    tools = tmp_path / "bin"
    tools.mkdir()
    for name, body in {
        "pip": "exit 0",
        "sessionfs": f'exec "{sys.executable}" -m sessionfs "$@"',
    }.items():
        (tools / name).write_text(f"#!/bin/sh\n{body}\n")
        (tools / name).chmod(0o755)
    done = subprocess.run(
        ["sh", "-e", "-c", "\n".join(job["script"])],
        cwd=workspace,
        env={**os.environ, "PATH": f"{tools}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        check=False,
        encoding="utf-8",
        timeout=60,
    )
    assert done.returncode == damaged, done.stderr
    reports = job["artifacts"]["reports"]
    assert JUnitXml.fromfile(str(workspace / reports["junit"])).failures == damaged
    found = load((workspace / reports["codequality"]).read_text("utf-8"))
    assert bool(found) == damaged
    assert job["artifacts"]["when"] == "always"
