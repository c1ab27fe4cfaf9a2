"""Master data: plan, show, check, apply (design §7)."""

from kontobro.sync.run import KINDS, SyncPorts, SyncResult, apply_plan, is_due, plan_sync

__all__ = ["KINDS", "SyncPorts", "SyncResult", "apply_plan", "is_due", "plan_sync"]
