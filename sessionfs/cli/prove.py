"""Commands about the rules: verify, explain."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from sessionfs.cli import FAILED, FINDINGS, FINE
from sessionfs.cli.failure import say_json
from sessionfs.cli.forms import FORMS, FROM_TOP, asked, publish, top
from sessionfs.cli.terminal import note, say
from sessionfs.cli.verb import as_json, manner, verb
from sessionfs.view import Line
from sessionfs.view.text import counted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sessionfs.rules import Rule
    from sessionfs.verify import Report


@verb(
    "verify",
    "sessionfs verify",
    "sessionfs verify .sessions/2026/11/01M81CYGKKYF3N2YJDPS3MWRXG",
    "sessionfs verify --fast",
    "sessionfs verify --against HEAD",
    "sessionfs verify --git origin/main",
    "sessionfs verify --staged --quiet",
    "sessionfs verify --output-format json -o report.json",
)
@click.argument("paths", metavar="[PATH]...", nargs=-1)
@click.option(
    "--fast",
    is_flag=True,
    help="Compare names, sizes and seals only: quick, and not a verification.",
)
@click.option("--deep", is_flag=True, help="Have the reference implementations judge everything.")
@click.option(
    "-j",
    "--jobs",
    type=click.IntRange(min=1),
    metavar="N",
    help="Verify N sessions at once; by default as many as there are processors.",
)
@click.option(
    "--output-format",
    type=click.Choice(FORMS),
    default="auto",
    help="Form of the report. auto: github in a job of GitHub Actions, else text.",
)
@click.option("--against", metavar="REV", help="Compare with a revision of git, too; not --fast.")
@click.option("--git", metavar="REV", help="Verify what a commit has, not the work tree.")
@click.option("--staged", is_flag=True, help="Verify what is staged, as a pre-commit hook does.")
@click.option("-o", "--output", metavar="FILE", help="Write the report to FILE; - is stdout.")
@click.option("--json", "as_json", is_flag=True, help="The same as --output-format json.")
def verify_command(
    paths: tuple[str, ...],
    *,
    fast: bool,
    deep: bool,
    jobs: int | None,
    output_format: str,
    against: str | None,
    git: str | None,
    staged: bool,
    output: str | None,
    as_json: bool,
) -> int:
    """Verify archives, sessions and packs: every byte, every rule.

    Without PATH, the nearest archive.

    A path inside a session stands for the session; each is verified once.

    --against proves from a commit, such as HEAD or origin/main, that history only grew: each
    message that it has is unchanged, or redacted on the record; each session is there, or
    removed on the record. A changed line is named where a digest only tells the file. What
    the commit has not at the same place is new.

    --git reads the objects of a commit, also in a bare repository, and nothing is checked out:
    PATH is one in its tree; without PATH, every archive that it has is verified. Where the commit
    is checked out, W701 names each file that git converted then, though the commit has it right.
    A file that was converted before it was committed, or is damaged, is an error.

    --staged does the same for what the next commit will have: the sessions in which the index
    differs from HEAD. Where none does, it says nothing.

    \b
    Forms of the report:
      text    for people
      json    for programs; paths as in text: below what was verified
      github  annotations, ten errors and ten warnings, and a table in $GITHUB_STEP_SUMMARY
      sarif   SARIF 2.1.0 for code scanning, at most 5,000 results
      junit   JUnit XML: a suite for each archive, a case for each session
      gitlab  Code Quality for merge requests of GitLab
    In the last four, paths are relative to the top of the repository.

    Exit code 0: valid, with or without warnings. 1: damaged. 2: nothing could be verified.
    """  # noqa: D301  click wants the character itself before lines that are to stay
    import sessionfs

    if fast and deep:
        raise click.UsageError("--fast and --deep exclude each other")
    if fast and against is not None:
        raise click.UsageError("--fast and --against exclude each other")
    if staged and git is not None:
        raise click.UsageError("--git and --staged exclude each other")
    form, output = asked(output_format, output, as_json=as_json)
    report = sessionfs.verify(
        paths,
        mode="fast" if fast else "deep" if deep else "full",
        jobs=jobs,
        relative_to=top() if form in FROM_TOP else None,
        against=against,
        git=git,
        staged=staged,
    )
    if not (staged and form == "text" and output is None and _is_silent(report)):
        facts: dict[str, Any] = {} if git is None else {"changed": report.changed}
        publish(report, form, output, **facts)
    if report.changed:
        number = counted(len(report.changed), "file")
        note(f"{number} changed in the work tree since: `sessionfs verify` judges what is there")
    damaged = any(found.level == "error" and found.code != "E002" for found in report.findings)
    return FINDINGS if damaged else FAILED if report.newer else FINE


def _is_silent(report: Report) -> bool:
    """Tell whether nothing is said of what is staged: it is nothing, or fine and to be quiet."""
    return not report.findings and (manner().quiet or not (report.archives or report.sessions))


@verb("explain", "sessionfs explain E601", "sessionfs explain")
@click.argument("code", metavar="[CODE]", required=False)
@as_json
def explain_command(code: str | None, *, as_json: bool) -> None:
    """Say what a rule means, why it is there, and how to mend what breaks it.

    CODE is what `sessionfs verify` prints. Without it, every rule is listed.
    """
    import sessionfs

    rules = sessionfs.explain() if code is None else [sessionfs.explain(code)]
    if as_json:
        from dataclasses import asdict

        say_json({"rules": [asdict(rule) for rule in rules]})
    elif code is None:
        say(Line(f"{rule.code}  {rule.sentence}") for rule in rules)
    else:
        say(_rule_lines(rules[0]))


def _rule_lines(rule: Rule) -> Iterator[Line]:
    yield Line(f"{rule.code} ({rule.level})", "title")
    yield Line(rule.sentence)
    yield Line(f"Why:  {rule.why}")
    yield Line(f"Mend: {rule.hint}")
