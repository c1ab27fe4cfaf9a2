"""Settings proposed from a chart: the demo's ledger, charts as Odoo ships them, and charts that tell nothing."""

from __future__ import annotations

from dataclasses import replace
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kontobro.core.model.masterdata import Account, Company, Dimension, Journal, Vendor
from kontobro.core.model.masters import Masters
from kontobro.core.model.settings import Settings
from kontobro.core.settings.check import check_settings
from kontobro.core.settings.suggest import Suggestion, suggest
from kontobro.erp.registry import load_connector
from kontobro.export.job.masters import load_masters

COMPANY = Company("1", "Fjord & Bro GmbH", "EUR", "Europe/Berlin", "DE")

SKR03 = {
    "1200": "Bank",
    "1361001": "Geldtransit",
    "1530": "Forderungen gegen Personal aus Lohn- und Gehaltsabrechnung",
    "1590": "Durchlaufende Posten",
    "1600": "Verbindlichkeiten aus Lieferungen und Leistungen",
    "1601": "Verbindlichkeiten aus Lieferungen und Leistungen",
    "1605": "Verbindlichkeiten aus Lieferungen und Leistungen zum allgemeinen Umsatzsteuersatz (EÜR)",
    "1610": "Verbindlichkeiten aus Lieferungen und Leistungen ohne Kontokorrent",
    "1630": "Verbindlichkeiten aus Lieferungen und Leistungen gegenüber verbundenen Unternehmen",
    "1740": "Verbindlichkeiten aus Lohn und Gehalt",
    "1741": "Verbindlichkeiten aus Lohn- und Kirchensteuer",
    "1748": "Verbindlichkeiten für Einbehaltungen von Arbeitnehmern",
    "4930": "Bürobedarf",
}
"""What matters of the chart that Odoo's l10n_de brings as de_skr03."""

SKR03_ENGLISH = {
    "1361001": "Liquidity Transfer",
    "1590": "Items in transit",
    "1600": "Trade payables",
    "1601": "Trade payables",
    "1605": "Trade payables at general VAT rate (cash basis accounting)",
    "1630": "Trade payables to affiliated companies",
    "1740": "Payroll liabilities",
    "1741": "Wage and church tax payables",
}

CHARTS = {
    "de_skr03": (SKR03, {"contra": "1361001", "accounts_payable": "1600", "external_reimbursement": "1740"}),
    "de_skr03 in English": (
        SKR03_ENGLISH,
        {"contra": "1361001", "accounts_payable": "1600", "external_reimbursement": "1740"},
    ),
    "dk": (
        {
            "2885": "Salary reimbursements",
            "3650": "Interest payable to suppliers of goods and services",
            "7440": "Suppliers of goods and services (short-term)",
            "7510": "Payables to affiliated companies (current)",
        },
        {"accounts_payable": "7440"},
    ),
    "se": (
        {"1610": "Kortfristiga fordringar hos anställda", "2440": "Leverantörsskulder",
         "2820": "Kortfristiga skulder till anställda", "2910": "Upplupna löner", "2920": "Upplupna semesterlöner"},
        {"accounts_payable": "2440", "out_of_pocket": "2820", "external_reimbursement": "2910"},
    ),
    "no": (
        {"1380": "Fordringer på ansatte", "2250": "Gjeld til ansatte", "2400": "Leverandørgjeld",
         "2460": "Leverandørgjeld til selskap i samme konsern"},
        {"accounts_payable": "2400", "out_of_pocket": "2250"},
    ),
    "fr": (
        {"401100": "Fournisseurs - Achats de biens et prestations de services",
         "401700": "Fournisseurs - Retenues de garantie", "421000": "Personnel - Rémunérations dues",
         "580000": "Virements internes"},
        {"accounts_payable": "401100", "contra": "580000", "external_reimbursement": "421000"},
    ),
    "nl": (
        {"0821": "Leningen o/g 1", "1300": "Crediteuren", "1350": "Betalingen onderweg"},
        {"accounts_payable": "1300", "contra": "1350"},
    ),
    "generic": (
        {"2110": "Account Payable", "2300": "Salary Payable", "2520": "Tax Payable", "1013": "Liquidity Transfer"},
        {"accounts_payable": "2110", "contra": "1013", "external_reimbursement": "2300"},
    ),
}  # fmt: skip


def chart(names: dict[str, str]) -> list[Account]:
    return [Account(str(at), code, name) for at, (code, name) in enumerate(names.items(), start=1)]


def changed(suggestions: tuple[Suggestion, ...]) -> dict[str, str]:
    return {one.setting: one.after for one in suggestions if one.changes}


@pytest.mark.parametrize("name", CHARTS)
def test_what_a_countrys_chart_tells(name: str) -> None:
    names, expected = CHARTS[name]
    found = suggest(Settings(), Masters.of(COMPANY, chart(names)))
    assert changed(found) == expected
    unclear = {one.setting for one in found if not one.after}
    assert unclear == {"wallet", "out_of_pocket", "contra", "external_reimbursement", "accounts_payable"} - {*expected}
    assert all(one.why for one in found)


