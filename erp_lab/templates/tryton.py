"""The company that tests clone: Danish, Tryton's own small chart, two analytic roots, three users.

Runs in Tryton's own environment (erp_lab/tryton.sh calls it). usage: template.py CONF DATABASE KEYS
"""

import datetime
import sys
from decimal import Decimal
from pathlib import Path

import trytond  # type: ignore[import-not-found,unused-ignore]
from proteus import Model, config  # type: ignore[import-not-found,unused-ignore]

conf, database, keys = sys.argv[1], sys.argv[2], Path(sys.argv[3])
session = config.set_trytond(database=database, config_file=conf, user="admin")

from trytond.modules.account.tests.tools import create_chart, get_accounts  # noqa: E402 - needs a database
from trytond.modules.company.tests.tools import create_company, get_company  # noqa: E402

CURRENCIES = {"DKK": (2, "1"), "EUR": (2, "0.1340"), "USD": (2, "0.1456"), "JPY": (0, "22.5"), "KWD": (3, "0.0445")}
YEAR = 2026
OLD = trytond.__version__.startswith("7.0.")
"""7.0: other names of groups, moves numbered with gaps, a chart of seven accounts without codes."""


def currencies():
    made = {}
    for code, (digits, rate) in CURRENCIES.items():
        currency = Model.get("currency.currency")(
            name=code, code=code, digits=digits, rounding=Decimal(1).scaleb(-digits), symbol=code
        )
        for day, factor in ((datetime.date(YEAR, 1, 1), "1"), (datetime.date(YEAR, 10, 1), "1.01")):
            if code != "DKK" or factor == "1":
                rate_then = (Decimal(rate) * Decimal(factor)).quantize(Decimal("0.000001"))
                currency.rates.append(Model.get("currency.currency.rate")(date=day, rate=rate_then))
        currency.save()
        made[code] = currency
    return made


def company_of(currency):
    party = Model.get("party.party")(name="Fjord & Bro ApS")
    party.save()
    create_company(party=party, currency=currency)
    company = get_company()
    company.timezone = "Europe/Copenhagen"
    company.save()
    session._context["company"] = company.id
    create_chart(company)
    return company


def fiscal_year(company):
    """Twelve months; the first quarter is closed, and January for good."""
    types = Model.get("ir.sequence.type")
    year = Model.get("account.fiscalyear")(name=str(YEAR), company=company)
    year.start_date, year.end_date = datetime.date(YEAR, 1, 1), datetime.date(YEAR, 12, 31)
    gapless = {"Account Move": not OLD, "Invoice": True}
    sequences = {}
    for name, strict in gapless.items():
        (kind,) = types.find([("name", "=", name)])
        sequence = Model.get("ir.sequence.strict" if strict else "ir.sequence")
        sequences[name] = sequence(name=name, sequence_type=kind, company=company)
        sequences[name].save()
    setattr(year, "post_move_sequence" if OLD else "move_sequence", sequences["Account Move"])
    (numbers,) = year.invoice_sequences
    for field in ("in_invoice", "in_credit_note", "out_invoice", "out_credit_note"):
        setattr(numbers, f"{field}_sequence", sequences["Invoice"])
    year.save()
    year.click("create_period")
    periods = sorted(year.periods, key=lambda period: period.start_date)
    for period in periods[:3]:
        period.click("close")
    periods[0].click("lock_")


def numbered(company):
    """The chart of 7.0 has seven accounts and no codes: they get those that 8.2's has for the same."""
    chart = get_accounts(company)
    if not OLD:
        return chart
    codes = {
        "cash": "1.1.1",
        "payable": "2.1.1",
        "receivable": "1.2.1",
        "revenue": "4.1.0",
        "expense": "5.1.3",
        "tax": "6.3.6",
    }
    for kind, code in codes.items():
        chart[kind].code = code
        chart[kind].save()
    tax = chart["tax"]
    Model.get("account.account")(code="6.3.4", name="Output tax", type=tax.type, parent=tax.parent).save()
    return get_accounts(company)


