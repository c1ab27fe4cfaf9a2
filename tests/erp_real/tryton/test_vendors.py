"""Vendors born in Pleo in a real Tryton, beside the contract of all connectors: what it refuses, and never two."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, cast

import pytest

from kontobro.core.errors import Problem, Uncertain, Unreachable
from kontobro.core.model.connection import Connection
from kontobro.core.model.journal import Booking
from kontobro.core.model.masterdata import Vendor
from kontobro.core.model.settings import Settings
from kontobro.core.plan.make import Existing
from kontobro.erp.tryton.api import Api, open_http
from kontobro.erp.tryton.connector import TrytonConnector
from kontobro.testing.connector.entries import Chart, a_bill
from kontobro.testing.connector.faults import in_processes
from kontobro.testing.connector.vendors import a_vendor
from tests.erp_real.tryton.installation import Company, TrytonBookkeeper, connect, password_of
from tests.support.sync_harness import Books, SyncHarness

pytestmark = pytest.mark.tryton

CREATE = "model.party.party.create"


def written(connector: TrytonConnector, *vendors: Vendor) -> list[Vendor]:
    answers = connector.write(vendors)
    assert [answer for answer in answers if isinstance(answer, Problem)] == []
    return [answer for answer in answers if isinstance(answer, Vendor)]


def refused(connector: TrytonConnector, vendor: Vendor) -> Problem:
    (answer,) = connector.write([vendor])
    assert isinstance(answer, Problem)
    assert answer.remedy
    return answer


def parties(bookkeeper: TrytonBookkeeper, name: str) -> list[dict[str, Any]]:
    domain = [["name", "=", f"Vendor {name}"], ["active", "in", [True, False]]]
    fields = ["code", "addresses.country.code", "identifiers.type", "identifiers.code"]
    return list(bookkeeper.api.rows("party.party", domain, fields))


def write_elsewhere(company: Company, vendors: Sequence[Vendor]) -> list[Vendor | Problem]:
    """Through a connector of this process's own."""
    return list(connect(company.url, company.database).write(vendors))


class Lossy(Api):
    """Loses the answer to a create, once it has taken effect."""

    def write(self, method: str, *arguments: Any, **context: Any) -> Any:
        answer = super().write(method, *arguments, **context)
        if method == CREATE:
            raise Uncertain("the answer was lost")
        return answer


class Early(Api):
    """Looks before another's create is committed: sees none of it until it tries its own."""

    tried = False

    def read(self, method: str, *arguments: Any, **context: Any) -> Any:
        answer = super().read(method, *arguments, **context)
        return answer if self.tried or ".search_read" not in method else []

    def write(self, method: str, *arguments: Any, **context: Any) -> Any:
        self.tried = True
        return super().write(method, *arguments, **context)


def over(kind: type[Api], company: Company) -> TrytonConnector:
    api = kind(open_http(company.url), company.database, "accountant", password_of("accountant"), 1)
    return TrytonConnector(api, "http://tryton.example/#/db/model", 0)


# --------------------------------------------------------------------------------------------- what is written


def test_a_party_has_code_numbers_and_an_address(
    company: Company, connector: TrytonConnector, bookkeeper: TrytonBookkeeper
) -> None:
    company.api("admin").write("model.country.country.create", [{"name": "Denmark", "code": "DK"}])
    numbers = {"tax_registration_number": "DK13585628", "registration_number": "13585628"}
    asked = [a_vendor("numbers", code="KB-1", country="DK", **numbers), a_vendor("bare", country="DE")]
    (with_numbers, bare) = written(connector, *asked)
    (party,) = parties(bookkeeper, "numbers")
    assert party["code"] == with_numbers.code == "KB-1"
    kept = {(one["type"], one["code"]) for one in party["identifiers."]}
    assert kept == {("dk_vat", "DK13585628"), (None, "13585628"), (None, "pleo:pleo-numbers")}
    assert [address["country."]["code"] for address in party["addresses."]] == ["DK"]
    assert with_numbers.tax_registration_number == "DK13585628"
    (party,) = parties(bookkeeper, "bare")
    assert party["code"] == bare.code
    assert [address["country."] for address in party["addresses."]] == [None]


