"""The one place where a closed set of the domain becomes words."""

from __future__ import annotations

from enum import Enum

from app.i18n.catalogues import gettext
from app.i18n.catalogues import mark as N_

# A member of an enum is looked up by "EnumName.value"; a test checks that every member that a page can show is here.
LABELS: dict[str, str] = {
    "Zone.urban": N_("Urban"),
    "Zone.rural": N_("Rural"),
    "DwellingType.apartment": N_("Apartment"),
    "DwellingType.villa": N_("Villa"),
    "DwellingType.traditional_house": N_("Traditional Moroccan house"),
    "DwellingType.modern_house": N_("Modern Moroccan house"),
    "DwellingType.rural_stone_house": N_("Rural house in dry stone, or in stone and mud"),
    "DwellingType.rural_other_house": N_("Rural house in another material"),
    "DwellingType.precarious": N_("Shack or makeshift dwelling"),
    "DwellingType.other": N_("Another kind of dwelling"),
    "Meter.individual": N_("A meter of our own"),
    "Meter.shared": N_("A meter shared with other households"),
    "Meter.none": N_("No meter"),
    "Relation.head": N_("Head of household"),
    "Relation.spouse": N_("Husband or wife"),
    "Relation.child": N_("Son or daughter"),
    "Relation.parent": N_("Father or mother"),
    "Relation.parent_in_law": N_("Father or mother of the husband or wife"),
    "Relation.sibling": N_("Brother or sister"),
    "Relation.grandchild": N_("Grandchild"),
    "Relation.other": N_("Another person"),
    "Schooling.none": N_("Does not go to school"),
    "Schooling.public": N_("Goes to a public school"),
    "Schooling.private": N_("Goes to a private school"),
    "Education.none": N_("No schooling"),
    "Education.basic": N_("Basic education (primary or lower secondary school)"),
    "Education.secondary": N_("Secondary education"),
    "Education.higher": N_("Higher education"),
    "Diploma.none": N_("No diploma"),
    "Diploma.general": N_("School certificate or baccalaureate"),
    "Diploma.technical": N_("Technical diploma or certificate of vocational training"),
    "Diploma.higher": N_("Higher-education diploma"),
    "Occupation.none": N_("No occupation"),
    "Occupation.senior_executive": N_("Senior executive or post of responsibility"),
    "Occupation.middle_executive": N_("Middle executive"),
    "Occupation.employer": N_("Employer"),
    "Occupation.craftsman": N_("Craftsman or craftswoman"),
    "Occupation.farmer": N_("Farmer working their own land"),
    "Occupation.trader": N_("Trader"),
    "Occupation.machine_operator": N_("Operator of equipment or fixed machines"),
    "Occupation.retired_or_rentier": N_("Retired, or living on rent income"),
    "Occupation.other": N_("Another occupation"),
    "HealthCover.none": N_("No health cover"),
    "HealthCover.amo_tadamon": N_("AMO Tadamon"),
    "HealthCover.other": N_("Another health cover, such as CNSS, CNOPS or a private insurance"),
    "IndexReason.first": N_("First index"),
    "IndexReason.declaration": N_("New declaration"),
    "IndexReason.membership": N_("The members of the household changed"),
    "IndexReason.correction": N_("Corrected by an officer"),
    "IndexReason.model": N_("New formula"),
    "RequestReason.wrong_line": N_("A line of the index is wrong"),
    "RequestReason.new_fact": N_("Something changed in my life"),
    "RequestReason.other": N_("Another reason"),
    "RequestStatus.received": N_("Received"),
    "RequestStatus.in_review": N_("Under study"),
    "RequestStatus.corrected": N_("Corrected"),
    "RequestStatus.refused": N_("Refused"),
    "Gender.female": N_("Female"),
    "Gender.male": N_("Male"),
    "Step.address": N_("Address"),
    "Step.dwelling": N_("Dwelling"),
    "Step.equipment": N_("Equipment"),
    "Step.spending": N_("Monthly spending"),
    "Step.property": N_("Property and finance"),
    "Step.members": N_("Members of the household"),
    "Step.check": N_("Check and send"),
    "StepState.done": N_("Completed"),
    "StepState.started": N_("Started"),
    "StepState.to_do": N_("To do"),
    "StepState.waiting": N_("Cannot start yet"),
    "WaitsFor.address": N_("Give the address first: it decides which questions are asked."),
    "WaitsFor.all_parts": N_("First complete the parts above."),
}


def label(code: str, member: Enum) -> str:
    """The words of a member in a language.

    Raises KeyError for a member without words: a page never shows a bare code.
    """
    return gettext(code, LABELS[f"{type(member).__name__}.{member.value}"])
