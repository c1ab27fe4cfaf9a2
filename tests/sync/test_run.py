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


def harness_with(count: int) -> SyncHarness:
    """A company whose accounts are in sync."""
    harness = SyncHarness()
    harness.has(*accounts(count))
    harness.apply("accounts")
    harness.pleo.calls.clear()
    return harness


# ----------------------------------------------------------------------------------------- the digest


def test_exactly_the_shown_plan_is_carried_out_and_a_second_run_writes_nothing() -> None:
    harness = SyncHarness()
    harness.has(*accounts(3))
    plan = harness.plan("accounts")
    assert (plan.counts, plan.empty) == ({"create": 3}, False)
    result = apply_plan(harness.connection, "accounts", plan.digest, harness.ports)
    assert (result.creates, result.writes, result.outcome) == (3, 1, "in_step")
    again = harness.scheduled("accounts")
    assert (again.writes, again.outcome) == (0, "in_step")


def test_a_missing_a_wrong_and_an_other_kinds_digest_refuse() -> None:
    harness = SyncHarness()
    harness.has(*accounts(3), Vendor(id="v", code="V1", name="Staples"))
    other = harness.plan("vendors").digest
    shown = harness.plan("accounts").digest
    for digest, told in ((None, "missing"), ("", "missing"), ("accounts-0", "differs"), (other, "is of vendors")):
        with pytest.raises(NotApproved, match=told):
            apply_plan(harness.connection, "accounts", digest, harness.ports)
    harness.has(*accounts(4))
    with pytest.raises(NotApproved, match="differs"):
        apply_plan(harness.connection, "accounts", shown, harness.ports)
    with pytest.raises(NotApproved, match="differs"):
        apply_plan(harness.connection, "accounts", shown, harness.ports, yes=True)
    assert (harness.pleo.writes, harness.store.rows, harness.store.notes) == ([], {}, {})


def test_the_digest_of_nothing_to_do_does_not_fit_another_kind() -> None:
    harness = SyncHarness()
    digests = {harness.plan(kind).digest for kind in KINDS}
    assert len(digests) == len(KINDS)


def test_one_sync_at_a_time() -> None:
    harness = SyncHarness()
    with harness.store.lock("sync conn-1"), pytest.raises(Busy):
        harness.scheduled("accounts")


def test_an_unknown_kind_and_one_that_the_accounting_system_lacks() -> None:
    harness = SyncHarness()
    with pytest.raises(Misconfigured, match="Unknown kind: journals"):
        harness.plan("journals")
    harness.books.capabilities = replace(harness.books.capabilities, kinds=frozenset({Company}))
    with pytest.raises(Misconfigured, match="does not supply Account"):
        harness.plan("accounts")


def test_another_company_than_the_connected_one_is_refused() -> None:
    harness = harness_with(3)
    harness.books.company = Company("C2", "Other ApS", "DKK")
    with pytest.raises(Misconfigured, match="C2"):
        harness.scheduled("accounts")
    assert harness.store.notes["accounts"][1] == "failed"


# ----------------------------------------------------------------------------------------- the limits


@pytest.mark.parametrize("gone", range(10))
def test_a_company_with_nine_accounts_does_not_lose_them_all(gone: int) -> None:
    harness = harness_with(9)
    harness.has(*accounts(9)[gone:])
    if gone <= 2:
        assert harness.scheduled("accounts").archives == gone
    else:
        with pytest.raises(EmptySource if gone == 9 else TooManyChanges):
            harness.scheduled("accounts")
        assert harness.pleo.calls == []
        assert harness.store.notes["accounts"][1] == "waiting"


def test_inactive_accounts_are_no_source_either() -> None:
    harness = harness_with(9)
    harness.has(*(replace(account, active=False) for account in accounts(9)))
    with pytest.raises(EmptySource):
        harness.apply("accounts")


def test_a_person_may_approve_more_than_the_limits_but_never_an_empty_source() -> None:
    harness = harness_with(9)
    harness.has(*accounts(9)[5:])
    assert harness.apply("accounts").archives == 5
    harness.has()
    with pytest.raises(EmptySource):
        harness.apply("accounts")
    assert len(harness.pleo.active("accounts")) == 4


def test_updates_have_the_same_limit() -> None:
    harness = harness_with(9)
    harness.has(*accounts(3, "Renamed"), *accounts(9)[3:])
    with pytest.raises(TooManyChanges, match="change 3 of 9 accounts"):
        harness.scheduled("accounts")
    harness.settings = Settings(sync_max_percent=34)
    assert harness.scheduled("accounts").updates == 3


