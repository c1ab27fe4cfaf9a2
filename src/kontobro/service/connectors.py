"""Which connectors this service loads: Kontobro's own, and those of packages that its operator named."""

from __future__ import annotations

from functools import cache

from kontobro.erp.registry import Registry
from kontobro.service.config import ServiceConfig, config


def registry_of(config: ServiceConfig) -> Registry:
    """The connectors that the configuration allows; looked for once in each process."""
    return _registry(config.connector_packages)


def connectors() -> Registry:
    """The same for this process's own configuration."""
    return registry_of(config())


@cache
def _registry(allowed: frozenset[str] | None) -> Registry:
    return Registry(allowed)
