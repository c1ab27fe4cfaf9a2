"""Pleo as a target: what is read, what is sent, and what a refusal, a lost answer or a broken page becomes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import httpx2
import pytest

from kontobro.core.errors import BadAnswer, NotAllowed, Problem, RateLimited, Uncertain, Unreachable
from kontobro.core.model.bindings import MasterKind
from kontobro.core.plan.make import Desired, Existing
from tests.support.scripted_pleo import COMPANY, JSON, Stage, page, refusal, reply

ACCOUNTS, BATCH = "POST /v1/chart-of-accounts:search", "POST /v1/chart-of-accounts/batch"
TAXES, NEW_TAX = "POST /v0/tax-codes:search", "POST /v0/tax-codes"
GROUPS, NEW_GROUP = "GET /v0/tag-groups", "POST /v0/tag-groups"
TAGS, NEW_TAG, ARCHIVE_TAGS = "POST /v0/tags:search", "POST /v0/tag-groups/g1/tags", "POST /v0/tags/archive"
VENDORS, NEW_VENDOR = "POST /v1/vendors:search", "POST /v1/vendors"
LOST = httpx2.ReadTimeout("lost")
NO_WAY_THERE = httpx2.ConnectError("refused")
MOMENTS = {"createdAt": "2026-03-01T11:00:00Z", "updatedAt": "2026-03-01T11:00:00Z"}
DONE = httpx2.Response(204)

LISTS: list[tuple[MasterKind, str]] = [
    ("accounts", ACCOUNTS),
    ("tax_codes", TAXES),
    ("tags", TAGS),
    ("vendors", VENDORS),
]


def account(id: str = "a1", **changes: Any) -> dict[str, Any]:
    facts = {"id": id, "companyId": COMPANY, "externalId": f"erp-{id}", "name": "Office", "archived": False}
    return {**facts, "code": "6000", "metadata": None, "taxCodeExternalId": None, **changes}


def tax_code(id: str = "t1", **changes: Any) -> dict[str, Any]:
    facts = {"id": id, "companyId": COMPANY, "archived": False, "name": "Moms", "rate": 0.25, "type": "inclusive"}
    return {**facts, "code": "I25", "ingoingTaxAccount": "6900", "outgoingTaxAccount": None, **MOMENTS, **changes}


def group(id: str = "g1", **changes: Any) -> dict[str, Any]:
    facts = {"id": id, "companyId": COMPANY, "archived": False, "code": "DEPT", "name": "Department", "metadata": {}}
    return {**facts, **MOMENTS, **changes}


def tag(id: str = "x1", **changes: Any) -> dict[str, Any]:
    return {"id": id, "groupId": "g1", "archived": False, "code": "10", "name": "Sales", **MOMENTS, **changes}


def vendor(id: str = "v1", **changes: Any) -> dict[str, Any]:
    facts = {"id": id, "companyId": COMPANY, "name": "Ink Ltd", "defaultCurrency": "GBP", "state": "ACTIVE"}
    return {**facts, "code": "V1", "externalId": "erp-v1", **MOMENTS, **changes}


SAMPLES: dict[MasterKind, Callable[..., dict[str, Any]]] = {
    "accounts": account,
    "tax_codes": tax_code,
    "tags": tag,
    "vendors": vendor,
}
WANTED: dict[MasterKind, Desired] = {
    "accounts": Desired("erp-a1", "6000", "Office"),
    "tax_codes": Desired("erp-t1", "I25", "Moms", fields=(("rate", "0.25"), ("type", "inclusive"))),
    "tag_groups": Desired("erp-g1", "DEPT", "Department"),
    "tags": Desired("erp-g1/x1", "10", "Sales", parent="erp-g1"),
    "vendors": Desired("erp-v1", "V1", "Ink Ltd", fields=(("currency", "GBP"),)),
}
CREATES: list[tuple[MasterKind, str]] = [
    ("accounts", BATCH),
    ("tax_codes", NEW_TAX),
    ("tag_groups", NEW_GROUP),
    ("tags", NEW_TAG),
    ("vendors", NEW_VENDOR),
]
UPDATES: list[tuple[MasterKind, str]] = [
    ("accounts", "PUT /v1/chart-of-accounts/a1"),
    ("tax_codes", "PUT /v0/tax-codes/t1"),
    ("tag_groups", "PUT /v0/tag-groups/g1"),
    ("tags", "PUT /v0/tags/x1"),
    ("vendors", "PUT /v1/vendors/v1"),
]
IDS = {"accounts": "a1", "tax_codes": "t1", "tag_groups": "g1", "tags": "x1", "vendors": "v1"}


def existing(kind: MasterKind, **changes: Any) -> Existing:
    wanted = WANTED[kind]
    facts = {"id": IDS[kind], "code": wanted.code, "name": wanted.name, "fields": wanted.fields}
    return Existing(**(facts | changes))


def created(stage: Stage, kind: MasterKind, *wanted: Desired) -> Sequence[Existing | Problem]:
    return stage.target().create(kind, wanted or [WANTED[kind]], {"erp-g1": "g1"})


def the_problem(answers: Sequence[Existing | Problem]) -> Problem:
    [answer] = answers
    assert isinstance(answer, Problem)
    assert answer.remedy
    assert answer.field
    return answer


@pytest.fixture
def stage() -> Stage:
    return Stage()


# ------------------------------------------------------------------------------------------------- reading


def test_accounts_are_searched_with_both_booleans_and_archived_ones(stage: Stage) -> None:
    stage.on(ACCOUNTS, page([account(name="  Office\u00a0 supplies ", code=" 6000 ", taxCodeExternalId="I25", new=1)]))
    [found] = stage.target().read("accounts")
    assert found == Existing("a1", "6000", "Office supplies", external_id="erp-a1", fields=(("tax_code", "I25"),))
    body = {"companyId": COMPANY, "excludeIfAssignedToCategory": False, "excludeIfAssignedToContraAccount": False}
    assert stage.bodies(ACCOUNTS) == [body]


@pytest.mark.parametrize(
    ("sent", "shown"),
    [("0.250", "0.25"), ("0", "0"), ("1E-1", "0.1"), ("0.07125", "0.07125"), ("1E+999999999", "1E+999999999")],
)
def test_a_rate_is_exact_in_one_spelling(stage: Stage, sent: str, shown: str) -> None:
    content = page([tax_code(rate=77)]).content.replace(b'"rate": 77', f'"rate": {sent}'.encode())
    stage.on(TAXES, httpx2.Response(200, content=content, headers={"content-type": JSON}))
    [found] = stage.target().read("tax_codes")
    assert found.fields == (("ingoing_account", "6900"), ("rate", shown), ("type", "inclusive"))


def test_groups_come_in_one_list_archived_ones_too(stage: Stage) -> None:
    stage.on(GROUPS, reply({"data": [group(), group("g2", archived=True, code="PROJ")]}))
    found = stage.target().read("tag_groups")
    assert [(each.id, each.code, each.archived) for each in found] == [("g1", "DEPT", False), ("g2", "PROJ", True)]
    assert stage.asked[0].url.params.multi_items() == [("company_id", COMPANY), ("include_archived", "true")]


def test_tags_of_all_groups_come_from_all_pages(stage: Stage) -> None:
    stage.on(
        TAGS,
        page([tag(f"x{number}") for number in range(100)], "A", more=True, total=102),
        page([tag("x99"), tag("y", name=None, archived=True, groupId="g2"), tag("z")], total=102),
    )
    found = stage.target().read("tags")
    assert len(found) == 102
    assert found[100] == Existing("y", "10", "", archived=True, parent="g2")
    assert stage.bodies(TAGS) == [{"includeArchived": True}] * 2
    assert [request.url.params.get("after") for request in stage.asked] == [None, "A"]


def test_vendors_are_asked_for_in_all_states(stage: Stage) -> None:
    stage.on(
        VENDORS, page([vendor(), vendor("v2", state="DRAFT", code=None, externalId=None), vendor("v3", state="X")])
    )
    first, draft, odd = stage.target().read("vendors")
    assert first == Existing("v1", "V1", "Ink Ltd", external_id="erp-v1", fields=(("currency", "GBP"),))
    assert (draft.draft, draft.code, draft.external_id) == (True, "", None)
    assert (odd.draft, odd.archived) == (False, False)
    assert stage.bodies(VENDORS) == [{"states": ["DRAFT", "ACTIVE", "ARCHIVED"]}]


@pytest.mark.parametrize(("kind", "operation"), LISTS)
@pytest.mark.parametrize("fault", ["stuck", "short", "shapeless", "gone"])
def test_a_read_is_whole_or_an_error(stage: Stage, kind: MasterKind, operation: str, fault: str) -> None:
    sample = SAMPLES[kind]
    second = {
        "stuck": page([sample("b")], "A", more=True),
        "short": page([sample("b")], total=3),
        "shapeless": page([{"id": "b"}]),
        "gone": refusal(503),
    }[fault]
    stage.on(operation, page([sample()], "A", more=True), second)
    with pytest.raises((BadAnswer, Unreachable)):
        stage.target().read(kind)


def test_a_list_of_groups_that_is_none_is_an_error(stage: Stage) -> None:
    stage.on(GROUPS, reply({"data": None}))
    with pytest.raises(BadAnswer, match="not its contract"):
        stage.target().read("tag_groups")


@pytest.mark.parametrize(("kind", "operation"), [*LISTS, ("tag_groups", GROUPS)])
def test_a_missing_scope_is_named(stage: Stage, kind: MasterKind, operation: str) -> None:
    stage.on(operation, refusal(403))
    with pytest.raises(NotAllowed) as caught:
        stage.target().read(kind)
    spelled = "tag-groups:read (elsewhere Pleo calls it tag-group:read)"
    named = {"accounts": "accounts:read", "tax_codes": "tax-codes:read", "vendors": "vendors:read"}
    assert named.get(str(kind), spelled) in str(caught.value)


def test_a_search_is_a_read_and_is_tried_again(stage: Stage) -> None:
    stage.on(VENDORS, LOST, refusal(500), page([vendor()]))
    assert len(stage.target().read("vendors")) == 1


# ------------------------------------------------------------------------------------------------ creating


def batch_answer(request: httpx2.Request) -> httpx2.Response:
    """All of a batch is created, in another order than it came."""
    items = content_of(request)["items"]
    return reply(
        {"data": {"created": [account(f"id-{each['externalId']}", **each) for each in reversed(items)], "failed": []}},
        201,
    )


def content_of(request: httpx2.Request) -> Any:
    return httpx2.Response(200, content=request.content).json()


def test_accounts_are_created_in_batches_of_a_thousand(stage: Stage) -> None:
    stage.on(BATCH, batch_answer)
    wanted = [Desired(f"erp-{number}", str(number), f"Account {number}") for number in range(1001)]
    answers = created(stage, "accounts", *wanted)
    assert [answer.external_id for answer in answers if isinstance(answer, Existing)] == [each.id for each in wanted]
    bodies = stage.bodies(BATCH)
    assert [len(body["items"]) for body in bodies] == [1000, 1]
    assert bodies[1] == {
        "companyId": COMPANY,
        "items": [
            {
                "externalId": "erp-1000",
                "archived": False,
                "name": "Account 1000",
                "code": "1000",
                "taxCodeExternalId": None,
            }
        ],
    }


def test_accounts_fail_one_by_one_with_their_reason(stage: Stage) -> None:
    wanted = [Desired(f"e{number}", "6000", "Office") for number in range(4)]
    failed = [
        {"request": {"externalId": "e1", "archived": False, "name": "Office"}, "reasons": ["NAME_TOO_LONG"]},
        {
            "request": {"externalId": "e2", "archived": False, "name": "Office"},
            "reasons": ["EXTERNAL_ID_ALREADY_EXISTS"],
        },
        {"request": {"externalId": "e3", "archived": False, "name": "Office"}, "reasons": ["NEW_REASON"]},
    ]
    stage.on(BATCH, reply({"data": {"created": [account(externalId="e0")], "failed": failed}}, 201))
    good, *problems = created(stage, "accounts", *wanted)
    assert isinstance(good, Existing)
    assert [(each.code, each.field, each.value) for each in problems if isinstance(each, Problem)] == [
        ("refused_by_pleo", "name", "Office"),
        ("exists", "externalId", "e2"),
        ("refused_by_pleo", "externalId", "e3"),
    ]
    assert "NEW_REASON" in str(problems[2])


def test_a_batch_refused_whole_is_halved_until_the_one_at_fault_stands_alone(stage: Stage) -> None:
    def strict(request: httpx2.Request) -> httpx2.Response:
        bad = any(len(each["name"]) > 255 for each in content_of(request)["items"])
        return refusal(400, "VALIDATION_FAILED", "items[].name: too long") if bad else batch_answer(request)

    stage.on(BATCH, strict)
    wanted = [Desired(f"erp-{number}", "1", "x" * 256 if number == 5 else "Office") for number in range(8)]
    answers = created(stage, "accounts", *wanted)
    assert [isinstance(answer, Problem) for answer in answers] == [number == 5 for number in range(8)]
    assert isinstance(answers[5], Problem)
    assert answers[5].field == "name"
    assert len(stage.asked) == 7


def test_an_account_of_which_pleo_says_nothing_is_uncertain(stage: Stage) -> None:
    stage.on(BATCH, reply({"data": {"created": [], "failed": []}}, 201))
    with pytest.raises(Uncertain, match="account erp-a1"):
        created(stage, "accounts")


def test_a_rate_leaves_digit_by_digit(stage: Stage) -> None:
    stage.on(NEW_TAX, reply({"data": tax_code()}))
    fields = (("ingoing_account", "6900"), ("outgoing_account", "6901"), ("rate", "0.0712500001"), ("type", "reverse"))
    [answer] = created(stage, "tax_codes", Desired("t", " I25 ", " Moms  25 ", fields=fields))
    assert isinstance(answer, Existing)
    assert b'"rate":0.0712500001,' in stage.asked[0].content
    [body] = stage.bodies(NEW_TAX)
    assert (body["code"], body["name"], body["type"]) == ("I25", "Moms 25", "reverse")
    assert (body["ingoingTaxAccount"], body["outgoingTaxAccount"], body["archived"]) == ("6900", "6901", False)


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"rate": "0.25", "type": "exclusive"}, "tax_type_unsupported"),
        ({"rate": "0.25"}, "tax_type_unsupported"),
        ({"rate": "NaN", "type": "inclusive"}, "tax_rate_invalid"),
        ({"rate": "25 %", "type": "inclusive"}, "tax_rate_invalid"),
        ({"type": "inclusive"}, "tax_rate_invalid"),
    ],
)
def test_what_pleo_cannot_have_of_a_tax_code_is_never_sent(stage: Stage, given: dict[str, str], code: str) -> None:
    wanted = Desired("t", "E25", "Moms", fields=tuple(sorted(given.items())))
    problem = the_problem(created(stage, "tax_codes", wanted))
    assert problem.code == code
    assert stage.target().update("tax_codes", [(existing("tax_codes", fields=()), wanted)]) == [problem]
    assert stage.asked == []


def test_groups_and_tags_are_created_under_their_parents(stage: Stage) -> None:
    stage.on(NEW_GROUP, reply({"data": group()})).on(NEW_TAG, reply({"data": tag()}, 201))
    assert created(stage, "tag_groups") == [Existing("g1", "DEPT", "Department")]
    assert created(stage, "tags") == [Existing("x1", "10", "Sales", parent="g1")]
    assert stage.asked[0].url.params["company_id"] == COMPANY
    assert stage.bodies(NEW_GROUP) == [{"archived": False, "code": "DEPT", "name": "Department", "metadata": {}}]
    assert stage.bodies(NEW_TAG) == [{"archived": False, "code": "10", "name": "Sales"}]


def test_a_tag_without_its_group_is_a_problem(stage: Stage) -> None:
    problem = the_problem(created(stage, "tags", Desired("d/1", "10", "Sales", parent="d")))
    assert (problem.code, problem.value, stage.asked) == ("tag_group_missing", "d", [])


def test_a_vendor_is_created_with_its_external_id_and_without_nulls(stage: Stage) -> None:
    stage.on(NEW_VENDOR, reply({"data": vendor(country="GB")}, 201))
    fields = (("country", "GB"), ("currency", "GBP"))
    [answer] = created(stage, "vendors", Desired("erp-v1", "", "Ink Ltd", fields=fields))
    assert isinstance(answer, Existing)
    assert answer.fields == fields
    assert stage.bodies(NEW_VENDOR) == [
        {"companyId": COMPANY, "name": "Ink Ltd", "externalId": "erp-v1", "defaultCurrency": "GBP", "country": "GB"}
    ]


def test_a_vendor_without_currency_is_a_problem(stage: Stage) -> None:
    problem = the_problem(created(stage, "vendors", Desired("erp-v1", "V1", "Ink Ltd")))
    assert (problem.code, problem.field, stage.asked) == ("vendor_currency_missing", "defaultCurrency", [])


@pytest.mark.parametrize(("kind", "operation"), CREATES)
@pytest.mark.parametrize(
    "lost",
    [
        LOST,
        httpx2.RemoteProtocolError("cut"),
        refusal(500),
        refusal(503),
        httpx2.Response(201, content=b"<html>", headers={"content-type": "text/html"}),
        reply({"data": {}}, 201),
    ],
    ids=["timeout", "cut", "500", "503", "html", "shapeless"],
)
def test_a_create_whose_answer_is_lost_is_never_repeated(
    stage: Stage, kind: MasterKind, operation: str, lost: Any
) -> None:
    stage.on(operation, lost)
    with pytest.raises(Uncertain) as caught:
        created(stage, kind)
    assert stage.operations == [operation]
    assert caught.value.remedy


@pytest.mark.parametrize(("kind", "operation"), CREATES[1:])
@pytest.mark.parametrize("fault", [NO_WAY_THERE, refusal(429, Retry_After="7")], ids=["not sent", "429"])
def test_a_create_that_pleo_did_not_do_is_sent_again(
    stage: Stage, kind: MasterKind, operation: str, fault: Any
) -> None:
    sample = group if kind == "tag_groups" else SAMPLES[kind]
    stage.on(operation, fault, reply({"data": sample()}, 201))
    [answer] = created(stage, kind)
    assert isinstance(answer, Existing)
    assert stage.operations == [operation] * 2


def test_a_create_gives_up_when_pleo_keeps_asking_for_a_pause(stage: Stage) -> None:
    stage.on(NEW_VENDOR, refusal(429))
    with pytest.raises(RateLimited):
        created(stage, "vendors")


@pytest.mark.parametrize(("kind", "operation"), CREATES[1:])
def test_a_conflict_exists(stage: Stage, kind: MasterKind, operation: str) -> None:
    stage.on(operation, refusal(409, "SOMETHING_EXISTS", "taken"))
    problem = the_problem(created(stage, kind))
    assert (problem.code, problem.value) == ("exists", WANTED[kind].id if kind == "vendors" else WANTED[kind].code)
    assert "taken" in problem.message


@pytest.mark.parametrize(("kind", "operation"), CREATES[1:])
@pytest.mark.parametrize("status", [400, 422])
def test_a_refused_record_never_stops_the_others(stage: Stage, kind: MasterKind, operation: str, status: int) -> None:
    sample = group if kind == "tag_groups" else SAMPLES[kind]
    stage.on(operation, refusal(status, "VALIDATION_FAILED", "name: must not be blank"), reply({"data": sample()}, 201))
    first, second = created(stage, kind, WANTED[kind], WANTED[kind])
    problem = the_problem([first])
    assert (problem.code, problem.field, problem.value) == ("refused_by_pleo", "name", WANTED[kind].name)
    assert isinstance(second, Existing)


@pytest.mark.parametrize(("kind", "operation"), CREATES)
def test_a_status_that_speaks_of_no_record_stops_everything(stage: Stage, kind: MasterKind, operation: str) -> None:
    stage.on(operation, refusal(405, "METHOD_NOT_ALLOWED"))
    with pytest.raises(BadAnswer, match="405"):
        created(stage, kind)


# ------------------------------------------------------------------------------------ changing, archiving


@pytest.mark.parametrize(("kind", "operation"), UPDATES)
def test_a_change_is_sent_again_after_a_lost_answer(stage: Stage, kind: MasterKind, operation: str) -> None:
    sample = group if kind == "tag_groups" else SAMPLES[kind]
    stage.on(operation, LOST, refusal(500), reply({"data": sample()}))
    stage.on(f"GET {operation.split(' ')[1]}", reply({"data": sample()}))
    [answer] = stage.target().update(kind, [(existing(kind, name="Old"), WANTED[kind])])
    assert isinstance(answer, Existing)
    assert answer.name == WANTED[kind].name
    bodies = stage.bodies(operation)
    assert len(bodies) == 3
    assert bodies[0] == bodies[2]
    assert bodies[0]["name"] == WANTED[kind].name


@pytest.mark.parametrize(("kind", "operation"), UPDATES)
@pytest.mark.parametrize(("status", "code"), [(400, "refused_by_pleo"), (404, "gone_at_pleo"), (409, "exists")])
def test_a_refused_change_is_the_problem_of_its_record(
    stage: Stage, kind: MasterKind, operation: str, status: int, code: str
) -> None:
    sample = group if kind == "tag_groups" else SAMPLES[kind]
    stage.on(operation, refusal(status, "NO", "no")).on(f"GET {operation.split(' ')[1]}", reply({"data": sample()}))
    assert the_problem(stage.target().update(kind, [(existing(kind), WANTED[kind])])).code == code


@pytest.mark.parametrize(
    ("kind", "listed", "operation", "sample"),
    [
        ("accounts", page([account(metadata={"theirs": 1.10})]), UPDATES[0][1], account),
        ("tag_groups", reply({"data": [group(metadata={"theirs": "kept"})]}), UPDATES[2][1], group),
    ],
)
def test_what_others_keep_in_metadata_goes_back_as_it_came(
    stage: Stage, kind: MasterKind, listed: httpx2.Response, operation: str, sample: Any
) -> None:
    """Read before, it is remembered; else it is asked for."""
    listing = ACCOUNTS if kind == "accounts" else GROUPS
    metadata = {"theirs": 1.10} if kind == "accounts" else {"theirs": "kept"}
    stage.on(listing, listed).on(operation, reply({"data": sample()}))
    stage.on(f"GET {operation.split(' ')[1]}", reply({"data": sample(metadata=metadata)}))
    target = stage.target()
    [found] = target.read(kind)
    target.update(kind, [(found, WANTED[kind])])
    stage.target().archive(kind, [found])
    assert [body["metadata"] for body in stage.bodies(operation)] == [metadata, metadata]
    assert [request.method for request in stage.asked][1:] == ["PUT", "GET", "PUT"]


def test_a_record_that_is_gone_before_its_metadata_are_read_is_a_problem(stage: Stage) -> None:
    stage.on("GET /v0/tag-groups/g1", refusal(404))
    assert the_problem(stage.target().archive("tag_groups", [existing("tag_groups")])).code == "gone_at_pleo"


def test_what_the_accounting_system_does_not_say_stays(stage: Stage) -> None:
    stage.on("PUT /v1/vendors/v1", reply({"data": vendor()}))
    held = existing("vendors", archived=True, fields=(("country", "GB"), ("currency", "GBP")))
    stage.target().update("vendors", [(held, Desired("erp-v1", "V2", "Ink", fields=(("country", "IE"),)))])
    assert stage.bodies("PUT /v1/vendors/v1") == [
        {
            "companyId": COMPANY,
            "name": "Ink",
            "externalId": "erp-v1",
            "code": "V2",
            "defaultCurrency": "GBP",
            "country": "IE",
            "state": "ACTIVE",
        }
    ]


@pytest.mark.parametrize(
    ("kind", "operation"), [each for each in UPDATES if each[0] not in ("tags", "vendors")], ids=str
)
def test_archiving_writes_the_same_with_archived(stage: Stage, kind: MasterKind, operation: str) -> None:
    sample = group if kind == "tag_groups" else SAMPLES[kind]
    stage.on(operation, reply({"data": sample(archived=True)}))
    stage.on(f"GET {operation.split(' ')[1]}", reply({"data": sample()}))
    [answer] = stage.target().archive(kind, [existing(kind)])
    assert isinstance(answer, Existing)
    assert answer.archived
    [body] = stage.bodies(operation)
    assert (body["archived"], body["code"], body["name"]) == (True, WANTED[kind].code, WANTED[kind].name)


def put_tags(request: httpx2.Request) -> httpx2.Response:
    body = content_of(request)
    return reply({"data": [tag(id, archived=body["archived"]) for id in reversed(body["tagIds"])]})


@pytest.mark.parametrize("archived", [True, False])
def test_tags_are_archived_and_unarchived_a_hundred_at_a_time(stage: Stage, archived: bool) -> None:
    stage.on(ARCHIVE_TAGS, put_tags)
    tags = [existing("tags", id=f"x{number}", archived=not archived) for number in range(250)]
    target = stage.target()
    wanted = WANTED["tags"]
    answers = target.archive("tags", tags) if archived else target.update("tags", [(each, wanted) for each in tags])
    assert [(each.id, each.archived) for each in answers if isinstance(each, Existing)] == [
        (each.id, archived) for each in tags
    ]
    assert [(len(body["tagIds"]), body["archived"]) for body in stage.bodies(ARCHIVE_TAGS)] == [
        (100, archived),
        (100, archived),
        (50, archived),
    ]


@pytest.mark.parametrize(
    "answer", [refusal(404), reply({"data": [tag("x2", archived=True)]})], ids=["refused", "left out"]
)
def test_a_hundred_that_pleo_refuses_are_written_one_by_one(stage: Stage, answer: httpx2.Response) -> None:
    stage.on(ARCHIVE_TAGS, answer).on("PUT /v0/tags/x1", refusal(404))
    stage.on("PUT /v0/tags/x2", reply({"data": tag("x2", archived=True)}))
    first, second = stage.target().archive("tags", [existing("tags"), existing("tags", id="x2")])
    assert the_problem([first]).code == "gone_at_pleo"
    assert isinstance(second, Existing)
    assert second.archived


def test_a_draft_is_activated_and_changed_only_where_it_differs(stage: Stage) -> None:
    stage.on("POST /v1/vendors/v1:activate", DONE).on("PUT /v1/vendors/v1", reply({"data": vendor()}))
    draft = existing("vendors", code="", draft=True)
    [answer] = stage.target().update("vendors", [(draft, WANTED["vendors"])])
    assert answer == existing("vendors", external_id="erp-v1")
    assert stage.operations == ["POST /v1/vendors/v1:activate"]
    assert stage.bodies("POST /v1/vendors/v1:activate") == [{"externalId": "erp-v1", "code": "V1"}]
    stage.target().update("vendors", [(existing("vendors", name="Inc", draft=True), WANTED["vendors"])])
    assert stage.operations[1:] == ["POST /v1/vendors/v1:activate", "PUT /v1/vendors/v1"]


def test_a_vendor_is_archived_without_a_body(stage: Stage) -> None:
    stage.on("POST /v1/vendors/v1:archive", LOST, DONE)
    assert stage.target().archive("vendors", [existing("vendors")]) == [existing("vendors", archived=True)]
    assert [request.content for request in stage.asked] == [b"", b""]


def test_a_state_that_pleo_refuses_because_it_is_reached_already_is_reached(stage: Stage) -> None:
    stage.on("POST /v1/vendors/v1:activate", LOST, refusal(400, "INVALID_STATE"))
    stage.on("GET /v1/vendors/v1", reply({"data": vendor()}))
    [answer] = stage.target().update("vendors", [(existing("vendors", draft=True), WANTED["vendors"])])
    assert isinstance(answer, Existing)
    assert answer.external_id == "erp-v1"


def test_a_state_that_pleo_refuses_is_a_problem(stage: Stage) -> None:
    stage.on("POST /v1/vendors/v1:activate", refusal(400, "NO", "externalId taken"))
    stage.on("GET /v1/vendors/v1", reply({"data": vendor(state="DRAFT", externalId=None)}))
    problem = the_problem(stage.target().update("vendors", [(existing("vendors", draft=True), WANTED["vendors"])]))
    assert (problem.code, problem.field, problem.value) == ("refused_by_pleo", "externalId", "erp-v1")


# ------------------------------------------------------------------------------------------------- the rest


@pytest.mark.parametrize("kind", ["accounts", "tax_codes", "tag_groups", "tags", "vendors"])
def test_nothing_to_do_makes_no_call(stage: Stage, kind: MasterKind) -> None:
    target = stage.target()
    assert [*target.create(kind, [], {}), *target.update(kind, []), *target.archive(kind, [])] == []
    assert stage.asked == []


def test_calls_are_counted_by_endpoint(stage: Stage) -> None:
    stage.on(ACCOUNTS, page([])).on("PUT /v0/tags/x1", reply({"data": tag()}))
    target = stage.target()
    target.read("accounts")
    target.update("tags", [(existing("tags", name="Old"), WANTED["tags"])])
    assert target.calls == {ACCOUNTS: 1, "PUT /v0/tags/{id}": 1}
    target.close()


def test_both_clients_of_a_connection_share_one_minute(stage: Stage) -> None:
    """500 calls a minute together, and closing one does not begin a new minute."""
    stage.on(ACCOUNTS, page([])).on("GET /v3/export-jobs", page([]))
    began = stage.clock.now()
    first = stage.target()
    for _ in range(300):
        first.read("accounts")
    first.close()
    client = stage.client()
    for _ in range(200):
        client.jobs(["pending"])
    assert stage.clock.now() == began
    stage.target().read("accounts")
    assert (stage.clock.now() - began).total_seconds() >= 60
