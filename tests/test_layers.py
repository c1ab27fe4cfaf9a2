"""What import-linter can't say: the core imports the standard library and itself, and nothing else."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
CORE = sorted((ROOT / "src" / "kontobro" / "core").glob("**/*.py"))


def imported(path: Path) -> set[str]:
    """The modules that a file imports, whole names."""
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    return names | {node.module or "." for node in nodes if isinstance(node, ast.ImportFrom)}


@pytest.mark.parametrize("path", CORE, ids=lambda path: path.stem)
def test_the_core_imports_the_standard_library_and_itself(path: Path) -> None:
    foreign = {name for name in imported(path) if name.split(".")[0] not in sys.stdlib_module_names}
    assert all(name == "kontobro.core" or name.startswith("kontobro.core.") for name in foreign), foreign


def test_the_core_was_found() -> None:
    assert {"export", "journal", "connector"} <= {path.stem for path in CORE}