def test_a_number_that_tryton_refuses_stops_that_vendor_alone(
    connector: TrytonConnector, bookkeeper: TrytonBookkeeper
) -> None:
    bad = a_vendor("bad", tax_registration_number="DK12345678")
    asked = [a_vendor("good-1"), bad, a_vendor("good-2", tax_registration_number="SE556036079301")]
    first, problem, last = connector.write(asked)
    assert [type(first), type(last)] == [Vendor, Vendor]
    assert isinstance(problem, Problem)
    assert problem.code == "vendor_not_written"
    assert "DK12345678" in problem.message
    assert "Correct it in Pleo" in problem.remedy
    assert parties(bookkeeper, "bad") == []


def test_a_code_that_another_party_has_is_told(connector: TrytonConnector, bookkeeper: TrytonBookkeeper) -> None:
    assert refused(connector, a_vendor("taken", code="v100")).code == "vendor_code_taken"
    first, second = connector.write([a_vendor("one", code="KB-2"), a_vendor("two", code="kb-2")])
    assert isinstance(first, Vendor)
    assert isinstance(second, Problem)
    assert parties(bookkeeper, "taken") == parties(bookkeeper, "two") == []


def test_a_party_that_is_not_active_is_told_and_stays_the_only_one(
    connector: TrytonConnector, bookkeeper: TrytonBookkeeper
) -> None:
    (vendor,) = written(connector, a_vendor("asleep"))
    bookkeeper.api.write("model.party.party.write", [int(vendor.id)], {"active": False})
    assert refused(connector, a_vendor("asleep")).code == "vendor_inactive"
    (read,) = [one for one in connector.read(Vendor) if one.pleo_id == "pleo-asleep"]
    assert read == replace(vendor, active=False)
    bookkeeper.api.write("model.party.party.write", [int(vendor.id)], {"active": True})
    assert written(connector, a_vendor("asleep")) == [vendor]
    assert len(parties(bookkeeper, "asleep")) == 1


def test_a_copy_of_a_party_is_a_persons_own(connector: TrytonConnector, bookkeeper: TrytonBookkeeper) -> None:
    (vendor,) = written(connector, a_vendor("copied"))
    bookkeeper.api.write("model.party.party.copy", [int(vendor.id)])
    assert written(connector, a_vendor("copied")) == [vendor]
    assert [one.id for one in connector.read(Vendor) if one.pleo_id == "pleo-copied"] == [vendor.id]


def test_a_bill_of_a_written_vendor_is_posted(connector: TrytonConnector, chart: Chart) -> None:
    (vendor,) = written(connector, a_vendor("billed"))
    (booking,) = connector.book([a_bill(replace(chart, vendor=vendor.id))])
    assert isinstance(booking, Booking)
    (posted,) = connector.post([booking])
    assert isinstance(posted, Booking)
    assert posted.status == "posted"


# ------------------------------------------------------------------------------------------------- never two


def test_an_answer_lost_after_the_write_leaves_one_party(
    company: Company, connector: TrytonConnector, bookkeeper: TrytonBookkeeper
) -> None:
    asked = [a_vendor("lost"), a_vendor("lost-too", code="KB-3")]
    with pytest.raises(Uncertain):
        over(Lossy, company).write(asked)
    assert [vendor.pleo_id for vendor in written(connector, *asked)] == ["pleo-lost", "pleo-lost-too"]
    assert [len(parties(bookkeeper, name)) for name in ("lost", "lost-too")] == [1, 1]


