"""The state diagram in the docs is the one that the database holds."""

from __future__ import annotations

import re
from pathlib import Path

from kontobro.store.schema.moves import MOVES

PAGE = Path(__file__).resolve().parents[2] / "docs" / "how-it-works.md"


def test_the_diagram_in_the_docs_is_the_databases() -> None:
    table = PAGE.read_text(encoding="utf-8").split("| from | to |")[1].split("\n\n")[0]
    drawn = {old: set(new.split(", ")) for old, new in re.findall(r"^\| (\w+) \| ([\w, ]+) \|$", table, re.MULTILINE)}
    assert drawn == {old: set(new) for old, new in MOVES.items() if new}
