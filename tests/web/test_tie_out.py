"""The tie-out's page and files: equal, then an entry is edited in the books and it turns red."""

from __future__ import annotations

import io
from pathlib import Path

import openpyxl
import pytest

from tests.web.connected_site import ConnectedSite

PERIOD = "first=2026-10-01&last=2026-10-31"


def entry_file(connected: ConnectedSite) -> Path:
    files = (connected.connected.ledger.parent / "bookings").glob("*.beancount")
    return next(file for file in files if "1234.50" in file.read_text())


def test_the_page_asks_for_the_period_and_compares(connected: ConnectedSite) -> None:
    connected.export()
    first = connected.page("tie-out/")
    assert "hx-get" not in first.partition("<main")[2]
    assert 'value="2026-10-01"' in first
    assert 'value="2026-10-31"' in first
    assert f'hx-get="/c/{connected.connection.id}/tie-out/compared/?first=2026-10-01' in connected.page(
        f"tie-out/?{PERIOD}"
    )


def test_an_edited_entry_turns_the_tie_out_red(connected: ConnectedSite) -> None:
    connected.export()
    before = connected.page(f"tie-out/compared/?{PERIOD}")
    assert "amount differs" not in before
    assert "1,234.50" in before
    file = entry_file(connected)
    file.write_text(file.read_text().replace("1234.50", "1243.50"))
    after = connected.page(f"tie-out/compared/?{PERIOD}")
    assert "Not equal" in after
    assert "amount differs" in after
    assert "1,243.50" in after


def test_the_files_hold_every_entry(connected: ConnectedSite) -> None:
    connected.export()
    base = f"/c/{connected.connection.id}/tie-out/entries"
    text = b"".join(connected.browser.get(f"{base}.csv?{PERIOD}").streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    assert text.count("\r\n") == 3
    assert "1234.50" in text
    both = (connected.connection.pleo_name, connected.connection.books_name)
    assert {line.split(",")[0] for line in text.splitlines()[1:]} == {both[0]}
    content = b"".join(connected.browser.get(f"{base}.xlsx?{PERIOD}").streaming_content)  # type: ignore[attr-defined]
    book = openpyxl.load_workbook(io.BytesIO(content))
    assert [sheet.title for sheet in book] == ["Entries", "Sums", "Not seen"]
    assert book["Entries"].max_row == 3
    assert {tuple(cell.value or "" for cell in row[:2]) for row in list(book["Entries"].rows)[1:]} == {both}


def test_books_that_cant_be_read_are_told_and_no_file_begins(connected: ConnectedSite) -> None:
    connected.export()
    Path(connected.connection.erp_options["ledger"]).unlink()
    for form in ("csv", "xlsx"):
        answer = connected.browser.get(f"/c/{connected.connection.id}/tie-out/entries.{form}?{PERIOD}")
        assert answer.status_code == 400
        assert "Content-Disposition" not in answer.headers


@pytest.mark.parametrize("query", ["first=2026-10-31&last=2026-10-01", "first=x&last=y", "first=2026-10-01"])
def test_a_period_that_is_none_is_told(connected: ConnectedSite, query: str) -> None:
    path = f"/c/{connected.connection.id}/tie-out/"
    assert connected.browser.get(f"{path}?{query}").status_code == 400
    answer = connected.browser.get(f"{path}compared/?{query}")
    assert answer.status_code == 400
    assert "Choose both days" in answer.text
