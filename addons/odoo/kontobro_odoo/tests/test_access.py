from odoo.exceptions import AccessError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger
from psycopg2 import IntegrityError

from .common import PleoCase


@tagged("post_install", "-at_install")
class TestAccess(PleoCase):
    def test_who_may_not_see_the_company_sees_nothing_of_it(self):
        hidden = self.connect(self.other)
        seen = self.env["kontobro.connection"].with_user(self.manager).search([])
        self.assertIn(self.connection, seen)
        self.assertNotIn(hidden, seen)
        with self.assertRaises(AccessError):
            hidden.with_user(self.manager).read(["name"])

    def test_a_user_looks_and_a_manager_changes(self):
        self.connection.with_user(self.user).read(["name"])
        with self.assertRaises(AccessError):
            self.connection.with_user(self.user).write({"name": "x"})
        self.connection.with_user(self.manager).write({"name": "y"})

    def test_an_accountant_without_our_groups_sees_nothing(self):
        stranger = self.person("stranger-to-pleo", "account.group_account_user")
        with self.assertRaises(AccessError):
            self.connection.with_user(stranger).read(["name"])

    def test_secrets_and_payloads_are_nobodys(self):
        for model in ("kontobro.secret", "kontobro.payload"):
            with self.assertRaises(AccessError):
                self.env[model].with_user(self.manager).search([])

    def test_what_connecting_found_is_not_typed_over(self):
        for name, value in {
            "api_url": "https://evil.test",
            "key": "k",
            "erp_company": "9",
            "status": "connected",
        }.items():
            with self.assertRaises(ValidationError):
                self.connection.with_user(self.manager).write({name: value})

    def test_only_an_administrator_lets_it_book_as_another(self):
        with self.assertRaises(ValidationError):
            self.connection.with_user(self.manager).write({"user_id": self.env.ref("base.user_admin").id})
        self.connection.with_user(self.manager).write({"user_id": self.manager.id})
        self.assertEqual(self.connection.user_id, self.manager)

    def test_a_company_is_connected_once(self):
        twin = {"key": "another", "name": "twin"}
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError), self.cr.savepoint():
            self.env["kontobro.connection"].sudo().create({**self.facts(self.env.company), **twin})
        self.connection.sudo().status = "disconnected"
        self.connection.flush_recordset()
        self.env["kontobro.connection"].sudo().create({**self.facts(self.env.company), **twin})
