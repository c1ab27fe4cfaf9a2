"""Which company the master data are of."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from zoneinfo import available_timezones

from kontobro.core.errors import Misconfigured, shown
from kontobro.core.master_files import MastersRead
from kontobro.core.model.masterdata import Company
from kontobro.core.model.money import EXPONENTS
from kontobro.core.words import Phrase, phrase
from kontobro.erp.files.common.master_file import MasterFile, Source
from kontobro.erp.kit.masters_file import TABLES, unusable


def company_of(masters: MasterFile, options: Mapping[str, str], currency: str = "") -> Company:
    """The company that files and options name, for `DocumentTarget.check`; options come first: `company_name`,
    `currency` and `time_zone`. `currency` is the format's own where both are silent. Its `read_from` says which files
    were read. Raises Misconfigured for what neither says, and for a currency or time zone that is not one."""
    stated = next(iter(masters.read(Company)), Company(id="", name="", currency=""))
    name = options.get("company_name", "").strip() or stated.name
    code = (options.get("currency", "").strip() or stated.currency or currency).upper()
    zone = options.get("time_zone", "").strip() or stated.time_zone
    if not name:
        raise _wrong(phrase("company_name_missing"), phrase("company_set", option="company_name", field="name"))
    if not code:
        raise _wrong(phrase("company_currency_missing"), phrase("company_set", option="currency", field="currency"))
    if code not in EXPONENTS:
        raise _wrong(phrase("company_currency_wrong", given=shown(code)), phrase("company_currency_use"))
    if zone and zone not in available_timezones():
        raise _wrong(phrase("company_zone_wrong", given=shown(zone)), phrase("company_zone_use"))
    read_from = (*(source.said for source in masters.sources), *masters.notes)
    stated = replace(stated, read_from=read_from, masters=read_of(masters.sources, options.get("masters", "")))
    return replace(stated, id=stated.id or name, name=name, currency=code, time_zone=zone)


def read_of(sources: Sequence[Source], path: str) -> MastersRead | None:
    """All files as one: of several the digest is that of `sha256sum`'s lines about them. None where none was read."""
    if not sources:
        return None
    counts: Counter[str] = Counter()
    for source in sources:
        counts.update(source.counts)
    lines = "".join(f"{source.sha256}  {source.name}\n" for source in sources)
    digest = sources[0].sha256 if len(sources) == 1 else hashlib.sha256(lines.encode()).hexdigest()
    return MastersRead(
        Path(path.strip()).name or sources[0].name,
        digest,
        tuple((table, counts[table]) for table, kind in TABLES.items() if counts[table] and kind is not Company),
    )


def _wrong(what: Phrase, remedy: Phrase) -> Misconfigured:
    return unusable(what, remedy)
