"""`kontobro connect`, `check` and `export` under the answers that connecting meets: a person sees the same, or what to
do."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import pytest

from kontobro.bootstrap import open_app
from kontobro.health.data_folder import pleo as looked_at
from pleo_sandbox.demo.company import TO_FIX
from tests.cli.person import DEMO, Person

MET = {
    "the installation names the company": {"names_subject": "no"},
    "an organisation is named": {"names_subject": "organisation"},
    "404 for a missing installation": {"missing_installation": 404},
    "no company's name": {"companies_need_scope": True},
    "no error bodies": {"error_bodies": False},
    "an unknown field everywhere": {"unknown_fields": True},
    "an unknown status of the installation": {"unseen_word": "installationStatus"},
    "an unknown way to log in": {"unseen_word": "authMethod"},
    "an unknown type of expense": {"unseen_word": "type"},
    "lists the other way round": {"lists_reversed": True},
}


@pytest.mark.parametrize("rules", MET.values(), ids=MET)
def test_a_person_connects_checks_and_exports(person: Person, rules: dict[str, Any]) -> None:
    person.sandbox.set_rules(rules)
    company = person.sandbox.company_id
    chosen: tuple[str, ...] = ()
    if rules.get("names_subject") == "organisation":
        refused = person.connects()
        assert refused.exit_code == 3
        assert "kontobro connect --company ID" in refused.output
        chosen = ("--company", company)
    if "companies_need_scope" in rules:
        chosen = ("--company-name", "Fjord & Bro ApS")
    connected = person.connects("--level", "1", *chosen)
    assert connected.exit_code == 0, connected.output
    assert person.types("settings", "import", str(DEMO / "settings.toml")).exit_code == 0
    checked = person.types("check")
    unclear = rules.get("unseen_word") == "installationStatus"  # it may be one that is not active
    assert checked.exit_code == (3 if unclear else 0), checked.output
    assert ("The integration in Pleo is unseen_word" in checked.output) is unclear
    good = next(one.id for one in person.sandbox.exports.companies[company].expenses if one.id not in TO_FIX)
    person.sandbox.press_export(company, [good])
    exported = person.types("export")
    unknown = rules.get("unseen_word") == "type"
    assert ("type unseen_word" in exported.output) is unknown
    assert str(person.sandbox.jobs[0].status) == ("failed" if unknown else "completed")
    drifts = unknown or "unknown_fields" in rules or "unseen_word" in rules or "error_bodies" in rules
    with closing(open_app(person.folder / "home")) as app:
        assert [one.verdict for one in looked_at(app)] == ["warn" if drifts else "ok"]
