"""The README tells the truth: its commands and its Python are run, its links lead somewhere."""

import re

import pytest

import generate
import script
import sessionfs
from conftest import beside
from sessionfs.digest import digest
from sessionfs.disk.tree import DirTree
from sessionfs.logs import open_plain

SET_UP = (
    "python3 -m venv .venv && .venv/bin/pip install -e '.[dev]' && .venv/bin/sessionfs demo\n"
    ".venv/bin/pytest\n"
)


@pytest.fixture
def readme():
    return beside("README.md").read_text("utf-8")


def test_commands_and_python_print_what_the_readme_says(readme):
    """`python tests/generate.py` writes down what they really print."""
    if (program := script.missing(readme)) is not None:
        pytest.skip(f"{program} is not installed")
    assert generate.readme(readme) == readme


def test_no_command_of_the_readme_fails_unexpectedly(readme):
    blocks = "".join(body for kind, body in generate.BLOCK.findall(readme) if kind == "console")
    assert "sessionfs: " not in blocks
    assert "fatal:" not in blocks


def test_set_up_is_two_commands_near_the_top(readme):
    assert SET_UP in "".join(readme.splitlines(keepends=True)[:20])


def test_nobody_is_sent_to_another_project(readme):
    """A package called `sessionfs` on the index is not ours."""
    told = readme + beside("spec").joinpath("commands.md").read_text("utf-8")
    assert not re.search(r"(?:pip|pipx|uvx?|uv tool) (?:install|run )? ?sessionfs\b", told)


def test_secrets_are_spoken_of_before_the_first_import(readme):
    assert readme.index("secrets") < readme.index("sessionfs import")


def test_links_lead_somewhere(readme):
    for target in re.findall(r"\]\(([^)#]+)", readme):
        assert target.startswith("https://") or (generate.ROOT / target).exists(), target


def test_every_command_is_written_down():
    """To the letter only in .ci/run: how help is laid out depends on the version of click."""
    told = beside("spec").joinpath("commands.md").read_text("utf-8")
    headings = re.findall(r"^## (.*)", told, re.MULTILINE)
    assert headings == re.findall(r"^## (.*)", generate.commands_page(), re.MULTILINE)


def test_example_archive_is_what_the_example_logs_become(tmp_path):
    generate.archive(tmp_path / "sessions")
    assert list(generate.differences(tmp_path / "sessions", generate.ARCHIVE)) == []


def test_example_archive_verifies_and_gives_the_logs_back():
    assert sessionfs.verify([str(generate.ARCHIVE)]).findings == []
    native = DirTree(str(generate.NATIVE))
    logs = {}
    for path in native.paths():
        with open_plain(native, path) as stream:
            logs[digest(stream.read())] = path
    restored = {}
    for session in sessionfs.open_archive(str(generate.ARCHIVE)).sessions():
        restored |= {source.blake3: source.name for source in session.summary.source_files}
        log = b"".join(sessionfs.native_content(session))
        assert digest(log) in logs
    assert set(restored) == set(logs)
