"""The level follows from what is switched on, and the permissions from the level."""

from __future__ import annotations

from itertools import pairwise

import pytest

from kontobro.core.level import KINDS_OF, LEVELS, level_of, missing_kinds, scopes_for, scopes_of
from kontobro.core.settings import Settings


@pytest.mark.parametrize("level", LEVELS)
def test_a_level_is_what_its_kinds_make(level: int) -> None:
    assert level_of(Settings(sync=KINDS_OF[level])) == level  # type: ignore[index]  # a level


def test_a_level_without_one_of_its_kinds_is_not_reached() -> None:
    settings = Settings(sync=("dimensions", "vendors", "accounts"))
    assert level_of(settings) == 2
    assert missing_kinds(3, settings) == ("tax-codes",)


def test_each_level_needs_what_the_lower_ones_do_and_more() -> None:
    scopes = [scopes_of(level) for level in LEVELS]
    assert all(lower < higher for lower, higher in pairwise(scopes))
    assert scopes_for(Settings(sync=KINDS_OF[4])) == scopes[-1]
    assert scopes_for(Settings(sync=("vendors",))) - scopes[0] == {"vendors:read", "vendors:write"}
    with pytest.raises(ValueError, match="Level 5"):
        scopes_of(5)
