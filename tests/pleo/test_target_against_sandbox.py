"""Master data against Pleo in a box, over real HTTP on loopback: every kind there and back, and how it fails."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

import pytest

from kontobro.core.errors import BadAnswer, NotAllowed, Problem, Uncertain, Unreachable
from kontobro.core.model.bindings import MasterKind
from kontobro.core.model.connection import Connection, Tokens
from kontobro.core.plan.make import Desired, Existing
from kontobro.pleo import SCOPES, PleoTarget, open_pleo, open_target
from tests.support.scripted_pleo import MemoryTokens, a_connection

pytest.importorskip("pleo_sandbox.server", reason="the sandbox is not part of this checkout")

from pleo_sandbox.model import SandboxCompany
from pleo_sandbox.server import serve
from pleo_sandbox.state.sandbox import Sandbox

T = TypeVar("T")
KINDS: tuple[MasterKind, ...] = ("accounts", "tax_codes", "tag_groups", "tags", "vendors")
LEVEL_4 = SCOPES[4]
SEARCHES: dict[MasterKind, tuple[str, str]] = {
    "accounts": ("POST", "/v1/chart-of-accounts:search"),
    "tax_codes": ("POST", "/v0/tax-codes:search"),
    "tags": ("POST", "/v0/tags:search"),
    "vendors": ("POST", "/v1/vendors:search"),
}
CREATES: dict[MasterKind, str] = {
    "accounts": "/v1/chart-of-accounts/batch",
    "tax_codes": "/v0/tax-codes",
    "tag_groups": "/v0/tag-groups",
    "tags": "/v0/tag-groups/*/tags",
    "vendors": "/v1/vendors",
}


class SandboxClock:
    """The sandbox's own clock, which sleeping moves."""

    def __init__(self, sandbox: Sandbox) -> None:
        self._sandbox = sandbox

    def now(self) -> datetime:
        return self._sandbox.clock.now()

    def sleep(self, seconds: float) -> None:
        self._sandbox.move_clock(timedelta(seconds=seconds))


class Place:
    """A served sandbox with one company and nothing in it."""

    def __init__(self) -> None:
        company = SandboxCompany(name="Acme", currency="DKK", country="DK")
        self.company_id = company.id
        self.sandbox = Sandbox(company)
        self.clock = SandboxClock(self.sandbox)
        self.url = ""

    def connection(self) -> Connection:
        return a_connection(api_url=self.url, auth_url=self.url, company_id=self.company_id, environment="sandbox")

    def tokens(self, *scopes: str) -> MemoryTokens:
        return MemoryTokens(Tokens(access=self.sandbox.add_api_key(self.company_id, scopes or LEVEL_4)))

    def target(self, *scopes: str) -> PleoTarget:
        return open_target(self.connection(), self.tokens(*scopes), self.clock)


@pytest.fixture
def place() -> Iterator[Place]:
    place = Place()
    with serve(place.sandbox) as url:
        place.url = url
        yield place


@pytest.fixture
def target(place: Place) -> Iterator[PleoTarget]:
    target = place.target()
    yield target
    target.close()


def wanted(kind: MasterKind, number: int = 1, name: str = "First") -> Desired:
    fields: dict[MasterKind, dict[str, str]] = {
        "tax_codes": {"rate": "0.07125", "type": "reverse", "ingoing_account": "6900", "outgoing_account": "6901"},
        "vendors": {"currency": "DKK", "country": "DK", "registration_number": "12", "tax_registration_number": "DK12"},
    }
    return Desired(
        id=f"erp-{number}",
        code=f"C{number:04d}",
        name=name,
        parent="dim" if kind == "tags" else None,
        fields=tuple(sorted(fields.get(kind, {}).items())),
    )


def all_good(answers: Sequence[Existing | Problem]) -> list[Existing]:
    problems = [str(answer) for answer in answers if isinstance(answer, Problem)]
    assert problems == []
    return [answer for answer in answers if isinstance(answer, Existing)]


def a_group(target: PleoTarget) -> dict[str, str]:
    [group] = all_good(target.create("tag_groups", [Desired("dim", "DEPT", "Department")], {}))
    return {"dim": group.id}


def create(target: PleoTarget, kind: MasterKind, *records: Desired) -> list[Existing]:
    parents = a_group(target) if kind == "tags" else {}
    return all_good(target.create(kind, records, parents))


