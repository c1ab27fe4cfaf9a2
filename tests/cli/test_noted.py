"""What was booked with a note is listed after an export."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from kontobro.cli.export import MOST_NOTED, print_noted
from kontobro.core.model.history import BookingRow
from kontobro.core.model.journal import Reference

ROW = BookingRow(
    reference=Reference("r"),
    job_id="job-1",
    kind="bill",
    item_type="INVOICE",
    state="reported",
    currency="DKK",
    total="100.50",
    date="2026-10-05",
    payee="Surdej & Søn",
    updated_at=datetime(2026, 10, 6, tzinfo=UTC),
    notes=("The same invoice is already booked as 7.",),
)


def test_notes_are_listed_with_who_and_how_much(capsys: pytest.CaptureFixture[str]) -> None:
    print_noted([ROW], "job-1")
    said = capsys.readouterr().out
    assert all(word in said for word in ("Surdej & Søn", "100.50 DKK", "already booked as 7", "please check"))


def test_many_notes_are_cut_and_say_where_all_are(capsys: pytest.CaptureFixture[str]) -> None:
    print_noted([replace(ROW, payee=f"Vendor {number}") for number in range(MOST_NOTED + 3)], "job-1")
    said = capsys.readouterr().out
    assert "3 more: kontobro bookings --job job-1" in said
    assert f"Vendor {MOST_NOTED}" not in said


def test_without_notes_nothing_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    print_noted([], "job-1")
    assert capsys.readouterr().out == ""