def test_one_dimension_does_not_hide_behind_the_many_values_of_another() -> None:
    harness = SyncHarness(settings=Settings(sync_dimensions=("COST", "PROJ")))
    many = [DimensionValue(f"p{n}", "PROJ", f"P{n}", f"Project {n}") for n in range(100)]
    few = [DimensionValue(f"c{n}", "COST", f"C{n}", f"Centre {n}") for n in range(5)]
    dimensions = [Dimension("COST", "COST", "Cost centre"), Dimension("PROJ", "PROJ", "Project")]
    harness.has(*dimensions, *many, *few)
    harness.apply("dimensions")
    harness.has(*dimensions, *many)
    with pytest.raises(TooManyChanges, match="all 5 tags of COST"):
        harness.scheduled("dimensions")


def test_a_small_dimension_is_not_archived_whole_though_the_floor_is_higher() -> None:
    """A partial read: the values of one dimension are missing, those of the other are there."""
    harness = SyncHarness(settings=Settings(sync_dimensions=("d1", "d2")))
    dimensions = [Dimension("d1", "COST", "Cost centre"), Dimension("d2", "REGION", "Region")]
    regions = [DimensionValue(f"r{n}", "d2", f"R{n}", f"Region {n}") for n in range(2)]
    cost = DimensionValue("c1", "d1", "100", "Sales")
    harness.has(*dimensions, cost, *regions)
    harness.apply("dimensions")
    harness.has(*dimensions, cost)
    with pytest.raises(TooManyChanges, match="all 2 tags of d2"):
        harness.scheduled("dimensions")
    harness.has(*dimensions, cost, regions[0])
    assert harness.scheduled("dimensions").archives == 1
    harness.has(*dimensions, cost)
    assert harness.apply("dimensions").archives == 1


def test_two_records_of_one_code_are_left_and_all_others_synced() -> None:
    harness = SyncHarness()
    one, two, other = (Vendor(id=f"v{n}", code=code, name=f"N{n}") for n, code in enumerate(("V1 ", "v1", "V2"), 1))
    harness.has(one, two, other)
    for digest in (harness.plan("vendors").digest, None):
        result = apply_plan(harness.connection, "vendors", digest, harness.ports, yes=True)
        (told,) = result.problems
        assert (told.code, result.complete) == ("code_shared", True)
        assert "N1, N2" in told.message
    assert [record.code for record in harness.pleo.read("vendors")] == ["V2"]


def test_a_code_that_becomes_shared_leaves_what_pleo_has_as_it_is() -> None:
    harness = SyncHarness()
    one = Vendor(id="v1", code="V1", name="One")
    harness.has(one, Vendor(id="v2", code="V2", name="Two"))
    harness.apply("vendors")
    harness.has(replace(one, name="One renamed"), Vendor(id="v2", code="V1", name="Two"))
    result = harness.scheduled("vendors")
    assert [told.code for told in result.problems] == ["code_shared"]
    assert (result.writes, result.outcome) == (0, "in_step")
    there = {(record.code, record.name, record.archived) for record in harness.pleo.read("vendors")}
    assert there == {("V1", "One", False), ("V2", "Two", False)}


def test_a_plan_shows_accounts_by_their_codes() -> None:
    harness = SyncHarness()
    harness.has(Account("413", "1576", "Input tax"), TaxCode("i", "I25", "Input", Decimal("0.25"), "inclusive", "413"))
    (row,) = shown_of("tax-codes", harness.plan("tax-codes"), Settings()).rows
    assert ("ingoing_account", "", "1576") in row.fields
    harness.apply("tax-codes")
    assert dict(harness.pleo.read("tax_codes")[0].fields)["ingoing_account"] == "413"


def test_tax_codes_that_nothing_can_be_booked_with_are_left_out_and_said_once() -> None:
    harness = SyncHarness()
    why = Phrase("tax_withheld")
    kept = [TaxCode(f"w{n}", f"{n}% WHI", "Withheld", Decimal("-0.1"), "inclusive", unsupported=why) for n in range(27)]
    harness.has(TaxCode("i", "I25", "Input", Decimal("0.25"), "inclusive"), *kept)
    result = harness.apply("tax-codes")
    (told,) = result.problems
    assert (told.code, result.creates, result.outcome) == ("tax_code_unsupported", 1, "in_step")
    assert "(27)" in told.message
    assert "withholding" in told.message


