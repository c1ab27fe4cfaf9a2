"""The pages on problems, settings and hooks say what the code does."""

from __future__ import annotations

import ast
import dataclasses
import datetime as dt
import re
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest

from kontobro.core.errors import ItemFailure, Problem
from kontobro.core.model.export import ExportItem
from kontobro.core.model.settings import RowOverride, Settings
from kontobro.core.rules.post import post_item
from kontobro.core.rules.text import FIELD_LIMIT, FIELDS, TEXT_LIMIT
from kontobro.core.settings.toml import LIMITS, settings_from
from kontobro.core.words import catalogue
from kontobro.testing.factories import a_line, an_item, masters, settings
from scripts.docs_from_code import renewed

DOCS = Path(__file__).parents[2] / "docs"
SOURCE = Path(__file__).parents[2] / "src" / "kontobro"


def page(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def table(text: str) -> dict[str, list[str]]:
    """The rows of the page's tables by the name in their first column."""
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line[:3] == "| `"]
    return {row[0].strip("`"): row[1:] for row in rows}


def test_every_problem_code_is_explained_with_the_reason_that_pleo_is_told() -> None:
    known = catalogue().reasons
    for line in page("problems.md").splitlines():
        for code, cells in table(line).items():
            reasons = {told for name, told in known.items() if name.partition(".")[0] == code}
            if len(cells) == 3:  # a sync tells Pleo nothing
                assert cells[-1].strip("`") in reasons, code
    assert set(table(page("problems.md"))) == {name.partition(".")[0] for name in known}


def sources_of(package: str) -> list[Path]:
    """The source files of a package, or of a single module."""
    path = SOURCE / package
    return [path] if path.is_file() else sorted(path.rglob("*.py"))


def codes_in(*packages: str) -> set[str]:
    """The problem codes that a package's source writes out: first argument or `code` of a call that makes a problem."""
    codes = set()
    for package in packages:
        for source in sources_of(package):
            for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("problem", ".fail", ".of")):
                    named = [
                        part.value for arg in node.args[:1] for part in ast.walk(arg) if isinstance(part, ast.Constant)
                    ]
                    codes |= {name.partition(".")[0] for name in named if isinstance(name, str)}
    return codes & set(table(page("problems.md")))


@pytest.mark.parametrize(
    ("headings", "packages"),
    [
        (("Export: items, receipts and bookings", "Master data: what Pleo refuses"), ("export", "pleo")),
        (("Beancount: what the ledger refuses",), ("erp/beancount",)),
        (("Odoo: what it refuses",), ("erp/odoo",)),
        (("Tryton: what it refuses",), ("erp/tryton",)),
    ],
)
def test_the_codes_of_the_other_layers_are_explained(headings: tuple[str, ...], packages: tuple[str, ...]) -> None:
    """A connector says what it makes itself, and of the kit's checks those that it uses."""
    own, kit = codes_in(*packages), codes_in("erp/kit")
    shared = {"booking_gone", "not_posted"}  # each connector says it, with the same words
    documents = section_of("Documents")
    assert own
    assert own - shared - documents <= section_of(*headings) <= own | kit
    assert shared <= set(table(page("problems.md")))


def test_the_codes_of_documents_are_explained() -> None:
    """What formats say in codes of the rules and the kit is explained with those."""
    own = codes_in("erp/files", "export/documents")
    assert {code for code in own if code.startswith("document_")} <= section_of("Documents") <= own


def test_the_codes_of_the_kit_are_explained() -> None:
    connectors = ("Beancount: what the ledger refuses", "Odoo: what it refuses", "Tryton: what it refuses")
    assert codes_in("erp/kit") - {"booking_gone"} <= section_of(*connectors)


def section_of(*headings: str) -> set[str]:
    """The codes of these sections, each with a reason of Pleo's."""
    section = "\n".join(page("problems.md").split(f"## {heading}")[1].split("\n## ")[0] for heading in headings)
    assert {cells[-1].strip("`") for cells in table(section).values()} <= set(get_args(ItemFailure))
    return set(table(section))


def test_the_codes_of_a_sync_are_explained() -> None:
    section = page("problems.md").split("## Master data: what a sync leaves as it is")[1].split("\n## ")[0]
    of_plan = {"code_shared", "code_taken", "duplicate_at_pleo", "tax_type_undocumented"}
    of_plan |= {"vendor_conflict", "vendor_known", "vendor_same_name"}
    assert of_plan <= codes_in("core")
    assert set(table(section)) == codes_in("sync") | of_plan


def test_the_tables_of_the_settings_page_are_those_of_the_catalogue() -> None:
    text = page("settings.md")
    assert renewed(text) == text, "run: make fix"
    assert renewed(text.replace("| `wallet` |", "| `purse` |", 1)) == text


def test_every_setting_and_row_key_is_on_the_page() -> None:
    settings_part, rows_part = page("settings.md").split("## Rows of the posting table")
    assert set(table(settings_part)) == {field.name for field in dataclasses.fields(Settings)}
    assert set(table(rows_part)) == {field.name for field in dataclasses.fields(RowOverride)}


@pytest.mark.parametrize("field", dataclasses.fields(Settings), ids=lambda field: field.name)
def test_defaults_and_choices_are_those_of_the_code(field: dataclasses.Field[Any]) -> None:
    takes, default, _ = table(page("settings.md"))[field.name]
    hint = get_type_hints(Settings)[field.name]
    if choices := [choice for choice in get_args(hint) if isinstance(choice, str)]:
        assert re.findall(r"`(\w+)`", takes) == choices
    if field.name in LIMITS:
        assert takes == "{} to {}".format(*LIMITS[field.name])
    if field.default is None:
        assert default.startswith("unset")
    elif field.default is dataclasses.MISSING or field.default == ():
        assert default == "empty"
    else:
        assert default == f"`{str(field.default).lower() if isinstance(field.default, bool) else field.default}`"


def test_the_fields_of_the_description_are_listed() -> None:
    listed = page("settings.md").split("Fields of `description`:")[1].split("Names are cut")[0]
    assert re.findall(r"\{(\w+)\}", listed) == list(FIELDS)
    assert f"cut at {FIELD_LIMIT} characters, the whole text at {TEXT_LIMIT}" in page("settings.md")


def test_the_example_settings_are_right() -> None:
    example = page("settings.md").split("```toml\n")[1].split("```")[0]
    read, problems = settings_from(tomllib.loads(example))
    assert problems == ()
    assert read.rows[1] == RowOverride(type="chargeback", sign="follow")


def test_the_example_hook_does_what_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "fjord_rules.py").write_text(page("hooks.md").split("```python\n")[1].split("```")[0])
    monkeypatch.syspath_prepend(str(tmp_path))
    theirs = settings(hook="fjord_rules:after_rules")

    def accounts(item: ExportItem) -> list[str]:
        booked = post_item(item, theirs, masters(), dt.date(2026, 11, 22))
        return [line.account for entry in booked.entries for line in entry.lines]

    few = an_item(lines=[a_line(account="3600")], attendees=("Bo",))
    assert accounts(few) == ["Expenses:Office", "Assets:Pleo:DKK"]
    assert accounts(replace(few, attendees=("Bo",) * 11)) == ["Expenses:Meals", "Assets:Pleo:DKK"]
    sunday = replace(few, date=dt.datetime(2026, 11, 8, 12, tzinfo=dt.UTC))
    (problem,) = post_item(sunday, theirs, masters(), dt.date(2026, 11, 22)).problems
    assert isinstance(problem, Problem)
    assert problem.code == "fjord_sunday"
