"""verify --git and --staged: what git has is judged by its objects, whatever the work tree says."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import sessionfs
from claude_logs import SESSION, log
from conftest import ROOT
from sessionfs.cli import main
from sessionfs.errors import Conflict, NotFound, SessionfsError
from sessionfs.git.objects import Objects
from sessionfs.verify.sites import Listing, Site, each_once
from test_git import git

OTHER = "5f2c8a10-3b7e-4d61-9c42-ffffffffffff"
AT_CHECKOUT = "converted at checkout"
FIRST = "messages-00000001.jsonl"


def bring(archive: Path, content: bytes, session: str = SESSION) -> None:
    native = archive.parent.parent / "native" / f"{session}.jsonl"
    native.parent.mkdir(exist_ok=True)
    native.write_bytes(content)
    sessionfs.import_logs([str(native)], archive=str(archive))


def commit(place: Path, message: str = "state") -> None:
    git(place, "add", "--all")
    git(place, "commit", "--quiet", "--allow-empty", "-m", message)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with an archive of two sessions, in one commit."""
    place = tmp_path_factory.mktemp("made") / "repository"
    place.mkdir()
    git(place, "init", "--quiet", "-b", "main")
    bring(place / ".sessions", log(20))
    bring(place / ".sessions", log(8, session=OTHER), OTHER)
    (place / "code.py").write_text("x = 1\n")
    commit(place)
    return place


