"""Master data as a person keeps it in sync: dimensions, plans, digests, questions, schedules; against Pleo in a box."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import Any

import pytest

from tests.cli.person import Person

KINDS = ["accounts", "tax-codes", "dimensions", "vendors"]


@pytest.fixture
def connected(person: Person) -> Person:
    assert person.connects().exit_code == 0
    return person


def digests(person: Person, *kinds: str) -> dict[str, str]:
    plans = [plan for kind in kinds for plan in person.reads("sync", "plan", kind, codes=(0, 8))]
    return {plan["kind"]: plan["digest"] for plan in plans}


def in_sync(person: Person) -> None:
    """Dimensions chosen, every plan applied by its digest."""
    person.types("dimensions")
    for kind, digest in digests(person, *KINDS).items():
        assert person.types("sync", "apply", kind, "--digest", digest).exit_code in (0, 8)


def writes(person: Person) -> int:
    """Calls that changed anything at Pleo, counted there."""
    calls: Counter[str] = person.sandbox.calls
    return sum(count for call, count in calls.items() if not call.startswith("GET ") and not call.endswith(":search"))


def status_at_pleo(person: Person) -> str:
    (installation,) = person.sandbox.installations.all()
    return installation.status


# ------------------------------------------------------------------------------------------------ level


def test_the_level_is_the_highest_and_pleo_waits_for_the_first_sync(connected: Person) -> None:
    assert "Level 4" in connected.shown[0]
    assert status_at_pleo(connected) == "PENDING_INTEGRATION"
    check = connected.types("check").stdout
    assert "Pleo is waiting for the first sync" in check
    assert "switched on: accounts, tax-codes, dimensions, vendors" in check


def test_level_1_is_activated_at_once_and_raised_with_its_settings_kept(person: Person) -> None:
    person.connects("--level", "1")
    assert status_at_pleo(person) == "ACTIVATED"
    person.types("settings", "set", "retention_days", "7", "--offline")
    refused = person.types("sync", "plan")
    assert refused.exit_code == 3
    assert "kontobro connect --level 4" in refused.stderr
    assert "Level 2 needs kontobro connect --level 2" in person.types("check").stdout
    raised = person.types(*_connecting(person, "2"), stdin=f"{person.sandbox.api_key}\n")
    assert "Connected again" in raised.stdout
    settings = person.reads("settings", "show")
    assert (settings["retention_days"], settings["sync"]) == (7, ["dimensions"])
    assert "It needs Level 4" in person.types("sync", "plan", "vendors").stderr


def _connecting(person: Person, level: str) -> list[str]:
    place = ["--environment", "sandbox", "--url", person.url, "--ledger", str(person.books)]
    return ["connect", *place, "--level", level, "--api-key-stdin"]


def test_importing_settings_keeps_what_is_switched_on(connected: Person) -> None:
    connected.types("dimensions", "--choose", "project")
    connected.types("settings", "import", str(connected.books.parent / "settings.toml"))
    settings = connected.reads("settings", "show")
    assert settings["sync"] == KINDS
    assert settings["sync_dimensions"] == ["PROJECT"]


# ------------------------------------------------------------------------------------------- dimensions


def test_the_first_time_those_with_tag_groups_are_chosen(connected: Person) -> None:
    connected.types("settings", "set", "dimensions.PROJ", "PROJECT", "--offline")
    listed = {row["code"]: row for row in connected.reads("dimensions")}
    assert {code: row["chosen"] for code, row in listed.items()} == {"COST": True, "PROJECT": True, "REGION": True}
    assert listed["COST"]["values"] == 4
    assert connected.reads("settings", "show")["sync_dimensions"] == ["COST", "PROJECT", "REGION"]


def test_dimensions_are_chosen_by_code_and_wrong_ones_change_nothing(connected: Person) -> None:
    shown = connected.types("dimensions", "--choose", "cost", "REGION").stdout
    assert re.search(r"✓ +COST", shown)
    wrong = connected.types("dimensions", "--choose", "COST", "MOON")
    assert wrong.exit_code == 3
    assert "Choose from: COST, PROJECT, REGION" in wrong.stderr
    assert connected.types("dimensions", "--choose", *"abcdef").exit_code == 2
    assert connected.types("dimensions", "COST").exit_code == 2
    assert connected.types("dimensions", "--choose").exit_code == 2
    assert connected.reads("settings", "show")["sync_dimensions"] == ["COST", "REGION"]
    connected.types("dimensions", "--none")
    assert connected.reads("settings", "show")["sync_dimensions"] == []


# ------------------------------------------------------------------------------------------------- plan


def test_a_plan_shows_before_and_after_and_changes_nothing(connected: Person) -> None:
    connected.types("dimensions", "--choose", "COST")
    before = writes(connected)
    shown = connected.types("sync", "plan", "dimensions")
    assert shown.exit_code == 0
    assert "name: Afdeling → Cost centre" in shown.stdout
    assert "Nothing was changed" in shown.stdout
    (plan,) = connected.reads("sync", "plan", "dimensions")
    assert plan["digest"] in shown.stdout
    assert plan["counts"] == dict(Counter(change["action"] for change in plan["changes"]))
    renamed = next(change for change in plan["changes"] if "update" in change["also"] and change["code"] == "COST")
    assert renamed["fields"] == {
        "managed_by": {"before": "others", "after": "Kontobro"},
        "name": {"before": "Afdeling", "after": "Cost centre"},
    }
    assert all(change["fields"] for change in plan["changes"])
    assert writes(connected) == before


def test_all_kinds_that_are_switched_on_are_planned(connected: Person) -> None:
    plans = connected.reads("sync", "plan", codes=(8,))
    assert [plan["kind"] for plan in plans] == KINDS
    assert {plan["kind"] for plan in plans if plan["refused"]} == {"vendors"}, "3 of 3 vendors: too many unasked"


def test_a_page_for_a_colleague_holds_the_plan(connected: Person) -> None:
    file = connected.folder / "plan.html"
    connected.types("sync", "plan", "accounts", "--html", str(file))
    page = file.read_text(encoding="utf-8")
    (digest,) = digests(connected, "accounts").values()
    assert digest in page
    assert "Kontor &amp; Papir" in page
    assert connected.sandbox.api_key not in page


# ------------------------------------------------------------------------------------------------ apply


def test_a_digest_does_exactly_its_plan_and_activates_what_waited(connected: Person) -> None:
    in_sync(connected)
    assert status_at_pleo(connected) == "ACTIVATED"
    assert "The integration in Pleo is activated" in connected.shown[-1]
    before = writes(connected)
    again = connected.reads("sync", "apply", "--yes", codes=(8,))
    assert {kind["kind"]: kind["writes"] for kind in again["kinds"]} == dict.fromkeys(KINDS, 0)
    assert again["activated"] is False
    assert writes(connected) == before, "a second run writes nothing"


@pytest.mark.parametrize("digest", ["nonsense", "vendors-0123456789abcdef"])
def test_a_wrong_digest_refuses(connected: Person, digest: str) -> None:
    before = writes(connected)
    refused = connected.types("sync", "apply", "accounts", "--digest", digest)
    assert refused.exit_code == 8
    assert "Nothing was done" in refused.stdout
    assert writes(connected) == before


def test_the_digest_of_another_kind_or_of_yesterdays_plan_refuses(connected: Person) -> None:
    found = digests(connected, "accounts", "tax-codes")
    assert connected.types("sync", "apply", "tax-codes", "--digest", found["accounts"]).exit_code == 8
    ledger = connected.books
    ledger.write_text(
        ledger.read_text(encoding="utf-8") + '\n2020-01-01 open Expenses:Flowers\n  code: "7599"\n', encoding="utf-8"
    )
    assert connected.types("sync", "apply", "accounts", "--digest", found["accounts"]).exit_code == 8


@pytest.mark.parametrize(
    "words", [("--digest", "x"), ("accounts", "--digest", "x", "--yes"), ("--due",), ("accounts", "--due")]
)
def test_options_that_contradict_each_other(connected: Person, words: tuple[str, ...]) -> None:
    assert connected.types("sync", "apply", *words).exit_code == 2


def test_a_person_is_asked_and_a_no_changes_nothing(connected: Person) -> None:
    before = writes(connected)
    said_no = connected.types("sync", "apply", "accounts", stdin="n\n", at_terminal=True)
    assert said_no.exit_code == 8
    assert "Apply these changes in Pleo" in said_no.stderr
    assert writes(connected) == before
    said_yes = connected.types("sync", "apply", "accounts", stdin="y\n", at_terminal=True)
    assert said_yes.exit_code == 0, said_yes.output
    assert "now managed by Kontobro 4" in said_yes.stdout


def test_nobody_to_ask_refuses(connected: Person) -> None:
    for words in (("sync", "apply"), ("sync", "apply", "--json")):
        refused = connected.types(*words)
        assert refused.exit_code == 3
        assert "--digest" in refused.stderr


def test_a_schedule_takes_nothing_over_and_says_what_waits(connected: Person) -> None:
    ended = connected.types("sync", "apply", "accounts", "--yes")
    assert ended.exit_code == 8
    assert "kontobro sync plan accounts" in ended.stdout
    (plan,) = connected.reads("sync", "plan", "accounts")
    assert set(plan["counts"]) == {"adopt"}
    assert {action for change in plan["changes"] for action in change["also"]} == {"update", "unarchive"}
    assert plan["decisions"] == {"adopt": plan["counts"]["adopt"]}
    states = {row["kind"]: row for row in connected.reads("sync", "status", codes=(8,))}
    assert (states["accounts"]["outcome"], states["accounts"]["due"]) == ("waiting", False)
    assert (states["vendors"]["outcome"], states["vendors"]["due"]) == ("never", True)
    assert "accounts needs your decision" in connected.types("sync", "status").stdout
    assert status_at_pleo(connected) == "PENDING_INTEGRATION"


def test_only_what_is_due_is_done(connected: Person) -> None:
    in_sync(connected)
    nothing = connected.reads("sync", "apply", "--yes", "--due")
    assert nothing == {"kinds": [], "activated": False}
    assert "Nothing is due" in connected.types("sync", "apply", "--yes", "--due").stdout


def test_an_emptied_ledger_archives_nothing(connected: Person) -> None:
    in_sync(connected)
    kept = [line for line in connected.books.read_text(encoding="utf-8").splitlines() if 'custom "vendor"' not in line]
    connected.books.write_text("\n".join(without_meta(kept)), encoding="utf-8")
    before = writes(connected)
    (plan,) = connected.reads("sync", "plan", "vendors", codes=(8,))
    assert plan["refused"], plan["counts"]
    for words in (("--yes",), ("--digest", plan["digest"])):
        assert connected.types("sync", "apply", "vendors", *words).exit_code == 8
    assert writes(connected) == before


def without_meta(lines: list[str]) -> list[str]:
    """Lines of a ledger without the metadata of a directive that was taken out."""
    kept: list[str] = []
    for line in lines:
        belongs = line.startswith("  ") and (not kept or not kept[-1].strip())
        kept += [] if belongs else [line]
    return kept


def test_plans_as_json_are_documented(connected: Person) -> None:
    (plan,) = connected.reads("sync", "plan", "tax-codes")
    assert list(plan) == "kind digest counts choice decisions left_out refused problems changes waiting".split()
    change: dict[str, Any] = plan["changes"][0]
    assert list(change) == "action also kind code name parent erp_id pleo_id fields why".split()
    assert json.dumps(plan)
