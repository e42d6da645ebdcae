"""A register as large as the country's, written by the database itself from a fixed seed.

The households, their declarations and members are random but the same on every machine. Only the heads are in the
population register and have accounts: they are who is told. Every household has the index of its facts, but one in
`CHANGED_ONE_IN`, whose index is another one: these are what a recomputation has to find.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime

import asyncpg

from registry.dates import local_date
from registry.facts import Zone
from registry.geography import atlas
from registry.national.sql import scoring_sql
from registry.rules.index_models import IndexModel
from registry.rules.programmes import rules_digest
from registry.rules.scoring import score

SEED = 20230927
CHANGED_ONE_IN = 100
DECLARED_AT = "TIMESTAMPTZ '2023-09-01 09:00+00'"
FACTS_ON = "DATE '2023-09-01'"


def _random(what: str, below: int) -> str:
    """A whole number from 0, the same for the same row `n` and the same question."""
    salt = SEED + sum(place * ord(letter) for place, letter in enumerate(what, start=1))
    return f"((hashint8extended(n, {salt}) & 2147483647) % {below})"


def _chance(what: str, percent: int) -> str:
    return f"({_random(what, 100)} < {percent})"


def _one_of(what: str, answers: str) -> str:
    """One of some words, a word that stands there twice twice as often."""
    words = answers.split()
    listed = ", ".join(f"'{word}'" for word in words)
    return f"(ARRAY[{listed}])[1 + {_random(what, len(words))}]"


OCCUPATIONS = "none none none other other craftsman trader machine_operator employer middle_executive"
MEMBERS = f"(1 + {_random('size', 4)} + {_random('more', 3)})"  # between 1 and 6, on average 3.5

HEADS = f"""
INSERT INTO person (id, identifier, document_kind, document_number, given_name_ar, family_name_ar, given_name_latin,
    family_name_latin, birth_date, birth_precision, gender, phone)
SELECT n, lpad(n::text, 10, '0'), 'national_card', 'ZZ' || n, 'فاطمة', 'بناني', 'Fatima', 'Bennani',
    {FACTS_ON} - (24 * 365 + {_random("age", 19000)})::int, 'day', 'female', '+2126' || lpad(n::text, 8, '0')
FROM generate_series(1, $1::bigint) n
"""
ACCOUNTS = f"""
INSERT INTO account (id, person_id, password_hash, phone, language, sms_language, recovery_hash, proofing,
    proofed_at, created_at, authenticator_last_step, phone_failures)
SELECT n, n, '', '+2126' || lpad(n::text, 8, '0'), 'ar', 'ar', '', 'register_match', {DECLARED_AT}, {DECLARED_AT}, 0, 0
FROM generate_series(1, $1::bigint) n
"""
HOUSEHOLDS = f"""
INSERT INTO household (id, reference, head_person_id, status, version, current_declaration_id, current_index_id,
    created_at)
SELECT n, 'H-' || n, n, 'active', 1, n, n, {DECLARED_AT} FROM generate_series(1, $1::bigint) n
"""
MEMBERSHIPS = f"""
INSERT INTO membership (id, reference, household_id, person_id, relation, status, invited_by, invited_at)
SELECT n, 'M-' || n, n, n, 'head', 'active', n, {DECLARED_AT} FROM generate_series(1, $1::bigint) n
"""
DECLARATIONS = f"""
INSERT INTO declaration (id, reference, household_id, number, origin, declared_by, language, declared_at, facts_on,
    complete, commune, dwelling_type, rooms, bath, meter, several_families, satellite_antenna, landline, computers,
    mobile_phones, cars, motorcycles, water_mad, electricity_mad, butane_mad, telephone_mad, internet_mad, loan,
    secondary_dwelling, garage, professional_premises, non_agricultural_land, irrigated_land, cows)
SELECT n, 'D-' || n, n, 1, 'citizen', n, 'ar', {DECLARED_AT}, {FACTS_ON}, TRUE,
    CASE WHEN {_chance("zone", 58)} THEN ($2::text[])[1 + {_random("commune", 1_000_000)} % cardinality($2::text[])]
        ELSE ($3::text[])[1 + {_random("commune", 1_000_000)} % cardinality($3::text[])] END,
    {_one_of("dwelling", "villa apartment traditional_house modern_house rural_stone_house precarious")},
    1 + {_random("rooms", 6)}, {_chance("bath", 60)}, {_one_of("meter", "individual individual shared none")},
    {_chance("several", 8)}, {_chance("antenna", 50)}, {_chance("landline", 10)}, {_random("computers", 2)},
    1 + {_random("mobiles", 4)}, {_chance("cars", 14)}::int, {_chance("motorcycles", 20)}::int,
    (20 + {_random("water", 160)})::text, (40 + {_random("power", 280)})::text || '.50',
    (40 + {_random("butane", 140)})::text, {_random("telephone", 120)}::text, {_random("internet", 200)}::text,
    {_chance("loan", 12)}, {_chance("second", 4)}, {_chance("garage", 5)}, {_chance("premises", 5)},
    {_chance("land", 5)}, {_chance("irrigated", 15)}, {_random("cows", 3)}
