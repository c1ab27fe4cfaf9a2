from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("kontobro", "0011_documents")]

    operations = [
        migrations.CreateModel(
            "KeptNumber",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("company_id", models.TextField()),
                ("erp", models.TextField()),
                ("kind", models.TextField()),
                ("series", models.TextField()),
                ("year", models.TextField()),
                ("last", models.IntegerField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=["company_id", "erp", "kind", "series", "year"], name="kontobro_one_kept_number"
                    )
                ]
            },
        )
    ]
