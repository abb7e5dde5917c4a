"""Two people who went on with one archive: what both had, and what each of them did.

A case is three steps, `base`, `left` and `right`. Each is given a bench, the repository in which
it plays, and brings native logs in, edits, redacts, removes. What a side says is on its bench:
`built` gives it back as a `Played`, with a branch for each step.
"""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import sessionfs
from claude_logs import SESSION, dumps, log, record
from codex_logs import Rollout, png
from sessionfs.yamltext import edit as edit_text
from sessionfs.yamltext import parse

QUIET = (
    *("-c", "gc.auto=0", "-c", "maintenance.auto=false", "-c", "core.editor=true"),
    *("-c", "advice.detachedHead=false", "-c", "core.hooksPath=/dev/null"),
)
IDENTITY = {"user.name": "Somebody", "user.email": "somebody@example.org"}
ARCHIVE = ".sessions"
RULES = """\
[[rules]]
id = "lamp-key"
regex = 'LAMP-([0-9A-Za-z]{16})'
[[rules]]
id = "wick-key"
regex = 'WICK-([0-9A-Za-z]{16})'
"""
OTHER_RULES = """\
[[rules]]
id = "any-lamp"
regex = '((?:LAMP|WICK)-[0-9A-Za-z]{16})'
"""
LAMP, WICK = "LAMP-" + "q7Xw93kfLmz02Vbt", "WICK-" + "0Rt5yUhG88noPzq1"


def git(
    directory: Path, *arguments: str, given: bytes | None = None
) -> subprocess.CompletedProcess:
    """Run git, and return how it ended, whatever it says."""
    command = ["git", *QUIET, *arguments]
    return subprocess.run(command, cwd=directory, input=given, capture_output=True, check=False)


def must(directory: Path, *arguments: str, given: bytes | None = None) -> str:
    """Return what git prints where it may not fail."""
    done = git(directory, *arguments, given=given)
    assert done.returncode == 0, (arguments, done.stdout, done.stderr)
    return done.stdout.decode("utf-8", "surrogateescape")


def repository(place: Path) -> Path:
    """Make a repository with an identity."""
    place.mkdir(parents=True)
    must(place, "init", "--quiet", "--initial-branch=base", "--template=")
    for name, value in IDENTITY.items():
        must(place, "config", name, value)
    return place


# Logs


def session(number: int) -> str:
    """Return the native id of a session with this number."""
    return f"{number:08x}{SESSION[8:]}"


def uid(number: int = 0) -> str:
    return f"claude-code:{session(number)}"


def talk(count: int, number: int = 0, *, size: int = 60) -> bytes:
    """Return the first `count` records of a session: a longer log begins with a shorter one."""
    return log(count, size=size, session=session(number))


def tail(start: int, count: int, seed: int, number: int = 0) -> bytes:
    """Return records that go on from `start` in another way with each seed, under the same ids."""
    chance = Random(seed)
    rows = (
        record(at, chance, session=session(number), size=60) for at in range(start, start + count)
    )
    return b"".join(dumps(row) + b"\n" for row in rows)


def said(number: int, content: object, *, where: int = 0, **more: object) -> bytes:
    """Return a prompt with this content, as the record with this number."""
    row = record(4 * number, Random(number), session=session(where), size=20)
    row["message"] = {"role": "user", "content": content}
    return dumps(row | more) + b"\n"


def picture() -> object:
    source = {
        "type": "base64",
        "media_type": "image/png",
        "data": base64.b64encode(png()).decode(),
    }
    return [{"type": "image", "source": source}, {"type": "text", "text": "Is it lit?"}]


def rollout(*replies: str, meta: bool = True) -> bytes:
    """Return a Codex log; two that differ in a reply have the same times, and no ids of records."""
    one = Rollout(datetime(2026, 11, 20, 9, 30, tzinfo=UTC), "merged")
    if meta:
        one.meta()
    one.begin_turn()
    one.introduce()
    one.prompt("Trim the wick, please.")
    for reply in replies:
        one.reply(reply)
    return one.log


