"""The shape of the code, as CONTRIBUTING.md tells it: who imports whom, who touches the world."""

import ast
import json
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path

import pytest

import sessionfs
from conftest import beside

PACKAGE = Path(sessionfs.__file__).parent
MODULES = {
    ".".join(("sessionfs", *path.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(
        ".__init__"
    ): path
    for path in sorted(PACKAGE.rglob("*.py"))
}
EDGES = ("sessionfs.cli", "sessionfs.disk", "sessionfs.git")
OWNERS = {
    "blake3": "sessionfs.digest",
    "click": "sessionfs.cli",
    "filelock": "sessionfs.disk",
    "jsonschema": "sessionfs.schema",
    "msgspec": "sessionfs.canonical",
    "re2": "sessionfs.redact.patterns",
    "ruamel": "sessionfs.yamltext",
    "ulid": "sessionfs.identity",
    "zstandard": "sessionfs.zstd",
}
LAZY = ("jsonschema", "ruamel", "ulid")
BANNED_WORDS = (
    "utils util helpers helper common misc manager handler processor data info base".split()
)
LONG = 400


def within(module: str, owners: tuple[str, ...]) -> bool:
    return any(module == owner or module.startswith(owner + ".") for owner in owners)


CORE = [name for name in MODULES if not within(name, EDGES)]


def tree(module: str) -> ast.Module:
    return ast.parse(MODULES[module].read_text("utf-8"), str(MODULES[module]))


def imports(module: str) -> Iterator[tuple[str, bool]]:
    """Each imported dotted name, and whether the import runs when the module is imported."""

    def walk(node: ast.AST, *, eager: bool) -> Iterator[tuple[str, bool]]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Import):
                yield from ((alias.name, eager) for alias in child.names)
            elif isinstance(child, ast.ImportFrom):
                yield from ((f"{child.module}.{alias.name}", eager) for alias in child.names)
            elif isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
                yield from walk(child, eager=False)
            else:
                lazy = isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
                yield from walk(child, eager=eager and not lazy)

    return walk(tree(module), eager=True)


def test_import_contracts_hold(root: Path) -> None:
    command = shutil.which("lint-imports", path=str(Path(sys.executable).parent))
    assert command, "import-linter is not installed beside this Python"
    done = subprocess.run(
        [command, "--no-cache", "--config", str(root / "pyproject.toml")],
        capture_output=True,
        text=True,
        check=False,
        cwd=PACKAGE.parent,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_module_has_a_layer(root: Path) -> None:
    """An optional layer, in parentheses, would let a listed module vanish unseen."""
    contracts = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]
    (layers,) = (c["layers"] for c in contracts["contracts"] if c["type"] == "layers")
    listed = {name.strip() for line in layers for name in line.split("|")}
    assert listed == {n.split(".")[1] for n in MODULES if n.count(".")} - {"__main__"}


@pytest.mark.parametrize("module", CORE)
def test_the_core_touches_no_file_and_no_terminal(module: str) -> None:
    """`open` and `print` are builtins: import-linter cannot see them."""
    banned = {"open", "print", "input", "exit", "quit", "breakpoint", "eval", "exec", "compile"}
    calls = [
        f"line {node.lineno}: {node.func.id}()"
        for node in ast.walk(tree(module))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in banned | {"__import__"}
    ]
    assert not calls


@pytest.mark.parametrize("module", [m for m in MODULES if m not in ("sessionfs", *EDGES)])
def test_modules_import_modules_not_the_public_face(module: str) -> None:
    """`from sessionfs import Name` below the edges would be a loop that the layers do not see."""
    names = {name.split(".")[1] for name in MODULES if name.count(".")}
    faces = [
        name
        for name, _ in imports(module)
        if name == "sessionfs"
        or (name.startswith("sessionfs.") and name.split(".")[1] not in names)
    ]
    assert within(module, EDGES) or not faces


def test_each_library_has_one_owner() -> None:
    users: dict[str, set[str]] = {}
    for module in MODULES:
        for name, _ in imports(module):
            library = name.split(".")[0]
            if library not in sys.stdlib_module_names | {"sessionfs", "None"}:
                users.setdefault(library, set()).add(module)
    assert set(users) <= set(OWNERS), "a library without an owner"
    for library, modules in users.items():
        assert all(within(module, (OWNERS[library],)) for module in modules), library


def test_declared_dependencies_are_the_owned_libraries() -> None:
    wanted = distribution("sessionfs-archive").requires or []
    names = {
        re.split(r"[^\w.-]", line)[0].replace(".", "-") for line in wanted if "extra ==" not in line
    }
    renamed = {"google-re2": "re2", "python-ulid": "ulid", "ruamel-yaml": "ruamel"}
    assert {renamed.get(name, name) for name in names} == set(OWNERS)


def test_dependencies_have_lower_bounds_only() -> None:
    for line in distribution("sessionfs-archive").requires or []:
        assert re.fullmatch(r"[\w.-]+>=[\d.]+(; .*)?", line), line


@pytest.mark.parametrize("library", LAZY)
def test_slow_libraries_are_imported_inside_functions(library: str) -> None:
    eager = [
        m for m in MODULES for name, now in imports(m) if now and name.split(".")[0] == library
    ]
    assert not eager


def loaded_after(*arguments: str) -> set[str]:
    """The modules that a `sessionfs` command has loaded when it ends."""
    code = (
        "import sys, json, atexit\n"
        "atexit.register(lambda: print(json.dumps(sorted(sys.modules)), file=sys.stderr))\n"
        "from sessionfs.cli import main\n"
        f"sys.argv = ['sessionfs', *{list(arguments)!r}]\n"
        "main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stderr.splitlines()[-1]))


@pytest.mark.parametrize("argument", ["--help", "--version"])
def test_help_and_version_load_no_slow_library(argument: str) -> None:
    roots = {name.split(".")[0] for name in loaded_after(argument)}
    assert not roots & {*LAZY, "zstandard", "importlib_metadata"}


def test_long_modules_say_why() -> None:
    """The run's header says how long modules are in the median."""
    sizes = {m: len(path.read_text("utf-8").splitlines()) for m, path in MODULES.items()}
    unexcused = {
        module: size
        for module, size in sizes.items()
        if size > LONG
        and not re.search(r"\blong", ast.get_docstring(tree(module)) or "", re.IGNORECASE)
    }
    assert not unexcused, f"over {LONG} lines; say in the docstring why it is long: {unexcused}"


@pytest.mark.parametrize("module", MODULES)
def test_modules_have_names_and_docstrings(module: str) -> None:
    words = re.split(r"[._]", module)
    assert not set(words) & set(BANNED_WORDS)
    assert ast.get_docstring(tree(module))


def test_entry_points_and_types_are_declared() -> None:
    dist = distribution("sessionfs-archive")
    ours = {(e.group, e.name) for e in dist.entry_points}
    assert {("sessionfs.adapters", "claude-code"), ("sessionfs.adapters", "codex")} <= ours
    assert all(entry.load() is not None for entry in dist.entry_points)
    assert (PACKAGE / "py.typed").is_file()


def test_contributing_begins_with_the_layering() -> None:
    text = beside("CONTRIBUTING.md").read_text("utf-8")
    headings = [line for line in text.splitlines() if line.startswith("## ")]
    assert headings[0] == "## Layering"
    layers = re.search(r"```text\n(cli.*?)```", text, re.DOTALL)
    assert layers
    contract = tomllib.loads(beside("pyproject.toml").read_text("utf-8"))
    (listed,) = (
        c["layers"] for c in contract["tool"]["importlinter"]["contracts"] if c["type"] == "layers"
    )
    told = [line.split("  ")[0].strip() for line in layers[1].splitlines() if line[0] != " "]
    assert told == [line.replace("(", "").replace(")", "") for line in listed]