def test_the_reason_and_the_others_are_said() -> None:
    found = {one.setting: one for one in suggest(Settings(), Masters.of(COMPANY, chart(SKR03)))}
    payable = found["accounts_payable"]
    assert payable.why == 'it is called "Verbindlichkeiten aus Lieferungen und Leistungen", 1600 is a usual code for it'
    assert payable.candidates[0] == "1601 Verbindlichkeiten aus Lieferungen und Leistungen"
    assert found["out_of_pocket"].why == "nothing is called like what employees paid themselves: choose or make one"


NAMED_AFTER_PLEO = {
    "contra": (
        "Money in transit to and from Pleo", "Pleo in transit", "Penge undervejs til Pleo", "Pleo-Geldtransit",
        "Pleo, Geld unterwegs", "Virements Pleo", "Pengar på väg till Pleo", "Pleo överföringar",
    ),
    "out_of_pocket": (
        "Employee expenses via Pleo", "Pleo udlæg", "Pleo Auslagen", "Notes de frais Pleo", "Pleo utlägg",
    ),
    "accounts_payable": (
        "Pleo suppliers", "Kreditorer Pleo", "Lieferanten über Pleo", "Fournisseurs Pleo", "Pleo leverantörsskulder",
    ),
    "external_reimbursement": (
        "Pleo, paid with the salary", "Pleo løn", "Lohn (Pleo)", "Salaires Pleo", "Pleo, med lönen",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("role", "name"), [(role, name) for role, names in NAMED_AFTER_PLEO.items() for name in names])
@pytest.mark.parametrize("country", CHARTS)
def test_what_is_named_after_pleo_and_the_purpose_comes_before_general_names(
    country: str, role: str, name: str
) -> None:
    names, expected = CHARTS[country]
    accounts = chart({**names, "9876": name})
    found = {one.setting: one for one in suggest(Settings(), Masters.of(COMPANY, accounts))}
    assert found[role].after == "9876"
    assert found[role].why.startswith(f'it is called "{name}", after Pleo and its purpose')
    others = {setting: one.after for setting, one in found.items() if setting != role and one.after}
    assert others == {setting: code for setting, code in expected.items() if setting != role}, "it is nothing else"
    if role in expected:
        assert any(other.startswith(f"{expected[role]} ") for other in found[role].candidates), (
            "the general one is left"
        )


@pytest.mark.parametrize(
    ("general", "own"),
    [
        ("Liquidity Transfer", "Money in transit, bank to card"),
        ("Liquidity Transfer", "Geldtransit 2"),
        ("Cash in transit", "Virements internes divers"),
        ("Internal transfers", "Penge undervejs"),
        ("Betalingen onderweg", "Pengar på väg"),
    ],
)
def test_the_purposes_own_words_come_before_general_names(general: str, own: str) -> None:
    found = suggest(Settings(), Masters.of(COMPANY, chart({"1360": general, "1999": own})))
    assert changed(found) == {"contra": "1999"}, "a usual code counts less than the name"


def test_of_two_named_alike_the_usual_code_is_taken_and_others_are_listed_by_code() -> None:
    names = {
        "1999": "Pleo in transit",
        "1360": "In transit, Pleo",
        "1500": "Liquidity transfer",
        "1400": "Cash in transit",
    }
    found = {one.setting: one for one in suggest(Settings(), Masters.of(COMPANY, chart(names)))}["contra"]
    assert (found.after, found.candidates[0]) == ("1360", "1999 Pleo in transit")
    assert found.candidates[1:] == ("1400 Cash in transit", "1500 Liquidity transfer")
    assert "1360 is a usual code for it" in found.why


def test_two_that_fit_alike_are_left_to_the_person() -> None:
    twins = chart({"9001": "Trade payables", "9002": "Trade payables"})
    found = {one.setting: one for one in suggest(Settings(), Masters.of(COMPANY, twins))}["accounts_payable"]
    assert (found.after, found.candidates) == ("", ("9001 Trade payables", "9002 Trade payables"))


def test_the_vendors_own_choice_decides_between_two() -> None:
    twins = chart({"9001": "Trade payables", "9002": "Trade payables"})
    vendors = [Vendor(id=f"v{n}", code=f"V{n}", name="Vendor", account="2") for n in range(3)]
    found = suggest(Settings(), Masters.of(COMPANY, twins, vendors=vendors))
    assert changed(found) == {"accounts_payable": "9002"}
    assert any("3 vendors have it" in one.why for one in found)


def demo_masters() -> Masters:
    ledger = Path(str(files("kontobro.erp.beancount") / "demo" / "ledger.beancount"))
    connector = load_connector("beancount", {"ledger": str(ledger)})
    return load_masters(connector, connector.check())


def test_the_demos_ledger_tells_everything() -> None:
    groups = [("COST", "Cost centre"), ("PROJ", "Project")]
    found = changed(suggest(Settings(), demo_masters(), groups))
    assert found == {
        "wallets.DKK": "1081",
        "wallets.EUR": "1082",
        "wallets.SEK": "1083",
        "out_of_pocket": "2890",
        "contra": "1089",
        "external_reimbursement": "2895",
        "accounts_payable": "2440",
        "journal": "PLEO",
        "dimensions.PROJ": "PROJECT",
    }
    roles = {name: value for name, value in found.items() if "." not in name}
    assert check_settings(Settings(**roles), demo_masters()) == []


def test_what_is_set_and_right_is_kept_and_what_is_gone_is_replaced() -> None:
    settings = Settings(out_of_pocket="2440", contra="no such account", journal="GEN", wallets={"DKK": "1010"})
    found = {one.setting: one for one in suggest(settings, demo_masters())}
    assert [found[name].after for name in ("out_of_pocket", "contra", "journal", "wallets.DKK")] == (
        ["2440", "1089", "GEN", "1010"]
    )
    assert (found["contra"].before, found["contra"].changes) == ("no such account", True)
    assert not found["out_of_pocket"].changes


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ({"1": "Pleo"}, {"wallet": "1"}),
        ({"1": "Pleo wallet EUR", "2": "Pleo, SEK", "3": "Geldtransit Pleo"}, {"wallets.EUR": "1", "wallets.SEK": "2"}),
        ({"1": "Pleo", "2": "Pleo old"}, {}),
        ({"1": "Pleonasm"}, {}),
    ],
)
def test_wallets_are_accounts_named_after_pleo(names: dict[str, str], expected: dict[str, str]) -> None:
    found = suggest(Settings(contra="1"), Masters.of(COMPANY, chart(names)))
    assert changed(found) == expected


