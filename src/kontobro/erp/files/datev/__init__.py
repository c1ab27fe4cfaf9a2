"""DATEV: files in the DATEV format (EXTF 700) for a tax adviser's DATEV Rechnungswesen (`docs/documents/datev.md`)."""

from kontobro.erp.kit.registration import Option, Registration

TAX_WAYS = (
    ("keys", "tax keys; lines where DATEV would round otherwise"),
    ("keys_only", "tax keys only"),
    ("lines", "lines of their own"),
)
NUMBERS = (
    ("reference", "Pleo's ID of the expense"),
    ("invoice", "the invoice's number"),
    ("voucher", "a number of its own, without gaps"),
)
YES_NO = (("no", "no"), ("yes", "yes"))

CONNECTOR = Registration(
    label="DATEV",
    factory="kontobro.erp.files.datev.target:from_options",
    install="pip install kontobro",
    documents=True,
    options=(
        Option("masters", "file or folder of master data", "path", help="Accounts, tax codes, vendors, cost centres."),
        Option("consultant", "consultant number (Berater)", help="The tax adviser's, 4 to 7 digits."),
        Option("client", "client number (Mandant)", help="1 to 5 digits."),
        Option(
            "account_length", "length of account numbers (Sachkontenlänge)", help="4 to 8, as in the client's data."
        ),
        Option("fiscal_year_start", "first month of the fiscal year", help="1 to 12; 1 without it.", required=False),
        Option("chart", "chart of accounts (SKR)", help="03 or 04, for example.", required=False),
        Option("tax", "how tax is written", "choice", required=False, choices=TAX_WAYS),
        Option("clearing_account", "clearing account", help="For entries of several accounts a side.", required=False),
        Option("document_number", "what Belegfeld 1 says", "choice", required=False, choices=NUMBERS),
        Option("kost1", "dimension in KOST1", required=False),
        Option("kost2", "dimension in KOST2", required=False),
        Option("kost_length", "length of cost centres", help="As in the client's data; 36 without it.", required=False),
        Option("service_date", "write Leistungsdatum", "choice", required=False, choices=YES_NO),
        Option("lock", "lock what is imported (Festschreibung)", "choice", required=False, choices=YES_NO),
        Option(
            "long_texts",
            "posting texts of more than 60 characters",
            "choice",
            required=False,
            choices=(("shorten", "shortened, whole in Zusatzinformation"), ("refuse", "refused")),
        ),
        Option("rates", "exchange rates", help="SEK=11.4520, 2026-11:USD=1.0834: units for one EUR.", required=False),
        Option(
            "receipts_version",
            "version of document.xml",
            "choice",
            required=False,
            choices=(("06.0", "6.0"), ("05.0", "5.0")),
        ),
        Option("company_name", "company's name", required=False),
        Option("currency", "company currency", help="EUR without it.", required=False),
        Option("time_zone", "time zone", help="Europe/Berlin without it.", required=False),
    ),
)
