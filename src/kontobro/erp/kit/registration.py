"""How a connector declares itself: its name for people, its factory, its options, what to install.

A package names one `Registration` by an entry point of the group `kontobro.connectors`, as our own connectors do
(`docs/connectors/writing-one.md`).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal, get_args

from kontobro.core.errors import Misconfigured, shown
from kontobro.core.model.connection import FROM_PLEO
from kontobro.core.ports.delivery import is_path
from kontobro.core.words import Label, told

Kind = Literal["text", "address", "link", "path", "place", "choice", "secret"]
"""`address`: an http(s) address that the connector calls; `link`: one that is only shown to people; `path`: a file of
this machine, kept absolute; `place`: where documents are delivered, a path like the others or an address
(`core/ports/delivery.py`); `secret`: stored encrypted, given to the connector by name, in no option."""

NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,39}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Option:
    """One thing that a connector needs to know of a connection.

    `label` is the words that exist before it, `help` a sentence under it, `choices` the values of a `choice` with
    their labels. `flag` is the command line's own for it; an option without one is given by `--erp-option`.
    """

    name: str
    label: str
    kind: Kind = "text"
    help: str = ""
    required: bool = True
    choices: tuple[tuple[str, str], ...] = ()
    flag: str = ""
    metavar: str | None = None

    def __post_init__(self) -> None:
        """Raises ValueError for an option that no page could ask for."""
        if not NAME.fullmatch(self.name):
            raise ValueError(f"option {self.name!r}: a name has lower-case letters, digits and underscores")
        if self.kind not in get_args(Kind):
            raise ValueError(f"option {self.name}: kind {self.kind!r} is not one of {', '.join(get_args(Kind))}")
        if not self.label:
            raise ValueError(f"option {self.name}: the label is empty")
        if (self.kind == "choice") != bool(self.choices):
            raise ValueError(f"option {self.name}: choices are for the kind choice, and it needs some")
        if self.kind == "secret" and self.name in FROM_PLEO:
            raise ValueError(f"option {self.name}: this name is for a secret of Pleo's")
        if self.name == COMPANY_NAME and (self.kind != "text" or self.required):
            raise ValueError(f"option {self.name}: it is an optional text, the ID of one of a login's companies")


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """A connector as it is registered. `label` is its name as people write it, `factory` where it is made
    (`package.module:function`, loaded when a connection is opened), `install` what to type when it can't be loaded.

    `open_options`: only the connector itself knows its options and secrets. `documents`: the factory makes a document
    target (`core.ports.DocumentTarget`), for an accounting system that takes files; it has the options of `DELIVERY`
    too, which are added here.
    """

    label: str
    factory: str
    install: str
    options: tuple[Option, ...] = ()
    open_options: bool = False
    documents: bool = False

    def __post_init__(self) -> None:
        """Raises ValueError for what can't be offered."""
        module, _, function = self.factory.partition(":")
        if not (module and function and self.label and self.install):
            raise ValueError("a label, an install hint and a factory written package.module:function are needed")
        if wrong := {type(option).__name__ for option in self.options} - {Option.__name__}:
            raise TypeError(f"an option is a {wrong.pop()}, not an Option")
        if self.documents:
            object.__setattr__(self, "options", _with_delivery(self.options))
        names = [option.name for option in self.options]
        if doubled := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"option {doubled[0]} is declared twice")

    @property
    def settings(self) -> tuple[Option, ...]:
        """The options that are kept as they are: all but the secrets."""
        return tuple(option for option in self.options if option.kind != "secret")

    @property
    def secrets(self) -> tuple[Option, ...]:
        return tuple(option for option in self.options if option.kind == "secret")

    def secrets_for(self, options: Mapping[str, str]) -> tuple[Option, ...]:
        """The secrets that a connection with these options has: a delivery's where its place has a login, and then it
        is required."""
        place = options.get(DELIVER_TO.name, "")
        own = tuple(option for option in self.secrets if option != DELIVERY_SECRET)
        delivers = DELIVERY_SECRET in self.secrets and place and not is_path(place)
        return (*own, replace(DELIVERY_SECRET, required=True)) if delivers else own

    @property
    def takes_company(self) -> bool:
        """Whether one company of a login can be chosen (`COMPANY`)."""
        return any(option.name == COMPANY_NAME for option in self.options)

    def values_of(self, kind: Kind, options: Mapping[str, str]) -> dict[str, str]:
        """What is given for the options of that kind, by their names. A place that is a path is one of the paths."""
        return {option.name: options[option.name] for option in self.options if _is(option, kind, options)}

    def unknown(self, options: Mapping[str, str]) -> list[str]:
        """The names that are no option of this connector, in order; none where only the connector itself knows."""
        known = {option.name for option in self.settings}
        return [] if self.open_options else [name for name in options if name not in known]

    def require(self, options: Mapping[str, str]) -> None:
        """Raises Misconfigured for an unknown option, a missing one, or a choice that is none."""
        known = [option.name for option in self.settings]
        if unknown := sorted(self.unknown(options)):
            words = (
                told("option_unknown", system=self.label, unknown=shown(", ".join(unknown)), known=tuple(known))
                if known
                else told("option_unknown_of_none", system=self.label, unknown=shown(", ".join(unknown)))
            )
            raise Misconfigured(*words)
        for option in self.settings:
            _require(option, options.get(option.name, ""))


