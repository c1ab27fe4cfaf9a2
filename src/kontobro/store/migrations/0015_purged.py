from __future__ import annotations

from django.db import migrations, models
from django.db.models.functions import Coalesce

# A purge goes by jobs: what was planned in one that the store never began gets its row.
KEPT = """
    INSERT INTO kontobro_job (connection_id, job_id, run, status, items, started_at, finished_at)
    SELECT connection_id, job_id, max(run), 'unfinished', count(*), min(updated_at), max(updated_at)
    FROM kontobro_booking booking WHERE NOT EXISTS (
        SELECT 1 FROM kontobro_job job
        WHERE job.connection_id = booking.connection_id AND job.job_id = booking.job_id)
    GROUP BY connection_id, job_id
"""


class Migration(migrations.Migration):
    """Nullable, so that SQLite adds the column instead of building the table again, which would lose its triggers."""

    dependencies = [("kontobro", "0014_masters_file")]

    operations = [
        migrations.AddField(model_name="job", name="purged", field=models.BooleanField(null=True)),
        migrations.RunSQL(KEPT, migrations.RunSQL.noop),
        migrations.AddIndex(
            model_name="job",
            index=models.Index(
                models.F("connection"),
                Coalesce("finished_at", "started_at"),
                name="kontobro_unpurged_jobs",
                condition=models.Q(purged__isnull=True),
            ),
        ),
        migrations.AddIndex(
            model_name="booking",
            index=models.Index(
                fields=["connection", "settles_vendor"],
                name="kontobro_open_payments",
                condition=models.Q(settles_vendor__isnull=False, outcome="booked")
                & (models.Q(settled__isnull=True) | models.Q(settled=False)),
            ),
        ),
    ]
