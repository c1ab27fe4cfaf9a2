"""Ctrl-C for a child of a test."""

from __future__ import annotations

import signal


def heed_ctrl_c() -> None:
    """In the child, before it starts (`preexec_fn`): tests in the background are deaf to Ctrl-C, and hand that on."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
