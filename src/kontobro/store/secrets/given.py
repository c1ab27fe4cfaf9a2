"""A connection's secrets as rows: under which name, for which destination. The same in every store."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from kontobro.core.model.connection import Connection, Destination, Tokens, destination_of, pleo_destination
from kontobro.store.secrets import codec

TOKENS = "pleo.tokens"
"""The name of the secret that holds Pleo's credential, both tokens in one."""

ERP = "erp."
"""Before the names of all others."""


@dataclass(frozen=True, slots=True)
class GivenSecret:
    """A JSON value, to be encrypted, and the only destination that it may be read for."""

    name: str
    destination: Destination
    value: object = field(repr=False)


def secrets_given(connection: Connection, tokens: Tokens | None, secrets: Mapping[str, str]) -> Iterator[GivenSecret]:
    """What was given for this connection, bound to where it goes."""
    if tokens is not None:
        yield GivenSecret(TOKENS, pleo_destination(connection), codec.tokens_to(tokens))
    for name, value in secrets.items():
        yield GivenSecret(ERP + name, destination_of(connection, name), value)


def destination_of_row(connection: Connection, name: str) -> Destination:
    """Where a secret of an older store goes: it is bound to what its connection says now."""
    return pleo_destination(connection) if name == TOKENS else destination_of(connection, name.removeprefix(ERP))
