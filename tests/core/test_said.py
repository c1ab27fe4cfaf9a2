"""What the system says of a file, as a part of a sentence."""

from __future__ import annotations

import errno

import pytest

from kontobro.core.errors import said_of

FULL = "No space left on device"


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(errno.ENOSPC, FULL), FULL),
        (OSError(errno.ENOSPC, FULL, "/ledger/bookings/1.new"), f"{FULL}: /ledger/bookings/1.new"),
        (OSError("it is gone"), "it is gone"),
        (OSError(), "OSError"),
        (ConnectionResetError(), "ConnectionResetError"),
    ],
)
def test_nothing_is_said_that_is_not_known(error: OSError, said: str) -> None:
    assert said_of(error) == said
    assert "None" not in said_of(error)
