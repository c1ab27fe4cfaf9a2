"""The ways others take into a real Odoo, beside ours, in one run: `python -m bench.peers`."""