@pytest.mark.parametrize("fault", [Unreachable("away"), LoginFailed("no"), Timeout("slow")])
@pytest.mark.parametrize("short", [True, False])
def test_a_read_that_fails_or_ends_early_archives_nothing(fault: KontobroError, short: bool) -> None:
    harness = harness_with(9)
    harness.books.fault, harness.books.short = fault, short
    with pytest.raises(type(fault)):
        harness.scheduled("accounts")
    assert harness.pleo.calls == []
    assert harness.store.notes["accounts"][1] == "failed"


# ---------------------------------------------------------------------------- adoption and ownership


def test_what_others_made_is_adopted_only_by_a_person() -> None:
    harness = SyncHarness()
    harness.has(*accounts(2))
    harness.pleo.put("accounts", Existing("p", "1000", "Account 0", False, "a0"))
    waiting = harness.scheduled("accounts")
    assert (waiting.creates, waiting.adopted, waiting.outcome) == (1, 0, "waiting")
    assert [(change.action, change.erp_id) for change in waiting.waiting] == [("adopt", "a0")]
    shown = harness.apply("accounts")
    assert (shown.adopted, shown.writes, shown.outcome) == (1, 0, "in_step")


def test_what_we_did_not_make_is_never_archived() -> None:
    harness = harness_with(9)
    harness.pleo.put("accounts", Existing("theirs", "9", "By hand", False, "elsewhere"))
    harness.has(*accounts(9)[1:])
    assert harness.scheduled("accounts").archives == 1
    assert set(harness.pleo.active("accounts")) == {"9", *(f"{1000 + n}" for n in range(1, 9))}


def test_archived_records_come_back_instead_of_a_second_one() -> None:
    harness = harness_with(9)
    harness.has(*accounts(9)[1:])
    harness.scheduled("accounts")
    harness.has(*accounts(9))
    assert [change.action for change in harness.plan("accounts").changes] == ["unarchive"]
    harness.scheduled("accounts")
    assert len(harness.pleo.of("accounts")) == 9


def test_an_intent_of_a_record_that_went_meanwhile_counts_as_ours() -> None:
    harness = harness_with(9)
    harness.pleo.put("accounts", Existing("lost", "77", "Half done", False, "gone"))
    harness.store.bind("conn-1", [Binding("accounts", "gone", None, "created", "77")])
    assert harness.scheduled("accounts").archives == 1
    assert harness.store.rows["accounts", "gone"].pleo_id == "lost"


def test_an_intent_that_came_to_nothing_owns_nothing_that_somebody_makes_later() -> None:
    """Killed before a create, and then the value is gone: a tag that a person makes by that code is not ours."""
    harness = SyncHarness(settings=Settings(sync_dimensions=("d1",)))
    cost, sales = Dimension("d1", "COST", "Cost centre"), DimensionValue("1", "d1", "100", "Sales")
    harness.has(cost, sales)
    harness.apply("dimensions")
    harness.store.bind("conn-1", [Binding("tags", "d1/2", None, "created", "200")])
    assert harness.scheduled("dimensions").writes == 0
    group = harness.pleo.of("tag_groups")[0].id
    harness.pleo.put("tags", Existing("theirs", "200", "Party committee", parent=group))
    assert harness.scheduled("dimensions").archives == 0
    assert harness.pleo.active("tags") == {"100": "Sales", "200": "Party committee"}


@pytest.mark.parametrize("external_id", [None, "somebody's"])
def test_an_intent_is_no_right_to_a_vendor_that_has_not_our_id(external_id: str | None) -> None:
    harness = SyncHarness()
    harness.has(Vendor(id="v1", code="V1", name="Nordisk Sky"), Vendor(id="v3", code="V3", name="Hanse"))
    harness.store.bind("conn-1", [Binding("vendors", id, None, "created", id.upper()) for id in ("v1", "v2")])
    harness.pleo.put("vendors", *(Existing(f"s{n}", f"V{n}", "Theirs", False, external_id and f"x{n}") for n in (1, 2)))
    result = harness.scheduled("vendors")
    assert (result.creates, result.archives, len(result.waiting)) == (1, 0, 1)
    assert harness.pleo.active("vendors") == {"V1": "Theirs", "V2": "Theirs", "V3": "Hanse"}


