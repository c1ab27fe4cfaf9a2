from typing import Any

from django.db import migrations, models

from kontobro.store.schema.guards import create_books_guards, drop_books_guards


def end_seconds(apps: Any, schema_editor: Any) -> None:
    """Of several connections of one Pleo company the one that exported last stays; the others end, as if a person had
    disconnected them: settings and history are kept, the credentials are not."""
    alias = schema_editor.connection.alias
    connections = apps.get_model("kontobro", "Connection").objects.using(alias)
    jobs = apps.get_model("kontobro", "Job").objects.using(alias)
    secrets = apps.get_model("kontobro", "Secret").objects.using(alias)
    living = connections.exclude(status="disconnected")
    doubled = living.values("environment", "company_id").annotate(number=models.Count("id")).filter(number__gt=1)
    for company in doubled:
        rows = list(living.filter(environment=company["environment"], company_id=company["company_id"]).order_by("id"))
        last = {row.id: jobs.filter(connection=row).aggregate(at=models.Max("started_at"))["at"] for row in rows}
        rows.sort(key=lambda row: (last[row.id] is not None, last[row.id] or row.id), reverse=True)
        for row in rows[1:]:
            secrets.filter(connection=row).delete()
            connections.filter(id=row.id).update(status="disconnected")


class Migration(migrations.Migration):
    dependencies = [("kontobro", "0012_documents_more")]

    operations = [
        migrations.AddField("connection", "erp_company_name", models.TextField(default="")),
        migrations.AddField("connection", "trial", models.BooleanField(default=False)),
        migrations.AddField("connection", "login_ended_at", models.DateTimeField(null=True)),
        migrations.CreateModel(
            "Guard",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("environment", models.TextField()),
                ("company_id", models.TextField()),
                ("reference", models.TextField()),
                ("origin", models.TextField()),
                ("system", models.TextField()),
                ("number", models.TextField()),
                ("state", models.TextField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=["environment", "company_id", "reference", "origin"], name="kontobro_one_guard"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            "Elsewhere",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("connection", models.ForeignKey("kontobro.connection", models.CASCADE, db_index=False)),
                ("entry_id", models.TextField()),
                ("system", models.TextField()),
                ("number", models.TextField()),
                ("found_at", models.DateTimeField()),
                ("decided_at", models.DateTimeField(null=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=["connection", "entry_id"], name="kontobro_one_elsewhere"),
                ],
            },
        ),
        migrations.RunPython(end_seconds, migrations.RunPython.noop),
        migrations.AddConstraint(
            "connection",
            models.UniqueConstraint(
                fields=["environment", "company_id"],
                condition=~models.Q(status="disconnected") & models.Q(trial=False),
                name="kontobro_one_set_of_books",
            ),
        ),
        migrations.RunPython(create_books_guards, drop_books_guards),
    ]
