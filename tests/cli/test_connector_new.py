"""`kontobro connector new`: the package that it writes installs, is found, and its own suite passes at once."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from kontobro.cli.app import app

ROOT = Path(__file__).resolve().parents[2]


def new(*words: str) -> Result:
    return CliRunner().invoke(app, ["connector", "new", *words])


def python(folder: Path, *words: str, path: Path) -> subprocess.CompletedProcess[str]:
    variables = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(path)])}
    return subprocess.run(
        [sys.executable, *words], cwd=folder, capture_output=True, text=True, env=variables, timeout=300, check=False
    )


@pytest.mark.slow
@pytest.mark.kill
def test_the_package_installs_is_found_and_its_own_suite_passes(tmp_path: Path) -> None:
    folder, site = tmp_path / "kontobro-north_wind", tmp_path / "site"
    result = new("north-wind", "--into", str(folder), "--label", "North Wind 365")
    assert result.exit_code == 0, result.output
    offline = ("--no-index", "--no-build-isolation", "--no-deps", "--quiet", "--disable-pip-version-check")
    built = python(tmp_path, "-m", "pip", "install", *offline, "--target", str(site), str(folder), path=site)
    assert built.returncode == 0, built.stderr
    listed = "from kontobro.erp.registry import Registry as R; print(R().label('north-wind'), R().faults())"
    assert python(tmp_path, "-c", listed, path=site).stdout == "North Wind 365 []\n"
    ran = python(folder, "-m", "pytest", "-p", "no:cacheprovider", path=site)  # whole exports too
    assert ran.returncode == 0, ran.stdout[-5000:]
    assert " passed" in ran.stdout
    assert "failed" not in ran.stdout


def test_what_it_writes_is_all_there(tmp_path: Path) -> None:
    assert new("visma", "--into", str(tmp_path / "p")).exit_code == 0
    written = {str(file.relative_to(tmp_path / "p")) for file in (tmp_path / "p").rglob("*") if file.is_file()}
    module = {f"kontobro_visma/{name}.py" for name in ("__init__", "books", "connector")}
    others = {"pyproject.toml", "README.md", ".gitignore", ".github/workflows/test.yml", "tests/test_kontobro_visma.py"}
    assert written == module | others
    for name in written:
        text = (tmp_path / "p" / name).read_text(encoding="utf-8")
        assert "our_erp" not in text.lower().replace(" ", "_")
        assert "{{" not in text.replace("${{", "")
    assert "${{ matrix.python }}" in (tmp_path / "p" / ".github" / "workflows" / "test.yml").read_text()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["Visma"], "not a valid name"),
        (["a:b"], "not a valid name"),
        (["../x"], "not a valid name"),
        (["odoo"], "one of Kontobro's own"),
        (["visma", "--label", 'A"B'], "without quotes"),
        (["visma", "--label", "A\nB"], "without quotes"),
    ],
)
def test_a_name_that_can_not_be_registered_is_refused(tmp_path: Path, words: list[str], said: str) -> None:
    result = new(*words, "--into", str(tmp_path / "p"))
    assert (result.exit_code, said in " ".join(result.output.split())) == (3, True), result.output
    assert not (tmp_path / "p").exists()


def test_a_folder_that_is_not_empty_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    result = new("visma", "--into", str(tmp_path))
    assert result.exit_code == 3
    assert "already exists" in result.output
    assert [file.name for file in tmp_path.iterdir()] == ["notes.txt"]
