"""A synthetic population: families with a home, made from a seed, the same on every machine.

Every identifier begins with 0 and every document number with ZZ, so that none can belong to a real person.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from random import Random
from typing import Any

from app.demo.names import FAMILIES, MEN, WOMEN
from identity.people.number_rules import check_digit
from identity.people.tables import BirthPrecision, DocumentKind, Gender
from registry.facts import (
    Diploma,
    DwellingType,
    Education,
    HealthCover,
    HouseholdFacts,
    Meter,
    Occupation,
    Relation,
    Schooling,
    Zone,
)
from registry.geography import atlas

SEED = 20260921
ADULT_AGE = 18
# Named people have the serial numbers below this one.
FIRST_SERIAL = 1_000
URBAN_SHARE = 0.58


def identifier(serial: int) -> str:
    """The identifier of an invented person: it begins with 0 and ends with its check digit."""
    digits = f"0{serial:08d}"
    return digits + check_digit(digits)


def document_number(serial: int) -> str:
    return f"ZZ{serial:06d}"


def phone(serial: int) -> str:
    return f"+2126{serial % 100_000_000:08d}"


@dataclass(frozen=True)
class Resident:
    """One invented person as the register has them, with all that a rule could ask about them."""

    register: dict[str, Any]
    relation: Relation
    declared: dict[str, Any]


@dataclass(frozen=True)
class Family:
    facts: HouseholdFacts
    residents: tuple[Resident, ...]


def families(count: int, *, today: dt.date, first_id: int) -> Iterator[Family]:
    """`count` families whose people are numbered from `first_id` on; the head comes first."""
    random = Random(SEED)  # noqa: S311 -- the same people on every machine is the point.
    communes = {zone: [c for c in atlas().communes.values() if c.zone is zone] for zone in Zone}
    next_id = first_id
    for _ in range(count):
        zone = Zone.URBAN if random.random() < URBAN_SHARE else Zone.RURAL
        commune = random.choice(communes[zone])
        residents = _residents(random, zone, next_id, today)
        next_id += len(residents)
        yield Family(_home(random, zone, commune.code), residents)


def _residents(random: Random, zone: Zone, first_id: int, today: dt.date) -> tuple[Resident, ...]:
    family_name = random.choice(FAMILIES)
    head_gender = Gender.FEMALE if random.random() < 0.3 else Gender.MALE
    couple = random.random() < 0.75
    head_age = random.randint(24, 78)
    kept = [_adult(random, zone, first_id, head_gender, head_age, family_name, Relation.HEAD, today)]
    if couple:
        other = Gender.MALE if head_gender is Gender.FEMALE else Gender.FEMALE
        age = max(ADULT_AGE, head_age + random.randint(-8, 6))
        kept.append(
            _adult(random, zone, first_id + 1, other, age, random.choice(FAMILIES), Relation.SPOUSE, today)
        )
    parents = {resident.register["gender"]: resident.register["id"] for resident in kept}
    children = random.choices(range(7), weights=[14, 18, 24, 20, 13, 7, 4])[0] if head_age < 62 else 0
    for place in range(children):
        age = max(0, min(head_age - 20, 17) - place * 2 - random.randint(0, 2))
        kept.append(_child(random, first_id + len(kept), age, family_name, parents, today))
    if random.random() < 0.12:
        relation = random.choice([Relation.PARENT, Relation.SIBLING])
        age = head_age + 24 if relation is Relation.PARENT else max(ADULT_AGE, head_age - 5)
        gender = random.choice(list(Gender))
        kept.append(
            _adult(random, zone, first_id + len(kept), gender, min(age, 96), family_name, relation, today)
        )
    return tuple(kept)


def _register(
    random: Random, person_id: int, gender: Gender, age: int, family: tuple[str, str], today: dt.date
) -> dict[str, Any]:
    given = random.choice(WOMEN if gender is Gender.FEMALE else MEN)
    born = today - dt.timedelta(days=age * 365 + age // 4 + random.randint(1, 360))
    precision = BirthPrecision.DAY
    if age > 60 and random.random() < 0.15:
        precision, born = BirthPrecision.YEAR, born.replace(month=1, day=1)
    serial = FIRST_SERIAL + person_id
    return {
        "id": person_id,
        "identifier": identifier(serial),
        "document_kind": None,
        "document_number": None,
        "given_name_ar": given[0],
        "family_name_ar": family[0],
        "given_name_latin": given[1],
        "family_name_latin": family[1],
        "birth_date": born,
        "birth_precision": precision,
        "gender": gender,
        "phone": None,
        "father_id": None,
        "mother_id": None,
        "deceased_on": None,
    }


def _adult(
    random: Random,
    zone: Zone,
    person_id: int,
    gender: Gender,
    age: int,
    family: tuple[str, str],
    relation: Relation,
    today: dt.date,
) -> Resident:
    register = _register(random, person_id, gender, age, family, today)
    serial = FIRST_SERIAL + person_id
    register |= {
        "document_kind": DocumentKind.NATIONAL_CARD,
        "document_number": document_number(serial),
        "phone": phone(serial) if random.random() < 0.97 else None,
    }
    return Resident(register, relation, _adult_facts(random, zone, relation, age))


def _adult_facts(random: Random, zone: Zone, relation: Relation, age: int) -> dict[str, Any]:
    education = random.choices(list(Education), weights=[35, 35, 20, 10])[0]
    occupation = _occupation(random, zone, age)
    return {
        "education": education if relation is Relation.HEAD else None,
        "diploma": random.choices(list(Diploma), weights=[60, 22, 10, 8])[0],
        "literate": education is not Education.NONE,
        "active": occupation not in (Occupation.NONE, Occupation.RETIRED_OR_RENTIER),
        "occupation": occupation,
        "health_cover": random.choices(list(HealthCover), weights=[35, 45, 20])[0],
        "schooling": Schooling.NONE,
    }


def _occupation(random: Random, zone: Zone, age: int) -> Occupation:
    if age > 62:
        return random.choice([Occupation.RETIRED_OR_RENTIER, Occupation.NONE])
    if zone is Zone.RURAL:
        return random.choices(
            [Occupation.FARMER, Occupation.NONE, Occupation.OTHER, Occupation.TRADER, Occupation.CRAFTSMAN],
            weights=[38, 30, 18, 8, 6],
        )[0]
    return random.choices(list(Occupation), weights=[30, 2, 5, 3, 10, 1, 12, 9, 3, 25])[0]


def _child(
    random: Random,
    person_id: int,
    age: int,
    family: tuple[str, str],
    parents: dict[Gender, int],
    today: dt.date,
) -> Resident:
    gender = random.choice(list(Gender))
    register = _register(random, person_id, gender, age, family, today)
    register |= {"father_id": parents.get(Gender.MALE), "mother_id": parents.get(Gender.FEMALE)}
    declared = {
        "schooling": random.choices(list(Schooling), weights=[8, 82, 10])[0],
        "diploma": Diploma.NONE,
        "literate": True,
        "active": False,
        "occupation": Occupation.NONE,
        "health_cover": HealthCover.NONE,
    }
    return Resident(register, Relation.CHILD, declared)


def _home(random: Random, zone: Zone, commune: str) -> HouseholdFacts:
    chance = random.random
    common: dict[str, Any] = {
        "commune": commune,
        "rooms": random.randint(1, 6),
        "cars": int(chance() < 0.14),
        "motorcycles": int(chance() < 0.2),
        "secondary_dwelling": chance() < 0.04,
        "water_mad": Decimal(random.randrange(20, 180, 5)),
        "electricity_mad": Decimal(random.randrange(40, 320, 5)),
        "butane_mad": Decimal(random.randrange(40, 180, 10)),
        "telephone_mad": Decimal(random.randrange(0, 120, 5)),
        "internet_mad": Decimal(random.choice([0, 0, 49, 99, 199])),
    }
    if zone is Zone.URBAN:
        return HouseholdFacts(
            **common,
            bath=chance() < 0.6,
            meter=random.choices(list(Meter), weights=[75, 20, 5])[0],
            several_families=chance() < 0.08,
            satellite_antenna=chance() < 0.5,
            landline=chance() < 0.1,
            computers=int(chance() < 0.25),
            mobile_phones=random.randint(1, 4),
            loan=chance() < 0.12,
            garage=chance() < 0.05,
            professional_premises=chance() < 0.05,
        )
    return HouseholdFacts(
        **common,
        dwelling_type=random.choice(list(DwellingType)),
        non_agricultural_land=chance() < 0.05,
        irrigated_land=chance() < 0.15,
        cows=random.choices([0, 1, 2, 4], weights=[60, 20, 15, 5])[0],
    )
