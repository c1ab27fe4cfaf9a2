"""The screens: what a person types is checked, who may do what, what is told in words, an export from a button."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from erp_lab.places import free_port, sql
from kontobro.core.errors import NotAllowed
from kontobro.erp.kit.http import Refused
from tests.addons.tryton.harness import TrytonHarness, a_harness
from tests.addons.tryton.installation import ModuleServer, Person, Place, give_groups, wait_for

pytestmark = [pytest.mark.addon, pytest.mark.timeout(600)]

REFUSED = (Refused, NotAllowed)
SYNCS = ("sync_accounts", "sync_tax_codes", "sync_dimensions_", "sync_vendors")


@pytest.fixture
def harness(admin: Person, bookkeeper: Person) -> Iterator[TrytonHarness]:
    with a_harness(admin, bookkeeper) as harness:
        yield harness


def test_a_person_connects_sets_up_looks_and_exports(
    place: Place, database: str, port: int, server: ModuleServer, harness: TrytonHarness
) -> None:
    """One walk through all screens, on one company: a Tryton takes long to start."""
    refuse_bad_credentials(harness, port, database)
    harness.connect(level="4")
    kept = f"select count(*) from ir_session_wizard where data like '%{harness.sandbox.api_key}%'"
    assert sql(port, kept, database) == "0"
    refuse_bad_settings(harness)
    ask_for_the_wallet_alone(harness)
    keep_all_settings(harness)
    on = ("kontobro.connection", harness.connection["id"])
    assert "All checks passed" in checked(harness)
    connect_again(harness)
    keep_in_sync(harness, on)
    create_vendors(harness, on)
    refuse_others(harness, server, database)
    export_by_button(harness)


def refuse_bad_credentials(harness: TrytonHarness, port: int, database: str) -> None:
    """Tryton's own error, and nothing is stored."""
    with pytest.raises(Refused, match=r"Pleo|key"):
        harness.connect(api_key="not a key of Pleo's")
    with pytest.raises(Refused, match="can't be reached"):
        harness.connect(url=f"http://127.0.0.1:{free_port()}")
    with pytest.raises(Refused, match="API key is missing"):
        harness.connect(api_key=None)
    assert sql(port, "select count(*) from kontobro_connection", database) == "0"


def refuse_bad_settings(harness: TrytonHarness) -> None:
    view = harness.admin.rows("account.account", "code", domain=[["type", "=", None]])[0]["id"]
    with pytest.raises(Refused, match=r"Out of pocket: the user who books can't use .*Choose another"):
        harness.set_up(out_of_pocket=view)
    with pytest.raises(Refused, match=r'"999999" of "Account" that don\'t exist'):
        harness.set_up(out_of_pocket=999_999)
    with pytest.raises(Refused, match="Nowhere/Land"):
        harness.set_up(time_zone="Nowhere/Land")
    with pytest.raises(Refused, match=r"Days to keep item details: takes .* from 0 to 3650 \(it is -1\)"):
        harness.set_up(retention_days=-1)
    refuse_bad_lines(harness)
    assert not harness.shown()["out_of_pocket"]


def ask_for_the_wallet_alone(harness: TrytonHarness) -> None:
    """Before the first export a wallet is needed; the other accounts are asked for by the expenses that need them."""
    others = dict.fromkeys(("out_of_pocket", "contra", "external_reimbursement", "accounts_payable"))
    harness.set_up(**others, wallets=[])
    assert {name: harness.shown()[name] for name in others} == others
    missing = (
        "Account for the Pleo wallet missing.\n→ Provide it in the settings (wallet, or wallets for each currency)."
    )
    assert checked(harness).startswith(missing)
    harness.set_up(**others)
    for told in (
        "All checks passed",
        "fail: Invoice, Invoice payment",
        "External reimbursement, Wallet top-up",
        "Mileage",
    ):
        assert told in checked(harness)


def checked(harness: TrytonHarness) -> str:
    (shown,) = harness.bookkeeper.wizard("kontobro.check", on=("kontobro.connection", harness.connection["id"]))
    return str(shown["view"]["defaults"]["text"])


