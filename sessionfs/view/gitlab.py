"""A verifier's report for GitLab: the Code Quality form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sessionfs.canonical import UNSET
from sessionfs.view.ranking import fingerprints
from sessionfs.view.text import encodable, one_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sessionfs.model import Finding

_SEVERITY = {"error": "critical", "warning": "minor"}


def document(findings: Sequence[Finding]) -> list[dict[str, Any]]:
    """Return an entry for each finding; where no line is known it is the first one."""
    return [
        _entry(found, fingerprint)
        for found, fingerprint in zip(findings, fingerprints(findings), strict=True)
    ]


def _entry(found: Finding, fingerprint: str) -> dict[str, Any]:
    told = found.message if found.pointer is UNSET else f"{found.pointer}: {found.message}"
    return {
        "description": one_line(f"{found.code} {told}"),
        "check_name": found.code,
        "fingerprint": fingerprint,
        "severity": _SEVERITY[found.level],
        "location": {
            "path": encodable(found.path),
            "lines": {"begin": 1 if found.line is UNSET else found.line},
        },
    }
