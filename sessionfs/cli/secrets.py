"""Commands about secrets: redact."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from sessionfs.cli import FINDINGS, FINE
from sessionfs.cli.failure import say_json
from sessionfs.cli.forms import FORMS, FROM_TOP, asked, publish, top
from sessionfs.cli.terminal import Progress, note, say
from sessionfs.cli.verb import as_json, in_archive, verb
from sessionfs.view import Line
from sessionfs.view.text import counted, one_line

if TYPE_CHECKING:
    from sessionfs.api.redact import Cleared

GIT_HAS_IT = (
    "git still has what was committed. Not pushed: `git commit --amend`, or a rebase, and"
    " `git gc --prune=now`. Pushed: it is known; replace the secret, then rewrite the history"
    " with `git filter-repo --invert-paths --path PATH` and commit the session anew"
)


@verb(
    "redact",
    "sessionfs redact --check",
    "sessionfs redact --check lamps.tar.zst --output-format sarif -o secrets.sarif",
    "sessionfs redact --check - < deploy.log",
    "sessionfs redact 01M81CYG",
    "sessionfs redact --list",
)
@click.argument("paths", metavar="[PATH]...", nargs=-1)
@click.option("--check", is_flag=True, help="Say where secrets are, and change nothing.")
@click.option("--list", "listed", is_flag=True, help="List the rules that are in force.")
@click.option(
    "--rules", metavar="FILE", multiple=True, help="Use this file of rules, too; gitleaks' shape."
)
@click.option(
    "--anonymize", is_flag=True, help="Also home directories, e-mail addresses, host names."
)
@click.option(
    "--output-format",
    type=click.Choice(FORMS),
    default="auto",
    help="Form of --check's report, as of `verify`.",
)
@click.option("-o", "--output", metavar="FILE", help="Write that report to FILE; - is stdout.")
@in_archive
@as_json
def redact_command(
    paths: tuple[str, ...],
    *,
    check: bool,
    listed: bool,
    rules: tuple[str, ...],
    anonymize: bool,
    output_format: str,
    output: str | None,
    archive: str | None,
    as_json: bool,
) -> int:
    """Take the secrets out of sessions that are archived, or look for some with --check.

    PATH is a session or, with --check, also an archive, a pack, a log or any other file, or -
    for standard input. Without it, the nearest archive.

    What is taken out leaves a placeholder, the same wherever the same secret stood; the session
    is recorded as redacted, and sealed anew. Git keeps what was committed before.

    The rules are ours, those of archive.yaml (`redaction`), and those of --rules.

    Exit code 0: none was found, or all were taken out. 1: --check found some. 2: could not run.
    """
    if sum((check, listed)) > 1:
        raise click.UsageError("--check and --list exclude each other")
    if not check and (output is not None or output_format != "auto"):
        raise click.UsageError("--output-format and --output are for --check")
    if listed:
        return _list(archive, rules, anonymize=anonymize, as_json=as_json)
    if check:
        if archive is not None:
            raise click.UsageError("with --check, name the archive as PATH")
        return _check(paths, rules, output_format, output, anonymize=anonymize, as_json=as_json)
    import sessionfs

    with Progress("redacting", hidden=as_json) as progress:
        cleared = sessionfs.redact(
            paths, archive, rules=rules, anonymize=anonymize, progress=progress
        )
    _say(cleared, as_json=as_json)
    return FINE


def _say(cleared: list[Cleared], *, as_json: bool) -> None:
    if as_json:
        from sessionfs.canonical import to_plain

        say_json({"sessions": to_plain(cleared)})
    else:
        for row in cleared:
            say([Line(f"{row.path}  {counted(row.removed, 'secret')} taken out", "good")])
        if not cleared:
            say([Line("no secrets found", "good")])
    if cleared:
        note(GIT_HAS_IT)


def _check(
    paths: tuple[str, ...],
    rules: tuple[str, ...],
    output_format: str,
    output: str | None,
    *,
    anonymize: bool,
    as_json: bool,
) -> int:
    import sessionfs
    from sessionfs.api.redact import MAX_FILE, STANDARD_INPUT
    from sessionfs.errors import SessionfsError

    form, output = asked(output_format, output, as_json=as_json)
    given = b""
    if STANDARD_INPUT in paths:
        given = sys.stdin.buffer.read(MAX_FILE + 1)
        if len(given) > MAX_FILE:
            message = f"standard input is longer than {MAX_FILE:,} bytes"
            raise SessionfsError(message, hint="split it")
    report, used = sessionfs.check_secrets(
        paths,
        rules=rules,
        anonymize=anonymize,
        given=given,
        relative_to=top() if form in FROM_TOP else None,
    )
    publish(report, form, output, rules=used)
    return FINDINGS if report.errors else FINE


def _list(archive: str | None, rules: tuple[str, ...], *, anonymize: bool, as_json: bool) -> int:
    from sessionfs.api.redact import list_rules

    known = list_rules(archive, rules=rules, anonymize=anonymize)
    if as_json:
        say_json({"rules": [{"id": rule.id, "description": rule.description} for rule in known]})
    else:
        width = max(len(rule.id) for rule in known) if known else 0
        say(Line(f"{rule.id:<{width}}  {one_line(rule.description)}") for rule in known)
    return FINE
