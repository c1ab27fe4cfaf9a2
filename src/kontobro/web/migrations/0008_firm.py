from django.db import migrations, models
from django.db.models import Q
from django.db.models.deletion import CASCADE, SET_NULL


class Migration(migrations.Migration):
    dependencies = [
        ("kontobro_web", "0007_whose_company"),
    ]

    operations = [
        migrations.AddField(
            "connectionowner", "in_charge", models.ForeignKey("kontobro_web.membership", null=True, on_delete=SET_NULL)
        ),
        migrations.CreateModel(
            name="MonthClose",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("connection_id", models.TextField()),
                ("month", models.DateField()),
                ("closed_at", models.DateTimeField()),
                ("closed_name", models.TextField()),
                ("figures", models.JSONField(default=list)),
                ("reopened_at", models.DateTimeField(null=True)),
                ("reopened_name", models.TextField(blank=True)),
                ("reason", models.TextField(blank=True)),
                ("organisation", models.ForeignKey("kontobro_web.organisation", on_delete=CASCADE)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=["connection_id", "month"],
                        condition=Q(reopened_at__isnull=True),
                        name="kontobro_web_closed_once",
                    ),
                    models.CheckConstraint(
                        condition=Q(reopened_at__isnull=True, reason="", reopened_name="")
                        | (Q(reopened_at__isnull=False) & ~Q(reason="") & ~Q(reopened_name="")),
                        name="kontobro_web_reopened_for_a_reason",
                    ),
                ],
                "indexes": [models.Index(fields=["organisation", "month"], name="kontobro_web_closes")],
            },
        ),
    ]
