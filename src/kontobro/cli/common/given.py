"""Secrets of the environment: one that was given for another address is not sent to the one that was typed now."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

from kontobro.core.errors import Misconfigured
from kontobro.core.words import told

if TYPE_CHECKING:
    from kontobro.core.model.connection import Connection
    from kontobro.core.ports import Store


def require_given_for(store: Store, draft: Connection, variables: Mapping[str, str], names: Collection[str]) -> None:
    """Raises Misconfigured for a variable whose very secret is stored for another destination than the draft's.

    `variables`: each with the option that gives its secret by hand; `names`: of the accounting system's secrets.
    """
    kept = [pair for old in store.connections() for pair in _kept(store, old, draft, names)]
    here = {secret for is_here, secret in kept if is_here}
    elsewhere = {secret for is_here, secret in kept if not is_here} - here
    for variable, option in variables.items():
        if os.environ.get(variable, "").strip() in elsewhere:
            raise Misconfigured(*told("cli_secret_elsewhere", variable=variable, option=option))


def _kept(store: Store, old: Connection, draft: Connection, names: Collection[str]) -> Iterator[tuple[bool, str]]:
    """What is stored of a connection, and whether it was given for where the draft leads."""
    from kontobro.core.model.connection import erp_destination, pleo_destination

    with suppress(Misconfigured):  # the key of the secrets is lost: connecting again is the way out
        tokens, same = store.tokens(old), pleo_destination(old) == pleo_destination(draft)
        found = [tokens.access, tokens.client_secret] if tokens else []
        yield from ((same, secret) for secret in found if secret)
        same_erp = erp_destination(old) == erp_destination(draft)
        yield from ((same_erp, secret) for name in names if (secret := store.secret(old, name)))
