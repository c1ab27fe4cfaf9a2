"""What a sync refuses, what waits for a person, and what one record's failure does to the others."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal

import pytest

from kontobro.core.errors import (
    Busy,
    EmptySource,
    KontobroError,
    LoginFailed,
    Misconfigured,
    NotApproved,
    Problem,
    Timeout,
    TooManyChanges,
    Uncertain,
    Unreachable,
)
from kontobro.core.model.bindings import Binding
from kontobro.core.model.masterdata import Account, Company, Dimension, DimensionValue, TaxCode, Vendor
from kontobro.core.model.settings import Settings
from kontobro.core.plan.make import Change, Existing
from kontobro.core.words import Phrase
from kontobro.sync import KINDS, apply_plan, is_due
from kontobro.sync.shown import shown_of
from tests.support.strict_pleo import refused
from tests.support.sync_harness import NOW, SyncHarness


def accounts(count: int, prefix: str = "Account") -> list[Account]:
    return [Account(f"a{n}", f"{1000 + n}", f"{prefix} {n}") for n in range(count)]


def office_with(count: int) -> SyncHarness:
    """A company whose accounts are in step."""
    office = SyncHarness()
    office.has(*accounts(count))
    office.apply("accounts")
    office.pleo.calls.clear()
    return office


# ----------------------------------------------------------------------------------------- the digest


def test_exactly_the_shown_plan_is_carried_out_and_a_second_run_writes_nothing() -> None:
    office = SyncHarness()
    office.has(*accounts(3))
    plan = office.plan("accounts")
    assert (plan.counts, plan.empty) == ({"create": 3}, False)
    result = apply_plan(office.connection, "accounts", plan.digest, office.ports)
    assert (result.creates, result.writes, result.outcome) == (3, 1, "in_step")
    again = office.scheduled("accounts")
    assert (again.writes, again.outcome) == (0, "in_step")


def test_a_missing_a_wrong_and_an_other_kinds_digest_refuse() -> None:
    office = SyncHarness()
    office.has(*accounts(3), Vendor(id="v", code="V1", name="Staples"))
    other = office.plan("vendors").digest
    shown = office.plan("accounts").digest
    for digest, told in ((None, "missing"), ("", "missing"), ("accounts-0", "differs"), (other, "is of vendors")):
        with pytest.raises(NotApproved, match=told):
            apply_plan(office.connection, "accounts", digest, office.ports)
    office.has(*accounts(4))
    with pytest.raises(NotApproved, match="differs"):
        apply_plan(office.connection, "accounts", shown, office.ports)
    with pytest.raises(NotApproved, match="differs"):
        apply_plan(office.connection, "accounts", shown, office.ports, yes=True)
    assert (office.pleo.writes, office.store.rows, office.store.notes) == ([], {}, {})


def test_the_digest_of_nothing_to_do_does_not_fit_another_kind() -> None:
    office = SyncHarness()
    digests = {office.plan(kind).digest for kind in KINDS}
    assert len(digests) == len(KINDS)


def test_one_sync_at_a_time() -> None:
    office = SyncHarness()
    with office.store.lock("sync conn-1"), pytest.raises(Busy):
        office.scheduled("accounts")


def test_an_unknown_kind_and_one_that_the_accounting_system_lacks() -> None:
    office = SyncHarness()
    with pytest.raises(Misconfigured, match="Unknown kind: journals"):
        office.plan("journals")
    office.books.capabilities = replace(office.books.capabilities, kinds=frozenset({Company}))
    with pytest.raises(Misconfigured, match="does not supply Account"):
        office.plan("accounts")


def test_another_company_than_the_connected_one_is_refused() -> None:
    office = office_with(3)
    office.books.company = Company("C2", "Other ApS", "DKK")
    with pytest.raises(Misconfigured, match="C2"):
        office.scheduled("accounts")
    assert office.store.notes["accounts"][1] == "failed"


# ----------------------------------------------------------------------------------------- the limits


@pytest.mark.parametrize("gone", range(10))
def test_a_company_with_nine_accounts_does_not_lose_them_all(gone: int) -> None:
    office = office_with(9)
    office.has(*accounts(9)[gone:])
    if gone <= 2:
        assert office.scheduled("accounts").archives == gone
    else:
        with pytest.raises(EmptySource if gone == 9 else TooManyChanges):
            office.scheduled("accounts")
        assert office.pleo.calls == []
        assert office.store.notes["accounts"][1] == "waiting"


def test_inactive_accounts_are_no_source_either() -> None:
    office = office_with(9)
    office.has(*(replace(account, active=False) for account in accounts(9)))
    with pytest.raises(EmptySource):
        office.apply("accounts")


def test_a_person_may_approve_more_than_the_limits_but_never_an_empty_source() -> None:
    office = office_with(9)
    office.has(*accounts(9)[5:])
    assert office.apply("accounts").archives == 5
    office.has()
    with pytest.raises(EmptySource):
        office.apply("accounts")
    assert len(office.pleo.active("accounts")) == 4


def test_updates_have_the_same_limit() -> None:
    office = office_with(9)
    office.has(*accounts(3, "Renamed"), *accounts(9)[3:])
    with pytest.raises(TooManyChanges, match="change 3 of 9 accounts"):
        office.scheduled("accounts")
    office.settings = Settings(sync_max_percent=34)
    assert office.scheduled("accounts").updates == 3


def test_one_dimension_does_not_hide_behind_the_many_values_of_another() -> None:
    office = SyncHarness(settings=Settings(sync_dimensions=("COST", "PROJ")))
    many = [DimensionValue(f"p{n}", "PROJ", f"P{n}", f"Project {n}") for n in range(100)]
    few = [DimensionValue(f"c{n}", "COST", f"C{n}", f"Centre {n}") for n in range(5)]
    dimensions = [Dimension("COST", "COST", "Cost centre"), Dimension("PROJ", "PROJ", "Project")]
    office.has(*dimensions, *many, *few)
    office.apply("dimensions")
    office.has(*dimensions, *many)
    with pytest.raises(TooManyChanges, match="all 5 tags of COST"):
        office.scheduled("dimensions")


def test_a_small_dimension_is_not_archived_whole_though_the_floor_is_higher() -> None:
    """A partial read: the values of one dimension are missing, those of the other are there."""
    office = SyncHarness(settings=Settings(sync_dimensions=("d1", "d2")))
    dimensions = [Dimension("d1", "COST", "Cost centre"), Dimension("d2", "REGION", "Region")]
    regions = [DimensionValue(f"r{n}", "d2", f"R{n}", f"Region {n}") for n in range(2)]
    cost = DimensionValue("c1", "d1", "100", "Sales")
    office.has(*dimensions, cost, *regions)
    office.apply("dimensions")
    office.has(*dimensions, cost)
    with pytest.raises(TooManyChanges, match="all 2 tags of d2"):
        office.scheduled("dimensions")
    office.has(*dimensions, cost, regions[0])
    assert office.scheduled("dimensions").archives == 1
    office.has(*dimensions, cost)
    assert office.apply("dimensions").archives == 1


def test_two_records_of_one_code_are_left_and_all_others_synced() -> None:
    office = SyncHarness()
    one, two, other = (Vendor(id=f"v{n}", code=code, name=f"N{n}") for n, code in enumerate(("V1 ", "v1", "V2"), 1))
    office.has(one, two, other)
    for digest in (office.plan("vendors").digest, None):
        result = apply_plan(office.connection, "vendors", digest, office.ports, yes=True)
        (told,) = result.problems
        assert (told.code, result.complete) == ("code_shared", True)
        assert "N1, N2" in told.message
    assert [record.code for record in office.pleo.read("vendors")] == ["V2"]


def test_a_code_that_becomes_shared_leaves_what_pleo_has_as_it_is() -> None:
    office = SyncHarness()
    one = Vendor(id="v1", code="V1", name="One")
    office.has(one, Vendor(id="v2", code="V2", name="Two"))
    office.apply("vendors")
    office.has(replace(one, name="One renamed"), Vendor(id="v2", code="V1", name="Two"))
    result = office.scheduled("vendors")
    assert [told.code for told in result.problems] == ["code_shared"]
    assert (result.writes, result.outcome) == (0, "in_step")
    there = {(record.code, record.name, record.archived) for record in office.pleo.read("vendors")}
    assert there == {("V1", "One", False), ("V2", "Two", False)}


def test_a_plan_shows_accounts_by_their_codes() -> None:
    office = SyncHarness()
    office.has(Account("413", "1576", "Input tax"), TaxCode("i", "I25", "Input", Decimal("0.25"), "inclusive", "413"))
    (row,) = shown_of("tax-codes", office.plan("tax-codes"), Settings()).rows
    assert ("ingoing_account", "", "1576") in row.fields
    office.apply("tax-codes")
    assert dict(office.pleo.read("tax_codes")[0].fields)["ingoing_account"] == "413"


def test_tax_codes_that_nothing_can_be_booked_with_are_left_out_and_said_once() -> None:
    office = SyncHarness()
    why = Phrase("tax_withheld")
    kept = [TaxCode(f"w{n}", f"{n}% WHI", "Withheld", Decimal("-0.1"), "inclusive", unsupported=why) for n in range(27)]
    office.has(TaxCode("i", "I25", "Input", Decimal("0.25"), "inclusive"), *kept)
    result = office.apply("tax-codes")
    (told,) = result.problems
    assert (told.code, result.creates, result.outcome) == ("tax_code_unsupported", 1, "in_step")
    assert "(27)" in told.message
    assert "withholding" in told.message


@pytest.mark.parametrize("fault", [Unreachable("away"), LoginFailed("no"), Timeout("slow")])
@pytest.mark.parametrize("short", [True, False])
def test_a_read_that_fails_or_ends_early_archives_nothing(fault: KontobroError, short: bool) -> None:
    office = office_with(9)
    office.books.fault, office.books.short = fault, short
    with pytest.raises(type(fault)):
        office.scheduled("accounts")
    assert office.pleo.calls == []
    assert office.store.notes["accounts"][1] == "failed"


# ---------------------------------------------------------------------------- adoption and ownership


def test_what_others_made_is_adopted_only_by_a_person() -> None:
    office = SyncHarness()
    office.has(*accounts(2))
    office.pleo.put("accounts", Existing("p", "1000", "Account 0", False, "a0"))
    waiting = office.scheduled("accounts")
    assert (waiting.creates, waiting.adopted, waiting.outcome) == (1, 0, "waiting")
    assert [(change.action, change.erp_id) for change in waiting.waiting] == [("adopt", "a0")]
    shown = office.apply("accounts")
    assert (shown.adopted, shown.writes, shown.outcome) == (1, 0, "in_step")


def test_what_we_did_not_make_is_never_archived() -> None:
    office = office_with(9)
    office.pleo.put("accounts", Existing("theirs", "9", "By hand", False, "elsewhere"))
    office.has(*accounts(9)[1:])
    assert office.scheduled("accounts").archives == 1
    assert set(office.pleo.active("accounts")) == {"9", *(f"{1000 + n}" for n in range(1, 9))}


def test_archived_records_come_back_instead_of_a_second_one() -> None:
    office = office_with(9)
    office.has(*accounts(9)[1:])
    office.scheduled("accounts")
    office.has(*accounts(9))
    assert [change.action for change in office.plan("accounts").changes] == ["unarchive"]
    office.scheduled("accounts")
    assert len(office.pleo.of("accounts")) == 9


def test_an_intent_of_a_record_that_went_meanwhile_counts_as_ours() -> None:
    office = office_with(9)
    office.pleo.put("accounts", Existing("lost", "77", "Half done", False, "gone"))
    office.store.bind("conn-1", [Binding("accounts", "gone", None, "created", "77")])
    assert office.scheduled("accounts").archives == 1
    assert office.store.rows["accounts", "gone"].pleo_id == "lost"


def test_an_intent_that_came_to_nothing_owns_nothing_that_somebody_makes_later() -> None:
    """Killed before a create, and then the value is gone: a tag that a person makes by that code is not ours."""
    office = SyncHarness(settings=Settings(sync_dimensions=("d1",)))
    cost, sales = Dimension("d1", "COST", "Cost centre"), DimensionValue("1", "d1", "100", "Sales")
    office.has(cost, sales)
    office.apply("dimensions")
    office.store.bind("conn-1", [Binding("tags", "d1/2", None, "created", "200")])
    assert office.scheduled("dimensions").writes == 0
    group = office.pleo.of("tag_groups")[0].id
    office.pleo.put("tags", Existing("theirs", "200", "Party committee", parent=group))
    assert office.scheduled("dimensions").archives == 0
    assert office.pleo.active("tags") == {"100": "Sales", "200": "Party committee"}


@pytest.mark.parametrize("external_id", [None, "somebody's"])
def test_an_intent_is_no_right_to_a_vendor_that_has_not_our_id(external_id: str | None) -> None:
    office = SyncHarness()
    office.has(Vendor(id="v1", code="V1", name="Nordisk Sky"), Vendor(id="v3", code="V3", name="Hanse"))
    office.store.bind("conn-1", [Binding("vendors", id, None, "created", id.upper()) for id in ("v1", "v2")])
    office.pleo.put("vendors", *(Existing(f"s{n}", f"V{n}", "Theirs", False, external_id and f"x{n}") for n in (1, 2)))
    result = office.scheduled("vendors")
    assert (result.creates, result.archives, len(result.waiting)) == (1, 0, 1)
    assert office.pleo.active("vendors") == {"V1": "Theirs", "V2": "Theirs", "V3": "Hanse"}


@pytest.mark.parametrize(
    ("refused_name", "active"),
    [("Alpha", {"A": "One", "B": "Two"}), ("Beta", {"B": "Alpha", "A": "Two"})],
)
def test_no_temporary_code_stays_where_pleo_refuses_half_of_a_swap(refused_name: str, active: dict[str, str]) -> None:
    office = SyncHarness()
    office.has(Vendor(id="1", code="A", name="One"), Vendor(id="2", code="B", name="Two"))
    office.apply("vendors")
    office.has(Vendor(id="1", code="B", name="Alpha"), Vendor(id="2", code="A", name="Beta"))
    aside = office.plan("vendors").changes[0]
    assert (aside.action, aside.erp_id) == ("set_aside", "2")
    update = office.pleo.update
    office.pleo.update = lambda kind, changes: (  # type: ignore[method-assign]
        [refused("name_refused", refused_name)] if changes[0][1].name == refused_name else update(kind, changes)
    )
    assert "name_refused" in {problem.code for problem in office.apply("vendors").failed}
    assert office.pleo.active("vendors") == active
    office.pleo.update = update  # type: ignore[method-assign]
    assert office.apply("vendors").failed == ()
    assert office.pleo.active("vendors") == {"B": "Alpha", "A": "Beta"}


# -------------------------------------------------------------------------------------- dimensions


def test_a_deselected_dimension_is_archived_and_its_tags_are_left_alone() -> None:
    office = SyncHarness(settings=Settings(sync_dimensions=("COST",)))
    office.has(Dimension("d1", "COST", "Cost centre"), DimensionValue("1", "d1", "100", "Sales"))
    assert office.apply("dimensions").creates == 2
    office.settings = Settings()
    result = office.scheduled("dimensions")
    assert (result.archives, office.pleo.active("tag_groups")) == (1, {})
    assert office.pleo.active("tags") == {"100": "Sales"}
    office.settings = Settings(sync_dimensions=("d1",))
    assert [change.action for change in office.plan("dimensions").changes] == ["unarchive"]


def test_a_dimension_that_the_read_lacks_is_left_alone_and_told() -> None:
    office = SyncHarness(settings=Settings(sync_dimensions=("d1",)))
    other = Dimension("d2", "PROJ", "Project")
    office.has(Dimension("d1", "COST", "Cost centre"), other, DimensionValue("1", "d1", "100", "Sales"))
    office.apply("dimensions")
    office.has(other)
    result = office.scheduled("dimensions")
    assert [problem.code for problem in result.problems] == ["dimension_unknown"]
    assert (result.writes, office.pleo.active("tag_groups")) == (0, {"COST": "Cost centre"})


@pytest.mark.parametrize("chosen", ["cost", " COST ", "COST"])
@pytest.mark.parametrize("mapped", [{}, {"DEPT": "COST"}])
def test_a_dimension_chosen_by_its_code_that_the_read_lacks_is_left_alone_too(
    chosen: str, mapped: dict[str, str]
) -> None:
    office = SyncHarness(settings=Settings(sync_dimensions=(chosen,), dimensions=mapped))
    other = Dimension("d2", "PROJ", "Project")
    office.has(Dimension("d1", "COST", "Cost centre"), other)
    office.apply("dimensions")
    office.has(other)
    assert office.scheduled("dimensions").archives == 0
    assert office.plan("dimensions").empty


def test_an_inactive_dimension_is_archived() -> None:
    office = SyncHarness(settings=Settings(sync_dimensions=("d1",)))
    cost, project = Dimension("d1", "COST", "Cost centre"), Dimension("d2", "PROJ", "Project")
    office.has(cost, project)
    office.apply("dimensions")
    office.has(replace(cost, active=False), project)
    assert office.scheduled("dimensions").archives == 1


def test_a_group_that_the_settings_map_keeps_its_code_at_pleo() -> None:
    office = SyncHarness(settings=Settings(sync_dimensions=("PROJECT",), dimensions={"PROJ": "PROJECT"}))
    office.has(Dimension("PROJECT", "PROJECT", "Project"), DimensionValue("1", "PROJECT", "P1", "Bridge"))
    office.pleo.put("tag_groups", Existing("g", "proj", "Projects"))
    result = office.apply("dimensions")
    assert (result.adopted, result.creates) == (1, 1)
    assert office.pleo.active("tag_groups") == {"PROJ": "Project"}


def test_tags_wait_while_their_group_waits() -> None:
    office = SyncHarness(settings=Settings(sync_dimensions=("COST",)))
    office.has(Dimension("COST", "COST", "Cost centre"), DimensionValue("1", "COST", "100", "Sales"))
    office.pleo.put("tag_groups", Existing("g", "cost", "Cost centre"))
    office.pleo.put("tags", Existing("t", "900", "Theirs", parent="g"))
    result = office.scheduled("dimensions")
    assert (result.writes, result.outcome) == (0, "waiting")


def test_tags_of_a_group_that_pleo_refuses_are_told_and_not_sent() -> None:
    office = SyncHarness(settings=Settings(sync_dimensions=("COST",)))
    office.has(Dimension("COST", "COST", "Cost centre"), DimensionValue("1", "COST", "100", "Sales"))
    pleo = office.pleo
    create = pleo.create
    pleo.create = lambda kind, records, parents: (  # type: ignore[method-assign]
        [refused("code_refused", "COST")] if kind == "tag_groups" else create(kind, records, parents)
    )
    result = office.apply("dimensions")
    assert [problem.code for problem in result.failed] == ["code_refused", "parent_missing"]
    assert (office.store.rows, office.store.notes["tags"][1]) == ({}, "failed")


# -------------------------------------------------------------------------------------------- drafts


@pytest.mark.parametrize("create", [True, False])
@pytest.mark.parametrize(
    "known",
    [
        [Vendor(id="1", code="A", name="One", registration_number="26 10")],
        [Vendor(id="1", code="A", name="One", registration_number="2610", active=False)],
        [Vendor(id=n, code=n, name="One", registration_number="2610") for n in "12"],
    ],
    ids=["in step already", "inactive", "two of one number"],
)
def test_a_draft_of_a_vendor_that_the_accounting_system_has_is_no_second_one(known: list[Vendor], create: bool) -> None:
    office = SyncHarness(settings=Settings(create_vendors=create))
    office.has(*known, Vendor(id="9", code="Z", name="Other"))
    office.apply("vendors")
    office.pleo.put("vendors", Existing("d", "", "One", draft=True, fields=(("registration_number", "2610"),)))
    result = office.scheduled("vendors")
    assert ([problem.code for problem in result.problems], result.waiting) == (["vendor_known"], ())
    assert (result.writes, result.outcome) == (0, "waiting")
    assert len(office.books.records) == len(known) + 1


@pytest.mark.parametrize("create", [True, False])
def test_a_draft_with_the_name_of_a_vendor_is_proposed_as_that_one_and_not_created_twice(create: bool) -> None:
    office = SyncHarness(settings=Settings(create_vendors=create))
    office.has(Vendor(id="1", code="V1", name="Kontor & Papir"))
    office.apply("vendors")
    office.pleo.put("vendors", Existing("d", "", "KONTOR  & papir", draft=True))
    result = office.scheduled("vendors")
    (problem,) = result.problems
    assert (problem.code, result.waiting, result.writes) == ("vendor_same_name", (), 0)
    assert "Kontor & Papir (V1)" in problem.message
    assert len(office.books.records) == 1


def test_one_name_with_another_number_is_another_vendor() -> None:
    office = SyncHarness(settings=Settings(create_vendors=True))
    office.has(Vendor(id="1", code="V1", name="Seven", tax_registration_number="DK1"))
    office.apply("vendors")
    office.pleo.put("vendors", Existing("d", "", "Seven", draft=True, fields=(("tax_registration_number", "DK2"),)))
    assert [change.action for change in office.plan("vendors").changes] == ["write"]


# ----------------------------------------------------------------------------------------- tax codes


def test_exclusive_tax_codes_are_a_problem_and_not_sent() -> None:
    office = SyncHarness()
    office.has(
        TaxCode("I25", "I25", "Input", Decimal("0.250"), "inclusive", "vat"),
        TaxCode("X", "X", "On top", Decimal("0.25"), "exclusive"),
    )
    result = office.apply("tax-codes")
    assert [(problem.code, problem.value) for problem in result.problems] == [("tax_type_unsupported", "X")]
    (sent,) = office.pleo.of("tax_codes")
    assert (sent.code, dict(sent.fields)) == (
        "I25",
        {"ingoing_account": "vat", "rate": "0.25", "type": "inclusive"},
    )
    assert result.outcome == "in_step"


# ------------------------------------------------------------------------------------------- vendors


def draft(id: str = "d1", code: str = "", name: str = "Born in Pleo", **fields: str) -> Existing:
    return Existing(id, code, name, draft=True, fields=tuple(sorted(fields.items())))


V1 = Vendor(id="v1", code="V1", name="Staples", tax_registration_number="DK 12 34 56 78", registration_number="99")


@pytest.mark.parametrize(
    "born",
    [draft(code="v1 "), draft(tax_registration_number="dk12345678"), draft(registration_number="9 9")],
    ids=["code", "tax number", "registration number"],
)
def test_a_vendor_born_in_pleo_is_matched_and_activated(born: Existing) -> None:
    office = SyncHarness()
    office.has(V1)
    office.pleo.put("vendors", born)
    assert [change.action for change in office.plan("vendors").changes] == ["activate"]
    assert office.scheduled("vendors").updates == 1
    (vendor,) = office.pleo.of("vendors")
    assert (vendor.id, vendor.external_id, vendor.code, vendor.draft) == ("d1", "v1", "V1", False)
    assert office.plan("vendors").empty


def test_a_number_that_two_vendors_share_matches_neither() -> None:
    office = SyncHarness()
    office.has(V1, replace(V1, id="v2", code="V2", registration_number=None))
    office.pleo.put("vendors", draft(tax_registration_number="DK12345678"))
    result = office.apply("vendors")
    assert ([problem.code for problem in result.problems], result.waiting) == (["vendor_known"], ())
    assert [vendor.draft for vendor in office.pleo.of("vendors")].count(True) == 1


@pytest.mark.parametrize(("allowed", "able"), [(True, False), (False, True)])
def test_a_vendor_that_the_accounting_system_lacks_waits_for_a_person(allowed: bool, able: bool) -> None:
    office = SyncHarness(settings=Settings(create_vendors=allowed))
    office.books.capabilities = replace(office.books.capabilities, writes_vendors=able)
    office.pleo.put("vendors", draft())
    result = office.scheduled("vendors")
    assert ([change.action for change in result.waiting], result.outcome, result.writes) == (["write"], "waiting", 0)
    assert office.books.records == []


def test_a_vendor_that_the_accounting_system_lacks_is_created_there_once_and_activated() -> None:
    office = SyncHarness(settings=Settings(create_vendors=True))
    office.pleo.put("vendors", draft(country="DK"))
    first = office.scheduled("vendors")
    assert (first.updates, first.outcome) == (1, "in_step")
    (vendor,) = office.pleo.of("vendors")
    assert (vendor.external_id, vendor.code, vendor.draft) == ("erp-d1", "V-d1", False)
    assert office.scheduled("vendors").writes == 0
    assert len(office.books.records) == 1


def test_killed_between_both_sides_the_written_vendor_is_known_by_pleos_id() -> None:
    office = SyncHarness(settings=Settings(create_vendors=True))
    office.pleo.put("vendors", draft())
    office.books.write([Vendor(id="d1", code="", name="Born in Pleo", pleo_id="d1")])
    assert [change.action for change in office.plan("vendors").changes] == ["activate"]
    office.scheduled("vendors")
    assert (len(office.pleo.of("vendors")), len(office.books.records)) == (1, 1)


def test_a_draft_of_a_vendor_that_stands_already_is_told_as_a_duplicate() -> None:
    office = SyncHarness(settings=Settings(create_vendors=True))
    office.has(V1)
    office.apply("vendors")
    office.pleo.put("vendors", draft(code="V1"))
    result = office.scheduled("vendors")
    assert ([problem.code for problem in result.problems], result.writes) == (["duplicate_at_pleo"], 0)


def in_step() -> SyncHarness:
    office = SyncHarness()
    office.has(V1)
    office.apply("vendors")
    return office


def edit_at_pleo(office: SyncHarness, **facts: str) -> None:
    (vendor,) = office.pleo.of("vendors")
    office.pleo.put("vendors", replace(vendor, **facts))  # type: ignore[arg-type]  # texts


def test_a_vendor_that_both_sides_changed_is_left_to_a_person() -> None:
    office = in_step()
    edit_at_pleo(office, name="Staples Pleo")
    office.has(replace(V1, name="Staples A/S"))
    result = office.apply("vendors")
    assert ([problem.code for problem in result.problems], result.outcome) == (["vendor_conflict"], "waiting")
    assert office.pleo.active("vendors") == {"V1": "Staples Pleo"}
    edit_at_pleo(office, name="Staples A/S")
    assert office.apply("vendors").outcome == "in_step"
    office.has(replace(V1, name="Staples Group"))
    assert office.apply("vendors").updates == 1


@pytest.mark.parametrize(("here", "there"), [("Staples A/S", None), (None, "Staples Pleo"), ("Same", "Same")])
def test_a_vendor_that_one_side_changed_follows_the_accounting_system(here: str | None, there: str | None) -> None:
    office = in_step()
    office.has(replace(V1, name=here or V1.name))
    if there:
        edit_at_pleo(office, name=there)
    assert office.apply("vendors").outcome == "in_step"
    assert office.pleo.active("vendors") == {"V1": here or V1.name}
    assert office.plan("vendors").stale == ()


def test_a_new_vendor_without_a_currency_gets_the_companys() -> None:
    office = in_step()
    (vendor,) = office.pleo.of("vendors")
    assert dict(vendor.fields)["currency"] == "DKK"
    assert (office.plan("vendors").empty, office.plan("vendors").stale) == (True, ())


# ------------------------------------------------------------------------------- faults while writing


def test_one_refused_record_does_not_stop_the_others() -> None:
    office = SyncHarness()
    pleo, create = office.pleo, office.pleo.create

    def refusing(kind, records, parents):  # type: ignore[no-untyped-def]
        answers = create(kind, [record for record in records if record.id != "a1"], parents)
        return [answers[0], refused("name_refused", "a1"), *answers[1:]]

    pleo.create = refusing  # type: ignore[method-assign]
    office.has(*accounts(3))
    seen: list[tuple[str, int, int]] = []
    digest = office.plan("accounts").digest
    told = lambda *step: seen.append(step)  # noqa: E731 - a progress that remembers
    result = apply_plan(office.connection, "accounts", digest, office.ports, progress=told)
    assert ([problem.code for problem in result.failed], result.creates, result.outcome) == (
        ["name_refused"],
        2,
        "failed",
    )
    assert seen == [("accounts", 3, 3)]
    assert ("accounts", "a1") not in office.store.rows
    pleo.create = create  # type: ignore[method-assign]
    assert office.scheduled("accounts").creates == 1


@pytest.mark.parametrize("took", [True, False])
def test_a_create_of_unknown_outcome_is_looked_for_and_never_repeated_blindly(took: bool) -> None:
    office = SyncHarness()
    create = office.pleo.create

    def lost(kind, records, parents):  # type: ignore[no-untyped-def]
        if took:
            create(kind, records, parents)
        raise Uncertain("the answer was lost")

    office.pleo.create = lost  # type: ignore[method-assign]
    office.has(*accounts(3))
    result = office.apply("accounts")
    assert (result.creates, len(result.failed)) == ((3, 0) if took else (0, 3))
    office.pleo.create = create  # type: ignore[method-assign]
    office.scheduled("accounts")
    assert len(office.pleo.of("accounts")) == 3
    assert {row.origin for row in office.store.rows.values()} == {"created"}


def test_what_came_to_stand_under_our_intent_is_ours() -> None:
    office = SyncHarness()
    create = office.pleo.create

    def twice(kind, records, parents):  # type: ignore[no-untyped-def]
        create(kind, records, parents)  # the answer was lost, and a lower layer asked again
        return create(kind, records, parents)

    office.pleo.create = twice  # type: ignore[method-assign]
    office.has(V1)
    assert (office.apply("vendors").creates, len(office.pleo.of("vendors"))) == (1, 1)


def test_a_pleo_that_never_answers_ends_the_run() -> None:
    office = SyncHarness()
    office.has(*(Vendor(id=f"v{n}", code=f"V{n}", name="x") for n in range(9)))
    asked: list[int] = []

    def away(kind, records, parents):  # type: ignore[no-untyped-def]
        asked.append(len(records))
        raise Timeout("no answer")

    office.pleo.create = away  # type: ignore[method-assign]
    with pytest.raises(Timeout):
        office.apply("vendors")
    assert (len(asked), office.store.notes["vendors"][1]) == (3, "failed")


# ------------------------------------------------------------------------------------- batches, times


def test_accounts_are_created_by_the_thousand_and_archived_by_the_hundred() -> None:
    office = office_with(2500)
    office.pleo.calls.clear()
    fresh = SyncHarness()
    fresh.has(*accounts(2500))
    assert fresh.apply("accounts").writes == 3
    office.has(*accounts(2500)[250:])
    office.scheduled("accounts")
    assert office.pleo.calls == [("archive", 100), ("archive", 100), ("archive", 50)]


@pytest.mark.parametrize(("kind", "hours"), [("accounts", 24), ("tax-codes", 24), ("vendors", 24), ("dimensions", 1)])
def test_each_kind_is_due_in_its_own_time(kind: str, hours: int) -> None:
    office = SyncHarness()
    assert is_due(office.connection, kind, office.ports)
    office.scheduled(kind)
    office.clock.time = NOW + dt.timedelta(hours=hours, seconds=-1)
    assert not is_due(office.connection, kind, office.ports)
    office.clock.time = NOW + dt.timedelta(hours=hours)
    assert is_due(office.connection, kind, office.ports)


def test_a_failed_sync_is_due_within_the_hour() -> None:
    office = office_with(3)
    office.books.fault = Unreachable("away")
    with pytest.raises(Unreachable):
        office.scheduled("accounts")
    office.clock.time = NOW + dt.timedelta(hours=1)
    assert is_due(office.connection, "accounts", office.ports)


def test_duplicates_at_pleo_the_active_one_of_our_name_is_kept() -> None:
    office = SyncHarness(settings=Settings(sync_dimensions=("d",)))
    office.has(Dimension("d", "COST", "Cost"), DimensionValue("1", "d", "100", "Sales"))
    twins = [Existing("t1", "100", "Other"), Existing("t2", "100", " sales"), Existing("t3", "100", "Sales", True)]
    office.pleo.put("tag_groups", Existing("g", "COST", "Cost"))
    office.pleo.put("tags", *(replace(twin, parent="g") for twin in twins))
    result = office.apply("dimensions")
    assert office.store.rows["tags", "d/1"].pleo_id == "t2"
    assert [(problem.code, isinstance(problem, Problem)) for problem in result.problems] == [
        ("duplicate_at_pleo", True)
    ]
    assert not office.pleo.records["tags"]["t1"].archived, "it is not ours"


def test_a_change_shows_both_sides() -> None:
    office = office_with(9)
    office.has(Account("a0", "1000", "New name"), *accounts(9)[1:])
    (change,) = office.plan("accounts").changes
    assert isinstance(change, Change)
    assert change.before
    assert change.after
    assert (change.before.name, change.after.name, change.why) == ("Account 0", "New name", "name")


# -------------------------------------------------------------------- what only Pleo has (docs/pleo-rules.md)


@pytest.mark.parametrize("kind", ["accounts", "vendors"])
def test_what_only_pleo_has_is_archived_by_a_person_s_yes_where_that_is_set(kind: str) -> None:
    office = office_with(3)
    office.pleo.put(kind, Existing("theirs", "9", "By hand"))  # type: ignore[arg-type]  # of both kinds of name
    records = [*accounts(3), Vendor(id="v", code="V1", name="Staples")]
    office.has(*records)
    office.apply(kind)
    assert "theirs" in {record.id for record in office.pleo.of(kind) if not record.archived}  # type: ignore[arg-type]
    office.settings = replace(office.settings, sync_unknown="archive")
    waiting = office.scheduled(kind)
    assert (waiting.writes, waiting.outcome) == (0, "waiting")
    plan = office.plan(kind)
    assert [(change.action, change.before and change.before.id) for change in plan.changes] == [("archive", "theirs")]
    result = apply_plan(office.connection, kind, plan.digest, office.ports)
    assert (result.writes, result.outcome) == (1, "in_step")
    assert "theirs" not in {record.id for record in office.pleo.of(kind) if not record.archived}  # type: ignore[arg-type]
    assert (office.scheduled(kind).writes, office.plan(kind).empty) == (0, True)


def test_tags_and_groups_that_only_pleo_has_are_archived_too() -> None:
    office = SyncHarness(settings=Settings(sync_dimensions=("d",), sync_unknown="archive"))
    office.has(Dimension("d", "COST", "Cost centre"), DimensionValue("100", "d", "100", "Sales"))
    office.apply("dimensions")
    (group,) = (record.id for record in office.pleo.of("tag_groups"))
    office.pleo.put("tags", Existing("theirs", "200", "Party committee", parent=group))
    office.pleo.put("tag_groups", Existing("hand-made", "PARTY", "Parties"))
    plan = office.plan("dimensions")
    assert {change.before.id for change in plan.changes if change.before} == {"theirs", "hand-made"}
    assert office.apply("dimensions").outcome == "in_step"
    assert office.plan("dimensions").empty
