"""What every test may rely on: a quiet world, the corpus if there is one, and honest skips.

Environment: no variable of the person who runs the tests reaches them. HOME is an empty
directory, git has no configuration and no identity, the agents' own variables are unset, so
`--all` finds nothing and nobody's settings change a result.
"""

import importlib.util
import os
import shutil
import statistics
import sys
import tempfile
from collections.abc import Generator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).resolve().parent.parent

FOREIGN = ("CLAUDE_", "CODEX_", "GIT_", "GITHUB_", "SESSIONFS_", "XDG_")
COLOUR = ("CLICOLOR", "CLICOLOR_FORCE", "COLUMNS", "FORCE_COLOR", "NO_COLOR", "PY_COLORS")
NO_CORPUS = "SESSIONFS_CORPUS is not set: no real logs here"
NOT_BESIDE = "is not beside these tests"

settings.register_profile(
    "steady",
    derandomize=True,  # the same run tomorrow; `--hypothesis-profile=default` explores
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("steady")


def pytest_configure(config: pytest.Config) -> None:
    """Clean the environment once, before any test module is imported; children inherit it."""
    corpus = os.environ.get("SESSIONFS_CORPUS")
    for name in list(os.environ):
        if name.startswith(FOREIGN) or name in COLOUR:
            del os.environ[name]
    if corpus:
        os.environ["SESSIONFS_CORPUS"] = str(Path(corpus).resolve())
    home = tempfile.TemporaryDirectory(prefix="sessionfs-home-", ignore_cleanup_errors=True)
    config.add_cleanup(home.cleanup)
    if os.environ.pop("PYTHONDONTWRITEBYTECODE", None):
        # Each of the thousand processes of a run would compile the program anew.
        compiled = tempfile.TemporaryDirectory(prefix="sessionfs-pyc-", ignore_cleanup_errors=True)
        config.add_cleanup(compiled.cleanup)
        os.environ["PYTHONPYCACHEPREFIX"] = compiled.name
    os.environ.update(
        HOME=home.name,
        USERPROFILE=home.name,
        GIT_CONFIG_GLOBAL=os.devnull,
        GIT_CONFIG_NOSYSTEM="1",
        GIT_TERMINAL_PROMPT="0",
    )


def pytest_report_header() -> str:
    """Say which sessionfs is tested, and how long its modules are."""
    spec = importlib.util.find_spec("sessionfs")
    if spec is None or spec.origin is None:
        return "sessionfs: not installed"
    package = Path(spec.origin).parent
    sizes = [len(path.read_bytes().splitlines()) for path in package.rglob("*.py")]
    median = statistics.median(sizes)
    return (
        f"sessionfs: {package}, {len(sizes)} modules, "
        f"median {median:.0f} lines, longest {max(sizes)}"
    )


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say aloud, after everything else, that the run did without real logs."""
    if not os.environ.get("SESSIONFS_CORPUS"):
        terminalreporter.section("tests on real logs did NOT run", yellow=True)
        terminalreporter.line(
            "Set SESSIONFS_CORPUS to a directory of native logs (see CONTRIBUTING.md)."
        )


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Let nothing count the lines of a test that is marked `no_cover`.

    pytest-cov pauses for it, but not in the processes of xdist: another counter goes on there.
    """
    if item.get_closest_marker("no_cover") is None:
        return (yield)
    tracer = sys.gettrace()
    sys.settrace(None)
    try:
        return (yield)
    finally:
        sys.settrace(tracer)


@pytest.fixture(scope="session")
def corpus() -> Path:
    """The directory of real native logs, one subdirectory an agent; skips when there is none."""
    value = os.environ.get("SESSIONFS_CORPUS")
    if not value:
        pytest.skip(NO_CORPUS)
    return Path(value)


def beside(name: str) -> Path:
    """A path of the checkout (`README.md`, `spec` …); skips where only the tests were copied."""
    path = ROOT / name
    if not path.exists():
        pytest.skip(f"{name} {NOT_BESIDE}")
    return path


def needs(*programs: str) -> pytest.MarkDecorator:
    """Skip a test where a program is missing, and say which."""
    missing = [program for program in programs if shutil.which(program) is None]
    return pytest.mark.skipif(bool(missing), reason=f"{' '.join(missing)} is not installed")


@pytest.fixture(scope="session")
def root() -> Path:
    """The directory that holds `tests/` and `examples/`: the checkout, or a copy of these two."""
    return ROOT
