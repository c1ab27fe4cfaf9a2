"""The reference as a field of the journal entry: Odoo itself refuses a second one, whichever way it comes."""

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

NAMESPACE = "kontobro."
"""Of the external ids under which entries are created (`kontobro.erp.odoo.entries`)."""


class Loaded(str):
    """A reference that `_load_records` took from an external id: of a type that no caller's values can have."""

    __slots__ = ()


class AccountMove(models.Model):
    _inherit = "account.move"

    kontobro_reference = fields.Char("Pleo reference", copy=False, readonly=True, index=True)

    _kontobro_once = models.UniqueIndex(
        "(company_id, kontobro_reference) WHERE kontobro_reference IS NOT NULL",
        "This expense from Pleo is already booked.",
    )

    def init(self):
        """Entries that were booked over the API before this module came have it too."""
        self.env.cr.execute(
            """UPDATE account_move AS move SET kontobro_reference = data.name FROM ir_model_data AS data
            WHERE data.module = 'kontobro' AND data.model = 'account.move' AND data.res_id = move.id
            AND move.kontobro_reference IS NULL"""
        )

    @api.model_create_multi
    def create(self, vals_list):
        """Only what is loaded under our external id has a reference, whatever values or defaults a person gives."""
        usual = self.default_get(["kontobro_reference"]).get("kontobro_reference")  # of the context, or of a user's own
        given = [vals.get("kontobro_reference", usual) or False for vals in vals_list]
        if not self.env.su and any(reference and not isinstance(reference, Loaded) for reference in given):
            raise ValidationError(self.env._("Only Kontobro can set the Pleo reference of an entry."))
        plain = [
            {**vals, "kontobro_reference": str(reference)} if reference else vals
            for vals, reference in zip(vals_list, given, strict=True)
        ]
        return super().create(plain)

    def write(self, vals):
        """By its reference an expense is known to be booked: no one takes it off an entry, or puts on another."""
        if "kontobro_reference" in vals and not self.env.su:
            wanted = vals["kontobro_reference"] or False
            if any(move.kontobro_reference != wanted for move in self):
                raise ValidationError(self.env._("The Pleo reference of an entry can't be changed."))
        return super().write(vals)

    def _load_records(self, data_list, update=False):
        """The external id under which an entry is loaded, voided ones counted on (`~2`), is its reference."""
        for data in data_list:
            known = data.get("xml_id") or ""
            if known.startswith(NAMESPACE):
                data["values"] = {**data["values"], "kontobro_reference": Loaded(known.removeprefix(NAMESPACE))}
        return super()._load_records(data_list, update)

    def action_open_pleo(self):
        """The expense in Pleo, as far as the booking is known here."""
        self.ensure_one()
        booking = self._kontobro_booking()
        if not booking:
            raise UserError(self.env._("This entry was booked before Kontobro was installed. Its expense is unknown."))
        return booking.action_open_pleo() if booking.pleo_url else booking._open()

    def _kontobro_booking(self):
        reference = (self.kontobro_reference or "").partition("~")[0].replace("%2E", ".")
        return self.env["kontobro.booking"].search(
            [("reference", "=", reference), ("company_id", "=", self.company_id.id)], limit=1
        )
