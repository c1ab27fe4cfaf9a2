from odoo.exceptions import ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger
from psycopg2 import IntegrityError

from .common import PleoCase


@tagged("post_install", "-at_install")
class TestReference(PleoCase):
    def entry(self, reference):
        move = self.env["account.move"].create({"move_type": "entry", "journal_id": self.journal.id})
        move.sudo().kontobro_reference = reference
        move.flush_recordset()
        return move

    @property
    def journal(self):
        return self.company_data["default_journal_misc"]

    def test_a_second_is_refused_by_the_database(self):
        self.entry("abc")
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError), self.cr.savepoint():
            self.entry("abc")

    def test_entries_without_one_are_as_many_as_they_like(self):
        self.assertNotEqual(self.entry(False), self.entry(False))

    def test_nobody_takes_it_off_or_changes_it(self):
        move = self.entry("jkl")
        for other in (False, "mno"):
            with self.assertRaises(ValidationError):
                move.write({"kontobro_reference": other})
        move.write({"kontobro_reference": "jkl", "ref": "a person's own words"})
        self.assertEqual((move.kontobro_reference, move.ref), ("jkl", "a person's own words"))

    def test_nobody_gives_an_entry_one_on_its_way_in(self):
        """By values, by a default in the context, by an import's column: else it would look booked."""
        plain = {"move_type": "entry", "journal_id": self.journal.id}
        for person in (self.env.user, self.user, self.manager):
            moves = self.env["account.move"].with_user(person)
            for way in (
                lambda moves=moves: moves.create({**plain, "kontobro_reference": "pqr"}),
                lambda moves=moves: moves.with_context(default_kontobro_reference="pqr").create(plain),
            ):
                with self.assertRaisesRegex(ValidationError, "Only Kontobro"):
                    way()
            columns = ["id", "move_type", "journal_id/.id", "kontobro_reference"]
            for external_id in ("", "stranger.pqr"):
                loaded = moves.load(columns, [[external_id, "entry", str(self.journal.id), "pqr"]])
                self.assertTrue(loaded["messages"])
        self.assertFalse(self.env["account.move"].search([("kontobro_reference", "=", "pqr")]))

    def test_a_copy_does_not_inherit_it(self):
        self.assertFalse(self.entry("def").copy().kontobro_reference)

    def test_what_is_loaded_under_our_external_id_has_it(self):
        loaded = (
            self.env["account.move"]
            .with_context(mode="update", noupdate=True)
            .load(["id", "move_type", "journal_id/.id"], [["kontobro.ghi/pay", "entry", str(self.journal.id)]])
        )
        self.assertFalse(loaded["messages"])
        self.assertEqual(self.env["account.move"].browse(loaded["ids"]).kontobro_reference, "ghi/pay")
