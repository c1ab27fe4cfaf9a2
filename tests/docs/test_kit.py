"""The examples of docs/connectors/kit.md do what the page shows, and the page names what the kit has."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

import pytest

from kontobro.erp.kit import checks

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "connectors" / "kit.md").read_text(encoding="utf-8")


def test_the_examples_give_what_the_page_shows(tmp_path: Path) -> None:
    (toml,) = re.findall(r"^```toml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    file = tmp_path / "masters.toml"
    file.write_text(toml, encoding="utf-8")
    examples = "\n".join(re.findall(r"^```pycon\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))
    test = doctest.DocTestParser().get_doctest(examples, {"file": file}, "kit.md", None, 0)
    said: list[str] = []
    outcome = doctest.DocTestRunner().run(test, out=said.append)
    assert outcome.failed == 0, "".join(said)
    assert outcome.attempted > 35


@pytest.mark.parametrize("name", [name for name in vars(checks) if name.startswith("check_")])
def test_the_page_names_every_check(name: str) -> None:
    assert f"`{name}`" in PAGE


def test_the_page_names_every_module() -> None:
    modules = {path.stem for path in (ROOT / "src/kontobro/erp/kit").glob("*.py")} - {
        "__init__",
        "guard",
        "registration",
    }
    assert set(re.findall(r"^\| `kit\.(\w+)`", PAGE, re.MULTILINE)) == modules
