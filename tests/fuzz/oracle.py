"""What holds of every input, however broken: asserted by each harness."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import fromstring

from sessionfs.api.give import _source
from sessionfs.archive import Session, is_layout_name
from sessionfs.canonical import UNSET, to_plain
from sessionfs.cli.failure import json_text
from sessionfs.digest import digest
from sessionfs.errors import SessionfsError
from sessionfs.rules import RULES
from sessionfs.tree import MemoryTree, is_safe_path
from sessionfs.verify import verify_archive, verify_tree
from sessionfs.verify.report import in_order
from sessionfs.view import github, gitlab, junit, sarif
from sessionfs.view.findings import report_lines
from sessionfs.view.listing import table
from sessionfs.view.text import safe
from sessionfs.view.transcript import conversation, header_lines
from sessionfs.yamltext import parse

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from sessionfs.model import Finding
    from sessionfs.verify import Report
    from sessionfs.view import Line

    Make = Callable[[Mapping[str, bytes]], MemoryTree]


def judge(
    files: Mapping[str, bytes],
    *,
    archive: bool = False,
    name: str | None = None,
    make: Make = MemoryTree,
    odd: Collection[str] = (),
) -> Report:
    """Verify a tree twice, and look at every finding; then read it in every way."""

    def verified(content: Mapping[str, bytes]) -> Report:
        tree = make(content)
        return verify_archive(tree) if archive else verify_tree(tree, name=name)

    report = verified(files)
    assert report == verified(dict(reversed(files.items()))), "the same tree, other findings"
    assert report.findings == in_order(report.findings), "not in order"
    for finding in report.findings:
        look_at(finding, files, odd)
    tell(report)
    if not archive:
        read(files, make, sound=report.ok and not report.findings)
    return report


def look_at(finding: Finding, files: Mapping[str, bytes], odd: Collection[str]) -> None:
    """Check that a finding has a known code and a place that is there."""
    rule = RULES[finding.code]
    assert (finding.level, finding.hint) == (rule.level, rule.hint), finding
    assert rule.sentence, finding
    assert rule.hint, finding
    assert finding.message, finding
    listed = finding.code == "E102" and is_absent(finding.path, files)
    assert listed or is_inside(finding.path, {*files, *odd}), finding
    content = files.get(finding.path)
    if finding.line is not UNSET:
        assert content is not None, finding
        assert 1 <= finding.line <= content.count(b"\n") + 1, finding
    if isinstance(finding.pointer, str):
        assert finding.pointer[:1] in ("", "/"), finding
        assert content is not None, finding
        if (value := value_at(finding, content)) is not UNSET:
            loose = finding.path.endswith("summary.json")  # what is missing there has a place, too
            assert resolves(finding.pointer, value, loose=loose), finding


def is_absent(path: str, files: Collection[str]) -> bool:
    """Tell whether a path could be that of a listed file: a safe one below some directory."""
    elements = path.split("/")
    heads = ("".join(f"{element}/" for element in elements[:cut]) for cut in range(len(elements)))
    return any(
        is_safe_path(path.removeprefix(head)) and any(other.startswith(head) for other in files)
        for head in heads
    )


def is_inside(path: str, files: Collection[str]) -> bool:
    """Tell whether a path is that of a file, of a directory, or of what should be there."""
    below = f"{path}/"
    if path in files or path == "archive.yaml" or any(p.startswith(below) for p in files):
        return True
    elements = path.split("/")
    return any(
        is_layout_name("/".join(elements[cut:]))
        and (cut == 0 or any(p.startswith("/".join(elements[:cut]) + "/") for p in files))
        for cut in range(len(elements))
    )


def value_at(finding: Finding, content: bytes) -> Any:
    """Return the value that a finding's pointer is about, UNSET where the text has none."""
    try:
        if finding.path.endswith(".yaml"):
            return parse(content)
        if isinstance(finding.line, int):
            content = content.split(b"\n")[finding.line - 1]
        return json.loads(content)
    except (ValueError, RecursionError, SessionfsError):
        return UNSET


def resolves(pointer: str, value: Any, *, loose: bool) -> bool:
    """Tell whether a pointer leads somewhere; loosely: the place that holds it is enough."""
    if not pointer:
        return True
    *inner, last = (e.replace("~1", "/").replace("~0", "~") for e in pointer.split("/")[1:])
    try:
        for element in inner:
            value = value[int(element)] if isinstance(value, list) else value[element]
        if not loose:
            value[int(last)] if isinstance(value, list) else value[last]
    except (KeyError, IndexError, ValueError, TypeError):
        return False
    return isinstance(value, (dict, list))


def tell(report: Report) -> None:
    """Write a report in every form, and check what a program or a terminal would read of it."""
    findings, checked = report.findings, to_plain(report.checked)
    show(report_lines(findings, checked))
    for line in github.log_lines(findings, checked):
        assert safe(line) == line, line
        assert "\n" not in line, line
    page = github.page(findings, checked)
    assert safe(page) == page
    cases = fromstring(junit.document(findings, report.archives, report.sessions))  # noqa: S314
    assert len(list(cases.iter("failure"))) <= report.errors
    for document in (
        gitlab.document(findings),
        sarif.document(findings, version="1", complete=True),
        to_plain(findings),
    ):
        text = json_text(document)
        assert json.loads(text) == spelt(document)
        assert safe(text.encode().decode()) == text


def spelt(document: Any) -> Any:
    r"""Return what stands in the text of a document: a byte that is no UTF-8 as `\xff`."""
    if isinstance(document, dict):
        return {spelt(key): spelt(member) for key, member in document.items()}
    if isinstance(document, list):
        return [spelt(item) for item in document]
    if isinstance(document, str):
        return document.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return document


def show(lines: Iterable[Line]) -> None:
    """Read lines for people, and check that each is one, and safe for a terminal."""
    for line in lines:
        assert "\n" not in line.text, line
        assert safe(line.text) == line.text, line


def read(files: Mapping[str, bytes], make: Make = MemoryTree, *, sound: bool) -> None:
    """Read a session in every way: what is refused is refused by an error of ours.

    A sound one gives its native files back, each with the digest that its summary tells.
    """
    session = Session(make(files))
    for way in (
        lambda: table([session.summary], [session.id], 60),
        lambda: header_lines(session),
        lambda: conversation(session, columns=60),
        lambda: conversation(session, full=True),
    ):
        try:
            show(way())
        except SessionfsError:
            assert not sound
    with suppress(SessionfsError):
        session.check_digests()
        session.checksums()
    for source in sources(session):
        try:
            content = b"".join(_source(session, source.name))
        except SessionfsError:
            assert not sound
        else:
            assert not sound or (digest(content), len(content)) == (source.blake3, source.bytes)


def sources(session: Session) -> list[Any]:
    """Return the native files that a session's summary tells of."""
    try:
        return session.summary.source_files
    except SessionfsError:
        return []
