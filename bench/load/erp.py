"""An accounting system that answers at once and forgets: what is measured is the service."""

from __future__ import annotations

from collections.abc import Mapping

from bench import books
from bench.scale.cases import Forgetful


class QuickErp(Forgetful):
    """One company of it; each time it is opened, it has booked nothing yet."""

    def __init__(self, options: Mapping[str, str]) -> None:
        super().__init__(books.CHART)
