from odoo.exceptions import ValidationError
from odoo.tests import tagged
from odoo.tools import config

from ..inside.store import DEVELOPER
from .common import PleoCase


@tagged("post_install", "-at_install")
class TestForm(PleoCase):
    def test_an_account_is_kept_by_its_code(self):
        account = self.company_data["default_account_expense"]
        self.connection.with_user(self.manager).write({"out_of_pocket": account.id, "posting": "posted"})
        self.assertEqual(self.connection.settings["out_of_pocket"], account.code)
        self.assertEqual(self.connection.settings["posting"], "posted")
        self.connection.invalidate_recordset()
        self.assertEqual(self.connection.out_of_pocket, account)

    def test_journal_and_plans_are_kept_by_their_codes(self):
        plan = self.env["account.analytic.plan"].create({"name": "Plan of codes"})
        journal = self.company_data["default_journal_misc"]
        self.connection.with_user(self.manager).write({"journal_id": journal.id, "plan_ids": [(6, 0, plan.ids)]})
        self.assertEqual(self.connection.settings["journal"], journal.code)
        self.assertEqual(self.connection.settings["sync_dimensions"], [plan.name])
        self.connection.invalidate_recordset()
        self.assertEqual((self.connection.journal_id, self.connection.plan_ids), (journal, plan))

    def test_ids_that_were_stored_before_are_shown(self):
        plan = self.env["account.analytic.plan"].create({"name": "Plan of ids"})
        journal = self.company_data["default_journal_misc"]
        kept = {"journal": str(journal.id), "sync_dimensions": [str(plan.id)]}
        self.connection.sudo().settings = {**self.connection.settings, **kept}
        self.assertEqual((self.connection.journal_id, self.connection.plan_ids), (journal, plan))

    def test_an_account_number_that_no_account_has_is_not_taken_for_an_id(self):
        """0420 without its zero is not the account with the id 420."""
        account = self.company_data["default_account_expense"]
        account.copy({"code": f"0{account.id}", "name": "Its zero was lost"})
        self.connection.sudo().settings = {**self.connection.settings, "contra": str(account.id)}
        self.assertFalse(self.connection.contra)

    def test_what_the_form_does_not_show_stays(self):
        kept = {**self.connection.settings, "wallets": {"EUR": "1082"}, "contra": "9999999"}
        self.connection.sudo().settings = kept
        self.connection.with_user(self.manager).write({"posting": "posted"})
        self.assertEqual(self.connection.settings["wallets"], {"EUR": "1082"})
        self.assertEqual(self.connection.settings["contra"], "9999999")

    def test_who_lacks_analytic_accounting_sees_the_form_all_the_same(self):
        plan = self.env["account.analytic.plan"].create({"name": "Seen by all"})
        self.connection.sudo().settings = {**self.connection.settings, "sync_dimensions": [str(plan.id)]}
        for person in (self.user, self.manager):
            self.assertFalse(person.has_group("analytic.group_analytic_accounting"))
            self.assertEqual(self.connection.with_user(person).plan_ids.mapped("display_name"), ["Seen by all"])

    def test_an_account_is_taken_away(self):
        account = self.company_data["default_account_expense"]
        self.connection.contra = account
        self.connection.contra = False
        self.assertFalse(self.connection.settings["contra"])

    def test_a_box_that_is_ticked_can_be_cleared(self):
        for wanted in (True, False):
            self.connection.with_user(self.manager).create_vendors = wanted
            self.assertIs(self.connection.settings["create_vendors"], wanted)

    def test_bad_input_is_odoos_own_error(self):
        for bad in ({"retention_days": -1}, {"description": "{nobody}"}, {"time_zone": "Mars/Olympus"}):
            with self.assertRaises(ValidationError, msg=str(bad)):
                self.connection.with_user(self.manager).write(bad)

    def test_bad_settings_are_refused_whichever_way_they_come(self):
        with self.assertRaises(ValidationError):
            self.connection.with_user(self.manager).write({"settings": {"posting": "perhaps"}})
        for bad in ([], "x", 5, None, {"nobody": 1}, {"wallets": 5}, {"rows": [1]}, {"sync_dimensions": "abc"}):
            with self.assertRaises(ValidationError, msg=str(bad)):
                self.connection.with_user(self.manager).write({"settings": bad})

    def test_a_key_goes_nowhere_by_mistake(self):
        self.develop()
        connect = self.env["kontobro.connect"].with_user(self.manager)
        for url in ("http://evil.test", "ftp://127.0.0.1", "http://user@127.0.0.1"):
            wizard = connect.create({"environment": "sandbox", "url": url})
            with self.assertRaises(ValidationError, msg=url):
                wizard._draft()
        with self.assertRaises(ValidationError):
            connect.create({"environment": "production", "url": "https://evil.test"})._draft()

    def test_another_pleo_is_for_developers(self):
        connect = self.env["kontobro.connect"].with_user(self.manager)
        self.develop("")
        for url in (False, "http://127.0.0.1:8764", "https://evil.test"):
            with self.assertRaisesRegex(ValidationError, "kontobro_developer", msg=url):
                connect.create({"environment": "sandbox", "url": url})._draft()
        self.develop()
        self.assertEqual(
            connect.create({"environment": "sandbox", "url": "http://[::1]:1"})._draft().api_url, "http://[::1]:1"
        )

    def develop(self, switch="True"):
        """Odoo with the developers' switch in its configuration file, or without."""
        before = {name: config.options.get(name) for name in (DEVELOPER, "dev_mode")}
        config.options.update({DEVELOPER: switch, "dev_mode": []})
        self.addCleanup(config.options.update, before)

    def test_a_typed_secret_is_for_the_pleo_that_was_named_with_it(self):
        self.develop()
        moves = ({"url": "https://evil.test"}, {"environment": "staging", "url": False})
        for change in moves:
            sandbox = {"environment": "sandbox", "url": "https://pleo.test", "api_key": "plp_typed"}
            wizard = self.env["kontobro.connect"].with_user(self.manager).create(sandbox)
            wizard.write({"url": "https://PLEO.test:443/"})
            self.assertEqual(wizard._typed_key(), "plp_typed")
            wizard.write(change)
            with self.assertRaisesRegex(ValidationError, "Enter the secret again"):
                wizard.action_connect()
            wizard.write({"api_key": "plp_again"})
            self.assertEqual(wizard._typed_key(), "plp_again")

    def test_without_a_key_nothing_is_asked(self):
        with self.assertRaises(ValidationError):
            self.env["kontobro.connect"].with_user(self.manager).create({}).action_connect()

    def test_the_key_is_encrypted_between_typing_and_connecting(self):
        wizard = self.env["kontobro.connect"].with_user(self.manager).create({"api_key": "plp_typed"})
        wizard.invalidate_recordset()
        self.assertFalse(wizard.api_key)
        self.assertNotIn("plp_typed", wizard.sudo().sealed)
        self.assertEqual(wizard._typed_key(), "plp_typed")
