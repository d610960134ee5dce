"""The rules of the house, held by reading the sources: who may import whom, what an import costs, what is public.

The layers, from the front doors down, are a table (`LAYERS`); the reader of imports (`imports_of`) and the judge
(`faults_of`) are tried on made-up sources first, so that a clean verdict on the package means something.

pytest is met in two rooms: `pytest_plugin`, which every pytest run loads and which therefore loads nothing itself, and
`pytest_shim`, which does the work and is loaded by the former when something async is met.
"""

from __future__ import annotations

import ast
import configparser
import gc
import importlib
import inspect
import json
import subprocess
import sys
import unittest
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

PACKAGE: Final = "asynctestkit"
ROOT: Final = Path(__file__).resolve().parents[1]
HOUSE: Final = ROOT / PACKAGE
LONGEST_FILE: Final = 500
PYTEST: Final = frozenset(("pytest", "_pytest"))
PLUGIN: Final = "pytest_plugin"
SHIM: Final = "pytest_shim"


@dataclass(frozen=True)
class Layer:
    """Rooms on one level. A room is a module of the package, or a folder with all that is in it."""

    rooms: frozenset[str]
    share: bool = False
    """Whether the rooms may import one another."""


LAYERS: Final = (
    Layer(
        frozenset(
            (
                "__init__",
                "__main__",
                "assertions",
                "case",
                "checking",
                "contexts",
                "class_hooks",
                "declaration",
                "decorators",
                "examples",
                "functions",
                "outside",
                "plain",
                "running",
                "suite",
                PLUGIN,
                SHIM,
            )
        ),
        share=True,
    ),
    Layer(frozenset(("harness", "checked", "limited", "placed", "guard", "limits")), share=True),
    Layer(frozenset(("fixtures", "checks", "loops"))),
    Layer(frozenset(("signals", "values"))),
    Layer(frozenset(("report",))),
)
"""From the top; a room imports from its own and from lower layers."""


@dataclass(frozen=True)
class Import:
    """One imported module, absolute; `typing` tells that only type checkers follow it."""

    module: str
    line: int
    typing: bool


def imports_of(source: str, *, path: Sequence[str], modules: frozenset[str]) -> Iterator[Import]:
    """Yield what the file at `path` inside the package imports, wherever in the file it does.

    Args:
        source: Text of the file.
        path: Its parts below the package: `("loops", "host.py")`.
        modules: Absolute names of the package's modules: what `from x import y` names is a module if it is in here.
    """
    tree = ast.parse(source)
    guarded = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING")
        for statement in node.body
        for inner in ast.walk(statement)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            targets = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            start = _start(node, path)
            names = [f"{start}.{alias.name}" for alias in node.names]
            targets = [name if name in modules else start for name in names]
        else:
            continue
        for target in dict.fromkeys(targets):
            yield Import(target, node.lineno, id(node) in guarded)


def _start(node: ast.ImportFrom, path: Sequence[str]) -> str:
    """Return the absolute name of the module that `from ... import` names."""
    if node.level == 0:
        return node.module or ""
    package = [PACKAGE, *path[:-1]]
    package = package[: len(package) - (node.level - 1)]
    return ".".join([*package, *([node.module] if node.module else [])])


def faults_of(source: str, *, path: Sequence[str], modules: frozenset[str]) -> list[str]:
    """Return one line for each import in the file that the house forbids."""
    room = path[0].removesuffix(".py")
    place = "/".join(path)
    if _level(room) is None:
        return [f"{place}: no layer has a room {room!r}"]
    faults = []
    for found in sorted(imports_of(source, path=path, modules=modules), key=lambda found: found.line):
        if room == "__init__" and found.typing:
            continue
        if (fault := _fault(room, found.module)) is not None:
            faults.append(f"{place}:{found.line}: {fault}")
    return faults


