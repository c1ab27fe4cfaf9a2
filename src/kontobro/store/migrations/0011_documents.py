from __future__ import annotations

from django.db import migrations, models

from kontobro.store.schema.document_guards import create_document_guards, drop_document_guards


class Migration(migrations.Migration):
    dependencies = [("kontobro", "0010_notes")]

    operations = [
        migrations.CreateModel(
            "Document",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("connection", models.ForeignKey("kontobro.connection", models.CASCADE, db_index=False)),
                ("number", models.IntegerField()),
                ("label", models.TextField()),
                ("job_id", models.TextField()),
                ("state", models.TextField()),
                ("moment", models.TextField()),
                ("first", models.TextField()),
                ("last", models.TextField()),
                ("vouchers", models.IntegerField()),
                ("place", models.TextField()),
                ("delivered_at", models.DateTimeField(null=True)),
                ("imported_at", models.DateTimeField(null=True)),
                ("released_at", models.DateTimeField(null=True)),
                ("reason", models.TextField()),
                ("kept", models.BooleanField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=["connection", "number"], name="kontobro_one_document"),
                    models.CheckConstraint(
                        condition=models.Q(
                            state__in=["rendering", "sealed", "delivering", "unsure", "delivered", "released"]
                        ),
                        name="kontobro_known_document_state",
                    ),
                ]
            },
        ),
        migrations.CreateModel(
            "DocumentFile",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("document", models.ForeignKey("kontobro.document", models.CASCADE)),
                ("name", models.TextField()),
                ("media_type", models.TextField()),
                ("sha256", models.TextField()),
                ("size", models.BigIntegerField()),
            ],
            options={"constraints": [models.UniqueConstraint(fields=["document", "name"], name="kontobro_one_file")]},
        ),
        migrations.CreateModel(
            "DocumentPiece",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("document", models.ForeignKey("kontobro.document", models.CASCADE, db_index=False)),
                ("name", models.TextField()),
                ("position", models.IntegerField()),
                ("content", models.BinaryField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=["document", "name", "position"], name="kontobro_one_piece")
                ]
            },
        ),
        migrations.CreateModel(
            "Voucher",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("connection", models.ForeignKey("kontobro.connection", models.CASCADE, db_index=False)),
                ("document", models.ForeignKey("kontobro.document", models.CASCADE)),
                ("series", models.TextField()),
                ("year", models.TextField()),
                ("number", models.IntegerField()),
                ("reference", models.TextField()),
                ("vendor", models.TextField()),
                ("facts", models.TextField()),
                ("released", models.BooleanField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=["connection", "reference"],
                        condition=models.Q(released=False),
                        name="kontobro_one_voucher",
                    ),
                    models.UniqueConstraint(
                        fields=["connection", "series", "year", "number"], name="kontobro_one_voucher_number"
                    ),
                ],
                "indexes": [
                    models.Index(fields=["connection", "reference"], name="kontobro_voucher_reference"),
                    models.Index(
                        fields=["connection", "vendor"],
                        name="kontobro_voucher_vendor",
                        condition=~models.Q(vendor=""),
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            "Series",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("connection", models.ForeignKey("kontobro.connection", models.CASCADE, db_index=False)),
                ("series", models.TextField()),
                ("year", models.TextField()),
                ("last", models.IntegerField()),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=["connection", "series", "year"], name="kontobro_one_series")
                ]
            },
        ),
        migrations.RunPython(create_document_guards, drop_document_guards),
    ]
