"""Documents for an accounting system that takes files: kept, numbered, rendered, sealed, delivered, then reported.

batch by batch: rules ─► receipts ─► validate ─► find in sealed documents ─► keep
then the whole: number ─► render ─► seal ─► deliver ─► report
"""
