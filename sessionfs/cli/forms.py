"""The forms of a verifier's report, and where each of them goes."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, Any

import click

from sessionfs import __version__
from sessionfs.canonical import to_plain
from sessionfs.cli.failure import json_text, on_github
from sessionfs.cli.terminal import note, say
from sessionfs.disk import steps
from sessionfs.disk.marker import check_outside
from sessionfs.errors import SessionfsError
from sessionfs.rules import RULES
from sessionfs.view.findings import report_lines, verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sessionfs.rules import Rule
    from sessionfs.verify import Report

FORMS = ("auto", "text", "json", "github", "sarif", "junit", "gitlab")
FROM_TOP = frozenset(("github", "sarif", "junit", "gitlab"))
"""The forms whose paths are relative to the top of the repository, as services want them."""

_PAGE = "GITHUB_STEP_SUMMARY"
"""The variable that names the file of the step's page."""


def top() -> str:
    """Return the top of the repository around the working directory, or that directory."""
    from sessionfs.git.repository import toplevel

    return toplevel(os.curdir) or os.getcwd()


def chosen(form: str, output: str | None) -> str:
    """Return the form that `auto` stands for: GitHub's in the log of one of its jobs, else text."""
    if form != "auto":
        return form
    return "github" if output is None and on_github() else "text"


def asked(form: str, output: str | None, *, as_json: bool) -> tuple[str, str | None]:
    """Return the form of a report and the file that it goes to, None for standard output.

    Raises what tells that the options contradict each other, or that no report can go there.
    """
    if as_json and form not in ("auto", "json"):
        raise click.UsageError(f"--json and --output-format {form} contradict each other")
    output = None if output == "-" else output
    if output is not None:
        check_output(output)
    return "json" if as_json else chosen(form, output), output


def check_output(output: str) -> None:
    """Raise `SessionfsError` where a report cannot go, before anything is verified."""
    if not os.path.isdir(os.path.dirname(os.path.realpath(output))):
        message = f"no directory for {output}"
        raise SessionfsError(message, hint="make it, or name another place with -o")
    check_outside(output)


def publish(
    report: Report,
    form: str,
    output: str | None,
    *,
    rules: Mapping[str, Rule] = RULES,
    **facts: object,
) -> None:
    """Print a report in a form, or write it to a file and say the verdict beside it.

    `rules` are those that the findings' codes name.
    """
    checked = to_plain(report.checked)
    if output is not None:
        _write(output, _lines(report, form, checked, rules, facts))
        note(verdict(report.findings, checked, report.mode).text)
    elif form == "text":
        say(report_lines(report.findings, checked, report.mode))
    else:
        for line in _lines(report, form, checked, rules, facts):
            click.echo(line.encode("utf-8", "backslashreplace"))
    if form == "github":
        _add_page(report, checked)


def _lines(
    report: Report,
    form: str,
    checked: dict[str, int],
    rules: Mapping[str, Rule],
    facts: dict[str, object],
) -> Iterable[str]:
    from sessionfs.view import github, gitlab, junit, sarif

    found = report.findings
    match form:
        case "json":
            value: dict[str, Any] = {"ok": report.ok, "mode": report.mode}
            value |= {"findings": to_plain(found), "checked": checked}
            return [json_text({**value, **facts})]
        case "github":
            return github.log_lines(found, checked, report.mode)
        case "sarif":
            whole = not report.newer
            run = sarif.document(
                found, version=__version__, complete=whole, mode=report.mode, rules=rules
            )
            return [json_text(run)]
        case "junit":
            return [junit.document(found, report.archives, report.sessions, report.mode)]
        case "gitlab":
            return [json_text(gitlab.document(found))]
        case _:
            return (line.text for line in report_lines(found, checked, report.mode))


def _add_page(report: Report, checked: dict[str, int]) -> None:
    """Add the table to the step's page, in the room that is left there."""
    from sessionfs.view import github

    path = os.environ.get(_PAGE)
    if not path:
        return
    try:
        with open(path, "ab") as stream:
            room = github.PAGE - stream.tell()
            stream.write(github.page(report.findings, checked, room, report.mode).encode())
    except OSError as error:
        note(f"{_PAGE}: {error.strerror}: the page of this step does not have the findings")


def _write(output: str, lines: Iterable[str]) -> None:
    """Write lines to a file as UTF-8: all of them, or what was there stays as it was."""
    content = "".join(f"{line}\n" for line in lines).encode("utf-8", "backslashreplace")
    place = os.path.realpath(output)
    if os.path.lexists(place) and not os.path.isfile(place):  # a pipe, a device: written as it is
        with open(place, "wb") as stream:
            stream.write(content)
        return
    beside = f"{place}.{os.getpid()}"
    try:
        descriptor = steps.create_file(beside)
    except OSError as error:
        raise OSError(error.errno, error.strerror, output) from None
    try:
        try:
            steps.write(descriptor, content)
        finally:
            os.close(descriptor)
        if os.path.isfile(place):
            shutil.copymode(place, beside)
        os.replace(beside, place)
    except BaseException:
        steps.remove_file(beside)
        raise
