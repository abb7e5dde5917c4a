"""Commands that change which sessions an archive has: init, import, remove."""

from __future__ import annotations

import os
from collections import Counter
from typing import TYPE_CHECKING

import click

from sessionfs.cli import FAILED, FINE
from sessionfs.cli.failure import complain, say_json
from sessionfs.cli.terminal import Progress, columns, note, say
from sessionfs.cli.verb import as_json, in_archive, manner, verb
from sessionfs.errors import FormatError, SessionfsError
from sessionfs.view import Line
from sessionfs.view.text import counted, one_line, shorten_path, width

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sessionfs.api.bring import ImportReport
    from sessionfs.importer import Imported
    from sessionfs.view import Style

_STYLES: dict[str, Style] = {
    "new": "good", "extended": "good", "unchanged": "faint", "forked": "good",
    "rewritten": "good", "skipped": "doubtful",
}  # fmt: skip
_MANY = 5
"""Files skipped for one reason, beyond which they are counted instead of named."""


@verb("init", "sessionfs init", "sessionfs init docs/sessions")
@click.argument("directory", metavar="[DIR]", default=".sessions")
@as_json
def init_command(directory: str, *, as_json: bool) -> None:
    """Make an archive in DIR, by default .sessions, with what guards its bytes in git.

    An archive that exists is completed and otherwise left alone, also where git converted it.
    """
    import sessionfs
    from sessionfs.api.bring import is_hidden_from_git

    made = not os.path.lexists(os.path.join(directory, "archive.yaml"))
    try:
        sessionfs.init(directory)
    except FormatError as error:
        if error.code != "E605":
            raise
        complain(error)  # the guards are there now, which is the first step to mend it
    root = os.path.abspath(directory)
    if as_json:
        say_json({"archive": root, "made": made})
    else:
        say([Line(one_line(f"made {directory}" if made else f"{directory} is an archive already"))])
    if is_hidden_from_git(root):
        note(
            f"git ignores {directory} here: `git check-ignore -v {directory}/archive.yaml` says why"
        )


@verb(
    "import",
    "sessionfs import --here",
    "sessionfs import ~/.claude/projects/-home-me-app -a docs/sessions",
    "sessionfs import --all --agent codex --dry-run",
)
@click.argument("logs", metavar="[LOG]...", nargs=-1)
@click.option("--here", is_flag=True, help="What agents did in this repository.")
@click.option("--all", "everything", is_flag=True, help="What agents did on this machine.")
@click.option("--agent", metavar="AGENT", help="Only this agent's: claude-code, codex.")
@click.option("--dry-run", is_flag=True, help="Say what would be done, and change nothing.")
@click.option("--rewrite", is_flag=True, help="Map archived messages anew with this version.")
@click.option("--no-redact", is_flag=True, help="Take no secrets out. What is archived is plain.")
@click.option(
    "--anonymize", is_flag=True, help="Take out home directories, e-mail addresses, host names."
)
@in_archive
@as_json
def import_command(
    logs: tuple[str, ...], *, here: bool, everything: bool, agent: str | None, dry_run: bool,
    rewrite: bool, no_redact: bool, anonymize: bool, archive: str | None, as_json: bool,
) -> int:  # fmt: skip
    """Bring native logs of agents into an archive, which is made where there is none.

    LOG is a file, or a directory to look through; logs are known by their content. What is
    archived already is skipped, what grew is extended, nothing is overwritten.

    Secrets are taken out before a byte is written: what the rules know, and what archive.yaml
    adds (`sessionfs redact --list`). Each leaves a placeholder, and redactions.jsonl tells where.
    It is no proof that none is left.

    Exit code 2 where a LOG, or the log of a known session, could not be imported; the others
    are.
    """
    import sessionfs

    if not (logs or here or everything):
        raise click.UsageError("nothing to import: name a LOG, or use --here or --all")
    if no_redact and anonymize:
        raise click.UsageError("--no-redact and --anonymize contradict each other")
    with Progress("importing", hidden=as_json) as progress:
        report = sessionfs.import_logs(
            logs, archive=archive, here="." if here else None, everything=everything,
            agent=agent, dry_run=dry_run, rewrite=rewrite, redact=not no_redact,
            anonymize=anonymize, progress=progress,
        )  # fmt: skip
    if as_json:
        from sessionfs.canonical import to_plain

        say_json({"sessions": to_plain(report.sessions), "totals": report.totals()})
    else:
        say(_import_lines(report, dry_run=dry_run))
    if here and not (report.sessions or as_json):
        note("no agent that is known kept a log of work here; --all takes all that there is")
    if no_redact and not dry_run:
        note("secrets were not looked for: `sessionfs redact --check` looks for them")
    if report.failed and not as_json:
        message = "not every log could be imported"
        complain(SessionfsError(message, hint="`skipped` says why; the others were imported"))
    return FAILED if report.failed else FINE


def _import_lines(report: ImportReport, *, dry_run: bool) -> Iterator[Line]:
    skips = Counter(row.reason for row in report.sessions if row.session is None)
    for row in report.sessions:
        if row.session is not None or skips[row.reason] <= _MANY or manner().verbose:
            yield Line(_import_line(row), _STYLES[row.status])
    for reason, number in skips.items():
        if number > _MANY and not manner().verbose:
            told = f"{counted(number, 'file')}: {reason} (-v names them)"
            yield Line(f"{'skipped':<10} {one_line(told)}", "doubtful")
    totals = report.totals().items()
    told = ", ".join(f"{number:,} {status}" for status, number in totals if number)
    yield Line(f"{told or 'no logs found'}{' (nothing was changed)' if dry_run else ''}")


def _import_line(row: Imported) -> str:
    if row.session is None:
        return f"{row.status:<10} {one_line(f'{row.path}: {row.reason}')}"
    remarks = [counted(row.messages, "message")]
    if row.redactions:
        remarks.append(counted(row.redactions, "redaction"))
    elif row.fidelity not in (None, "exact"):
        remarks.append(str(row.fidelity))
    remarks += [row.reason] if row.reason else []
    before, after = f"{row.status:<10} {row.session}  ", f"  ({one_line('; '.join(remarks))})"
    fitting = columns()
    if fitting is None:
        return f"{before}{one_line(row.path)}{after}"
    return (
        f"{before}{shorten_path(one_line(row.path), fitting - len(before) - width(after))}{after}"
    )


@verb(
    "remove",
    "sessionfs remove 01M81CYG",
    "sessionfs remove claude-code:3d1f7c52-6a0e-4f0b-8f6e-0b1d9c7a5e21",
)
@click.argument("sessions", metavar="SESSION...", nargs=-1, required=True)
@in_archive
@as_json
def remove_command(sessions: tuple[str, ...], *, archive: str | None, as_json: bool) -> None:
    """Take sessions out of an archive, and keep them out: archive.yaml remembers their uids.

    SESSION is an id, the beginning of one, a uid, or a path inside the session.
    """
    import sessionfs

    removed = sessionfs.remove(sessions, archive)
    if as_json:
        say_json({"removed": [{"session": row.session, "uid": row.uid} for row in removed]})
    else:
        say(Line(one_line(f"removed {row.session}  {row.uid or '-'}")) for row in removed)
    if any(row.uid is not None for row in removed):
        note("git still has what was committed; the next import leaves these sessions out")
    for row in removed:
        if row.uid is None:
            note(f"no uid of {row.session} could be read: the next import may bring it in again")
