"""Everybody who has some page of the portal open: who may see what `app/rights.py` keeps for them.

Each visitor is brought there once, when a page is first asked for, and stays.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from tests.browser.declaring import DECLARATION
from tests.browser.portal import RunningPortal, wait_for
from tests.browser.visitors import (
    Visitor,
    claim,
    prove_claim,
    sign_in,
    sign_in_officer,
    start_claim,
)

# A telephone gets one code a minute.
BETWEEN_CODES: Final = 61
ANYBODY: Final = "anybody"
NEW_PHONE: Final = "+212698765432"


@dataclass
class Scene:
    """`words` are the references that the path of a place may name in braces."""

    portal: RunningPortal
    newcomer: Callable[[], Visitor]
    there: dict[str, Visitor] = field(default_factory=dict)
    words: dict[str, str] = field(default_factory=dict)

    def visitor(self, who: str) -> Visitor:
        if who not in self.there:
            visitor = self.newcomer()
            COMING[who](self, visitor)
            self.there[who] = visitor
        return self.there[who]

    def person(self, key: str) -> Any:
        return self.portal.people[key]

    def take_word(self, name: str, visitor: Visitor, path: str) -> None:
        """Keep the reference in the first link of the page that leads to a path, which names it by a star."""
        before, _, after = path.partition("*")
        selector = f'main a[href*="{before}"]' + (f'[href$="{after}"]' if after else "")
        href = visitor.page.locator(selector).first.get_attribute("href") or ""
        self.words[name] = href.partition(before)[2].partition("?")[0].removesuffix(after)


def _claiming(scene: Scene, visitor: Visitor) -> None:
    start_claim(visitor, scene.person("fatima"))


def _proven(scene: Scene, visitor: Visitor) -> None:
    prove_claim(visitor, scene.person("moha"))


def _newly_claimed(scene: Scene, visitor: Visitor) -> None:
    """Stays before the recovery code; the address still waits for its code."""
    scene.words["recovery_code"] = claim(
        visitor, scene.person("yasmine"), language="fr", sms_language="fr", email="yasmine@example.ma"
    )
    scene.words["claimed_at"] = str(time.monotonic())


def _signing_in(scene: Scene, visitor: Visitor) -> None:
    hamid = scene.portal.people["hamid"]
    visitor.open("/sign-in")
    visitor.answer({"identifier": hamid.identifier, "password": hamid.password, "shared_device": "yes"})
    visitor.arrive("/sign-in/code")


def _recovering(scene: Scene, visitor: Visitor) -> None:
    scene.visitor("newly claimed")
    ready = float(scene.words["claimed_at"]) + BETWEEN_CODES
    wait_for(lambda: time.monotonic() > ready, seconds=2 * BETWEEN_CODES)
    visitor.open("/recovery")
    identifier = scene.portal.people["yasmine"].identifier
    visitor.answer({"identifier": identifier, "recovery_code": scene.words["recovery_code"]})
    visitor.arrive("/recovery/code")


def _recovered(scene: Scene, visitor: Visitor) -> None:
    """The one who was recovering goes a step further, in the same browser."""
    visitor.page.context.add_cookies(scene.visitor("recovering").page.context.cookies())
    visitor.open("/recovery/code")
    visitor.answer({"code": scene.portal.code_to(scene.portal.people["yasmine"].phone)})
    visitor.arrive("/recovery/password")


def _signed_in(key: str, scene: Scene, visitor: Visitor) -> None:
    sign_in(visitor, scene.person(key))


def _khadija(scene: Scene, visitor: Visitor) -> None:
    """With a draft of a change, a request under way and a child that could be removed."""
    sign_in(visitor, scene.person("khadija"))
    visitor.open(DECLARATION)
    scene.take_word("receipt", visitor, "/declaration/receipts/*")
    visitor.open("/household/recomputation")
    scene.take_word("request", visitor, "/recomputation/receipts/*")
    visitor.open("/household/members")
    scene.take_word("child", visitor, "/members/*/remove")
    visitor.open(f"{DECLARATION}/dwelling")
    visitor.answer({"rooms": "3"})
    visitor.arrive(f"{DECLARATION}/check")


def _rahma(scene: Scene, visitor: Visitor) -> None:
    """The register of vehicles, which the worker asks by itself, has a car that she did not declare."""
    sign_in(visitor, scene.person("rahma"))
    scene.portal.message_to(scene.person("rahma").phone, "source_contradicts")
    visitor.open("/household/sources")
    form = visitor.main.locator("form#form").get_attribute("action") or ""
    scene.words["contradiction"] = form.rpartition("/")[2]


def _brahim(scene: Scene, visitor: Visitor) -> None:
    sign_in(visitor, scene.person("brahim"))
    visitor.open("/household/members")
    scene.take_word("invited", visitor, "/members/*/withdraw")


def _touda(scene: Scene, visitor: Visitor) -> None:
    sign_in(visitor, scene.person("touda"))
    visitor.open("/household/invitations")
    visitor.arrive("/household/invitations/*")
    scene.words["invitation"] = visitor.path.rpartition("/")[2]


def _reviewing(scene: Scene, visitor: Visitor) -> None:
    scene.visitor("khadija")
    sign_in_officer(visitor, "amal")


def _answering_for_models(scene: Scene, visitor: Visitor) -> None:
    sign_in_officer(visitor, "admin")


def _opening_visit(scene: Scene, visitor: Visitor) -> None:
    sign_in_officer(visitor, "leila")
    _ask_for_visit(scene, visitor, "amadou")


def _visiting(scene: Scene, visitor: Visitor) -> None:
    sign_in_officer(visitor, "omar")
    _ask_for_visit(scene, visitor, "naima")
    visitor.answer({"code": scene.portal.code_to(scene.portal.people["naima"].phone)})
    visitor.arrive("/household")
    visitor.open("/staff/visits")
    scene.take_word("visit", visitor, "/staff/visits/V*")
    scene.words["visit"] = "V" + scene.words["visit"]


def _ask_for_visit(scene: Scene, visitor: Visitor, who: str) -> None:
    visitor.open("/staff/visits")
    identifier = scene.portal.people[who].identifier
    visitor.answer({"person_identifier": identifier, "purpose": "declaration"})
    visitor.arrive("/staff/visits/code")


PRE_REGISTRATION: Final = {
    "paper": "none",
    "given_name_ar": "مريم",
    "birth_date_year": "1991",
    "gender": "female",
    "members": "4",
    "sms_language": "fr",
}


def _pre_registering(scene: Scene, visitor: Visitor) -> None:
    visitor.open("/pre-registration")
    visitor.answer({**PRE_REGISTRATION, "phone": "0661000001"})
    visitor.arrive("/pre-registration/code")


def _coming_back(scene: Scene, visitor: Visitor) -> None:
    visitor.open("/pre-registration/return")
    visitor.answer({"pre_registration": "B-7K2M9QXZ4D", "phone": "0661000002"})
    visitor.arrive("/pre-registration/return/code")


def _pre_registered(scene: Scene, visitor: Visitor) -> None:
    """With an appointment, which can be changed."""
    visitor.open("/pre-registration")
    visitor.answer({**PRE_REGISTRATION, "phone": "0661000003"})
    visitor.arrive("/pre-registration/code")
    visitor.answer({"code": scene.portal.code_to("+212661000003")})
    visitor.arrive("/pre-registration/file")
    chooser = "/pre-registration/appointment?centre=06.141-1"
    visitor.open(chooser)
    scene.words["free_day"] = _last_slot(visitor).rpartition("=")[2]
    visitor.open(f"{chooser}&day={scene.words['free_day']}")
    scene.words["free_time"] = _last_slot(visitor).rpartition("=")[2]
    first = visitor.page.locator(".slots a").first.get_attribute("href") or ""
    scene.words["booked_day"] = first.rpartition("=")[2].partition("T")[0]
    visitor.page.goto(first)
    visitor.answer()
    visitor.arrive("/pre-registration/file")


def _receiving(scene: Scene, visitor: Visitor) -> None:
    """The person who is expected today has come. An officer's code is good once: it is the same officer."""
    visitor.page.context.add_cookies(scene.visitor("reviewing").page.context.cookies())
    visitor.open("/staff/appointments")
    scene.take_word("appointment", visitor, "/staff/appointments/*")
    visitor.follow("/staff/appointments/A")
    visitor.answer()
    visitor.page.locator('main a[href$="/check"]').wait_for()


