"""What two officers type to bind a citizen's new telephone."""

from __future__ import annotations

from typing import Literal

from app.forms import claim, staff  # noqa: F401  the words of their errors
from app.forms.base import Answers
from app.forms.errors import SENTENCES, add_sentences
from app.forms.fields import Card, DocumentNumber, Identifier, Phone
from app.i18n.catalogues import mark as N_
from identity.desk_tables import BindingReason


class BindingAnswers(Answers):
    document_kind: Card
    document_number: DocumentNumber
    person_identifier: Identifier | None = None
    new_phone: Phone
    why: BindingReason
    password_lost: Literal["yes"] | None = None
    document_seen: Literal["yes"]


class WitnessAnswers(Answers):
    confirmation: Literal["confirm", "refuse"]
    document_seen: Literal["yes"] | None = None


# A number that somebody else types is wrong for the same reasons as one's own.
add_sentences({("new_phone", code): SENTENCES["phone", code] for code in claim.PHONE_ERRORS})
add_sentences(
    {
        ("document_seen", "missing"): N_(
            "Take the document in your hands, compare the photograph with the person, then tick this box."
        ),
        ("confirmation", "missing"): N_("Say whether you confirm."),
        ("document_number", "unknown_document"): N_(
            "Nobody in the register has this document, or the identifier is somebody else’s. Read both numbers again."
        ),
        ("document_number", "desk_wait"): N_(
            "Too many documents were not found. Wait an hour, or ask a colleague."
        ),
        ("new_phone", "missing"): N_("Enter the new mobile number."),
        ("new_phone", "empty"): N_("Enter the new mobile number."),
        ("new_phone", "same"): N_(
            "This is the number on file already. The citizen can sign in with it, or claim the account."
        ),
        ("new_phone", "kept_elsewhere"): N_(
            "This person has no account yet. The number on file is corrected at the national identity service first."
        ),
        ("why", "missing"): N_("Choose the reason."),
    }
)
