"""Someone else's external id at Pleo is a number like our ids: alone it makes no two records one."""

from __future__ import annotations

import pytest

from kontobro.core.model.bindings import Binding, MasterKind
from kontobro.core.plan.make import Comparison, Desired, Existing, make_plan


def plan_of(kind: MasterKind, existing: Existing, *bindings: Binding, name: str = "Cleaning") -> object:
    plan = make_plan(
        Comparison(kind=kind, desired=[Desired("1100", "4851", name)], existing=[existing], bindings=bindings)
    )
    return [change.action for change in plan.changes], [problem.code for problem in plan.problems]


@pytest.mark.parametrize("kind", ["accounts", "vendors"])
def test_another_integrations_account_of_that_number_is_left_alone(kind: MasterKind) -> None:
    """It has account 1100, Bank, under its number; the accounting system has 4851, Cleaning, under the id 1100."""
    assert plan_of(kind, Existing("p", "1100", "Bank", external_id="1100")) == ([], ["exists"])


@pytest.mark.parametrize("kind", ["accounts", "vendors"])
@pytest.mark.parametrize(("code", "name"), [("4851", "Rengøring"), ("4800", "Cleaning")])
def test_with_its_code_or_its_name_it_is_the_same(kind: MasterKind, code: str, name: str) -> None:
    changes, problems = plan_of(kind, Existing("p", code, name, external_id="1100"))  # type: ignore[misc]
    assert (changes, problems) == (["adopt", "update"], [])


def test_what_we_meant_to_create_is_ours_by_its_code_too() -> None:
    """The intent of a create that Pleo refused, because someone else has that identifier, owns nothing."""
    intent = Binding("accounts", "1100", None, "created", "4851")
    assert plan_of("accounts", Existing("p", "1100", "Bank", external_id="1100"), intent) == ([], ["exists"])
    ours = Existing("p", "4851", "Cleaning", external_id="1100")
    assert plan_of("accounts", ours, intent) == (["adopt"], [])


def test_an_intent_of_a_record_that_is_gone_archives_nobody_elses() -> None:
    intent = Binding("accounts", "1100", None, "created", "4851")
    for code, archived in (("1100", 0), ("4851", 1)):
        bank = Existing("p", code, "Bank", external_id="1100")
        plan = make_plan(Comparison(kind="accounts", desired=[], existing=[bank], bindings=[intent], source=1))
        assert plan.counts.get("archive", 0) == archived
