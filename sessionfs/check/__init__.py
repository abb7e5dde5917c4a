"""The rules of messages that no schema can say: of one line, and between lines.

Pure functions on lines and messages; no file is opened here. What a line must be:
`proof` accepts it at once, `explanation` says what is wrong with it. What it must be after
the lines before it: `conversation`. Rules about files stand in `sessionfs.verify`.
"""
