"""Bad input by the million, and trees that change meanwhile: codes, an exit, bounded memory."""

import json
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from fuzz import seeds
from sessionfs.disk.tree import DirTree
from sessionfs.tree import MemoryTree
from sessionfs.verify import verify_tree

FIRST = "messages-00000001.jsonl"
PAYLOAD = next(path for path in seeds.everything() if path.startswith("files/"))
MILLION = 10**6
GROWTH = 450 << 10
"""Kilobytes above what a small session needs: a line of 64 MiB may stand there several times."""

MEASURED = """
import resource, subprocess, sys
limit = 4 << 30
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
done = subprocess.run([sys.executable, "-m", "sessionfs", *sys.argv[1:]], timeout=500)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)
sys.exit(done.returncode)
"""


def write(place, files):
    for path, content in files.items():
        (place / path).parent.mkdir(parents=True, exist_ok=True)
        (place / path).write_bytes(content)


def run(*arguments):
    """Run a command; return its exit code, output, errors and most kilobytes of memory."""
    command = [sys.executable, "-c", MEASURED, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, check=False, timeout=600)
    *errors, peak = done.stderr.decode().splitlines()
    return done.returncode, done.stdout, "\n".join(errors), int(peak)


def sealed(path, content):
    return seeds.resealed(seeds.everything() | {path: content}, summary=False)


def summary(**members):
    value = json.loads(seeds.everything()["summary.json"]) | members
    return json.dumps(value, indent=2, ensure_ascii=False).encode() + b"\n"


def arrays(count):
    return b'{"a":[' + b"[]," * count + b"[]]}"


CASES = {
    "broken lines": (FIRST, lambda: b"x\n" * MILLION, {"E401"}),
    "blank lines": (FIRST, lambda: b"\n" * MILLION, {"E303"}),
    "lines that are no messages": (FIRST, lambda: b"{}\n" * MILLION, {"E505"}),
    "lines that are no redactions": ("redactions.jsonl", lambda: b"{}\n" * MILLION, {"E617"}),
    "open arrays": (FIRST, lambda: b"[" * 100_000 + b"\n", {"E007"}),
    "open arrays, 60 MB of them": (FIRST, lambda: b"[" * (60 << 20) + b"\n", {"E008"}),
    "objects in objects": (FIRST, lambda: b'{"a":' * 100_000 + b"1\n", {"E007"}),
    "a line of empty arrays": (FIRST, lambda: arrays(20 << 20) + b"\n", {"E008"}),
    "a summary of empty arrays": ("summary.json", lambda: arrays(20 << 20), {"E008"}),
    "a summary of more than 64 MiB": ("summary.json", lambda: b" " * (65 << 20), {"E003"}),
    "a summary of a million files": (
        "summary.json",
        lambda: summary(files={f"{number:07}": 1 for number in range(MILLION)}),
        {"E602"},
    ),
    "a name twice among a million": (
        "summary.json",
        lambda: b"{" + b",".join(b'"%d":0' % number for number in range(MILLION)) + b',"999999":0}',
        {"E402"},
    ),
    "a manifest of 100 MB": ("manifest.yaml", lambda: b"#" * (100 << 20), {"E006"}),
    "flow sequences": ("manifest.yaml", lambda: b"a: " + b"[" * 100_000, {"E007"}),
    "canonical flow sequences": (
        "manifest.yaml",
        lambda: seeds.everything()["manifest.yaml"] + b"ext: " + b"[" * 100_000 + b"\n",
        {"E007"},
    ),
    "block sequences": ("manifest.yaml", lambda: b"- " * 500_000 + b"1\n", {"E007"}),
    "a manifest of quotes": ("manifest.yaml", lambda: b"a: " + b"'\n" * 500_000, {"E211"}),
}


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.soak if number % 2 else pytest.mark.exhaustive)
        for number, name in enumerate(CASES)
    ],
)
def test_content_by_the_million(tmp_path, name):
    path, content, codes = CASES[name]
    place = tmp_path / "session"
    write(place, sealed(path, content()))
    told(place, codes)


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    ("lines", "codes"),
    [
        (lambda: b"".join(b"%064x  %06d\n" % (n, n) for n in range(900_000)), {"E102", "E103"}),
        (lambda: b"x\n" * MILLION, {"E606"}),
        (lambda: (b"%064x  a\n" % 1) * 900_000, {"E102", "E103", "E611"}),
    ],
    ids=["missing files", "garbage", "one name"],
)
def test_a_list_of_a_million_lines(tmp_path, lines, codes):
    place = tmp_path / "session"
    write(place, seeds.everything() | {"checksums.b3": lines()})
    told(place, codes)


@pytest.mark.parametrize(
    ("name", "codes"),
    [
        pytest.param("p{:06}", {"E125"}, id="foreign", marks=pytest.mark.exhaustive),
        pytest.param(
            "files/{:064x}", {"E103", "E614", "E515"}, id="payloads", marks=pytest.mark.soak
        ),
    ],
)
def test_a_hundred_thousand_planted_files(tmp_path, name, codes):
    place = tmp_path / "session"
    write(place, seeds.everything())
    for number in range(100_000):
        (place / name.format(number)).write_bytes(b"")
    found = told(place, codes)
    assert sum(finding["code"] in ("E125", "E103") for finding in found) == 100_000


