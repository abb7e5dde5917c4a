"""Which message wrote a line: from tool calls, commits and the versions of a file, by content.

`calls` makes edits of tool calls, `lines` replays them on a text, `trace` follows the lines of
a file through its versions; `roots` finds the file that a call means; `trailers` and `notes`
read what commits say of sessions. Everything here is a pure function.
"""
