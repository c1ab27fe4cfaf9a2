"""Master data under the answers of Pleo's that show only where the two sides disagree: an account that is opened again,
a name that is too long, a tax code that is gone, an exclusive one, a code that two have.

Real client, store and planner against Pleo in a box over HTTP. Each test shows first that this Pleo answers so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args

import httpx2
import pytest

from kontobro.core.errors import Problem
from kontobro.core.model.connection import Connection, Tokens
from kontobro.core.model.masterdata import Account, Company, Dimension, DimensionValue, MasterRecord, TaxCode
from kontobro.core.model.settings import Settings
from kontobro.pleo import open_target
from kontobro.store import open_store
from kontobro.store.django_store import DjangoStore
from kontobro.sync import SyncPorts, SyncResult, apply_plan, plan_sync
from pleo_sandbox.company.shelf import Record, Shelf
from pleo_sandbox.model import SandboxCompany
from pleo_sandbox.rules import AccountMatch
from pleo_sandbox.server import serve
from pleo_sandbox.state.sandbox import Sandbox
from tests.support.empty_store import put_empty_store
from tests.support.export_harness import Altered, SandboxClock
from tests.support.scripted_pleo import a_connection
from tests.support.sync_harness import Books

COMPANY = Company("C1", "Fjord & Bro ApS", "DKK", "Europe/Copenhagen", "DK")
ACCOUNTS = "/v1/chart-of-accounts"
LONG = "x" * 256
"""One character more than Pleo takes for a name."""

Meanwhile = Callable[[], object]


@dataclass
class Syncing:
    """Both sides of a sync. `meanwhile` happens at Pleo once, between what is read there and the first create."""

    sandbox: Sandbox
    company_id: str
    http: httpx2.Client
    store: DjangoStore
    connection: Connection
    books: Books = field(default_factory=lambda: Books(company=COMPANY))
    meanwhile: Meanwhile | None = None

    def has(self, *records: MasterRecord) -> None:
        """The accounting system's records from now on."""
        self.books.records = list(records)

    def sync(self, kind: str, *, by_person: bool = True) -> SyncResult:
        """One run: a person's approves what it was shown, a schedule's adopts nothing."""
        clock: Any = SandboxClock(self.sandbox)
        target = open_target(self.connection, self.store, clock)
        store: Any = Altered(self.store, bind=self._bind)  # type: ignore[arg-type]  # stands before any port
        ports = SyncPorts(target=target, connector=self.books, store=store, clock=clock)  # type: ignore[arg-type]
        try:
            digest = plan_sync(self.connection, kind, ports).digest if by_person else None
            return apply_plan(self.connection, kind, digest, ports, yes=not by_person)
        finally:
            target.close()

    def _bind(self, behind: DjangoStore, *intents: Any) -> None:
        """Intents are kept right before they are carried out."""
        happens, self.meanwhile = self.meanwhile, None
        if happens:
            happens()
        behind.bind(*intents)

    def post(self, path: str, body: dict[str, Any], **query: str) -> int:
        return self.http.post(path, json=body, params=query).status_code

    def made_by_others(self, shelf: Shelf, **facts: Any) -> Record:
        """What someone made in Pleo, whatever its API takes today."""
        return shelf.add(self.company_id, {"companyId": self.company_id, "archived": False, **facts})

    def at_pleo(self, shelf: Shelf, *names: str) -> list[tuple[Any, ...]]:
        """These facts of all records, and last whether each is active."""
        found = [(*(one.facts[name] for name in names), not one.archived) for one in shelf.of(self.company_id)]
        return sorted(found)


@pytest.fixture
def open_syncing(tmp_path: Path) -> Iterator[Callable[..., Syncing]]:
    """Opens both sides of a company; `rules` are Pleo's answers."""
    sandbox = Sandbox(company := SandboxCompany("Fjord & Bro ApS", "DKK", "DK"))
    key = sandbox.add_api_key(company.id)

    @contextmanager
    def opened() -> Iterator[Syncing]:
        with (
            serve(sandbox) as url,
            open_store(put_empty_store(tmp_path / "kontobro.sqlite3")) as store,
            httpx2.Client(base_url=url, auth=(key, ""), trust_env=False) as http,
        ):
            settings = Settings(sync_dimensions=("DEPT",))
            connection = replace(
                a_connection(api_url=url, auth_url=url, company_id=company.id, environment="sandbox"),
                erp="memory",
                settings=settings,
            )
            store.save_connection(connection, Tokens(access=key))
            yield Syncing(sandbox, company.id, http, store, connection)

    with opened() as syncing:

        def answering(**rules: Any) -> Syncing:
            sandbox.set_rules(rules)
            return syncing

        yield answering


Opened = Callable[..., Syncing]


def codes(problems: Sequence[Problem]) -> list[str]:
    return [found.code for found in problems]


