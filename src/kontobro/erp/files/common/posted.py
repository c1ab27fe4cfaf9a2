"""An accounting system's journal from a file: what it really holds of our documents."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from kontobro.core.errors import Misconfigured, said_of
from kontobro.core.model.journal import summed
from kontobro.core.tieout.journal import PostedEntry
from kontobro.core.words import told
from kontobro.erp.files.common.fec_reader import read_fec
from kontobro.erp.files.common.masters.datev import is_datev
from kontobro.erp.files.common.sie_reader import read_sie

MOST_BYTES: Final = 256 * 1024 * 1024


InDatev = Callable[[bytes, str], list[PostedEntry]]
"""How bytes and name of a file are read; a Buchungsstapel with the keys and accounts of a client."""


def read_posted(path: Path, in_datev: InDatev | None = None) -> list[PostedEntry]:
    """The entries of a journal: SIE 4 (E or I), FEC, or DATEV where its client is known, as its content says. Raises
    Misconfigured, also for one without entries: it would say of every document that it is not there."""
    content = journal_bytes(path)
    if posted := _reader_of(content, path.name, in_datev)(content, path.name):
        return posted
    raise Misconfigured(*told("journal_empty", file=path.name))


def _reader_of(content: bytes, name: str, in_datev: InDatev | None) -> InDatev:
    begin = content[:4096].lstrip(b"\xef\xbb\xbf \r\n\t")
    if begin.startswith(b"#"):
        return lambda content, _: list(_of_sie(content))
    if begin.lower().startswith(b"journalcode"):
        return lambda content, _: list(_of_fec(content))
    if not is_datev(begin):
        raise Misconfigured(*told("journal_format_unknown", file=name))
    if in_datev is None:
        raise Misconfigured(*told("journal_in_datev", file=name))
    return in_datev


def journal_bytes(path: Path) -> bytes:
    """The bytes of a journal, which may be large. Raises Misconfigured."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise Misconfigured(*told("journal_too_large", file=path.name, most=MOST_BYTES))
        return path.read_bytes()
    except OSError as error:
        raise Misconfigured(*told("journal_not_readable", why=said_of(error))) from error


def _of_sie(content: bytes) -> Iterator[PostedEntry]:
    for voucher in read_sie(content).vouchers:
        texts = [voucher.text, *(line.text for line in voucher.lines)]
        texts += [number for line in voucher.lines for _, number in line.objects]
        yield PostedEntry(
            name=f"{voucher.series}{voucher.number}",
            date=voucher.date,
            amounts=summed((line.account, line.amount) for line in voucher.lines),
            text=" ".join(texts),
        )


def _of_fec(content: bytes) -> Iterator[PostedEntry]:
    for entry in read_fec(content).entries:
        yield PostedEntry(
            name=f"{entry.journal} {entry.number}",
            date=entry.date,
            amounts=summed((line.account, line.amount) for line in entry.lines),
            text=" ".join([entry.number, entry.piece, *(line.text for line in entry.lines)]),
        )
