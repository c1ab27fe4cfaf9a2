"""The level follows from what is switched on, and the permissions from the level."""

from __future__ import annotations

from itertools import pairwise

import pytest

from kontobro.core.level import (
    KINDS_OF,
    LEVELS,
    extras_of,
    kinds_at,
    level_of,
    missing_kinds,
    scopes_at,
    scopes_for,
    scopes_of,
)
from kontobro.core.model.settings import Settings


@pytest.mark.parametrize("level", LEVELS)
def test_a_level_is_what_its_kinds_make(level: int) -> None:
    assert level_of(Settings(sync=KINDS_OF[level])) == level  # type: ignore[index]  # a level


def test_a_level_without_one_of_its_kinds_is_not_reached() -> None:
    settings = Settings(sync=("dimensions", "vendors", "accounts"))
    assert level_of(settings) == 2
    assert missing_kinds(3, settings) == ("tax-codes",)
    assert extras_of(settings) == ("vendors", "accounts")


def test_levels_are_as_pleo_draws_them_today() -> None:
    added = [set(KINDS_OF[higher]) - set(KINDS_OF[lower]) for lower, higher in pairwise(LEVELS)]
    assert added == [{"dimensions"}, {"accounts", "tax-codes"}, {"vendors"}]


OLD_LEVEL_3 = Settings(sync=("tax-codes", "dimensions"))
"""A connection that was made at Level 3 when that was tags and tax codes."""


def test_a_connection_of_the_older_level_3_keeps_what_it_has() -> None:
    assert level_of(OLD_LEVEL_3) == 2
    assert scopes_for(OLD_LEVEL_3) >= {"tax-codes:read", "tax-codes:write", "tag-groups:read"}
    assert kinds_at(2, OLD_LEVEL_3) == ("tax-codes", "dimensions")
    assert kinds_at(3, OLD_LEVEL_3) == ("accounts", "tax-codes", "dimensions")
    assert kinds_at(1, OLD_LEVEL_3) == ()
    assert kinds_at(3, Settings(sync=("vendors", "dimensions"))) == KINDS_OF[4]
    assert kinds_at(2, Settings(sync=KINDS_OF[4])) == ("dimensions",)
    assert kinds_at(1, Settings(sync=("vendors",))) == ()
    assert scopes_at(2, OLD_LEVEL_3) == scopes_for(OLD_LEVEL_3)
    assert scopes_at(3, None) == scopes_of(3)


def test_each_level_needs_what_the_lower_ones_do_and_more() -> None:
    scopes = [scopes_of(level) for level in LEVELS]
    assert all(lower < higher for lower, higher in pairwise(scopes))
    assert scopes_for(Settings(sync=KINDS_OF[4])) == scopes[-1]
    assert scopes_for(Settings(sync=("vendors",))) - scopes[0] == {"vendors:read", "vendors:write"}
    with pytest.raises(ValueError, match="Level 5"):
        scopes_of(5)
