"""What accounts, journals and dimensions are called in the charts of several countries. Small letters, no punctuation.

Names are from the charts that Odoo and Tryton ship for their countries, and from common practice. A code alone says
nothing (2440 is payables in one country and rent in another): it decides between accounts whose names fit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Known:
    """What a thing is called: `phrases` of its name, `codes` that it often has, words of names that mean another."""

    what: str
    phrases: tuple[str, ...]
    codes: frozenset[str]
    never: frozenset[str] = frozenset()


NOT_OURS = frozenset(
    "affiliated group associates shareholders verbundenen verbundene konsern koncern tilknyttede interest renter "
    "receivable receivables forderungen fordringer fordringar tilgodehavender investments investitionen "
    "cash basis tax taxes vat moms mva ust umsatzsteuer steuer skat skatt withheld".split()
)
"""Words of accounts that belong to a group of companies, to taxes or to what others owe us."""

ROLES: Mapping[str, Known] = {
    "out_of_pocket": Known(
        "what employees paid themselves",
        (
            "out of pocket",
            "employee expenses",
            "employees expenses",
            "balance with employees",
            "liabilities to employees",
            "current liabilities to employees",
            "due to employees",
            "employee reimbursements",
            "mitarbeiterauslagen",
            "auslagen mitarbeiter",
            "verbindlichkeiten gegenüber mitarbeitern",
            "verbindlichkeiten gegenüber arbeitnehmern",
            "medarbejderudlæg",
            "udlæg medarbejdere",
            "mellemregning med medarbejdere",
            "mellemregning medarbejdere",
            "gjeld til ansatte",
            "utlegg ansatte",
            "ansattes utlegg",
            "kortfristiga skulder till anställda",
            "skulder till anställda",
            "utlägg anställda",
            "notes de frais",
            "frais des employés",
            "personeel declaraties",
            "te betalen declaraties",
            "gastos de empleados",
            "rimborsi spese dipendenti",
            "debiti verso dipendenti",
            "rozrachunki z pracownikami",
        ),
        frozenset({"2820", "2890", "2250", "2910", "7795", "4286", "465000"}),
        NOT_OURS,
    ),
    "contra": Known(
        "money in transit between bank and wallet",
        (
            "liquidity transfer",
            "money in transit",
            "cash in transit",
            "payments in transit",
            "money on its way",
            "internal transfers",
            "internal transfer",
            "geldtransit",
            "penge undervejs",
            "interne overførsler",
            "penger underveis",
            "medel under överföring",
            "virements internes",
            "betalingen onderweg",
            "kruisposten",
            "transferencias internas",
            "trasferimenti interni",
            "giroconti",
            "środki pieniężne w drodze",
        ),
        frozenset({"1360", "1460", "1089", "580000", "58000", "1350", "2020"}),
        frozenset({"goods", "waren", "varer"}),
    ),
    "external_reimbursement": Known(
        "what is paid back with the salary",
        (
            "reimbursed with the salary",
            "salary payable",
            "salaries payable",
            "wages payable",
            "payroll liabilities",
            "accrued wages and salaries",
            "verbindlichkeiten aus lohn und gehalt",
            "skyldig løn",
            "skyldig lønn",
            "upplupna löner",
            "löneskulder",
            "personnel rémunérations dues",
            "rémunérations dues",
            "personnel remuneration payable",
            "te betalen lonen",
            "netto lonen",
            "remuneraciones pendientes de pago",
            "debiti verso personale per retribuzioni",
        ),
        frozenset({"1740", "3720", "2895", "2910", "2930", "421000", "465", "2300"}),
        NOT_OURS,
    ),
    "accounts_payable": Known(
        "what is owed to vendors",
        (
            "accounts payable",
            "account payable",
            "payables",
            "payable",
            "trade payables",
            "trade creditors",
            "creditors",
            "suppliers of goods and services",
            "main payable",
            "verbindlichkeiten aus lieferungen und leistungen",
            "kreditorer",
            "leverandørgæld",
            "leverandører af varer og tjenesteydelser",
            "varekreditorer",
            "leverandørgjeld",
            "leverantörsskulder",
            "fournisseurs",
            "suppliers purchase of goods and services",
            "suppliers",
            "crediteuren",
            "proveedores",
            "debiti verso fornitori",
            "debiti v fornitori",
            "rozrachunki z dostawcami",
            "ostovelat",
        ),
        frozenset({"1600", "3300", "2440", "2400", "7440", "401100", "401000", "401", "2110", "1300", "4000", "400"}),
        NOT_OURS
        | frozenset(
            "payroll salary notes bills employees advances prepayments retenues holdbacks immobilisations".split()
        ),
    ),
}
"""The role accounts of `posting-rules.md` §1, besides the wallets."""

WALLET = "pleo"
"""Nothing else tells a wallet's account: people who have one call it so."""

JOURNAL = Known(
    "entries that are neither sales nor purchases",
    (
        "general journal",
        "general",
        "miscellaneous operations",
        "miscellaneous",
        "journal entries",
        "verschiedenes",
        "sonstige",
        "diverse",
        "kassekladde",
        "finanskladde",
        "diverse operationer",
        "opérations diverses",
        "memoriaal",
        "operaciones varias",
        "operazioni varie",
    ),
    frozenset({"misc", "gen", "gl", "od", "div", "memo"}),
)

DIMENSION_WORDS: tuple[frozenset[str], ...] = (
    frozenset({"cost", "cost centre", "cost center", "costs", "kostenstelle", "omkostningssted", "kostsenter",
               "kostnadsställe", "centre de coûts", "kostenplaats", "centro de coste", "centro di costo"}),
    frozenset({"project", "projects", "projekt", "prosjekt", "projet", "proyecto", "progetto"}),
    frozenset({"department", "departments", "abteilung", "afdeling", "avdeling", "avdelning", "département",
               "departamento", "reparto", "team"}),
    frozenset({"region", "regions", "area", "gebiet", "région", "región"}),
)  # fmt: skip
"""Words for one and the same dimension."""
