"""The export engine: from a Pleo export job to booked, checked and reported entries."""

from kontobro.export.engine import JobResult, next_job, run_job
from kontobro.export.job.run import Ports, Progress, quiet
from kontobro.export.preview import ItemPreview, preview_job
from kontobro.export.settle import Settled, settle

__all__ = [
    "ItemPreview",
    "JobResult",
    "Ports",
    "Progress",
    "Settled",
    "next_job",
    "preview_job",
    "quiet",
    "run_job",
    "settle",
]
