from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("kontobro", "0013_one_set_of_books")]

    operations = [
        migrations.CreateModel(
            "MastersFile",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("connection", models.ForeignKey("kontobro.connection", models.CASCADE, db_index=False)),
                ("name", models.TextField()),
                ("sha256", models.TextField()),
                ("counts", models.TextField()),
                ("read_at", models.DateTimeField()),
                ("changed_at", models.DateTimeField(null=True)),
                ("had", models.TextField()),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=["connection"], name="kontobro_one_masters_file")]
            },
        )
    ]
