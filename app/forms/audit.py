"""What an auditor looks for in what officers did. Every question may stay without an answer."""

from __future__ import annotations

from typing import Self

from pydantic import model_validator

from app.forms.base import Answers
from app.forms.errors import add_sentences
from app.forms.fields import Identifier, WrittenDay, refused, text
from app.forms.people import CentreCode
from app.i18n.catalogues import mark as N_
from registry.staff_acts import ActKind

LONGEST_OFFICER = 320


class AuditAnswers(Answers):
    by: text(LONGEST_OFFICER) | None = None  # type: ignore[valid-type]
    centre_code: CentreCode | None = None
    person_identifier: Identifier | None = None
    kind: ActKind | None = None
    since: WrittenDay | None = None
    until: WrittenDay | None = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.since and self.until and self.until < self.since:
            raise refused("before_since", field="until")
        return self


add_sentences(
    {
        ("until", "before_since"): N_("The last day is before the first. Change one of the two."),
        **{
            (day, code): N_("Write a day like this: 31/12/2027.")
            for day in ("since", "until")
            for code in ("not_a_date", "no_such_date")
        },
    }
)