@pytest.mark.parametrize(
    ("refused_name", "active"),
    [("Alpha", {"A": "One", "B": "Two"}), ("Beta", {"B": "Alpha", "A": "Two"})],
)
def test_no_temporary_code_stays_where_pleo_refuses_half_of_a_swap(refused_name: str, active: dict[str, str]) -> None:
    harness = SyncHarness()
    harness.has(Vendor(id="1", code="A", name="One"), Vendor(id="2", code="B", name="Two"))
    harness.apply("vendors")
    harness.has(Vendor(id="1", code="B", name="Alpha"), Vendor(id="2", code="A", name="Beta"))
    aside = harness.plan("vendors").changes[0]
    assert (aside.action, aside.erp_id) == ("set_aside", "2")
    update = harness.pleo.update
    harness.pleo.update = lambda kind, changes: (  # type: ignore[method-assign]
        [refused("name_refused", refused_name)] if changes[0][1].name == refused_name else update(kind, changes)
    )
    assert "name_refused" in {problem.code for problem in harness.apply("vendors").failed}
    assert harness.pleo.active("vendors") == active
    harness.pleo.update = update  # type: ignore[method-assign]
    assert harness.apply("vendors").failed == ()
    assert harness.pleo.active("vendors") == {"B": "Alpha", "A": "Beta"}


# -------------------------------------------------------------------------------------- dimensions


def test_a_deselected_dimension_is_archived_and_its_tags_are_left_alone() -> None:
    harness = SyncHarness(settings=Settings(sync_dimensions=("COST",)))
    harness.has(Dimension("d1", "COST", "Cost centre"), DimensionValue("1", "d1", "100", "Sales"))
    assert harness.apply("dimensions").creates == 2
    harness.settings = Settings()
    result = harness.scheduled("dimensions")
    assert (result.archives, harness.pleo.active("tag_groups")) == (1, {})
    assert harness.pleo.active("tags") == {"100": "Sales"}
    harness.settings = Settings(sync_dimensions=("d1",))
    assert [change.action for change in harness.plan("dimensions").changes] == ["unarchive"]


def test_a_dimension_that_the_read_lacks_is_left_alone_and_told() -> None:
    harness = SyncHarness(settings=Settings(sync_dimensions=("d1",)))
    other = Dimension("d2", "PROJ", "Project")
    harness.has(Dimension("d1", "COST", "Cost centre"), other, DimensionValue("1", "d1", "100", "Sales"))
    harness.apply("dimensions")
    harness.has(other)
    result = harness.scheduled("dimensions")
    assert [problem.code for problem in result.problems] == ["dimension_unknown"]
    assert (result.writes, harness.pleo.active("tag_groups")) == (0, {"COST": "Cost centre"})


@pytest.mark.parametrize("chosen", ["cost", " COST ", "COST"])
@pytest.mark.parametrize("mapped", [{}, {"DEPT": "COST"}])
def test_a_dimension_chosen_by_its_code_that_the_read_lacks_is_left_alone_too(
    chosen: str, mapped: dict[str, str]
) -> None:
    harness = SyncHarness(settings=Settings(sync_dimensions=(chosen,), dimensions=mapped))
    other = Dimension("d2", "PROJ", "Project")
    harness.has(Dimension("d1", "COST", "Cost centre"), other)
    harness.apply("dimensions")
    harness.has(other)
    assert harness.scheduled("dimensions").archives == 0
    assert harness.plan("dimensions").empty


def test_an_inactive_dimension_is_archived() -> None:
    harness = SyncHarness(settings=Settings(sync_dimensions=("d1",)))
    cost, project = Dimension("d1", "COST", "Cost centre"), Dimension("d2", "PROJ", "Project")
    harness.has(cost, project)
    harness.apply("dimensions")
    harness.has(replace(cost, active=False), project)
    assert harness.scheduled("dimensions").archives == 1


def test_a_group_that_the_settings_map_keeps_its_code_at_pleo() -> None:
    harness = SyncHarness(settings=Settings(sync_dimensions=("PROJECT",), dimensions={"PROJ": "PROJECT"}))
    harness.has(Dimension("PROJECT", "PROJECT", "Project"), DimensionValue("1", "PROJECT", "P1", "Bridge"))
    harness.pleo.put("tag_groups", Existing("g", "proj", "Projects"))
    result = harness.apply("dimensions")
    assert (result.adopted, result.creates) == (1, 1)
    assert harness.pleo.active("tag_groups") == {"PROJ": "Project"}


def test_tags_wait_while_their_group_waits() -> None:
    harness = SyncHarness(settings=Settings(sync_dimensions=("COST",)))
    harness.has(Dimension("COST", "COST", "Cost centre"), DimensionValue("1", "COST", "100", "Sales"))
    harness.pleo.put("tag_groups", Existing("g", "cost", "Cost centre"))
    harness.pleo.put("tags", Existing("t", "900", "Theirs", parent="g"))
    result = harness.scheduled("dimensions")
    assert (result.writes, result.outcome) == (0, "waiting")