@pytest.mark.exhaustive
def test_a_line_of_a_gigabyte(tmp_path):
    place = tmp_path / "session"
    write(place, seeds.everything())
    with (place / FIRST).open("ab") as stream:
        stream.truncate(1 << 30)
        stream.seek(0, os.SEEK_END)
        stream.write(b"\n")
    told(place, {"E005", "E601", "E308", "E602"})


def told(place, codes):
    """Verify, list and show: only such codes, no traceback, no more than so much memory."""
    code, output, errors, peak = run("verify", "--json", place)
    assert errors == ""
    assert code == 1
    found = json.loads(output)["findings"]
    derived = {"E601", "E602"}  # what was changed is no more what was sealed
    assert {finding["code"] for finding in found} - derived <= codes | derived
    assert {finding["code"] for finding in found} & codes
    per_file = [finding["path"] for finding in found]
    assert max(map(per_file[:5000].count, set(per_file[:5000]))) <= 2002
    assert peak - small(place) < GROWTH
    code, output, errors, _ = run("show", place)
    assert code in (0, 2)
    assert "Traceback" not in errors
    return found


def small(place):
    """The memory that a small session takes, in kilobytes."""
    beside = place.parent / "small"
    write(beside, seeds.everything())
    return run("verify", "--json", beside)[3]


class Changing(MemoryTree):
    """A tree in which a file changes, or vanishes, once it was looked at so many times."""

    def __init__(self, files, path, content, after):
        super().__init__(files)
        self.path, self.content, self.left = path, content, after

    def _content(self, path):
        if path == self.path:
            self.left -= 1
            if self.left < 0:
                if self.content is None:
                    self.files.pop(path, None)
                else:
                    self.files[path] = self.content
        return super()._content(path)


@pytest.mark.parametrize("after", range(4))
@pytest.mark.parametrize("change", ["vanishes", "grows", "shrinks", "is another"])
@pytest.mark.parametrize("path", seeds.everything())
def test_a_file_that_changes_while_it_is_read(path, change, after):
    files = seeds.everything()
    content = files[path]
    changed = {"vanishes": None, "grows": content * 2, "shrinks": content[:9], "is another": b"x"}
    tree = Changing(files, path, changed[change], after)
    report = verify_tree(tree)
    assert after or not report.ok
    assert all(finding.path in (*files, "") for finding in report.findings)


def test_files_that_are_rewritten_meanwhile(tmp_path):
    write(tmp_path, seeds.everything())
    done = threading.Event()

    def rewrite():
        while not done.is_set():
            for path, content in seeds.everything().items():
                (tmp_path / path).unlink(missing_ok=True)
                (tmp_path / path).write_bytes(content)

    thread = threading.Thread(target=rewrite)
    thread.start()
    try:
        for _ in range(50):
            verify_tree(DirTree(str(tmp_path)))  # whatever it finds, it ends without an error
    finally:
        done.set()
        thread.join()
    assert verify_tree(DirTree(str(tmp_path))).ok


@pytest.mark.parametrize("name", ["redactions.jsonl", FIRST, "planted", PAYLOAD, "summary.json"])
@pytest.mark.parametrize(
    ("kind", "code"), [("socket", "E105"), ("fifo", "E105"), ("loop", "E104"), ("zero", "E104")]
)
def test_what_is_no_file_is_named_and_not_read(tmp_path, monkeypatch, name, kind, code):
    write(tmp_path, seeds.everything())
    (tmp_path / name).unlink(missing_ok=True)
    monkeypatch.chdir((tmp_path / name).parent)  # the path of a socket is short
    last = name.rpartition("/")[2]
    with socket.socket(socket.AF_UNIX) as heard:
        match kind:
            case "socket":
                heard.bind(last)
            case "fifo":
                os.mkfifo(last)
            case "loop":
                Path(last).symlink_to(last)
            case "zero":
                Path(last).symlink_to("/dev/zero")
        report = verify_tree(DirTree(str(tmp_path)))
    assert (code, name) in {(finding.code, finding.path) for finding in report.findings}


def test_names_that_no_terminal_should_see(tmp_path):
    write(tmp_path, seeds.everything())
    for name in (b"a\nb", b"\x1b]0;x\x07", b"\xff\xfe", b"x" * 255, "\u202egnp.exe".encode()):
        (tmp_path / os.fsdecode(name)).write_bytes(b"")
    for form in ("text", "json", "github", "sarif", "junit", "gitlab"):
        code, output, errors, _ = run("verify", "--output-format", form, tmp_path)
        assert (code, errors) == (1, "")
        assert output.count(b"E125") >= 5
        assert not any(sign in output for sign in (b"\x1b", b"\x07", "\u202e".encode()))


def test_an_archive_yaml_of_a_terabyte_is_not_read(tmp_path):
    (tmp_path / "archive.yaml").touch()
    os.truncate(tmp_path / "archive.yaml", 1 << 40)
    code, output, errors, peak = run("verify", tmp_path)
    assert (code, errors) == (1, "")
    assert b"E006" in output
    assert peak - small(tmp_path / "session") < GROWTH
