from django.db import migrations, models


class Migration(migrations.Migration):
    """Nullable, so that SQLite adds the columns instead of building the table anew, which would lose its triggers."""

    dependencies = [
        ('kontobro', '0004_overview'),
    ]

    operations = [
        migrations.AddField(model_name='booking', name='account', field=models.TextField(null=True)),
        migrations.AddField(model_name='booking', name='role', field=models.TextField(null=True)),
        migrations.AddField(model_name='booking', name='amount', field=models.TextField(null=True)),
    ]