def _with_delivery(options: tuple[Option, ...]) -> tuple[Option, ...]:
    """The options with those of the delivery at their end, once. Another of such a name is declared twice, and refused:
    whoever guards the paths of deliveries goes by the kind of ours."""
    return (*(option for option in options if option not in DELIVERY), *DELIVERY)


def _is(option: Option, kind: Kind, options: Mapping[str, str]) -> bool:
    value = options.get(option.name, "")
    return bool(value) and kind == ("path" if option.kind == "place" and is_path(value) else option.kind)


def _require(option: Option, value: str) -> None:
    if not value and option.required:
        flag = option.flag or f"--erp-option {option.name}=VALUE"
        raise Misconfigured(*told("option_missing", label=Label(option.label), option=option.name)).by(flag)
    values = [each for each, _ in option.choices]
    if value and values and value not in values:
        label, given = Label(option.label), shown(value)
        raise Misconfigured(
            *told("option_value_unknown", label=label, option=option.name, given=given, values=tuple(values))
        )


COMPANY_NAME: Final = "company"

LEDGER: Final = Option(
    "ledger",
    "path of the ledger's main file",
    "path",
    help="Beancount: the main file of the ledger.",
    flag="--ledger",
)
URL: Final = Option("url", "address", "address", flag="--erp-url", help="Where the accounting system is.")
DATABASE: Final = Option("database", "database", help="Its database.", flag="--erp-database", metavar="NAME")
USER: Final = Option("user", "user", help="The user there.", flag="--erp-user", metavar="NAME")
COMPANY: Final = Option(
    COMPANY_NAME,
    "company's number, if there are several",
    help="The company there, if there are several.",
    required=False,
    flag="--erp-company",
    metavar="ID",
)
"""The company of a login that sees several. `check` raises SeveralCompanies until it is given: the person then
chooses. Another company is on the same login: secrets are not asked for again, so no address may be made from it."""

DELIVER_TO: Final = Option(
    "deliver_to",
    "where documents are delivered",
    "place",
    help="Documents: a folder, sftp://, webdav+https://, s3:// or mailto:. Without it they are downloaded.",
    required=False,
    flag="--deliver-to",
    metavar="PLACE",
)
DELIVERY_SECRET: Final = Option(
    "delivery_secret",
    "password or key of the delivery",
    "secret",
    help="Of SFTP a password or a private key, of S3 the secret key, of mail a passphrase.",
    required=False,
)
DELIVERY: Final = (
    DELIVER_TO,
    Option(
        "delivery_host_key",
        "fingerprint of the SFTP server's host key",
        help="Its operator has it, as ssh-keygen -lf prints it: SHA256:…",
        required=False,
    ),
    DELIVERY_SECRET,
)
"""The options of every document target (`docs/documents/delivery.md`); `Registration` adds them."""

FLAGGED: Final = (LEDGER, URL, DATABASE, USER, COMPANY, DELIVER_TO)
"""The options that the command line has a flag for, in the order of its help."""
