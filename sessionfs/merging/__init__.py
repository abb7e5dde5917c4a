"""Two forms of one session made one: nothing that either side said is lost.

`relation` tells how their logs belong together, `blending` unites what was redacted on both sides,
`manifests` what people say, `policy` what an archive agrees on, `uniting` writes the session that
has all of it, `merger` decides what becomes of a session of an archive.
"""
