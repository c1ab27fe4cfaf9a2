"""What a screen hides can be called all the same: each button as the wrong person."""

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

from .common import PleoCase

MANAGERS = ("action_connect_again", "action_disconnect", "action_lines", "action_plan_sync")
EVERYBODYS = ("action_check", "action_export_now")


@tagged("post_install", "-at_install")
class TestButtons(PleoCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.booking = cls.book(cls.connection)

    @classmethod
    def book(cls, connection, **more):
        row = dict.fromkeys(("job_id", "run"), "x") | {
            "kind": "item",
            "item_type": "card_purchase",
            "problems": [{"code": "x"}],
        }
        row |= {"reference": "abc", "state": "planned", "receipts": 0, "updated_at": "2026-11-22 10:00:00", **more}
        return cls.env["kontobro.booking"].sudo().create({**row, "connection_id": connection.id})

    def job(self, connection):
        row = {"job_id": "x", "run": "x", "status": "completed", "items": 1}
        row |= {"started_at": "2026-11-22 10:00:00", "finished_at": "2026-11-22 10:01:00"}
        return self.env["kontobro.job"].sudo().create({**row, "connection_id": connection.id})

    def test_every_button_is_known_here(self):
        every = {name for name in dir(type(self.connection)) if name.startswith("action_")}
        self.assertEqual(every - {"action_archive", "action_unarchive"}, {*MANAGERS, *EVERYBODYS})

    def test_a_user_is_refused_what_is_a_managers(self):
        for button in MANAGERS:
            with self.assertRaises(AccessError, msg=button):
                getattr(self.connection.with_user(self.user), button)()
        self.assertEqual(self.connection.status, "connected")

    def test_who_has_no_group_is_refused_everything(self):
        stranger = self.person("stranger-to-buttons", "account.group_account_user")
        for button in (*MANAGERS, *EVERYBODYS):
            with self.assertRaises(AccessError, msg=button):
                getattr(self.connection.with_user(stranger), button)()
        for button in ("action_check_again", "action_open_move", "action_open_pleo"):
            with self.assertRaises(AccessError, msg=button):
                getattr(self.booking.with_user(stranger), button)()

    def test_a_manager_of_another_company_is_refused_everything(self):
        hidden = self.connect(self.other)
        for button in (*MANAGERS, *EVERYBODYS):
            with self.assertRaises(AccessError, msg=button):
                getattr(hidden.with_user(self.manager), button)()
        for row in (self.book(hidden), self.job(hidden)):
            with self.assertRaises(AccessError):
                row.with_user(self.manager).action_check_again()
        plan = self.env["kontobro.sync.plan"].sudo().create({"connection_id": hidden.id, "kind": "accounts"})
        with self.assertRaises(AccessError):
            plan.with_user(self.manager).action_approve()
        with self.assertRaises(AccessError):
            plan.create({"connection_id": hidden.id}).with_user(self.manager).read(["kind"])

    def test_a_wizard_connects_no_company_of_others(self):
        wizard = self.env["kontobro.connect"].with_user(self.manager)
        with self.assertRaises(ValidationError):
            wizard.create({"company_id": self.other.id, "api_key": "k"}).action_connect()
        hidden = self.connect(self.other)
        with self.assertRaises(AccessError):
            wizard.create({"connection_id": hidden.id})._require_free(hidden.with_user(self.manager))

    def test_what_the_store_writes_no_manager_writes(self):
        with self.assertRaises(AccessError):
            self.connection.with_user(self.manager).write({"booking_ids": [(2, self.booking.id)]})
        for model in ("booking", "event", "job", "sync", "binding"):
            with self.assertRaises(AccessError, msg=model):
                self.env[f"kontobro.{model}"].with_user(self.manager).create({"connection_id": self.connection.id})

    def test_items_of_two_connections_are_each_checked_in_their_own(self):
        self.manager.company_ids += self.other
        both = self.booking + self.book(self.connect(self.other))
        seen = both.with_user(self.manager).with_context(allowed_company_ids=both.company_id.ids)
        self.assertEqual(seen._by_connection(), [(row.connection_id, ["abc"]) for row in seen])

    def test_nothing_to_check_again_is_said(self):
        told = self.job(self.connection).with_user(self.user).action_check_again()
        self.assertEqual(told["params"]["message"], "Nothing to check again.")

    def test_a_job_counts_its_own(self):
        for number, outcome in enumerate(("booked", "booked", "failed", "uncertain", False)):
            self.book(self.connection, reference=f"counted {number}", outcome=outcome)
        self.book(self.connect(self.other), outcome="booked")
        job = self.job(self.connection).with_user(self.user)
        self.assertEqual((job.booked, job.failed, len(job.booking_ids)), (2, 1, 6))
        self.assertEqual(job.booking_ids[-2:].mapped("outcome"), ["booked", "booked"])

    def test_an_entry_of_before_says_so(self):
        journal = self.company_data["default_journal_misc"]
        move = self.env["account.move"].create({"move_type": "entry", "journal_id": journal.id})
        move.sudo().kontobro_reference = "of before"
        self.user.group_ids += self.env.ref("account.group_account_user")
        with self.assertRaisesRegex(UserError, "before Kontobro"):
            move.with_user(self.user).action_open_pleo()
