"""Over every export of these tests: the log, at its loudest, tells no secret and no name."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from tests.support.pleo_company import KNOWN_ONLY_TO_PLEO

ALL = 1
"""Below DEBUG: libraries that trace are heard too."""


@pytest.fixture(autouse=True)
def discreet_log(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Fails a test whose log holds an API key, a token, a person, an IBAN or a signed address."""
    caplog.set_level(ALL)
    yield
    form = logging.Formatter("%(name)s %(message)s")
    told = "\n".join(f"{form.format(record)} {extras(record)}" for record in caplog.get_records("call"))
    assert [secret for secret in KNOWN_ONLY_TO_PLEO if secret in told] == []


def extras(record: logging.LogRecord) -> str:
    """What was given as `extra`, and the arguments."""
    return " ".join(str(value) for value in vars(record).values())
