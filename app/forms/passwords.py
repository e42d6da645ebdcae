"""The words for a password that cannot be taken, and for one that is missing."""

from __future__ import annotations

from app.forms.errors import add_sentences
from app.i18n.catalogues import mark as N_

add_sentences(
    {
        ("password", "missing"): N_("Enter your password."),
        ("new_password", "missing"): N_("Choose a password."),
        ("new_password", "too_short"): N_(
            "This password is too short. Use at least %(shortest)s characters."
        ),
        ("new_password", "too_long"): N_("This password is too long. Use at most 128 characters."),
        ("new_password", "string_too_long"): N_("This password is too long. Use at most 128 characters."),
        ("new_password", "common"): N_(
            "This password is easy to guess. Choose another one, for example three words that have nothing in common."
        ),
        ("new_password", "personal"): N_(
            "This password has your name or one of your numbers in it. Choose another one."
        ),
    }
)
