"""The ladder: structure, framing, schema, semantics, digests; of a session and of an archive.

A file that fails on one rung is not judged on the higher ones, except that digests are compared
for every file: that tells damage from bad writing. A rule that needs several files keeps still
where one of them failed, for it would only repeat that finding. Each file is read once, as a
stream; one message is held at a time.

A rule about a kind of file stands in the module that is named for it; `session` and `archive`
call those in order. Rules of messages stand in `sessionfs.check`.
"""

from sessionfs.check.explained import MAX_FINDINGS
from sessionfs.verify.archive import Each, Place, verify_archive
from sessionfs.verify.report import Checked, Mode, Report, Verdict, in_order, merge_reports
from sessionfs.verify.session import verify_session, verify_tree

__all__ = [
    "MAX_FINDINGS",
    "Checked",
    "Each",
    "Mode",
    "Place",
    "Report",
    "Verdict",
    "in_order",
    "merge_reports",
    "verify_archive",
    "verify_session",
    "verify_tree",
]
