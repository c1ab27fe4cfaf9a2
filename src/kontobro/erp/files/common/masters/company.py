"""Which company the master data are of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from zoneinfo import available_timezones

from kontobro.core.errors import Misconfigured, shown
from kontobro.core.model.masterdata import Company
from kontobro.core.model.money import EXPONENTS
from kontobro.erp.files.common.master_file import MasterFile


def company_of(masters: MasterFile, options: Mapping[str, str], currency: str = "") -> Company:
    """The company that files and options name, for `DocumentTarget.check`; options come first: `company_name`,
    `currency` and `time_zone`. `currency` is the format's own where both are silent. Its `read_from` says which files
    were read. Raises Misconfigured for what neither says, and for a currency or time zone that is not one."""
    stated = next(iter(masters.read(Company)), Company(id="", name="", currency=""))
    name = options.get("company_name", "").strip() or stated.name
    code = (options.get("currency", "").strip() or stated.currency or currency).upper()
    zone = options.get("time_zone", "").strip() or stated.time_zone
    if not name:
        raise _missing("company's name", "company_name", "name")
    if not code:
        raise _missing("currency of the accounting system", "currency", "currency")
    if code not in EXPONENTS:
        raise _wrong(f'The currency "{shown(code)}" is not a currency code.', "Use EUR, for example.")
    if zone and zone not in available_timezones():
        raise _wrong(f'The time zone "{shown(zone)}" is not one.', "Use Europe/Berlin, for example.")
    read_from = (*map(str, masters.sources), *masters.notes)
    return replace(stated, id=stated.id or name, name=name, currency=code, time_zone=zone, read_from=read_from)


def _missing(what: str, option: str, field: str) -> Misconfigured:
    return _wrong(f"The {what} is missing.", f"Set the option `{option}`, or `{field}` in the master data's company.")


def _wrong(message: str, remedy: str) -> Misconfigured:
    return Misconfigured(message, remedy, "invalid_configuration")
