"""Codes are texts: a number in a settings file is refused with what to write, and no zero is lost on the way."""

from __future__ import annotations

import tomllib

import pytest

from kontobro.core.errors import Misconfigured
from kontobro.core.quoting import why_unreadable
from kontobro.core.settings.toml import read_toml, settings_from


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
    assert str(why_unreadable(text, error.value)) == (
        f'line {line} has 0420 without quotes: a code is a text, quote it: "0420"'
    )


def test_any_other_fault_of_a_file_is_tomls_own() -> None:
    text = "wallet == 1 # = 0420"
    with pytest.raises(tomllib.TOMLDecodeError) as error:
        tomllib.loads(text)
    assert why_unreadable("# = 0420\nwallet == 1", error.value) == str(error.value)


@pytest.mark.parametrize("number", ["0420", "1.10", "1e5", "1E5", "0x10", "0o17", "0b1", "1_000", "+5", "-5", "1.5e3"])
def test_a_number_that_is_read_otherwise_than_it_is_written_is_named_as_it_is_written(number: str) -> None:
    for line in (f"wallet = {number}", f"  wallet={number}  # ours"):
        with pytest.raises(Misconfigured) as refused:
            read_toml(f"posting = 'draft'\n{line}\n".encode(), "s.toml")
        assert f'line 2 has {number} without quotes: a code is a text, quote it: "{number}"' in refused.value.message


@pytest.mark.parametrize("number", ["{ EUR = 1.10 }", "{ EUR = 1e5 }"])
def test_digits_that_are_lost_are_not_proposed(number: str) -> None:
    (problem,) = settings_from(read_toml(f"wallets = {number}".encode(), "s.toml"))[1]
    assert "a text in quotes" in problem.message
    assert "write" not in problem.message


@pytest.mark.parametrize(
    "line", ["wallet = '1.10'", 'description = "{payee} = 1e5"', "expires = 2026-01-01", "# a = 1.5"]
)
def test_what_is_no_such_number_is_read(line: str) -> None:
    read_toml(line.encode(), "s.toml")


def test_a_file_of_a_windows_editor_is_read() -> None:
    assert read_toml(b"\xef\xbb\xbfwallet = '0420'\r\n", "s.toml") == {"wallet": "0420"}
