"""The rules of redaction that an archive asks for: its policy, and files of rules beside it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from sessionfs.disk.tree import DirTree
from sessionfs.errors import SessionfsError
from sessionfs.redact.ruleset import BadRules, load_ruleset, read_rules
from sessionfs.tree import read_bytes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sessionfs.redact.ruleset import Ruleset

MAX_RULES = 16 << 20
"""Most bytes of a file with rules."""


def rules_for(
    policy: Mapping[str, Any], root: str, *, anonymize: bool = False, files: tuple[str, ...] = ()
) -> Ruleset:
    """Return the rules that the `redaction` of an archive.yaml asks for, and those of `files`.

    Raises `BadRules` where a rule cannot be used: nothing may be written then.
    """
    named = [*(os.path.join(root, *name.split("/")) for name in policy.get("files", ())), *files]
    added = [(name, read_rules(name, _content(name))) for name in named]
    if "rules" in policy:
        added.append(("archive.yaml", {"rules": policy["rules"]}))
    return load_ruleset(
        added,
        disabled=policy.get("disable", ()),
        allowed=policy.get("allow", ()),
        anonymize=anonymize or policy.get("anonymize", False),
    )


def _content(name: str) -> bytes:
    directory, base = os.path.split(os.path.abspath(name))
    try:
        content = read_bytes(DirTree(directory), base, MAX_RULES)
    except SessionfsError as error:
        message = f"the rules in {name} cannot be read: {error.message}"
        raise BadRules(message, hint="name a file with rules: nothing was written") from None
    if len(content) > MAX_RULES:
        message = f"the rules in {name} are longer than {MAX_RULES:,} bytes"
        raise BadRules(message, hint="name a file with rules: nothing was written")
    return content