def test_tags_of_a_group_that_pleo_refuses_are_told_and_not_sent() -> None:
    harness = SyncHarness(settings=Settings(sync_dimensions=("COST",)))
    harness.has(Dimension("COST", "COST", "Cost centre"), DimensionValue("1", "COST", "100", "Sales"))
    pleo = harness.pleo
    create = pleo.create
    pleo.create = lambda kind, records, parents: (  # type: ignore[method-assign]
        [refused("code_refused", "COST")] if kind == "tag_groups" else create(kind, records, parents)
    )
    result = harness.apply("dimensions")
    assert [problem.code for problem in result.failed] == ["code_refused", "parent_missing"]
    assert (harness.store.rows, harness.store.notes["tags"][1]) == ({}, "failed")


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
    harness = SyncHarness(settings=Settings(create_vendors=create))
    harness.has(*known, Vendor(id="9", code="Z", name="Other"))
    harness.apply("vendors")
    harness.pleo.put("vendors", Existing("d", "", "One", draft=True, fields=(("registration_number", "2610"),)))
    result = harness.scheduled("vendors")
    assert ([problem.code for problem in result.problems], result.waiting) == (["vendor_known"], ())
    assert (result.writes, result.outcome) == (0, "waiting")
    assert len(harness.books.records) == len(known) + 1


@pytest.mark.parametrize("create", [True, False])
def test_a_draft_with_the_name_of_a_vendor_is_proposed_as_that_one_and_not_created_twice(create: bool) -> None:
    harness = SyncHarness(settings=Settings(create_vendors=create))
    harness.has(Vendor(id="1", code="V1", name="Kontor & Papir"))
    harness.apply("vendors")
    harness.pleo.put("vendors", Existing("d", "", "KONTOR  & papir", draft=True))
    result = harness.scheduled("vendors")
    (problem,) = result.problems
    assert (problem.code, result.waiting, result.writes) == ("vendor_same_name", (), 0)
    assert "Kontor & Papir (V1)" in problem.message
    assert len(harness.books.records) == 1


def test_one_name_with_another_number_is_another_vendor() -> None:
    harness = SyncHarness(settings=Settings(create_vendors=True))
    harness.has(Vendor(id="1", code="V1", name="Seven", tax_registration_number="DK1"))
    harness.apply("vendors")
    harness.pleo.put("vendors", Existing("d", "", "Seven", draft=True, fields=(("tax_registration_number", "DK2"),)))
    assert [change.action for change in harness.plan("vendors").changes] == ["write"]


# ----------------------------------------------------------------------------------------- tax codes


def test_a_type_that_pleo_does_not_document_is_corrected_once_and_then_told() -> None:
    """Until something else of the tax code changes: then all of it is written."""
    harness = SyncHarness()
    given = [TaxCode(id, id, id, Decimal("0.25"), "inclusive") for id in ("A", "B")]
    harness.has(*given)
    harness.apply("tax-codes")

    def shown_otherwise() -> None:
        for record in harness.pleo.of("tax_codes"):
            harness.pleo.put(
                "tax_codes", replace(record, fields=(("rate", dict(record.fields)["rate"]), ("type", "new")))
            )

    shown_otherwise()
    result = harness.apply("tax-codes")
    (told,) = result.problems
    assert (told.code, told.value, told.facts["count"], result.writes) == ("tax_type_undocumented", "A, B", 2, 0)
    assert "(new)" in told.message

    harness.has(given[0], replace(given[1], rate=Decimal("0.2")))
    assert harness.apply("tax-codes").updates == 1
    shown_otherwise()
    again = harness.apply("tax-codes")
    assert (again.writes, [problem.value for problem in again.problems]) == (0, ["A, B"])


def test_a_documented_type_that_someone_changed_in_pleo_is_set_right() -> None:
    harness = SyncHarness()
    harness.has(TaxCode("A", "A", "A", Decimal("0.25"), "inclusive"))
    harness.apply("tax-codes")
    (record,) = harness.pleo.of("tax_codes")
    harness.pleo.put("tax_codes", replace(record, fields=(("rate", "0.25"), ("type", "reverse"))))
    result = harness.apply("tax-codes")
    assert (result.updates, list(result.problems)) == (1, [])


