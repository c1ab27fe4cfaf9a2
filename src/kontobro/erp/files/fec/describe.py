"""The description that goes with a file (article A47 A-1, XI), in French as its readers are. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from kontobro.core.ports import DocumentHead
from kontobro.erp.files.common.years import FiscalYear
from kontobro.erp.files.fec.options import FecOptions
from kontobro.erp.files.fec.rows import COLUMNS

_MEANING: Mapping[str, str] = {
    "JournalCode": "code du journal",
    "JournalLib": "libellé du journal",
    "EcritureNum": "numéro de l'écriture",
    "EcritureDate": "date de comptabilisation",
    "CompteNum": "numéro de compte",
    "CompteLib": "libellé du compte",
    "CompAuxNum": "compte auxiliaire (comptes 401, 404, 408, 421 et 467 seulement)",
    "CompAuxLib": "libellé du compte auxiliaire",
    "PieceRef": "numéro de la facture, à défaut identifiant Pleo abrégé",
    "PieceDate": "date de la pièce",
    "EcritureLib": "libellé de l'écriture",
    "Debit": "montant au débit",
    "Credit": "montant au crédit",
    "EcritureLet": "lettrage d'une facture et de son règlement présents dans ce fichier",
    "DateLet": "date du lettrage",
    "ValidDate": "date de validation : jour de création du fichier",
    "Montantdevise": "montant en devise, signé comme la ligne",
    "Idevise": "code ISO de la devise",
}


def description(head: DocumentHead, year: FiscalYear, count: int, options: FecOptions) -> Iterator[bytes]:
    """Its lines, in UTF-8."""
    separator = "tabulation" if options.separator == "\t" else "barre verticale |"
    numbers = "continue par journal et par exercice" if options.own_numbers else "identifiant Pleo"
    encoding = "UTF-8 sans BOM" if options.encoding == "utf-8" else "ISO 8859-15"
    lines = [
        f"Fichier d'import d'écritures comptables Pleo, document {head.number}",
        "Ce fichier a la structure du FEC (LPF, article A47 A-1). Ce n'est pas le FEC légal de l'entreprise,",
        "que produit son logiciel de comptabilité.",
        "",
        f"Entreprise : {head.company.name}, SIREN {options.siren}",
        f"Exercice : du {year.start:%d/%m/%Y} au {year.end:%d/%m/%Y}",
        f"Écritures : {count}, du {head.first:%d/%m/%Y} au {head.last:%d/%m/%Y}",
        f"Créé le {head.moment:%d/%m/%Y à %H:%M:%S} par Kontobro",
        f"Encodage : {encoding} ; séparateur : {separator} ; fin de ligne : CR LF",
        "Montants : virgule décimale, deux décimales ; dates : AAAAMMJJ",
        f"Numérotation des écritures : {numbers}",
        f"Journaux : {options.journal} ({options.journal_name}), factures : {options.bills_journal}"
        f" ({options.bills_journal_name}), ou ceux que les paramètres nomment",
        "",
        "Champs :",
        *(f"{number}. {name} : {_MEANING[name]}" for number, name in enumerate(COLUMNS, 1)),
    ]
    yield "".join(f"{line}\r\n" for line in lines).encode()
