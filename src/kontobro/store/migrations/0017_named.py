from __future__ import annotations

from django.db import migrations

from kontobro.store.schema.counting import add_payees, drop_payees


class Migration(migrations.Migration):
    """On PostgreSQL an index is made again, of what failed alone."""

    dependencies = [("kontobro", "0016_counting")]

    operations = [migrations.RunPython(add_payees, drop_payees)]
