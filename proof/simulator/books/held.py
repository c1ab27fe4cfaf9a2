"""What an accounting system of a simulated world holds, as a person sees it there, and what a person does in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol, runtime_checkable

from kontobro.core.model.journal import Booking, Reference
from kontobro.core.ports import Capabilities, Connector
from kontobro.testing.connector.shown import Shown


class Held(Protocol):
    """One company's books. Nothing of it goes through an exporter's connector or store.

    `touched`: what a person has changed, voided or deleted; `voided`: of those, what was voided; `revived`: of those,
    what a write that was under way booked again. `unknown`: what is there, and was confirmed to be forgotten here.
    """

    touched: set[Reference]
    voided: set[Reference]
    revived: set[Reference]
    unknown: set[Reference]

    @property
    def capabilities(self) -> Capabilities: ...

    def connector(self) -> Connector:
        """A connector for one process."""
        ...

    def doubles(self) -> Mapping[Reference, int]:
        """How many documents there are, or were, beside the one under a reference."""
        ...

    def references(self) -> Sequence[Reference]:
        """Of all documents, in order."""
        ...

    def status(self, reference: Reference) -> str:
        """`draft`, `posted`, `void`, or nothing where there is no such document."""
        ...

    def shows(self, reference: Reference) -> Shown | None:
        """None where a person sees no more than the connector's `find` says."""
        ...

    def booking(self, reference: Reference) -> Booking:
        """What the connector's `find` says of it."""
        ...

    def receipts(self, reference: Reference) -> Sequence[str]:
        """SHA-256 of what is attached, in order."""
        ...

    def undone(self) -> Sequence[Reference]:
        """Posted documents that a person edited, and that are not as the person left them."""
        ...


@runtime_checkable
class ByHand(Protocol):
    """Books that a person can work in."""

    def void_by_hand(self, reference: Reference) -> None: ...

    def delete_by_hand(self, reference: Reference) -> None: ...

    def post_by_hand(self, reference: Reference) -> None: ...

    def edit_by_hand(self, reference: Reference, size: float) -> None:
        """Change an amount or a date, as `size` says."""
        ...