def test_tryton_itself_refuses_a_vendor_whose_first_create_was_still_under_way(
    company: Company, connector: TrytonConnector, bookkeeper: TrytonBookkeeper
) -> None:
    asked = [a_vendor("early"), a_vendor("early-too", code="KB-4")]
    entry_counts = written(connector, *asked)
    assert written(over(Early, company), a_vendor("early-new"), *asked)[1:] == entry_counts
    assert [len(parties(bookkeeper, name)) for name in ("early", "early-too", "early-new")] == [1, 1, 1]


@pytest.mark.parametrize("seconds", [0.02, 0.1])
def test_who_gave_up_on_an_answer_and_asks_at_once_gets_one_party(
    company: Company, connector: TrytonConnector, bookkeeper: TrytonBookkeeper, seconds: float
) -> None:
    asked = [a_vendor(f"impatient-{seconds}-{n}") for n in range(20)]
    with contextlib.suppress(Unreachable, Uncertain):
        connect(company.url, company.database, seconds=seconds).write(asked)
    assert len(written(connector, *asked)) == 20
    assert [len(parties(bookkeeper, f"impatient-{seconds}-{n}")) for n in range(20)] == [1] * 20


def test_two_processes_at_once_write_each_vendor_once(company: Company, bookkeeper: TrytonBookkeeper) -> None:
    asked = [a_vendor(f"both-{n}") for n in range(20)]
    one, other = in_processes(partial(write_elsewhere, company, asked), 2)
    assert one == other
    assert [len(parties(bookkeeper, f"both-{n}")) for n in range(20)] == [1] * 20


# ---------------------------------------------------------------------------------------------------- a sync


class TrytonSyncHarness(SyncHarness):
    """Pleo and a store in memory, and the real company."""

    @property
    def connection(self) -> Connection:
        return replace(super().connection, erp_company="1")


def test_a_sync_writes_and_activates_what_tryton_takes_and_a_second_one_writes_nothing(
    company: Company, connector: TrytonConnector, bookkeeper: TrytonBookkeeper
) -> None:
    harness = TrytonSyncHarness(books=cast(Books, connector), settings=Settings(create_vendors=True))
    numbers = {"good": "DE136695976", "bad": "DK12345678"}
    facts = {name: (("country", number[:2]), ("tax_registration_number", number)) for name, number in numbers.items()}
    drafts = [Existing(f"sync-{name}", "", f"Vendor sync-{name}", draft=True, fields=it) for name, it in facts.items()]
    harness.pleo.put("vendors", *drafts)
    first = harness.scheduled("vendors")
    assert ([problem.code for problem in first.failed], first.updates) == (["vendor_not_written"], 1)
    (party,) = parties(bookkeeper, "sync-good")
    activated = {vendor.id: (vendor.code, vendor.external_id, vendor.draft) for vendor in harness.pleo.of("vendors")}
    assert activated["sync-good"] == (party["code"], str(party["id"]), False)
    assert harness.scheduled("vendors").writes == 0
    assert (len(parties(bookkeeper, "sync-good")), parties(bookkeeper, "sync-bad")) == (1, [])


# ---------------------------------------------------------------------------------------------------- rights


@pytest.fixture
def closed_parties(company: Company) -> Iterator[None]:
    """A Tryton in which no one may create parties."""
    api = company.api("admin")
    rule = {"model": "party.party", "perm_read": True, "perm_write": True, "perm_create": False, "perm_delete": True}
    made = api.write("model.ir.model.access.create", [rule])
    yield
    api.write("model.ir.model.access.delete", made)


@pytest.mark.usefixtures("closed_parties")
def test_a_user_without_the_right_is_told_the_group(connector: TrytonConnector, bookkeeper: TrytonBookkeeper) -> None:
    connector.check()
    problem = refused(connector, a_vendor("forbidden"))
    assert problem.code == "vendor_not_written"
    assert "create parties (group Accounting (account.group_account))" in problem.message
    assert parties(bookkeeper, "forbidden") == []
