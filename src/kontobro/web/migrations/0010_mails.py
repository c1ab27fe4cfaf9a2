from django.db import migrations, models
from django.db.models import Q
from django.db.models.deletion import CASCADE

TOPICS = ("login", "export", "expenses", "decision", "documents", "installation")
HOWS = ("at_once", "daily", "never")


class Migration(migrations.Migration):
    dependencies = [
        ("kontobro_web", "0009_api_tokens"),
    ]

    operations = [
        migrations.AddField(
            "membership", "mailed_if_in_charge", models.BooleanField(default=False, db_default=False)
        ),
        migrations.CreateModel(
            name="MailChoice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("topic", models.TextField()),
                ("how", models.TextField()),
                ("membership", models.ForeignKey("kontobro_web.membership", on_delete=CASCADE)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=["membership", "topic"], name="kontobro_web_one_choice"),
                    models.CheckConstraint(condition=Q(topic__in=TOPICS), name="kontobro_web_known_topic"),
                    models.CheckConstraint(condition=Q(how__in=HOWS), name="kontobro_web_known_how"),
                ],
            },
        ),
        migrations.CreateModel(
            name="WaitingMail",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("connection_id", models.TextField(db_index=True)),
                ("topic", models.TextField()),
                ("company", models.TextField()),
                ("subject", models.TextField()),
                ("text", models.TextField()),
                ("path", models.TextField()),
                ("daily", models.BooleanField(default=False)),
                ("noted_at", models.DateTimeField()),
                ("due_at", models.DateTimeField(db_index=True)),
                ("name", models.TextField(blank=True, default="")),
                ("tries", models.IntegerField(default=0)),
                ("membership", models.ForeignKey("kontobro_web.membership", on_delete=CASCADE)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(condition=Q(topic__in=TOPICS), name="kontobro_web_mail_topic"),
                ],
            },
        ),
        migrations.CreateModel(
            name="DemoCompany",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("connection_id", models.TextField(unique=True)),
                ("organisation", models.OneToOneField("kontobro_web.organisation", on_delete=CASCADE)),
            ],
        ),
    ]
