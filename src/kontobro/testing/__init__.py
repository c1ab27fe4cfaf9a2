"""The suites and fakes that Kontobro's own tests use, for those of others: connectors.

pytest is the only requirement of theirs that Kontobro itself has not.
"""

from contextlib import suppress

with suppress(ImportError):  # the connector in memory serves processes without pytest too
    import pytest

    pytest.register_assert_rewrite(*(f"{__name__}.{part}" for part in ("connector", "connector_contract")))