def codex_uid() -> str:
    first = json.loads(rollout().split(b"\n", 1)[0])
    return f"codex:{first['payload']['id']}"


# Playing


@dataclass(slots=True)
class Bench:
    """A repository with an archive that a step works on."""

    root: Path
    logs: dict[str, bytes] = field(default_factory=dict)
    """The native logs that this side has archived, by a name that only tells them apart."""
    below: str = ARCHIVE

    @property
    def archive(self) -> Path:
        return self.root / self.below

    def bring(self, *contents: bytes, named: str = "") -> None:
        """Import logs, in this order."""
        for content in contents:
            native = self.root.parent / "native" / "log.jsonl"
            native.parent.mkdir(exist_ok=True)
            native.write_bytes(content)
            report = sessionfs.import_logs([str(native)], archive=str(self.archive))
            (row,) = report.sessions
            assert row.status in {"new", "extended", "unchanged", "forked", "rewritten"}, row
            self.logs[named or row.uid or ""] = content

    def edit(self, which: str = uid(), **changes: object) -> None:
        adds, removes = changes.pop("add", ()), changes.pop("remove", ())
        sessionfs.edit(which, changes, str(self.archive), add_tags=adds, remove_tags=removes)

    def rewrite(self, which: str = uid(), **changes: object) -> None:
        """Set keys of a manifest as a person does, by hand, and seal."""
        path = self.session(which) / "manifest.yaml"
        path.write_bytes(edit_text(path.read_bytes(), changes))
        sessionfs.seal([which], str(self.archive))

    def comment(self, text: str, which: str = uid()) -> None:
        path = self.session(which) / "manifest.yaml"
        first, rest = path.read_text("utf-8").split("\n", 1)
        path.write_text(f"{first}\n# {text}\n{rest}", "utf-8")
        sessionfs.seal([which], str(self.archive))

    def redact(self, rules: str, which: str = uid()) -> None:
        path = self.root.parent / "rules.toml"
        path.write_text(rules, "utf-8")
        cleared = sessionfs.redact([which], str(self.archive), rules=[str(path)])
        assert cleared, "the case has nothing to redact"

    def remove(self, which: str = uid()) -> None:
        sessionfs.remove([which], str(self.archive))
        self.logs.pop(which)

    def unlink(self, which: str = uid()) -> None:
        """Remove a session with git alone."""
        must(self.root, "rm", "-r", "--quiet", str(self.session(which)))
        self.logs.pop(which, None)

    def session(self, which: str = uid()) -> Path:
        found = sessionfs.open_archive(str(self.archive)).find(which)
        assert found is not None, which
        return self.archive / found.path

    def ids(self, which: str = uid()) -> list[str]:
        found = sessionfs.open_archive(str(self.archive)).find(which)
        assert found is not None, which
        return [message.id for message in found.messages()]

    def manifest(self, which: str = uid()) -> dict:
        return parse((self.session(which) / "manifest.yaml").read_bytes())


