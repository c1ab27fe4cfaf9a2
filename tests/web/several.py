"""An accounting system of two companies: which one has to be said."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from kontobro.core.errors import LoginFailed, SeveralCompanies
from kontobro.core.model.masterdata import Company
from kontobro.testing.connector.memory import MemoryConnector

COMPANIES = [("1", "Fjord ApS"), ("2", "Bro ApS")]


class Several(MemoryConnector):
    """Opens the company that its options name, with the right key."""

    def __init__(self, options: Mapping[str, str], key: str | None) -> None:
        super().__init__()
        self._options = options
        self._key = key

    def check(self) -> Company:
        if self._key != "open sesame":
            raise LoginFailed("The API key is refused.", "Give the right one.")
        chosen = self._options.get("company", "")
        if not chosen:
            raise SeveralCompanies("There are several companies.", "Choose one.", companies=COMPANIES)
        return Company(chosen, dict(COMPANIES)[chosen], "DKK", "Europe/Copenhagen", "DK")


def from_options(options: Mapping[str, str], secrets: Callable[[str], str | None]) -> Several:
    return Several(options, secrets("api_key"))
