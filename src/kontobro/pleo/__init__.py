"""Pleo's side: one company's Pleo over HTTP, behind the `Pleo` port of the core (`pleo/api.md`)."""

from kontobro.pleo.client import PleoClient, open_pleo
from kontobro.pleo.environments import ENVIRONMENTS, SCOPES_LEVEL_1, Environment
from kontobro.pleo.oauth import TokenFacts, authorize_url, exchange_code, introspect_token

__all__ = [
    "ENVIRONMENTS",
    "SCOPES_LEVEL_1",
    "Environment",
    "PleoClient",
    "TokenFacts",
    "authorize_url",
    "exchange_code",
    "introspect_token",
    "open_pleo",
]
