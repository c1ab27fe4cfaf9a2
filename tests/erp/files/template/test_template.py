"""Templates: what is written, what is refused, and what a wrong template says."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import count
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kontobro.core.errors import Misconfigured, Note, parted
from kontobro.core.model.journal import Entry, EntryLine, JournalEntry, Reference, dimension_sums, line_sums
from kontobro.erp.files.template import CSV, READY, XLSX
from kontobro.erp.files.template.layout import read_layout
from kontobro.erp.files.template.own.texts import ready_text
from kontobro.erp.files.template.read_back import read_back
from kontobro.erp.files.template.target import TemplateTarget, chosen_layout, open_csv, open_xlsx
from kontobro.testing.connector.entries import (
    a_bill,
    a_journal,
    a_payment,
    a_receipt,
    a_reverse_journal,
    a_taxed_bill,
    a_taxed_journal,
)
from kontobro.testing.document.papers import Papers
from tests.erp.files.template.masters import CHART, MASTERS, ready, target
from tests.erp.files.template.reader import csv_rows, csv_table, line_vouchers, pair_vouchers, xlsx_rows, zip_names


def columns(*given: Mapping[str, object], file: str = "", rows: str = "", more: str = "") -> str:
    """A small template. Columns have a title and a value, and keys as TOML has them."""
    text = f'name = "Ours"\n[file]\n{file}\n[rows]\n{rows}\n'
    for number, column in enumerate(given, 1):
        text += "[[columns]]\n" + f'title = "C{number}"\n'
        text += "".join(f"{key} = {toml(value)}\n" for key, value in column.items())
    return text + more


def toml(value: object) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{toml(key)} = {toml(one)}" for key, one in value.items()) + " }"
    if isinstance(value, bool):
        return str(value).lower()
    return f"'{value}'" if isinstance(value, str) else str(value)


def papers_of(made: TemplateTarget) -> Papers:
    return Papers(target=made, read=lambda files: [], chart=CHART)


def first_row(entry: Entry, *given: Mapping[str, object], file: str = "", rows: str = "") -> list[str]:
    papers = papers_of(target(columns(*given, file=file, rows=rows)))
    assert papers.refusals(entry) == []
    ((_, files),) = papers.documents(entry)
    (content,) = files.values()
    return csv_table(content)[1]


def refusals(entry: Entry, *given: Mapping[str, object], file: str = "", rows: str = "") -> list[str]:
    return papers_of(target(columns(*given, file=file, rows=rows))).refusals(entry)


ENTRY = replace(a_taxed_journal(CHART), text="Printer ink", payee="Staples")


class TestColumns:
    @pytest.mark.parametrize(
        ("column", "expected"),
        [
            ({"value": "constant"}, "constant"),
            ({"value": "{payee}"}, "Staples"),
            ({"value": "{payee}: {note}"}, "Staples: Printer ink"),
            ({"value": "{{{payee}}}"}, "{Staples}"),
            ({"value": "{payee}", "upper": True}, "STAPLES"),
            ({"value": "{payee}", "replace": {"pl": "b", "s": ""}}, "Stabe"),
            ({"value": "{account_number}", "lookup": {"3600": "office", "6410": "", "5810": ""}}, "office"),
            ({"value": "{account_number}", "lookup": {"1": "2"}, "otherwise": "keep"}, "3600"),
            ({"value": "{account_number}", "lookup": {"1": "2"}, "otherwise": "empty"}, ""),
            ({"value": "{account_number}", "pad": "left", "pad_with": "0", "width": 8}, "00003600"),
            ({"value": "{account_number}", "pad": "right", "width": 6}, "3600  "),
            ({"value": "{invoice_number}", "default": "none"}, "none"),
            ({"value": "{note}", "longest": 7, "too_long": "cut_right"}, "Printer"),
            ({"value": "{note}", "longest": 3, "too_long": "cut_left"}, "ink"),
            ({"value": "{date}", "format": "dd.mm.yyyy"}, "03.10.2026"),
            ({"value": "{date}", "format": "d/m/yy"}, "3/10/26"),
            ({"value": "{date}", "format": "dd mmm yyyy"}, "03 Oct 2026"),
            ({"value": "{date}", "format": "yyyymmdd"}, "20261003"),
            ({"value": "{amount}"}, "79.20"),
            ({"value": "{amount}", "decimals": 4}, "79.2000"),
            ({"value": "{negated_amount}"}, "-79.20"),
            ({"value": "{debit}"}, "79.20"),
            ({"value": "{credit}"}, ""),
            ({"value": "{credit_debit_indicator}", "lookup": {"D": "S", "C": "H"}}, "S"),
            ({"value": "{tax_code}"}, "I25"),
            ({"value": "{tax_rate}"}, "0.25"),
            ({"value": "{tax_percent}"}, "25"),
            ({"value": "{tax_amount}"}, "19.80"),
            ({"value": "{gross_amount}"}, "99.00"),
            ({"value": "{contra_account}"}, "5810"),
            ({"value": "{dimension.COST}"}, "100"),
            ({"value": "{dimension_name.PROJECT}"}, "Bridge"),
            ({"value": "{dimension_title.#1}"}, "Cost centre"),
            ({"value": "{dimension.#3}"}, ""),
            ({"value": "{account_column.visma_class}"}, "3"),
            ({"value": "{kind}"}, "journal"),
            ({"value": "{row_number}0000"}, "10000"),
            ({"value": "{voucher_number}"}, "1"),
            ({"value": "{company}"}, "Fjord & Bro ApS"),
            pytest.param({"value": "{expense_id}"}, ENTRY.reference, id="expense_id"),
        ],
    )
    def test_a_value(self, column: Mapping[str, object], expected: str) -> None:
        others = [{"value": "{dimension.#1}{dimension.#2}"}]
        assert first_row(ENTRY, column, *others)[0] == expected

    @pytest.mark.parametrize(
        ("column", "code", "limit"),
        [
            ({"value": "{note}", "longest": 10}, "document_too_long", "10"),
            ({"value": "{note}", "letters": "A-Za-z"}, "document_letters", "Printer ink"),
            ({"value": "{invoice_number}", "required": True}, "document_column", "C1"),
            ({"value": "{account_number}", "lookup": {"1": "2"}}, "document_column", "C1"),
            ({"value": "{amount}", "decimals": 0}, "amount_invalid", "79.20"),
        ],
    )
    def test_what_a_column_can_not_hold_is_refused_by_its_name(
        self, column: Mapping[str, object], code: str, limit: str
    ) -> None:
        found = target(columns(column)).validate([ENTRY])[0]
        assert {problem.code for problem in found} == {code}
        assert {problem.field for problem in found} == {"C1"}
        assert limit in str(found[0])

    def test_what_is_cut_is_said(self) -> None:
        found = target(columns({"value": "{note}", "longest": 7, "too_long": "cut_right"})).validate([ENTRY])[0]
        assert [(type(note), note.code) for note in found] == [(Note, "document_cut")]
        assert '"Printer"' in str(found[0])

    def test_letters_that_the_encoding_lacks_are_written_in_others_and_said(self) -> None:
        entry = replace(ENTRY, payee="Łódź")
        made = target(columns({"value": "{payee}"}, file='encoding = "latin-1"'))
        assert [note.code for note in made.validate([entry])[0]] == ["document_letters"]
        ((_, files),) = papers_of(made).documents(entry)
        assert next(iter(files.values())).split(b"\r\n")[1] == "Lódz".encode("latin-1")

    def test_a_code_is_never_written_in_other_letters(self) -> None:
        entry = a_bill(CHART, number="№ 17")
        assert refusals(entry, {"value": "{invoice_number}"}, file='encoding = "latin-1"') == ["document_letters"]

    def test_a_dimension_without_a_column_is_refused(self) -> None:
        assert refusals(ENTRY, {"value": "{dimension.COST}"}) == ["document_setting"]
        assert refusals(ENTRY, {"value": "{payee}"}) == []
        assert "dimensions" in target(columns({"value": "{payee}"})).capabilities.not_kept


class TestFormulas:
    @pytest.mark.parametrize(
        "text", ["=1+1", "+49 30 12", "-x", "@SUM(A1)", "\t=1", "\r=1", "＝1+1", "＋49", "－x", "＠SUM"]
    )
    def test_text_that_looks_like_one_is_disarmed(self, text: str) -> None:
        entry = replace(ENTRY, payee=text)
        assert first_row(entry, {"value": "{payee}"}) == [f"'{text.strip()}"]

    def test_amounts_are_left_alone(self) -> None:
        refund = replace(ENTRY, lines=tuple(replace(line, amount=-line.amount) for line in ENTRY.lines))
        assert first_row(refund, {"value": "{amount}"}) == ["-79.20"]

    def test_the_templates_own_letters_are_left_alone(self) -> None:
        assert first_row(ENTRY, {"value": "@{payee}"}) == ["@Staples"]

    def test_a_code_is_refused(self) -> None:
        assert refusals(a_bill(CHART, number="=A1"), {"value": "{invoice_number}"}) == ["document_letters"]

    def test_a_cut_does_not_arm_one(self) -> None:
        entry = replace(ENTRY, payee="safe=1+1")
        column = {"value": "{payee}", "longest": 4, "too_long": "cut_left"}
        assert first_row(entry, column) == ["'1+1"]

    def test_an_excel_file_has_texts_and_no_formulas(self) -> None:
        entry = replace(ENTRY, payee="=1+1", text="+49")
        papers = papers_of(ready("generic-lines", "xlsx"))
        ((_, files),) = papers.documents(entry)
        (content,) = files.values()
        assert {(row["Payee"], row["Note"]) for row in xlsx_rows(content)} == {("=1+1", "+49")}


class TestRows:
    def test_tax_may_be_a_code_on_the_net_line(self) -> None:
        made = target(
            columns(
                {"value": "{account_number}"},
                {"value": "{amount}"},
                {"value": "{tax_code}"},
                {"value": "{tax_amount}"},
                rows='tax = "code_on_net"',
            )
        )
        ((_, files),) = papers_of(made).documents(ENTRY)
        (content,) = files.values()
        assert csv_table(content)[1:] == [["3600", "79.20", "I25", "19.80"], ["5810", "-99.00", "", "0.00"]]

    def test_tax_may_be_a_code_on_the_gross_line(self) -> None:
        made = target(columns({"value": "{account_number}"}, {"value": "{amount}"}, rows='tax = "code_on_gross"'))
        ((_, files),) = papers_of(made).documents(ENTRY, a_reverse_journal(CHART))
        (content,) = files.values()
        assert csv_table(content)[1:] == [["3600", "99.00"], ["5810", "-99.00"], ["3600", "80.00"], ["5810", "-80.00"]]

    def test_a_tax_that_is_not_on_its_lines_is_refused(self) -> None:
        lines = (*ENTRY.lines[:1], replace(ENTRY.lines[1], tax_code="R25"), ENTRY.lines[2])
        assert refusals(replace(ENTRY, lines=lines), {"value": "{amount}"}, rows='tax = "code_on_net"') == [
            "document_tax"
        ]

    def test_several_lines_of_a_code_share_its_tax_as_pleo_states_it(self) -> None:
        first, tax, money = ENTRY.lines
        split = (
            replace(first, amount=Decimal("40.00"), tax_amount=Decimal("10.00")),
            replace(first, amount=Decimal("39.20"), tax_amount=Decimal("9.80"), account="3610"),
        )
        made = target(columns({"value": "{account_number}"}, {"value": "{amount}"}, rows='tax = "code_on_gross"'))
        entry = replace(ENTRY, lines=(*split, tax, money))
        ((_, files),) = papers_of(made).documents(entry)
        assert csv_table(next(iter(files.values())))[1:] == [["3600", "50.00"], ["3610", "49.00"], ["5810", "-99.00"]]

    def test_kinds_that_the_template_does_not_take_are_refused_and_never_left_out(self) -> None:
        given = ({"value": "{amount}"},)
        assert refusals(a_bill(CHART), *given, rows='kinds = ["journal"]') == ["document_kind"]
        assert refusals(a_payment(CHART, None), *given, rows='kinds = ["payment"]') == []
        assert refusals(a_taxed_bill(CHART, credit_note=True), *given, rows='kinds = ["bill"]') == ["document_kind"]

    def test_pairs_need_one_account_on_one_side_or_a_clearing_account(self) -> None:
        lines = (
            EntryLine(account="3600", amount=Decimal("5.00"), role="expense"),
            EntryLine(account="3610", amount=Decimal("-5.00"), role="expense"),
        )
        entry = replace(a_journal(CHART), lines=lines)
        pair = ({"value": "{debit_account}"}, {"value": "{credit_account}"}, {"value": "{absolute_amount}"})
        assert refusals(entry, *pair, rows='per = "pair"') == ["document_pairs"]
        made = target(columns(*pair, rows='per = "pair"\nclearing = "5850"'))
        ((_, files),) = papers_of(made).documents(entry)
        assert csv_table(next(iter(files.values())))[1:] == [["3600", "5850", "5.00"], ["5850", "3610", "5.00"]]

    def test_an_entry_may_be_one_row_with_its_lines_beside_each_other(self) -> None:
        lines = '[[line_columns]]\ntitle = "A"\nvalue = "{account_number}"\n'
        lines += '[[line_columns]]\ntitle = "B"\nvalue = "{amount}"\n'
        made = target(columns({"value": "{voucher_number}"}, rows='per = "entry"', more=lines))
        ((_, files),) = papers_of(made).documents(ENTRY)
        assert csv_table(next(iter(files.values())))[1:] == [["1", "3600", "79.20", "6410", "19.80", "5810", "-99.00"]]

    def test_an_entry_may_have_a_row_and_its_lines_rows_of_their_own(self) -> None:
        lines = '[[line_columns]]\ntitle = "A"\nvalue = "L"\n[[line_columns]]\ntitle = "B"\nvalue = "{amount}"\n'
        rows = 'per = "entry_and_lines"\nlines = "without_money"'
        made = target(columns({"value": "E"}, {"value": "{amount}"}, rows=rows, more=lines))
        ((_, files),) = papers_of(made).documents(ENTRY)
        assert csv_table(next(iter(files.values())))[1:] == [["E", "-99.00"], ["L", "79.20"], ["L", "19.80"]]

    def test_an_entry_over_the_limit_of_rows_is_refused(self) -> None:
        assert refusals(ENTRY, {"value": "{amount}"}, file="max_rows = 2") == ["document_rows"]


class TestFiles:
    def test_records_around_the_rows_have_sums_and_counts(self) -> None:
        file = (
            'header = ["HEAD,raw", ["{company}", "{entry_count}", "{debit_sum}"], "titles"]\n'
            'footer = [["END", "{row_count}", "{debit_sum}", "{credit_sum}"]]'
        )
        made = target(columns({"value": "{amount}"}, file=file))
        ((_, files),) = papers_of(made).documents(ENTRY, a_journal(CHART, "1.00"))
        assert csv_table(next(iter(files.values()))) == [
            ["HEAD", "raw"],
            ["Fjord & Bro ApS", "2", "100.00"],
            ["C1"],
            ["79.20"], ["19.80"], ["-99.00"], ["1.00"], ["-1.00"],
            ["END", "5", "100.00", "100.00"],
        ]  # fmt: skip

    @pytest.mark.parametrize(
        ("file", "expected"),
        [
            ('separator = ";"\ndecimal = ","', b'Staples "A";79,20\r\n'),
            ('separator = ";"\nquote = "all"', b'"Staples ""A""";"79.20"\r\n'),
            ('separator = ";"\nquote = "text"', b'"Staples ""A""";79.20\r\n'),
            ('separator = "tab"\nquote = "none"\nline_end = "lf"', b"Staples 'A'\t79.20\n"),
            ('separator = ","', b'"Staples ""A""",79.20\r\n'),
            ('thousands = "\'"\nseparator = ";"\nquote = "none"', b"Staples 'A';79.20\r\n"),
            ('encoding = "utf-16"\nseparator = ";"\nquote = "none"', "Staples 'A';79.20\r\n".encode("utf-16-le")),
        ],
    )
    def test_separators_quotes_and_ends(self, file: str, expected: bytes) -> None:
        entry = replace(ENTRY, payee='Staples "A"')
        made = target(columns({"value": "{payee}"}, {"value": "{amount}"}, file=f"{file}\nheader = []"))
        ((_, files),) = papers_of(made).documents(entry)
        (content,) = files.values()
        first = content.removeprefix(b"\xff\xfe")
        if file.startswith('separator = ";"\ndecimal'):
            expected = b'"Staples ""A""";79,20\r\n'
        assert first.startswith(expected)

    def test_a_file_of_fixed_width(self) -> None:
        given = (
            {"value": "{account_number}", "pad": "left", "pad_with": "0", "width": 8},
            {"value": "{payee}", "pad": "right", "width": 10},
            {"value": "{absolute_amount}", "pad": "left", "width": 12},
        )
        made = target(columns(*given, file='separator = "none"\nheader = []'))
        ((_, files),) = papers_of(made).documents(ENTRY)
        lines = next(iter(files.values())).decode().split("\r\n")
        assert lines[0] == "00003600" + "Staples   " + "       79.20"
        long = replace(ENTRY, payee="x" * 11)
        assert papers_of(made).refusals(long) == ["document_too_long"]

    @pytest.mark.parametrize(
        ("per", "documents"), [("[]", 1), ('["month"]', 2), ('["currency"]', 2), ('["entry"]', 3), ('["journal"]', 2)]
    )
    def test_one_file_per(self, per: str, documents: int) -> None:
        made = target(columns({"value": "{amount}"}, file=f"one_file_per = {per}"))
        entries = [
            a_journal(CHART),
            a_journal(CHART, currency="EUR"),
            replace(a_journal(CHART, date=CHART.open_day + timedelta(days=40)), journal="PLEO"),
        ]
        found = papers_of(made).documents(*entries)
        assert len(found) == documents
        names = [name for _, files in found for name in files]
        assert len(set(names)) == documents

    def test_receipts_are_in_a_zip_with_an_index(self) -> None:
        receipt = a_receipt()
        papers = papers_of(ready("generic-lines"))
        ((_, files),) = papers.documents(ENTRY, receipts=[receipt])
        rows_name, zip_name = files
        (name,) = {row["Receipt"] for row in csv_rows(files[rows_name], separator=";")}
        assert zip_names(files[zip_name]) == ["index.csv", name]
        with zipfile.ZipFile(io.BytesIO(files[zip_name])) as package:
            assert package.read(name) == receipt.content
            (index,) = csv.DictReader(io.StringIO(package.read("index.csv").decode("utf-8-sig")))
            assert {info.date_time for info in package.infolist()} == {(2026, 11, 28, 14, 30, 15 // 2 * 2)}
        assert (index["file"], index["reference"], index["sha256"]) == (name, ENTRY.reference, receipt.sha256)

    def test_an_amount_of_many_digits_is_exact_in_excel(self) -> None:
        papers = papers_of(ready("generic-lines", "xlsx"))
        entry = a_journal(CHART, "9999999999999.99")
        assert papers.refusals(entry) == []
        ((_, files),) = papers.documents(entry)
        (content,) = files.values()
        assert xlsx_rows(content)[0]["Debit"] == Decimal("9999999999999.99")
        assert set(papers.refusals(a_journal(CHART, "99999999999999.99"))) == {"amount_invalid"}


class TestWrongTemplates:
    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("name = ", ["ours.toml", "TOML"]),
            ("x = 1", ["ours.toml", "x", "columns"]),
            (columns({"value": "{date}", "format": "dd.MM.yyyy"}), ['column 1 "C1"', "dd.MM.yyyy", "small letters"]),
            (columns({"value": "{payee}", "lenght": 3}), ['column 1 "C1"', "lenght", "longest"]),
            (columns({"value": "{payee}"}, {"value": "{payee}", "longest": "x"}), ['column 2 "C2"', "longest", "int"]),
            (columns({"value": "{payee}"}, file='formats = "csv"'), ["formats", "encoding"]),
            (columns({"value": "{payee}"}, file='encoding = "cp9"'), ["cp9", "cp1252"]),
            (columns({"value": "{payee}"}, file="max_rows = 1"), ["max_rows is 1"]),
            (columns({"value": "{payee}"}, rows='per = "block"'), ["block", "rows"]),
            (columns({"value": "{payee}"}, rows='per = "entry"'), ["entry", "line_columns"]),
            (columns({"value": "{payee}", "longest": 0}), ['column 1 "C1"', "longest is 0"]),
            (columns({"value": "{reference}", "longest": 20}), ['column 1 "C1"', "20", "36"]),
            (columns({"value": "{date}", "longest": 8}), ['column 1 "C1"', "8", "10"]),
            (columns({"value": "{date}", "format": "DD.MM.YYYY"}), ['column 1 "C1"', "DD.MM.YYYY", "dd"]),
            (columns({"value": "{payee}", "format": "dd"}), ['column 1 "C1"', "date"]),
            (columns({"value": "{payee}", "decimals": 2}), ['column 1 "C1"', "decimals"]),
            (columns({"value": "{payee}", "pad": "left"}), ['column 1 "C1"', "width"]),
            (columns({"value": "{payee}", "default": "abc", "longest": 2}), ['column 1 "C1"', "abc", "2"]),
            (columns({"value": "{payeee}"}), ['column 1 "C1"', "payeee", "payee", "dimension.…"]),
            (columns({"value": "{team_name}"}), ['column 1 "C1"', "team_name", "does not say"]),
            (columns({"value": "{dimension.SITE}"}), ['column 1 "C1"', "SITE", "COST, PROJECT"]),
            (columns({"value": "{payee"}), ['column 1 "C1"', "brace"]),
            (columns({"value": "ø"}, file='encoding = "ascii"'), ['column 1 "C1"', "ascii"]),
            (columns({"value": "{payee}"}, file='header = [["{total}"]]'), ["total", "debit_sum"]),
            (columns({"value": "{payee}"}, file='separator = "none"'), ['column 1 "C1"', "width"]),
        ],
    )
    def test_one_message_names_what_is_wrong_and_what_exists(self, text: str, words: list[str]) -> None:
        with pytest.raises(Misconfigured) as caught:
            target(text).check()
        for word in words:
            assert word in str(caught.value)
        assert caught.value.job_failure == "invalid_configuration"

    def test_options_name_one_template(self, tmp_path: Path) -> None:
        own = tmp_path / "ours.toml"
        own.write_text(ready_text("xero"), "utf-8")
        with pytest.raises(Misconfigured, match="two templates"):
            open_csv({"template": "xero", "template_file": str(own)})
        assert open_csv({"template_file": str(own)}).layout.name == "Xero manual journals"
        with pytest.raises(Misconfigured, match="xero"):
            open_csv({"template": "xer"})
        with pytest.raises(Misconfigured, match=r"other\.toml"):
            open_csv({"template_file": str(tmp_path / "other.toml")})

    def test_a_template_of_csv_files_is_not_for_excel(self) -> None:
        with pytest.raises(Misconfigured, match="csv"):
            open_xlsx({"template": "xero"})
        assert open_xlsx({}).layout.file.format == "xlsx"

    def test_both_are_offered_with_every_template(self) -> None:
        for registration in (CSV, XLSX):
            (option,) = [option for option in registration.options if option.name == "template"]
            assert [value for value, _ in option.choices] == list(READY)
            registration.require({"template": "xero"})


