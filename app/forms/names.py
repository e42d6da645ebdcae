"""A name in both scripts, as it is asked on every page that asks for one."""

from __future__ import annotations

from app.forms.base import Answers
from app.forms.errors import add_sentences
from app.forms.fields import ArabicName, LatinName
from app.i18n.catalogues import mark as N_
from identity.people.population import LineName

GIVEN = ("given_name_ar", "given_name_latin")
FAMILY = ("family_name_ar", "family_name_latin")


class NameAnswers(Answers):
    """Which of them have to be there is for the page to say: some documents show one script, or one name."""

    given_name_ar: ArabicName | None = None
    family_name_ar: ArabicName | None = None
    given_name_latin: LatinName | None = None
    family_name_latin: LatinName | None = None

    @property
    def name(self) -> LineName:
        return LineName(
            self.given_name_ar or "",
            self.family_name_ar or "",
            self.given_name_latin or "",
            self.family_name_latin or "",
        )


add_sentences(
    {
        **{
            (field, "not_arabic"): N_("Write this name in Arabic letters, without digits.")
            for field in ("given_name_ar", "family_name_ar")
        },
        **{
            (field, "not_latin"): N_("Write this name in Latin letters, without digits.")
            for field in ("given_name_latin", "family_name_latin")
        },
        **{
            (field, "hidden_characters"): N_(
                "This name holds a character that cannot be seen. Type it again by hand."
            )
            for field in (*GIVEN, *FAMILY)
        },
        **{
            (field, "too_many_marks"): N_("Write this name without so many signs above or below the letters.")
            for field in (*GIVEN, *FAMILY)
        },
        **{
            (field, "too_long"): N_("This name is too long. Write it as on the document.")
            for field in (*GIVEN, *FAMILY)
        },
        **{(field, "no_name"): N_("Enter the given name.") for field in GIVEN},
    }
)
