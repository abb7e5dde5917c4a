"""A look at a session that is no verification: names, sizes and seals, and no message.

It finds a file that is missing, planted, cut short or grown, and a manifest or summary that was
changed; not one changed byte in a message or payload of the same length.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sessionfs.archive import SUMMARY
from sessionfs.canonical import Struct, typed_decoder
from sessionfs.check.explained import Rung
from sessionfs.errors import SessionfsError
from sessionfs.model import FORMAT
from sessionfs.verify.checksums import compare_digests
from sessionfs.verify.manifest import judge_manifest, manifest_text
from sessionfs.verify.oddities import unreadable
from sessionfs.verify.report import Checked, Verdict, in_order
from sessionfs.verify.summary import compare_sizes, explain_summary

if TYPE_CHECKING:
    from sessionfs.verify.files import Files


class _Listed(Struct, frozen=True):
    """What is read of summary.json."""

    id: str
    uid: str
    files: dict[str, int]


_FOR_US = f'\nmin_reader: "{FORMAT}"\n'.encode()
_decode_listed = typed_decoder(_Listed)


def look(files: Files) -> Verdict:
    """Return what names, sizes and seals tell of a session, its checksums.b3 judged before.

    A manifest that asks for a newer reader is believed as in a verification.
    """
    content = files.derived(SUMMARY)
    listed = None if content is None else _listed(files, content)
    manifest = manifest_text(files)
    if manifest is not None and _FOR_US not in manifest:  # perhaps it asks for a newer reader
        refusals = judge_manifest(files, None, None).refusals
        if refusals:
            return Verdict(None, None, None, list(refusals), _checked(files))
    for name in files.names - files.sizes.keys():
        try:
            files.sizes[name] = files.tree.size(files.at(name))
        except (SessionfsError, OSError) as error:
            files.ladder.say(Rung.STRUCTURE, unreadable(error, files.at(name)))
    if listed is not None:
        compare_sizes(files, listed.files)
    compare_digests(files, {}, content)
    found = in_order(files.ladder.findings())
    if listed is None:
        return Verdict(None, None, None, found, _checked(files))
    return Verdict(listed.id, listed.uid, None, found, _checked(files))


def _listed(files: Files, content: bytes) -> _Listed | None:
    try:
        return _decode_listed(content.decode())  # what it skips is looked at too
    except ValueError:
        explain_summary(files, content, newer=False)
        return None


def _checked(files: Files) -> Checked:
    return Checked(sessions=1, files=len(files.sizes), bytes=sum(files.sizes.values()))
