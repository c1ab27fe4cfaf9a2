"""The service's configuration: environment variables, each with a safe default (`docs/service/environment.md`).

Settings of a connection are not here: they belong to the bookkeeper and live in the store.
"""

from __future__ import annotations

import ipaddress
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from platformdirs import user_data_path
from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from kontobro.core.errors import Misconfigured
from kontobro.service.listening import binds_loopback, local_url, names_loopback

PREFIX = "KONTOBRO_"
LOOPBACK = ("127.0.0.1", "localhost", "::1")
"""Hosts that are this machine."""

Environment = Literal["production", "staging", "sandbox"]
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True, slots=True)
class OAuthClient:
    """What Pleo registered for this service in one of its environments."""

    client_id: str
    client_secret: str = field(repr=False)


class ServiceConfig(BaseSettings):
    """All of it. The descriptions are the reference that a person reads."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore", frozen=True)

    home: Path = Field(
        default_factory=lambda: user_data_path("kontobro", appauthor=False),
        description="Data folder: the SQLite database, keys and locks.",
    )
    database_url: SecretStr = Field(
        SecretStr(""),
        description="postgresql://user:password@host:port/database. Empty: an SQLite file in the data folder.",
    )
    secret_key: SecretStr = Field(
        SecretStr(""),
        description="Signs sessions and links; 50 random characters or more, the same on all machines. "
        "Empty: created once and kept in the data folder.",
    )
    key: SecretStr = Field(
        SecretStr(""),
        description="Fernet keys, separated by commas. The first one encrypts Pleo's tokens and the accounting "
        "systems' passwords; all of them decrypt. Empty: a key file next to the SQLite database. Required with "
        "PostgreSQL.",
    )
    public_url: str = Field(
        "http://127.0.0.1:8765",
        description="Address that browsers and Pleo's webhooks use. HTTPS, except on localhost. Not set: taken "
        "from KONTOBRO_BIND if that is on this machine. Required for a service that other machines can reach.",
    )
    bind: str = Field(
        "127.0.0.1:8765",
        description="Address and port of the pages. A loopback address without a proxy is local mode; any other "
        "needs KONTOBRO_PUBLIC_URL.",
    )
    behind_proxy: bool = Field(
        False, description="True if a reverse proxy terminates TLS and sets X-Forwarded-Proto and X-Forwarded-For."
    )
    threads: int = Field(8, ge=1, le=64, description="Threads that serve pages, per process.")
    processes: int = Field(2, ge=1, le=32, description="Processes of `kontobro web`.")
    signup: bool = Field(
        True,
        description="Whether anyone may sign up. False: by invitation only. In local mode it applies only if it "
        "is set; otherwise the first visit needs a link.",
    )
    ledger_folders: str = Field(
        "",
        description="Folders with Beancount ledgers that a hosted service may open: full paths, separated by "
        "commas. Each organisation's ledgers are in a subfolder named after its ID. A ledger can run code. "
        "Empty: Beancount is not offered. Local mode opens any ledger its user may open.",
    )

    connectors: str = Field(
        "",
        description="Packages with connectors, separated by commas, that a hosted service may load: "
        "kontobro-hledger, for example. Their code runs with all rights of the service. A package that is not listed "
        "is not imported. Empty: only Kontobro's own connectors. In local mode, empty means every installed package.",
    )

    production_client_id: str = Field("", description="OAuth client that Pleo registered for production.")
    production_client_secret: SecretStr = Field(SecretStr(""), description="Its secret.")
    staging_client_id: str = Field("", description="OAuth client that Pleo registered for staging.")
    staging_client_secret: SecretStr = Field(SecretStr(""), description="Its secret.")
    sandbox_client_id: str = Field("", description="OAuth client of a Pleo-in-a-box (`kontobro sandbox` prints it).")
    sandbox_client_secret: SecretStr = Field(SecretStr(""), description="Its secret.")
    sandbox_url: str = Field("http://127.0.0.1:8764", description="Address of the Pleo-in-a-box.")

    workers: int = Field(
        4,
        ge=1,
        le=64,
        description="Connections that one worker process serves at the same time. One organisation gets at most "
        "one less.",
    )
    poll_seconds: int = Field(
        120, ge=5, description="How often a connection without webhooks is checked for export jobs."
    )
    reconcile_seconds: int = Field(
        900,
        ge=5,
        le=1800,
        description="How often a connection with webhooks is checked for export jobs, because webhooks may get lost. "
        "Pleo's export jobs expire after an hour.",
    )
    mail_url: SecretStr = Field(
        SecretStr(""),
        description="smtp://user:password@host:587 (STARTTLS, except on this machine) or smtps://…:465. "
        "Empty: no emails are sent, they are only logged.",
    )
    mail_from: str = Field("kontobro@localhost", description="Sender of the emails.")
    log_format: Literal["json", "console"] = Field(
        "console", description="json: one object per line, for a log collector."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="Minimum level that is logged.")
    metrics_token: SecretStr = Field(
        SecretStr(""), description="Bearer token for /metrics. Empty: only this machine can read the metrics."
    )

    metrics_bind: str = Field(
        "",
        description="Address and port of a worker's own metrics, in a network that only Prometheus can reach. "
        "Empty: none.",
    )

    private_networks: str = Field(
        "",
        description="Private networks that accounting systems and customers' webhooks may be in, such as "
        "10.1.0.0/16, separated by commas. Empty: none. A service on localhost may reach all networks.",
    )

    operators: str = Field(
        "",
        description="Email addresses, separated by commas, of the people who may open /doctor/, the check of "
        "the whole installation. Addresses must be verified, which needs KONTOBRO_MAIL_URL.",
    )

    @field_validator("private_networks")
    @classmethod
    def _are_networks(cls, text: str) -> str:
        _networks(text)
        return text

    @property
    def networks(self) -> tuple[Network, ...]:
        return _networks(self.private_networks)

    @field_validator("ledger_folders")
    @classmethod
    def _are_whole_paths(cls, text: str) -> str:
        if wrong := [str(folder) for folder in _folders(text) if not folder.is_absolute()]:
            raise ValueError(f"{wrong[0]!r} is not a full path; write /srv/ledgers, for example")
        return text

    @property
    def ledger_roots(self) -> tuple[Path, ...]:
        """The folders below which a hosted service opens ledgers."""
        return _folders(self.ledger_folders)

    @property
    def connector_packages(self) -> frozenset[str] | None:
        """The other packages whose connectors may be loaded; None for all that are installed."""
        named = frozenset(part.strip() for part in self.connectors.split(",") if part.strip())
        return None if self.local and not named else named

    @model_validator(mode="before")
    @classmethod
    def _follow_bind(cls, given: Any) -> Any:
        """Another port to serve on, and nothing said of the address: it is the same one."""
        bind = str(given.get("bind", ""))
        if given.get("public_url") or _is_bare(bind) or not (bind and binds_loopback(bind)):
            return given
        return {**given, "public_url": local_url(bind)}

    @field_validator("public_url")
    @classmethod
    def _is_web_address(cls, url: str) -> str:
        parts = urlsplit(url)
        odd = "@" in parts.netloc or parts.query or parts.fragment
        if parts.scheme not in ("http", "https") or not parts.hostname or odd:
            raise ValueError(
                f"{url.rpartition('@')[2]!r} is not a valid web address; write https://books.example.com, for example"
            )
        return url

    @field_validator("bind")
    @classmethod
    def _is_place_to_listen(cls, bind: str) -> str:
        _, colon, port = bind.rpartition(":")
        if _is_bare(bind):
            raise ValueError(f"{bind!r} is not a valid host:port; write an IPv6 address as [::1]:8765")
        if not bind.startswith("unix:") and not (colon and port.isdecimal() and int(port) < 65_536):
            raise ValueError(f"{bind!r} is not a valid host:port; write 127.0.0.1:8765, for example")
        return bind

    @property
    def operator_addresses(self) -> frozenset[str]:
        return frozenset(part.strip().casefold() for part in self.operators.split(",") if part.strip())

    def client(self, environment: Environment) -> OAuthClient | None:
        """The OAuth client registered in that environment, if there is one."""
        client_id: str = getattr(self, f"{environment}_client_id")
        secret: SecretStr = getattr(self, f"{environment}_client_secret")
        return OAuthClient(client_id, secret.get_secret_value()) if client_id else None

    @property
    def database(self) -> str | Path:
        """PostgreSQL's URL, or the path of the SQLite file."""
        return self.database_url.get_secret_value() or self.home / "kontobro.sqlite3"

    @cached_property
    def local(self) -> bool:
        """True when only this machine's browsers are served: HTTPS can't be asked for there.

        The socket decides: a loopback address without a proxy in front (`service/listening.py`).
        """
        return names_loopback(self.public_url) and not self.behind_proxy and binds_loopback(self.bind)

    @property
    def signup_open(self) -> bool:
        """Whether strangers may sign up: in local mode only when the operator said so."""
        return self.signup and ("signup" in self.model_fields_set or not self.local)


