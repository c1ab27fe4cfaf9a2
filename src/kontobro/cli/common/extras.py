"""The parts of Kontobro that are installed on demand (`pyproject.toml`, optional-dependencies)."""

from __future__ import annotations

from importlib.util import find_spec

from kontobro.core.errors import Misconfigured
from kontobro.core.words import told

MODULES = {
    "sandbox": ("starlette", "uvicorn", "jinja2", "python_multipart"),
    "beancount": ("beancount",),
    "connector": ("copier",),
    "service": (
        "allauth", "django_htmx", "whitenoise", "csp", "pydantic_settings", "prometheus_client", "standardwebhooks",
        "dbos", "psycopg", "xlsxwriter",
    ),
    "app": ("django", "cryptography", "rich", "platformdirs", "tomli_w", "babel"),
}  # fmt: skip
"""Modules that only this extra brings, by the name under which they are imported."""


def extra_of(module: str) -> str | None:
    """The extra that brings a top-level module; None for a module of no extra."""
    return next((extra for extra, modules in MODULES.items() if module in modules), None)


def require_extra(extra: str) -> None:
    """Raise Misconfigured that says what to install where a part of the extra is missing."""
    missing = [module for module in MODULES[extra] if find_spec(module) is None]
    if missing:
        raise Misconfigured(*told("cli_extra_lacks", extra=extra, missing=tuple(missing)))
