"""The lines of the published formula in plain words. A test checks that every line of every model has some."""

from __future__ import annotations

from app.i18n.catalogues import mark as N_

CONSTANT = N_("Starting point, the same for every household of the zone")
REGION = N_("The region")
ALONE = N_("A person alone, or a couple without children")
ROOMY = N_("At most 2 people to a room")
HEALTH_COVER = N_("Somebody has another health cover than AMO Tadamon")
SECOND_HOME = N_("A second dwelling")
SIZE = N_("People in the household")
SIZE_SQUARED = N_("People in the household, squared")
BUTANE = N_("Butane gas")
WATER_ELECTRICITY = N_("Water and electricity")
TELEPHONE_INTERNET = N_("Telephone and internet")
HEAD_EXECUTIVE = N_("The head of household is a senior executive or holds a post of responsibility")
HEAD_EMPLOYER = N_("The head of household is an employer")

VARIABLES: dict[str, str] = {
    "K": CONSTANT,
    "k": REGION,
    "U1": ALONE,
    "U2": N_("More than one family lives in the home"),
    "U3": ROOMY,
    "U4": N_("A bath or a shower"),
    "U5": N_("An electricity meter of one's own"),
    "U6": N_("The head of household followed higher education"),
    "U7": HEAD_EXECUTIVE,
    "U8": N_("The head of household is a middle executive"),
    "U9": HEAD_EMPLOYER,
    "U10": N_("The head of household is retired or lives on rent income"),
    "U11": N_("A computer"),
    "U12": N_("A satellite antenna"),
    "U13": N_("A landline telephone"),
    "U14": HEALTH_COVER,
    "U15": N_("A loan from a bank, a financial body or an employer"),
    "U16": SECOND_HOME,
    "U17": N_("A garage"),
    "U18": N_("Professional premises"),
    "U19": SIZE,
    "U20": SIZE_SQUARED,
    "U21": N_("Age of the head of household"),
    "U22": N_("Age of the head of household, squared"),
    "U23": N_("Children aged 6 to 14 in a private school"),
    "U24": N_("Children aged 6 to 14 in a public school"),
    "U25": N_("People aged 15 and over without a diploma"),
    "U26": N_("People aged 15 and over with a technical diploma"),
    "U27": N_("People aged 15 and over with an income-earning activity"),
    "U28": N_("People aged 15 and over who operate equipment or machines"),
    "U29": N_("People who are senior executives or hold a post of responsibility"),
    "U30": N_("Mobile telephones"),
    "U31": N_("Cars"),
    "U32": N_("Motorcycles"),
    "U33": BUTANE,
    "U34": WATER_ELECTRICITY,
    "U35": TELEPHONE_INTERNET,
    "R1": ALONE,
    "R2": N_("A villa, an apartment, a traditional house, or a house in stone or in stone and mud"),
    "R3": ROOMY,
    "R4": N_("More than 2 and at most 3 people to a room"),
    "R5": N_("The head of household has basic education"),
    "R6": HEAD_EXECUTIVE,
    "R7": N_("The head of household operates equipment or fixed machines"),
    "R8": N_("The head of household is a craftsman or craftswoman"),
    "R9": N_("The head of household farms their own land"),
    "R10": HEAD_EMPLOYER,
    "R11": N_("A car"),
    "R12": N_("A motorcycle"),
    "R13": HEALTH_COVER,
    "R14": SECOND_HOME,
    "R15": N_("Land that is not farmland"),
    "R16": N_("Irrigated land, owned or worked"),
    "R17": SIZE,
    "R18": SIZE_SQUARED,
    "R19": N_("People aged 19 to 29"),
    "R20": N_("People aged 30 to 59"),
    "R21": N_("People aged 60 and over"),
    "R22": N_("People aged 15 and over who can read and write"),
    "R23": N_("People aged 15 and over with a higher-education diploma"),
    "R24": N_("People aged 15 and over who work in trade"),
    "R25": N_("Cows"),
    "R26": BUTANE,
    "R27": WATER_ELECTRICITY,
    "R28": TELEPHONE_INTERNET,
}

# How people think of their life, in the order in which a page tells it.
GROUPS: dict[str, tuple[str, tuple[str, ...]]] = {
    "family": (
        N_("The family"),
        ("U1", "U2", "U19", "U20", "U21", "U22", "R1", "R17", "R18", "R19", "R20", "R21", "U14", "R13"),
    ),
    "home": (N_("The home"), ("U3", "U4", "U5", "R2", "R3", "R4")),
    "equipment": (
        N_("Equipment"),
        ("U11", "U12", "U13", "U30", "U31", "U32", "R11", "R12"),
    ),
    "spending": (N_("Spending"), ("U33", "U34", "U35", "R26", "R27", "R28")),
    "work": (
        N_("School and work"),
        (
            *("U6", "U7", "U8", "U9", "U10", "U23", "U24", "U25", "U26", "U27", "U28", "U29"),
            *("R5", "R6", "R7", "R8", "R9", "R10", "R22", "R23", "R24"),
        ),
    ),
    "property": (N_("Property and finance"), ("U15", "U16", "U17", "U18", "R14", "R15", "R16", "R25")),
    "place": (N_("The place"), ("K", "k")),
}
