"""Master data in DATEV's format (EXTF 700): Kontenbeschriftungen (category 20) and Debitoren/Kreditoren (16).

Columns count by position, not by heading. Source: developer.datev.de, "DATEV-Format".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from kontobro.core.errors import shown
from kontobro.core.model.masterdata import Account, MasterRecord, Vendor
from kontobro.core.words import Fact, Phrase, phrase, worded
from kontobro.erp.files.common.letters import line_of
from kontobro.erp.files.common.masters.csv_file import rows_of
from kontobro.erp.files.common.masters.found import Content, Found
from kontobro.erp.files.common.masters.source import text_of
from kontobro.erp.files.common.masters.tables import MOST_LETTERS, MOST_ROWS
from kontobro.erp.kit.masters_file import placed, wrong

LABELS: Final = "20"
PARTNERS: Final = "16"
EXPORT_IT: Final = Phrase("datev_export_again")
KINDS: Final = Phrase("datev_export_kinds")

CHECKED: Final = (
    ("consultant", 10, re.compile(r"[1-9]\d{3,6}", re.ASCII)),
    ("client", 11, re.compile(r"[1-9]\d{0,4}", re.ASCII)),
    ("account_length", 13, re.compile(r"[4-8]?", re.ASCII)),
)
"""What a header says of the company: its name in `MasterFile.extra`, its place, its form."""


def is_datev(start: bytes) -> bool:
    """Whether a file begins as one of DATEV's."""
    return start.removeprefix(b"\xef\xbb\xbf").lstrip(b'"')[:4] in {b"EXTF", b"DTVF"}


def read_datev(content: bytes, name: str) -> Content:
    """Accounts of a category 20, vendors of a category 16. The header's Berater, Mandant and Sachkontenlänge are
    `stated` as `consultant`, `client` and `account_length`. Raises Misconfigured, naming row and field."""
    rows = rows_of(text_of(content, name), name, ";")
    header = [cell.strip() for cell in next(rows, (1, []))[1]]
    category = _field(header, 2)
    if _field(header, 1) != "700" or category not in {LABELS, PARTNERS}:
        said = _field(header, 3) or category
        kind: Fact = shown(said) if said else phrase("file_nothing")
        what = phrase("datev_header_kind", kind=kind, version=shown(_field(header, 1)))
        raise wrong(name, placed(phrase("file_row", row="1"), what), KINDS)
    stated = {key: _stated(header, name, key, place, form) for key, place, form in CHECKED}
    next(rows, None)  # the headings, which DATEV does not read either
    given = [(number, cells) for number, cells in _bounded(rows, name) if any(cells)]
    length = int(stated["account_length"] or 0)
    read = _labels(given, name, length) if category == LABELS else _partners(given, name)
    return Content(*read, {key: value for key, value in stated.items() if value})


def _stated(header: Sequence[str], name: str, key: str, place: int, form: re.Pattern[str]) -> str:
    value = _field(header, place)
    if not form.fullmatch(value) or (place == 10 and int(value) < 1001):
        where = phrase("file_row_field", row="1", field=str(place + 1))
        raise wrong(name, placed(where, phrase(f"datev_header_{key}", given=shown(value))), EXPORT_IT)
    return value


def _bounded(rows: Iterator[tuple[int, Sequence[str]]], name: str) -> Iterator[tuple[int, list[str]]]:
    for number, cells in rows:
        if number > MOST_ROWS:
            raise wrong(name, phrase("file_rows", most=MOST_ROWS), phrase("export_fewer"))
        if any(len(cell) > MOST_LETTERS for cell in cells):
            raise wrong(name, placed(_row(number), phrase("file_field_long", most=MOST_LETTERS)), EXPORT_IT)
        yield number, [line_of(cell) for cell in cells]


Read = tuple[tuple[Found, ...], tuple[str, ...]]


def _labels(rows: Sequence[tuple[int, list[str]]], name: str, length: int) -> Read:
    """Accounts with leading zeros, which DATEV itself leaves out. A label in another language is another row."""
    found: dict[str, Found] = {}
    languages: dict[str, str] = {}
    others = 0
    for number, cells in rows:
        account = _account(cells, name, number)
        if length and len(account) > length:
            others += 1
            continue
        code, language = account.zfill(length), _field(cells, 2)
        if code in found and language == languages[code]:
            places = {"first": found[code].place, "second": _row(number)}
            raise wrong(name, phrase("datev_account_twice", code=code, **places), phrase("datev_keep_one"))
        if code not in found or language.lower().startswith("de"):
            languages[code] = language
            found[code] = _found(Account(code, code, _field(cells, 3) or _field(cells, 1) or code), name, number)
    note = worded("datev_accounts_left_out", count=others, digits=length)
    return tuple(found.values()), (note,) if others else ()


def _partners(rows: Sequence[tuple[int, list[str]]], name: str) -> Read:
    """Creditors; debtors owe us."""
    found: list[Found] = []
    debtors = 0
    for number, cells in rows:
        account = _account(cells, name, number)
        if account[0] in "123456":
            debtors += 1
        elif account[0] == "0":
            raise wrong(name, placed(_row(number), phrase("datev_no_creditor", given=account)), EXPORT_IT)
        else:
            found.append(_found(_vendor(account, cells), name, number))
    return tuple(found), (worded("datev_debtors_left_out", count=debtors),) if debtors else ()


def _vendor(account: str, cells: Sequence[str]) -> Vendor:
    person = " ".join(filter(None, (_field(cells, 4), _field(cells, 3))))
    names = {"1": person, "2": _field(cells, 1)}.get(_field(cells, 6)) or _field(cells, 5)
    name = names or _field(cells, 1) or person or _field(cells, 7) or account
    number = _field(cells, 9)
    return Vendor(
        id=account,
        code=account,
        name=name,
        account=account,
        number=account,
        tax_registration_number=f"{_field(cells, 8)}{number}" if number else None,
        country=_field(cells, 19) or None,
    )


def _account(cells: Sequence[str], name: str, number: int) -> str:
    account = _field(cells, 0)
    if not re.fullmatch(r"\d{1,9}", account, re.ASCII):
        where = phrase("file_row_field", row=str(number), field="1")
        raise wrong(name, placed(where, phrase("datev_account_wrong", given=shown(account))), EXPORT_IT)
    return account


def _row(number: int) -> Phrase:
    return phrase("file_row", row=str(number))


def _found(record: MasterRecord, name: str, number: int) -> Found:
    return Found(record, name, _row(number))


def _field(cells: Sequence[str], place: int) -> str:
    return cells[place].strip() if place < len(cells) else ""
