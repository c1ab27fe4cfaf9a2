"""Who may sign up first in local mode: who holds a link, once, within 15 minutes. Others on the machine are strangers.

The link is one file in the home, for its owner alone; it never goes into a log.
"""

from __future__ import annotations

import hmac
import os
import secrets
from contextlib import suppress
from datetime import datetime, timedelta
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from kontobro.service.config import ServiceConfig

LIFE: Final = timedelta(minutes=15)
PATH: Final = "first-visit/"
_FILE: Final = "first-visit.txt"


def link_file(config: ServiceConfig) -> Path:
    return config.home / _FILE


def new_link(config: ServiceConfig, now: datetime) -> str:
    """Make the link that lets one person sign up, and write it into the home (mode 0600). An older one is void."""
    config.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    link = f"{config.public_url.rstrip('/')}/{PATH}{secrets.token_urlsafe(32)}/"
    fresh = link_file(config).with_suffix(f".{secrets.token_hex(8)}")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(f"{link}\n{(now + LIFE).isoformat()}\n")
    fresh.replace(link_file(config))
    return link


def is_valid(config: ServiceConfig, secret: str, now: datetime) -> bool:
    """Whether this is the secret of the link that may still be used."""
    try:
        link, expires = link_file(config).read_text().split()
        late = datetime.fromisoformat(expires) <= now
    except (OSError, ValueError):
        return False
    known = link.rstrip("/").rpartition("/")[2]
    return not late and hmac.compare_digest(known.encode(), secret.encode())


def redeem(config: ServiceConfig, secret: str, now: datetime) -> bool:
    """Use the link up; of two who come at once one gets True."""
    if not is_valid(config, secret, now):
        return False
    taken = link_file(config).with_suffix(f".{secrets.token_hex(8)}")
    with suppress(FileNotFoundError):
        link_file(config).rename(taken)
        taken.unlink()
        return True
    return False


NEEDED = ("starlette", "uvicorn", "jinja2", "python_multipart", "beancount")
"""What Pleo-in-a-box and the demo's ledger need, by the names under which they are imported."""


def is_offered(config: ServiceConfig) -> bool:
    """On one's own machine, in one process, with the parts installed."""
    return config.local and not config.database_url.get_secret_value() and _is_installed()


@cache
def _is_installed() -> bool:
    """Looked for once a process: every page asks."""
    return all(find_spec(module) is not None for module in NEEDED)
