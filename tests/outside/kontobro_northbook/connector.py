"""NorthBook: the accounting system in dictionaries, behind a login that sees two companies."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from kontobro.core.errors import LoginFailed, SeveralCompanies
from kontobro.core.model.masterdata import Company
from kontobro.testing.connector.memory import MemoryConnector

COMPANIES = [("1", "Fjord ApS"), ("2", "Bro ApS")]


class NorthBook(MemoryConnector):
    """Opens the company that its options name, with the right token."""

    def __init__(self, options: Mapping[str, str], secrets: Callable[[str], str | None]) -> None:
        super().__init__()
        self.options = dict(options)
        self.secrets = secrets

    def check(self) -> Company:
        if self.secrets("token") != "open sesame":
            raise LoginFailed("The access token is refused.", "Give the right one.")
        chosen = self.options.get("company", "")
        if not chosen:
            raise SeveralCompanies("There are several companies.", "Choose one.", companies=COMPANIES)
        return Company(chosen, dict(COMPANIES)[chosen], "DKK", "Europe/Copenhagen", "DK")


def from_options(options: Mapping[str, str], secrets: Callable[[str], str | None]) -> NorthBook:
    return NorthBook(options, secrets)