FROM generate_series(1, $1::bigint) n
"""
# `who` is the member's person and membership: those of the head bear the number of the household.
EVERYBODY = f"""
    SELECT n AS home, place, n * 6 + place AS n, CASE place WHEN 0 THEN n ELSE $1 + n * 6 + place END AS who,
        CASE place WHEN 0 THEN 'head' WHEN 1 THEN 'spouse' ELSE 'child' END AS relation
    FROM generate_series(1, $1::bigint) n, LATERAL generate_series(0, {MEMBERS}::int - 1) place
"""
OTHERS = f"""
INSERT INTO person (id, identifier, given_name_ar, family_name_ar, given_name_latin, family_name_latin, birth_date,
    birth_precision, gender)
SELECT who, lpad(who::text, 10, '0'), 'سارة', 'بناني', 'Sara', 'Bennani', {FACTS_ON} - 3650, 'day', 'female'
FROM ({EVERYBODY}) everybody WHERE place > 0
"""
OTHER_MEMBERSHIPS = f"""
INSERT INTO membership (id, reference, household_id, person_id, relation, status, invited_by, invited_at)
SELECT who, 'M-' || who, home, who, relation, 'active', home, {DECLARED_AT}
FROM ({EVERYBODY}) everybody WHERE place > 0
"""
MEMBER_ROWS = f"""
INSERT INTO declared_member (id, declaration_id, membership_id, person_id, awaiting, relation, birth_date,
    birth_precision, schooling, education, diploma, literate, active, occupation, health_cover)
SELECT n, home, who, who, FALSE,
    relation,
    {FACTS_ON} - (CASE WHEN place < 2 THEN 24 * 365 + {_random("born", 19000)} ELSE {_random("young", 7000)} END)::int,
    CASE WHEN {_chance("known", 95)} THEN 'day' ELSE 'year' END,
    {_one_of("school", "public public public private none")},
    {_one_of("education", "none none basic secondary higher")},
    {_one_of("diploma", "none none general technical higher")},
    {_chance("literate", 70)}, {_chance("active", 40)}, {_one_of("occupation", OCCUPATIONS)},
    {_one_of("cover", "none amo_tadamon amo_tadamon other")}
FROM ({EVERYBODY}) everybody
"""
# As after an earlier run: the rules of the programmes have not changed since.
LAST_RUN = f"""
INSERT INTO recomputation_run (reference, model, cut_off, status, is_dry_run, rules, decide_again, pace, messages,
    started_by, started_at, finished_at, counts)
VALUES ('N-0', $1, {DECLARED_AT}, 'published', FALSE, $2, FALSE, 20, 0,
    'operator', {DECLARED_AT}, {DECLARED_AT}, '{{}}')
"""
ANALYSED = (
    "person", "account", "household", "membership", "declaration", "declared_member", "index_event"
)  # fmt: skip


def _indexes(model: IndexModel) -> str:
    """The index of each household by the generator itself: what is changed is changed here, by one point."""
    scored = scoring_sql(
        model, "postgresql", declarations="SELECT declaration.* FROM declaration", passing=("id",)
    )
    exact = f'round("index"::numeric / {10**scored.decimals}, {scored.decimals})'
    return f"""
INSERT INTO index_event (id, household_id, declaration_id, model, zone, region, index, lines, decisions, reason,
    computed_at)
SELECT id, id, id, $1, 'urban', '06', ({exact} + (id % {CHANGED_ONE_IN} = 0)::int)::text, $2::json, '[]', 'first',
    {DECLARED_AT}
FROM ({scored.query}) scored
"""


async def fill(
    connection: asyncpg.Connection, *, households: int, model: IndexModel, everybody: bool = False
) -> None:
    """With `everybody` all members are in the population register, not only those who are told.

    Constraints between tables are not checked while filling: they hold by construction.
    """
    await connection.execute("SET session_replication_role = replica; SET work_mem = '256MB'")
    others = (OTHERS, OTHER_MEMBERSHIPS) if everybody else ()
    for statement in (HEADS, ACCOUNTS, HOUSEHOLDS, MEMBERSHIPS, MEMBER_ROWS, *others):
        await connection.execute(statement, households)
    await connection.execute(
        DECLARATIONS, households, *(_communes(zone) for zone in (Zone.URBAN, Zone.RURAL))
    )
    await connection.execute(_indexes(model), model.name, _ledger(model))
    for table in ANALYSED:
        await connection.execute(f"VACUUM (ANALYZE) {table}")
        await connection.execute(
            f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))"
        )
    await connection.execute(LAST_RUN, model.name, rules_digest(local_date(datetime.now(UTC))))
    await connection.execute("CHECKPOINT")


def _communes(zone: Zone) -> list[str]:
    return sorted(commune.code for commune in atlas().communes.values() if commune.zone is zone)


def _ledger(model: IndexModel) -> str:
    """The lines of an urban household, so that an index takes the room that it takes in a real register."""
    return json.dumps(score(model, zone="urban", region="06", values={}).written_lines())
