"""Master data: the plan is shown, approved by its digest and nothing else."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from urllib.parse import parse_qs

import pytest
from django.template.loader import render_to_string

from kontobro.core.level import KINDS_OF
from kontobro.core.plan.choice import TYPES
from kontobro.core.plan.types import Desired
from kontobro.core.words import note_in
from kontobro.sync.run import KINDS
from kontobro.sync.shown import ACTIONS, DECISIONS, ChangeRow, Shown
from kontobro.web.connection.plan import FIRST, PAGE
from kontobro.web.models import AuditEvent
from kontobro.web.templatetags import plans
from tests.web.connected_site import ConnectedSite


@pytest.fixture
def synced(connected: ConnectedSite) -> ConnectedSite:
    settings = replace(connected.connection.settings, sync=KINDS_OF[4])
    connected.connection = replace(connected.connection, settings=settings)
    connected.site.app.store.save_connection(connected.connection)
    return connected


def test_a_connection_at_level_1_keeps_nothing_in_step(connected: ConnectedSite) -> None:
    assert "No master data is synced" in connected.page("master-data/")


def test_a_plan_is_shown_before_anything_is_written(synced: ConnectedSite) -> None:
    page = synced.page("master-data/accounts/")
    assert "New in Pleo" in page
    assert "Sync now" in page
    assert "Accounts: what would change in Pleo</h1>" in page
    assert synced.site.runner.asked == []


def test_a_plan_asks_only_where_there_is_something_to_decide(synced: ConnectedSite) -> None:
    page = synced.page("master-data/accounts/")
    assert "There is nothing to decide" in page
    assert "Approve this plan" not in page
    with synced.site.app.visit() as app:
        target = app.sync_ports_for(synced.connection).target
        target.create("tag_groups", [Desired("x", "COST", "Afdeling")], {})
    settings = replace(synced.connection.settings, sync_dimensions=("COST",))
    synced.site.app.store.save_connection(replace(synced.connection, settings=settings))
    page = synced.page("master-data/dimensions/")
    assert "Approve this plan" in page
    assert "1 record · Is it the same record? Then Kontobro manages it from now on" in page
    assert "Name: <del>Afdeling</del> → <ins>Cost centre</ins>" in page


def test_approving_asks_for_exactly_the_plan_that_was_shown(synced: ConnectedSite) -> None:
    found = re.search(r'name="digest" value="([^"]+)"', synced.page("master-data/accounts/"))
    assert found
    path = f"/c/{synced.connection.id}/master-data/accounts/approve/"
    synced.browser.post(path, {"digest": found[1]})
    assert synced.site.runner.asked == [("sync", synced.connection.id, ("accounts",), found[1])]
    event = AuditEvent.objects.get()
    assert event.detail == f"Accounts, as shown in the plan {found[1]}"
    assert note_in(event.detail, "de") == f"Konten, wie im Plan {found[1]} gezeigt"


@pytest.mark.parametrize("kind", ["accounts", "nonsense"])
def test_what_is_not_kept_in_step_can_t_be_approved(connected: ConnectedSite, kind: str) -> None:
    answer = connected.browser.post(f"/c/{connected.connection.id}/master-data/{kind}/approve/", {"digest": "x"})
    assert answer.status_code == 400
    assert connected.site.runner.asked == []


def test_an_approval_without_a_plan_is_refused(synced: ConnectedSite) -> None:
    answer = synced.browser.post(f"/c/{synced.connection.id}/master-data/accounts/approve/", {})
    assert answer.status_code == 400
    assert synced.site.runner.asked == []


# ------------------------------------------------------------------------------------ what is offered


def kept(synced: ConnectedSite) -> tuple[str, ...]:
    found = synced.site.app.store.connection(synced.connection.id)
    assert found
    return found.settings.sync_choice


def choose(synced: ConnectedSite, kind: str = "accounts", **form: object) -> str:
    path = f"/c/{synced.connection.id}/master-data/{kind}/choose/"
    return " ".join(synced.browser.post(path, form, follow=True).text.split())


def codes(synced: ConnectedSite) -> set[str]:
    """The accounts that the plan would create."""
    return set(re.findall(r'name="leave" value="([^"]+)"', synced.page("master-data/accounts/")))


def test_people_choose_accounts_by_type_range_name_and_one_by_one(synced: ConnectedSite) -> None:
    everything = codes(synced)
    assert {"7520", "2440", "1010"} <= everything
    page = choose(synced, how="only", type=["expense"])
    assert kept(synced) == ("accounts only type=expense",)
    assert "Only accounts of the type Expenses" in page
    expenses = codes(synced)
    assert "7520" in expenses
    assert not expenses & {"2440", "1010"}
    choose(synced, how="without", **{"from": "75", "to": "7510"})
    assert codes(synced) == {code for code in expenses if not "75" <= code[:4] <= "7510"}
    choose(synced, leave=["7520"])
    assert "7520" not in codes(synced)
    assert kept(synced)[-1] == "accounts without code=7520"
    event = AuditEvent.objects.order_by("-id").first()
    assert event
    assert event.detail == "+ accounts without code=7520"
    for rule in kept(synced):
        choose(synced, remove=rule)
    assert kept(synced) == ()
    assert codes(synced) == everything


def test_what_is_not_offered_is_listed_and_the_digest_differs(synced: ConnectedSite) -> None:
    def digest() -> str:
        found = re.search(r'name="digest" value="([^"]+)"', synced.page("master-data/accounts/"))
        assert found
        return found[1]

    before = digest()
    page = choose(synced, how="without", name="rent")
    assert "1 record is not offered" in page
    assert digest() != before


@pytest.mark.parametrize("form", [{}, {"how": "only"}, {"name": "  "}])
def test_an_empty_form_changes_nothing(synced: ConnectedSite, form: dict[str, str]) -> None:
    assert "Nothing was changed" in choose(synced, **form)
    assert kept(synced) == ()


def test_a_type_that_there_is_not_is_refused(synced: ConnectedSite) -> None:
    assert "This is not a rule that can be kept" in choose(synced, type="salaries")
    assert kept(synced) == ()


def test_only_a_bookkeeper_chooses(synced: ConnectedSite) -> None:
    reader = synced.site.browser(synced.site.member(synced.organisation, "readonly"))
    path = f"/c/{synced.connection.id}/master-data/accounts/"
    assert reader.post(f"{path}choose/", {"name": "rent"}).status_code == 403
    page = reader.get(path).text
    assert "Add a rule" not in page
    assert 'name="leave"' not in page
    assert kept(synced) == ()


# --------------------------------------------------------------------------------------- long plans


@pytest.fixture
def long_plan(synced: ConnectedSite) -> ConnectedSite:
    """A ledger with 5,000 more accounts."""
    ledger = synced.connected.ledger
    more = [
        f'2020-01-01 open Expenses:More:A{n}\n  code: "8{n:05}"\n  name: "Account number {n}"' for n in range(5_000)
    ]
    ledger.write_text("\n".join([ledger.read_text(encoding="utf-8"), *more]) + "\n", encoding="utf-8")
    return synced


def test_a_plan_of_5000_is_paged_and_searched_without_reading_both_sides_again(
    long_plan: ConnectedSite, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = long_plan.page("master-data/accounts/")
    assert first.count('name="leave"') <= PAGE
    link = re.search(r'rel="next" href="(\?[^"]+)"', first)
    assert link

    def never(*_: object) -> None:
        raise AssertionError("the plan is read again")

    monkeypatch.setattr("kontobro.web.connection.plan.plan_sync", never)
    address = html.unescape(link[1])
    second = long_plan.page(f"master-data/accounts/{address}")
    assert "Page 2 of 51" in second
    digest = parse_qs(address[1:])["plan"][0]
    found = long_plan.page(f"master-data/accounts/?plan={digest}&q=number+4321")
    assert re.findall(r'name="leave" value="([^"]+)"', found) == ["804321"]
    assert long_plan.page(f"master-data/accounts/?plan={digest}&q=804999&action=create").count('name="leave"') == 1
    assert "0 records" in long_plan.page(f"master-data/accounts/?plan={digest}&action=archive")


def test_a_kept_plan_is_of_its_connection_kind_and_choice_alone(long_plan: ConnectedSite) -> None:
    link = re.search(r'name="digest" value="([^"]+)"', long_plan.page("master-data/accounts/"))
    assert link
    choose(long_plan, how="without", name="Account number")
    page = long_plan.page(f"master-data/accounts/?plan={link[1]}")
    assert "Account number 7" not in page.partition('id="choice"')[0]
    assert "what would change" in long_plan.page(f"master-data/tax-codes/?plan={link[1]}")


def test_the_page_of_all_kinds_has_the_first_and_a_link_to_all(synced: ConnectedSite) -> None:
    answer = synced.browser.get(f"/c/{synced.connection.id}/master-data/accounts/", headers={"HX-Request": "true"}).text
    assert "<h1" not in answer
    assert answer.count("<tr><td>") <= FIRST
    assert "and choose what is offered" in answer


def test_names_are_text_and_fields_are_said_before_and_after() -> None:
    row = ChangeRow("create", "accounts", "4711", "Ink <b>", "", (("external_id", "", "e-1"),), "", None, None)
    plan = Shown("accounts", "accounts-1", (row,))
    page = " ".join(render_to_string("site/changes.html", {"plan": plan, "rows": plan.rows}).split())
    assert "ID in the accounting system: – → <ins>e-1</ins>" in page
    assert "<b>" not in page


def test_every_action_field_reason_and_decision_has_words() -> None:
    assert set(plans.ACTIONS) == set(ACTIONS)
    assert set(plans.DECISIONS) == set(DECISIONS)
    assert set(plans.KINDS) == set(KINDS)
    assert set(plans.TYPES) == set(TYPES)
    rules = ["type=asset", "40..49", "name=x", "code=1"]
    told = [plans.rule_words(f"accounts {verb} {rule}") for verb in ("only", "without") for rule in rules]
    assert len(set(told)) == 8
    assert plans.rule_words("accounts only 40..49") == "Only codes from 40 to 49"
