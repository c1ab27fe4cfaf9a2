"""A journal in a CSV file of a template's layout is tied to the documents that were made by one."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from kontobro.core.errors import Misconfigured
from kontobro.erp.files.template.layout import read_layout
from kontobro.erp.files.template.posted import posted_of

LAYOUT = """
name = "Journal"

[[columns]]
title = "Date"
value = "{date}"

[[columns]]
title = "Text"
value = "{text} {reference}"

[[columns]]
title = "Account"
value = "{account_number}"

[[columns]]
title = "Amount"
value = "{amount}"
"""
ID = "e0000000-0000-4000-8000-000000000001"


def test_rows_of_one_reference_are_one_entry() -> None:
    rows = f"Date,Text,Account,Amount\n2026-11-03,Lunch {ID},4010,80.00\n2026-11-03,Lunch {ID},1930,-80.00\n"
    (entry,) = posted_of(read_layout(LAYOUT, "Journal"), rows.encode())
    assert (entry.name, entry.date) == (ID, date(2026, 11, 3))
    assert entry.amounts == {"4010": Decimal("80.00"), "1930": Decimal("-80.00")}
    assert entry.references == {ID}


def test_a_link_names_the_expense_and_not_another_entry() -> None:
    layout = LAYOUT.replace('value = "{text} {reference}"', 'value = "{reference}"') + (
        '\n[[columns]]\ntitle = "Link"\nvalue = "{link}"\n'
    )
    rows = f"Date,Text,Account,Amount,Link\n2026-11-03,{ID}/pay,1930,-80.00,https://pleo.example/{ID}\n"
    (entry,) = posted_of(read_layout(layout, "Journal"), rows.encode())
    assert entry.references == {f"{ID}/pay"}


@pytest.mark.parametrize(
    ("layout", "said"),
    [
        (LAYOUT.replace("{text} {reference}", "{text}"), "neither a reference nor a voucher number"),
        (LAYOUT.replace('value = "{date}"', 'value = "x"'), "has no date"),
    ],
)
def test_a_layout_that_says_too_little_is_refused(layout: str, said: str) -> None:
    rows = f"Date,Text,Account,Amount\n2026-11-03,Lunch {ID},4010,80.00\n"
    with pytest.raises(Misconfigured, match=said):
        posted_of(read_layout(layout, "Journal"), rows.encode())


def test_a_file_without_rows_says_nothing_of_documents() -> None:
    with pytest.raises(Misconfigured, match="it has no entries"):
        posted_of(read_layout(LAYOUT, "Journal"), b"Date,Text,Account,Amount\n")
