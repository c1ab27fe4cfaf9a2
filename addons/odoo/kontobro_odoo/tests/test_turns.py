from datetime import timedelta

from odoo.tests import tagged
from odoo.tools import file_open

from kontobro.core.errors import Misconfigured

from ..inside.app import booker_of
from ..models.connection_work import turn_seconds
from .common import PleoCase

UNLIMITED = {"limit_time_real": 0, "limit_time_real_cron": -1, "limit_time_cpu": 0, "workers": 4}


@tagged("post_install", "-at_install")
class TestTurns(PleoCase):
    def due(self):
        return self.env["kontobro.connection"].sudo()._due()

    def test_whose_turn_it_is_the_databases_clock_says(self):
        """Odoo's own clock continues during a transaction; another machine's may be an hour apart."""
        now = self.env.cr.now().replace(microsecond=0)
        self.env.cr._now = now - timedelta(hours=1)
        self.addCleanup(setattr, self.env.cr, "_now", None)
        for due, is_due in ((now, False), (now - timedelta(hours=1), True), (False, True)):
            self.connection.sudo().due_at = due
            self.assertEqual(self.connection in self.due(), is_due, due)

    def test_who_needs_a_new_credential_waits(self):
        self.connection.sudo().status = "reconnect"
        self.assertNotIn(self.connection, self.due())

    def test_nothing_is_booked_in_the_name_of_who_is_archived(self):
        self.connection.sudo().user_id = self.manager
        self.assertEqual(booker_of(self.connection.sudo()), self.manager)
        self.manager.sudo().active = False
        with self.assertRaisesRegex(Misconfigured, "archived"):
            booker_of(self.connection.sudo())

    def test_a_neutralised_copy_knows_no_secret(self):
        wizard = self.env["kontobro.connect"].with_user(self.manager)
        wizard = wizard.create({"api_key": "typed", "client_secret": "hush"}).sudo()
        wizard.flush_recordset()
        with file_open("kontobro_odoo/data/neutralize.sql") as script:
            self.env.cr.execute(script.read())
        self.env.invalidate_all()
        self.assertEqual(self.connection.status, "disconnected")
        self.assertFalse(wizard.sealed or wizard.sealed_secret)

    def test_it_works_no_longer_than_half_of_what_odoo_lets_it(self):
        for limits, seconds in (
            ({}, 60),
            ({"limit_time_cpu": 60}, 30),
            ({"limit_time_cpu": 60, "workers": 0}, 60),
            ({"limit_time_real": 40}, 20),
            ({"limit_time_real": 40, "limit_time_real_cron": 0}, 20),
            ({"limit_time_real": 40, "limit_time_real_cron": 3600}, 60),
        ):
            self.assertEqual(turn_seconds({**UNLIMITED, **limits}), seconds, limits)