def test_exclusive_tax_codes_are_a_problem_and_not_sent() -> None:
    harness = SyncHarness()
    harness.has(
        TaxCode("I25", "I25", "Input", Decimal("0.250"), "inclusive", "vat"),
        TaxCode("X", "X", "On top", Decimal("0.25"), "exclusive"),
    )
    result = harness.apply("tax-codes")
    assert [(problem.code, problem.value) for problem in result.problems] == [("tax_type_unsupported", "X")]
    (sent,) = harness.pleo.of("tax_codes")
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
    harness = SyncHarness()
    harness.has(V1)
    harness.pleo.put("vendors", born)
    assert [change.action for change in harness.plan("vendors").changes] == ["activate"]
    assert harness.scheduled("vendors").updates == 1
    (vendor,) = harness.pleo.of("vendors")
    assert (vendor.id, vendor.external_id, vendor.code, vendor.draft) == ("d1", "v1", "V1", False)
    assert harness.plan("vendors").empty


def test_a_number_that_two_vendors_share_matches_neither() -> None:
    harness = SyncHarness()
    harness.has(V1, replace(V1, id="v2", code="V2", registration_number=None))
    harness.pleo.put("vendors", draft(tax_registration_number="DK12345678"))
    result = harness.apply("vendors")
    assert ([problem.code for problem in result.problems], result.waiting) == (["vendor_known"], ())
    assert [vendor.draft for vendor in harness.pleo.of("vendors")].count(True) == 1


@pytest.mark.parametrize(("allowed", "able"), [(True, False), (False, True)])
def test_a_vendor_that_the_accounting_system_lacks_waits_for_a_person(allowed: bool, able: bool) -> None:
    harness = SyncHarness(settings=Settings(create_vendors=allowed))
    harness.books.capabilities = replace(harness.books.capabilities, writes_vendors=able)
    harness.pleo.put("vendors", draft())
    result = harness.scheduled("vendors")
    assert ([change.action for change in result.waiting], result.outcome, result.writes) == (["write"], "waiting", 0)
    assert harness.books.records == []


def test_a_vendor_that_the_accounting_system_lacks_is_created_there_once_and_activated() -> None:
    harness = SyncHarness(settings=Settings(create_vendors=True))
    harness.pleo.put("vendors", draft(country="DK"))
    first = harness.scheduled("vendors")
    assert (first.updates, first.outcome) == (1, "in_step")
    (vendor,) = harness.pleo.of("vendors")
    assert (vendor.external_id, vendor.code, vendor.draft) == ("erp-d1", "V-d1", False)
    assert harness.scheduled("vendors").writes == 0
    assert len(harness.books.records) == 1


def test_killed_between_both_sides_the_written_vendor_is_known_by_pleos_id() -> None:
    harness = SyncHarness(settings=Settings(create_vendors=True))
    harness.pleo.put("vendors", draft())
    harness.books.write([Vendor(id="d1", code="", name="Born in Pleo", pleo_id="d1")])
    assert [change.action for change in harness.plan("vendors").changes] == ["activate"]
    harness.scheduled("vendors")
    assert (len(harness.pleo.of("vendors")), len(harness.books.records)) == (1, 1)


def test_a_draft_of_a_vendor_that_stands_already_is_told_as_a_duplicate() -> None:
    harness = SyncHarness(settings=Settings(create_vendors=True))
    harness.has(V1)
    harness.apply("vendors")
    harness.pleo.put("vendors", draft(code="V1"))
    result = harness.scheduled("vendors")
    assert ([problem.code for problem in result.problems], result.writes) == (["duplicate_at_pleo"], 0)


def in_sync() -> SyncHarness:
    harness = SyncHarness()
    harness.has(V1)
    harness.apply("vendors")
    return harness


def edit_at_pleo(harness: SyncHarness, **facts: str) -> None:
    (vendor,) = harness.pleo.of("vendors")
    harness.pleo.put("vendors", replace(vendor, **facts))  # type: ignore[arg-type]  # texts


def test_a_vendor_that_both_sides_changed_is_left_to_a_person() -> None:
    harness = in_sync()
    edit_at_pleo(harness, name="Staples Pleo")
    harness.has(replace(V1, name="Staples A/S"))
    result = harness.apply("vendors")
    assert ([problem.code for problem in result.problems], result.outcome) == (["vendor_conflict"], "waiting")
    assert harness.pleo.active("vendors") == {"V1": "Staples Pleo"}
    edit_at_pleo(harness, name="Staples A/S")
    assert harness.apply("vendors").outcome == "in_step"
    harness.has(replace(V1, name="Staples Group"))
    assert harness.apply("vendors").updates == 1