def test_the_one_wallet_that_is_set_is_not_overruled() -> None:
    masters = Masters.of(COMPANY, chart({"1": "Bank of Pleo", "2": "Pleo EUR"}))
    assert changed(suggest(Settings(wallet="1"), masters)) == {}


def test_a_code_that_two_accounts_share_is_not_proposed() -> None:
    accounts = [Account("a1", "2440", "Payables"), Account("a2", "2440", "Rent")]
    found = {one.setting: one for one in suggest(Settings(), Masters.of(COMPANY, accounts))}["accounts_payable"]
    assert (found.after, found.candidates) == ("", ("2440 Payables",))
    assert "no code of its own" in found.why


def test_blocked_accounts_are_not_proposed() -> None:
    blocked = [Account("1", "2440", "Payables", active=False)]
    assert changed(suggest(Settings(), Masters.of(COMPANY, blocked))) == {}


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ({"MISC": "Miscellaneous Operations", "BILL": "Vendor Bills", "EXCH": "Exchange Difference"}, "MISC"),
        ({"OD": "Opérations diverses", "ACH": "Achats"}, "OD"),
        ({"GEN": "General journal", "X1": "Pleo"}, "X1"),
        ({"A": "Sales", "B": "Purchases"}, ""),
    ],
)
def test_the_journal(names: dict[str, str], expected: str) -> None:
    journals = [Journal(str(at), code, name) for at, (code, name) in enumerate(names.items())]
    (found,) = [
        one for one in suggest(Settings(), Masters.of(COMPANY, (), journals=journals)) if one.setting == "journal"
    ]
    assert found.after == expected


@pytest.mark.parametrize(
    ("group", "dimension", "why"),
    [
        (("KST", "Kostenstelle"), ("Cost centre", "Cost centre"), "another word"),
        (("T", "Project"), ("7", "project"), "same name"),
        (("PROJ", "Byggesager"), ("PROJECT", "Sager"), "begins alike"),
        (("ZZ", "Colour"), ("PROJECT", "Project"), "no dimension"),
    ],
)
def test_a_tag_group_finds_its_dimension(group: tuple[str, str], dimension: tuple[str, str], why: str) -> None:
    masters = Masters.of(COMPANY, (), dimensions=[Dimension("1", *dimension), Dimension("2", "SHIP", "Ship")])
    (found,) = [one for one in suggest(Settings(), masters, [group]) if one.setting.startswith("dimensions.")]
    assert why in found.why
    assert bool(found.after) == (why != "no dimension")


@given(names=st.lists(st.text(max_size=40), max_size=12))
def test_whatever_the_names_are_only_accounts_of_the_chart_are_proposed(names: list[str]) -> None:
    accounts = [Account(str(at), f"{1000 + at}", name) for at, name in enumerate(names)]
    found = changed(suggest(Settings(), Masters.of(COMPANY, accounts)))
    assert set(found.values()) <= {account.code for account in accounts}


def test_the_systems_own_default_payable_account_comes_before_any_name() -> None:
    accounts = [Account("1", "1600", "Accounts payable"), Account("2", "1610", "Payables without current account")]
    company = replace(COMPANY, payable="2")
    assert changed(suggest(Settings(), Masters.of(company, accounts)))["accounts_payable"] == "1610"
    gone = [accounts[0], replace(accounts[1], active=False)]
    assert changed(suggest(Settings(), Masters.of(company, gone)))["accounts_payable"] == "1600"
