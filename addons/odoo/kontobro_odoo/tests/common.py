"""A connection as the store writes it, without Pleo."""

from odoo.addons.account.tests.common import AccountTestInvoicingCommon

from kontobro.core.model.settings import Settings
from kontobro.store.secrets import codec


class PleoCase(AccountTestInvoicingCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other = cls.env["res.company"].sudo().create({"name": "Other ApS"})
        cls.connection = cls.connect(cls.env.company)
        cls.user = cls.person("pleo-user", "kontobro_odoo.group_user")
        cls.manager = cls.person("pleo-manager", "kontobro_odoo.group_manager")

    @classmethod
    def facts(cls, company):
        facts = dict.fromkeys(("environment", "api_url", "auth_url", "auth", "erp"), "x")
        named = {"key": f"key-{company.id}", "name": company.name, "company_id": company.id}
        named["pleo_company"] = f"pleo-{company.id}"
        return {**facts, **named, "status": "connected", "settings": codec.settings_to(Settings())}

    @classmethod
    def connect(cls, company):
        return cls.env["kontobro.connection"].sudo().create(cls.facts(company))

    @classmethod
    def person(cls, login, group):
        return (
            cls.env["res.users"]
            .sudo()
            .create(
                {
                    "name": login,
                    "login": login,
                    "company_id": cls.env.company.id,
                    "company_ids": [(6, 0, [cls.env.company.id])],
                    "group_ids": [(6, 0, [cls.env.ref(group).id])],
                }
            )
        )
