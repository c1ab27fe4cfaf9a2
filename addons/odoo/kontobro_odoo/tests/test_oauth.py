from odoo.exceptions import AccessError, ValidationError
from odoo.tests import tagged

from kontobro.store.secrets.vault import KeyRing, seal

from ..inside.store import key
from ..wizards.connect import PLACE
from .common import PleoCase


@tagged("post_install", "-at_install")
class TestOAuth(PleoCase):
    def wizard(self, **more):
        asked = {"way": "oauth", "client_id": "client", "client_secret": "hush-hush", **more}
        return self.env["kontobro.connect"].with_user(self.manager).create(asked)

    def based(self, address):
        self.env["ir.config_parameter"].sudo().set_param("web.base.url", address)

    def test_the_secret_is_encrypted_and_never_shown(self):
        wizard = self.wizard()
        wizard.invalidate_recordset()
        self.assertFalse(wizard.client_secret)
        self.assertNotIn("hush-hush", wizard.sudo().sealed_secret)
        self.assertEqual(wizard._unseal(" secret", wizard.sudo().sealed_secret), "hush-hush")

    def test_the_secret_is_for_one_client_of_one_pleo(self):
        for change in ({"environment": "staging"}, {"client_id": "other"}, {"url": "https://evil.test"}):
            wizard = self.wizard()
            wizard.write(change)
            with self.assertRaisesRegex(ValidationError, "Enter the secret again"):
                wizard.action_connect()

    def test_a_secret_that_an_older_version_hid_is_asked_for_again(self):
        """It was kept without its destination: a text, or what goes with a browser that has left."""
        wizard = self.wizard()
        for old in ("hush-hush", {"state_hash": "", "verifier": ""}):
            sealed = seal(KeyRing(None, key()).ciphers(), PLACE, f"{wizard.id} secret", old)
            wizard.sudo().sealed_secret = sealed
            with self.assertRaisesRegex(ValidationError, "Enter the secret again"):
                wizard.action_connect()

    def test_the_redirect_address_is_odoos_own(self):
        self.based("https://erp.example.org/")
        self.assertEqual(self.wizard().redirect_address, "https://erp.example.org/kontobro/pleo/callback")

    def test_a_code_never_goes_unencrypted_over_the_network(self):
        self.based("http://erp.example.org")
        with self.assertRaisesRegex(ValidationError, r"web\.base\.url\.freeze"):
            self.wizard().action_connect()

    def test_only_a_browser_leaves_for_pleo(self):
        self.based("https://erp.example.org")
        with self.assertRaisesRegex(ValidationError, "in a browser"):
            self.wizard().action_connect()

    def test_without_client_or_secret_nobody_leaves(self):
        for missing in ({"client_id": " "}, {"client_secret": " "}):
            with self.assertRaisesRegex(ValidationError, "client ID or its secret"):
                self.wizard(**missing).action_connect()

    def test_a_wizard_is_its_makers_alone(self):
        other = self.person("other-manager", "kontobro_odoo.group_manager")
        with self.assertRaises(AccessError):
            self.wizard().with_user(other).write({"url": "https://evil.test"})

    def test_consent_is_asked_for_the_level_or_for_what_stands(self):
        self.assertEqual(len(self.wizard()._scopes()), 3)
        self.assertIn("vendors:write", self.wizard(level="4")._scopes())
        self.connection.with_user(self.manager).write({"sync_taxes": True})
        again = self.wizard(connection_id=self.connection.id)._scopes()
        self.assertIn("tax-codes:write", again)
        self.assertNotIn("vendors:write", again)

    def test_an_answer_that_nobody_waits_for_is_nobodys(self):
        self.wizard()
        for state in ("", "x", "\udcff"):
            self.assertFalse(self.env["kontobro.connect"].with_user(self.manager)._awaiting(state))
