# SPDX-License-Identifier: CC0-1.0
"""Write the conformance vectors: one function a vector, each says what a verifier must find.

`python make.py` writes them beside this file, `python make.py --check` tells whether what
stands there is what would be written. A vector is data for verifiers in any language; this
program only spares us from editing digests by hand, and needs nothing but the blake3 package.
The functions stand in `making`, one module a layer; a long one means that much can go wrong there.
"""

from __future__ import annotations

import sys
from pathlib import Path

from making import (  # noqa: F401  each brings its functions into VECTORS
    derived,
    framing,
    git,
    good,
    history,
    jsontext,
    layout,
    limits,
    messages,
    packs,
    session,
    yamltext,
)
from making.session import VECTORS

HERE = Path(__file__).resolve().parent
KINDS = ("good", "warn", "bad")


def wanted():
    """Every file of every vector, by path."""
    return {
        f"{name}/{path}": content
        for name, make in VECTORS.items()
        for path, content in make().written().items()
    }


def standing():
    return {
        path.relative_to(HERE).as_posix(): path
        for kind in KINDS
        for path in (HERE / kind).rglob("*")
        if path.is_file()
    }


def main(arguments):
    want, stand = wanted(), standing()
    wrong = sorted(
        path
        for path in want.keys() | stand.keys()
        if path not in stand or path not in want or stand[path].read_bytes() != want[path]
    )
    if arguments == ["--check"]:
        for path in wrong:
            print(f"not as make.py would write it: {path}")
        return bool(wrong)
    for path in wrong:
        place = HERE / path
        if path in want:
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(want[path])
        else:
            place.unlink()
    print(f"{len(VECTORS)} vectors, {len(wrong)} files written")
    return False


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
