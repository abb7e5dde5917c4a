"""Sessions of AI coding agents as plain-text directories: imported, verified, restored.

Every name below is a verb of the command line or a noun of the specification. They are
imported when they are first used, so that `import sessionfs` costs nothing.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False  # typing itself takes longer to import than all of this
if TYPE_CHECKING:
    from typing import Any

    from sessionfs.api.blame import blame
    from sessionfs.api.bring import ImportReport, Removed, import_logs, init, remove
    from sessionfs.api.change import edit, seal
    from sessionfs.api.commits import log
    from sessionfs.api.give import export_native, native_content
    from sessionfs.api.merge import MergeReport, merge
    from sessionfs.api.packing import pack
    from sessionfs.api.places import open_archive, open_session
    from sessionfs.api.prove import explain, verify
    from sessionfs.api.read import Listed, children, list_sessions
    from sessionfs.api.redact import check_secrets, redact
    from sessionfs.api.setup import GitSetup, git_setup
    from sessionfs.api.unpacking import UnpackReport, unpack
    from sessionfs.api.upkeep import doctor
    from sessionfs.archive import Session
    from sessionfs.disk.archive import Archive
    from sessionfs.errors import Conflict, FormatError, NotFound, SessionfsError
    from sessionfs.importer import Imported
    from sessionfs.merging.merger import Merged
    from sessionfs.model import (
        Data,
        File,
        Finding,
        Manifest,
        Message,
        Summary,
        Text,
        Thinking,
        ToolCall,
        ToolResult,
        Unknown,
    )
    from sessionfs.pack import Limits, Pack, Packed
    from sessionfs.unpacker import Unpacked
    from sessionfs.verify import Report
    from sessionfs.view.upkeep import Checkup

__version__ = "0.1.0"

__all__ = [
    "Archive",
    "Checkup",
    "Conflict",
    "Data",
    "File",
    "Finding",
    "FormatError",
    "GitSetup",
    "ImportReport",
    "Imported",
    "Limits",
    "Listed",
    "Manifest",
    "MergeReport",
    "Merged",
    "Message",
    "NotFound",
    "Pack",
    "Packed",
    "Removed",
    "Report",
    "Session",
    "SessionfsError",
    "Summary",
    "Text",
    "Thinking",
    "ToolCall",
    "ToolResult",
    "Unknown",
    "UnpackReport",
    "Unpacked",
    "blame",
    "check_secrets",
    "children",
    "doctor",
    "edit",
    "explain",
    "export_native",
    "git_setup",
    "import_logs",
    "init",
    "list_sessions",
    "log",
    "merge",
    "native_content",
    "open_archive",
    "open_session",
    "pack",
    "redact",
    "remove",
    "seal",
    "unpack",
    "verify",
]

_HOMES = {
    "api.blame": "blame",
    "api.bring": "ImportReport Removed import_logs init remove",
    "api.change": "edit seal",
    "api.commits": "log",
    "api.give": "export_native native_content",
    "api.merge": "MergeReport merge",
    "api.packing": "pack",
    "api.places": "open_archive open_session",
    "api.prove": "explain verify",
    "api.redact": "check_secrets redact",
    "api.read": "Listed children list_sessions",
    "api.setup": "GitSetup git_setup",
    "api.unpacking": "UnpackReport unpack",
    "api.upkeep": "doctor",
    "archive": "Session",
    "disk.archive": "Archive",
    "errors": "Conflict FormatError NotFound SessionfsError",
    "importer": "Imported",
    "merging.merger": "Merged",
    "model": "Data File Finding Manifest Message Summary Text Thinking ToolCall ToolResult Unknown",
    "pack": "Limits Pack Packed",
    "unpacker": "Unpacked",
    "verify": "Report",
    "view.upkeep": "Checkup",
}
_HOME = {name: f"{__name__}.{home}" for home, names in _HOMES.items() for name in names.split()}


class _Face(type(sys)):  # type: ignore[misc]  # ModuleType, without importing types
    """This package: a verb stays a function when the module of the same name is imported.

    Python binds `sessionfs.verify`, the module, to the package once it is loaded, which
    would hide `sessionfs.verify()`. `from sessionfs.verify import …` finds it all the same.
    """

    def __setattr__(self, name: str, value: object) -> None:
        if name not in _HOME or not isinstance(value, type(sys)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Face


def __getattr__(name: str) -> Any:  # noqa: ANN401  a name's type is told above
    if name not in _HOME:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    from importlib import import_module  # noqa: PLC0415  only who uses a name pays

    value = getattr(import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
