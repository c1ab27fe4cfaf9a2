"""A connection and its credential, and where each of its secrets may be sent.

A secret is kept with the destination that it was given for. Two texts are equal only where a client would connect to
the same place: what is not plainly the same counts as another, and the secret is asked for again.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Literal, NewType
from urllib.parse import SplitResult, urlsplit

from kontobro.core.errors import Conflict
from kontobro.core.model.settings import Settings


class AlreadyConnected(Conflict):
    """The Pleo company has its set of books: a second one would get its expenses too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """One Pleo company and one company of an accounting system. No secret in it.

    `erp_options` are the connector's own settings (a ledger's path, a URL), `erp_company` its company's id and
    `erp_company_name` what that company is called there. `name` is the handle of the command line; people read
    `pleo_name` and `books_name`, on pages, in lists, mails and exports.
    `status` `reconnect`: the credential is dead (since `login_ended_at`), settings are kept. `trial`: against a test
    system, for previews only; nothing is ever exported.
    """

    id: str
    name: str
    environment: Literal["production", "staging", "sandbox"]
    api_url: str
    auth_url: str
    auth: Literal["api_key", "oauth"]
    company_id: str
    company_name: str
    erp: str
    erp_options: Mapping[str, str] = field(default_factory=dict)
    erp_company: str = ""
    client_id: str | None = None
    scopes: frozenset[str] = frozenset()
    status: Literal["connected", "reconnect", "disconnected"] = "connected"
    settings: Settings = field(default_factory=Settings)
    erp_company_name: str = ""
    trial: bool = False
    login_ended_at: datetime | None = None

    @property
    def pleo_name(self) -> str:
        """What people call the company: its name at Pleo, never that of its books."""
        return name_at_pleo(self.company_name, self.company_id)

    @property
    def books_name(self) -> str:
        """The company in the accounting system, named beside the one at Pleo; its id where the name is not known."""
        return self.erp_company_name or self.erp_company

    @property
    def is_in_use(self) -> bool:
        """Whether it takes its Pleo company's one place for a set of books."""
        return self.status != "disconnected" and not self.trial


def name_at_pleo(name: str, company_id: str) -> str:
    """A Pleo company as people read it: its name, or what tells it apart until someone was asked for the name."""
    return name or f"Pleo company {company_id[:8]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """A connection's credential at Pleo. `access` is the API key for an API key connection.

    `expires_at` is aware UTC; `client_secret` is the OAuth client's.
    """

    access: str = field(repr=False)
    refresh: str | None = field(default=None, repr=False)
    expires_at: datetime | None = None
    client_secret: str | None = field(default=None, repr=False)


Destination = NewType("Destination", str)
"""Scheme, host, port, path, database and user (or client) as one canonical text. No secret is in it."""


PORTS: Final[Mapping[str, int]] = {"https": 443, "http": 80}


NOT_A_PLACE: Final[Mapping[str, frozenset[str]]] = {
    "beancount": frozenset({"company", "fava"}),
    "tryton": frozenset({"company", "settle_after"}),
}
"""Options of our connectors that do not change where a secret goes: Fava is only linked to. Of any connector another
company is on the same login; every other option of a connector that others wrote counts as a place."""


TEMPLATE_TEXT: Final = "template_text"
TEMPLATE_BEFORE: Final = "template_text_before"

KEPT_OPTIONS: Final = frozenset({TEMPLATE_TEXT, TEMPLATE_BEFORE})
"""Options that hold a whole text, which a page or a command of its own keeps: no form asks for them, and they stay
whatever else is changed."""


def with_kept(options: Mapping[str, str], stored: Mapping[str, str]) -> dict[str, str]:
    """New options, with the kept texts that are stored by now."""
    rest = {name: value for name, value in options.items() if name not in KEPT_OPTIONS}
    return rest | {name: value for name, value in stored.items() if name in KEPT_OPTIONS}


FROM_PLEO: Final = frozenset({"webhook", "webhook_id"})
"""Secrets of a connection that came from Pleo, beside those of the accounting system."""


DELIVERY_SECRET: Final = "delivery_secret"  # noqa: S105 - its name
"""The password or key of the place that documents are delivered to."""

SEALED_DOCUMENTS: Final = "sealed_documents"
"""The last numbers of the connection's documents: no secret, but kept where no lost table takes it."""

OUR_OWN: Final = frozenset({SEALED_DOCUMENTS})
NOWHERE: Final = Destination("nowhere")
"""What is kept with the secrets and is sent nowhere stays, whatever is set."""


def canonical_url(text: str) -> str:
    """An address as it is compared: scheme and host in lower case, IDNA, no default port, no slash at its end.

    Only a plain address is changed. With a user, a query, a fragment, a backslash, blanks or anything else that
    two programs may read differently it is taken letter by letter.
    """
    parts = _plain(text)
    if parts is None:
        return text
    host = _ascii(parts.hostname or "")
    place = f"[{host}]" if ":" in host else host
    port = parts.port
    after = "" if port is None or port == PORTS[parts.scheme] else f":{port}"
    return f"{parts.scheme}://{place}{after}{parts.path.removesuffix('/')}"


def _plain(text: str) -> SplitResult | None:
    """The parts of an address that every program reads alike; None for any other text."""
    if not text.isprintable() or any(sign in text for sign in " \\@?#%"):
        return None
    try:
        parts = urlsplit(text)
        readable = parts.scheme in PORTS and parts.hostname and parts.port != 0
    except ValueError:
        return None
    return parts if readable else None


def _ascii(host: str) -> str:
    """A name as it is looked up (IDNA 2008, which maps no letter to another): `faß.de` and `fass.de` are two hosts."""
    labels = (part if part.isascii() else f"xn--{part.encode('punycode').decode()}" for part in host.lower().split("."))
    return ".".join(labels)


def erp_destination(connection: Connection) -> Destination:
    """Where the accounting system's secrets of this connection go: every option but the company's number."""
    elsewhere = NOT_A_PLACE.get(connection.erp, {"company"})
    places = {
        name: canonical_url(value) if name == "url" else value
        for name, value in connection.erp_options.items()
        if name not in elsewhere and value
    }
    return Destination(json.dumps({"erp": connection.erp, **places}, sort_keys=True))


def pleo_destination(connection: Connection) -> Destination:
    """Where the connection's credential for Pleo goes: API, login and the OAuth client that it belongs to."""
    urls = {"api": canonical_url(connection.api_url), "login": canonical_url(connection.auth_url)}
    return Destination(json.dumps({**urls, "client": connection.client_id or ""}, sort_keys=True))


def delivery_destination(connection: Connection) -> Destination:
    """Where documents go, and with them the secret of their delivery: the place, and the key that it shows."""
    names = ("deliver_to", "delivery_host_key")
    return Destination(json.dumps({name: connection.erp_options.get(name, "") for name in names}))


def destination_of(connection: Connection, name: str) -> Destination:
    """Where the connection's secret of that name goes (`Store.secret`)."""
    if name in FROM_PLEO:
        return pleo_destination(connection)
    if name == DELIVERY_SECRET:
        return delivery_destination(connection)
    return NOWHERE if name in OUR_OWN else erp_destination(connection)
