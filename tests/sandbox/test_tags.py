"""Tags v0: groups, dimensions, tags, searches in bulk and one by one (api.md C)."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from pleo_sandbox.model import HandMade, SandboxCompany
from pleo_sandbox.state.sandbox import Sandbox
from tests.sandbox import factories
from tests.sandbox.factories import Json, failure

NOBODY = str(uuid.uuid4())


def group_body(code: str = "COST", **fields: Any) -> Json:
    return {"archived": False, "code": code, "name": f"Group {code}"} | fields


def tag_body(code: str, **fields: Any) -> Json:
    return {"archived": False, "code": code, "name": f"Tag {code}"} | fields


@pytest.fixture
def group(pleo: TestClient, acme: SandboxCompany) -> Json:
    made = pleo.post("/v0/tag-groups", params={"company_id": acme.id}, json=group_body())
    assert made.status_code == 200
    return made.json()["data"]


def make_tag(pleo: TestClient, group: Json, code: str, **fields: Any) -> Json:
    made = pleo.post(f"/v0/tag-groups/{group['id']}/tags", json=tag_body(code, **fields))
    assert made.status_code == 201, made.text
    return made.json()["data"]


# groups


def test_a_group_as_pleo_shows_it(pleo: TestClient, acme: SandboxCompany, group: Json) -> None:
    assert set(group) == {"id", "companyId", "archived", "code", "name", "metadata", "createdAt", "updatedAt"}
    assert (group["companyId"], group["metadata"]) == (acme.id, {})
    assert pleo.get(f"/v0/tag-groups/{group['id']}").json() == {"data": group}


def test_all_groups_come_at_once_archived_ones_when_asked(pleo: TestClient, acme: SandboxCompany) -> None:
    for number in range(120):
        pleo.post("/v0/tag-groups", params={"company_id": acme.id}, json=group_body(f"G{number}", archived=number == 0))
    of_company = {"company_id": acme.id}
    shown = pleo.get("/v0/tag-groups", params=of_company).json()
    assert set(shown) == {"data"}
    assert [group["code"] for group in shown["data"]] == [f"G{number}" for number in range(1, 120)]
    assert len(pleo.get("/v0/tag-groups", params=of_company | {"include_archived": "true"}).json()["data"]) == 120
    assert failure(pleo.get("/v0/tag-groups", params=of_company | {"include_archived": "yes"})) == (
        400,
        "PARAMETER_VALIDATION_FAILED",
    )


def test_the_company_has_to_be_named_in_the_right_spelling(pleo: TestClient, acme: SandboxCompany) -> None:
    refused = pleo.get("/v0/tag-groups")
    assert refused.status_code == 400
    assert refused.json()["message"] == "Either company_id or organization_id must be provided"
    assert pleo.get("/v0/tag-groups", params={"companyId": acme.id}).status_code == 400
    assert pleo.post("/v0/tag-groups", json=group_body()).status_code == 400
    assert pleo.post("/v0/tags:search", json={}).json()["message"] == refused.json()["message"]
    assert pleo.get("/v0/tag-groups", params={"organization_id": NOBODY}).status_code == 403


def test_an_organisation_sees_the_tags_of_its_companies() -> None:
    ours, theirs = str(uuid.uuid4()), str(uuid.uuid4())
    companies = [factories.company(0, organization_id=owner) for owner in (ours, ours, theirs)]
    for number, company in enumerate(companies):
        tags = [{"code": f"{number}{each}", "name": "x"} for each in range(3)]
        company.hand_made = HandMade(tag_groups=[{"code": f"G{number}", "name": "G", "tags": tags}])
    sandbox = Sandbox(*companies)
    caller = factories.client(sandbox, sandbox.add_api_key(None, organization_id=ours))
    of_all = {"organization_id": ours}
    groups = caller.get("/v0/tag-groups", params=of_all).json()["data"]
    assert {group["code"] for group in groups} == {"G0", "G1"}
    found = factories.walk(caller, "/v0/tags:search", {}, limit=2, **of_all)
    assert [tag["code"] for tag in found] == ["00", "01", "02", "10", "11", "12"]
    first = factories.walk(caller, "/v0/tags:search", {}, company_id=companies[0].id, **of_all)
    assert [tag["code"] for tag in first] == ["00", "01", "02"]
    of_own = factories.client(sandbox, sandbox.add_api_key(companies[0].id))
    assert {group["code"] for group in of_own.get("/v0/tag-groups", params=of_all).json()["data"]} == {"G0"}


def test_a_put_of_a_group_replaces_all_of_it(pleo: TestClient, group: Json) -> None:
    address = f"/v0/tag-groups/{group['id']}"
    assert pleo.put(address, json=group_body()).status_code == 400
    changed = pleo.put(address, json=group_body("cost", archived=True, metadata={"erp": "1"})).json()["data"]
    assert (changed["code"], changed["archived"], changed["metadata"]) == ("cost", True, {"erp": "1"})
    assert (changed["companyId"], changed["createdAt"]) == (group["companyId"], group["createdAt"])


def test_a_deleted_group_takes_its_tags_and_dimensions_along(pleo: TestClient, group: Json) -> None:
    tag = make_tag(pleo, group, "100")
    address = f"/v0/tag-groups/{group['id']}"
    dimension = pleo.post(f"{address}/dimensions", json={"code": "D", "name": "D", "visible": True}).json()["data"]
    assert pleo.delete(address).status_code == 204
    for gone in (address, f"/v0/tags/{tag['id']}", f"{address}/dimensions/{dimension['id']}", f"{address}/usage"):
        assert pleo.get(gone).status_code == 404


def test_tags_are_counted_when_asked(pleo: TestClient, acme: SandboxCompany, group: Json) -> None:
    make_tag(pleo, group, "100")
    make_tag(pleo, group, "200", archived=True)
    asked = {"company_id": acme.id, "include_tags_count": "true"}
    (shown,) = pleo.get("/v0/tag-groups", params=asked).json()["data"]
    assert shown["totalTagsCount"] == 2


def test_usage_counts_lines_of_expenses(sandbox: Sandbox, pleo: TestClient, acme: SandboxCompany, group: Json) -> None:
    used, unused = make_tag(pleo, group, "100"), make_tag(pleo, group, "200")
    item = factories.item(acme.id)
    item["accountingEntryLines"][0]["tags"] = [{"id": used["id"], "code": "100", "groupCode": "COST"}]
    sandbox.add_expense(acme.id, item)
    shown = pleo.get(f"/v0/tag-groups/{group['id']}/usage").json()
    assert shown == {"data": {"usages": [{"id": used["id"], "count": 1}, {"id": unused["id"], "count": 0}]}}


# tags


def test_a_tag_as_pleo_shows_it(pleo: TestClient, group: Json) -> None:
    tag = make_tag(pleo, group, "100")
    assert set(tag) == {"id", "groupId", "archived", "code", "name", "createdAt", "updatedAt"}
    nameless = make_tag(pleo, group, "200") and pleo.put(f"/v0/tags/{tag['id']}", json={"archived": False, "code": "1"})
    assert "name" not in nameless.json()["data"]
    assert pleo.get(f"/v0/tags/{tag['id']}").json() == nameless.json()


@pytest.mark.parametrize("archived", [False, True])
def test_a_code_is_taken_in_its_group_whatever_its_case(
    pleo: TestClient, acme: SandboxCompany, group: Json, archived: bool
) -> None:
    make_tag(pleo, group, "Øst", archived=archived)
    assert failure(pleo.post(f"/v0/tag-groups/{group['id']}/tags", json=tag_body("ØST"))) == (409, "TAG_ALREADY_EXISTS")
    other = pleo.post("/v0/tag-groups", params={"company_id": acme.id}, json=group_body("B")).json()["data"]
    make_tag(pleo, other, "ØST")


def test_a_put_may_change_the_case_of_its_own_code_and_take_no_others(pleo: TestClient, group: Json) -> None:
    tag = make_tag(pleo, group, "a")
    make_tag(pleo, group, "b")
    address = f"/v0/tags/{tag['id']}"
    assert pleo.put(address, json=tag_body("A")).json()["data"]["code"] == "A"
    assert failure(pleo.put(address, json=tag_body("B"))) == (409, "TAG_ALREADY_EXISTS")
    assert pleo.put(address, json=tag_body("c")).status_code == 200
    make_tag(pleo, group, "a")
    assert pleo.put(address, json={"code": "d"}).status_code == 400


def test_a_code_of_a_deleted_tag_is_free(pleo: TestClient, group: Json) -> None:
    tag = make_tag(pleo, group, "a")
    assert pleo.delete(f"/v0/tags/{tag['id']}").status_code == 204
    assert make_tag(pleo, group, "a")["id"] != tag["id"]


def test_what_is_there_twice_already_can_be_tidied_up() -> None:
    twins = [{"code": "DK", "name": "Denmark"}, {"code": "dk", "name": "Danmark"}]
    company = factories.company(0)
    company.hand_made = HandMade(tag_groups=[{"code": "R", "name": "R", "tags": twins}])
    sandbox = Sandbox(company)
    caller = factories.client(sandbox, sandbox.add_api_key(company.id))
    _, second = factories.walk(caller, "/v0/tags:search", {}, company_id=company.id)
    archived = {"archived": True, "code": "dk", "name": "Danmark"}
    assert caller.put(f"/v0/tags/{second['id']}", json=archived).status_code == 200


def test_a_group_holds_so_many_active_tags(
    sandbox: Sandbox, pleo: TestClient, acme: SandboxCompany, group: Json
) -> None:
    sandbox.rules.max_active_tags = 2
    first = make_tag(pleo, group, "1")
    make_tag(pleo, group, "2")
    spare = [make_tag(pleo, group, code, archived=True)["id"] for code in ("3", "4")]
    refused = pleo.post(f"/v0/tag-groups/{group['id']}/tags", json=tag_body("5"))
    assert refused.status_code == 400
    assert "maximum number of active tags" in refused.json()["message"]
    assert pleo.put(f"/v0/tags/{spare[0]}", json=tag_body("3")).status_code == 400
    pleo.put(f"/v0/tags/{first['id']}", json=tag_body("1", archived=True))
    both = {"companyId": acme.id, "archived": False, "tagIds": spare}
    assert pleo.post("/v0/tags/archive", json=both).status_code == 400
    assert pleo.get(f"/v0/tags/{spare[0]}").json()["data"]["archived"] is True
    pleo.delete(f"/v0/tags/{first['id']}")
    assert pleo.put(f"/v0/tags/{spare[0]}", json=tag_body("3")).status_code == 200
    assert pleo.post(f"/v0/tag-groups/{group['id']}/tags", json=tag_body("5")).status_code == 400


def test_blank_codes_unknown_fields_and_other_types_are_refused(pleo: TestClient, group: Json) -> None:
    address = f"/v0/tag-groups/{group['id']}/tags"
    for body in (tag_body(" "), tag_body("1", color="red"), tag_body("1", archived="no"), {"code": "1"}):
        assert failure(pleo.post(address, json=body)) == (400, "VALIDATION_FAILED")
    assert pleo.post(address, content=b"{}", headers={"content-type": "text/plain"}).status_code == 415
    assert pleo.post(f"/v0/tag-groups/{NOBODY}/tags", json=tag_body("1")).status_code == 404


# many tags


def test_tags_in_bulk(pleo: TestClient, acme: SandboxCompany, group: Json) -> None:
    ids = [make_tag(pleo, group, code)["id"] for code in "abc"]
    body = {"companyId": acme.id, "tagIds": ids[:2]}
    shown = pleo.post("/v0/tags/archive", json=body | {"archived": True}).json()["data"]
    assert [(tag["id"], tag["archived"]) for tag in shown] == [(ids[0], True), (ids[1], True)]
    assert pleo.request("DELETE", "/v0/tags", json=body).status_code == 204
    assert [tag["id"] for tag in factories.walk(pleo, "/v0/tags:search", {}, company_id=acme.id)] == ids[2:]


def test_bulk_takes_all_or_none_and_at_most_100(pleo: TestClient, acme: SandboxCompany, group: Json) -> None:
    tag = make_tag(pleo, group, "a")
    for ids, status in (([tag["id"], NOBODY], 404), ([], 400), ([tag["id"]] * 101, 400)):
        body = {"companyId": acme.id, "tagIds": ids}
        assert pleo.request("DELETE", "/v0/tags", json=body).status_code == status
        assert pleo.post("/v0/tags/archive", json=body | {"archived": True}).status_code == status
    assert pleo.get(f"/v0/tags/{tag['id']}").json()["data"] == tag


def test_search_shows_active_tags_unless_asked(pleo: TestClient, acme: SandboxCompany, group: Json) -> None:
    active, archived = make_tag(pleo, group, "Alpha"), make_tag(pleo, group, "Beta", archived=True)
    for body, wanted in [
        ({}, [active]),
        ({"includeArchived": False}, [active]),
        ({"includeArchived": True}, [active, archived]),
        ({"archived": True}, [archived]),
        ({"archived": False, "includeArchived": True}, [active]),
        ({"textSearch": "alp"}, [active]),
        ({"textSearch": "tag beta", "includeArchived": True}, [archived]),
        ({"tagIds": [archived["id"].upper()], "includeArchived": True}, [archived]),
        ({"tagGroupIds": [NOBODY]}, []),
        ({"tagGroupIds": [group["id"]]}, [active]),
    ]:
        assert factories.walk(pleo, "/v0/tags:search", body, company_id=acme.id) == wanted, body
    assert pleo.post("/v0/tags:search", params={"company_id": acme.id}).json()["data"] == [active]
    twice = {"tagIds": [active["id"], active["id"]]}
    assert pleo.post("/v0/tags:search", params={"company_id": acme.id}, json=twice).status_code == 400


def test_the_deprecated_search(pleo: TestClient, acme: SandboxCompany, group: Json) -> None:
    active, archived = make_tag(pleo, group, "Alpha"), make_tag(pleo, group, "Beta", archived=True)
    asked = {"company_id": acme.id}
    assert pleo.get("/v0/tags", params=asked).json()["data"] == [active]
    every = asked | {"include_archived": "true"}
    assert pleo.get("/v0/tags", params=every | {"text_search": "bet"}).json()["data"] == [archived]
    assert pleo.get("/v0/tags", params=every | {"tag_group_id": [NOBODY]}).json()["data"] == []


def test_the_tags_of_a_group(pleo: TestClient, acme: SandboxCompany, group: Json) -> None:
    other = pleo.post("/v0/tag-groups", params={"company_id": acme.id}, json=group_body("B")).json()["data"]
    made = [make_tag(pleo, each, code) for code in "abc" for each in (group, other)]
    archived = make_tag(pleo, group, "d", archived=True)
    address = f"/v0/tag-groups/{group['id']}/tags"
    assert factories.walk(pleo, address, limit=2) == made[::2]
    assert factories.walk(pleo, address, limit=2, include_archived="true") == [*made[::2], archived]
    assert pleo.get(address, params={"archived": "true"}).status_code == 400


@given(st.lists(st.sampled_from("aAbBcC"), max_size=12), st.data())
def test_no_two_tags_of_a_group_share_a_code(codes: list[str], data: st.DataObject) -> None:
    company = factories.company(0)
    company.hand_made = HandMade(tag_groups=[{"id": NOBODY, "code": "G", "name": "G"}])
    sandbox = Sandbox(company, rate_limit=None)
    caller = factories.client(sandbox, sandbox.add_api_key(company.id))
    made: list[str] = []
    for code in codes:
        address = f"/v0/tags/{data.draw(st.sampled_from(made))}" if made and data.draw(st.booleans()) else None
        body = tag_body(code, archived=data.draw(st.booleans()))
        answer = caller.put(address, json=body) if address else caller.post(f"/v0/tag-groups/{NOBODY}/tags", json=body)
        assert answer.status_code in (200, 201, 409)
        if answer.status_code == 201:
            made.append(answer.json()["data"]["id"])
    found = factories.walk(caller, "/v0/tags:search", {"includeArchived": True}, company_id=company.id)
    assert sorted(tag["id"] for tag in found) == sorted(made)
    assert len({tag["code"].casefold() for tag in found}) == len(found)
    active = sum(not tag["archived"] for tag in found)
    sandbox.rules.max_active_tags = active
    assert caller.post(f"/v0/tag-groups/{NOBODY}/tags", json=tag_body("new")).status_code == 400
    sandbox.rules.max_active_tags = active + 1
    assert caller.post(f"/v0/tag-groups/{NOBODY}/tags", json=tag_body("new")).status_code == 201


# dimensions


@pytest.fixture
def dimensions(pleo: TestClient, group: Json) -> list[Json]:
    bodies = [{"code": code, "name": f"Dimension {code}", "visible": True, "displayOrder": 7} for code in "XY"]
    return [pleo.post(f"/v0/tag-groups/{group['id']}/dimensions", json=body).json()["data"] for body in bodies]


def test_dimensions_of_a_group(pleo: TestClient, group: Json, dimensions: list[Json]) -> None:
    address = f"/v0/tag-groups/{group['id']}/dimensions"
    assert pleo.get(address).json()["data"] == dimensions
    assert [each["displayOrder"] for each in dimensions] == [0, 1]
    first = f"{address}/{dimensions[0]['id']}"
    body = {"code": "X", "name": "X", "visible": False}
    assert pleo.put(first, json=body).status_code == 400
    changed = pleo.put(first, json=body | {"displayOrder": 5}).json()["data"]
    assert pleo.get(first).json()["data"] == changed
    assert pleo.get(address).json()["data"] == [dimensions[1], changed]
    assert pleo.delete(first).status_code == 204
    assert pleo.get(first).status_code == 404


def test_a_new_tag_has_a_value_in_each_dimension(pleo: TestClient, group: Json, dimensions: list[Json]) -> None:
    tag = make_tag(pleo, group, "1", otherDimensionValues=["north"])
    address = f"/v0/tags/{tag['id']}"
    assert [value["value"] for value in pleo.get(f"{address}/dimensions").json()["data"]] == ["north", ""]
    pleo.put(address, json=tag_body("1", otherDimensionValues=["south"]))
    pleo.put(address, json=tag_body("1"))
    values = pleo.get(f"{address}/dimensions").json()["data"]
    assert [value["value"] for value in values] == ["south", ""]
    assert set(values[0]) == {"tagId", "dimensionId", "value", "createdAt", "updatedAt"}


def test_one_value_of_a_tag(pleo: TestClient, group: Json, dimensions: list[Json]) -> None:
    tag = make_tag(pleo, group, "1")
    address = f"/v0/tags/{tag['id']}/dimensions/{dimensions[0]['id']}"
    assert pleo.put(address, json={"value": "west"}).json()["data"]["value"] == "west"
    assert pleo.delete(address).json()["data"]["value"] == "west"
    for gone in (pleo.get(address), pleo.put(address, json={"value": "x"}), pleo.delete(address)):
        assert failure(gone) == (404, "DIMENSION_VALUE_NOT_FOUND")
    made = pleo.post(address, json={"value": "east"}).json()
    assert pleo.get(address).json() == made
    assert pleo.post(f"/v0/tags/{tag['id']}/dimensions/{NOBODY}", json={"value": "x"}).status_code == 404


def test_a_dimension_of_another_group_is_not_found(
    pleo: TestClient, acme: SandboxCompany, group: Json, dimensions: list[Json]
) -> None:
    other = pleo.post("/v0/tag-groups", params={"company_id": acme.id}, json=group_body("B")).json()["data"]
    tag = make_tag(pleo, other, "1")
    assert pleo.get(f"/v0/tag-groups/{other['id']}/dimensions/{dimensions[0]['id']}").status_code == 404
    assert pleo.get(f"/v0/tags/{tag['id']}/dimensions/{dimensions[0]['id']}").status_code == 404


def test_aggregations(pleo: TestClient, acme: SandboxCompany, group: Json, dimensions: list[Json]) -> None:
    tag = make_tag(pleo, group, "1", otherDimensionValues=["north"])
    of_company = {"company_id": acme.id}
    (shown,) = pleo.get("/v0/aggregations/tag-groups", params=of_company).json()["data"]
    assert "metadata" not in shown
    assert [each["id"] for each in shown["dimensions"]] == [each["id"] for each in dimensions]
    assert pleo.get("/v0/aggregations/tag-groups", params=of_company | {"tag_group_ids": NOBODY}).json()["data"] == []
    (found,) = pleo.post("/v0/aggregations/tags", params=of_company).json()["data"]
    assert (found["id"], found["companyId"]) == (tag["id"], acme.id)
    assert found["group"] == {"id": group["id"], "code": "COST", "name": "Group COST"}
    assert [each["value"] for each in found["dimensions"]] == ["north", ""]


# scopes


@pytest.mark.parametrize(("name", "other"), [("tag-groups", "tag-group"), ("tag-group", "tag-groups")])
def test_the_name_of_the_tag_scopes_is_a_switch(sandbox: Sandbox, acme: SandboxCompany, name: str, other: str) -> None:
    sandbox.rules.tag_scope = name
    for scope, status in ((f"{name}:read", 200), (f"{other}:read", 403), (f"{name}:write", 403)):
        caller = factories.client(sandbox, sandbox.add_api_key(acme.id, [scope]))
        assert caller.get("/v0/tag-groups", params={"company_id": acme.id}).status_code == status