def refuse_bad_lines(harness: TrytonHarness) -> None:
    """Each refusal names the table, the line, the field and what is wrong with it."""
    find = harness.admin.id_of
    root = find("analytic_account.account", "PROJECT")
    wallet = {"currency": find("currency.currency", "EUR"), "account": find("account.account", "1082")}
    bad: list[tuple[str, dict[str, object]]] = [
        (r"Wallets in other currencies, line 2: EUR is already in another line", {"wallets": [wallet, wallet]}),
        (r"Wallets in other currencies, line 1: Account is missing", {"wallets": [{**wallet, "account": None}]}),
        (r"Posting rules, line 1: Type is missing", {"rows": [{"sign": "follow"}]}),
        (r"Posting rules, line 2: fee is already in another line", {"rows": [{"type": "fee", "sign": "follow"}] * 2}),
        (r"Posting rules, line 1, Negative total: takes .*it is maybe", {"rows": [{"type": "fee", "sign": "maybe"}]}),
        (
            r"Posting rules, line 1: adds a row .*raffle",
            {"rows": [{"type": "raffle", "debit": "expense"}]},
        ),
        (r"Dimensions, line 1: the line is empty", {"dimensions": [{"root": root}]}),
        (r"Dimensions, line 1: Analytic Root is missing", {"dimensions": [{"group": "PROJ", "root": None}]}),
        (r"Changes without approval, percent: .*it is 101", {"sync_max_percent": 101}),
        (r"Entry text: .*nonsense", {"description": "{nonsense}"}),
    ]
    for message, changes in bad:
        with pytest.raises(Refused, match=message):
            harness.set_up(**changes)


def keep_all_settings(harness: TrytonHarness) -> None:
    """What is saved is shown again; and an account stays itself, whatever another one's code is."""
    find = harness.admin.id_of
    owed = find("account.account", "2890")
    like = harness.admin.rows("account.account", "type", domain=[["id", "=", owed]])[0]
    twin = {"company": 1, "code": str(owed), "name": "Named as another's id", "type": like["type"]}
    harness.admin.api.write("model.account.account.create", [twin])
    rule = {"type": "raffle", "debit": "expense", "credit": "wallet", "sign": "follow", "method": "journal"}
    choices = {"voided": "ask", "sync_floor": 0, "patience_minutes": 3, "employees_are_vendors": True}
    harness.set_up(rows=[{**rule, "use_line_account": True}], **choices)
    shown = harness.shown()
    assert {name: shown[name] for name in choices} == choices
    assert [{name: row[name] for name in rule} for row in shown["rows"]] == [rule]
    assert [shown["out_of_pocket"], shown["rows"][0]["use_line_account"]] == [owed, True]
    harness.set_up(**{name: harness.usual[name] for name in choices})
    assert [row["type"] for row in harness.shown()["rows"]] == ["cashback"]


def connect_again(harness: TrytonHarness) -> None:
    """The form proposes the level that the company has; left at that, all stays in sync, beside the level too."""
    assert level_proposed(harness) == "4"
    before = {name: harness.shown()[name] for name in SYNCS}
    harness.set_up(**dict.fromkeys(SYNCS, False) | {"sync_accounts": True})
    assert level_proposed(harness) == "1"
    harness.connect(level="1")
    assert {name: harness.shown()[name] for name in SYNCS} == dict.fromkeys(SYNCS, False) | {"sync_accounts": True}
    harness.set_up(**before)


def level_proposed(harness: TrytonHarness) -> str:
    (shown,) = harness.bookkeeper.wizard("kontobro.connect")
    return str(shown["view"]["defaults"]["level"])


def keep_in_sync(harness: TrytonHarness, on: tuple[str, int]) -> None:
    """A plan is shown, and done for the person who says yes to this very one."""
    start = {"start": {"kind": "dimensions"}}
    root = harness.admin.id_of("analytic_account.account", "PROJECT")
    harness.set_up(dimensions=[{"group": "PROJ", "root": root, "send": True}], sync_dimensions_=True)
    *_, shown = harness.bookkeeper.wizard("kontobro.synchronize", ("plan", start), on=on)
    plan = shown["view"]["defaults"]
    assert plan["digest"].startswith("dimensions-")
    other = {**start, "plan": {**plan, "digest": "dimensions-other"}}
    with pytest.raises(Refused, match="digest"):
        harness.bookkeeper.wizard("kontobro.synchronize", ("apply", other), on=on)
    *_, done = harness.bookkeeper.wizard("kontobro.synchronize", ("apply", {**start, "plan": plan}), on=on)
    assert "in sync" in done["view"]["defaults"]["text"]
    (noted,) = [row for row in harness.bookkeeper.rows("kontobro.sync", "kind", "outcome") if row["kind"] == "tags"]
    assert noted["outcome"] == "in_step"


