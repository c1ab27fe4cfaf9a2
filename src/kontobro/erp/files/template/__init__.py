"""Documents by a template that a bookkeeper's consultant can read: a TOML file (`docs/documents/templates.md`).

layout     the TOML file, read and checked
points     what a column can name: data points
cells      a column's value, from data points to the letters of a file
book       names of the master data
rows       Entry -> rows, by line, by debit/credit pair or by entry; tax on lines of its own or folded in
checks     every reason why a template can't hold an entry
tables     rows as CSV and XLSX
target     the five methods
own/       which template a connection uses, the one before it, what differs
read_back  a CSV file of the same layout, read
ready/     the templates that come with Kontobro
"""

from importlib.resources import files

from kontobro.core.model.connection import TEMPLATE_BEFORE, TEMPLATE_TEXT
from kontobro.erp.kit.registration import Option, Registration

READY = tuple(sorted(each.name.removesuffix(".toml") for each in (files(__name__) / "ready").iterdir()))
"""Names of the templates that come with Kontobro."""

_OPTIONS = (
    Option(
        "template",
        "template",
        "choice",
        required=False,
        choices=tuple((name, name) for name in READY),
        help="A template that comes with Kontobro; generic-lines, where nothing is chosen.",
    ),
    Option("template_file", "template of your own", "path", required=False, help="A TOML file, instead of the choice."),
    Option(
        TEMPLATE_TEXT,
        "template kept with the connection",
        required=False,
        help="A template's text, where no other is chosen. It is saved on its own, with what came before it.",
    ),
    Option(TEMPLATE_BEFORE, "the template before it", required=False, help="What an undo brings back."),
    Option("masters", "file of master data", "path", required=False, help="Accounts, tax codes, dimensions, vendors."),
    Option("company_name", "company's name", required=False, help="Where the master data do not say it."),
    Option("currency", "base currency", required=False, help="Where the master data do not say it."),
    Option("time_zone", "time zone", required=False, help="Europe/Berlin, for example."),
    Option("series", "voucher series", required=False, help="Where an entry's journal does not say it."),
    Option("fiscal_year_start", "first month of the fiscal year", required=False, help="1 to 12; January otherwise."),
)

CSV = Registration(
    label="CSV files",
    factory="kontobro.erp.files.template.target:open_csv",
    install="pip install 'kontobro[documents]'",
    options=_OPTIONS,
    documents=True,
)
XLSX = Registration(
    label="Excel files",
    factory="kontobro.erp.files.template.target:open_xlsx",
    install="pip install 'kontobro[documents]'",
    options=_OPTIONS,
    documents=True,
)
