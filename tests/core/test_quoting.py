"""Codes are texts: a number in a settings file is refused with what to write, and no zero is lost on the way."""

from __future__ import annotations

import tomllib

import pytest

from kontobro.core.quoting import why_unreadable
from kontobro.core.settings_file import settings_from


@pytest.mark.parametrize(
    ("text", "write"),
    [
        ("wallet = 1200", 'wallet = "1200"'),
        ("[wallets]\nEUR = 1082", 'EUR = "1082"'),
        ("[dimensions]\nCOST = 100", 'COST = "100"'),
        ("[[rows]]\ntype = 'card_purchase'\nline_account = 4000", 'line_account = "4000"'),
    ],
)
def test_a_number_for_a_code_is_refused_with_what_to_write(text: str, write: str) -> None:
    _, problems = settings_from(tomllib.loads(text))
    assert [problem.code for problem in problems] == ["setting_wrong"]
    assert f"write {write}" in problems[0].message


@pytest.mark.parametrize(
    "text",
    ["posting = 'draft'\nwallet = 0420", "x = 1\nwallets = { EUR = 0420 }", "[a]\nsync_dimensions = [0420, 1] # two"],
)
def test_a_leading_zero_that_toml_does_not_read_is_named_with_its_line(text: str) -> None:
    with pytest.raises(tomllib.TOMLDecodeError) as error:
        tomllib.loads(text)
    line = next(number for number, line in enumerate(text.splitlines(), 1) if "0420" in line)
    assert why_unreadable(text, error.value) == (
        f'line {line} has 0420 without quotes: a code is a text, quote it: "0420"'
    )


def test_any_other_fault_of_a_file_is_tomls_own() -> None:
    text = "wallet == 1 # = 0420"
    with pytest.raises(tomllib.TOMLDecodeError) as error:
        tomllib.loads(text)
    assert why_unreadable("# = 0420\nwallet == 1", error.value) == str(error.value)
