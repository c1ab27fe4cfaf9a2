"""The posting rules, a case a file: `<case>.json` in (Pleo's own JSON), `<case>.beancount` out.

    KONTOBRO_UPDATE_GOLDEN=1 make test PYTEST_ARGS=tests/golden

writes the outputs again and fails, so that someone reads them before they are believed.
"""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path
from typing import Any

import msgspec
import pytest

from kontobro.core.model.export import ExportItem, MalformedItem
from kontobro.core.rules.post import Posted, post_item
from kontobro.core.rules.table import ROWS
from kontobro.core.settings.toml import settings_from, settings_to
from kontobro.erp.beancount.syntax.render import render_entry
from kontobro.pleo.export.wire import read_item
from kontobro.testing import factories

HERE = Path(__file__).parent
CASES = sorted(HERE.glob("*.json"))
MASTERS = factories.masters()
UPDATE = "KONTOBRO_UPDATE_GOLDEN"


class Case(msgspec.Struct, forbid_unknown_fields=True):
    """`says` is what the case shows; `settings` are laid over those of `factories.settings()`; null unsets one."""

    says: str
    item: msgspec.Raw
    settings: dict[str, Any] = {}
    today: dt.date = dt.date(2026, 11, 22)


def case_of(path: Path) -> Case:
    return msgspec.json.decode(path.read_bytes(), type=Case)


def posted(case: Case) -> Posted:
    given = settings_to(factories.settings()) | case.settings
    settings, problems = settings_from({name: value for name, value in given.items() if value is not None})
    assert [one for one in problems if one.field != "time_zone"] == []  # a version of before stored any
    return post_item(read_item(case.item), settings, MASTERS, case.today)


def shown(case: Case, result: Posted) -> str:
    """The outcome as a bookkeeper reads it: entries, or problems as comments."""
    blocks = [f"; {case.says}\n"]
    if result.changed_by_hook:
        blocks.append("; changed by the company's own function, before:\n")
        blocks += [commented(render_entry(entry, posted=True)) for entry in result.before_hook]
    blocks += [f"; problem {one.code} at {one.field} ({one.reason})\n;   {one}\n" for one in result.problems]
    if not result.entries:
        blocks += [f"; note: {note}\n" for note in result.notes]
    blocks += [render_entry(entry, posted=True) for entry in result.entries]
    return "\n".join(blocks)


def commented(text: str) -> str:
    return "".join(f"; {line}\n" for line in text.splitlines())


@pytest.mark.parametrize("path", CASES, ids=[path.stem for path in CASES])
def test_case(path: Path) -> None:
    case = case_of(path)
    out = shown(case, posted(case))
    golden = path.with_suffix(".beancount")
    if os.environ.get(UPDATE) and (not golden.exists() or golden.read_text(encoding="utf-8") != out):
        golden.write_text(out, encoding="utf-8")
        pytest.fail(f"{golden.name} was written: read it against posting-rules.md")
    assert golden.exists(), f"no {golden.name}: run with {UPDATE}=1 and read what it writes"
    assert out == golden.read_text(encoding="utf-8")


def test_outputs_belong_to_a_case() -> None:
    expected = {path.stem for path in CASES} | {"masters"}
    assert {path.stem for path in HERE.glob("*.beancount")} == expected


def test_there_are_enough_cases() -> None:
    assert len(CASES) >= 60


def test_every_row_has_a_case_and_documents_where_it_makes_them() -> None:
    """Each type and subtype of the table in the journal, and as bill, credit note or payment where the row says so."""
    made: dict[tuple[str, str | None], set[str]] = {}
    for path in CASES:
        case = case_of(path)
        item = read_item(case.item)
        if isinstance(item, ExportItem) and "rows" not in case.settings:
            kinds = made.setdefault((item.type, item.subtype), set())
            kinds |= {type(entry).__name__ for entry in posted(case).entries}
    documents = {"journal": set(), "bill": {"Bill"}, "employee_bill": {"Bill"}, "bill_and_payment": {"Bill", "Payment"}}
    for row in ROWS:
        wanted = {"JournalEntry"} | documents.get(row.payables, {"Payment"})
        assert wanted <= made.get((row.type, row.subtype), set()), f"row {row.number}: {row.type} {row.subtype}"


def test_a_malformed_item_keeps_its_problems() -> None:
    item = read_item(msgspec.Raw(b'{"accountingEntryId": "59540ed2-0d68-4e36-9e31-58223975d9e9"}'))
    assert isinstance(item, MalformedItem)
    result = post_item(item, factories.settings(), MASTERS, dt.date(2026, 11, 22))
    assert result.entries == ()
    assert result.problems == item.problems != ()
