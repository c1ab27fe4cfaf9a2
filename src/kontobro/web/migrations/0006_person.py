from django.db import migrations, models

LANGUAGES = ("", "da", "de", "en", "fr", "sv")


class Migration(migrations.Migration):
    dependencies = [
        ("kontobro_web", "0005_senders"),
    ]

    operations = [
        migrations.AddField("user", "language", models.TextField(blank=True, default="", db_default="")),
        migrations.AddField("user", "time_zone", models.TextField(blank=True, default="", db_default="")),
        migrations.AddConstraint(
            "user",
            models.CheckConstraint(
                condition=models.Q(language__in=LANGUAGES), name="kontobro_web_known_language"
            ),
        ),
    ]
