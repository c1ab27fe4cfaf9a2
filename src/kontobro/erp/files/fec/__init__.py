"""Import files in the shape of a FEC, which French accounting programs read (`docs/documents/fec.md`).

options    what a company sets, read and checked
book       names and numbers of the master data, as a FEC has them
rows       Entry -> rows of 18 columns
lettering  the codes of bills and payments that settle each other in one file
checks     every reason why a file can't hold an entry
describe   the description that goes with a file
target     the five methods
"""

from kontobro.erp.kit.registration import Option, Registration

CONNECTOR = Registration(
    label="FEC",
    factory="kontobro.erp.files.fec.target:open_target",
    install="pip install kontobro",
    documents=True,
    options=(
        Option("siren", "SIREN", help="Nine digits: the first part of every file's name."),
        Option("masters", "file of master data", "path", required=False, help="A FEC of last year, for example."),
        Option("company_name", "company's name", required=False, help="Where the master data do not say it."),
        Option("currency", "company currency", required=False, help="EUR, where nothing else is said."),
        Option("time_zone", "time zone", required=False, help="Europe/Paris, where nothing else is said."),
        Option(
            "fiscal_year_start",
            "first month of the fiscal year",
            required=False,
            help="1 to 12; where the master data do not list fiscal years.",
        ),
        Option("journal", "journal", required=False, help="Of all entries but bills: PLE, where nothing is said."),
        Option("journal_name", "journal's name", required=False, help="Pleo, where nothing is said."),
        Option("bills_journal", "journal of bills", required=False, help="ACH, where nothing is said."),
        Option("bills_journal_name", "name of the journal of bills", required=False, help="Achats, as above."),
        Option(
            "numbering",
            "entry numbers",
            "choice",
            required=False,
            choices=(("own", "Kontobro's, without gaps"), ("reference", "Pleo's ID")),
        ),
        Option(
            "separator",
            "separator",
            "choice",
            required=False,
            choices=(("tab", "tab"), ("pipe", "vertical bar")),
        ),
        Option(
            "encoding",
            "encoding",
            "choice",
            required=False,
            choices=(("utf-8", "UTF-8"), ("iso8859-15", "ISO 8859-15")),
        ),
    ),
)
