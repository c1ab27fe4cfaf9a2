"""Master data from TOML alone, and the company that options name, until `common/masters` reads more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from kontobro.core.errors import Misconfigured
from kontobro.core.model.masterdata import Company
from kontobro.erp.files.common.master_file import MasterFile
from kontobro.erp.kit.masters_file import read_masters


def read_master_file(path: Path) -> MasterFile:
    return MasterFile(read_masters(path))


def company_of(masters: MasterFile, options: Mapping[str, str], currency: str = "") -> Company:
    """The company that master data and options name, options first. Raises Misconfigured without a name."""
    stated = next(iter(masters.read(Company)), Company(id="", name="", currency=""))
    name = options.get("company_name", "").strip() or stated.name
    code = (options.get("currency", "").strip() or stated.currency or currency).upper()
    zone = options.get("time_zone", "").strip() or stated.time_zone
    if not name:
        message = "The company's name is missing."
        remedy = "Set the option `company_name`, or `name` in the master data's company."
        raise Misconfigured(message, remedy, "invalid_configuration")
    return replace(stated, id=stated.id or name, name=name, currency=code, time_zone=zone)
