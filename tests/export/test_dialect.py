"""An export, a sync, OAuth and webhooks under each answer that Pleo's documents leave open: a new switch is tested by
being there.

The sandbox plays the answer; the client has the switch of the same name, where there is one, and copes else.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from kontobro.core.dialect import SWITCHES, Dialect
from kontobro.core.errors import LoginFailed, Misconfigured, NotAllowed
from kontobro.core.model.connection import Connection, Tokens
from kontobro.core.model.journal import Reference
from kontobro.core.model.masterdata import (
    Account,
    Company,
    Dimension,
    DimensionValue,
    Journal,
    MasterRecord,
    TaxCode,
    Vendor,
)
from kontobro.export import JobResult, Ports, next_job, run_job
from kontobro.install.connect import Connecting
from kontobro.pleo import Ways, open_pleo, open_target
from kontobro.pleo.subscriptions import open_subscriptions
from kontobro.store import open_store
from kontobro.sync import KINDS, SyncPorts, apply_plan, plan_sync
from kontobro.testing.connector.memory import MemoryConnector
from pleo_sandbox.company.oauth import ALL_SCOPES
from pleo_sandbox.model import Expense
from pleo_sandbox.rules import ANSWERS, STRICT, Rules
from pleo_sandbox.server import serve
from pleo_sandbox.state.sandbox import Sandbox
from tests.support.connected_home import SETTINGS
from tests.support.consent import REDIRECT, allowed
from tests.support.empty_store import put_empty_store
from tests.support.export_harness import Altered, SandboxClock
from tests.support.pleo_answers import CONNECTING, GOOD, ISK, REFUNDS, Effect, effect_of, played
from tests.support.pleo_answers import expenses as good_expenses
from tests.support.pleo_company import COMPANY, a_company, a_line, an_item, entry_id
from tests.support.scripted_pleo import MemoryTokens

MORE_ACCOUNTS = 20
"""So that they are more than the smallest page."""
VALUES = 3
"""Of the dimension: more than the fewest tags that a group may have."""
RECEIVER = "http://127.0.0.1:9/webhooks"


def books() -> list[MasterRecord]:
    """An accounting system with something of every kind."""
    named = ("1081", "1089", "2440", "2890", "7504", "6900")
    more = (str(number) for number in range(9000, 9000 + MORE_ACCOUNTS))
    accounts = [Account(code, code, f"Account {code}") for code in (*named, *more)]
    return [
        Company("C1", "Fjord & Bro ApS", "DKK", "Europe/Copenhagen", "DK"),
        *accounts,
        TaxCode("I25", "I25", "Input VAT", Decimal("0.25"), "inclusive", "6900"),
        Dimension("DEPT", "DEPT", "Department"),
        *(DimensionValue(f"D{number}", "DEPT", f"D{number}", f"Department {number}") for number in range(VALUES)),
        Vendor(id="V100", code="V100", name="Kontor & Papir A/S", currency="DKK"),
        Journal("PLEO", "PLEO", "Pleo"),
    ]


def expenses() -> list[Expense]:
    """Good ones, and one whose account is unknown under a name that makes for a long reason."""
    account = {"id": COMPANY, "name": "N" * 3000, "code": "9999", "identifier": None}
    lines = [a_line(10_000, account=account) for _ in range(12)]
    return [*good_expenses(), Expense(an_item(GOOD + 1, minor=120_000, accountingEntryLines=lines))]


@dataclass
class World:
    """A Pleo that gives these answers, and a client that was told of those that it has to know."""

    sandbox: Sandbox
    dialect: Dialect
    url: str
    folder: Path

    @property
    def clock(self) -> SandboxClock:
        return SandboxClock(self.sandbox)

    def connection(self, **more: Any) -> Connection:
        known: dict[str, Any] = {
            "id": "c1",
            "name": "c1",
            "environment": "sandbox",
            "api_url": self.url,
            "auth_url": self.url,
            "auth": "api_key",
            "company_id": "",
            "company_name": "",
            "erp": "memory",
            "settings": SETTINGS,
        }
        return Connection(**(known | more))

    def scopes(self) -> frozenset[str]:
        """All of them, as this Pleo spells them."""
        return frozenset(map(self.sandbox.rules.scope, ALL_SCOPES))


@contextmanager
def a_world(rules: dict[str, Any], folder: Path) -> Iterator[World]:
    sandbox = Sandbox(a_company(*expenses()))
    sandbox.set_rules(rules)
    told = {name: answer for name, answer in rules.items() if name in SWITCHES}
    with serve(sandbox) as url:
        yield World(sandbox, replace(Dialect(), **told), url, folder)


def test_every_switch_of_the_client_has_its_twin_in_the_sandbox() -> None:
    assert {name: set(answers) for name, answers in SWITCHES.items()} == {name: set(ANSWERS[name]) for name in SWITCHES}
    strict = {name: answers[0] for name, answers in SWITCHES.items()}
    assert strict == {name: getattr(Rules(), name) for name in SWITCHES}
    assert all(getattr(Rules(), name) is True for name in STRICT)
    assert {name: getattr(Rules(), name) for name in ANSWERS} == {name: answers[0] for name, answers in ANSWERS.items()}
    assert all(known.metadata["source"] for known in fields(Dialect))


@pytest.mark.parametrize("rules", played())
def test_exports_and_a_sync_under_each_answer(tmp_path: Path, rules: dict[str, Any]) -> None:
    with a_world(rules, tmp_path) as world, open_store(put_empty_store(tmp_path / "kontobro.sqlite3")) as store:
        key = world.sandbox.add_api_key(COMPANY, world.scopes())
        connector, clock, dialect = MemoryConnector(books()), world.clock, world.dialect
        opened = []

        def pleo_for(connection: Connection, tokens: Any) -> Any:
            opened.append(open_pleo(connection, tokens, clock, Ways(dialect=dialect)))
            return opened[-1]

        connecting = Connecting(pleo_for=pleo_for, connector=connector, store=store)
        chosen = COMPANY if rules.get("names_subject") == "organisation" else ""
        if chosen:
            with pytest.raises(Misconfigured, match="belongs to an organisation"):
                connecting.connect(world.connection(), Tokens(access=key), 4)
            assert list(store.connections()) == []
        connected = connecting.connect(world.connection(company_id=chosen), Tokens(access=key), 4)
        assert connected.connection.company_id == COMPANY
        settings = replace(connected.connection.settings, sync_dimensions=("DEPT",))
        connection = replace(connected.connection, settings=settings)
        store.save_connection(connection)
        ports = Ports(pleo=pleo_for(connection, store), connector=connector, store=store, clock=clock)
        try:
            if not effect_of(rules).unseen:
                export_all(world, connection, ports, effect_of(rules))
            sync_twice(world, connection, ports)
        finally:
            for client in opened:
                client.close()


def export_all(world: World, connection: Connection, ports: Ports, effect: Effect) -> None:
    """One job with a failure, one in which all fail, and one that the accounting system does not let in."""
    sandbox = world.sandbox
    sandbox.press_export(COMPANY, vendor_based=True)
    result = export(connection, ports)
    booked = GOOD - len(effect.refused) - bool(effect.stops)
    assert (result.booked, result.failed) == (booked, 1 + len(effect.refused)), result
    assert result.event == sandbox.jobs[0].status == ("failed" if effect.stops else "completed_with_errors")
    assert effect.stops in (result.failure or "")
    failed = sandbox.item_state(COMPANY, entry_id(GOOD + 1))
    assert failed["failureReasonType"] == (
        "account_unknown" if sandbox.rules.unknown_reasons else "invalid_configuration"
    )
    assert 0 < len(failed["failureReason"]) <= world.dialect.longest_reason
    for number, (reason, text) in effect.refused.items():
        told = sandbox.item_state(COMPANY, entry_id(number))
        assert told["failureReasonType"] == reason
        assert text in told["failureReason"]
    assert refunded(ports) == [Decimal(50)] * 2
    assert kronur(ports) == [Decimal(-1500)]
    if effect.stops:
        return

    sandbox.press_export(COMPANY, [entry_id(GOOD + 1)])
    assert export(connection, ports).event == world.dialect.all_failed
    assert sandbox.jobs[1].status == world.dialect.all_failed

    sandbox.press_export(COMPANY, [entry_id(1)])
    shut = replace(ports, connector=Altered(ports.connector, check=_refuse))
    assert export(connection, shut).event == "failed"
    assert sandbox.jobs[2].failure_reason_type == world.dialect.login_reason

    sandbox.press_export(COMPANY, [entry_id(1)], vendor_based=True)
    ends = "failed" if 1 in effect.refused else "completed"
    assert (export(connection, ports).event, sandbox.jobs[3].status) == (ends, ends)


def refunded(ports: Ports) -> list[Decimal]:
    """What came into the wallet by each refund that is booked, whichever sign Pleo gave it."""
    found = ports.connector.find([Reference(entry_id(number)) for number in REFUNDS])
    return [booking.line_sums["1081"] for booking in found.values()]


def kronur(ports: Ports) -> list[Decimal]:
    """What went out of the wallet in Icelandic kronur, whatever Pleo counts them in."""
    found = ports.connector.find([Reference(entry_id(ISK))])
    return [sum(amount for account, amount in held.line_sums.items() if account != "7504") for held in found.values()]


def _refuse(behind: object) -> Company:
    raise LoginFailed("The accounting system refuses the login.", "Give it again. " + "x" * 3000)


def export(connection: Connection, ports: Ports) -> JobResult:
    job = next_job(ports)
    assert job is not None
    return run_job(connection, job, ports)


def sync_twice(world: World, connection: Connection, ports: Ports) -> None:
    """All that the accounting system has comes to Pleo, and the second time there is nothing to do."""
    target = open_target(connection, ports.store, ports.clock, Ways(dialect=world.dialect))
    to = SyncPorts(target=target, connector=ports.connector, store=ports.store, clock=ports.clock)
    left_out = max(0, VALUES - world.sandbox.rules.max_active_tags)
    unseen = "tax-codes" if world.sandbox.rules.unseen_word == "taxCodeType" else ""
    try:
        for turn in (1, 2):
            for kind in KINDS:
                result = apply_plan(connection, kind, plan_sync(connection, kind, to).digest, to)
                refused = left_out if kind == "dimensions" else 0
                assert [problem.code for problem in result.failed] == refused * ["refused_by_pleo"], kind
                assert bool(result.writes) is (turn == 1 or refused > 0), kind
                told = [problem.code for problem in result.problems]
                assert ("tax_type_undocumented" in told) is (turn == 2 and unseen == kind), kind
    finally:
        target.close()
    assert sum(1 for _ in world.sandbox.tags.tags.of(COMPANY)) == min(VALUES, world.sandbox.rules.max_active_tags)


@pytest.mark.parametrize("rules", played(CONNECTING))
def test_oauth_and_webhooks_under_each_answer(tmp_path: Path, rules: dict[str, Any]) -> None:
    with a_world(rules, tmp_path) as world:
        app = world.sandbox.register_client([REDIRECT])
        connection = world.connection(company_id=COMPANY, auth="oauth", client_id=app.client_id)
        ways = Ways(dialect=world.dialect)
        tokens = MemoryTokens(allowed(connection, app.secret, world.clock, ways, tag_scope=world.dialect.tag_scope))
        world.clock.sleep(timedelta(minutes=20).total_seconds())  # so that the tokens are renewed on the way
        subscriptions = open_subscriptions(connection, tokens, world.clock, ways)
        if refused := world.sandbox.rules.subscriptions_need_scope:  # then polling does the work
            with pytest.raises(NotAllowed):
                subscriptions.subscribe(RECEIVER)
        else:
            subscriptions.subscribe(RECEIVER)
            assert subscriptions.is_subscribed(RECEIVER)
        subscriptions.close()
        pleo = open_pleo(connection, tokens, world.clock, ways)
        assert pleo.install({}).status == "ACTIVATED"
        pleo.close()
        world.sandbox.press_export(COMPANY)
        announced = [] if refused else [world.dialect.event_name]
        assert [each["eventType"] for each in world.sandbox.deliveries] == announced
