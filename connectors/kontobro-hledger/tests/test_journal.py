"""What is hledger's own: a journal that people edit, and texts, amounts and accounts as it reads them."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from urllib.parse import unquote

import pytest
from kontobro_hledger import files
from kontobro_hledger.connector import HledgerConnector, from_options

from kontobro.core.errors import Misconfigured, Problem, Timeout
from kontobro.core.model.journal import Booking, Entry, Reference, line_sums
from kontobro.core.model.masterdata import Account
from kontobro.testing.connector.entries import Chart, a_journal, a_receipt, a_taxed_journal, an_invoice_journal

CHART = Chart()
TEXTS = [
    "Toner; black | white, 50 %, [2026-01-01]",
    "(not a code) date:2026-01-01, void:",
    "two\nlines\r\n2026-01-01 * and an entry\n    Expenses:Office  1 DKK",
    "* ! = 100 % @ 5 EUR  ; kontobro:other",
    "  blanks \N{NO-BREAK SPACE}",
    "%2C is no comma",
    "\x00\x1b\x85\N{LINE SEPARATOR}\N{ZERO WIDTH NO-BREAK SPACE}",
    "Müller & Søn 👩‍💻",
]


def booked(connector: HledgerConnector, entry: Entry) -> Booking:
    (answer,) = connector.book([entry])
    assert isinstance(answer, Booking), answer
    return answer


@pytest.mark.parametrize("text", TEXTS)
def test_every_text_is_kept_to_the_letter(connector, bookkeeper, text: str) -> None:
    entry = an_invoice_journal(CHART, payee=text, text=text, number=f"{text}) (1", attendees=(text, "Anna"))
    lines = [replace(line, text=text) for line in entry.lines]
    booked(connector, replace(entry, lines=tuple(lines)))
    (transaction,) = json.loads(bookkeeper.hledger("print", "-O", "json"))
    shown = bookkeeper.shows(entry.reference)
    assert (shown.payee, shown.text, shown.number, shown.date) == (text, text, f"{text}) (1", entry.date)
    tags = [(tag, unquote(value)) for tag, value in transaction["ttags"]]
    assert [value for tag, value in tags if tag == "attendees"] == [text, "Anna"]
    for posting in transaction["tpostings"]:
        assert [posting["pdate"], posting["pdate2"], unquote(dict(posting["ptags"])["text"])] == [None, None, text]


def test_hledger_sums_what_pleo_says(connector, bookkeeper) -> None:
    for amount in ("0.10", "0.20", "1234.50"):
        booked(connector, a_journal(CHART, amount))
    assert '"Expenses:Office","1234,80 DKK"' in bookkeeper.hledger("balance", "-O", "csv")


def test_a_dimension_is_what_hledger_pivots_by(connector, bookkeeper) -> None:
    booked(connector, a_taxed_journal(CHART))
    assert '"100","79,20 DKK"' in bookkeeper.hledger("balance", "Expenses", "--pivot", "dim-COST", "-O", "csv")


@pytest.mark.parametrize(("amount", "currency"), [("1000.001", "KWD"), ("1.000", "KWD"), ("1234567.89", "DKK")])
def test_a_decimal_point_is_no_thousand_whatever_the_main_journal_says(
    connector, bookkeeper, amount: str, currency: str
) -> None:
    entry = a_journal(CHART, amount, currency)
    assert booked(connector, entry).total == Decimal(amount)
    assert {abs(line.amount) for line in bookkeeper.shows(entry.reference).lines} == {Decimal(amount)}


@pytest.mark.parametrize("amount", [f"{10**30}.01", "12345678901234567890123.45"])
def test_an_amount_that_a_person_wrote_is_read_to_the_last_digit(connector, bookkeeper, amount: str) -> None:
    """hledger's JSON has a float beside each amount, and writes large mantissas as 1.0e32."""
    entry = a_journal(CHART)
    booked(connector, entry)
    bookkeeper.journal.write_text(bookkeeper.journal.read_text().replace("99.00", amount))
    found = connector.find([entry.reference])[entry.reference]
    assert (found.total, found.line_sums["Expenses:Office"]) == (Decimal(amount), Decimal(amount))