MONEY = st.decimals("0.01", "99999999.99", places=2)
TEXT = st.text(max_size=40)


@st.composite
def entries(draw: st.DrawFn) -> list[Entry]:
    made: list[Entry] = []
    ids = count(1)
    for _ in range(draw(st.integers(1, 6))):
        parts = draw(st.lists(MONEY, min_size=1, max_size=4))
        sign = draw(st.sampled_from([1, -1]))
        lines = [
            EntryLine(
                account=draw(st.sampled_from(["3600", "3610", "6410", "3700"])),
                amount=part * sign,
                role="expense",
                text=draw(TEXT),
                dimensions=draw(st.sampled_from([(), (("COST", "100"),), CHART.dimensions, (("COST", "bad"),)])),
            )
            for part in parts
        ]
        lines.append(EntryLine(account="5810", amount=-sum(parts, Decimal(0)) * sign, role="wallet"))
        made.append(
            JournalEntry(
                reference=Reference(f"{next(ids):08d}-0000-4000-8000-000000000000"),
                date=date(2026, 1, 1) + timedelta(days=draw(st.integers(0, 400))),
                currency="DKK",
                lines=tuple(lines),
                fingerprint="f" * 32,
                payee=draw(TEXT),
                text=draw(TEXT),
                number=draw(st.text(max_size=10)),
            )
        )
    return made


