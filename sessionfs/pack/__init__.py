"""Packs: sessions in one file, a tar of one spelling, which may be compressed.

`writing` makes them, `opening` reads them: as a tree, or forward as they come. `ustar` is the
header of a member, `members` the tar, `frames` the compressed form, `limits` what a reader takes,
`access` and `tree` are a pack that is read where it stands.
"""

from sessionfs.pack.frames import Each, one_by_one
from sessionfs.pack.limits import Limits
from sessionfs.pack.opening import open_stream, open_tree
from sessionfs.pack.tree import Pack, PackTree
from sessionfs.pack.writing import Packed, PackWriter

__all__ = [
    "Each",
    "Limits",
    "Pack",
    "PackTree",
    "PackWriter",
    "Packed",
    "one_by_one",
    "open_stream",
    "open_tree",
]