@pytest.mark.parametrize("amount", ["0.001", "1e-30", "NaN"])
def test_an_amount_that_hledger_would_round_is_refused(connector, bookkeeper, amount: str) -> None:
    entry = a_journal(CHART, amount)
    (answer,) = connector.book([entry])
    assert isinstance(answer, Problem)
    assert answer.code == "amount_invalid"
    assert bookkeeper.count(entry.reference) == 0


@pytest.mark.parametrize("account", ["(Virtual)", "[Virtual]", "two  blanks", "; comment", "tab\tbed", " ", "* Cash"])
def test_an_account_that_hledger_would_read_otherwise_is_named(options, account: str) -> None:
    masters = Path(options["masters"])
    masters.write_text(f"accounts = [{{ id = {json.dumps(account)}, code = '1', name = '' }}]\n")
    with pytest.raises(Misconfigured, match="hledger takes no"):
        list(from_options(options).read(Account))


# ------------------------------------------------------------------------------ a bookkeeper's own hand


def test_what_a_bookkeeper_changed_by_hand_is_what_is_found(connector, bookkeeper) -> None:
    entry = a_journal(CHART)
    booked(connector, entry)
    text = bookkeeper.journal.read_text()
    text = text.replace("99.00", "88.00").replace("2026-10-03 *", "2026/10/04 !")
    bookkeeper.journal.write_text(text.replace("Expenses:Office", "Expenses:IT"))
    found = connector.find([entry.reference])[entry.reference]
    assert (found.total, found.date.isoformat()) == (Decimal(88), "2026-10-04")
    assert found.line_sums == {"Expenses:IT": 88, "Assets:Pleo:DKK": -88}


def test_an_amount_left_to_hledger_is_filled_in(connector, bookkeeper) -> None:
    entry = a_journal(CHART)
    booked(connector, entry)
    bookkeeper.journal.write_text(bookkeeper.journal.read_text().replace("-99.00 DKK", ""))
    assert connector.find([entry.reference])[entry.reference].line_sums == line_sums(entry)


def test_entries_of_a_person_are_left_alone(connector, bookkeeper) -> None:
    own = "\n2026-10-01 Lunch\n    Expenses:Meals  9 EUR @ 7.46 DKK  ; asked Anna\n    Assets:Cash\n"
    bookkeeper.journal.write_text(own)
    booked(connector, a_journal(CHART))
    assert own in bookkeeper.journal.read_text()


def test_a_voided_entry_and_its_reversal_leave_the_balances_as_they_were(connector, bookkeeper) -> None:
    entry = a_journal(CHART)
    booked(connector, entry)
    bookkeeper.void(entry.reference)
    assert bookkeeper.hledger("balance", "-N").strip() == ""
    booked(connector, entry)
    assert connector.find([entry.reference])[entry.reference].status == "posted"
    bookkeeper.void(entry.reference)
    assert connector.find([entry.reference])[entry.reference].status == "void"


def test_an_assertion_that_fails_stops_no_export(connector, bookkeeper) -> None:
    bookkeeper.journal.write_text("2026-01-01 check\n    Assets:Pleo:DKK  0 DKK = 5000 DKK\n    x\n")
    assert booked(connector, a_journal(CHART)).status == "posted"


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        (("99.00 DKK", "99,oo DKK"), "pleo.journal:"),
        (("-99.00 DKK", "-12.00 EUR @@ 99 DKK"), r"pleo.journal, line 4 does not have one currency"),
    ],
)
def test_an_entry_that_can_not_be_read_is_named_and_nothing_is_booked(
    connector, bookkeeper, edit: tuple[str, str], said: str
) -> None:
    booked(connector, a_journal(CHART))
    broken = bookkeeper.journal.read_text().replace(*edit)
    bookkeeper.journal.write_text(broken)
    for call in (lambda: connector.find([Reference("x")]), lambda: connector.book([a_journal(CHART)])):
        with pytest.raises(Misconfigured, match=said):
            call()
    assert bookkeeper.journal.read_text() == broken