@pytest.mark.parametrize("kind", KINDS)
def test_there_and_back(target: PleoTarget, kind: MasterKind) -> None:
    """Created, read, changed, archived and unarchived: what each answer says is what is read."""
    [made] = create(target, kind, wanted(kind))
    assert target.read(kind) == [made]
    assert (made.code, made.name, made.fields, made.archived) == ("C0001", "First", wanted(kind).fields, False)
    [changed] = all_good(target.update(kind, [(made, wanted(kind, name="Second"))]))
    assert target.read(kind) == [changed]
    assert (changed.id, changed.name) == (made.id, "Second")
    [archived] = all_good(target.archive(kind, [changed]))
    assert target.read(kind) == [archived]
    assert archived.archived
    [back] = all_good(target.update(kind, [(archived, wanted(kind, name="Second"))]))
    assert [back] == [changed] == target.read(kind)


def test_accounts_and_vendors_keep_our_id(target: PleoTarget) -> None:
    for kind in ("accounts", "vendors"):
        create(target, kind, wanted(kind))
        assert [found.external_id for found in target.read(kind)] == ["erp-1"]


def test_a_thousand_and_one_accounts_are_two_batches(target: PleoTarget) -> None:
    made = create(target, "accounts", *[wanted("accounts", number) for number in range(1001)])
    assert len({account.id for account in made}) == 1001
    assert target.calls == {"POST /v1/chart-of-accounts/batch": 2}
    assert sorted(target.read("accounts"), key=lambda account: account.code) == made
    assert target.calls["POST /v1/chart-of-accounts:search"] == 11


@pytest.mark.parametrize("alone", [True, False])
def test_bad_accounts_fail_alone(place: Place, target: PleoTarget, alone: bool) -> None:
    place.sandbox.rules.batch_items_fail_alone = alone
    create(target, "accounts", wanted("accounts", 1))
    records = [
        wanted("accounts", 0),
        wanted("accounts", 1),
        wanted("accounts", 2, name="x" * 256),
        wanted("accounts", 3),
    ]
    answers = target.create("accounts", records, {})
    codes = [answer.code for answer in answers]
    assert codes == ["C0000", "exists", "refused_by_pleo", "C0003"]
    assert [each.external_id for each in target.read("accounts")].count("erp-1") == 1


def test_250_tags_are_created_paged_and_archived_in_three_calls(target: PleoTarget) -> None:
    made = create(target, "tags", *[wanted("tags", number) for number in range(250)])
    assert {tag.id for tag in target.read("tags")} == {tag.id for tag in made}
    assert target.calls["POST /v0/tags:search"] == 3
    archived = all_good(target.archive("tags", made))
    assert all(tag.archived for tag in archived)
    assert target.calls["POST /v0/tags/archive"] == 3
    all_good(target.update("tags", [(tag, wanted("tags", number)) for number, tag in enumerate(archived)]))
    assert target.calls["POST /v0/tags/archive"] == 6
    assert {tag.archived for tag in target.read("tags")} == {False}
    assert "PUT /v0/tags/{id}" not in target.calls


def test_a_tag_that_was_deleted_is_its_own_problem(place: Place, target: PleoTarget) -> None:
    first, second = create(target, "tags", wanted("tags", 1), wanted("tags", 2))
    place.sandbox.tags.remove(place.sandbox.tags.tags.find(first.id))
    answers = target.archive("tags", [first, second])
    assert isinstance(answers[0], Problem)
    assert answers[0].code == "gone_at_pleo"
    assert isinstance(answers[1], Existing)
    assert answers[1].archived


def test_a_group_that_is_full_is_a_problem_of_each_tag_beyond(place: Place, target: PleoTarget) -> None:
    place.sandbox.rules.max_active_tags = 2
    answers = target.create("tags", [wanted("tags", number) for number in range(3)], a_group(target))
    assert [isinstance(answer, Problem) for answer in answers] == [False, False, True]
    assert "maximum number of active tags" in str(answers[2])


@pytest.mark.parametrize("kind", ["accounts", "tags", "vendors"])
def test_what_exists_is_told(target: PleoTarget, kind: MasterKind) -> None:
    parents = a_group(target) if kind == "tags" else {}
    all_good(target.create(kind, [wanted(kind)], parents))
    [answer] = target.create(kind, [wanted(kind)], parents)
    assert isinstance(answer, Problem)
    assert answer.code == "exists"


def test_a_code_that_another_tag_has_is_told(target: PleoTarget) -> None:
    first, _ = create(target, "tags", wanted("tags", 1), wanted("tags", 2))
    [answer] = target.update("tags", [(first, wanted("tags", 2))])
    assert isinstance(answer, Problem)
    assert (answer.code, answer.field, answer.value) == ("exists", "code", "C0002")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("lose", "is_booked"), [("lose_request", 0), ("lose_response", 1)])