def _moving(scene: Scene, visitor: Visitor) -> None:
    """Somebody has an appointment on a day on which the centre cannot receive."""
    scene.visitor("pre-registered")
    visitor.page.context.add_cookies(scene.visitor("reviewing").page.context.cookies())
    visitor.open(f"/staff/appointments?day={scene.words['booked_day']}")
    scene.take_word("booked", visitor, "/staff/appointments/A*")
    scene.words["booked"] = f"A{scene.words['booked']}"


def _seconding(scene: Scene, visitor: Visitor) -> None:
    """She had an extract of her birth certificate alone, so that a colleague looks too."""
    first = scene.visitor("receiving")
    first.open(f"/staff/appointments/{scene.words['appointment']}/check")
    first.answer({"paper": "birth_extract", "paper_number": "1243/1991"})
    first.arrive("/staff/identity-checks/*")
    scene.words["check"] = first.path.rpartition("/")[2]
    visitor.page.context.add_cookies(scene.visitor("opening a visit").page.context.cookies())


def _last_slot(visitor: Visitor) -> str:
    return visitor.page.locator(".slots a").last.get_attribute("href") or ""


def _binding(scene: Scene, visitor: Visitor) -> None:
    """An officer of Zagora binds a telephone for a person who comes from there, and waits for a colleague."""
    sign_in_officer(visitor, "hassan")
    visitor.open("/staff/phones")
    person = scene.person("touda")
    answers = {
        "document_kind": person.document_kind,
        "document_number": person.document_number,
        "new_phone": NEW_PHONE,
        "why": "lost",
        "document_seen": "yes",
    }
    visitor.answer(answers)
    visitor.arrive("/staff/phones/code")
    visitor.answer({"code": scene.portal.code_to(NEW_PHONE)})
    visitor.arrive("/staff/phones/T*")
    scene.words["binding"] = visitor.path.rpartition("/")[2]


