"""The command about what is around an archive: doctor."""

from __future__ import annotations

import click

from sessionfs.cli import FINDINGS, FINE
from sessionfs.cli.failure import say_json
from sessionfs.cli.terminal import say
from sessionfs.cli.verb import as_json, in_archive, verb


@verb(
    "doctor",
    "sessionfs doctor",
    "sessionfs doctor --all",
    "sessionfs doctor --json | jq -r '.logs[] | [.days_left, .path] | @tsv'",
)
@click.option(
    "--all", "everything", is_flag=True,
    help="Look at the logs of all that agents did on this machine, not only here.",
)  # fmt: skip
@in_archive
@as_json
def doctor_command(*, everything: bool, archive: str | None, as_json: bool) -> int:
    """Check an archive's surroundings, and say what to do about what is not well.

    Does it open; do git's attributes and ignores leave its bytes alone; was `sessionfs git setup`
    run in this clone; is the clone sparse, partial, shallow, a submodule, in conflict; are
    there pointers of Git LFS in place of content, or files and directories that are too large for
    hosts of git; and which logs of agents are not archived yet, with the days that are left
    until their agent deletes them (Claude Code: `cleanupPeriodDays`, by default 30).

    It changes nothing, and works without git and without an archive.

    Exit code 0: fine, or only warnings. 1: a problem. 2: nothing could be checked.
    """
    import sessionfs
    from sessionfs.view.upkeep import lines

    checkup = sessionfs.doctor(archive, everything=everything)
    if as_json:
        from sessionfs.canonical import to_plain

        say_json({"ok": checkup.ok, **to_plain(checkup)})
    else:
        say(lines(checkup))
    return FINE if checkup.ok else FINDINGS
