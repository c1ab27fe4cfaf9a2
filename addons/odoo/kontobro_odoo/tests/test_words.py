import io

import polib
from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import file_open
from odoo.tools.translate import trans_export

from kontobro.core.errors import Busy, Problem
from kontobro.core.model.findings import problem

from .common import PleoCase

UNKNOWN = problem("account_unknown.system", "account", "4711", system="Odoo")
OLD = Problem("account_unknown", "account", "4712", "Account 4712 is not there.", "Add it.", "account_unknown")
OWN = Problem("fjord_sunday", "date", "2026-11-22", "It is a Sunday.", "Wait.", "validation_failure")


@tagged("post_install", "-at_install")
class TestWords(PleoCase):
    """A screen speaks the language of who looks at it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"].sudo()._activate_lang("da_DK")
        cls.env["ir.module.module"].sudo()._load_module_terms(["kontobro_odoo"], ["da_DK"])
        problems = [one.to_json() for one in (UNKNOWN, OLD, OWN)]
        row = dict.fromkeys(("reference", "job_id", "run", "kind", "item_type"), "x")
        row |= {"state": "planned", "receipts": 0, "updated_at": "2026-11-22 10:00:00", "problems": problems}
        cls.booking = cls.env["kontobro.booking"].sudo().create({**row, "connection_id": cls.connection.id})

    def told(self, language):
        return self.booking.with_user(self.user).with_context(lang=language).told

    def test_types_amounts_and_days_stand_as_who_looks_reads_them(self):
        row = self.booking.with_user(self.user)
        row.sudo().write({"item_type": "card_purchase", "total": "123456789012345.60", "currency": "DKK"})
        row.sudo().write({"date": "2026-10-07", "kind": "credit_note"})
        danish, english = row.with_context(lang="da_DK"), row.with_context(lang="en_US")
        self.assertEqual((danish.type_name, english.type_name), ("Kortkøb", "Card purchase"))
        self.assertEqual((danish.kind_name, english.kind_name), ("Kreditnota", "Credit note"))
        self.assertEqual(danish.shown_total, "123.456.789.012.345,60\N{NO-BREAK SPACE}DKK")
        self.assertEqual(english.shown_total, "123,456,789,012,345.60\N{NO-BREAK SPACE}DKK")
        self.assertEqual(str(english.day), "2026-10-07")

    def test_what_is_no_amount_and_no_day_breaks_no_list(self):
        self.booking.sudo().write({"total": "a lot", "date": "soon", "currency": False})
        self.assertEqual((self.booking.shown_total, self.booking.day), ("a lot", False))

    def test_a_problem_is_told_in_the_language_of_who_looks(self):
        self.assertEqual(self.told("en_US").splitlines(), [str(UNKNOWN), str(OLD), str(OWN)])
        danish, *others = self.told("da_DK").splitlines()
        self.assertEqual(danish, "Kontoen 4711 findes ikke i Odoo. Vælg en anden konto, eller opret den i Odoo.")
        self.assertEqual(others, [str(OLD), str(OWN)])

    def test_the_template_has_what_odoo_finds_to_translate(self):
        """Else: `odoo i18n export -l pot kontobro_odoo`, and the new terms into each language."""
        found = io.BytesIO()
        trans_export(False, ["kontobro_odoo"], found, "po", self.env)
        with file_open("kontobro_odoo/i18n/kontobro_odoo.pot") as template:
            kept = polib.pofile(template.read())
        self.assertEqual({entry.msgid for entry in polib.pofile(found.getvalue().decode())}, {it.msgid for it in kept})

    def test_no_two_fields_are_called_the_same(self):
        """Where filters and exports offer them, no one could tell them apart; Odoo warns at each start."""
        for name in self.env.registry:
            if name.startswith("kontobro."):
                labels = [field.string for field in self.env[name]._fields.values()]
                self.assertEqual(sorted(labels), sorted(set(labels)), name)

    def test_what_stopped_the_last_run_is_too(self):
        stopped = {"last_fault": "Pleo can't be reached. Wait.", "last_fault_code": "job.service_unreachable"}
        self.connection.sudo().write(stopped)
        told = self.connection.with_user(self.user).with_context(lang="da_DK").fault_told
        self.assertEqual(told.splitlines()[-1], stopped["last_fault"])
        self.assertRegex(told, "^Pleo kan ikke nås")
        self.assertEqual(self.connection.with_context(lang="en_US").fault_told, stopped["last_fault"])

    def test_bad_input_and_faults_are_too(self):
        connection = self.connection.with_user(self.manager).with_context(lang="da_DK")
        with self.assertRaisesRegex(
            ValidationError, "Indstillingen retention_days tager et helt tal fra 0 til 3650 .den er -1"
        ):
            connection.write({"retention_days": -1})
        with (
            self.assertRaisesRegex(UserError, "En anden kørsel er i gang(.|\n)*Another run"),
            connection._faults_told(),
        ):
            raise Busy("Another run is in progress.")

    def test_notes_are_in_the_language_of_who_looks(self):
        stored = {"text": "Nothing to book: the amount is zero.", "phrase": "note_zero", "facts": {}}
        row = self.env["kontobro.booking"].new({"notes": [stored]})
        self.assertEqual(row.notes_told, stored["text"])
        self.assertEqual(row.with_context(lang="da_DK").notes_told, "Intet at bogføre: beløbet er nul.")
