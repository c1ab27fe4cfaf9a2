"""The seams: what the core asks of Pleo, of an accounting system, of a store and of time. Few methods each.

Siblings (`pleo`, `erp`, `store`, `export`, `install`) never import each other: they meet here.
"""

from kontobro.core.ports.clock import Clock
from kontobro.core.ports.connector import (
    LONGEST_CALL,
    Capabilities,
    Connector,
    Fact,
    R,
    ReceiptRules,
    Rehearses,
    Withdraws,
    WritesVendors,
)
from kontobro.core.ports.delivery import Delivery, Mailer
from kontobro.core.ports.document_store import DocumentStore
from kontobro.core.ports.documents import (
    DocumentFile,
    DocumentHead,
    DocumentTarget,
    Place,
    ReceiptFile,
    Voucher,
    Vouchers,
)
from kontobro.core.ports.guards import Guards
from kontobro.core.ports.pleo import LONGEST_PLEO_CALL, Pleo, Target
from kontobro.core.ports.store import Store, TokenStore

__all__ = [
    "LONGEST_CALL",
    "LONGEST_PLEO_CALL",
    "Capabilities",
    "Clock",
    "Connector",
    "Delivery",
    "DocumentFile",
    "DocumentHead",
    "DocumentStore",
    "DocumentTarget",
    "Fact",
    "Guards",
    "Mailer",
    "Place",
    "Pleo",
    "R",
    "ReceiptFile",
    "ReceiptRules",
    "Rehearses",
    "Store",
    "Target",
    "TokenStore",
    "Voucher",
    "Vouchers",
    "Withdraws",
    "WritesVendors",
]