@pytest.mark.parametrize(
    ("name", "format"), [("generic-lines", "csv"), ("generic-one-line", "csv"), ("generic-lines", "xlsx")]
)
@given(given=entries())
def test_any_entries_read_back_the_same_or_are_refused(name: str, format: str, given: list[Entry]) -> None:
    made = ready(name, format)  # type: ignore[arg-type]
    good = []
    for entry, found in zip(given, made.validate(given), strict=True):
        problems = parted(found)[0]
        assert all(problem.field and problem.message for problem in problems)
        if not problems:
            good.append(entry)
    read = {}
    for _, files in papers_of(made).documents(*good):
        for file, content in files.items():
            rows = xlsx_rows(content) if file.endswith("xlsx") else csv_rows(content, separator=";")
            vouchers = pair_vouchers(rows) if name == "generic-one-line" else line_vouchers(rows)
            read |= {voucher.reference: voucher for voucher in vouchers}
            if file.endswith("csv"):
                back: dict[str, dict[str, Decimal]] = {}
                for row in read_back(made.layout, content):
                    sums = back.setdefault(row.reference, {})
                    sums[row.account] = sums.get(row.account, Decimal(0)) + row.amount
                own = {e.reference: line_sums(e) for e in good}
                assert {key: {a: v for a, v in one.items() if v} for key, one in back.items()} == own
    assert set(read) == {entry.reference for entry in good}
    for entry in good:
        voucher = read[entry.reference]
        assert dict(voucher.amounts) == line_sums(entry)
        assert voucher.date == entry.date
        assert voucher.dimensions == dimension_sums(entry)


