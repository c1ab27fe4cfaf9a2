"""What the documents repeat from the code is as the code has it now."""

from __future__ import annotations

import pytest

from scripts.docs_from_code import PAGES, ROOT, renewed, stale


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_as_the_code_has_it(name: str) -> None:
    assert stale({name: (ROOT / name).read_text(encoding="utf-8")}) == [], "run: make fix"


def test_a_page_that_says_something_else_is_stale_and_renewed() -> None:
    text = (ROOT / "docs/cli.md").read_text(encoding="utf-8")
    old = text.replace("| 0 | OK |", "| 0 | fine |").replace("| `--json` |", "| `--xml` |", 1)
    assert old != text
    assert stale({"docs/cli.md": old}) == ["docs/cli.md"]
    assert renewed(old) == text
