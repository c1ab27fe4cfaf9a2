from __future__ import annotations

from django.db import migrations, models

from kontobro.store.schema.guards import create_job_guards, drop_job_guards


class Migration(migrations.Migration):
    dependencies = [("kontobro", "0007_one_index_less")]

    operations = [
        migrations.AddField(model_name="job", name="claimed_at", field=models.DateTimeField(null=True)),
        migrations.RunPython(create_job_guards, drop_job_guards),
    ]
