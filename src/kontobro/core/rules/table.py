"""The rows of the posting table as data (`posting-rules.md` §2), and what a bookkeeper changes in them (§11)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Literal

from kontobro.core.errors import shown
from kontobro.core.model.export import ExportItem
from kontobro.core.model.findings import Findings
from kontobro.core.model.settings import Role, RowOverride

Payables = Literal["journal", "bill_and_payment", "bill", "payment", "employee_bill", "employee_payment"]
"""What the accounts payable method makes of a row; `journal` is "never a bill". A row that is booked the other way
round makes a credit note of a bill and money received of a payment."""

Sign = Literal["ignore", "follow"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PostingRow:
    """How one type and subtype is booked. `number` is the row's in `posting-rules.md` §2; 0 for a row of the settings.

    `sign` `ignore`: the type is the direction, the total's sign says nothing. `without_contra` takes the place of the
    wallet when the item has no contra account (row 17). `returned`: the payment came back (row 8).
    """

    number: int
    type: str
    subtype: str | None = None
    debit: Role
    credit: Role
    sign: Sign
    payables: Payables
    tax: bool = False
    without_contra: Role | None = None
    returned: bool = False
    method: Literal["journal", "accounts_payable"] | None = None
    line_account: str | None = None
    movement: bool = field(init=False)
    """True when the whole amount moves between two accounts: no line account, no tax, no tags."""
    of_employee: bool = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "movement", "expense" not in (self.debit, self.credit))
        object.__setattr__(self, "of_employee", "employee" in (self.debit, self.credit))


def _spend(number: int, type: str, subtype: str | None = None) -> PostingRow:
    return PostingRow(
        number=number,
        type=type,
        subtype=subtype,
        debit="expense",
        credit="wallet",
        sign="follow",
        payables="bill_and_payment",
        tax=True,
    )


def _return(number: int, type: str) -> PostingRow:
    return PostingRow(
        number=number,
        type=type,
        debit="wallet",
        credit="expense",
        sign="ignore",
        payables="bill_and_payment",
        tax=True,
    )


def _owed(number: int, type: str) -> PostingRow:
    return PostingRow(
        number=number,
        type=type,
        debit="expense",
        credit="employee",
        sign="follow",
        payables="employee_bill",
        tax=True,
    )


def _move(
    number: int, kind: tuple[str, str | None], debit: Role, credit: Role, sign: Sign, payables: Payables = "journal"
) -> PostingRow:
    """Money that moves between two accounts, for one type and subtype."""
    type, subtype = kind
    return PostingRow(
        number=number, type=type, subtype=subtype, debit=debit, credit=credit, sign=sign, payables=payables
    )


_PAID, _DIRECT, _EXTERNAL = "invoice_payment", "direct_reimbursement", "external_reimbursement"
_TO_EMPLOYEE, _TAKEN_BACK = "reimbursement_to_employee", "reimbursement_to_employee_refund"
_TO_COMPANY = "reimbursement_to_company"

ROWS: tuple[PostingRow, ...] = (
    _spend(1, "card_purchase"),
    _spend(2, "card_invoice"),
    _spend(3, "fee"),
    _spend(4, "fee", "interest"),
    PostingRow(number=5, type="invoice", debit="expense", credit="payable", sign="follow", payables="bill", tax=True),
    _move(6, (_PAID, "invoice_payment_sent"), "payable", "wallet", "ignore", "payment"),
    _move(7, (_PAID, None), "payable", "wallet", "follow", "payment"),
    replace(_move(8, (_PAID, "invoice_payment_returned"), "wallet", "payable", "ignore", "payment"), returned=True),
    _return(9, "refund"),
    _return(10, "chargeback"),
    _return(11, "cashback"),
    _owed(12, "out_of_pocket"),
    _owed(13, "mileage"),
    _owed(14, "per_diem"),
    _move(15, (_DIRECT, _TO_EMPLOYEE), "employee", "wallet", "ignore", "employee_payment"),
    _move(15, (_DIRECT, None), "employee", "wallet", "follow", "employee_payment"),
    _move(16, (_DIRECT, _TAKEN_BACK), "wallet", "employee", "ignore", "employee_payment"),
    replace(_move(17, (_DIRECT, _TO_COMPANY), "wallet", "employee", "ignore"), without_contra="external"),
    _move(18, (_EXTERNAL, _TO_EMPLOYEE), "employee", "external", "ignore", "employee_payment"),
    _move(18, (_EXTERNAL, None), "employee", "external", "follow", "employee_payment"),
    _move(19, (_EXTERNAL, _TAKEN_BACK), "external", "employee", "ignore", "employee_payment"),
    _move(20, (_EXTERNAL, _TO_COMPANY), "external", "employee", "ignore"),
    _move(21, ("personal_spend", None), "employee", "wallet", "follow"),
    _move(22, ("atm_withdrawal", None), "employee", "wallet", "follow"),
    _move(23, ("wallet_topup", None), "wallet", "transit", "ignore"),
    _move(24, ("wallet_unload", None), "transit", "wallet", "ignore"),
    _spend(25, "overdraft"),
)

SUBTYPE_DECIDES = frozenset([_PAID, _DIRECT, _EXTERNAL])
"""Types whose subtype is the direction: an unknown one fails the item. Elsewhere it is noted and ignored."""

ANY_SUBTYPE = frozenset(["overdraft"])
"""Types whose subtypes are not worth a note (row 25)."""

_MONEY = frozenset(["wallet", "external"])

Table = Mapping[tuple[str, str | None], PostingRow]


@lru_cache(maxsize=64)
def table_of(overrides: tuple[RowOverride, ...]) -> Table:
    """The rows by type and subtype, with the settings' changes in them. An incomplete new row is left out: the
    settings' check names it."""
    table = {(row.type, row.subtype): row for row in ROWS}
    for change in overrides:
        base = table.get((change.type, change.subtype))
        if base is None and change.type not in SUBTYPE_DECIDES:
            base = table.get((change.type, None))
        row = _changed(base, change) if base else _added(change)
        if row:
            table[change.type, change.subtype] = row
    return table


