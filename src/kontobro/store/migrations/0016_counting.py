from __future__ import annotations

from django.db import migrations

from kontobro.store.schema.counting import create_counting, drop_counting


class Migration(migrations.Migration):
    """On PostgreSQL the table of bookings is written once more: five seconds for a million."""

    atomic = False
    dependencies = [("kontobro", "0015_purged")]

    operations = [migrations.RunPython(create_counting, drop_counting)]
