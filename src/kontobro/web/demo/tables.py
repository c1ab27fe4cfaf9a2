"""Which connection is the demo company's."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from django.db import models

from kontobro.web.models import Organisation

if TYPE_CHECKING:
    from typing import TypeAlias

    from kontobro.store.columns import Text

    ToOrganisation: TypeAlias = models.OneToOneField[Organisation, Organisation]


class DemoCompany(models.Model):
    """An organisation's demo company. It is noted before anything of it exists, so that all of it can be removed."""

    organisation: ToOrganisation = models.OneToOneField(Organisation, on_delete=models.CASCADE)
    organisation_id: uuid.UUID
    connection_id: Text = models.TextField(unique=True)
