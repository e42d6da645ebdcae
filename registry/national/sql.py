"""The index of a whole country in SQL, written from the model's data: the one generator for both databases.

Everything is whole numbers: a coefficient and a value are scaled by powers of ten that lose nothing, so that the sum
is, digit by digit, what `registry.variables.index_of` gives.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from registry.facts import COUNTS, MEMBERS, MONTHLY_MAD, Zone
from registry.geography import atlas
from registry.national.dialects import DIALECTS
from registry.rules.index_models import IndexModel, ZoneFormula
from registry.rules.measures import MemberQuestion, Variable
from registry.rules.measures.of_household import MONTHS_A_YEAR
from registry.rules.measures.sql import SIZE, Dialect, HouseholdSql, age_column, is_one_of
from registry.rules.scoring import exact_text
from registry.rules.variables import questions

LARGEST_WHOLE: Final = 2**63 - 1
OLDEST: Final = 150
# A household in an unknown commune is somewhere among the others, without a constant and so without an index.
ZONE_OF_THE_UNKNOWN: Final = Zone.URBAN
_LARGEST: Final[Mapping[str, int]] = {
    "flag": 1,
    "count": max(COUNTS.greatest, MEMBERS.greatest),
    "count_squared": MEMBERS.greatest**2,
    "years": OLDEST,
    "years_squared": OLDEST**2,
    "share": 1,
    "mad_per_year_per_head": MONTHLY_MAD.greatest * MONTHS_A_YEAR * COUNTS.greatest,
}


class ModelTooFine(Exception):
    """The decimals of a model do not fit into the whole numbers of a database."""

    code = "model_too_fine"


@dataclass(frozen=True, slots=True)
class ScoringSql:
    """A query of one row a declaration: what it was asked to pass on, and the `index`, scaled to `decimals`.

    The index is NULL where a fact that the model asks for was not answered, or the commune is not known.
    """

    query: str
    decimals: int


def scoring_sql(
    model: IndexModel, database: str, *, declarations: str, passing: tuple[str, ...], given: str = ""
) -> ScoringSql:
    """Score the `declarations`, a query of rows of that table with the columns named in `passing` beside them.

    It is written once for each zone; what it reads more than once can be a table of `given`, such as `t AS (SELECT …)`.

    Raises ModelTooFine.
    """
    decimals = index_decimals(model)
    zones = [_ZoneQuery(model, zone, DIALECTS[database], decimals, passing) for zone in Zone]
    places = ", ".join(_places(model, decimals))
    parts = [given] if given else []
    # Without a type of its own SQLite would compare each commune with every one of the list.
    listed = "SELECT CAST(column1 AS VARCHAR(20)) AS commune, column2 AS zone, column3 AS constant FROM"
    parts.append(f"place AS MATERIALIZED ({listed} (VALUES {places}) listed)")
    parts += [zone.homes(declarations) for zone in zones]
    scores = " UNION ALL ".join(zone.scores() for zone in zones)
    return ScoringSql(f"WITH {', '.join(parts)} {scores}", decimals)


def index_decimals(model: IndexModel) -> int:
    """The decimals that no index of this model exceeds. Raises ModelTooFine."""
    decimals = model.value_decimals + max(_decimals(number) for number in _coefficients(model))
    for formula in model.zones.values():
        if _largest(formula) * 10**decimals > LARGEST_WHOLE:
            raise ModelTooFine
    return decimals


def _coefficients(model: IndexModel) -> Iterator[Decimal]:
    for formula in model.zones.values():
        yield formula.constant
        yield from (regional.term for regional in formula.regions)
        yield from (variable.coefficient for variable in formula.variables)


def _decimals(number: Decimal) -> int:
    return len(exact_text(number).partition(".")[2])


def _largest(formula: ZoneFormula) -> Decimal:
    regional = max(abs(each.term) for each in formula.regions)
    of_variables = sum(abs(each.coefficient) * _LARGEST[each.kind] for each in formula.variables)
    return abs(formula.constant) + regional + of_variables


def _places(model: IndexModel, decimals: int) -> Iterator[str]:
    """Every commune with what its zone and region give to the index before any variable."""
    for commune in atlas().communes.values():
        formula = model.zones[commune.index_zone]
        constant = formula.constant + formula.regional_terms[commune.region_code].term
        yield f"('{commune.code}', '{commune.index_zone.value}', {_scaled(constant, decimals)})"


class _ZoneQuery:
    """The households of one zone: only what its formula needs is counted among their members."""

    def __init__(
        self, model: IndexModel, zone: Zone, dialect: Dialect, decimals: int, passing: tuple[str, ...]
    ) -> None:
        self.zone, self.dialect, self.passing = zone, dialect, passing
        self.household = HouseholdSql(dialect)
        variables = model.zones[zone].variables
        self.points = [_points(model, variable, self.household, decimals) for variable in variables]
        self.missing = _missing(model, zone, self.household)

    def homes(self, declarations: str) -> str:
        """The dates at which the ages that count begin are worked out once a household."""
        limits = "".join(
            f", {self.dialect.years_before('declared.facts_on', age)} AS {age_column(age)}"
            for age in sorted(self.household.ages)
        )
        return f"""{self.zone.value} AS {self.dialect.materialized} (
    SELECT declared.*, place.constant{limits}
    FROM ({declarations}) declared LEFT JOIN place ON place.commune = declared.commune
    WHERE coalesce(place.zone, '{ZONE_OF_THE_UNKNOWN.value}') = '{self.zone.value}' {self.dialect.fence}
)"""  # noqa: S608 -- written from the model's file and the atlas alone.

    def scores(self) -> str:
        counted = "".join(f", {aggregate} AS {name}" for aggregate, name in self.household.counted.items())
        joined = self.dialect.join_counted(f"{self.zone.value} home", f"count(*) AS size{counted}")
        return f"""SELECT {_listed("home", self.passing)},
    CASE WHEN {self.missing} THEN NULL ELSE home.constant + {" + ".join(self.points)} END AS "index"
FROM {joined}"""  # noqa: S608 -- as above.


def _points(model: IndexModel, variable: Variable, household: HouseholdSql, decimals: int) -> str:
    coefficient = int(variable.coefficient.scaleb(decimals - model.value_decimals))
    return variable.sql(household).points(coefficient, model.value_decimals)


def _missing(model: IndexModel, zone: Zone, household: HouseholdSql) -> str:
    """Where `registry.variables.missing_facts` finds something; a household without a head cannot be scored either."""
    asked = questions(zone, model)
    unanswered = " OR ".join(f"({_is_unanswered(question, household)})" for question in asked.members)
    conditions = [f"{household.fact(fact)} IS NULL" for fact in asked.household]
    conditions.append(f"coalesce({SIZE}, 0) = 0")
    conditions.append(f"{household.members_who(f'({unanswered})')} > 0")
    return " OR ".join(conditions)


def _is_unanswered(question: MemberQuestion, household: HouseholdSql) -> str:
    of_relations = (
        [is_one_of("member.relation", sorted(question.relations))] if question.relations is not None else []
    )
    return " AND ".join([f"member.{question.fact} IS NULL", *of_relations, *household.aged(*question.ages)])


def _scaled(number: Decimal, decimals: int) -> str:
    return f"CAST({int(number.scaleb(decimals))} AS BIGINT)"


def _listed(table: str, columns: tuple[str, ...]) -> str:
    return ", ".join(f"{table}.{column}" for column in columns)
