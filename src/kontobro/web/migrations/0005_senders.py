from typing import Any

from django.db import migrations, models
from django.db.models.deletion import CASCADE


def name_senders(apps: Any, schema_editor: Any) -> None:
    """The trail says who sent an open invitation; one whose sender is no owner any more, or unknown, goes."""
    alias = schema_editor.connection.alias
    invitations = apps.get_model("kontobro_web", "Invitation").objects.using(alias)
    events = apps.get_model("kontobro_web", "AuditEvent").objects.using(alias)
    memberships = apps.get_model("kontobro_web", "Membership").objects.using(alias)
    for one in invitations.all():
        detail = f"{one.email} as {one.role}"
        told = events.filter(organisation_id=one.organisation_id, action="member invited", detail=detail)
        event = told.order_by("-at").first()
        actor = event.actor_id if event else None
        one.sender = memberships.filter(organisation_id=one.organisation_id, user_id=actor, role="owner").first()
        if one.sender is None:
            one.delete()
        else:
            one.save(update_fields=["sender"])


class Migration(migrations.Migration):
    dependencies = [
        ("kontobro_web", "0004_two_factors"),
    ]

    operations = [
        migrations.AddField(
            "invitation", "sender", models.ForeignKey("kontobro_web.membership", null=True, on_delete=CASCADE)
        ),
        migrations.RunPython(name_senders, migrations.RunPython.noop),
    ]
