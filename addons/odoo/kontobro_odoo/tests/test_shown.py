"""Every setting has its place on a screen."""

import dataclasses

from lxml import etree
from odoo.exceptions import ValidationError
from odoo.tests import tagged

from kontobro.core.model.settings import RowOverride, Settings

from ..models.connection_form import KINDS
from .common import PleoCase

OTHERWISE = {
    "journal": ("journal_id",),
    "sync": tuple(KINDS.values()),
    "sync_dimensions": ("plan_ids",),
    "wallets": ("wallet_ids",),
    "dimensions": ("tag_ids",),
    "rows": ("row_ids",),
    "line_account": ("account_id",),
    "use_line_account": ("own_account",),
}
"""Settings whose fields have other names."""

NOWHERE = {"sync_choice": "the plan of a sync has it, on the pages and the command line; a form here keeps it as it is"}
"""Settings that no screen shows, each with the reason."""


@tagged("post_install", "-at_install")
class TestShown(PleoCase):
    def screen(self, view, within="//field"):
        arch = self.env.ref(f"kontobro_odoo.{view}").arch
        return {field.get("name") for field in etree.fromstring(arch).xpath(within)}

    def test_every_setting_is_on_a_screen(self):
        there = self.screen("connection_form") | self.screen("lines_form")
        for field in dataclasses.fields(Settings):
            shown = set(OTHERWISE.get(field.name, (field.name,))) <= there
            self.assertNotEqual(shown, field.name in NOWHERE, field.name)

    def test_every_column_of_a_posting_row_is_in_its_list(self):
        there = self.screen("lines_form", "//field[@name='row_ids']/list/field")
        for field in dataclasses.fields(RowOverride):
            self.assertLessEqual(set(OTHERWISE.get(field.name, (field.name,))), there)

    def test_notes_of_an_expense_are_shown(self):
        for view in ("booking_form", "booking_list", "job_form"):
            self.assertIn("notes_told", self.screen(view), view)
        row = self.env["kontobro.booking"].new({"notes": ["The same invoice is already booked.", "Booked later."]})
        self.assertEqual(row.notes_told, "The same invoice is already booked.\nBooked later.")
        self.assertFalse(self.env["kontobro.booking"].new({"notes": None}).notes_told)

    def test_what_is_new_on_the_form_is_kept(self):
        changed = {"patience_minutes": 5, "sync_max_percent": 40, "sync_floor": 0, "create_vendors": True}
        self.connection.with_user(self.manager).write(changed)
        for name, value in changed.items():
            self.assertEqual(self.connection.settings[name], value)
        for name in ("patience_minutes", "sync_max_percent", "sync_floor"):
            with self.assertRaisesRegex(ValidationError, name):
                self.connection.with_user(self.manager).write({name: 5000})

    def test_only_an_administrator_names_a_function(self):
        for bad in ({"hook": "os:getcwd"}, {"settings": {**self.connection.settings, "hook": "os:getcwd"}}):
            with self.assertRaises(ValidationError):
                self.connection.with_user(self.manager).write(bad)
        administrator = self.person("pleo-administrator", "kontobro_odoo.group_manager")
        administrator.group_ids += self.env.ref("base.group_system")
        self.connection.with_user(administrator).write({"hook": "decimal:Decimal"})
        self.assertEqual(self.connection.settings["hook"], "decimal:Decimal")
        self.connection.with_user(self.manager).write({"posting": "posted"})
        self.assertEqual(self.connection.settings["hook"], "decimal:Decimal")
        self.assertNotIn("hook", self.connection.with_user(self.manager).fields_get())
