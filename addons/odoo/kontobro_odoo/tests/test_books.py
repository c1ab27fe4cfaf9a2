from odoo.tests import tagged
from odoo.tools import mute_logger
from psycopg2 import IntegrityError

from .common import PleoCase


@tagged("post_install", "-at_install")
class TestBooks(PleoCase):
    def second(self, **other):
        facts = self.facts(self.other) | {"pleo_company": self.connection.pleo_company} | other
        connection = self.env["kontobro.connection"].sudo().create(facts)
        connection.flush_recordset()
        return connection

    def test_one_pleo_company_has_one_set_of_books(self):
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError), self.cr.savepoint():
            self.second()

    def test_another_environment_has_other_companies(self):
        self.assertTrue(self.second(environment="y").exists())

    def test_books_that_were_left_are_no_hindrance(self):
        self.connection.sudo().status = "disconnected"
        self.connection.flush_recordset()
        self.assertTrue(self.second().exists())
