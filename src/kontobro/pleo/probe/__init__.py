"""Asking the real Pleo what its documents leave open: `kontobro probe`."""
