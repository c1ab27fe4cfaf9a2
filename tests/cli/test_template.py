"""`kontobro template`: a template of one's own is made, checked and looked at."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from kontobro.bootstrap import open_app
from kontobro.cli.app import app
from kontobro.erp.files.template import READY
from kontobro.erp.files.template.own.texts import ready_text
from tests.support.store_contract.case import connection


def types(*words: str) -> Result:
    return CliRunner().invoke(app, ["template", *words])


def reads(*words: str, code: int = 0) -> Any:
    result = types(*words, "--json")
    assert result.exit_code == code, result.output
    return json.loads(result.stdout)


def test_all_are_listed_and_two_of_them_need_a_consultant() -> None:
    found = {one["name"]: one["check_with_consultant"] for one in reads("list")}
    assert tuple(found) == READY
    assert {name for name, needs in found.items() if needs} == {"sap-business-one", "exact-globe"}
    assert "check with your consultant" in types("list").output


def test_a_copy_can_be_used_and_is_never_written_over(tmp_path: Path) -> None:
    own = tmp_path / "ours.toml"
    assert types("new", str(own), "--like", "xero").exit_code == 0
    assert types("check", str(own)).exit_code == 0
    own.write_text(own.read_text("utf-8") + "\n# ours\n", "utf-8")
    again = types("new", str(own))
    assert again.exit_code == 3
    assert "already exists" in again.output
    assert own.read_text("utf-8").endswith("# ours\n")


def test_all_that_is_wrong_is_said_at_once(tmp_path: Path) -> None:
    own = tmp_path / "ours.toml"
    own.write_text(
        'name = "Ours"\n[[columns]]\ntitle = "A"\nvalue = "{payeee}"\n[[columns]]\ntitle = "B"\nvalue = "{balance}"\n'
    )
    found = reads("check", str(own), code=1)
    assert [("column 1" in one["message"], "column 2" in one["message"]) for one in found] == [
        (True, False),
        (False, True),
    ]
    own.write_text('name = "Ours"\n[file]\nmax_rows = 0\n[[columns]]\ntitle = "A"\nlongest = 0\n')
    assert len(reads("check", str(own), code=1)) == 2


@pytest.mark.parametrize("name", READY)
def test_each_template_shows_what_it_writes_of_a_small_company(name: str) -> None:
    found = reads("preview", name)
    assert found["problems"] == []
    rows = [row for file in found["files"] for row in file["rows"]]
    assert len(rows) >= 6


def test_a_preview_has_the_amounts_of_its_entries() -> None:
    (file,) = reads("preview", "generic-lines")["files"]
    assert [row["Debit"] or f"-{row['Credit']}" for row in file["rows"][:3]] == ["80.00", "20.00", "-100.00"]
    shown = types("preview", "generic-lines").output
    assert "6110" in shown
    assert "80.00" in shown


def test_what_a_template_refuses_is_said(tmp_path: Path) -> None:
    own = tmp_path / "ours.toml"
    own.write_text('name = "Ours"\n[[columns]]\ntitle = "A"\nvalue = "{note}"\nlongest = 5\n')
    found = reads("preview", str(own), code=1)
    assert any("Ours, A" in problem for problem in found["problems"])


def test_a_template_that_is_not_there_names_those_that_are() -> None:
    result = types("preview", "xerro")
    assert result.exit_code == 3
    assert "xero" in result.output


@pytest.fixture
def connected(tmp_path: Path) -> Any:
    """A home with a connection to CSV files, and the way to type there."""
    opened = open_app(tmp_path / "home")
    made = connection(erp="csv", erp_options={"template": "banana", "company_name": "Fjord"})
    opened.store.save_connection(made)
    opened.close()
    return lambda *words: CliRunner().invoke(app, ["--home", str(tmp_path / "home"), "template", *words])


def test_a_template_is_kept_with_the_connection_and_taken_back(connected: Any, tmp_path: Path) -> None:
    own = tmp_path / "ours.toml"
    account = '[[columns]]\ntitle = "Account"\nvalue = "{account_number}"\n'
    rest = account + '[[columns]]\ntitle = "Sum"\nvalue = "{amount}"\n'
    own.write_text(f'name = "Ours"\n[[columns]]\ntitle = "Who"\nvalue = "{{payee}}"\n{rest}')
    assert connected("show", "--before").stdout == ""
    assert connected("undo").exit_code == 3
    used = connected("use", str(own))
    assert (used.exit_code, 'column "Who" added' in used.output) == (0, True)
    assert connected("show").stdout == own.read_text()
    assert connected("show", "--before").stdout == ready_text("banana")
    assert connected("undo").exit_code == 0
    assert connected("show").stdout == ready_text("banana")
    own.write_text('name = "Ours"\n[[columns]]\ntitle = "Who"\nvalue = "{payeee}"\n')
    refused = connected("use", str(own))
    assert (refused.exit_code, "payeee" in refused.output) == (3, True)
    assert connected("show").stdout == ready_text("banana")
