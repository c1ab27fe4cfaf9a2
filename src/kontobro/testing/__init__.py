"""The suites and fakes that Kontobro's own tests use, for those of others: connectors, document targets.

pytest is the only requirement of theirs that Kontobro itself has not.
"""

from contextlib import suppress

with suppress(ImportError):  # the connector in memory serves processes without pytest too
    import pytest

    SUITES = ("connector", "connector_contract", "document", "document_contract")
    pytest.register_assert_rewrite(*(f"{__name__}.{part}" for part in SUITES))
