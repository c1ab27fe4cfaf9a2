"""What the codes of the store and of Pleo are called on the screens."""

STATUSES = [
    ("in_progress", "Under way"),
    ("completed", "Completed"),
    ("completed_with_errors", "Completed, with items to mend"),
    ("failed", "Failed"),
    ("unfinished", "Not finished"),
    ("not ours", "Done by another installation"),
]
STATES = [
    ("planned", "Waiting"),
    ("booking", "Being booked"),
    ("drafted", "Draft"),
    ("attached", "Draft with receipts"),
    ("posted", "Posted"),
    ("verified", "Verified"),
    ("reported", "Reported to Pleo"),
    ("rejected", "To mend"),
    ("uncertain", "Outcome unknown"),
]
DOCUMENTS = [
    ("item", "No entry"),
    ("journal", "Journal entry"),
    ("bill", "Bill"),
    ("credit_note", "Credit note"),
    ("payment", "Payment"),
]
POSTINGS = [("draft", "Draft"), ("posted", "Posted"), ("handed_over", "Handed over"), ("void", "Voided")]

MASTERS = [
    ("accounts", "Accounts"),
    ("tax_codes", "Taxes"),
    ("tag_groups", "Analytic plans"),
    ("tags", "Analytic accounts"),
    ("vendors", "Vendors"),
]
KINDS = [
    ("accounts", "Accounts"),
    ("tax-codes", "Taxes"),
    ("dimensions", "Analytic accounts"),
    ("vendors", "Vendors"),
]
SYNCED = [("in_step", "In step"), ("waiting", "Waits for a person"), ("failed", "Failed")]
ACTIONS = [
    ("create", "New in Pleo"),
    ("adopt", "In Pleo already, taken over"),
    ("update", "Changed in Pleo"),
    ("unarchive", "Back from Pleo's archive"),
    ("activate", "Known here, activated in Pleo"),
    ("write", "Created here, activated in Pleo"),
    ("set_aside", "Gets a temporary code in Pleo"),
    ("archive", "Archived in Pleo"),
]


def item_types(_):
    """Pleo's types of expenses, by `_` in the reader's language. One that Pleo invents is shown as it comes."""
    return {
        "card_purchase": _("Card purchase"),
        "card_invoice": _("Card invoice"),
        "fee": _("Fee"),
        "invoice": _("Invoice"),
        "invoice_payment": _("Invoice payment"),
        "refund": _("Refund"),
        "chargeback": _("Chargeback"),
        "cashback": _("Cashback"),
        "out_of_pocket": _("Out of pocket"),
        "mileage": _("Mileage"),
        "per_diem": _("Per diem"),
        "direct_reimbursement": _("Direct reimbursement"),
        "external_reimbursement": _("External reimbursement"),
        "personal_spend": _("Personal spend"),
        "atm_withdrawal": _("ATM withdrawal"),
        "wallet_topup": _("Wallet top-up"),
        "wallet_unload": _("Wallet unload"),
        "overdraft": _("Overdraft"),
    }
