"""What a company offers in Pleo: rules by type, range, name and code, under the same limits and the same digest."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from kontobro.core.errors import Misconfigured, NotApproved, TooManyChanges
from kontobro.core.model.masterdata import Account, Dimension, DimensionValue, TaxCode, Vendor
from kontobro.core.model.settings import Settings
from kontobro.core.plan.choice import Rule, choice_of, rule_from
from kontobro.core.plan.make import Existing
from kontobro.core.settings.toml import settings_from
from kontobro.sync import apply_plan
from tests.support.sync_harness import SyncHarness

CHART = [
    Account("a1", "1010", "Bank", type="asset"),
    Account("a2", "2000", "Share capital", type="equity"),
    Account("a3", "4000", "Rent", type="expense"),
    Account("a4", "40001", "Rent, garage", type="expense"),
    Account("a5", "4999", "Ink", type="expense"),
    Account("a6", "7010", "Salaries", type="expense"),
]


def offering(*rules: str) -> SyncHarness:
    harness = SyncHarness(settings=Settings(sync_choice=rules))
    harness.has(*CHART)
    return harness


def created(harness: SyncHarness, kind: str = "accounts") -> list[str]:
    return sorted(change.after.code for change in harness.plan(kind).changes if change.after)


@pytest.mark.parametrize(
    ("rules", "codes"),
    [
        ((), ["1010", "2000", "4000", "40001", "4999", "7010"]),
        (("accounts only type=expense",), ["4000", "40001", "4999", "7010"]),
        (("accounts only 4000..4999",), ["4000", "40001", "4999"]),
        (("accounts only 4..4",), ["4000", "40001", "4999"]),
        (("accounts without name=RENT",), ["1010", "2000", "4999", "7010"]),
        (("accounts without code=7010",), ["1010", "2000", "4000", "40001", "4999"]),
        (
            ("accounts only type=expense", "accounts without 7010", "accounts only 1010"),
            ["1010", "4000", "40001", "4999"],
        ),
        (("vendors without code=7010",), ["1010", "2000", "4000", "40001", "4999", "7010"]),
    ],
)  # fmt: skip
def test_what_the_rules_offer(rules: tuple[str, ...], codes: list[str]) -> None:
    assert created(offering(*rules)) == codes


def test_vendors_tax_codes_and_values_of_a_dimension() -> None:
    rules = ("vendors without name=person", "tax-codes only code=I25", "dimensions without code=COST/200")
    harness = SyncHarness(settings=Settings(sync_choice=rules, sync_dimensions=("COST",)))
    values = [DimensionValue(f"v{code}", "d1", code, f"Value {code}") for code in ("100", "200")]
    vendors = [
        Vendor(id="w1", code="V1", name="Paper A/S", currency="DKK"),
        Vendor(id="w2", code="V2", name="A person", currency="DKK"),
    ]
    taxes = [TaxCode(f"t{code}", code, code, Decimal("0.25"), "inclusive") for code in ("I25", "I12")]
    harness.has(*values, *vendors, *taxes, Dimension("d1", "COST", "Cost centre"))
    assert created(harness, "vendors") == ["V1"]
    assert created(harness, "tax-codes") == ["I25"]
    assert created(harness, "dimensions") == ["100", "COST"]
    plan = harness.plan("dimensions")
    assert [(record.code, record.name) for record in plan.left_out] == [("200", "Value 200")]
    assert plan.choice == ("dimensions without code=COST/200",)


def synced(*rules: str) -> SyncHarness:
    """All of the chart is in Pleo, then the rules are set."""
    harness = offering()
    harness.apply("accounts")
    harness.settings = Settings(sync_choice=rules)
    return harness


def test_a_rule_archives_what_was_offered_before_like_any_other_change() -> None:
    harness = synced("accounts without type=equity")
    result = harness.scheduled("accounts")
    assert (result.archives, result.outcome) == (1, "in_step")
    harness.settings = Settings()
    assert harness.apply("accounts").updates == 1, "and it comes back with the rule gone"


def test_more_than_the_limits_allow_waits_for_a_person() -> None:
    harness = synced("accounts only type=asset")
    with pytest.raises(TooManyChanges):
        harness.scheduled("accounts")
    assert harness.apply("accounts").archives == 5


def test_a_rule_that_leaves_nothing_is_no_empty_source_but_still_waits() -> None:
    harness = synced("accounts only code=nothing")
    with pytest.raises(TooManyChanges, match="all 6"):
        harness.scheduled("accounts")


def test_the_digest_covers_the_choice() -> None:
    harness = offering()
    digest = harness.plan("accounts").digest
    harness.settings = Settings(sync_choice=("accounts without code=9999",))
    plan = harness.plan("accounts")
    assert [change.action for change in plan.changes] == ["create"] * 6, "nothing else is done by it"
    assert plan.digest != digest
    with pytest.raises(NotApproved):
        apply_plan(harness.connection, "accounts", digest, harness.ports)
    reordered = ("accounts without name=x", "accounts without code=9999")
    harness.settings = Settings(sync_choice=reordered)
    one = harness.plan("accounts").digest
    harness.settings = Settings(sync_choice=reordered[::-1])
    assert harness.plan("accounts").digest == one, "the order of rules is none"


def test_what_is_left_out_and_strange_to_us_is_neither_adopted_nor_archived_unless_that_is_set() -> None:
    harness = offering("accounts without code=2000")
    harness.pleo.put("accounts", Existing("p1", "2000", "Share capital", external_id="a2"))
    assert "p1" not in {change.before.id for change in harness.plan("accounts").changes if change.before}
    harness.settings = replace(harness.settings, sync_unknown="archive")
    (change,) = [change for change in harness.plan("accounts").changes if change.action == "archive"]
    assert change.why == "left out by your choice of what is offered; Kontobro did not create it"


def test_a_rule_by_type_where_no_types_are_known_plans_nothing() -> None:
    harness = offering("accounts only type=expense")
    harness.has(*(replace(account, type=None) for account in CHART))
    with pytest.raises(Misconfigured, match="of which type"):
        harness.plan("accounts")


def test_a_draft_of_a_vendor_that_is_left_out_is_not_created_a_second_time() -> None:
    settings = Settings(sync_choice=("vendors without code=V1",), create_vendors=True)
    harness = SyncHarness(settings=settings)
    harness.has(Vendor(id="w1", code="V1", name="Paper A/S", tax_registration_number="DK12345678", currency="DKK"))
    draft = Existing("p1", "", "Paper A/S", fields=(("tax_registration_number", "DK12345678"),), draft=True)
    harness.pleo.put("vendors", draft)
    plan = harness.plan("vendors")
    assert (plan.changes, [problem.code for problem in plan.problems]) == ((), ["vendor_known"])


@pytest.mark.parametrize(
    "text", ["", "accounts", "accounts only", "people only 1..2", "accounts maybe 1", "accounts only type=salary",
             "vendors only type=asset", "accounts only ..5", "accounts only 5..", "accounts without name="],
)  # fmt: skip
def test_what_is_no_rule_is_refused_with_the_settings(text: str) -> None:
    assert rule_from(text) is None
    _, problems = settings_from({"sync_choice": [text]})
    assert [problem.field for problem in problems] == ["sync_choice"]
    assert not choice_of([text], "accounts")


def test_a_rule_is_stored_in_one_spelling() -> None:
    assert rule_from("accounts  without 7010") == Rule("accounts", False, "code", "7010")
    for text in ("accounts only 1..2", "vendors without name=A & B", "dimensions without code=COST/2 0"):
        rule = rule_from(text)
        assert rule
        assert rule.text == text
        assert rule_from(rule.text) == rule
