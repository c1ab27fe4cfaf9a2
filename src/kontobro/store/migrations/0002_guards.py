from __future__ import annotations

from django.db import migrations

from kontobro.store.schema.guards import create_guards, fill_allowed_moves


class Migration(migrations.Migration):
    dependencies = [("kontobro", "0001_tables")]

    operations = [
        migrations.RunPython(fill_allowed_moves),
        migrations.RunPython(create_guards),
    ]
