import uuid

from django.db import migrations, models
from django.db.models.deletion import CASCADE


class Migration(migrations.Migration):
    dependencies = [("kontobro_web", "0006_person")]

    operations = [
        migrations.AddField("setup", "books_name", models.TextField(blank=True, default="")),
        migrations.AddField("setup", "confirmed", models.TextField(blank=True, default="")),
        migrations.AddField("setup", "trial", models.BooleanField(default=False)),
        migrations.AddField("setup", "moves", models.BooleanField(default=False)),
        migrations.CreateModel(
            "Takeover",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("setup", models.OneToOneField("kontobro_web.setup", on_delete=CASCADE)),
                ("former_id", models.TextField(db_index=True)),
                ("asked_at", models.DateTimeField()),
                ("confirmed_at", models.DateTimeField(null=True)),
            ],
        ),
    ]
