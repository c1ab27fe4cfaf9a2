from django.db import migrations, models
from django.db.models.deletion import SET_NULL


class Migration(migrations.Migration):
    dependencies = [
        ("kontobro_web", "0005_senders"),
    ]

    operations = [
        migrations.AddField(
            "connectionowner", "in_charge", models.ForeignKey("kontobro_web.membership", null=True, on_delete=SET_NULL)
        ),
    ]
