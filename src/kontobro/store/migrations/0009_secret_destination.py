from typing import Any

from django.db import migrations, models

from kontobro.store.rows import connection_of
from kontobro.store.secrets.given import destination_of_row


def bind(apps: Any, schema_editor: Any) -> None:
    """What is stored by now belongs to where its connection points now."""
    rows = apps.get_model("kontobro", "Secret").objects.using(schema_editor.connection.alias)
    for secret in rows.select_related("connection").filter(destination=""):
        secret.destination = destination_of_row(connection_of(secret.connection), secret.name)
        secret.save(update_fields=["destination"])


class Migration(migrations.Migration):
    dependencies = [
        ("kontobro", "0008_claims"),
    ]

    operations = [
        migrations.AddField("secret", "destination", models.TextField(default="")),
        migrations.RunPython(bind, migrations.RunPython.noop),
    ]
