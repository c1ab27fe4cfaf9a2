"""A template whose rows are no postings is refused with what is missing, for each way that rows are made."""

from __future__ import annotations

from pathlib import Path

import pytest

from kontobro.core.errors import Misconfigured
from kontobro.erp.files.template import READY
from kontobro.erp.files.template.own.texts import ready_text
from kontobro.erp.files.template.preview import faults_of
from kontobro.erp.files.template.target import open_csv, open_xlsx


def template(per: str, *values: str, head: tuple[str, ...] = ("{reference}",)) -> str:
    whole = per.startswith("entry")
    rows = [("columns", value) for value in (head if whole else values)]
    rows += [("line_columns", value) for value in (values if whole else ())]
    columns = "".join(
        f'\n[[{table}]]\ntitle = "{number}"\nvalue = "{value}"\n' for number, (table, value) in enumerate(rows)
    )
    return f'name = "Ours"\n[rows]\nper = "{per}"\n{columns}'


LINES = ("line", "entry", "entry_and_lines")
LACKING = [
    *[(template(per, "{amount}"), "its rows say no account") for per in LINES],
    *[(template(per, "{account_number}", "{text}"), "its rows say no amount") for per in LINES],
    (template("entry", "{text}", head=("{account_number}", "{amount}")), "its rows say no account"),
    (template("line", "{account_number}", "{total}"), "its rows say no amount"),
    (template("line", "{account_number}", "{debit}"), "its rows say the debit and not the credit"),
    (template("line", "{account_number}", "{credit}"), "its rows say the credit and not the debit"),
    (template("line", "{account_number}", "{absolute_amount}"), "its rows say an amount and not its side"),
    (template("pair", "{amount}"), "its rows say no account for both sides"),
    (template("pair", "{debit_account}", "{amount}"), "its rows say an account for one side only"),
    (template("pair", "{account_number}", "{amount}"), "its rows say an account for one side only"),
    (template("pair", "{debit_account}", "{credit_account}"), "its rows say no amount"),
    (template("pair", "{account_number}", "{contra_account}", "{absolute_amount}"), "and not its side"),
]
WHOLE = [
    *[template(per, "{account_number}", "{amount}") for per in LINES],
    template("line", "{account_name}", "{debit}", "{credit}"),
    template("line", "{account_number} {text}", "{credit_debit_indicator}{absolute_gross_amount}"),
    template("pair", "{debit_account}", "{credit_account}", "{absolute_amount}"),
    template("pair", "{account_number}", "{contra_account}", "{negated_amount}"),
]


@pytest.mark.parametrize(("text", "said"), LACKING)
def test_what_is_missing_is_said_by_the_check_and_stops_the_export(tmp_path: Path, text: str, said: str) -> None:
    text = text.replace("{text}", "{note}")
    messages = [fault.message for fault in faults_of(text, "ours.toml")]
    assert any(said in message for message in messages), messages
    path = tmp_path / "ours.toml"
    path.write_text(text)
    for opened in (open_csv, open_xlsx):
        with pytest.raises(Misconfigured, match="its rows say"):
            opened({"template_file": str(path)})


@pytest.mark.parametrize("text", WHOLE)
def test_each_form_of_amounts_and_accounts_is_taken(text: str) -> None:
    assert faults_of(text.replace("{text}", "{note}"), "ours.toml") == []


@pytest.mark.parametrize("name", READY)
def test_those_that_come_with_kontobro_say_all(name: str) -> None:
    assert faults_of(ready_text(name), name) == []