def accounts(company, by_code):
    chart = numbered(company)
    new = Model.get("account.account")
    parent = chart["cash"].parent
    for number, code in enumerate(by_code):
        wallet = new(code=f"649{number}", name=f"Pleo {code}", type=chart["cash"].type, parent=parent)
        if code != "DKK":
            wallet.second_currency = by_code[code]
        wallet.save()
    for code, name, like in (
        ("6499", "Money on its way to Pleo", "cash"),
        ("7795", "Employees' expenses", "payable"),
        ("99999", "The last account", "expense"),
    ):
        account = new(code=code, name=name, type=chart[like].type, parent=chart[like].parent)
        account.reconcile = like == "payable"
        account.party_required = like == "payable"
        account.save()
    expense = chart["expense"]
    new(code="98999", name="No longer used", type=expense.type, parent=expense.parent, closed=True).save()
    settings = Model.get("account.configuration")(1)
    (settings.currency_exchange_journal,) = Model.get("account.journal").find([("code", "=", "EXC")])
    settings.currency_exchange_credit_account = chart["revenue"]
    settings.currency_exchange_debit_account = chart["expense"]
    settings.save()
    return chart


def no_longer_used(record):
    """Saved twice: Tryton creates nothing inactive."""
    record.save()
    record.active = False
    record.save()


def taxes(chart):
    """Danish input tax of a quarter, and reverse charge: a tax of two parts."""
    group = Model.get("account.tax.group")(name="Purchase", code="P", kind="purchase")
    group.save()
    tax = Model.get("account.tax")

    def part(name, rate, **more):
        return tax(
            name=name,
            description=name,
            group=group,
            type="percentage",
            rate=Decimal(rate),
            invoice_account=chart["tax"],
            credit_note_account=chart["tax"],
            **more,
        )

    part("I25", "0.25").save()
    no_longer_used(part("I20", "0.20"))
    reverse = tax(name="IV25", description="IV25", group=group, type="none")
    reverse.childs.append(part("IV25 in", "0.25"))
    reverse.childs.append(part("IV25 out", "-0.25"))
    reverse.save()


def dimensions():
    axis = Model.get("analytic_account.account")
    for code, name, values in (("COST", "Cost centre", ("100", "200")), ("PROJECT", "Project", ("P1", "P2"))):
        root = axis(type="root", name=name, code=code)
        root.save()
        for value in values:
            axis(type="normal", root=root, parent=root, name=f"{name} {value}", code=value).save()
        if code == "COST":
            no_longer_used(axis(type="normal", root=root, parent=root, name="Closed cost centre", code="900"))


def people(company, chart):
    party = Model.get("party.party")
    vendor = party(name="Staples", code="V100", account_payable=chart["payable"])
    vendor.save()
    no_longer_used(party(name="Blocked Ltd", code="V900", account_payable=chart["payable"]))
    employee = party(name="Anna Berg", code="E1")
    employee.save()
    Model.get("company.employee")(party=employee, company=company).save()


GROUPS = {
    "accountant": ["Account", "Account Administration"] if OLD else ["Accounting"],
    "bookkeeper": ["Account", "Account Administration"]
    if OLD
    else ["Accounting Administration", "Account Party Administration"],
    "stranger": [],
}
"""What Kontobro needs and no more; the person who closes periods and voids; one who may do nothing."""


def users(company):
    group = Model.get("res.group")
    for name, names in GROUPS.items():
        user = Model.get("res.user")(name=name.title(), login=name, password=(keys / name).read_text())
        user.companies.append(Model.get("company.company")(company.id))
        user.company = company
        for found in group.find([("name", "in", names)]):
            user.groups.append(group(found.id))
        user.save()


by_code = currencies()
company = company_of(by_code["DKK"])
chart = accounts(company, by_code)
fiscal_year(company)
taxes(chart)
dimensions()
people(company, chart)
users(company)
