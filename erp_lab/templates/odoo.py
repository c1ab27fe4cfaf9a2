"""The company that tests clone: Danish, chart of l10n_dk, two analytic plans, three users with an API key each.

Runs inside `odoo shell`, which defines `env`; erp_lab/odoo.sh calls it. The keys go to files beside the
database's own folder and open nothing but databases cloned from this one, on loopback.
"""

import datetime
import os
from pathlib import Path

company = env.company  # noqa: F821
company.write({"name": "Fjord & Bro ApS", "country_id": env.ref("base.dk").id})  # noqa: F821
env["account.chart.template"].try_loading("dk", company, install_demo=False, force_create=True)  # noqa: F821
company.partner_id.tz = "Europe/Copenhagen"
company.fiscalyear_lock_date = "2026-03-31"

for code, rate in {"EUR": 0.1340, "JPY": 22.5, "KWD": 0.0445, "USD": 0.1456}.items():
    currency = env.ref(f"base.{code}")  # noqa: F821
    currency.active = True
    for day, factor in (("2026-01-01", 1), ("2026-10-01", 1.01)):
        env["res.currency.rate"].create(  # noqa: F821
            {"currency_id": currency.id, "name": day, "company_id": company.id, "company_rate": rate * factor}
        )

accounts = env["account.account"]  # noqa: F821
for number, code in enumerate(("DKK", "EUR", "JPY", "KWD", "USD")):
    accounts.create(
        {
            "code": f"649{number}",
            "name": f"Pleo {code}",
            "account_type": "asset_current",
            "currency_id": False if code == "DKK" else env.ref(f"base.{code}").id,  # noqa: F821
        }
    )
for code, name, kind in (
    ("6499", "Money on its way to Pleo", "asset_current"),
    ("7795", "Employees' expenses", "liability_current"),
    ("99999", "The last account", "expense"),
):
    accounts.create({"code": code, "name": name, "account_type": kind})
accounts.create({"code": "98999", "name": "No longer used", "account_type": "expense", "active": False})

for plan, values in {"Cost centre": ("100", "200"), "Project": ("P1", "P2")}.items():
    plans = env["account.analytic.plan"]  # noqa: F821
    made = plans.search([("name", "=", plan)]) or plans.create({"name": plan})  # Odoo brings a Project of its own
    for code in values:
        env["account.analytic.account"].create({"name": f"{plan} {code}", "code": code, "plan_id": made.id})  # noqa: F821
    if plan == "Cost centre":
        old = {"name": "Closed cost centre", "code": "900", "plan_id": made.id, "active": False}
        env["account.analytic.account"].create(old)  # noqa: F821
env["res.partner"].create(  # noqa: F821
    {"name": "Staples", "ref": "V100", "is_company": True, "supplier_rank": 1, "vat": "DK12345674"}
)
env["res.partner"].create(  # noqa: F821
    {"name": "Blocked Ltd", "ref": "V900", "is_company": True, "supplier_rank": 1, "active": False}
)

GROUPS = {
    "accountant": ["account.group_account_user", "analytic.group_analytic_accounting"],
    "bookkeeper": ["account.group_account_manager", "analytic.group_analytic_accounting", "base.group_system"],
    "stranger": [],
}
"""What Kontobro needs and no more; the person who closes periods and voids; one who may do nothing."""

keys = Path("keys")
keys.mkdir(mode=0o700, exist_ok=True)
for name, groups in GROUPS.items():
    user = env["res.users"].create(  # noqa: F821
        {
            "name": name.title(),
            "login": name,
            "tz": "Europe/Copenhagen",
            "group_ids": [(4, env.ref(group).id) for group in ["base.group_user", *groups]],  # noqa: F821
        }
    )
    expiry = datetime.datetime.now() + datetime.timedelta(days=80)  # noqa: DTZ005 - Odoo's are without a zone
    key = env["res.users.apikeys"].with_user(user)._generate("rpc", "kontobro", expiry)  # noqa: F821
    with open(os.open(keys / name, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w") as file:  # noqa: PTH123
        file.write(key)
env.cr.commit()  # noqa: F821