@pytest.fixture
def repository(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it, which is the working directory."""
    place = tmp_path / "repository"
    shutil.copytree(made, place, symlinks=True)
    git(place, "config", "user.name", "Somebody")
    git(place, "config", "user.email", "somebody@example.org")
    git(place, "status")  # the index learns the copies' times
    monkeypatch.chdir(place)
    return place


def sessions(place: Path) -> list[Path]:
    """The larger session, and the smaller."""
    found = [path.parent for path in (place / ".sessions").glob("*/*/*/manifest.yaml")]
    return sorted(found, key=lambda path: -(path / FIRST).stat().st_size)


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[100] ^= 1
    path.write_bytes(content)


def found(report: sessionfs.Report) -> list[tuple[str, str]]:
    return [(one.code, one.path.rpartition("/")[2]) for one in report.findings]


def staged(*paths: str) -> list[tuple[str, str]]:
    return found(sessionfs.verify(paths, staged=True))


# --- which place is meant, by paths alone ---

ID = "01M7W84WM8YF3N2YJDPS3MWRXG"
LISTING = [
    "README.md",
    ".sessions/archive.yaml",
    f".sessions/2026/11/{ID}/manifest.yaml",
    "docs/kept/archive.yaml",
    "docs/kept/notes.txt",
    "docs/other/archive.yaml",
    f"lost/2026/11/{ID}/checksums.b3",
    "alone/manifest.yaml",
]


def is_policy(path: str) -> bool:
    return not path.startswith("docs/other")


def test_archives_are_found_at_any_depth() -> None:
    roots = [".sessions", "lost", "docs/kept"]
    assert Listing(LISTING, is_policy).archives() == [Site(root, "archive") for root in roots]
    for paths in (["archive.yaml", *LISTING], [f"2026/11/{ID}/manifest.yaml"]):
        assert Listing(paths, is_policy).archives() == [Site("", "archive")]


@pytest.mark.parametrize(
    ("path", "kind", "root"),
    [
        ("", "archive", ".sessions"),
        (".sessions", "archive", ".sessions"),
        (".sessions/archive.yaml", "archive", ".sessions"),
        (f".sessions/2026/11/{ID}", "session", f".sessions/2026/11/{ID}"),
        (f".sessions/2026/11/{ID}/gone.jsonl", "session", f".sessions/2026/11/{ID}"),
        ("docs/kept/notes.txt", "archive", "docs/kept"),
        ("alone", "session", "alone"),
        ("README.md", None, None),
        ("docs", None, None),
        ("nowhere", None, None),
    ],
)
def test_a_path_of_a_tree_stands_for_a_place(path: str, kind: str | None, root: str) -> None:
    site = Listing(LISTING, is_policy).site_of(path)
    assert site == (None if kind is None else Site(root, kind))


def test_a_session_of_a_whole_archive_is_not_verified_twice() -> None:
    whole, session = Site("a", "archive"), Site(f"a/2026/11/{ID}", "session")
    assert each_once([session, whole, session]) == [whole]
    assert each_once([session, Site("b", "archive")]) == [session, Site("b", "archive")]


# --- verify --git ---


def test_the_commit_is_judged_and_not_the_work_tree(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = sessions(repository)[0] / FIRST
    flip(path)
    report = sessionfs.verify(git="HEAD")
    assert report.findings == []
    assert report.changed == (path.relative_to(repository / ".sessions").as_posix(),)
    assert report.checked.sessions == 2
    assert main(["verify", "--git", "HEAD"]) == 0
    assert "1 file changed in the work tree since" in capsys.readouterr().err
    commit(repository)
    git(repository, "checkout", "--quiet", "HEAD~1")
    assert "E601" in {code for code, _ in found(sessionfs.verify(git="main"))}
    assert main(["verify", "--git", "main"]) == 1
    assert main(["verify", "--git", "HEAD", "-q"]) == 0
    assert sessionfs.verify().findings == []


def test_more_processes_find_the_same(repository: Path) -> None:
    flip(sessions(repository)[0] / FIRST)
    flip(sessions(repository)[1] / "summary.json")
    commit(repository)
    one, two = (sessionfs.verify(git="HEAD", jobs=jobs) for jobs in (1, 2))
    assert one == two
    assert len({path for code, path in found(one) if code == "E601"}) == 2
    names = [str(path) for path in sessions(repository)]
    assert sessionfs.verify(names, git="HEAD", jobs=2).errors == one.errors


def unguard(repository: Path) -> None:
    git(repository, "rm", "--quiet", ".sessions/.gitattributes")
    commit(repository)


def test_what_was_converted_at_checkout_is_told_from_damage(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unguard(repository)
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "-q", "-c", "core.autocrlf=true", str(repository), str(clone))
    monkeypatch.chdir(clone)
    flip(sessions(clone)[1] / "summary.json")
    here = sessionfs.verify()
    converted = {one.path for one in here.findings if one.code == "E605"}
    assert len(converted) == 8  # and archive.yaml; the one that was changed as well is damaged
    report = sessionfs.verify(git="HEAD")
    assert report.ok
    told = {one.path: one.message for one in report.findings if "at checkout" in one.message}
    assert told.keys() - {".gitignore"} == converted
    assert set(told.values()) == {
        f"{AT_CHECKOUT}: its line ends became CRLF; the commit has it right (core.autocrlf is true)"
    }
    assert report.changed == (
        sessions(clone)[1].relative_to(clone / ".sessions").as_posix() + "/summary.json",
    )
    unguarded = [one.message for one in report.findings if one.path == ".gitattributes"]
    assert [message.split("`")[1] for message in unguarded] == ["text"]
    (clone / ".git" / "info" / "attributes").write_text("* text eol=crlf\n")
    told = sessionfs.verify(git="HEAD").findings[-1].message
    assert told.endswith("(`text` is set, `eol` is crlf)")


def test_what_was_converted_before_the_commit_is_an_error(repository: Path) -> None:
    path = sessions(repository)[0] / FIRST
    right = path.read_bytes()
    path.write_bytes(right.replace(b"\n", b"\r\n"))
    commit(repository)
    path.write_bytes(right)
    (one,) = sessionfs.verify(git="HEAD").findings
    assert (one.code, one.message) == (
        "E605",
        "its line ends became CRLF, in the commit itself",
    )


def test_a_filter_is_told_and_never_run(repository: Path) -> None:
    (repository / ".sessions" / ".gitattributes").write_text("*.yaml filter=shout\n")
    commit(repository)
    program = repository / ".git" / "shout"
    program.write_text("#!/bin/sh\ntouch ran\ntr a-z A-Z\n")
    program.chmod(0o755)
    git(repository, "config", "filter.shout.smudge", str(program))
    git(repository, "config", "filter.shout.clean", str(program))
    manifest = sessions(repository)[0] / "manifest.yaml"
    manifest.write_bytes(manifest.read_bytes().upper())
    report = sessionfs.verify(git="HEAD")
    assert report.ok
    told = {one.path: one.message for one in report.findings}
    assert told[manifest.relative_to(repository / ".sessions").as_posix()] == (
        "converted at checkout: a filter may have changed it; the commit has it right"
        " (`filter` is shout)"
    )
    assert not list(repository.rglob("ran"))


def test_a_bare_repository_is_no_work_tree_and_needs_none(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare = tmp_path / "bare.git"
    git(tmp_path, "clone", "-q", "--bare", str(repository), str(bare))
    monkeypatch.chdir(bare)
    whole = sessionfs.verify(git="main")
    assert (whole.findings, whole.checked.sessions) == ([], 2)
    session = sessions(repository)[0].relative_to(repository).as_posix()
    for path, count in ((".sessions", 2), (session, 1), (f"{session}/{FIRST}", 1), (".", 2)):
        assert sessionfs.verify([path], git="main").checked.sessions == count
    monkeypatch.chdir(tmp_path)
    assert sessionfs.verify([str(bare)], git="main").checked.sessions == 2
    assert sessionfs.verify([str(bare / ".sessions")], git="main").checked.sessions == 2
    monkeypatch.chdir(bare)
    with pytest.raises(SessionfsError, match="has no work tree"):
        sessionfs.verify(staged=True)
    monkeypatch.setenv("GIT_DIR", ".")  # as a pre-receive hook is told
    assert sessionfs.verify(git="main").checked.sessions == 2


@pytest.mark.parametrize("directory", ["", ".sessions"])
def test_an_orphan_branch_is_verified_from_where_it_is_not_checked_out(
    repository: Path, directory: str
) -> None:
    main_commit = git(repository, "rev-parse", "HEAD").strip()
    git(repository, "checkout", "-q", "--orphan", "sessions")
    git(repository, "rm", "-q", "-r", "--cached", ".")
    archive = repository / ".sessions"
    names = [path.name for path in archive.iterdir() if path.name != ".cache"]
    if directory:
        git(repository, "add", ".sessions")
    else:
        git(repository, "--work-tree", str(archive), "add", *names)
    git(repository, "commit", "-q", "-m", "sessions")
    git(repository, "checkout", "-q", "--force", "main")
    git(repository, "rm", "-q", "-r", ".sessions")
    git(repository, "commit", "-q", "-m", "none here")
    report = sessionfs.verify(git="sessions")
    assert (report.findings, report.checked.sessions) == ([], 2)
    with pytest.raises(NotFound, match="no archive in commit HEAD"):
        sessionfs.verify(git="HEAD")
    assert sessionfs.verify(git=main_commit).checked.sessions == 2
    assert sessionfs.verify([directory or "."], git="sessions").checked.sessions == 2


def test_several_archives_are_told_apart_and_forms_begin_at_the_top(
    repository: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    shutil.copytree(repository / ".sessions", repository / "docs" / "kept")
    path = sessions(repository)[0].relative_to(repository / ".sessions") / FIRST
    flip(repository / "docs" / "kept" / path)
    commit(repository)
    both = sessionfs.verify(git="HEAD")
    assert {one.path for one in both.findings if one.code == "E601"} == {f"docs/kept/{path}"}
    assert both.archives == (".sessions", "docs/kept")
    (repository / "code").mkdir()
    monkeypatch.chdir(repository / "code")
    one = sessionfs.verify([str(repository / "docs" / "kept")], git="HEAD")
    assert {each.path for each in one.findings if each.code == "E601"} == {str(path)}
    for form in ("json", "sarif", "junit", "gitlab", "github"):
        target = tmp_path / form
        arguments = ["verify", "--git", "HEAD", "../docs/kept", "--output-format", form]
        assert main([*arguments, "-o", str(target), "-q"]) == 1
        place = str(path) if form == "json" else f"docs/kept/{path}"
        assert place in target.read_text("utf-8")
    value = json.loads((tmp_path / "json").read_text("utf-8"))
    assert (value["ok"], value["changed"]) == (False, [])


def test_a_path_that_a_commit_has_not_is_told(repository: Path) -> None:
    for path in ("nowhere", "code.py", str(sessions(repository)[0].parent / ID)):
        with pytest.raises(NotFound, match="no archive or session at"):
            sessionfs.verify([path], git="HEAD")
    with pytest.raises(NotFound, match="no commit 'nothing'"):
        sessionfs.verify(git="nothing")
    with pytest.raises(NotFound, match="no such file"):
        sessionfs.verify([""], git="HEAD")


def test_links_and_submodules_of_a_commit_are_named(repository: Path) -> None:
    session = sessions(repository)[0]
    (session / FIRST).unlink()
    (session / FIRST).symlink_to("summary.json")
    git(repository, "add", "--all")
    head = git(repository, "rev-parse", "HEAD").strip()
    place = (session / "files").relative_to(repository).as_posix()
    git(repository, "update-index", "--add", "--cacheinfo", f"160000,{head},{place}")
    git(repository, "commit", "-q", "-m", "odd")
    codes = {code for code, _ in found(sessionfs.verify(git="HEAD"))}
    assert {"E104", "E105"} <= codes


def test_a_partial_clone_is_not_called_damaged(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(repository, "config", "uploadpack.allowFilter", "true")
    whole, part = tmp_path / "whole", tmp_path / "part"
    filtered = ("clone", "-q", "--filter=blob:none")
    git(tmp_path, *filtered, repository.as_uri(), str(whole))
    monkeypatch.chdir(whole)
    assert sessionfs.verify(git="HEAD").ok  # all that is checked out was fetched
    first, second = (path.relative_to(repository).as_posix() for path in sessions(repository))
    git(tmp_path, *filtered, "--no-checkout", repository.as_uri(), str(part))
    git(part, "sparse-checkout", "set", "--no-cone", f"/{first}/")
    git(part, "checkout", "-q", "main")
    monkeypatch.chdir(part)
    assert sessionfs.verify([first], git="HEAD").findings == []
    with pytest.raises(SessionfsError, match="this partial clone lacks") as caught:
        sessionfs.verify([second], git="HEAD")
    assert "git fetch --refetch" in caught.value.hint
    assert main(["verify", "--git", "HEAD"]) == 2
    assert staged() == []


def test_a_sparse_checkout_is_no_change(repository: Path) -> None:
    git(repository, "sparse-checkout", "set", "--no-cone", "/code.py")
    assert not (repository / ".sessions" / "archive.yaml").exists()
    report = sessionfs.verify(git="HEAD")
    assert (report.findings, report.changed, report.checked.sessions) == ([], (), 2)


def test_a_shallow_clone_and_a_detached_head(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commit(repository)
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "-q", "--depth=1", repository.as_uri(), str(clone))
    git(clone, "checkout", "-q", "--detach")
    monkeypatch.chdir(clone)
    assert sessionfs.verify(git="HEAD").ok
    with pytest.raises(NotFound) as caught:
        sessionfs.verify(git="HEAD~1")
    assert "shallow" in caught.value.hint


def test_an_object_that_is_broken_is_named(repository: Path) -> None:
    path = (sessions(repository)[0] / FIRST).relative_to(repository).as_posix()
    blob = git(repository, "rev-parse", f"HEAD:{path}").strip()
    broken = repository / ".git" / "objects" / blob[:2] / blob[2:]
    broken.chmod(0o600)
    flip(broken)
    report = sessionfs.verify(git="HEAD")
    assert ("E001", FIRST) in found(report)
    broken.unlink()
    assert ("E001", FIRST) in found(sessionfs.verify(git="HEAD"))
    assert ("E001", FIRST) in found(sessionfs.verify(git="HEAD", jobs=2))


def test_two_commits_are_compared_without_a_work_tree(repository: Path) -> None:
    path = sessions(repository)[0] / FIRST
    lines = path.read_bytes().splitlines(keepends=True)
    lines[3] = lines[3].replace(b'"kind":"', b'"kind":"x', 1)
    path.write_bytes(b"".join(lines))
    shutil.rmtree(sessions(repository)[1])
    sessionfs.seal([str(path.parent)], ".sessions", accept_content=True)
    commit(repository)
    git(repository, "checkout", "-q", "HEAD~1")
    assert sessionfs.verify(git="HEAD", against="HEAD~0").ok
    report = sessionfs.verify(git="main", against="main~1")
    assert {"E710", "E712"} <= {one.code for one in report.findings}
    alone = sessionfs.verify([str(path.parent)], git="main", against="main~1")
    assert "E712" in {one.code for one in alone.findings}
    with pytest.raises(SessionfsError, match="mode fast reads none"):
        sessionfs.verify(git="main", against="main~1", mode="fast")


def test_fast_compares_sizes_of_objects(repository: Path) -> None:
    path = sessions(repository)[0] / FIRST
    path.write_bytes(path.read_bytes()[:-10])
    commit(repository)
    assert ("E602", "summary.json") in found(sessionfs.verify(git="HEAD", mode="fast"))
    assert sessionfs.verify(git="HEAD~1", mode="fast").ok


def test_what_is_no_use_together_is_refused(repository: Path) -> None:
    assert main(["verify", "--git", "HEAD", "--staged"]) == 2
    with pytest.raises(SessionfsError, match="at once"):
        sessionfs.verify(git="HEAD", staged=True)
    assert repository.is_dir()


def test_no_repository_and_no_git(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SessionfsError, match="not a git repository"):
        sessionfs.verify(git="HEAD")
    monkeypatch.chdir(repository)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SessionfsError, match="git is not installed"):
        sessionfs.verify(git="HEAD")
    with pytest.raises(SessionfsError, match="git is not installed"):
        sessionfs.verify(staged=True)


def test_a_process_that_was_forked_asks_a_git_of_its_own(repository: Path) -> None:
    objects = Objects(str(repository))
    blob = git(repository, "rev-parse", "HEAD:code.py").strip()
    started = []
    for _ in range(2):
        stream = objects.open(blob)
        assert stream is not None
        assert stream.read() == b"x = 1\n"
        stream.close()
        started.append(objects._batch)
        objects._owner = 0  # as in a child
    assert started[0] is not started[1]
    for each in started:
        each.close()
    objects = Objects(str(repository))
    assert objects.open("0" * 40) is None
    assert objects._batch is None


# --- verify --staged ---


def test_nothing_staged_is_fine_and_silent(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys
) -> None:
    flip(sessions(repository)[0] / FIRST)  # in the work tree only
    (repository / "code.py").write_text("x = 2\n")
    git(repository, "add", "code.py")
    assert main(["verify", "--staged"]) == 0
    assert capsys.readouterr().out == ""
    assert main(["verify", "--staged", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["checked"]["sessions"] == 0
    empty = tmp_path / "empty"
    empty.mkdir()
    git(empty, "init", "-q")
    monkeypatch.chdir(empty)
    assert main(["verify", "--staged"]) == 0
    assert capsys.readouterr().out == ""
    (empty / "later").mkdir()
    assert staged("later") == []
    with pytest.raises(NotFound):
        staged("never")


def test_only_what_differs_from_head_is_judged(repository: Path) -> None:
    first, second = sessions(repository)
    flip(first / FIRST)
    commit(repository, "damaged")
    bring(repository / ".sessions", log(12, session=OTHER), OTHER)
    git(repository, "add", "--all")
    report = sessionfs.verify(staged=True)
    assert (report.findings, report.checked.sessions) == ([], 1)
    flip(second / "summary.json")
    assert sessionfs.verify(staged=True).findings == []
    git(repository, "add", "--all")
    assert ("E601", "summary.json") in staged()
    assert staged(str(first)) == []
    assert ("E601", "summary.json") in staged(str(second / "manifest.yaml"))
    git(repository, "add", "--all")
    assert main(["verify", "--staged", "--quiet"]) == 1


def test_half_a_session_is_named(repository: Path) -> None:
    bring(repository / ".sessions", log(40))
    git(repository, "add", str(sessions(repository)[0] / FIRST))
    assert ("E601", FIRST) in staged()
    git(repository, "add", "--all")
    assert staged() == []


def test_an_index_without_head_or_archive_yaml(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh = tmp_path / "fresh"
    shutil.copytree(repository / ".sessions", fresh / ".sessions")
    git(fresh, "init", "-q")
    monkeypatch.chdir(fresh)
    git(fresh, "add", ".")
    assert staged() == []
    assert sessionfs.verify(staged=True).checked.sessions == 2
    git(fresh, "rm", "-q", "--cached", ".sessions/archive.yaml")
    assert staged() == [("E001", "archive.yaml")]


def test_what_is_converted_when_it_is_added_is_named(repository: Path) -> None:
    unguard(repository)
    git(repository, "config", "core.autocrlf", "false")
    path = sessions(repository)[0] / FIRST
    right = path.read_bytes()
    path.write_bytes(right.replace(b"\n", b"\r\n"))
    git(repository, "add", str(path))
    path.write_bytes(right)
    report = sessionfs.verify(staged=True)
    (one,) = [one for one in report.findings if one.code == "E605"]
    assert one.message == "its line ends became CRLF, in the index"
    assert {one.code for one in report.findings} == {"E605", "W701"}


def test_an_unmerged_session_is_refused_with_the_way_out(repository: Path) -> None:
    git(repository, "checkout", "-q", "-b", "other")
    bring(repository / ".sessions", log(50))
    commit(repository)
    git(repository, "checkout", "-q", "main")
    bring(repository / ".sessions", log(40))
    commit(repository)
    with pytest.raises(subprocess.CalledProcessError):
        git(repository, "merge", "other")
    name = sessions(repository)[0].relative_to(repository).as_posix()
    with pytest.raises(Conflict, match=f"^{name} is unmerged: 3 files of .sessions") as caught:
        sessionfs.verify(staged=True)
    assert "sessionfs merge" in caught.value.hint
    assert main(["verify", "--staged"]) == 1
    assert sessionfs.verify([str(sessions(repository)[1])], staged=True).ok
    with pytest.raises(Conflict):
        sessionfs.verify([str(sessions(repository)[0])], staged=True)


def test_staged_history_is_compared(repository: Path) -> None:
    git(repository, "rm", "-q", "-r", str(sessions(repository)[1]))
    assert staged() == []
    report = sessionfs.verify(staged=True, against="HEAD")
    assert [one.code for one in report.findings] == ["E710"]


HOOK = """\
#!/bin/sh
exec "{python}" -m sessionfs verify --staged --quiet
"""


@pytest.fixture
def hooked(repository: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The repository, with our hook for commits and merges."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    for name in ("pre-commit", "pre-merge-commit"):
        hook = repository / ".git" / "hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(HOOK.format(python=sys.executable))
        hook.chmod(0o755)
    return repository


def refused(place: Path, *arguments: str) -> bool:
    done = subprocess.run(
        ["git", *arguments], cwd=place, capture_output=True, text=True, check=False
    )
    assert done.returncode in {0, 1}, done.stderr
    assert ("E601" in done.stdout + done.stderr) == bool(done.returncode), done.stderr
    return bool(done.returncode)


def test_a_hook_judges_what_is_committed_and_nothing_else(hooked: Path) -> None:
    """`git commit -a`, `git commit FILE` and `--amend` use an index of their own."""
    path = sessions(hooked)[0] / FIRST
    right = path.read_bytes()
    flip(path)
    assert not refused(hooked, "commit", "-q", "--allow-empty", "-m", "nothing staged")
    assert refused(hooked, "commit", "-q", "-a", "-m", "all")
    (hooked / "code.py").write_text("x = 2\n")
    git(hooked, "add", "--all")
    assert not refused(hooked, "commit", "-q", "-m", "one file", "code.py")
    assert refused(hooked, "commit", "-q", "-m", "one file", str(path))
    assert refused(hooked, "commit", "-q", "--amend", "-m", "again")
    path.write_bytes(right)
    git(hooked, "add", "--all")
    assert not refused(hooked, "commit", "-q", "--amend", "-m", "again")
    git(hooked, "worktree", "add", "-q", "../beside")
    beside = hooked.parent / "beside"
    flip(sessions(beside)[0] / FIRST)
    assert refused(beside, "commit", "-q", "-a", "-m", "elsewhere")


def test_a_hook_judges_what_a_merge_brings(hooked: Path) -> None:
    git(hooked, "checkout", "-q", "-b", "other")
    flip(sessions(hooked)[1] / FIRST)
    git(hooked, "add", "--all")
    git(hooked, "commit", "-q", "--no-verify", "-m", "damage")
    git(hooked, "checkout", "-q", "main")
    assert refused(hooked, "merge", "-q", "--no-ff", "-m", "merge", "other")


def test_a_submodule_has_an_index_of_its_own(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    above = tmp_path / "above"
    above.mkdir()
    git(above, "init", "-q")
    allowed = ("-c", "protocol.file.allow=always")
    git(above, *allowed, "submodule", "-q", "add", str(repository), "sub")
    monkeypatch.chdir(above)
    monkeypatch.setenv("GIT_INDEX_FILE", ".git/index")
    flip(sessions(above / "sub")[0] / FIRST)
    with monkeypatch.context() as plain:
        plain.delenv("GIT_INDEX_FILE")
        git(above / "sub", "add", "--all")
    assert ("E601", FIRST) in staged("sub/.sessions")
    assert staged() == []