@pytest.mark.parametrize(("here", "there"), [("Staples A/S", None), (None, "Staples Pleo"), ("Same", "Same")])
def test_a_vendor_that_one_side_changed_follows_the_accounting_system(here: str | None, there: str | None) -> None:
    harness = in_sync()
    harness.has(replace(V1, name=here or V1.name))
    if there:
        edit_at_pleo(harness, name=there)
    assert harness.apply("vendors").outcome == "in_step"
    assert harness.pleo.active("vendors") == {"V1": here or V1.name}
    assert harness.plan("vendors").stale == ()


def test_a_new_vendor_without_a_currency_gets_the_companys() -> None:
    harness = in_sync()
    (vendor,) = harness.pleo.of("vendors")
    assert dict(vendor.fields)["currency"] == "DKK"
    assert (harness.plan("vendors").empty, harness.plan("vendors").stale) == (True, ())


# ------------------------------------------------------------------------------- faults while writing


def test_one_refused_record_does_not_stop_the_others() -> None:
    harness = SyncHarness()
    pleo, create = harness.pleo, harness.pleo.create

    def refusing(kind, records, parents):  # type: ignore[no-untyped-def]
        answers = create(kind, [record for record in records if record.id != "a1"], parents)
        return [answers[0], refused("name_refused", "a1"), *answers[1:]]

    pleo.create = refusing  # type: ignore[method-assign]
    harness.has(*accounts(3))
    seen: list[tuple[str, int, int]] = []
    digest = harness.plan("accounts").digest
    told = lambda *step: seen.append(step)  # noqa: E731 - a progress that remembers
    result = apply_plan(harness.connection, "accounts", digest, harness.ports, progress=told)
    assert ([problem.code for problem in result.failed], result.creates, result.outcome) == (
        ["name_refused"],
        2,
        "failed",
    )
    assert seen == [("accounts", 3, 3)]
    assert ("accounts", "a1") not in harness.store.rows
    pleo.create = create  # type: ignore[method-assign]
    assert harness.scheduled("accounts").creates == 1


@pytest.mark.parametrize("took", [True, False])
def test_a_create_of_unknown_outcome_is_looked_for_and_never_repeated_blindly(took: bool) -> None:
    harness = SyncHarness()
    create = harness.pleo.create

    def lost(kind, records, parents):  # type: ignore[no-untyped-def]
        if took:
            create(kind, records, parents)
        raise Uncertain("the answer was lost")

    harness.pleo.create = lost  # type: ignore[method-assign]
    harness.has(*accounts(3))
    result = harness.apply("accounts")
    assert (result.creates, len(result.failed)) == ((3, 0) if took else (0, 3))
    harness.pleo.create = create  # type: ignore[method-assign]
    harness.scheduled("accounts")
    assert len(harness.pleo.of("accounts")) == 3
    assert {row.origin for row in harness.store.rows.values()} == {"created"}


def test_what_came_to_stand_under_our_intent_is_ours() -> None:
    harness = SyncHarness()
    create = harness.pleo.create

    def twice(kind, records, parents):  # type: ignore[no-untyped-def]
        create(kind, records, parents)  # the answer was lost, and a lower layer asked again
        return create(kind, records, parents)

    harness.pleo.create = twice  # type: ignore[method-assign]
    harness.has(V1)
    assert (harness.apply("vendors").creates, len(harness.pleo.of("vendors"))) == (1, 1)


def test_a_pleo_that_never_answers_ends_the_run() -> None:
    harness = SyncHarness()
    harness.has(*(Vendor(id=f"v{n}", code=f"V{n}", name="x") for n in range(9)))
    asked: list[int] = []

    def away(kind, records, parents):  # type: ignore[no-untyped-def]
        asked.append(len(records))
        raise Timeout("no answer")

    harness.pleo.create = away  # type: ignore[method-assign]
    with pytest.raises(Timeout):
        harness.apply("vendors")
    assert (len(asked), harness.store.notes["vendors"][1]) == (3, "failed")


# ------------------------------------------------------------------------------------- batches, times


def test_accounts_are_created_by_the_thousand_and_archived_by_the_hundred() -> None:
    harness = harness_with(2500)
    harness.pleo.calls.clear()
    fresh = SyncHarness()
    fresh.has(*accounts(2500))
    assert fresh.apply("accounts").writes == 3
    harness.has(*accounts(2500)[250:])
    harness.scheduled("accounts")
    assert harness.pleo.calls == [("archive", 100), ("archive", 100), ("archive", 50)]