def told(problems: Sequence[Problem]) -> str:
    return " ".join(map(str, problems))


# ---------------------------------------------------------------------------------------------- accounts


def an_account(number: int, name: str = "", **more: Any) -> Account:
    return Account(f"id-{number}", str(number), name or f"Account {number}", **more)


CHART = [an_account(number) for number in range(7501, 7505)]


@pytest.mark.parametrize("answer", get_args(AccountMatch))
def test_an_account_that_is_opened_again_is_the_same_one(open_syncing: Opened, answer: AccountMatch) -> None:
    """Archived at Pleo by us and by others; a POST of it would be matched, take its place, or be refused."""
    syncing = open_syncing(account_match=answer, tax_code_must_be_known=False)
    company = {"companyId": syncing.company_id}
    probe = company | {"externalId": "probe", "name": "Probe", "archived": True, "code": None}
    again = [syncing.post(ACCOUNTS, probe | {"name": name}) for name in ("Probe", "Probe", "Renamed")]
    answers = {"identical": [201, 200, 409], "identical_or_archived": [201, 200, 200], "never": [201, 409, 409]}
    assert again == answers[answer]
    syncing.sandbox.accounts.remove(next(syncing.sandbox.accounts.of(syncing.company_id)))

    theirs = {"code": "7509", "metadata": None, "taxCodeExternalId": "U25"}
    syncing.made_by_others(syncing.sandbox.accounts, externalId="id-7509", name="Before", archived=True, **theirs)
    syncing.has(*CHART)
    assert syncing.sync("accounts").creates == 4
    syncing.has(*CHART[1:])
    assert syncing.sync("accounts").archives == 1
    syncing.has(*CHART, an_account(7509))
    assert syncing.sync("accounts", by_person=False).waiting  # what others made is taken over by a person's yes
    result = syncing.sync("accounts")
    assert (result.creates, result.updates, result.adopted, result.failed) == (0, 1, 1, ())
    shown = syncing.at_pleo(syncing.sandbox.accounts, "externalId", "name")
    assert shown == [(one.id, one.name, True) for one in (*CHART, an_account(7509))]
    (kept,) = (one for one in syncing.sandbox.accounts.of(syncing.company_id) if one.facts["code"] == "7509")
    assert kept.facts["taxCodeExternalId"] == "U25"
    assert syncing.sync("accounts").writes == 0


def test_an_account_that_appears_meanwhile_is_not_there_twice(open_syncing: Opened) -> None:
    """Of a batch it is refused whatever a single one would be."""
    syncing = open_syncing()
    same = {"externalId": "id-7501", "name": "Someone's", "archived": True, "code": "7501"}
    syncing.meanwhile = lambda: syncing.post(ACCOUNTS, {"companyId": syncing.company_id, **same})
    syncing.has(*CHART)
    assert (syncing.sync("accounts").creates, syncing.meanwhile) == (4, None)
    assert syncing.sync("accounts").failed == ()
    assert syncing.at_pleo(syncing.sandbox.accounts, "externalId", "name") == [(it.id, it.name, True) for it in CHART]


@pytest.mark.parametrize("alone", [True, False])
def test_texts_that_are_too_long_are_told_and_the_rest_goes_through(open_syncing: Opened, alone: bool) -> None:
    syncing = open_syncing(batch_items_fail_alone=alone)
    long = {"externalId": "probe", "name": LONG, "archived": True}
    assert syncing.post(f"{ACCOUNTS}/batch", {"companyId": syncing.company_id, "items": [long]}) == (
        201 if alone else 400
    )
    many = [an_account(number) for number in range(6000, 6050)]
    bad = [an_account(7601, LONG), Account("id-7602", "7" * 256, "Long code"), Account(LONG, "7603", "Long id")]
    syncing.has(*many[:20], *bad, *many[20:])
    for turn in (1, 2):  # told each time, and never sent twice
        result = syncing.sync("accounts")
        assert (result.creates, result.outcome) == (50 if turn == 1 else 0, "failed")
        assert codes(result.failed) == ["refused_by_pleo"] * 3
        for fault, name in zip(result.failed, ("id-7601", "xxx", "id-7602"), strict=True):
            assert f"Account {name}" in fault.message
            assert "is refused by Pleo (" in fault.message
            assert fault.remedy.endswith("in the accounting system, then plan again.")
        assert [fault.field for fault in result.failed] == ["name", "externalId", "code"]
    assert len(syncing.at_pleo(syncing.sandbox.accounts, "name")) == 50
    syncing.has(*many, an_account(7601, "Short"))
    result = syncing.sync("accounts")
    assert (result.creates, result.archives, result.outcome) == (1, 0, "in_step")
    syncing.has(*many, an_account(7601, LONG))  # and a name that became too long
    result = syncing.sync("accounts")
    assert (result.updates, codes(result.failed)) == (0, ["refused_by_pleo"])
    assert ("id-7601", "Short", True) in syncing.at_pleo(syncing.sandbox.accounts, "externalId", "name")


