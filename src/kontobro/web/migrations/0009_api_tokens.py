from django.db import migrations, models
from django.db.models.deletion import CASCADE


class Migration(migrations.Migration):
    dependencies = [
        ("kontobro_web", "0008_firm"),
    ]

    operations = [
        migrations.CreateModel(
            name="ApiToken",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.TextField()),
                ("secret_hash", models.TextField(unique=True)),
                ("made_at", models.DateTimeField()),
                ("expires_at", models.DateTimeField()),
                ("last_used_at", models.DateTimeField(null=True)),
                ("window_at", models.DateTimeField(null=True)),
                ("used", models.IntegerField(default=0)),
                ("maker", models.ForeignKey("kontobro_web.membership", on_delete=CASCADE)),
                ("organisation", models.ForeignKey("kontobro_web.organisation", on_delete=CASCADE)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(expires_at__gt=models.F("made_at")), name="kontobro_web_token_expires"
                    ),
                ],
            },
        ),
    ]
