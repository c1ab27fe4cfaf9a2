"""The code of `kontobro connector new`: that of docs/connectors/writing-one.md, under names to be filled in.

So the page explains what the package holds, and both are tried by the same tests. `make fix` renews it.
"""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "connectors" / "writing-one.md"
TEMPLATE = ROOT / "src" / "kontobro" / "cli" / "connector" / "template"
BLOCK = re.compile(r"^```python\n# (?P<path>[\w/]+\.py)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)

PLACES = {
    "our_erp/__init__.py": "{{ module }}/__init__.py.jinja",
    "our_erp/books.py": "{{ module }}/books.py.jinja",
    "our_erp/connector.py": "{{ module }}/connector.py.jinja",
    "test_our_erp.py": "tests/test_{{ module }}.py.jinja",
}
"""The page's files that are part of the package; the others are there to explain something."""

NAMES = {"our_erp": "{{ module }}", "our-erp": "{{ package }}", "Our ERP": "{{ label }}"}


def blocks(page: Path = PAGE) -> dict[str, str]:
    """A page's code by file; blocks of one file are put together in their order."""
    files: dict[str, str] = {}
    for block in BLOCK.finditer(page.read_text(encoding="utf-8")):
        before = files.get(block["path"], "")
        files[block["path"]] = f"{before}\n\n{block['body']}" if before else block["body"]
    return files


def template() -> dict[Path, str]:
    """Each file of the template that comes from the page, as it should be. Raises ValueError for signs of Jinja's."""
    found = blocks()
    return {TEMPLATE / place: _with_places(path, found[path]) for path, place in PLACES.items()}


def stale() -> list[str]:
    """The files that are not as the page has them."""
    return [
        str(file.relative_to(ROOT))
        for file, text in template().items()
        if not file.is_file() or file.read_text(encoding="utf-8") != text
    ]


def renew() -> None:
    for file, text in template().items():
        file.write_text(text, encoding="utf-8")


def _with_places(path: str, code: str) -> str:
    if sign := re.search(r"\{\{|\{%|\{#", code):
        raise ValueError(f"{PAGE.name}: {path} has {sign[0]}, which a template would read: write it otherwise")
    for name, place in NAMES.items():
        code = code.replace(name, place)
    return code