Step = Callable[[Bench], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What two sides did to what both had."""

    base: Step
    left: Step
    right: Step
    secrets: tuple[str, ...] = ()
    """Texts that one side has taken out: nothing of the result may hold one."""
    check: Step = lambda _: None
    """What else holds of the result."""
    clean: bool = False
    """Whether git may merge it by itself: nothing of one session is changed on both sides."""
    against: frozenset[str] = frozenset()
    """Codes of errors that comparing the result with a side may have."""
    beyond: frozenset[str] = frozenset()
    """Ways in which git does not tell enough: the session is named, and stays in conflict."""


@dataclass(frozen=True, slots=True)
class Played:
    """A case with its repository: the branches `base`, `left` and `right`, `base` checked out."""

    case: Case
    root: Path
    logs: Mapping[str, Mapping[str, bytes]]
    """The native logs that each side had archived, by side and name."""


def play(case: Case, place: Path, *, below: str = ARCHIVE) -> Played:
    """Make the repository of a case."""
    root = repository(place / "repository")
    bench = Bench(root, below=below)
    sessionfs.init(str(bench.archive))
    (root / "code.txt").write_text("code\n")
    logs: dict[str, dict[str, bytes]] = {}
    for side, step in (("base", case.base), ("left", case.left), ("right", case.right)):
        bench.logs = dict(logs.get("base", {}))
        if side != "base":
            must(root, "checkout", "--quiet", "-b", side, "base")
        step(bench)
        shutil.rmtree(bench.archive / ".cache", ignore_errors=True)
        must(root, "add", "--all")
        must(root, "commit", "--quiet", "--allow-empty", "-m", side)
        logs[side] = bench.logs
        shutil.rmtree(bench.archive / ".cache", ignore_errors=True)
    must(root, "checkout", "--quiet", "base")
    return Played(case, root, logs)


# Cases


def bring(*logs: bytes) -> Step:
    return lambda bench: bench.bring(*logs)


def edits(which: str = uid(), **changes: object) -> Step:
    return lambda bench: bench.edit(which, **changes)


def redacts(rules: str, which: str = uid()) -> Step:
    return lambda bench: bench.redact(rules, which)


def steps(*each: Step) -> Step:
    def all_of(bench: Bench) -> None:
        for step in each:
            step(bench)

    return all_of


def nothing(_: Bench) -> None:
    pass


FORKED = frozenset({"E712", "E713"})
BASE = talk(12)
LEFT, RIGHT = BASE + tail(12, 4, 2), BASE + tail(12, 6, 3)
SECRET = talk(3) + said(1, f"The key is {LAMP} and {WICK}.") + said(2, f"Again {LAMP}, on its own.")
"""A log of which one side redacts what the other has not seen."""
LONG = talk(300, size=20)
BIG = "All the logs of the lamp. " * 12_000


def manifest_of(bench: Bench, which: str = uid()) -> dict:
    return bench.manifest(which)


def has(which: str = uid(), /, **facts: object) -> Step:
    """Check what a manifest of the result says."""

    def check(bench: Bench) -> None:
        manifest = bench.manifest(which)
        assert {name: manifest.get(name) for name in facts} == facts

    return check


def has_sessions(*uids: str) -> Step:
    """Check whose sessions the result has; `#` stands for a child."""

    def check(bench: Bench) -> None:
        found = sessionfs.open_archive(str(bench.archive)).sessions()
        said_ = sorted(
            one.summary.uid.partition("#")[0] + "#" * ("#" in one.summary.uid) for one in found
        )
        assert said_ == sorted(uids)

    return check


def has_child(bench: Bench) -> None:
    """Check that a tail is in a child that says where it left."""
    archive = sessionfs.open_archive(str(bench.archive))
    children = [one for one in archive.sessions() if "#" in one.summary.uid]
    assert children
    for child in children:
        lineage = child.manifest.lineage
        assert lineage, child.path
        assert lineage.relation == "fork"
        parent = archive.find(lineage.parent)
        assert parent is not None
        assert lineage.at in {message.id for message in parent.messages()}


def bookmarks_its_tail(bench: Bench) -> None:
    bench.bring(LEFT)
    bench.rewrite(
        bookmarks=[
            {"message": bench.ids()[2], "note": "seen by both"},
            {"message": bench.ids()[-1], "note": "the left tail"},
        ],
    )


def links(*refs: str) -> Step:
    return lambda bench: bench.rewrite(
        links=[{"kind": "url", "ref": f"https://example.org/{ref}"} for ref in refs]
    )


def has_links(*refs: str) -> Step:
    def check(bench: Bench) -> None:
        found = {link["ref"].rpartition("/")[2] for link in bench.manifest()["links"]}
        assert found == set(refs)

    return check


def has_tags(*tags: str) -> Step:
    def check(bench: Bench) -> None:
        assert set(bench.manifest().get("tags", ())) == set(tags)

    return check


def trap(bench: Bench) -> None:
    """Remove a session, and bring one in whose files look like its renamed."""
    bench.remove(uid(0))
    bench.bring(talk(40, 1, size=2000) + said(10, picture(), where=1))


def keeps_policy_comment(bench: Bench) -> None:
    text = (bench.archive / "archive.yaml").read_text("utf-8")
    assert "# Ask the keeper" in text
    ignored = parse(text.encode())["ignored"]
    assert ignored == sorted({uid(0), uid(1)}), ignored


def policy_comment(bench: Bench) -> None:
    bench.bring(talk(8, 0), talk(8, 1), talk(8, 2))
    path = bench.archive / "archive.yaml"
    path.write_text(path.read_text("utf-8") + "# Ask the keeper first.\n", "utf-8")


def has_alternatives(**texts: tuple[str, list[str]]) -> Step:
    def check(bench: Bench) -> None:
        manifest = bench.manifest()
        for key, (one, others) in texts.items():
            assert manifest[key] == one
            assert manifest["ext"]["alternatives"][key] == others

    return check


def placeholders(count: int, which: str = uid()) -> Step:
    """Check how many secrets the result says were removed."""

    def check(bench: Bench) -> None:
        session = sessionfs.open_archive(str(bench.archive)).find(which)
        assert session is not None
        assert session.summary.redactions == count
        assert session.summary.fidelity.level == "redacted"

    return check


CASES: dict[str, Case] = {
    # two tails
    "tails": Case(
        base=bring(BASE),
        left=bring(LEFT),
        right=bring(RIGHT),
        check=steps(has_child, has_sessions(uid(), uid() + "#")),
        against=FORKED,
    ),
    "tails of one length": Case(
        base=bring(BASE),
        left=bring(BASE + said(9, "to the left")),
        right=bring(BASE + said(9, "to the rite")),
        check=steps(has_child, has_sessions(uid(), uid() + "#")),
        against=FORKED,
    ),
    "tails without ids": Case(
        base=bring(rollout("Trimmed.")),
        left=bring(rollout("Trimmed.", "Lit.")),
        right=bring(rollout("Trimmed.", "Put out.", "Lit again.")),
        check=steps(has_child, has_sessions(codex_uid(), codex_uid() + "#")),
        against=FORKED,
    ),
    "tails that begin alike": Case(
        base=bring(BASE),
        left=bring(talk(16) + tail(16, 2, 2)),
        right=bring(talk(16) + tail(16, 5, 3)),
        check=steps(has_child, has_sessions(uid(), uid() + "#")),
        against=FORKED,
    ),
    "tails whose last line is torn": Case(
        base=bring(BASE),
        left=bring(LEFT[:-30]),
        right=bring(RIGHT[:-30]),
        check=has_child,
        against=FORKED,
    ),
    "tails that tell facts": Case(
        base=bring(
            b"".join(said(at, "No branch yet.", gitBranch="", version="") for at in range(3))
        ),
        left=bring(
            b"".join(said(at, "No branch yet.", gitBranch="", version="") for at in range(3))
            + said(3, "On one.", gitBranch="dawn", version="2.1.91")
        ),
        right=bring(
            b"".join(said(at, "No branch yet.", gitBranch="", version="") for at in range(3))
            + said(3, "On another.", gitBranch="dusk", version="2.1.92")
        ),
        check=has_child,
        against=FORKED | {"E711"},
    ),
    # one log at different lengths
    "lengths": Case(
        base=bring(BASE),
        left=bring(talk(16)),
        right=bring(talk(20)),
        check=has_sessions(uid()),
    ),
    "lengths, the longer torn": Case(
        base=bring(BASE),
        left=bring(talk(16)),
        right=bring(talk(20)[:-30]),
        check=has_sessions(uid()),
    ),
    "lengths, the shorter torn": Case(
        base=bring(BASE),
        left=bring(talk(16)[:-30]),
        right=bring(talk(20)),
        check=has_sessions(uid()),
    ),
    "lengths, torn in one line": Case(
        base=bring(talk(12)[:-90]),
        left=bring(talk(12)[:-60]),
        right=bring(talk(12)[:-30]),
        check=has_sessions(uid()),
    ),
    "lengths, torn and completed": Case(
        base=bring(talk(12)[:-30]),
        left=bring(talk(12)),
        right=bring(talk(14)),
        check=has_sessions(uid()),
    ),
    "lengths, codex": Case(
        base=bring(rollout("Trimmed.")),
        left=bring(rollout("Trimmed.", "Lit.")),
        right=bring(rollout("Trimmed.", "Lit.", "Put out.")),
        check=has_sessions(codex_uid()),
    ),
    # what people say
    "tail and title": Case(
        base=bring(BASE),
        left=bring(LEFT),
        right=edits(title="The lamp"),
        check=steps(has(title="The lamp"), has_sessions(uid())),
    ),
    "titles": Case(
        base=bring(BASE),
        left=edits(title="Zoë's lamp"),
        right=edits(title="The lamp"),
        check=has_alternatives(title=("The lamp", ["Zoë's lamp"])),
    ),
    "titles anew": Case(
        base=steps(bring(BASE), edits(title="Lamp")),
        left=edits(title="A lamp"),
        right=edits(title="😀 lamp", outcome="success"),
        check=steps(
            has_alternatives(title=("A lamp", ["😀 lamp"])),
            has(outcome="success"),
        ),
    ),
    "title and none": Case(
        base=steps(bring(BASE), edits(title="Lamp", notes="Dim.")),
        left=edits(title=None),
        right=edits(notes="Bright."),
        check=has(title=None, notes="Bright."),
    ),
    "same title": Case(
        base=bring(BASE),
        left=edits(title="The lamp"),
        right=edits(title="The lamp"),
        check=has(title="The lamp", ext=None),
        clean=True,
    ),
    "tags": Case(
        base=steps(bring(BASE), edits(add=["a", "b", "k"])),
        left=edits(remove=["a"], add=["c"]),
        right=edits(remove=["b"], add=["d"]),
        check=has_tags("c", "d", "k"),
    ),
    "tags and outcome": Case(
        base=bring(BASE),
        left=edits(add=["c"]),
        right=edits(outcome="fail", task_ref="L-1"),
        check=steps(has_tags("c"), has(outcome="fail", task_ref="L-1")),
    ),
    "links": Case(
        base=steps(bring(BASE), links("a", "k")),
        left=links("k", "b"),
        right=links("a", "k", "c"),
        check=has_links("k", "b", "c"),
    ),
    "bookmark in the tail that leaves": Case(
        base=bring(BASE),
        left=bookmarks_its_tail,
        right=bring(RIGHT),
        check=has_child,
        against=FORKED,
    ),
    "comment": Case(
        base=bring(BASE),
        left=lambda bench: bench.comment("Nobody knows why."),
        right=bring(RIGHT),
        check=lambda bench: _assert_in("# Nobody knows why.", bench),
    ),
    "comment and title": Case(
        base=bring(BASE),
        left=lambda bench: bench.comment("Nobody knows why."),
        right=edits(title="The lamp"),
        check=steps(lambda bench: _assert_in("# Nobody knows why.", bench), has(title="The lamp")),
    ),
    "two comments": Case(
        base=bring(BASE),
        left=lambda bench: bench.comment("Nobody knows why."),
        right=lambda bench: bench.comment("Ask the keeper."),
    ),
    # secrets
    "tail and redaction": Case(
        base=bring(SECRET),
        left=redacts(RULES),
        right=bring(SECRET + tail(12, 4, 2)),
        secrets=(LAMP, WICK),
        check=steps(has_sessions(uid()), placeholders(3)),
    ),
    "secret in the other tail": Case(
        base=bring(SECRET),
        left=redacts(RULES),
        right=bring(SECRET + said(3, f'Once more {LAMP}, and in JSON: {{"k": "{WICK}"}}')),
        secrets=(LAMP, WICK),
        check=has_sessions(uid()),
    ),
    "secret in the tail that leaves": Case(
        base=bring(SECRET),
        left=steps(redacts(RULES), bring(SECRET + said(3, "Nothing secret in a tail, so long."))),
        right=bring(SECRET + said(3, f"Once more {LAMP}")),
        secrets=(LAMP, WICK),
        check=has_child,
        against=FORKED,
    ),
    "secret in the title": Case(
        base=bring(SECRET),
        left=redacts(RULES),
        right=edits(title=f"Where {LAMP} fits"),
        secrets=(LAMP, WICK),
    ),
    "secret only in a tail": Case(
        base=bring(BASE),
        left=steps(bring(BASE + said(3, f"It is {LAMP}.")), redacts(RULES)),
        right=bring(BASE + said(3, f"It is {LAMP}.") + said(4, f"I told you: {LAMP}.")),
        secrets=(LAMP,),
        check=has_sessions(uid()),
    ),
    "redactions apart": Case(
        base=bring(SECRET),
        left=redacts(RULES.replace("WICK", "NONE")),
        right=redacts(RULES.replace("LAMP", "NONE")),
        secrets=(LAMP, WICK),
        check=steps(has_sessions(uid()), placeholders(3)),
    ),
    "redactions alike": Case(
        base=bring(SECRET),
        left=redacts(RULES),
        right=redacts(RULES),
        secrets=(LAMP, WICK),
        check=placeholders(3),
        clean=True,
    ),
    "redactions of one secret": Case(
        base=bring(SECRET),
        left=redacts(RULES),
        right=redacts(OTHER_RULES),
        secrets=(LAMP.partition("-")[2], WICK.partition("-")[2]),
        check=has_sessions(uid()),
    ),
    "redactions that overlap": Case(
        base=bring(talk(3) + said(1, f"The key is {LAMP}-{WICK}, all of it.")),
        left=redacts("[[rules]]\nid = 'both'\nregex = 'LAMP-[0-9A-Za-z]+-WICK'\n"),
        right=redacts("[[rules]]\nid = 'end'\nregex = '[0-9A-Za-z]+-WICK-[0-9A-Za-z]+'\n"),
        secrets=(LAMP[5:], WICK[5:], "-WICK-"),
        check=has_sessions(uid()),
    ),
    "redactions and tails": Case(
        base=bring(SECRET),
        left=steps(
            bring(SECRET + said(3, f"Left: {WICK}.")), redacts(RULES.replace("WICK", "NONE"))
        ),
        right=steps(
            bring(SECRET + said(3, f"Right side: {LAMP}.")), redacts(RULES.replace("LAMP", "NONE"))
        ),
        secrets=(LAMP, WICK),
        check=has_child,
        against=FORKED,
    ),
    "redaction in a closed segment": Case(
        base=bring(SECRET + tail(12, 290, 2)),
        left=redacts(RULES),
        right=bring(SECRET + tail(12, 290, 2) + tail(302, 250, 3)),
        secrets=(LAMP, WICK),
        check=has_sessions(uid()),
    ),
    # removal
    "removed and tail": Case(
        base=bring(BASE, talk(5, 1)),
        left=lambda bench: bench.remove(),
        right=bring(RIGHT),
        check=has_sessions(uid(), uid(1)),
    ),
    "unlinked and tail": Case(
        base=bring(BASE, talk(5, 1)),
        left=lambda bench: bench.unlink(),
        right=bring(RIGHT),
        check=has_sessions(uid(), uid(1)),
    ),
    "unlinked and tail, long": Case(
        base=bring(LONG + said(80, picture())),
        left=lambda bench: bench.unlink(),
        right=bring(LONG + said(80, picture()) + tail(330, 3, 2)),
        check=has_sessions(uid()),
    ),
    "removed and title": Case(
        base=bring(BASE, talk(5, 1)),
        left=lambda bench: bench.remove(),
        right=edits(title="The lamp"),
        check=steps(has_sessions(uid(), uid(1)), has(title="The lamp")),
    ),
    "removed and redaction": Case(
        base=bring(SECRET, talk(5, 1)),
        left=lambda bench: bench.remove(),
        right=redacts(RULES),
        secrets=(LAMP, WICK),
    ),
    "removed and unlinked": Case(
        base=bring(BASE, talk(5, 1)),
        left=lambda bench: bench.remove(),
        right=lambda bench: bench.unlink(),
        check=has_sessions(uid(1)),
        clean=True,
    ),
    "policy": Case(
        base=policy_comment,
        left=lambda bench: bench.remove(uid(0)),
        right=lambda bench: bench.remove(uid(1)),
        check=steps(keeps_policy_comment, has_sessions(uid(2))),
        clean=True,
    ),
    "policy and tails": Case(
        base=policy_comment,
        left=steps(lambda bench: bench.remove(uid(0)), bring(talk(8, 2) + tail(8, 2, 2, 2))),
        right=steps(lambda bench: bench.remove(uid(1)), bring(talk(8, 2) + tail(8, 3, 3, 2))),
        check=steps(keeps_policy_comment, has_sessions(uid(2), uid(2) + "#")),
        against=FORKED,
    ),
    "rename trap": Case(
        base=bring(talk(40, 0, size=2000) + said(10, picture())),
        left=trap,
        right=bring(talk(40, 0, size=2000) + said(10, picture()) + tail(44, 3, 2)),
        check=has_sessions(uid(0), uid(1)),
        beyond=frozenset({"am", "squash", "stash"}),
    ),
    # added on both sides
    "added alike": Case(
        base=bring(talk(5, 1)),
        left=bring(BASE),
        right=bring(BASE),
        check=has_sessions(uid(), uid(1)),
        clean=True,
    ),
    "added at different lengths": Case(
        base=bring(talk(5, 1)),
        left=bring(BASE),
        right=bring(talk(18)),
        check=has_sessions(uid(), uid(1)),
    ),
    "added with different tails": Case(
        base=bring(talk(5, 1)),
        left=bring(LEFT),
        right=bring(RIGHT),
        check=steps(has_child, has_sessions(uid(), uid() + "#", uid(1))),
        against=FORKED,
    ),
    "added with nothing in common": Case(
        base=bring(talk(5, 1)),
        left=bring(b"".join(said(at, f"left {at}") for at in range(3))),
        right=bring(b"".join(said(at, f"on the right {at}") for at in range(4))),
        check=has_sessions(uid(), uid() + "#", uid(1)),
        against=FORKED,
    ),
    "added, redacted differently": Case(
        base=bring(talk(5, 1)),
        left=steps(bring(SECRET), redacts(RULES.replace("WICK", "NONE"))),
        right=steps(bring(SECRET), redacts(RULES.replace("LAMP", "NONE"))),
        secrets=(LAMP, WICK),
        check=has_sessions(uid(), uid(1)),
    ),
    "added, redacted on one side": Case(
        base=bring(talk(5, 1)),
        left=steps(bring(SECRET), redacts(RULES)),
        right=bring(SECRET + said(3, f"Still {LAMP}")),
        secrets=(LAMP, WICK),
        check=has_sessions(uid(), uid(1)),
    ),
    "added with titles": Case(
        base=bring(talk(5, 1)),
        left=steps(bring(BASE), edits(title="B")),
        right=steps(bring(BASE), edits(title="A")),
        check=has_alternatives(title=("A", ["B"])),
    ),
    # several
    "several": Case(
        base=bring(BASE, talk(9, 1), talk(9, 2), talk(9, 3)),
        left=steps(bring(LEFT, talk(14, 1), talk(6, 4)), edits(uid(2), title="Z")),
        right=steps(bring(RIGHT, talk(6, 5)), edits(uid(2), title="Y"), edits(uid(3), title="X")),
        check=has_sessions(uid(), uid() + "#", *(uid(number) for number in range(1, 6))),
        against=FORKED,
    ),
    "in different sessions": Case(
        base=bring(BASE, talk(9, 1)),
        left=bring(LEFT),
        right=bring(talk(15, 1)),
        clean=True,
        check=has_sessions(uid(), uid(1)),
    ),
    # segments and payload
    "a side opens a segment": Case(
        base=bring(talk(250, size=20)),
        left=bring(talk(250, size=20) + tail(250, 3, 2)),
        right=bring(talk(250, size=20) + tail(250, 12, 3)),
        check=steps(has_child, has_sessions(uid(), uid() + "#")),
        against=FORKED,
    ),
    "both open a segment": Case(
        base=bring(talk(250, size=20)),
        left=bring(talk(250, size=20) + tail(250, 11, 2)),
        right=bring(talk(250, size=20) + tail(250, 12, 3)),
        check=steps(has_child, has_sessions(uid(), uid() + "#")),
        against=FORKED,
    ),
    "both open the same segment": Case(
        base=bring(talk(250, size=20)),
        left=bring(talk(270, size=20)),
        right=bring(talk(290, size=20)),
        check=has_sessions(uid()),
    ),
    "segments and title": Case(
        base=bring(LONG),
        left=edits(title="The lamp"),
        right=bring(LONG + tail(300, 250, 3)),
        check=steps(has(title="The lamp"), has_sessions(uid())),
    ),
    "payloads": Case(
        base=bring(BASE),
        left=bring(BASE + said(9, picture())),
        right=bring(BASE + said(9, BIG) + said(10, "So long.")),
        check=steps(has_child, has_sessions(uid(), uid() + "#")),
        against=FORKED,
    ),
    "payload and title": Case(
        base=bring(BASE + said(9, picture())),
        left=edits(title="The lamp"),
        right=bring(BASE + said(9, picture()) + said(10, BIG)),
        check=steps(has(title="The lamp"), has_sessions(uid())),
    ),
    # branches that are there already
    "one child on both sides": Case(
        base=bring(BASE),
        left=lambda bench: two(bench, RIGHT),
        right=lambda bench: two(bench, RIGHT),
        check=has_sessions(uid(), uid() + "#"),
        clean=True,
    ),
    "child and growth": Case(
        base=lambda bench: two(bench, RIGHT),
        left=bring(talk(16)),
        right=lambda bench: bench.bring(RIGHT + tail(18, 2, 5), named="child"),
        check=has_sessions(uid(), uid() + "#"),
        clean=True,
    ),
    "the other tail is a child here": Case(
        base=bring(BASE),
        left=bring(LEFT),
        right=lambda bench: (bench.bring(RIGHT), bench.bring(LEFT, named="child"))[0],
        check=has_child,
        against=FORKED,
    ),
    "both have both": Case(
        base=bring(BASE),
        left=lambda bench: (bench.bring(LEFT), bench.bring(RIGHT, named="child"))[0],
        right=lambda bench: (bench.bring(RIGHT), bench.bring(LEFT, named="child"))[0],
        check=has_child,
        against=FORKED,
    ),
    "a child's two tails": Case(
        base=lambda bench: two(bench, RIGHT),
        left=lambda bench: bench.bring(RIGHT + tail(18, 2, 5), named="child"),
        right=lambda bench: bench.bring(RIGHT + tail(18, 3, 6), named="child"),
        check=has_child,
        against=FORKED,
    ),
    "no difference": Case(base=bring(BASE), left=nothing, right=bring(RIGHT), clean=True),
}


def two(bench: Bench, other: bytes) -> None:
    """Bring in a log, and another that shares its beginning."""
    bench.bring(BASE + tail(12, 1, 9) if other is not RIGHT else talk(14))
    bench.bring(other, named="child")


def _assert_in(text: str, bench: Bench) -> None:
    assert text in (bench.session() / "manifest.yaml").read_text("utf-8")
