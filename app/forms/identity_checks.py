"""What an officer types at the desk: what is on the document, or who testifies where there is none."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from pydantic import field_validator

from app.forms import birth_dates  # noqa: F401  the words of their errors
from app.forms.base import Answers, Form
from app.forms.errors import add_sentences
from app.forms.fields import BirthDay, BirthMonth, BirthYear, YesNo, birth_date, document_number, one_of
from app.forms.names import GIVEN, NameAnswers
from app.i18n.catalogues import mark as N_
from identity.people.partial_date import PartialDate
from identity.people.tables import BirthPrecision, DocumentKind, Gender
from registry.appointments.identity_checks import Seen
from registry.appointments.papers import CARDS, papers
from registry.appointments.tables import Paper, PreRegistration, Refusal

WITNESSES = ("witness_one", "witness_two")
PaperNumber = document_number(lambda answers: CARDS.get(answers.get("paper", Paper.NONE)))
WitnessNumber = document_number(lambda answers: DocumentKind.NATIONAL_CARD)


class CheckAnswers(NameAnswers):
    """`family` is for a member of the family who came along: a child of the applicant, with a telephone or none."""

    paper: Annotated[Paper, one_of(papers)]
    paper_number: PaperNumber | None = None  # type: ignore[valid-type]
    witness_one: WitnessNumber | None = None  # type: ignore[valid-type]
    witness_two: WitnessNumber | None = None  # type: ignore[valid-type]
    birth_date_day: BirthDay | None = None
    birth_date_month: BirthMonth | None = None
    birth_date_year: BirthYear
    gender: Gender
    is_child: YesNo = False
    has_phone: YesNo = False
    compared: YesNo = False

    _date_exists = field_validator("birth_date_year")(birth_date)

    @property
    def born(self) -> PartialDate:
        return PartialDate(self.birth_date_year, self.birth_date_month, self.birth_date_day)

    @property
    def seen(self) -> Seen:
        by_witnesses = self.paper is Paper.NONE
        return Seen(
            paper=self.paper,
            number=None if by_witnesses else self.paper_number,
            witnesses=(self.witness_one or "", self.witness_two or "") if by_witnesses else None,
            name=self.name,
            birth_date=self.born,
            gender=self.gender,
            is_child=self.is_child,
            has_phone=self.has_phone,
        )


class SecondAnswers(Answers):
    confirmed: YesNo


class RefusalAnswers(Answers):
    refusal: Refusal


def prefilled(kept: PreRegistration) -> dict[str, str]:
    """What the person typed at home, for the officer to compare with the document."""
    born = PartialDate.read_back(kept.birth_date, kept.birth_precision)
    return {
        "paper": kept.paper.value,
        "given_name_ar": kept.given_name_ar,
        "family_name_ar": kept.family_name_ar,
        "given_name_latin": kept.given_name_latin,
        "family_name_latin": kept.family_name_latin,
        "birth_date_day": str(born.day) if kept.birth_precision is BirthPrecision.DAY else "",
        "birth_date_month": str(born.month or ""),
        "birth_date_year": str(born.year),
        "gender": kept.gender.value,
    }


def prefilled_for_family(kept: PreRegistration) -> dict[str, str]:
    """A family often has one name; everything else is of the member."""
    return {"family_name_ar": kept.family_name_ar, "family_name_latin": kept.family_name_latin}


def check_document(form: Form[CheckAnswers], today: dt.date) -> None:
    """What no single field can know: the register writes both scripts, and each proof has its numbers."""
    if not form.valid:
        return
    answers = form.data
    for field in GIVEN:
        if getattr(answers, field) is None:
            form.refuse(field, "no_name")
    if answers.paper is Paper.NONE:
        for field in WITNESSES:
            if getattr(answers, field) is None:
                form.refuse(field, "needed")
    elif answers.paper_number is None:
        form.refuse("paper_number", "needed")
    if answers.born.first_day > today:
        form.refuse("birth_date_year", "in_the_future")


NUMBER = N_("Check the number: it has letters and digits, as printed on the document.")
UNKNOWN = N_(
    "No other person of the register has a national identity card with this number. Witnesses are two people."
)
add_sentences(
    {
        ("paper_number", "needed"): N_("Enter the number that is on the document."),
        ("refusal", "missing"): N_("Choose why no identifier is issued."),
        ("confirmed", "missing"): N_("Say whether you confirm what your colleague recorded."),
        ("compared", "looks_like_somebody"): N_(
            "Compare with these people first. If it is none of them, say so and send the form again."
        ),
        **{
            (field, code): NUMBER
            for field in ("paper_number", *WITNESSES)
            for code in ("characters", "invalid", "too_long", "empty")
        },
        **{
            (field, "needed"): N_("Enter the number of the national identity card of this witness.")
            for field in WITNESSES
        },
        **{(field, "witness_unknown"): UNKNOWN for field in WITNESSES},
    }
)