def _fault(room: str, module: str) -> str | None:
    top, _, rest = module.partition(".")
    if top != PACKAGE:
        if top in sys.stdlib_module_names or (room in (PLUGIN, SHIM) and top in PYTEST):
            return None
        return f"{module} is not in the standard library"
    target = rest.partition(".")[0] or "__init__"
    own, other = _level(room), _level(target)
    if other is None:
        return f"no layer has a room {target!r}"
    if room == target or own is None or own < other:
        return None
    if own == other:
        return None if LAYERS[own].share else f"{room} imports {target} beside it"
    return f"{room} imports {target} above it"


def _level(room: str) -> int | None:
    return next((number for number, layer in enumerate(LAYERS) if room in layer.rooms), None)


def sources() -> dict[tuple[str, ...], str]:
    """Return the text of every file of the package by its path below the package."""
    return {file.relative_to(HOUSE).parts: file.read_text(encoding="utf-8") for file in sorted(HOUSE.rglob("*.py"))}


def module_name(path: Sequence[str]) -> str:
    """Return the absolute name of the module at `path` below the package."""
    parts = [PACKAGE, *path[:-1], path[-1].removesuffix(".py")]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def answer_of(program: str, *arguments: str) -> Any:
    """Run `program` in a bare interpreter that finds nothing but the standard library and the repository."""
    prelude = f"import json, sys; sys.dont_write_bytecode = True; sys.path.insert(0, {str(ROOT)!r})\n"
    command = [sys.executable, "-I", "-S", "-c", prelude + program, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise AssertionError(f"exit code {done.returncode}\n{done.stderr}")
    return json.loads(done.stdout)


class LayerReaderTest(unittest.TestCase):
    """The reader and the judge, on made-up files."""

    maxDiff = None
    modules = frozenset(
        f"{PACKAGE}{name}"
        for name in ("", ".case", ".harness", ".values", ".loops", ".loops.host", ".loops.sub", ".checks", ".report")
    )

    def faults(self, path: str, source: str) -> list[str]:
        return faults_of(source, path=path.split("/"), modules=self.modules)

    def test_downwards_is_allowed(self) -> None:
        """Each layer may import from every lower one, absolutely and relatively, modules and names."""
        source = "from asynctestkit.harness import run\nfrom .loops import host\nfrom . import values\nimport os.path\n"
        self.assertEqual(self.faults("case.py", source), [])

    def test_own_room_is_allowed(self) -> None:
        """Files of one folder may import one another."""
        self.assertEqual(self.faults("loops/host.py", "from . import current\nfrom .current import replace\n"), [])

    def test_front_doors_may_meet(self) -> None:
        """The front doors are one layer whose rooms import each other."""
        self.assertEqual(self.faults("case.py", "from .class_hooks import install\nimport asynctestkit\n"), [])

    def test_upwards_is_refused(self) -> None:
        """Every way to write an import from a higher layer is seen."""
        written = {
            "from asynctestkit.case import AsyncTestCase": "loops imports case above it",
            "import asynctestkit.harness": "loops imports harness above it",
            "import asynctestkit": "loops imports __init__ above it",
            "from asynctestkit import UsageError": "loops imports __init__ above it",
            "from .. import harness": "loops imports harness above it",
            "from ..harness import run": "loops imports harness above it",
            "def late():\n    from asynctestkit import case": "loops imports case above it",
            "if TYPE_CHECKING:\n    from ..harness import run": "loops imports harness above it",
            "try:\n    import json\nexcept ImportError:\n    from .. import case": "loops imports case above it",
        }
        found = {
            source: [fault.partition(": ")[2] for fault in self.faults("loops/host.py", source)] for source in written
        }
        self.assertEqual(found, {source: [fault] for source, fault in written.items()})

    def test_sideways_is_refused(self) -> None:
        """Fixtures, checks and loops do not import each other."""
        self.assertEqual(
            self.faults("checks/tasks.py", "import json\n\nfrom ..loops.host import HostTask\n"),
            ["checks/tasks.py:3: checks imports loops beside it"],
        )

    def test_a_deeper_folder_belongs_to_its_room(self) -> None:
        """A file's first folder says where it lives, and relative imports count from the file."""
        self.assertEqual(
            self.faults(
                "loops/sub/file.py", "from ...report import text\nfrom .. import host\nfrom ...case import x\n"
            ),
            ["loops/sub/file.py:3: loops imports case above it"],
        )

    def test_an_unknown_room_is_refused(self) -> None:
        """A new file needs a place in the table, and so does what is imported."""
        self.assertEqual(self.faults("extra.py", ""), ["extra.py: no layer has a room 'extra'"])
        self.assertEqual(self.faults("case.py", "from .extra import x"), ["case.py:1: no layer has a room 'extra'"])

    def test_the_root_may_import_for_type_checkers(self) -> None:
        """`__init__` shows type checkers what it offers lazily; that alone is exempt, and there alone."""
        source = "if TYPE_CHECKING:\n    import attr\nelse:\n    import yaml\n"
        self.assertEqual(self.faults("__init__.py", source), ["__init__.py:4: yaml is not in the standard library"])

    def test_pytest_is_met_in_the_plugin_only(self) -> None:
        """Nobody else imports it, not even for its types."""
        source = "if TYPE_CHECKING:\n    import pytest\nfrom _pytest import nodes\n"
        self.assertEqual(self.faults("pytest_plugin.py", source), [])
        self.assertEqual(self.faults("pytest_shim/items.py", source), [])
        self.assertEqual(
            self.faults("report/text.py", source),
            [
                "report/text.py:2: pytest is not in the standard library",
                "report/text.py:3: _pytest is not in the standard library",
            ],
        )


class SourceTest(unittest.TestCase):
    """The files of the package."""

    maxDiff = None

    def setUp(self) -> None:
        """Collect no garbage meanwhile: the parser of 3.11 fails where a finaliser tells of itself with a traceback."""
        gc.disable()
        self.addCleanup(gc.enable)

    def test_imports_point_downwards(self) -> None:
        """No file imports from above, from beside, or from outside the standard library."""
        files = sources()
        modules = frozenset(map(module_name, files))
        faults = [fault for path, text in files.items() for fault in faults_of(text, path=path, modules=modules)]
        self.assertEqual(faults, [])

    def test_files_are_short(self) -> None:
        """No file has more than 500 lines."""
        lengths = {"/".join(path): len(text.splitlines()) for path, text in sources().items()}
        self.assertEqual({path: length for path, length in lengths.items() if length > LONGEST_FILE}, {})

    def test_modules_say_what_they_are_for(self) -> None:
        """Every file begins with a docstring."""
        silent = ["/".join(path) for path, text in sources().items() if not ast.get_docstring(ast.parse(text))]
        self.assertEqual(silent, [])

    def test_setup_cfg_says_how_the_project_is_checked_only(self) -> None:
        """What the package is stands in pyproject.toml alone."""
        config = configparser.ConfigParser()
        config.read(ROOT / "setup.cfg", encoding="utf-8")
        self.assertNotEqual(config.sections(), [])
        metadata = [name for name in config.sections() if name == "metadata" or name.startswith("options")]
        self.assertEqual(metadata, [])


# What lies beside `os` came with the interpreter, also where its list of standard modules leaves it out: a build makes
# modules of its own. Site-packages are not on the path.
LOADED: Final = f"""
import importlib, os
before = set(sys.modules)
for name in sys.argv[1:]:
    importlib.import_module(name)
tops = {{name.partition(".")[0] for name in set(sys.modules) - before}} - sys.stdlib_module_names - {{{PACKAGE!r}}}
home = os.path.dirname(os.__file__)
files = {{name: getattr(sys.modules.get(name), "__file__", None) for name in tops}}
print(json.dumps(sorted(name for name, file in files.items() if file is None or os.path.dirname(file) != home)))
"""

LAZY: Final = f"""
before = set(sys.modules)
import {PACKAGE}
print(json.dumps(sorted(name for name in set(sys.modules) - before if name.partition(".")[0] in sys.argv[1:])))
"""

STAR: Final = f"""
space = {{}}
exec("from {PACKAGE} import *", space)
print(json.dumps(sorted(set(space) - {{"__builtins__"}})))
"""

LISTED: Final = f"""
import {PACKAGE}
print(json.dumps([name for name in dir({PACKAGE}) if not name.startswith("_")]))
"""


class ImportTest(unittest.TestCase):
    """What happens when the package is imported, in interpreters that see nothing but it and the standard library."""

    maxDiff = None

    def test_needs_the_standard_library_only(self) -> None:
        """Every module that does not meet pytest imports under `python -I -S` and loads nothing from elsewhere."""
        names = [module_name(path) for path in sources() if path[0] not in (f"{PLUGIN}.py", SHIM)]
        self.assertEqual(answer_of(LOADED, *names), [])

    def test_alone_loads_neither_asyncio_nor_unittest(self) -> None:
        """`import asynctestkit` costs next to nothing until a name is asked for."""
        self.assertEqual(answer_of(LAZY, "asyncio", "unittest"), [])

    def test_star_import_binds_what_is_public(self) -> None:
        """`from asynctestkit import *` binds `__all__`, no more and no less."""
        self.assertEqual(answer_of(STAR), sorted(public_names()))

    def test_dir_lists_what_is_public(self) -> None:
        """Before anything is loaded, `dir(asynctestkit)` shows every public name and no other."""
        self.assertEqual(answer_of(LISTED), sorted(public_names()))


class PublicNamesTest(unittest.TestCase):
    """The names that the package root offers."""

    maxDiff = None

    def test_all_is_sorted_and_free_of_doubles(self) -> None:
        """`__all__` names something, each thing once, in alphabetical order."""
        names = public_names()
        self.assertNotEqual(names, [])
        self.assertEqual(names, sorted(set(names)))

    def test_type_checkers_see_what_is_public(self) -> None:
        """The imports under TYPE_CHECKING in `__init__`, which name what is lazy, bind all of `__all__`."""
        self.assertEqual(sorted(typed_names(sources()["__init__.py",])), _imported(public_names()))

    def test_each_resolves_to_itself(self) -> None:
        """Every name gives one and the same object each time."""
        package = importlib.import_module(PACKAGE)
        changing = [name for name in public_names() if getattr(package, name) is not getattr(package, name)]
        self.assertEqual(changing, [])

    def test_none_looks_like_a_test(self) -> None:
        """No name would be collected as a test from a module that imports it."""
        self.assertEqual([name for name in public_names() if name.lower().startswith("test")], [])

    def test_an_unknown_name_is_an_attribute_error(self) -> None:
        """Asking for what does not exist says so in the standard words."""
        package = importlib.import_module(PACKAGE)
        with self.assertRaisesRegex(AttributeError, "module 'asynctestkit' has no attribute 'no_such_name'"):
            package.no_such_name  # asking is the test

    def test_each_is_documented(self) -> None:
        """Public functions, classes, and the public methods that classes define have docstrings."""
        package = importlib.import_module(PACKAGE)
        self.assertEqual([place for name in public_names() for place in undocumented(name, getattr(package, name))], [])


def public_names() -> list[str]:
    """Return the package's `__all__`."""
    return list(importlib.import_module(PACKAGE).__all__)


def _imported(names: list[str]) -> list[str]:
    return sorted(name for name in names if not name.startswith("__"))


def typed_names(source: str) -> list[str]:
    """Return the names that a file binds by imports under TYPE_CHECKING."""
    return [
        alias.asname or alias.name
        for node in ast.parse(source).body
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")
        for statement in node.body
        if isinstance(statement, ast.ImportFrom)
        for alias in statement.names
    ]


def undocumented(name: str, thing: object) -> list[str]:
    """Return `name`, and `name.method` for public methods, wherever a docstring is missing."""
    if not inspect.isroutine(thing) and not inspect.isclass(thing):
        return []
    missing = [] if thing.__doc__ else [name]
    if inspect.isclass(thing):
        for attribute, value in vars(thing).items():
            method = getattr(value, "__func__", value)
            if not attribute.startswith("_") and (inspect.isfunction(method) or isinstance(method, property)):
                missing += [] if method.__doc__ else [f"{name}.{attribute}"]
    return missing


if __name__ == "__main__":
    unittest.main()
