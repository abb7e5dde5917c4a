"""A verifier's report as SARIF 2.1.0, for code scanning."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from sessionfs.canonical import UNSET
from sessionfs.rules import RULES
from sessionfs.view.findings import ONLY_A_LOOK
from sessionfs.view.ranking import fingerprints, worst
from sessionfs.view.text import counted, safe

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sessionfs.model import Finding
    from sessionfs.rules import Rule

SHOWN: Final = 5000
"""Results that code scanning shows; it refuses a run with more than five times as many."""

_TOP: Final = "SRCROOT"
_NAME: Final = "sessionfs"
_NOT_IN_URI = re.compile(rb"[^A-Za-z0-9._~/-]")


def document(
    findings: Sequence[Finding],
    *,
    version: str,
    complete: bool,
    mode: str = "full",
    rules: Mapping[str, Rule] = RULES,
) -> dict[str, Any]:
    """Return the log of one run; `complete` tells that everything could be judged.

    `rules` are those that the findings' codes name. Paths are relative to the top of the
    repository. Of more than `SHOWN` findings the worst are there, and a notification says so.
    """
    shown = worst(findings, SHOWN)
    codes = sorted({found.code for found in shown})
    prints = fingerprints(shown)
    results = [
        _result(*pair, codes.index(pair[0].code)) for pair in zip(shown, prints, strict=True)
    ]
    remarks = [f"Looked at: {ONLY_A_LOOK}."] if mode == "fast" else []
    if len(shown) < len(findings):
        all_of_them = counted(len(findings), "finding")
        remarks.append(f"{all_of_them}: the worst {len(shown):,} are in this log.")
    invocation: dict[str, Any] = {"executionSuccessful": complete}
    if remarks:
        invocation["toolExecutionNotifications"] = [
            {"level": "warning", "message": {"text": text}} for text in remarks
        ]
    driver = {
        "name": _NAME,
        "semanticVersion": version,
        "rules": [_rule(rules[code]) for code in codes],
    }
    top = {"description": {"text": "The top of the repository."}}
    return {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": driver},
                "invocations": [invocation],
                "originalUriBaseIds": {_TOP: top},
                "results": results,
            }
        ],
    }


def _rule(rule: Rule) -> dict[str, Any]:
    why = f"{rule.sentence} {rule.why}"
    return {
        "id": rule.code,
        "shortDescription": {"text": rule.sentence},
        "fullDescription": {"text": why},
        "help": {"text": rule.hint},
        "defaultConfiguration": {"level": rule.level},
    }


def _result(found: Finding, fingerprint: str, index: int) -> dict[str, Any]:
    place: dict[str, Any] = {"artifactLocation": _artifact(found.path)}
    if found.line is not UNSET:
        place["region"] = {"startLine": found.line}
    location: dict[str, Any] = {"physicalLocation": place}
    text = safe(found.message)
    if found.pointer is not UNSET and found.pointer:
        pointer = safe(found.pointer)
        location["logicalLocations"] = [{"fullyQualifiedName": pointer, "kind": "value"}]
        text = f"{pointer}: {text}"
    return {
        "ruleId": found.code,
        "ruleIndex": index,
        "level": found.level,
        "message": {"text": text},
        "locations": [location],
        "partialFingerprints": {"sessionfs/v1": fingerprint},
    }


def _artifact(path: str) -> dict[str, str]:
    """Return where a file is: below the top of the repository, or anywhere."""
    uri = _NOT_IN_URI.sub(
        lambda match: f"%{match[0][0]:02X}".encode(), path.encode("utf-8", "surrogateescape")
    ).decode("ascii")
    if path.startswith("/"):
        return {"uri": f"file://{uri}"}
    return {"uri": uri, "uriBaseId": _TOP}
