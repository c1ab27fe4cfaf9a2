"""Connecting an accounting system over the network: its options, its secrets, its company, its own words."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import Result

from kontobro.cli.app import app
from kontobro.core.errors import NotAllowed, SeveralCompanies
from kontobro.core.model.connection import Connection
from kontobro.core.model.masterdata import Company
from kontobro.erp.kit.registration import FLAGGED
from kontobro.erp.registry import OURS, Registry
from tests.cli.fakes import KEY, Bench
from tests.cli.person import Person
from tests.support.outside import installed

SECRET = "an-api-key-that-must-never-be-shown"
PLACE = ("--erp", "odoo", "--erp-url", "https://odoo.example", "--erp-database", "books")
TWO = SeveralCompanies("This Odoo has several companies.", "", [("1", "Fjord & Bro"), ("7", "Fjord Norge")])


def connects(bench: Bench, *words: str, at_terminal: bool = False, stdin: str | None = None) -> Result:
    secrets = {"KONTOBRO_API_KEY": KEY, "KONTOBRO_ERP_API_KEY": SECRET}
    return bench.run("connect", *PLACE, *words, stdin=stdin, at_terminal=at_terminal, **secrets)


def connected(bench: Bench) -> Connection:
    (connection,) = bench.connections()
    return connection


def test_options_and_secret_reach_the_connector_and_only_the_options_are_in_the_connection(bench: Bench) -> None:
    bench.erp.company = Company("1", "Fjord & Bro", "DKK")
    result = connects(bench)
    assert result.exit_code == 0, result.output
    connection = connected(bench)
    options = {"url": "https://odoo.example", "database": "books", "company": "1"}
    assert (connection.erp, dict(connection.erp_options), connection.erp_company) == ("odoo", options, "1")
    assert bench.erp.opened_with[0] == ({"url": "https://odoo.example", "database": "books"}, SECRET)
    assert bench.secret(connection, "api_key") == SECRET
    assert SECRET not in result.output + repr(connection)


def test_later_verbs_take_the_secret_from_the_store(bench: Bench) -> None:
    connects(bench)
    bench.erp.opened_with.clear()
    bench.run("check")
    assert {key for _, key in bench.erp.opened_with} == {SECRET}


def test_an_option_by_its_name_is_the_same(bench: Bench) -> None:
    connects(bench, "--erp-option", "database=others")
    assert bench.erp.opened_with[0][0]["database"] == "books", "what has an option of its own wins"
    words = ("--erp", "odoo", "--erp-option", "url=https://odoo.example", "--erp-secret-stdin")
    bench.run("connect", *words, stdin=f"{SECRET}\n", KONTOBRO_API_KEY=KEY)
    assert connected(bench).erp_options["url"] == "https://odoo.example"


def test_both_secrets_from_stdin(bench: Bench) -> None:
    result = bench.run("connect", *PLACE, "--api-key-stdin", "--erp-secret-stdin", stdin=f"{KEY}\n{SECRET}\n")
    assert result.exit_code == 0, result.output
    tokens = bench.tokens(connected(bench))
    assert (tokens.access if tokens else "", bench.secret(connected(bench), "api_key")) == (KEY, SECRET)


def test_the_secret_is_asked_without_echo(bench: Bench) -> None:
    result = bench.run("connect", *PLACE, stdin=f"{SECRET}\n", KONTOBRO_API_KEY=KEY)
    assert result.exit_code == 0, result.output
    assert "odoo: API key (not shown)" in result.stderr
    assert SECRET not in result.output
    assert bench.secret(connected(bench), "api_key") == SECRET


MOVES = [("--erp-url", "https://evil.example"), ("--erp-database", "other")]


@pytest.mark.parametrize("move", MOVES)
def test_a_secret_of_the_environment_is_not_sent_to_another_address(bench: Bench, move: tuple[str, str]) -> None:
    connects(bench)
    bench.erp.opened_with.clear()
    before = bench.connections()
    result = connects(bench, *move)
    assert result.exit_code == 3
    assert "KONTOBRO_ERP_API_KEY holds a secret that was given for another address" in result.stderr
    assert SECRET not in result.output
    assert not bench.erp.opened_with
    assert bench.connections() == before


@pytest.mark.parametrize("move", MOVES)
def test_a_secret_that_is_given_again_is_sent(bench: Bench, move: tuple[str, str]) -> None:
    connects(bench)
    words = (*PLACE, *move, "--erp-secret-stdin")
    result = bench.run("connect", *words, stdin=f"{SECRET}\n", KONTOBRO_API_KEY=KEY)
    assert result.exit_code == 0, result.output
    assert bench.secret(connected(bench), "api_key") == SECRET
    assert connects(bench, *move).exit_code == 0, "from now on it is given for this one too"


def test_pleo_s_key_of_the_environment_is_not_sent_to_another_pleo(bench: Bench) -> None:
    connects(bench)
    bench.pleo.bug = AssertionError("Pleo was asked")
    result = connects(bench, "--environment", "sandbox", "--url", "http://127.0.0.1:9")
    assert result.exit_code == 3
    assert "KONTOBRO_API_KEY holds a secret that was given for another address" in result.stderr
    assert len(bench.connections()) == 1


def test_another_company_on_the_same_login_needs_no_new_secret(bench: Bench) -> None:
    bench.erp.company = Company("1", "Fjord & Bro", "DKK")
    connects(bench)
    assert connects(bench, "--erp-company", "1").exit_code == 0


def test_no_secret_is_a_thing_to_mend(bench: Bench) -> None:
    result = bench.run("connect", *PLACE, "--erp-secret-stdin", stdin="\n", KONTOBRO_API_KEY=KEY)
    assert result.exit_code == 3
    assert "KONTOBRO_ERP_API_KEY" in result.stderr
    assert bench.connections() == []


@pytest.mark.parametrize(
    ("option", "said"),
    [(f"api_key={SECRET}", "is a secret"), ("databse=books", "url, database, company"), ("books", "not KEY=VALUE")],
)
def test_a_secret_or_an_unknown_option_is_no_argument(bench: Bench, option: str, said: str) -> None:
    result = connects(bench, "--erp-option", option)
    assert result.exit_code == 2
    assert said in " ".join(result.stderr.replace("│", " ").split())
    assert SECRET not in result.output


def test_missing_permissions_are_told_by_their_names_and_nothing_is_stored(bench: Bench) -> None:
    bench.erp.fault = NotAllowed("The user may not: settle bills (group Accounting: Invoicing).", "Give it the group.")
    result = connects(bench)
    assert result.exit_code == 3
    assert "group Accounting: Invoicing" in result.stderr
    assert (bench.connections(), bench.pleo.installed) == ([], None)


def test_check_names_missing_permissions_once(bench: Bench) -> None:
    connects(bench)
    bench.erp.fault = NotAllowed("The user may not: settle bills (group Accounting: Invoicing).", "Give it the group.")
    findings = json.loads(bench.run("check", "--json").stdout)["findings"]
    said = [finding for finding in findings if "Accounting: Invoicing" in finding["message"]]
    assert [(finding["subject"], finding["exit_code"]) for finding in said] == [("accounting system", 3)]


def test_several_companies_are_listed_and_one_is_picked(bench: Bench) -> None:
    bench.erp.company, bench.erp.faults = Company("7", "Fjord Norge", "NOK"), [TWO]
    result = connects(bench, at_terminal=True, stdin="7\ny\n")
    assert result.exit_code == 0, result.output
    assert "1  Fjord & Bro" in result.stderr
    assert "7  Fjord Norge" in result.stderr
    assert (connected(bench).erp_options["company"], connected(bench).erp_company) == ("7", "7")


def test_a_company_that_is_not_in_the_list_is_refused(bench: Bench) -> None:
    bench.erp.faults = [TWO]
    result = connects(bench, at_terminal=True, stdin="3\n")
    assert result.exit_code == 2
    assert bench.connections() == []


def test_nobody_to_pick_a_company_is_told_the_option(bench: Bench) -> None:
    bench.erp.faults = [TWO]
    result = connects(bench)
    assert result.exit_code == 3
    assert "--erp-company ID" in result.stderr


def test_the_company_may_be_named_at_once(bench: Bench) -> None:
    connects(bench, "--erp-company", "7")
    assert bench.erp.opened_with[0][0]["company"] == "7"


def test_a_connector_of_ones_own_gets_its_secret(person: Person) -> None:
    place = ("--environment", "sandbox", "--url", person.url, "--erp", "tests.cli.own_erp:from_options")
    secrets = ("--erp-secret", "token", "--api-key-stdin", "--erp-secret-stdin")
    refused = person.types("connect", *place, *secrets, stdin=f"{person.sandbox.api_key}\nwrong\n")
    assert (refused.exit_code, "Give the right one." in refused.output) == (3, True), refused.output
    result = person.types("connect", *place, *secrets, stdin=f"{person.sandbox.api_key}\nopen sesame\n")
    assert result.exit_code == 0, result.output
    findings = person.reads("check", codes=(0, 3))["findings"]
    assert any(finding["subject"] == "accounting system" and finding["ok"] for finding in findings)
    assert "open sesame" not in "".join(person.shown)


def test_check_says_what_the_accounting_system_does_not_keep(person: Person) -> None:
    place = ("--environment", "sandbox", "--url", person.url, "--erp", "tests.cli.own_erp:from_options")
    secrets = ("--erp-secret", "token", "--erp-option", "not_kept=dimensions", "--api-key-stdin", "--erp-secret-stdin")
    result = person.types("connect", *place, *secrets, stdin=f"{person.sandbox.api_key}\nopen sesame\n")
    assert result.exit_code == 0, result.output
    findings = person.reads("check", codes=(0, 3))["findings"]
    assert "This system keeps no dimensions." in [finding["message"] for finding in findings]


def test_what_connectors_declare_a_flag_for_is_a_flag_of_connect() -> None:
    declared = {option.flag for name in OURS for option in Registry().get(name).options if option.flag}
    assert declared == {option.flag for option in FLAGGED}
    command = typer.main.get_command(app)
    given = [option.opts[0] for option in command.commands["connect"].params]  # type: ignore[attr-defined]
    at = given.index("--erp") + 1
    assert given[at : at + len(FLAGGED)] == [option.flag for option in FLAGGED]


NORTHBOOK = ("--erp", "northbook", "--erp-option", "server=https://books.example", "--erp-option", "region=eu")


def of_northbook(bench: Bench, *words: str) -> Result:
    with installed():
        return bench.run("connect", *NORTHBOOK, *words, KONTOBRO_API_KEY=KEY, KONTOBRO_ERP_TOKEN=SECRET)


def test_a_package_s_options_are_given_by_name_and_its_paths_are_made_absolute(bench: Bench) -> None:
    bench.erp.company = Company("2", "Bro ApS", "DKK")
    result = of_northbook(bench, "--erp-option", "archive=copies/../kept")
    assert result.exit_code == 0, result.output
    books = {"server": "https://books.example", "region": "eu", "archive": str(Path("kept").resolve())}
    assert dict(connected(bench).erp_options) == {**books, "company": "2"}
    assert bench.secret(connected(bench), "token") == SECRET
    assert SECRET not in result.output


@pytest.mark.parametrize(
    ("option", "code", "said"),
    [
        ("acrhive=x", 2, "server, region, archive, note, company"),
        (f"token={SECRET}", 2, "token is a secret"),
        ("region=mars", 3, "Set it to one of: eu, us."),
        ("server=", 3, "--erp-option server=VALUE"),
    ],
)
def test_a_package_s_options_are_checked(bench: Bench, option: str, code: int, said: str) -> None:
    result = of_northbook(bench, "--erp-option", option)
    assert (result.exit_code, bench.connections()) == (code, [])
    assert said in " ".join(result.stderr.replace("│", " ").split())
    assert SECRET not in result.output


def test_a_package_s_companies_are_listed_and_one_is_picked(bench: Bench) -> None:
    bench.erp.company, bench.erp.faults = Company("7", "Fjord Norge", "NOK"), [TWO]
    with installed():
        secrets = {"KONTOBRO_API_KEY": KEY, "KONTOBRO_ERP_TOKEN": SECRET}
        result = bench.run("connect", *NORTHBOOK, stdin="7\ny\n", at_terminal=True, **secrets)
    assert result.exit_code == 0, result.output
    assert connected(bench).erp_options["company"] == "7"


def test_a_package_s_secret_is_not_sent_to_another_address(bench: Bench) -> None:
    of_northbook(bench)
    bench.erp.opened_with.clear()
    result = of_northbook(bench, "--erp-option", "server=https://evil.example")
    assert result.exit_code == 3
    assert "KONTOBRO_ERP_TOKEN holds a secret that was given for another address" in result.stderr
    assert not bench.erp.opened_with


def test_an_unknown_system_lists_those_that_are_installed(bench: Bench) -> None:
    with installed():
        result = bench.run("connect", "--erp", "wrong", KONTOBRO_API_KEY=KEY)
    assert result.exit_code == 3
    said = " ".join(result.stderr.split())
    assert (
        'There is no connector "wrong". Choose one of: beancount, csv, datev, fec, northbook, odoo, sie, tryton, xlsx.'
        in said.replace("✗ ", "")
    )
    assert "entry point in the group kontobro.connectors" in said