def _is_bare(bind: str) -> bool:
    """Whether more than a port is separated by colons: an IPv6 address without its brackets, or a list."""
    return ":" in bind.rpartition(":")[0] and not bind.startswith(("[", "unix:"))


def _folders(text: str) -> tuple[Path, ...]:
    return tuple(Path(part.strip()) for part in text.split(",") if part.strip())


def _networks(text: str) -> tuple[Network, ...]:
    """Raises ValueError for what is no network."""
    return tuple(ipaddress.ip_network(part.strip()) for part in text.split(",") if part.strip())


def read_config(environment: Mapping[str, str] | None = None) -> ServiceConfig:
    """The configuration as the environment has it now. Raises Misconfigured: every wrong variable at once."""
    values = os.environ if environment is None else environment
    given = {
        name: values[PREFIX + name.upper()] for name in ServiceConfig.model_fields if PREFIX + name.upper() in values
    }
    try:
        return ServiceConfig.model_validate(given)
    except ValidationError as error:
        wrong = "; ".join(
            f"{PREFIX}{str(e['loc'][0]).upper()}: {e['msg'].removeprefix('Value error, ')}"
            for e in error.errors(include_input=False)
        )
        raise Misconfigured(
            f"The service's configuration is wrong: {wrong}.", "Correct these environment variables."
        ) from None


@cache
def config() -> ServiceConfig:
    """This process's configuration, read once."""
    return read_config()


def session_secret(config: ServiceConfig) -> str:
    """What signs sessions: as configured, else made once and kept in the home for its owner alone.

    Raises Misconfigured with PostgreSQL and none configured: each machine would make its own.
    """
    if given := config.secret_key.get_secret_value():
        return given
    if config.database_url.get_secret_value():
        raise Misconfigured(
            "KONTOBRO_SECRET_KEY is missing: with PostgreSQL all machines must use the same one.",
            'Create one: python -c "import secrets; print(secrets.token_urlsafe(48))"',
        )
    path = config.home / "session.key"
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(64))
    except FileExistsError:
        pass
    return path.read_text()