@pytest.mark.parametrize("known", [True, False])
def test_an_account_whose_tax_code_is_gone_in_pleo(open_syncing: Opened, known: bool) -> None:
    """Someone in Pleo gave accounts a default tax code, which is another's by now: what Pleo then refuses is told with
    where to fix it, for the accounting system does not send it."""
    syncing = open_syncing(tax_code_must_be_known=known)
    syncing.has(*CHART)
    syncing.sync("accounts")
    for shown in list(syncing.sandbox.accounts.of(syncing.company_id))[:2]:
        syncing.sandbox.accounts.change(shown, shown.facts | {"taxCodeExternalId": "OLD25"})
    first = next(syncing.sandbox.accounts.of(syncing.company_id))
    unchanged = {name: first.facts[name] for name in ("archived", "name", "code", "taxCodeExternalId")}
    assert syncing.http.put(f"{ACCOUNTS}/{first.id}", json=unchanged).status_code == (400 if known else 200)

    syncing.has(an_account(7501, "New name"), CHART[2], an_account(7504, "Newer name"))
    result = syncing.sync("accounts")
    assert (result.updates, result.archives) == ((1, 0) if known else (2, 1))
    assert codes(result.failed) == ["refused_by_pleo"] * (2 if known else 0)
    remedies = [
        "Archive it in Pleo, then plan again.",
        "Give the account a tax code that exists in Pleo, or create OLD25 there again, then plan again.",
    ]
    assert sorted(fault.remedy for fault in result.failed) == (remedies if known else [])
    assert all("OLD25" in fault.message for fault in result.failed)
    shown = syncing.at_pleo(syncing.sandbox.accounts, "code", "name", "taxCodeExternalId")
    first_two = [("7501", "Account 7501" if known else "New name"), ("7502", "Account 7502")]
    assert shown[:2] == [(*first_two[0], "OLD25", True), (*first_two[1], "OLD25", known)]
    assert [row[1] for row in shown[2:]] == ["Account 7503", "Newer name"]
    if known:  # once a person made it known there, all of it is done
        vat = {"name": "Old", "code": "OLD25", "rate": Decimal("0.25"), "type": "inclusive"}
        syncing.made_by_others(syncing.sandbox.tax_codes, **vat)
        result = syncing.sync("accounts")
        assert (result.updates, result.archives, result.outcome) == (1, 1, "in_step")


# ---------------------------------------------------------------------------------------------- tax codes


def a_tax_code(code: str, type: Any = "inclusive", name: str = "") -> TaxCode:
    return TaxCode(f"t-{code}", code, name or f"VAT {code}", Decimal("0.25"), type, "6900")


def pleos_tax_code(code: str, type: str = "exclusive", name: str = "") -> dict[str, Any]:
    accounts = {"ingoingTaxAccount": None, "outgoingTaxAccount": None, "accountingIntegrationSystem": None}
    return {"code": code, "name": name or f"VAT {code}", "rate": Decimal("0.25"), "type": type, **accounts}


def a_body(syncing: Syncing, **facts: Any) -> dict[str, Any]:
    return {"companyId": syncing.company_id, "archived": False, "name": "VAT", "rate": 0.25} | facts


@pytest.mark.parametrize("taken", [True, False])
def test_exclusive_tax_codes(open_syncing: Opened, taken: bool) -> None:
    """The accounting system's are not sent. One in Pleo becomes what the accounting system has, and one that is gone
    there is archived, or a person is told to."""
    syncing = open_syncing(exclusive_tax_codes=taken)
    assert syncing.post("/v0/tax-codes", a_body(syncing, code="PROBE", type="exclusive")) == (200 if taken else 400)
    shelf = syncing.sandbox.tax_codes
    for probe in list(shelf.of(syncing.company_id)):
        shelf.remove(probe)
    syncing.has(a_tax_code("I25"), a_tax_code("GONE"), a_tax_code("X25", "exclusive"))
    result = syncing.sync("tax-codes")
    assert (result.creates, result.failed, result.outcome) == (2, (), "in_step")
    assert told(result.problems) == (
        "Tax code X25 (VAT X25) is exclusive of tax, which Pleo does not support. It is not sent; nothing needs to be "
        "done."
    )
    for ours in list(shelf.of(syncing.company_id)):  # someone changes both in Pleo
        shelf.change(ours, ours.facts | {"type": "exclusive"})
    syncing.has(a_tax_code("I25"), a_tax_code("X25", "exclusive"))
    result = syncing.sync("tax-codes")
    assert (result.updates, result.archives) == (1, 1 if taken else 0)
    shown = [("GONE", "exclusive", not taken), ("I25", "inclusive", True)]
    assert syncing.at_pleo(shelf, "code", "type") == shown
    assert codes(result.failed) == ([] if taken else ["refused_by_pleo"])
    for fault in result.failed:
        assert "Tax code GONE is refused by Pleo" in fault.message
        assert fault.remedy == "Archive it in Pleo, then plan again."
    syncing.has(replace(a_tax_code("I25"), code="GONE"))  # its code is used again
    result = syncing.sync("tax-codes")
    active = [row for row in syncing.at_pleo(shelf, "code", "type") if row[-1]]
    if taken:
        assert (result.failed, active) == ((), [("GONE", "inclusive", True)])
    else:
        assert active == shown
        assert "exclusive tax codes are not currently supported" in told(result.failed)
        assert "is the code of tax code" in told(result.failed)