class TestReadBack:
    def test_a_file_of_other_columns_names_the_missing_one(self) -> None:
        layout = read_layout(ready_text("generic-lines"), "generic-lines")
        with pytest.raises(Misconfigured, match="Debit"):
            list(read_back(layout, b"Date;Reference;Account number;Credit\n2026-10-01;x;3600;1.00\n"))

    def test_columns_are_found_by_their_titles(self) -> None:
        layout = read_layout(ready_text("generic-lines"), "generic-lines")
        (row,) = read_back(layout, b"Credit;Account number;Debit;Date;Reference\n;3600;1.50;2026-10-01;x\n")
        assert (row.account, row.amount, row.reference, row.date) == ("3600", Decimal("1.50"), "x", date(2026, 10, 1))

    @pytest.mark.parametrize(
        ("content", "words"),
        [
            (b"Credit;Account number;Debit\n;3600;1.x\n", "row 2"),
            (b"Credit;Account number;Debit;Date\n;3600;1;2026-13-01\n", "row 2"),
            (b"\xff\xfe", "utf-8"),
            (b'Credit;Account number;Debit\n"a"b;3600;1\n', "CSV"),
        ],
    )
    def test_what_can_not_be_read_says_where(self, content: bytes, words: str) -> None:
        layout = read_layout(ready_text("generic-lines"), "generic-lines")
        with pytest.raises(Misconfigured, match=words):
            list(read_back(layout, content))

    def test_a_template_without_accounts_is_not_read(self) -> None:
        layout = read_layout(columns({"value": "{amount}"}), "ours")
        with pytest.raises(Misconfigured, match="accounts and amounts"):
            list(read_back(layout, b"C1\n1\n"))


def test_the_chosen_layout_is_the_default_for_both() -> None:
    assert chosen_layout({}, "csv").name == chosen_layout({}, "xlsx").name
    assert MASTERS.records
