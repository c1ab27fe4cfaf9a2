"""Money, dates and texts as a person sees them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kontobro.cli.common import show


@pytest.mark.parametrize(
    ("language", "amount", "shown"),
    [
        ("da_DK.UTF-8", "1234567.50", "1.234.567,50"),
        ("en_GB.UTF-8", "1234.50", "1,234.50"),
        ("C.UTF-8", "1234.50", "1,234.50"),
        ("nonsense", "0.05", "0.05"),
        ("da_DK.UTF-8", "1500", "1.500"),
        ("da_DK.UTF-8", "1.234", "1,234"),
    ],
)
def test_figures_follow_the_readers_locale(
    monkeypatch: pytest.MonkeyPatch, language: str, amount: str, shown: str
) -> None:
    for name in ("LC_ALL", "LC_MONETARY", "LC_NUMERIC"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", language)
    assert show.figure(Decimal(amount)) == shown


@given(st.decimals(allow_nan=False, allow_infinity=False, places=2, min_value=-(10**15), max_value=10**15))
def test_no_digit_is_lost(amount: Decimal) -> None:
    shown = show.figure(amount)
    assert [c for c in shown if c.isdigit()] == [c for c in f"{amount:.2f}" if c.isdigit()]


def test_what_is_no_amount_is_shown_as_it_is() -> None:
    assert show.amount_of("NaN", "DKK") == "NaN"
    assert show.amount_of("", "DKK") == ""


def test_text_from_outside_is_never_markup(capsys: pytest.CaptureFixture[str]) -> None:
    show.say("[bold]Caf\u00e9[/bold] :smile:")
    assert capsys.readouterr().out == "[bold]Caf\u00e9[/bold] :smile:\n"


def test_json_keeps_decimals_as_strings(capsys: pytest.CaptureFixture[str]) -> None:
    show.emit_line({"total": Decimal("10.10")})
    assert capsys.readouterr().out == '{"total": "10.10"}\n'


def test_no_bar_without_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with show.progress(quietly=False) as advance:
        advance("booking", 1, 2)
    assert capsys.readouterr() == ("", "")


def test_text_from_outside_never_steers_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    show.say("Fjord\x1b[2J & \x9bBro\r\nnext")
    show.tell("\x1b]0;owned\x07")
    out, err = capsys.readouterr()
    assert not any(c in out + err for c in "\x1b\x9b\r\x07")
    assert "Fjord [2J &  Bro" in out
