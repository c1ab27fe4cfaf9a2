from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    """Nullable, so that SQLite adds the column instead of building the table again, which would lose its triggers."""

    dependencies = [("kontobro", "0009_secret_destination")]

    operations = [migrations.AddField(model_name="booking", name="notes", field=models.JSONField(null=True))]
