"""Exactly once, for your connector: a real export into your accounting system, killed at every boundary.

```python
class TestExport(ExportContract):
    @pytest.fixture
    def books(self, tmp_path) -> Books:
        return Books(connector=..., bookkeeper=..., chart=..., elsewhere=partial(from_options, {...}))
```
The same `books` as `ConnectorContract` has; `elsewhere` makes a connector in another process. An export of five
expenses runs in a process that is killed with `kill -9` before and after each remote write and each commit, once with
Kontobro's own history kept and once with it deleted. Another process then runs the export again. Each entry has to
exist once, as Pleo's item says it under the settings (amounts by account, dimensions, tax codes, date, vendor,
receipts), nothing beside them, and Pleo's statuses have to say so. It needs `kontobro[app,sandbox]`.

With `settle_after` a run waits that long in real time: give the suite a connector with a short one.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from kontobro.core.model.settings import Settings
from kontobro.testing.connector.books import Books
from kontobro.testing.export.proof import ExportProof, History, export_proof


class ExportContract:
    """The suite. A subclass gives the fixture `books`, and `settings` where its accounting system needs other ones."""

    @pytest.fixture
    def settings(self, books: Books) -> Settings | None:
        """The connection's settings; None for the chart's accounts alone."""
        return None

    @pytest.fixture
    def proof(self, books: Books, settings: Settings | None) -> Iterator[ExportProof]:
        if books.elsewhere is None:
            pytest.skip("there is no other process, so nothing can be killed")
        with export_proof(books, settings) as proof:
            yield proof

    def test_an_export_books_everything_once_and_reports_it(self, proof: ExportProof) -> None:
        boundaries = proof.boundaries()
        assert {"erp.book#1:before", "erp.book#1:after", "pleo.complete#1:after"} <= set(boundaries)

    def test_the_bookkeeper_sees_all_that_was_booked(self, proof: ExportProof) -> None:
        if proof.not_proved:
            pytest.skip(f"NOT PROVED: {'; '.join(proof.not_proved)}. Give the Bookkeeper these methods")
        assert proof.boundaries()

    @pytest.mark.parametrize("history", ["kept", "deleted"])
    def test_killed_anywhere_and_run_again_everything_exists_once(self, proof: ExportProof, history: History) -> None:
        verdicts = [proof.kill(boundary, history) for boundary in proof.boundaries()]
        wrong = [str(verdict) for verdict in verdicts if verdict.wrong]
        assert not wrong, f"{len(wrong)} of {len(verdicts)} kills left something wrong:\n" + "\n".join(wrong)


__all__ = ["Books", "ExportContract"]
