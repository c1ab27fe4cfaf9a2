"""The tie-out in words: what sides and results are called, and its workbook, in the reader's language."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kontobro.core.model.connection import Connection
from kontobro.core.tieout.compare import TiedEntry, TieOut, Verdict
from kontobro.export.tieout.sheet import ENTRY_COLUMNS, SUM_COLUMNS, entry_row, sum_rows
from kontobro.export.tieout.sheets import Book, Cell
from kontobro.web.language import language_now
from kontobro.web.lists.files import BOTH, both_of
from kontobro.web.lists.heads import heads_of
from kontobro.web.telling import Told, told_in
from kontobro.web.templatetags.kontobro import plain

SIDES: Mapping[str, Promise] = {
    "wallet": gettext_lazy("Wallet"),
    "employee": gettext_lazy("Employees"),
    "payable": gettext_lazy("Payables"),
    "other": gettext_lazy("Other"),
}

WORDS: Mapping[Verdict, Promise] = {
    "equal": gettext_lazy("equal"),
    "draft": gettext_lazy("still a draft"),
    "amount_differs": gettext_lazy("amount differs"),
    "date_moved": gettext_lazy("date moved"),
    "account_differs": gettext_lazy("is booked on another account"),
    "details_differ": gettext_lazy("dimensions or tax codes differ"),
    "voided": gettext_lazy("voided"),
    "missing": gettext_lazy("missing: deleted, or moved where Kontobro can't see it"),
    "uncertain": gettext_lazy("unconfirmed"),
    "not_booked": gettext_lazy("not booked: failed or not finished"),
    "cannot_look": gettext_lazy("can't be looked up there"),
}


def words_of(verdict: Verdict) -> str:
    return str(WORDS[verdict])


def reasons_told(request: HttpRequest, tied: TiedEntry) -> Sequence[Told]:
    """What changed, or why it isn't booked."""
    locale = request.reader_locale  # type: ignore[attr-defined]
    return [told_in(why, language_now(), locale) for why in tied.changes or tied.pleo.problems]


def entries_sheet(
    request: HttpRequest, book: Book, connection: Connection, entries: Iterable[TiedEntry]
) -> Iterator[TiedEntry]:
    """Write each entry as a row on its way: the summary reads the same stream, once."""
    sheet = book.sheet(_("Entries"), heads_of((*BOTH, *ENTRY_COLUMNS)))
    both = both_of(connection)
    for tied in entries:
        sheet.add((*both, *_row(request, tied)))
        yield tied


def _row(request: HttpRequest, tied: TiedEntry) -> Sequence[Cell]:
    row = dict(zip(ENTRY_COLUMNS, entry_row(tied), strict=True))
    pleo = tied.pleo
    row |= {
        "side": str(SIDES[pleo.side]),
        "result": words_of(tied.verdict),
        "changes": "; ".join(one.message for one in reasons_told(request, tied)),
        "type": plain(pleo.item_type),
        "kind": plain(pleo.kind),
        "compared with": _("Pleo's content") if pleo.source == "pleo" else _("what was booked"),
    }
    return list(row.values())


def summary_sheets(request: HttpRequest, book: Book, result: TieOut) -> None:
    """The sheets besides the entries'."""
    sums = book.sheet(_("Sums"), heads_of(SUM_COLUMNS))
    for side, *rest in sum_rows(result):
        sums.add([str(SIDES[str(side)]), *rest])
    unseen = book.sheet(_("Not seen"), [_("What this comparison can't see")])
    locale = request.reader_locale  # type: ignore[attr-defined]
    for spot in result.cannot_see:
        unseen.add([told_in(spot, language_now(), locale).message])