@pytest.mark.parametrize("refused", [True, False])
def test_a_code_that_someone_takes_meanwhile(open_syncing: Opened, refused: bool) -> None:
    """Another makes a tax code and a tag group of the code that we are about to send: two of them, or a refusal. Either
    is told; ours is in use at the end, the other one is left as it is."""
    syncing = open_syncing(twins_are_refused=refused)
    groups, taxes = syncing.sandbox.tags.groups, syncing.sandbox.tax_codes
    group = {"code": "DEPT", "name": "Theirs", "metadata": {}}
    syncing.has(
        a_tax_code("I25"), a_tax_code("I12"), Dimension("d", "DEPT", "Department"), DimensionValue("v", "d", "1", "One")
    )
    syncing.meanwhile = lambda: syncing.made_by_others(taxes, **pleos_tax_code("I25", "inclusive", "Theirs"))
    result = syncing.sync("tax-codes")
    assert (result.creates, codes(result.failed)) == (1, ["refused_by_pleo"]) if refused else (2, [])
    syncing.meanwhile = lambda: syncing.made_by_others(groups, **group)
    result = syncing.sync("dimensions")
    wrong = ["refused_by_pleo", "parent_missing"] if refused else []
    assert (result.creates, codes(result.failed)) == (0 if refused else 2, wrong)
    for kind, shelf, code, ours in (
        ("tax-codes", taxes, "I25", "VAT I25"),
        ("dimensions", groups, "DEPT", "Department"),
    ):
        waits = syncing.sync(kind, by_person=False)
        assert bool(waits.waiting) is refused
        assert codes(waits.problems) == ([] if refused else ["duplicate_at_pleo"])
        result = syncing.sync(kind)
        assert (result.failed, result.adopted) == ((), 1 if refused else 0)
        found = [row for row in syncing.at_pleo(shelf, "code", "name") if row[0] == code]
        assert found == ([(code, ours, True)] if refused else sorted([(code, ours, True), (code, "Theirs", True)]))
        assert syncing.sync(kind).writes == 0
    assert syncing.at_pleo(syncing.sandbox.tags.tags, "code") == [("1", True)]


@pytest.mark.parametrize("refused", [True, False])
def test_two_of_one_code_that_were_there_before(open_syncing: Opened, refused: bool) -> None:
    """One becomes ours, the other is told of; what either answer makes of a change of code is told as well."""
    syncing = open_syncing(twins_are_refused=refused)
    groups, taxes = syncing.sandbox.tags.groups, syncing.sandbox.tax_codes
    for name in ("One", "Two"):
        syncing.made_by_others(taxes, **pleos_tax_code("I25", "inclusive", name))
        syncing.made_by_others(groups, code="DEPT", name=name, metadata={})
    dept = {"code": "DEPT", "name": "Probe", "archived": True, "metadata": {}}
    third = [
        syncing.post("/v0/tax-codes", a_body(syncing, code="I25", type="inclusive", archived=True)),
        syncing.post("/v0/tag-groups", dept, company_id=syncing.company_id),
    ]
    assert third == [400 if refused else 200] * 2
    value = DimensionValue("v", "d", "1", "One")
    syncing.has(a_tax_code("I25", name="Two"), Dimension("d", "DEPT", "Two"), value)
    for kind, creates, shelf in (("tax-codes", 0, taxes), ("dimensions", 1, groups)):
        assert syncing.sync(kind, by_person=False).creates == 0
        # that Pleo does not take, of one of two: its accounts differ
        wrong = ["refused_by_pleo"] if refused and kind == "tax-codes" else []
        result = syncing.sync(kind)
        assert (result.creates, result.adopted, codes(result.failed)) == (creates, 1, wrong)
        again = syncing.sync(kind)
        assert (codes(again.failed), codes(again.problems)) == (wrong, ["duplicate_at_pleo"])
        assert again.writes == len(wrong)
        assert [row[0] for row in syncing.at_pleo(shelf, "name")].count("Two") == 1