def _changed(row: PostingRow, change: RowOverride) -> PostingRow:
    new = replace(
        row,
        subtype=change.subtype,
        debit=change.debit or row.debit,
        credit=change.credit or row.credit,
        sign=change.sign or row.sign,
        method=change.method or row.method,
        line_account=change.line_account or row.line_account,
    )
    if change.debit or change.credit:
        new = replace(new, payables=_payables(new.debit, new.credit), tax=not new.movement, without_contra=None)
    return _by_line_account(new) if change.use_line_account else new


def _added(change: RowOverride) -> PostingRow | None:
    if not (change.debit and change.credit and change.sign):
        return None
    row = PostingRow(
        number=0,
        type=change.type,
        subtype=change.subtype,
        debit=change.debit,
        credit=change.credit,
        sign=change.sign,
        payables=_payables(change.debit, change.credit),
        tax="expense" in (change.debit, change.credit),
        method=change.method,
        line_account=change.line_account,
    )
    return _by_line_account(row) if change.use_line_account else row


def _by_line_account(row: PostingRow) -> PostingRow:
    """A movement whose side that is not the money's uses the line's own account: a journal entry without tax."""
    if not row.movement:
        return row
    if row.debit in _MONEY:
        return replace(row, credit="expense", payables="journal")
    return replace(row, debit="expense", payables="journal")


def _payables(debit: Role, credit: Role) -> Payables:
    """What accounts payable makes of a row whose roles the settings name."""
    roles = {debit, credit}
    if "expense" in roles:
        if "payable" in roles:
            return "bill"
        return "employee_bill" if "employee" in roles else "bill_and_payment" if roles & _MONEY else "journal"
    return "payment" if "payable" in roles and roles & _MONEY else "journal"


def row_of(item: ExportItem, table: Table, findings: Findings) -> PostingRow | None:
    """The row of an item. An unknown type or deciding subtype is a problem, another unknown subtype a note."""
    row = table.get((item.type, item.subtype))
    if row is not None:
        return row
    base = table.get((item.type, None))
    if base is not None and item.type not in SUBTYPE_DECIDES:
        if item.type not in ANY_SUBTYPE:
            findings.note("subtype", subtype=shown(item.subtype), type=item.type)
        return base
    if item.type in SUBTYPE_DECIDES or any(known == item.type for known, _ in table):
        findings.fail("subtype_unknown", "subType", item.subtype or "", type=item.type)
        return None
    findings.fail("type_unknown", "type", item.type)
    return None