@pytest.mark.parametrize(("kind", "hours"), [("accounts", 24), ("tax-codes", 24), ("vendors", 24), ("dimensions", 1)])
def test_each_kind_is_due_in_its_own_time(kind: str, hours: int) -> None:
    harness = SyncHarness()
    assert is_due(harness.connection, kind, harness.ports)
    harness.scheduled(kind)
    harness.clock.time = NOW + dt.timedelta(hours=hours, seconds=-1)
    assert not is_due(harness.connection, kind, harness.ports)
    harness.clock.time = NOW + dt.timedelta(hours=hours)
    assert is_due(harness.connection, kind, harness.ports)


def test_a_failed_sync_is_due_within_the_hour() -> None:
    harness = harness_with(3)
    harness.books.fault = Unreachable("away")
    with pytest.raises(Unreachable):
        harness.scheduled("accounts")
    harness.clock.time = NOW + dt.timedelta(hours=1)
    assert is_due(harness.connection, "accounts", harness.ports)


def test_duplicates_at_pleo_the_active_one_of_our_name_is_kept() -> None:
    harness = SyncHarness(settings=Settings(sync_dimensions=("d",)))
    harness.has(Dimension("d", "COST", "Cost"), DimensionValue("1", "d", "100", "Sales"))
    twins = [Existing("t1", "100", "Other"), Existing("t2", "100", " sales"), Existing("t3", "100", "Sales", True)]
    harness.pleo.put("tag_groups", Existing("g", "COST", "Cost"))
    harness.pleo.put("tags", *(replace(twin, parent="g") for twin in twins))
    result = harness.apply("dimensions")
    assert harness.store.rows["tags", "d/1"].pleo_id == "t2"
    assert [(problem.code, isinstance(problem, Problem)) for problem in result.problems] == [
        ("duplicate_at_pleo", True)
    ]
    assert not harness.pleo.records["tags"]["t1"].archived, "it is not ours"


def test_a_change_shows_both_sides() -> None:
    harness = harness_with(9)
    harness.has(Account("a0", "1000", "New name"), *accounts(9)[1:])
    (change,) = harness.plan("accounts").changes
    assert isinstance(change, Change)
    assert change.before
    assert change.after
    assert (change.before.name, change.after.name, change.why) == ("Account 0", "New name", "name")


# -------------------------------------------------------------------- what only Pleo has (docs/pleo-rules.md)


@pytest.mark.parametrize("kind", ["accounts", "vendors"])
def test_what_only_pleo_has_is_archived_by_a_person_s_yes_where_that_is_set(kind: str) -> None:
    harness = harness_with(3)
    harness.pleo.put(kind, Existing("theirs", "9", "By hand"))  # type: ignore[arg-type]  # of both kinds of name
    records = [*accounts(3), Vendor(id="v", code="V1", name="Staples")]
    harness.has(*records)
    harness.apply(kind)
    assert "theirs" in {record.id for record in harness.pleo.of(kind) if not record.archived}  # type: ignore[arg-type]
    harness.settings = replace(harness.settings, sync_unknown="archive")
    waiting = harness.scheduled(kind)
    assert (waiting.writes, waiting.outcome) == (0, "waiting")
    plan = harness.plan(kind)
    assert [(change.action, change.before and change.before.id) for change in plan.changes] == [("archive", "theirs")]
    result = apply_plan(harness.connection, kind, plan.digest, harness.ports)
    assert (result.writes, result.outcome) == (1, "in_step")
    assert "theirs" not in {record.id for record in harness.pleo.of(kind) if not record.archived}  # type: ignore[arg-type]
    assert (harness.scheduled(kind).writes, harness.plan(kind).empty) == (0, True)


def test_tags_and_groups_that_only_pleo_has_are_archived_too() -> None:
    harness = SyncHarness(settings=Settings(sync_dimensions=("d",), sync_unknown="archive"))
    harness.has(Dimension("d", "COST", "Cost centre"), DimensionValue("100", "d", "100", "Sales"))
    harness.apply("dimensions")
    (group,) = (record.id for record in harness.pleo.of("tag_groups"))
    harness.pleo.put("tags", Existing("theirs", "200", "Party committee", parent=group))
    harness.pleo.put("tag_groups", Existing("hand-made", "PARTY", "Parties"))
    plan = harness.plan("dimensions")
    assert {change.before.id for change in plan.changes if change.before} == {"theirs", "hand-made"}
    assert harness.apply("dimensions").outcome == "in_step"
    assert harness.plan("dimensions").empty
