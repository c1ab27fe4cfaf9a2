"""`kontobro settings suggest`: proposed from the chart, shown before and after, stored only when a person says so."""

from __future__ import annotations

from typing import Any

from tests.cli.person import Person

PROPOSED = {
    "wallets.DKK": "1081",
    "wallets.EUR": "1082",
    "wallets.SEK": "1083",
    "out_of_pocket": "2890",
    "contra": "1089",
    "external_reimbursement": "2895",
    "accounts_payable": "2440",
    "journal": "PLEO",
    "dimensions.PROJ": "PROJECT",
}


def settings(person: Person) -> dict[str, Any]:
    shown: dict[str, Any] = person.reads("settings", "show")
    return shown


def test_proposes_what_the_demo_is_booked_with_and_changes_nothing(person: Person) -> None:
    person.connects()
    before = settings(person)
    told = person.reads("settings", "suggest")
    assert {one["setting"]: one["after"] for one in told["suggestions"] if one["after"]} == PROPOSED
    assert [one["setting"] for one in told["suggestions"] if not one["after"]] == ["dimensions.EVENT"]
    assert (told["stored"], told["problems"], settings(person)) == (False, [], before)
    assert list(told["suggestions"][0]) == ["setting", "before", "after", "why", "candidates"]


def test_yes_takes_it_and_the_second_time_there_is_nothing_to_change(person: Person) -> None:
    person.connects()
    assert person.reads("settings", "suggest", "--yes")["stored"] is True
    after = settings(person)
    assert (after["contra"], after["wallets"], after["dimensions"]) == (
        ("1089", {"DKK": "1081", "EUR": "1082", "SEK": "1083"}, {"PROJ": "PROJECT"})
    )
    result = person.types("settings", "suggest", "--yes")
    assert (result.exit_code, "Nothing to change." in result.stdout) == (0, True)
    findings = person.reads("check", codes=(0, 3))["findings"]
    assert [finding["message"] for finding in findings if finding["subject"] == "settings"] == (
        ["complete, and all accounts exist"]
    )


def test_it_asks_a_person_and_takes_no_for_an_answer(person: Person) -> None:
    person.connects()
    before = settings(person)
    refused = person.types("settings", "suggest", stdin="n\n", at_terminal=True)
    assert "Save the proposed settings?" in refused.stderr
    assert "kontobro settings suggest --yes" in refused.stdout
    assert settings(person) == before
    taken = person.types("settings", "suggest", stdin="y\n", at_terminal=True)
    assert "Settings saved." in taken.stdout
    assert settings(person)["journal"] == "PLEO"


def test_without_a_person_it_only_shows(person: Person) -> None:
    person.connects()
    result = person.types("settings", "suggest")
    assert result.exit_code == 0
    assert "2890" in result.stdout
    assert "out_of_pocket" not in settings(person)


def test_what_is_not_clear_is_left_to_the_person(person: Person) -> None:
    ledger = person.books.read_text(encoding="utf-8").replace("Reimbursed with the salary", "Mystery")
    person.books.write_text(ledger, encoding="utf-8")
    person.connects()
    result = person.types("settings", "suggest", "--yes")
    assert "Not proposed: external_reimbursement, dimensions.EVENT." in result.stdout
    assert "external_reimbursement" not in settings(person)
