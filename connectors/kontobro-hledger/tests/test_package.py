"""The package as Kontobro finds it."""

from __future__ import annotations

import ast
import sys
import tomllib
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from kontobro.erp.registry import Registry

PACKAGE = Path(__file__).resolve().parent.parent


def test_the_entry_point_lists_it_beside_the_others(tmp_path: Path, options, monkeypatch) -> None:
    project = tomllib.loads((PACKAGE / "pyproject.toml").read_text())["project"]
    ((name, target),) = project["entry-points"]["kontobro.connectors"].items()
    metadata = tmp_path / "kontobro_hledger-0.1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: 0.1.0\n")
    (metadata / "entry_points.txt").write_text(f"[kontobro.connectors]\n{name} = {target}\n")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    registry = Registry()
    assert "hledger" in registry.names()
    assert (registry.label("hledger"), registry.package("hledger")) == ("hledger", "kontobro-hledger")
    assert registry.load("hledger", options).check().name == "Fjord & Bro ApS"


def test_listing_it_loads_no_library() -> None:
    entry = EntryPoint("hledger", "kontobro_hledger:CONNECTOR", "kontobro.connectors")
    assert {option.kind for option in entry.load().options} == {"path"}


def test_it_needs_what_the_docs_describe_and_nothing_else() -> None:
    trees = [ast.parse(file.read_text()) for file in (PACKAGE / "kontobro_hledger").glob("*.py")]
    froms = [node.module or "" for tree in trees for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    needed = {name for name in froms if name.startswith("kontobro.")}
    assert len(needed) > 5
    assert [name for name in needed if not name.startswith(("kontobro.core.", "kontobro.erp.kit"))] == []


@pytest.mark.parametrize("option", ["journal", "masters"])
def test_its_readme_explains_each_option(option: str) -> None:
    assert f"| `{option}` |" in (PACKAGE / "README.md").read_text()
