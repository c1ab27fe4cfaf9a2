"""SIE 4I, the file that every Swedish accounting program imports vouchers from (`docs/documents/sie.md`).

options    what a company sets, read and checked
book       names and numbers of the master data, as SIE has them
vouchers   Entry -> text and lines of a #VER
records    records in CP437, and their #KSUMMA
checks     every reason why a file can't hold an entry
target     the five methods
"""

from kontobro.erp.kit.registration import Option, Registration

YES_NO = (("no", "no"), ("yes", "yes"))

CONNECTOR = Registration(
    label="SIE",
    factory="kontobro.erp.files.sie.target:open_target",
    install="pip install kontobro",
    documents=True,
    options=(
        Option("masters", "file of master data", "path", required=False, help="A SIE 4E export, for example."),
        Option("company_name", "company's name", required=False, help="Where the master data do not say it."),
        Option("organisation_number", "organisation number", required=False, help="556677-8899"),
        Option("currency", "company currency", required=False, help="SEK, where nothing else is said."),
        Option("time_zone", "time zone", required=False, help="Europe/Stockholm, where nothing else is said."),
        Option(
            "fiscal_year_start",
            "first month of the fiscal year",
            required=False,
            help="1 to 12; where the master data do not list fiscal years.",
        ),
        Option("series", "voucher series", required=False, help="Letters and digits; empty: the program chooses."),
        Option(
            "numbers",
            "voucher numbers",
            "choice",
            required=False,
            choices=(("program", "the accounting program gives them"), ("own", "Kontobro gives them, without gaps")),
        ),
        Option(
            "dimensions",
            "dimensions and their numbers",
            required=False,
            help="code = number, with commas: cost-centre = 1, project = 6",
        ),
        Option("objects", "further objects", required=False, help="Any of vendor, employee, invoice, with commas."),
        Option(
            "one_file",
            "one file for each",
            "choice",
            required=False,
            choices=(("year", "fiscal year"), ("month", "month")),
        ),
        Option(
            "other_currencies",
            "expenses in other currencies",
            "choice",
            required=False,
            choices=(("own_file", "a file for each currency"), ("refuse", "refuse them")),
        ),
        Option(
            "reference_in_text",
            "Pleo's ID in the voucher text",
            "choice",
            required=False,
            choices=(("yes", "yes"), ("no", "no")),
        ),
        Option("text_length", "longest voucher text", required=False, help="Characters; longer texts are refused."),
        Option("ksumma", "checksum (#KSUMMA)", "choice", required=False, choices=YES_NO),
    ),
)
