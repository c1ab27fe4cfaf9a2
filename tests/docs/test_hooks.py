"""The package of docs/hooks.md: built from the page's own text, installed, its test run."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "hooks.md").read_text(encoding="utf-8")


def blocks(kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def test_the_package_of_the_page_builds_and_its_test_passes(tmp_path: Path) -> None:
    (project,), (function, test) = blocks("toml"), blocks("python")
    folder, site = tmp_path / "fjord-rules", tmp_path / "site"
    folder.mkdir()
    (folder / "pyproject.toml").write_text(project, encoding="utf-8")
    (folder / "fjord_rules.py").write_text(function, encoding="utf-8")
    tests = tmp_path / "test_fjord_rules.py"
    tests.write_text(test, encoding="utf-8")
    pip = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-build-isolation", "--target", str(site)]
    run([*pip, str(folder)], tmp_path)
    assert (site / "fjord_rules.py").is_file()
    command = (
        f"import sys; sys.path.insert(0, {str(site)!r}); import pytest; sys.exit(pytest.main(['-q', {str(tests)!r}]))"
    )
    assert "1 passed" in run([sys.executable, "-c", command], tmp_path)


def run(command: list[str], folder: Path) -> str:
    done = subprocess.run(command, capture_output=True, text=True, cwd=folder, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
