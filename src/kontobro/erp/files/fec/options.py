"""What a company sets of its FEC-shaped files, read and checked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from kontobro.core.errors import Misconfigured, shown
from kontobro.core.words import Fact, phrase
from kontobro.erp.files.common.years import first_month
from kontobro.erp.kit.masters_file import unusable

JOURNAL: Final = re.compile(r"[A-Za-z0-9]{1,6}", re.ASCII)
LONGEST_JOURNAL: Final = 6
"""Letters and digits that importers take: Sage six, Cegid three."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FecOptions:
    """`encoding` is Python's name of it."""

    siren: str
    year_month: int = 1
    journal: str = "PLE"
    journal_name: str = "Pleo"
    bills_journal: str = "ACH"
    bills_journal_name: str = "Achats"
    own_numbers: bool = True
    separator: str = "\t"
    encoding: str = "utf-8"


def options_from(given: Mapping[str, str]) -> FecOptions:
    """Raises Misconfigured, naming the option, for a value that it does not take."""
    options = {name: value.strip() for name, value in given.items() if value.strip()}
    siren = "".join(options.get("siren", "").split())
    if not re.fullmatch(r"\d{9}", siren, re.ASCII):
        raise _wrong("siren", siren, phrase("fec_siren"))
    journal, bills = options.get("journal", "PLE"), options.get("bills_journal", "ACH")
    for name, code in (("journal", journal), ("bills_journal", bills)):
        if not JOURNAL.fullmatch(code):
            raise _wrong(name, code, phrase("option_letters", most=LONGEST_JOURNAL))
    names = options.get("journal_name", "Pleo"), options.get("bills_journal_name", "Achats")
    if journal == bills and "bills_journal_name" in options and names[0] != names[1]:
        raise _wrong("bills_journal_name", names[1], phrase("fec_journal_named", code=journal, name=shown(names[0])))
    return FecOptions(
        siren=siren,
        year_month=first_month(options.get("fiscal_year_start", "")),
        journal=journal,
        journal_name=names[0],
        bills_journal=bills,
        bills_journal_name=names[0] if journal == bills else names[1],
        own_numbers=options.get("numbering") != "reference",
        separator="|" if options.get("separator") == "pipe" else "\t",
        encoding=options.get("encoding", "utf-8"),
    )


def _wrong(option: str, value: str, remedy: Fact) -> Misconfigured:
    return unusable(phrase("fec_option", option=option, given=shown(value)), remedy)
