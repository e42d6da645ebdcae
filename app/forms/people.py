"""What managers type about a colleague, and what the colleague types to come in."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator

from app.forms import passwords, staff  # noqa: F401  the words of their errors
from app.forms.base import Answers
from app.forms.errors import SENTENCES, add_sentences
from app.forms.fields import Email, Identifier, OneTimeCode, Password, RecoveryCode, refused, text
from app.i18n.catalogues import mark as N_
from identity.roles import Role
from registry.centres.directory import centres

NAME_LENGTH: Final = 160


def _centre(value: Any) -> str:
    if not isinstance(value, str) or value not in centres():
        raise refused("enum")
    return value


CentreCode = Annotated[str, BeforeValidator(_centre)]


class OfficerAnswers(Answers):
    work_email: Email
    name_ar: text(NAME_LENGTH)  # type: ignore[valid-type]
    name_latin: text(NAME_LENGTH)  # type: ignore[valid-type]
    person_identifier: Identifier
    role: Role
    centre_code: CentreCode


class ProposalAnswers(Answers):
    decision: Literal["approve", "refuse"]


class OfficerActAnswers(Answers):
    officer_act: Literal["enrol_again", "disable"]


class EnrolAnswers(Answers):
    work_email: Email
    enrolment_code: RecoveryCode


class EnrolSecretsAnswers(Answers):
    new_password: Password
    totp: OneTimeCode


add_sentences(
    {
        ("work_email", "missing"): N_("Enter the e-mail address at work."),
        ("work_email", "not_an_email"): SENTENCES["email", "not_an_email"],
        ("work_email", "email_used"): N_(
            "An officer has this e-mail address already. Open that officer’s page instead."
        ),
        ("work_email", "already_proposed"): N_("This officer was proposed already, and waits."),
        ("work_email", "wrong"): N_("The address or the code is not right, or the code was used or is over."),
        ("work_email", "wait"): N_("There were too many tries. Wait a quarter of an hour, then try again."),
        ("name_ar", "missing"): N_("Write the name in Arabic letters."),
        ("name_latin", "missing"): N_("Write the name in Latin letters."),
        ("person_identifier", "unknown_person"): N_("Nobody in the register has this identifier."),
        ("person_identifier", "person_used"): N_("This person is an officer already."),
        ("role", "missing"): N_("Choose the role."),
        ("centre_code", "missing"): N_("Choose the centre."),
        ("centre_code", "other_centre"): N_("You propose officers for your own centre."),
        ("decision", "missing"): N_("Say whether you approve."),
        ("decision", "same_manager"): N_("Another manager has to approve: not you, and not the officer."),
        ("decision", "no_manager"): N_("One of the two managers has to be an administrator."),
        ("officer_act", "missing"): N_("Choose what is to happen."),
        ("officer_act", "same_manager"): N_("Another manager does this for you."),
        ("officer_act", "already_proposed"): N_("This officer was proposed already, and waits."),
        ("officer_act", "last_managers"): N_(
            "Two managers have to stay, or nobody could be enrolled any more."
        ),
        ("officer_act", "unknown_person"): N_(
            "This officer has no identifier on file: the operator adds the officer with the command."
        ),
        ("enrolment_code", "missing"): N_("Enter the code of the e-mail."),
        ("enrolment_code", "empty"): N_("Enter the code of the e-mail."),
        ("totp", "not_current"): N_(
            "This is not the code of this key. Look at the authenticator again, and at the clock of the telephone."
        ),
        **{
            ("enrolment_code", code): N_("The code has sixteen letters and digits. Copy it from the e-mail.")
            for code in ("characters", "too_short", "too_long")
        },
    }
)
