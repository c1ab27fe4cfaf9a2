from odoo.exceptions import AccessError, ValidationError
from odoo.tests import Form, tagged

from kontobro.core.model.settings import RowOverride, Settings
from kontobro.store.secrets import codec

from .common import PleoCase


@tagged("post_install", "-at_install")
class TestLines(PleoCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.account = cls.company_data["default_account_expense"]
        cls.plan = cls.env["account.analytic.plan"].create({"name": "Department of lines"})
        cls.euro = cls.env.ref("base.EUR")
        cls.euro.active = True

    def keep(self, **settings):
        self.connection.sudo().settings = codec.settings_to(Settings(**settings))

    def opened(self):
        """The window, as the button opens it."""
        action = self.connection.with_user(self.manager).action_lines()
        return self.env["kontobro.settings.lines"].with_user(self.manager).browse(action["res_id"])

    def refused(self, lines, *told):
        before = self.connection.settings
        with self.assertRaises(ValidationError) as refused:
            lines.action_save()
        for part in told:
            self.assertIn(part, str(refused.exception))
        self.assertEqual(self.connection.settings, before)

    def test_lines_become_settings_and_all_else_stays(self):
        self.keep(contra="9999999", posting="posted", hook="decimal:Decimal")
        with Form(self.opened()) as form:
            with form.wallet_ids.new() as line:
                line.currency_id = self.euro
                line.account_id = self.account
            with form.tag_ids.new() as line:
                line.group = "Department"
                line.plan_id = self.plan
            with form.row_ids.new() as line:
                line.type = "cashback"
                line.account_id = self.account
            with form.row_ids.new() as line:
                line.type = "brand_new"
                line.subtype = "odd"
                line.debit = "expense"
                line.credit = "wallet"
                line.sign = "follow"
                line.method = "journal"
                line.own_account = "no"
        form.record.action_save()
        new = {"type": "brand_new", "subtype": "odd", "debit": "expense", "credit": "wallet", "sign": "follow"}
        self.assertEqual(
            codec.settings_from(self.connection.settings),
            Settings(
                contra="9999999",
                posting="posted",
                hook="decimal:Decimal",
                wallets={"EUR": self.account.code},
                dimensions={"Department": self.plan.name},
                rows=(
                    RowOverride(type="cashback", line_account=self.account.code),
                    RowOverride(**new, method="journal", use_line_account=False),
                ),
            ),
        )

    def test_what_is_there_is_shown_and_saved_as_it_was(self):
        rows = (
            RowOverride(type="wallet_topup", use_line_account=True),
            RowOverride(type="chargeback", sign="follow", line_account="77777777"),
        )
        self.keep(
            wallets={"EUR": self.account.code, "USD": "66666666"},
            dimensions={"Department": self.plan.name, "Team": "COST of nobody"},
            rows=rows,
        )
        before = dict(self.connection.settings)
        lines = self.opened()
        self.assertEqual(lines.wallet_ids[0].account_id, self.account)
        self.assertEqual(lines.tag_ids[0].plan_id, self.plan)
        self.assertEqual(lines.row_ids.mapped("own_account"), ["yes", False])
        self.assertTrue(lines.lost)
        self.assertEqual(lines.wallet_ids[1].kept, "66666666")
        lines.action_save()
        self.assertEqual(self.connection.settings, before)

    def test_ids_that_were_stored_before_become_codes(self):
        self.keep(wallets={"EUR": str(self.account.id)}, dimensions={"Department": str(self.plan.id)})
        lines = self.opened()
        self.assertEqual((lines.wallet_ids.account_id, lines.tag_ids.plan_id), (self.account, self.plan))
        lines.action_save()
        held = codec.settings_from(self.connection.settings)
        self.assertEqual(held.wallets, {"EUR": self.account.code})
        self.assertEqual(held.dimensions, {"Department": self.plan.name})

    def test_a_plan_without_a_name_of_its_own_is_refused(self):
        self.env["account.analytic.plan"].create({"name": self.plan.name})
        lines = self.opened()
        lines.tag_ids = [(0, 0, {"group": "Department", "plan_id": self.plan.id})]
        self.refused(lines, self.plan.name, "no code of its own")

    def test_lines_that_are_taken_away_are_gone(self):
        self.keep(wallets={"EUR": self.account.code}, dimensions={"A": "B"}, rows=(RowOverride(type="fee"),))
        lines = self.opened()
        (lines.wallet_ids + self.env["kontobro.settings.wallet"]).unlink()
        lines.tag_ids.unlink()
        lines.row_ids.unlink()
        lines.action_save()
        self.assertEqual(codec.settings_from(self.connection.settings), Settings())

    def test_an_account_that_is_cleared_is_missing_and_not_the_old_one(self):
        self.keep(wallets={"EUR": self.account.code})
        lines = self.opened()
        lines.wallet_ids.account_id = False
        self.refused(lines, "Wallets, line 1", "EUR", "Choose one")

    def test_every_wrong_line_is_named(self):
        lines = self.opened()
        wallet = {"currency_id": self.euro.id, "account_id": self.account.id}
        lines.wallet_ids = [(0, 0, wallet), (0, 0, wallet), (0, 0, {"account_id": self.account.id})]
        lines.tag_ids = [(0, 0, {"plan_id": self.plan.id}), (0, 0, {"group": "Team"})]
        lines.row_ids = [(0, 0, {"debit": "wallet"})]
        self.refused(
            lines,
            "Wallets, line 2: EUR is listed twice",
            "Wallets, line 3: The currency is missing",
            "Tag groups, line 1: The tag group's code is missing",
            "Tag groups, line 2: The analytic plan for Team is missing",
            "Posting rows, line 1: The type is missing",
        )

    def test_what_the_settings_refuse_is_named_by_its_line(self):
        lines = self.opened()
        lines.row_ids = [(0, 0, {"type": "fee", "sign": "follow"}), (0, 0, {"type": "card_purchse"})]
        self.refused(lines, "Posting rows, line 2: adds a row and needs debit, credit and sign", "card_purchse")

    def test_an_account_of_another_company_is_refused(self):
        self.manager.company_ids += self.other
        foreign = self.account.sudo().create(
            {"name": "Foreign", "code": "424242", "account_type": "expense", "company_ids": [(6, 0, [self.other.id])]}
        )
        lines = self.opened()
        lines.wallet_ids = [(0, 0, {"currency_id": self.euro.id, "account_id": foreign.id})]
        self.refused(lines.with_context(allowed_company_ids=[self.env.company.id, self.other.id]), "line 1", "Foreign")
        both = {"allowed_company_ids": [self.env.company.id, self.other.id]}
        with self.assertRaises(ValidationError):
            self.connection.with_user(self.manager).with_context(**both).write({"wallet": foreign.id})

    def test_a_plan_whose_name_is_anothers_too_is_named_by_its_line(self):
        plan, _twin = self.env["account.analytic.plan"].sudo().create([{"name": "Twins"}, {"name": "Twins"}])
        lines = self.opened()
        lines.tag_ids = [(0, 0, {"group": "team", "plan_id": plan.id})]
        self.refused(lines, "line 1: Twins has no code of its own")

    def test_two_people_do_not_overwrite_each_other(self):
        lines = self.opened()
        self.keep(wallets={"EUR": self.account.code})
        self.refused(lines, "have changed")

    def test_only_a_manager_opens_and_saves(self):
        lines = self.opened()
        with self.assertRaises(AccessError):
            self.connection.with_user(self.user).action_lines()
        with self.assertRaises(AccessError):
            lines.with_user(self.user).action_save()
        with self.assertRaises(AccessError):
            self.env["kontobro.settings.wallet"].with_user(self.user).search([])

    def test_nobody_reaches_another_companys_settings(self):
        hidden = self.connect(self.other)
        with self.assertRaises(AccessError):
            hidden.with_user(self.manager).action_lines()
        lines = self.env["kontobro.settings.lines"].sudo().create({"connection_id": hidden.id, "seen": {}})
        with self.assertRaises(AccessError):
            lines.with_user(self.manager).action_save()
        wallets = self.env["kontobro.settings.wallet"]
        wallets.sudo().create({"lines_id": lines.id, "currency_id": self.euro.id})
        self.assertFalse(wallets.with_user(self.manager).search([]))
