"""A second company in the template's database, over the chart of another country: KONTOBRO_CHART says which.

Runs inside `odoo shell`, which defines `env`; erp_lab/odoo.sh calls it. The users of the template work in this company
only, with the keys that they have.
"""

import os

CHARTS = {
    "de": ("de_skr03", "base.de", "EUR"),
    "fr": ("fr", "base.fr", "EUR"),
    "es": ("es_pymes", "base.es", "EUR"),
    "be": ("be_comp", "base.be", "EUR"),
    "uk": ("uk", "base.uk", "GBP"),
}
template, country, currency = CHARTS[os.environ["KONTOBRO_CHART"]]
money = env.ref(f"base.{currency}")  # noqa: F821
money.active = True
company = env["res.company"].create({"name": f"Abroad {template}", "currency_id": money.id})  # noqa: F821
company.country_id = env.ref(country)  # noqa: F821 - only now: at birth Odoo would install every module of the country
env["account.chart.template"].try_loading(template, company, install_demo=False, force_create=True)  # noqa: F821
users = env["res.users"].search([("login", "in", ["accountant", "bookkeeper", "stranger"])])  # noqa: F821
users.write({"company_ids": [(6, 0, company.ids)], "company_id": company.id})

mine = [("company_id", "=", company.id), ("type_tax_use", "=", "purchase"), ("active", "=", False)]
env["account.tax"].search(mine).active = True  # noqa: F821 - all that a company there may switch on
ours = env(context=dict(env.context, allowed_company_ids=company.ids))  # noqa: F821
ours["account.account"].create(
    {"code": "999990", "name": "Pleo's wallet", "account_type": "asset_current", "company_ids": [(6, 0, company.ids)]}
)
ours["res.partner"].create({"name": "Papier", "ref": "V200", "is_company": True, "company_id": company.id})
env.cr.commit()  # noqa: F821
