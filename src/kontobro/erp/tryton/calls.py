"""What the connector asks of a transport: over HTTP (`api.py`), or in Tryton's own process (the module).

One mapping serves both: names of methods, arguments and answers are those of Tryton's JSON-RPC, with Python's own
Decimal, date and bytes. Each call is one transaction of Tryton's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, Protocol

from kontobro.erp.kit.http import rows_by_id

Row = dict[str, Any]
Domain = Sequence[object]

SYSTEM: Final = "Tryton"

PAGE: Final = 2_000

REFERENCE: Final = "kontobro_reference"
"""The field of moves and invoices that holds our reference, where Kontobro's module is installed: one in a company."""


class Calls(Protocol):
    """The way to one company of one database, as one user. `company` is None until it is chosen."""

    company: int | None

    def read(self, method: str, *arguments: Any, **context: Any) -> Any:
        """A call without effect."""
        ...

    def write(self, method: str, *arguments: Any, **context: Any) -> Any:
        """A call with an effect, made once. Uncertain when its answer is lost; Refused when Tryton rolled it back."""
        ...

    def rows(self, model: str, domain: Domain, fields: Sequence[str], **context: Any) -> Iterator[Row]:
        """All records of a domain by ascending id, page by page."""
        ...

    def version(self) -> str:
        """The server's series: 8.2. Empty when none answers as Tryton 7.0 or 8.2 does."""
        ...


def rows_of(
    read: Callable[..., Any], model: str, domain: Domain, fields: Sequence[str], **context: Any
) -> Iterator[Row]:
    """`Calls.rows` by `Calls.read`."""

    def fetch(last: int) -> Any:
        after = [["id", ">", last], *domain]
        return read(f"model.{model}.search_read", after, 0, PAGE, [["id", "ASC"]], list(fields), **context)

    return rows_by_id(fetch, PAGE, f"{SYSTEM}'s {model}")