def test_nothing_that_hledger_can_not_read_is_put_in_place(connector, bookkeeper) -> None:
    booked(connector, a_journal(CHART))
    before = bookkeeper.journal.read_text()
    with pytest.raises(Misconfigured, match="hledger can't read"):
        files.append(bookkeeper.journal, "", "\n2026-10-03 * unbalanced\n    a  1 DKK\n    b  1 DKK\n")
    assert bookkeeper.journal.read_text() == before


def test_an_edit_at_the_same_moment_is_not_lost(bookkeeper, folder: Path, monkeypatch) -> None:
    """A hledger that takes its time, in which a person saves the journal."""
    slow = folder / "bin" / "hledger"
    slow.parent.mkdir()
    slow.write_text(
        f"#!/bin/sh\necho '; saved by a person' >> {bookkeeper.journal}\nexec {shutil.which('hledger')} \"$@\"\n"
    )
    slow.chmod(0o755)
    monkeypatch.setenv("PATH", f"{slow.parent}:/usr/bin:/bin")
    with pytest.raises(Timeout, match="was changed"):
        files.append(bookkeeper.journal, "", "\n2026-10-03 * x\n    a  1 DKK\n    b\n")
    assert bookkeeper.journal.read_text() == "; saved by a person\n"


def test_a_journal_keeps_its_place_and_who_may_read_it(options, bookkeeper, folder: Path) -> None:
    elsewhere = folder / "elsewhere.journal"
    bookkeeper.journal.rename(elsewhere)
    elsewhere.chmod(0o640)
    bookkeeper.journal.symlink_to(elsewhere)
    entry = a_journal(CHART)
    booked(from_options(options), entry)
    assert (bookkeeper.journal.is_symlink(), elsewhere.stat().st_mode & 0o777) == (True, 0o640)
    assert bookkeeper.count(entry.reference) == 1


# ------------------------------------------------------------------------------------------- what is missing


def test_without_hledger_it_says_how_to_get_it(connector, folder: Path, monkeypatch) -> None:
    monkeypatch.setenv("PATH", str(folder))
    with pytest.raises(Misconfigured) as fault:
        connector.check()
    assert "apt-get install hledger" in fault.value.remedy


def test_a_hledger_that_does_not_answer_is_ended(bookkeeper, folder: Path, monkeypatch) -> None:
    (folder / "hledger").write_text("#!/bin/sh\nexec sleep 60\n")
    (folder / "hledger").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    with pytest.raises(Timeout, match=r"did not read pleo.journal within 0.2 s"):
        files.ask(bookkeeper.journal, "print", patience=0.2)


def test_a_writer_waits_for_another_only_so_long(bookkeeper) -> None:
    journal = bookkeeper.journal
    with files.alone(journal), pytest.raises(Timeout, match="Another program"), files.alone(journal, patience=0.1):
        pytest.fail("two at once")


def test_a_folder_that_can_not_be_written_to_is_for_a_person(connector, folder: Path) -> None:
    booking = booked(connector, a_journal(CHART))
    (folder / "receipts").write_text("in the way")
    with pytest.raises(Misconfigured) as fault:
        connector.attach(booking, [a_receipt()])
    assert "receipts" in fault.value.message


@pytest.mark.parametrize(
    ("text", "said"), [("", "no company"), ("company = { name = 'x', currency = 'XXY' }", "no company with a currency")]
)
def test_a_company_has_a_currency(options, text: str, said: str) -> None:
    Path(options["masters"]).write_text(text)
    with pytest.raises(Misconfigured, match=said):
        from_options(options).check()


def test_a_journal_that_is_not_there_is_named(options) -> None:
    with pytest.raises(Misconfigured, match=r"nowhere\.journal"):
        from_options({**options, "journal": "nowhere.journal"})


def test_a_receipt_of_a_payment_is_in_a_folder_of_its_own(connector, bookkeeper) -> None:
    entry = replace(a_journal(CHART), reference=Reference("../../e/pay"))
    connector.attach(booked(connector, entry), [a_receipt()])
    assert bookkeeper.receipts(entry.reference) == [a_receipt().sha256]