def _managing(scene: Scene, visitor: Visitor) -> None:
    """Answers for the officers, and has proposed one. The same administrator answers for the models."""
    visitor.page.context.add_cookies(scene.visitor("answering for models").page.context.cookies())
    visitor.open("/staff/people")
    scene.take_word("officer", visitor, "/staff/people/O*")
    scene.words["officer"] = "O" + scene.words["officer"]
    visitor.open("/staff/people/new")
    answers = {
        "work_email": "hind@casablanca.example",
        "name_ar": "هند العلوي",
        "name_latin": "Hind Alaoui",
        "person_identifier": scene.person("naima").identifier,
        "role": "agent",
        "centre_code": "06.141-1",
    }
    visitor.answer(answers)
    visitor.arrive("/staff/people/proposals/J*")
    scene.words["proposal"] = visitor.path.rpartition("/")[2]


def _auditing(_: Scene, visitor: Visitor) -> None:
    sign_in_officer(visitor, "nadia")


def _witnessing(scene: Scene, visitor: Visitor) -> None:
    scene.visitor("binding a telephone")
    sign_in_officer(visitor, "tifaw")


def _nothing(scene: Scene, visitor: Visitor) -> None:
    """Somebody who only reads."""


COMING: Final[dict[str, Callable[[Scene, Visitor], None]]] = {
    ANYBODY: _nothing,
    "pre-registering": _pre_registering,
    "coming back": _coming_back,
    "pre-registered": _pre_registered,
    "receiving": _receiving,
    "moving": _moving,
    "seconding": _seconding,
    "claiming": _claiming,
    "proven": _proven,
    "newly claimed": _newly_claimed,
    "signing in": _signing_in,
    "khadija": _khadija,
    "rahma": _rahma,
    "brahim": _brahim,
    "touda": _touda,
    "reviewing": _reviewing,
    "answering for models": _answering_for_models,
    "opening a visit": _opening_visit,
    "visiting": _visiting,
    "binding a telephone": _binding,
    "managing": _managing,
    "auditing": _auditing,
    "witnessing": _witnessing,
    "recovering": _recovering,
    "recovered": _recovered,
}
