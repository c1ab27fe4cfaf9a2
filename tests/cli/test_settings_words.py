"""What the command line says of settings is what their catalogue says."""

from __future__ import annotations

import tomllib

from kontobro.core.settings.catalogue import catalogue
from tests.cli.fakes import Bench


def test_the_help_of_set_lists_every_setting_with_its_choices(bench: Bench) -> None:
    shown = " ".join(bench.run("settings", "set", "--help").stdout.split())
    for key, entry in catalogue().items():
        assert f"{key} – {entry.label}: {entry.help}" in shown
        assert all(f"{value} ({words})" in shown for value, words in entry.choices.items())


def test_each_shown_setting_stands_below_what_it_is(bench: Bench) -> None:
    bench.connect()
    bench.run("settings", "set", "wallets.EUR", "1082", "--offline")
    text = bench.run("settings", "show").stdout
    lines = text.splitlines()
    for key in tomllib.loads(text):
        name = f"[{key}]" if key == "wallets" else f"{key} = "
        (at,) = [number for number, line in enumerate(lines) if line.startswith(name)]
        assert lines[at - 1] == f"# {catalogue()[key].in_words}"
