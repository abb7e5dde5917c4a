"""History: what an archive owes to an earlier form of itself. Pure functions on two trees.

`compare` says which sessions and files to look at, `edition` is a session as one of the two
trees has it; `facts`, `unchanged`, `redacted` and `rewritten` judge what became of its manifest,
of its messages, of what was removed, and of a session that was mapped anew.
"""

from sessionfs.history.compare import compare_archives, compare_sessions, with_history

__all__ = ["compare_archives", "compare_sessions", "with_history"]
