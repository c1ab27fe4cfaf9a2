"""Vendors born in Pleo, as partners of a real Odoo: once, for one company, each refusal its own."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import httpx2
import pytest

from kontobro.core.errors import Problem, Uncertain
from kontobro.core.model.masterdata import Vendor
from kontobro.erp.odoo.api import Api, open_http
from kontobro.erp.odoo.connector import OdooConnector
from kontobro.erp.odoo.vendors import BATCH
from kontobro.testing.connector.vendors import a_vendor
from tests.erp_real.odoo.installation import Company, OdooBookkeeper, key_of

pytestmark = pytest.mark.odoo

STAPLES = "DK12345674"
"""The tax number of a partner that the template has."""

FIELDS = ["name", "ref", "vat", "company_registry", "country_id", "company_id", "is_company", "supplier_rank", "active"]


@pytest.fixture
def connector(company: Company, bookkeeper: OdooBookkeeper) -> OdooConnector:
    bookkeeper.allow_contacts()
    return company.connector()


def partners(bookkeeper: OdooBookkeeper, name: str) -> list[dict[str, Any]]:
    return list(bookkeeper.api.rows("res.partner", [["name", "=", name]], FIELDS, active_test=False))


def one(answers: Sequence[Vendor | Problem]) -> Vendor:
    (vendor,) = answers
    assert isinstance(vendor, Vendor), vendor
    return vendor


def refusal(answers: Sequence[Vendor | Problem]) -> Problem:
    (problem,) = answers
    assert isinstance(problem, Problem), problem
    return problem


def test_it_is_a_supplier_of_this_company_with_what_pleo_knows(
    connector: OdooConnector, bookkeeper: OdooBookkeeper
) -> None:
    number = {"tax_registration_number": "SE123456789701", "registration_number": "556677-8899"}
    asked = a_vendor("nordic", code="KB-9", country="SE", currency="SEK", **number)
    vendor = one(connector.write([asked]))
    (partner,) = partners(bookkeeper, "Vendor nordic")
    assert (partner["ref"], partner["vat"], partner["company_registry"]) == ("KB-9", "SE123456789701", "556677-8899")
    assert partner["country_id"][1] == "Sweden"
    assert (partner["company_id"][0], partner["is_company"], partner["supplier_rank"]) == (1, True, 1)
    assert (vendor.id, vendor.code, vendor.country) == (str(partner["id"]), "KB-9", "SE")


def test_a_text_that_is_hostile_is_text(connector: OdooConnector, bookkeeper: OdooBookkeeper) -> None:
    evil = '<script>"; DROP TABLE res_partner; -- ø, kontobro.x'
    vendor = one(connector.write([replace(a_vendor("a.b/c:d"), name=evil)]))
    assert (vendor.name, vendor.pleo_id) == (evil, "pleo-a.b/c:d")
    assert len(partners(bookkeeper, evil)) == 1


def test_an_invalid_tax_number_stops_its_own_vendor_alone(connector: OdooConnector, bookkeeper: OdooBookkeeper) -> None:
    asked = [a_vendor(str(number), country="DK") for number in range(7)]
    asked[4] = replace(asked[4], tax_registration_number="DK12345678")
    answers = connector.write(asked)
    assert [isinstance(answer, Vendor) for answer in answers] == [number != 4 for number in range(7)]
    assert isinstance(answers[4], Problem)
    assert (answers[4].code, answers[4].reason) == ("vendor_not_written", "vendor_unknown")
    assert "12345678" in answers[4].message
    assert [len(partners(bookkeeper, vendor.name)) for vendor in asked] == [1, 1, 1, 1, 0, 1, 1]
    mended = replace(asked[4], tax_registration_number="DK20000007")
    assert one(connector.write([mended])).pleo_id == mended.id


class Losing(httpx2.HTTPTransport):
    """A connection that breaks when Odoo has done what it was asked, before it could say so."""

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        answer = super().handle_request(request)
        if request.url.path.endswith("/res.partner/load"):
            answer.read()
            raise httpx2.ReadError("lost", request=request)
        return answer


def test_an_answer_that_was_lost_after_it_took_effect_leaves_one(
    connector: OdooConnector, company: Company, bookkeeper: OdooBookkeeper
) -> None:
    asked = [a_vendor(str(number), code=f"L{number}") for number in range(3)]
    http = open_http(company.url, company.database, key_of("accountant"), transport=Losing())
    with pytest.raises(Uncertain):
        OdooConnector(Api(http, 1), company.url).write(asked)
    read = {vendor.pleo_id: vendor for vendor in connector.read(Vendor) if vendor.pleo_id}
    assert connector.write(asked) == [read[vendor.id] for vendor in asked]
    assert [len(partners(bookkeeper, vendor.name)) for vendor in asked] == [1, 1, 1]


def test_two_who_write_at_once_create_one_of_each(
    connector: OdooConnector, company: Company, bookkeeper: OdooBookkeeper
) -> None:
    asked = [a_vendor(str(number)) for number in range(BATCH + 5)]
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda one: one.write(asked), [connector, company.connector()]))
    assert answers[0] == answers[1]
    assert [vendor.pleo_id for vendor in answers[0] if isinstance(vendor, Vendor)] == [vendor.id for vendor in asked]
    assert [len(partners(bookkeeper, vendor.name)) for vendor in asked] == [1] * len(asked)


def test_what_a_person_changed_is_left_as_it_is(connector: OdooConnector, bookkeeper: OdooBookkeeper) -> None:
    vendor = one(connector.write([a_vendor("typo", code="T1")]))
    bookkeeper.api.write("res.partner", "write", ids=[int(vendor.id)], vals={"name": "Corrected", "ref": "T2"})
    again = one(connector.write([a_vendor("typo", code="T1")]))
    assert (again.id, again.name, again.code) == (vendor.id, "Corrected", "T2")
    assert partners(bookkeeper, "Vendor typo") == []


def test_an_archived_one_waits_for_a_person(connector: OdooConnector, bookkeeper: OdooBookkeeper) -> None:
    asked = a_vendor("old")
    vendor = one(connector.write([asked]))
    bookkeeper.api.write("res.partner", "write", ids=[int(vendor.id)], vals={"active": False})
    assert refusal(connector.write([asked])).code == "vendor_inactive"
    assert [(it.id, it.active) for it in connector.read(Vendor) if it.pleo_id == asked.id] == [(vendor.id, False)]
    bookkeeper.api.write("res.partner", "write", ids=[int(vendor.id)], vals={"active": True})
    assert one(connector.write([asked])) == vendor


def test_one_that_was_deleted_is_created_anew(connector: OdooConnector, bookkeeper: OdooBookkeeper) -> None:
    asked = a_vendor("gone")
    first = one(connector.write([asked]))
    bookkeeper.api.write("res.partner", "unlink", ids=[int(first.id)])
    assert one(connector.write([asked])).id != first.id


@pytest.mark.parametrize(
    ("other", "code"),
    [
        ({"code": "V100"}, "vendor_code_taken"),
        ({"tax_registration_number": STAPLES}, "vendor_known"),
        ({"tax_registration_number": "dk 12 34 56 74"}, "vendor_known"),
    ],
)
def test_what_another_partner_has_is_told_and_nothing_is_created(
    connector: OdooConnector, bookkeeper: OdooBookkeeper, other: dict[str, str], code: str
) -> None:
    problem = refusal(connector.write([a_vendor("double", **other)]))
    assert problem.code == code
    assert "Staples" in problem.message
    assert partners(bookkeeper, "Vendor double") == []


def test_an_employees_code_is_not_given_to_a_vendor(connector: OdooConnector, bookkeeper: OdooBookkeeper) -> None:
    """Such a partner is no vendor: no plan of a sync sees it."""
    bookkeeper.api.write("res.partner", "create", vals_list=[{"name": "Anna Berg", "ref": "E1"}])
    assert refusal(connector.write([a_vendor("clash", code="E1")])).code == "vendor_code_taken"


def test_of_two_with_one_code_the_first_is_created(connector: OdooConnector) -> None:
    first, second = connector.write([a_vendor("a", code="SAME"), a_vendor("b", code="same")])
    assert isinstance(first, Vendor)
    assert isinstance(second, Problem)
    assert second.code == "vendor_code_taken"


def test_without_the_right_each_is_told_how_to_get_it(company: Company, bookkeeper: OdooBookkeeper) -> None:
    """Only creating vendors takes it: the check is content without."""
    connector = company.connector()
    assert connector.check().name == "Fjord & Bro ApS"
    answers = connector.write([a_vendor("a"), a_vendor("b")])
    assert [answer.code for answer in answers if isinstance(answer, Problem)] == ["vendor_not_written"] * 2
    assert "Contact: Creation (base.group_partner_manager)" in str(answers[0])
    assert partners(bookkeeper, "Vendor a") == []


def test_another_companys_vendor_is_not_this_ones(company: Company, bookkeeper: OdooBookkeeper) -> None:
    """Written for one company it is that one's alone, until a person shares it."""
    bookkeeper.allow_contacts()
    first, second = company.connector(), second_company(company, bookkeeper)
    asked = a_vendor("both", code="B1", tax_registration_number="DK20000007")
    ours = one(first.write([asked]))
    assert ours.id not in {vendor.id for vendor in second.read(Vendor)}
    theirs = one(second.write([asked]))
    assert theirs.id != ours.id
    assert [vendor.id for vendor in first.read(Vendor) if vendor.pleo_id] == [ours.id]
    assert [vendor.id for vendor in second.read(Vendor) if vendor.pleo_id] == [theirs.id]
    bookkeeper.api.write("res.partner", "write", ids=[int(ours.id)], vals={"company_id": False})
    shared = {vendor.id: vendor.pleo_id for vendor in second.read(Vendor)}
    assert (shared[ours.id], shared[theirs.id]) == (None, asked.id)


def second_company(company: Company, bookkeeper: OdooBookkeeper) -> OdooConnector:
    """A second company, in which the accountant works too."""
    (number,) = bookkeeper.api.write("res.company", "create", vals_list=[{"name": "Second ApS"}])
    (user,) = bookkeeper.api.rows("res.users", [["login", "=", "accountant"]], ["name"])
    bookkeeper.api.write("res.users", "write", ids=[user["id"]], vals={"company_ids": [[4, number]]})
    http = open_http(company.url, company.database, key_of("accountant"))
    return OdooConnector(Api(http, number), company.url)
