"""The walls of the house: who may import whom, how long a file or a function may be."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FOLDERS = ("genesis_sql", "udfs", "migrations", "reference_data", "benchmarks", "tests")

STAGES = {
    **dict.fromkeys(
        (
            "errors",
            "types",
            "sqlbuild",
            "refdata",
            "migrations",
            "reference_data",
            "interrupt",
            "jobs",
            "progress",
        ),
        -1,
    ),
    **{"program": 0, "introspect": 1, "graph": 2, "encoders": 3, "models": 4, "plan": 5},
    **{
        "udfs": 6,
        "store": 7,
        "actions": 8,
        "evaluate": 9,
        "privacy": 10,
        "report": 11,
        "reference": 12,
        "profiles": 13,
        "domains": 14,
        "providers": 14,
        "scenarios": 14,
        "language": 14,
        "drafts": 15,
        "reads": 15,
        "effects": 15,
        "transactions": 15,
        "background": 15,
        "measuring": 16,
        "referencing": 17,
        "specifying": 18,
        "filling": 18,
        "delivering": 18,
        "verbs": 19,
        "session": 20,
        "doors": 21,
        "measure_doors": 22,
        "reference_doors": 22,
        "profile_doors": 23,
        "schema_doors": 24,
        "delivery_doors": 23,
    },
    **dict.fromkeys(("journeys", "engines"), 24),
    **dict.fromkeys(("cli", "dialect", "compat"), 25),
    **{"public": 26, "__init__": 26, "__main__": 26},
    **dict.fromkeys(("dbt_plugin", "pytest_plugin"), 27),  # they use the public names alone
}
"""Stage by file or folder name; -1 is a leaf: all may import it, it imports leaves."""

CLOSED = {("plan", "models"): "a step names a model by its id"}
"""Imports the numbers would allow."""

MAX_FILE, MAX_FUNCTION = 500, 60
LONG: dict[str, str] = {}
"""What may be longer, 'path' or 'path::function', each with its reason."""


def _files(*folders: str) -> list[Path]:
    return [p for folder in folders for p in sorted((ROOT / folder).rglob("*.py"))]


def _stage(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return parts[1] if parts[0] == "genesis_sql" else parts[0]


def _imported(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and stage of each import from this package; '..' is one past its own folder."""
    typing = {id(n) for block in ast.walk(tree) if _for_types(block) for n in ast.walk(block)}
    for node in ast.walk(tree):
        names: list[str] = []
        if id(node) in typing:  # a name for annotations, nothing is imported when the code runs
            continue
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level > 1:
            yield node.lineno, ".."
        for name in names:
            package, _, rest = name.partition(".")
            if package == "genesis_sql":
                stage = rest.split(".")[0]
                known = stage in STAGES or (stage and _exists(stage))
                yield node.lineno, stage if known else "__init__"


def _for_types(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.If)
        and isinstance(node.test, ast.Name)
        and node.test.id == "TYPE_CHECKING"
    )


def _exists(stage: str) -> bool:
    return any((ROOT / "genesis_sql" / name).exists() for name in (stage, f"{stage}.py"))


def _wrong_imports(path: Path) -> Iterator[str]:
    own = _stage(path)
    if own not in STAGES:
        yield f"{path.relative_to(ROOT)}: give '{own}' its number in STAGES"
        return
    for line, other in _imported(ast.parse(path.read_text(encoding="utf-8"))):
        downwards = STAGES.get(other, 99) < STAGES[own] or STAGES.get(other) == STAGES[own] == -1
        closed = (own, other) in CLOSED or (other == "udfs" != own)
        if other != own and (closed or not downwards):
            yield f"{path.relative_to(ROOT)}:{line}: {own} may not import {other}"


def _too_long(path: Path) -> Iterator[str]:
    name, text = path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")
    if (lines := len(text.splitlines())) > MAX_FILE and name not in LONG:
        yield f"{name}: {lines} lines, {MAX_FILE} are allowed"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > MAX_FUNCTION and f"{name}::{node.name}" not in LONG:
                yield f"{name}::{node.name}: {lines} lines, {MAX_FUNCTION} are allowed"


def test_imports_point_one_way() -> None:
    files = _files("genesis_sql", "udfs", "migrations", "reference_data")
    assert len(files) > 10
    assert [text for path in files for text in _wrong_imports(path)] == []


def test_files_and_functions_are_short() -> None:
    assert [text for path in _files(*FOLDERS) for text in _too_long(path)] == []


def test_every_exception_to_length_has_a_reason_and_is_needed() -> None:
    for name, reason in LONG.items():
        assert reason, name
        assert (ROOT / name.partition("::")[0]).exists(), name


def test_no_folder_for_odds_and_ends() -> None:
    banned = {"common", "utils", "util", "helpers", "misc"}
    found = {p.relative_to(ROOT) for p in _files(*FOLDERS) if banned & {*p.parts, p.stem}}
    assert found == set()


@pytest.mark.parametrize(
    ("path", "line", "wrong"),
    [
        ("genesis_sql/graph/x.py", "from genesis_sql.introspect.y import z", False),
        ("genesis_sql/graph/x.py", "from genesis_sql import types", False),
        ("genesis_sql/graph/x.py", "from .order import z", False),
        ("genesis_sql/graph/x.py", "def f():\n    from genesis_sql.store import y", True),
        ("genesis_sql/graph/x.py", "from genesis_sql import connect", True),
        ("genesis_sql/graph/x.py", "from ..models import y", True),
        ("genesis_sql/plan/x.py", "import genesis_sql.models.trees", True),
        ("genesis_sql/errors.py", "from genesis_sql.program import y", True),
        ("genesis_sql/session.py", "import genesis_sql.udfs", True),
        ("udfs/x.py", "from genesis_sql.store import y", True),
        ("udfs/x.py", "from genesis_sql.session import y", True),
        ("udfs/x.py", "from genesis_sql.udfs.y import z", False),
    ],
)
def test_the_test_sees_a_wrong_import(
    path: str, line: str, wrong: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.modules[__name__], "ROOT", tmp_path)
    file = tmp_path / path
    file.parent.mkdir(parents=True)
    file.write_text(line)
    assert bool(list(_wrong_imports(file))) == wrong
