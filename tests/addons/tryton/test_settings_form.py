"""Every setting can be set in Tryton: all fields of the core's settings are on the form, but for a named few."""

from __future__ import annotations

import dataclasses
import re

from kontobro.core.model.settings import RowOverride, Settings
from tests.addons.tryton.installation import MODULE

OFF_THE_FORM = {
    "hook": "it names code that runs in Tryton's own process: whoever looks after the server decides",
    "sync_choice": "the plan of a sync has it, on the pages and the command line; this form keeps it as it is",
}
ELSEWHERE = {
    "sync": {"sync_accounts", "sync_tax_codes", "sync_dimensions_", "sync_vendors"},
    "sync_dimensions": {"dimensions"},
}
"""Settings whose field on the form has another name; which dimensions are sent is a tick in their lines."""


def fields_of(view: str) -> set[str]:
    return set(re.findall(r'<field name="(\w+)"', (MODULE / "view" / f"{view}.xml").read_text(encoding="utf-8")))


def test_every_setting_is_on_the_form() -> None:
    shown = fields_of("settings_start_form")
    names = {field.name for field in dataclasses.fields(Settings)}
    wanted = {name: ELSEWHERE.get(name, {name}) for name in names - OFF_THE_FORM.keys()}
    assert {name for name, places in wanted.items() if not places <= shown} == set()
    assert shown - {"company"} == set().union(*wanted.values())
    assert "send" in fields_of("settings_dimension_form")


def test_every_field_of_a_posting_rule_is_on_its_line() -> None:
    names = {field.name for field in dataclasses.fields(RowOverride)}
    assert fields_of("settings_row_form") == fields_of("settings_row_tree") == names
