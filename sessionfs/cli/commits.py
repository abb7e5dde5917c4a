"""Commands about commits: log, blame, git link."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

import click

from sessionfs.cli import FINDINGS, FINE
from sessionfs.cli.failure import complain, explained, say_json
from sessionfs.cli.terminal import note, page, say
from sessionfs.cli.verb import as_json, verb

if TYPE_CHECKING:
    from sessionfs.collection import Collection
    from sessionfs.errors import SessionfsError

_PLACE = re.compile(r"(.+):([0-9]{1,9})(?:-([0-9]{1,9}))?", re.DOTALL)

of_commits = click.option(
    "-a", "--archive", metavar="DIR|PACK",
    help="The archive, or a pack; by default the nearest .sessions in the work tree, else the one"
    " that `git config sessionfs.archive` names, the main work tree's, or the nearest above.",
)  # fmt: skip
"""Gives a command `-a`, the archive that tells of the commits."""


@verb(
    "log",
    "sessionfs log",
    "sessionfs log src/parser.py -n 5",
    "sessionfs log --rev main..HEAD --all",
    "sessionfs log --json | jq -r '.commits[].sessions[].session'",
)
@click.argument("paths", metavar="[PATH]...", nargs=-1)
@click.option("--rev", default="HEAD", metavar="REV", help="A revision, or a range: main..HEAD.")
@click.option("-n", "limit", type=click.IntRange(min=1), metavar="N", help="Show N commits.")
@click.option("--all", "everything", is_flag=True, help="Show commits without a session, too.")
@of_commits
@as_json
def log_command(
    paths: tuple[str, ...],
    *,
    rev: str,
    limit: int | None,
    everything: bool,
    archive: str | None,
    as_json: bool,
) -> None:
    """List the commits that sessions stand behind, and those sessions, the newest commit first.

    With PATH, only commits that touch it.

    \b
    In brackets stands how one knows:
      trailer         the message has `Session: <id>`, or names a checkpoint of Entire
      note            git-ai attached a note that tells of the session
      committed with  the commit adds or changes the session in the archive
      link            the session's manifest links the commit
    What is named and not in the archive is shown all the same.
    """  # noqa: D301  click wants the character itself before lines that are to stay
    import sessionfs
    from sessionfs.api.beside import open_beside
    from sessionfs.view.blamed import commit_lines

    found = sessionfs.log(paths, archive=archive, revision=rev, limit=limit, everything=everything)
    if as_json:
        from sessionfs.canonical import to_plain

        say_json(to_plain(found))
        return
    if not found.commits:
        note("no commit here has a session: `sessionfs git link` tells how commits name them")
    page(commit_lines(found.commits, _length(open_beside(archive))))
    if found.shallow:
        note("the clone is shallow: `git fetch --unshallow` brings earlier commits")


@verb(
    "blame",
    "sessionfs blame src/parser.py",
    "sessionfs blame src/parser.py:12",
    "sessionfs blame src/parser.py:12-20 --rev HEAD~3",
)
@click.argument("place", metavar="FILE[:LINE[-LINE]]")
@click.option("--rev", metavar="REV", help="The file as of a revision, not of the work tree.")
@of_commits
@as_json
def blame_command(place: str, *, rev: str | None, archive: str | None, as_json: bool) -> int:
    """Show which message wrote each line of a file.

    A line that a message wrote has the session, the message's number, who spoke, and how sure
    that is; `sessionfs show SESSION --message N` shows it. Any other line has the commit that
    brought it, and its author: no message is named for what a person wrote.

    Between two versions of the file, the edits that sessions made are replayed.

    \b
      exact   they lead to the very version that was committed
      likely  others changed the file too, or it was committed late; the line stands where the
              edit put it, with lines of the same edit around that are not alike elsewhere
      weak    the edit could not be replayed, but some of its lines are new in the commit

    Blanks at the ends of lines and line ends do not count. Of lines that are alike and stand
    together, such as two braces, it may name the neighbour's writer, as git does.
    """  # noqa: D301  click wants the character itself before lines that are to stay
    import sessionfs
    from sessionfs.view.blamed import blame_lines

    file, first, last = _place(place)
    damaged: list[SessionfsError] = []
    found = sessionfs.blame(
        file, first=first, last=last, archive=archive, revision=rev, unreadable=damaged.append
    )
    if as_json:
        from sessionfs.canonical import to_plain

        say_json(to_plain(found))
    else:
        from sessionfs.api.beside import open_beside

        start = os.path.dirname(file) or os.curdir
        opened = open_beside(archive, start if os.path.isdir(start) else os.curdir)
        page(blame_lines(found.lines, _length(opened)))
        if found.shallow:
            note("the clone is shallow: what came before its first commit is not known")
    for error in damaged:
        complain(explained(error))
    return FINDINGS if damaged else FINE


def _place(text: str) -> tuple[str, int, int | None]:
    """Return file, first and last line; a file whose name has the colon is meant as a whole."""
    match = None if os.path.lexists(text) else _PLACE.fullmatch(text)
    if match is None:
        return text, 1, None
    first = int(match[2])
    return match[1], first, int(match[3]) if match[3] else first


def _length(collection: Collection) -> int:
    """Return how many characters of an id a listing of the archive shows."""
    from sessionfs.view.listing import unique_length

    return unique_length(path.rpartition("/")[2] for path in collection.paths())


@verb(
    "link",
    "sessionfs git link",
    "sessionfs git link --hook .git/COMMIT_EDITMSG",
)
@click.argument("source", nargs=-1, metavar="[MSGFILE [SOURCE [COMMIT]]]")
@click.option("--hook", is_flag=True, help="Write into MSGFILE, as a hook; never fail.")
@of_commits
def link_command(source: tuple[str, ...], *, hook: bool, archive: str | None) -> int:
    """Name the sessions that wrote what is staged: print `Session: <id>` trailers.

    A session counts if what one of its edits wrote, or took out, is staged and was in no commit
    before.

    With --hook it is a prepare-commit-msg and a commit-msg hook: it takes the arguments that
    git gives to them and writes the trailers into the message. A message that no editor will see
    has them from the first, any other from the second, which --no-verify leaves out. A message
    that git would not commit, empty or an untouched template, stays so. Merges, and commits that
    a rebase, a cherry-pick or a revert makes, stay as they are. What goes wrong is a note, and
    the commit goes on. `sessionfs git setup --hooks` installs both.
    """
    from sessionfs.api.commits import link_message, sessions_of_staged
    from sessionfs.provenance.trailers import format_trailers
    from sessionfs.view import Line

    damaged: list[SessionfsError] = []
    if not hook:
        if source:
            raise click.UsageError("without --hook it takes no argument")
        sessions = sessions_of_staged(archive, unreadable=damaged.append)
        say(Line(line) for line in format_trailers(sessions))
        for error in damaged:
            complain(explained(error))
        return FINDINGS if damaged else FINE
    if not source:
        raise click.UsageError("--hook needs the file of the message")
    plain = os.environ.get("GIT_EDITOR") == ":"  # so git says that no editor is used
    index = os.environ.get("GIT_INDEX_FILE")  # so a hook of git is told apart from who tries it
    try:
        link_message(
            source[0],
            source[1] if len(source) > 1 else "",
            archive,
            plain=plain,
            unfinished=bool(index) and not plain,
            index=os.path.abspath(index) if index else None,
            unreadable=damaged.append,
        )
    except Exception as error:  # noqa: BLE001  a commit never fails for it
        said = explained(error)
        note(f"sessionfs: the commit names no session: {said.message}")
    for unread in damaged:
        note(f"sessionfs: the commit does not name what cannot be read: {unread.message}")
    return FINE
