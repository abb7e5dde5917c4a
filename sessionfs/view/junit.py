"""A verifier's report as JUnit XML: a suite for each archive, a case for each session."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from sessionfs.view.findings import ONLY_A_LOOK, finding_lines
from sessionfs.view.text import counted, encodable, one_line

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from sessionfs.model import Finding

    Suites = dict[str, dict[str | None, list[Finding]]]

_NO_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_IN_SHARD = re.compile(r"(?:^|/)[0-9]{4}/[0-9]{2}/[^/]*$")
_AROUND = "around the sessions"


def document(
    findings: Sequence[Finding],
    archives: Sequence[str],
    sessions: Sequence[str],
    mode: str = "full",
) -> str:
    """Return the report as XML; a case passes unless it has an error, warnings are its output.

    `archives` and `sessions` are their directories as the findings' paths have them. What stands
    in an archive around its sessions has a case of its own. A case has one failure with all its
    errors, for readers of this form show only the first.
    """
    tops = frozenset(archives)
    suite_of = {session: _suite(session, tops) for session in sessions}
    suites: Suites = {archive: {None: []} for archive in archives}
    for session, name in suite_of.items():
        suites.setdefault(name, {})[session] = []
    for found in findings:
        inside = next((place for place in _upwards(found.path) if place in suite_of), None)
        name = _suite(found.path, tops) if inside is None else suite_of[inside]
        suites.setdefault(name, {}).setdefault(inside, []).append(found)
    told = f" ({ONLY_A_LOOK})" if mode == "fast" else ""
    root = Element("testsuites", name=f"sessionfs verify{told}")
    for name, cases in suites.items():
        suite = SubElement(root, "testsuite", name=_clean(name) or ".")
        _count([_case(suite, name, place, found) for place, found in cases.items()], suite)
    _count(root.findall("*/testcase"), root)
    indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode")


def _case(suite: Element, name: str, session: str | None, found: Sequence[Finding]) -> Element:
    """Add the case of a session, or of what stands around the sessions."""
    below = _AROUND if session is None else session.removeprefix(name).lstrip("/") or "."
    case = SubElement(suite, "testcase", classname=_clean(name) or ".", name=_clean(below))
    if found:
        case.set("file", _clean(found[0].path))
    errors = [finding for finding in found if finding.level == "error"]
    warnings = [finding for finding in found if finding.level == "warning"]
    if errors:
        first = errors[0]
        told = _clean(one_line(f"{first.code} {first.where}: {first.message}"))
        if errors[1:]:
            told += f" (and {counted(len(errors) - 1, 'more error')})"
        SubElement(case, "failure", type=first.code, message=told).text = _lines(errors)
    if warnings:
        SubElement(case, "system-out").text = _lines(warnings)
    return case


def _count(cases: Sequence[Element], parent: Element) -> None:
    failures = sum(case.find("failure") is not None for case in cases)
    parent.attrib |= {"tests": str(len(cases)), "failures": str(failures), "errors": "0"}


def _suite(path: str, archives: Collection[str]) -> str:
    """Return the archive that a path lies in, or the directory where one would be."""
    around = next((place for place in _upwards(path) if place in archives), None)
    return _IN_SHARD.sub("", path) if around is None else around


def _upwards(path: str) -> Iterator[str]:
    """Yield a path and the directories above it, `""` last."""
    while path:
        yield path
        path = path.rpartition("/")[0]
    yield ""


def _lines(findings: Sequence[Finding]) -> str:
    return _clean("\n".join(line.text for line in finding_lines(findings)))


def _clean(text: str) -> str:
    """Return text that XML can hold."""
    return _NO_XML.sub("\ufffd", encodable(text))