def test_a_lost_create_is_uncertain_and_made_once(
    place: Place, target: PleoTarget, kind: MasterKind, lose: str, is_booked: int
) -> None:
    parents = a_group(target) if kind == "tags" else {}
    getattr(place.sandbox, lose)("POST", CREATES[kind])
    with pytest.raises(Uncertain):
        target.create(kind, [wanted(kind)], parents)
    assert len(target.read(kind)) == is_booked


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("lose", ["lose_request", "lose_response"])
def test_lost_changes_are_repeated(place: Place, target: PleoTarget, kind: MasterKind, lose: str) -> None:
    [made] = create(target, kind, wanted(kind))
    for method, path in [("PUT", "*"), ("POST", "*archive")]:
        getattr(place.sandbox, lose)(method, path)
    [changed] = all_good(target.update(kind, [(made, wanted(kind, name="Second"))]))
    [archived] = all_good(target.archive(kind, [changed]))
    assert target.read(kind) == [archived]


@pytest.mark.parametrize("kind", list(SEARCHES))
@pytest.mark.parametrize("how", ["truncated", "html", "content_type", "malformed", "stuck_cursor"])
def test_a_broken_page_is_no_end(place: Place, target: PleoTarget, kind: MasterKind, how: Any) -> None:
    create(target, kind, *[wanted(kind, number) for number in range(101)])
    place.sandbox.break_page(*SEARCHES[kind], how, skip=1, times=9)
    with pytest.raises(Unreachable if how == "html" else BadAnswer):
        target.read(kind)


def test_metadata_of_others_survive(place: Place, target: PleoTarget) -> None:
    for kind in ("accounts", "tag_groups"):
        [made] = create(target, kind, wanted(kind))
        shelf = place.sandbox.accounts if kind == "accounts" else place.sandbox.tags.groups
        record = shelf.find(made.id)
        shelf.change(record, {**record.facts, "metadata": {"theirs": "kept"}})
        [found] = place.target().read(kind)
        all_good(place.target().update(kind, [(found, wanted(kind, name="Second"))]))
        assert shelf.find(made.id).facts["metadata"] == {"theirs": "kept"}
        assert shelf.find(made.id).facts["name"] == "Second"


@pytest.mark.parametrize("lose", [None, "lose_request", "lose_response"])
def test_a_draft_vendor_becomes_ours(place: Place, target: PleoTarget, lose: str | None) -> None:
    place.sandbox.create_draft_vendor(place.company_id, "First", "DKK", country="SE", tax_registration_number="SE99")
    if lose:
        getattr(place.sandbox, lose)("POST", "/v1/vendors/*")
    [draft] = target.read("vendors")
    assert draft.draft
    record = Desired("erp-9", "V9", "First", fields=(("country", "DK"),))
    [active] = all_good(target.update("vendors", [(draft, record)]))
    assert target.read("vendors") == [active]
    assert (active.draft, active.code, active.external_id) == (False, "V9", "erp-9")
    assert dict(active.fields) == {"currency": "DKK", "country": "DK", "tax_registration_number": "SE99"}


@pytest.mark.parametrize("spelling", ["tag-groups", "tag-group"])
@pytest.mark.parametrize("level", [1, 2, 3, 4])
def test_a_level_has_the_scopes_that_it_needs_and_no_more(place: Place, spelling: str, level: int) -> None:
    place.sandbox.rules.tag_scope = spelling
    scopes = [place.sandbox.rules.scope(scope) for scope in SCOPES[level]]
    target = place.target(*scopes)
    allowed = {1: (), 2: ("tag_groups", "tags"), 3: ("tag_groups", "tags", "tax_codes", "accounts"), 4: KINDS}[level]
    for kind in KINDS:
        if kind in allowed:
            assert target.read(kind) == []
        else:
            with pytest.raises(NotAllowed, match="scope"):
                target.read(kind)


def test_both_clients_together_stay_below_500_a_minute(place: Place, target: PleoTarget) -> None:
    tokens = place.tokens(*LEVEL_4)
    first, second = (
        open_target(place.connection(), tokens, place.clock),
        open_pleo(place.connection(), tokens, place.clock),
    )
    for _ in range(350):
        first.read("tag_groups")
        second.jobs(["pending"])
    assert place.sandbox.traffic.max_per_minute <= 500
    assert first.calls.total() + second.calls.total() == 700