def create_vendors(harness: TrytonHarness, on: tuple[str, int]) -> None:
    """An employee made the painter in Pleo: now he is a party, once, and Pleo knows him by its code."""
    harness.set_up(sync_vendors=True, create_vendors=True)
    start = {"start": {"kind": "vendors"}}
    *_, shown = harness.bookkeeper.wizard("kontobro.synchronize", ("plan", start), on=on)
    *_, done = harness.bookkeeper.wizard(
        "kontobro.synchronize", ("apply", {**start, "plan": shown["view"]["defaults"]}), on=on
    )
    assert "Malermester Holm" not in done["view"]["defaults"]["text"]
    (painter,) = harness.bookkeeper.rows("party.party", "code", domain=[["name", "=", "Malermester Holm"]])
    vendors = harness.sandbox.vendors.of(harness.sandbox.company_id)
    assert painter["code"] in {vendor.facts.get("code") for vendor in vendors}


def refuse_others(harness: TrytonHarness, server: ModuleServer, database: str) -> None:
    """Who only looks may not connect; who has no group sees nothing; nor does another company."""
    accountant = Person(server.url, database, "accountant")
    assert len(accountant.rows("kontobro.connection", "name")) == 1
    with pytest.raises(REFUSED):
        accountant.wizard("kontobro.connect")
    with pytest.raises(REFUSED):
        accountant.api.write("model.kontobro.connection.disconnect", [harness.connection["id"]])
    with pytest.raises(REFUSED):
        accountant.api.write("model.kontobro.connection.write", [harness.connection["id"]], {"status": "disconnected"})
    with pytest.raises(REFUSED):
        harness.bookkeeper.rows("kontobro.secret", "name")
    stranger = Person(server.url, database, "stranger")
    with pytest.raises(REFUSED):
        stranger.rows("kontobro.connection", "name")
    move_elsewhere(harness.admin)
    give_groups(harness.admin, {"stranger": ["Pleo"]})
    assert Person(server.url, database, "stranger").rows("kontobro.connection", "name") == []


def move_elsewhere(admin: Person) -> int:
    """The stranger works in another company, which is new."""
    (party,) = admin.api.write("model.party.party.create", [{"name": "Another ApS"}])
    (company,) = admin.api.write(
        "model.company.company.create", [{"party": party, "currency": admin.id_of("currency.currency", "DKK")}]
    )
    (user,) = admin.rows("res.user", "login", domain=[["login", "=", "stranger"]])
    companies = {"companies": [["remove", [1]], ["add", [company]]], "company": company}
    admin.api.write("model.res.user.write", [user["id"]], companies)
    return int(company)


def export_by_button(harness: TrytonHarness) -> None:
    """The button answers in a while, whatever there is to do; the work continues."""
    begun = time.monotonic()
    harness.bookkeeper.api.write("model.kontobro.connection.export_now", [harness.connection["id"]])
    assert time.monotonic() - begun < 60
    wait_for(lambda: {row["status"] for row in jobs(harness)} == {"completed_with_errors"}, "the job's end")
    assert harness.entry_counts()["duplicates"] == 0


def jobs(harness: TrytonHarness) -> list[dict[str, object]]:
    return harness.bookkeeper.rows("kontobro.job", "status")


def test_a_pleo_that_is_away_holds_up_no_other_work_of_trytons_cron(
    place: Place, database: str, port: int, admin: Person, bookkeeper: Person
) -> None:
    with a_harness(admin, bookkeeper) as harness:
        harness.connect()
        harness.set_up()
    sql(port, "update ir_cron set next_call = null", database)
    place.cron_once(database)
    assert sql(port, "select count(*) from ir_cron where active and next_call is null", database) == "0"
    assert "can't be reached" in harness.connection["last_fault"]
    (told,) = harness.bookkeeper.api.rows("kontobro.connection", [], ["fault_told"], language="de")
    assert told["fault_told"].startswith("Pleo ist nicht erreichbar. ")
    assert harness.connection["last_fault"] in told["fault_told"]
