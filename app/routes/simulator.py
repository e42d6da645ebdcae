"""Estimating an index without an account: the registry's own computation on numbers that are kept nowhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from litestar import Response, get, post
from litestar.exceptions import ClientException, NotFoundException
from markupsafe import Markup

from app.explanations.gauge import Gauge, gauge
from app.explanations.ledger import Explained, LedgerLine, most_telling
from app.explanations.outlook import balance_words
from app.explanations.programmes import ProgrammeWords, programme_words
from app.forms.base import Answer, Form, answers_of
from app.forms.declaration import choices_of
from app.forms.simulated import Contradiction, order_matters, simulated_facts, simulator_typed
from app.forms.simulator import SimulatorAnswers, counted, simulator_answers, ticked_facts, written_facts
from app.forms.simulator_link import HUNG_ON, LONGEST_LINK, MODEL, link_query, linked_answers
from app.i18n.catalogues import gettext
from app.i18n.labels import label
from app.i18n.variables import VARIABLES
from app.pages import go, page
from app.requests import PortalRequest
from registry.dates import local_date
from registry.facts import Education, Facts, Occupation, Zone
from registry.geography import atlas, options
from registry.households import find_household
from registry.indexes import written_decision
from registry.rules.eligibility import decide
from registry.rules.measures.of_members import MembersWho
from registry.rules.programmes import thresholds
from registry.rules.scoring import Index, IndexModel, model_on, models
from registry.rules.variables import index_of
from registry.versions import read_version

SIMULATOR = "/simulator"
OWN_HOUSEHOLD = "household"
BEFORE_THE_QUESTIONS = frozenset({"zone", "region", "from"})


@dataclass(frozen=True)
class Estimate:
    """What a declaration of these facts would give: the same index, and the same decisions."""

    index: Index
    programmes: tuple[ProgrammeWords, ...]
    scale: Gauge
    telling: tuple[LedgerLine, ...]
    balance: Markup
    order_matters: bool


@get(SIMULATOR)
async def show_simulator(request: PortalRequest) -> Response[bytes]:
    """First the place; then the questions of its zone, perhaps filled in from one's own declaration or from a link."""
    model = model_on(local_date(request.now))
    if request.query_params.get("from") == OWN_HOUSEHOLD:
        return await _from_household(request, model)
    if set(request.query_params) - BEFORE_THE_QUESTIONS - set(HUNG_ON):
        return _from_link(request, model)
    zone, region = request.query_params.get("zone", ""), request.query_params.get("region", "")
    if zone not in set(Zone) or region not in atlas().regions:
        return _place(request, zone, region)
    form = Form(simulator_answers(Zone(zone), model), request.lang)
    form.answers = {"zone": zone, "region": region}
    return _questions(request, form, Zone(zone), model)


@post(SIMULATOR, opt={"repeatable": True})
async def estimate(request: PortalRequest) -> Response[bytes]:
    """Repeated at will: nothing is written."""
    return _answered(request, await answers_of(request), model_on(local_date(request.now)))


def _from_link(request: PortalRequest, model: IndexModel) -> Response[bytes]:
    """The estimate of a link, by the formula of today. A link that nobody could have made here is refused in words."""
    if len(request.scope["query_string"]) > LONGEST_LINK:
        raise ClientException
    sent = linked_answers(request.query_params.multi_items())
    made_by = sent.pop(MODEL, model.name)
    if made_by not in {each.name for each in models()}:
        raise NotFoundException
    return _answered(request, sent, model, other_formula=made_by != model.name)


def _answered(
    request: PortalRequest, sent: dict[str, Answer], model: IndexModel, *, other_formula: bool = False
) -> Response[bytes]:
    zone = sent.get("zone")
    if not isinstance(zone, str) or zone not in set(Zone):
        return _place(request, "", "", status=200 if request.method == "POST" else 422)
    form = Form(simulator_answers(Zone(zone), model), request.lang, sent)
    if not form.valid:
        return _questions(request, form, Zone(zone), model, status=422)
    try:
        facts = simulated_facts(form.data, model, local_date(request.now))
    except Contradiction as contradiction:
        form.refuse(contradiction.name, contradiction.code, **contradiction.values)
        return _questions(request, form, Zone(zone), model, status=422)
    return _questions(
        request, form, Zone(zone), model, found=_estimate(request, facts, model), other_formula=other_formula
    )


async def _from_household(request: PortalRequest, model: IndexModel) -> Response[bytes]:
    """Only for the citizen in person: an officer's reading of a declaration is recorded elsewhere."""
    visitor = request.visitor
    if visitor is None:
        return go(request, f"/sign-in?next={SIMULATOR}")
    if visitor.person_id is None or visitor.is_staff:
        return go(request, SIMULATOR)
    household = await find_household(request.db, person_id=visitor.person_id)
    if household is None or household.current_declaration_id is None:
        return go(request, SIMULATOR)
    version = await read_version(request.db, declaration_id=household.current_declaration_id)
    facts = version.facts()
    zone = atlas().commune(facts.household.commune).index_zone
    form = Form(simulator_answers(zone, model), request.lang)
    form.answers = simulator_typed(facts, model)
    return _questions(request, form, zone, model, found=_estimate(request, facts, model))


def _place(request: PortalRequest, zone: str, region: str, *, status: int = 200) -> Response[bytes]:
    choice = Form(SimulatorAnswers, request.lang)
    choice.answers = {"zone": zone, "region": region}
    visitor = request.visitor
    return page(
        request,
        "simulator/place.html",
        status=status,
        choice=choice,
        half_answered=bool(zone or region),
        regions=[(option.code, option.text) for option in options(None, request.lang)],
        zones=[(zone.value, label(request.lang, zone)) for zone in Zone],
        has_file=visitor is not None and not visitor.is_staff,
    )


def _questions(
    request: PortalRequest,
    form: Form[SimulatorAnswers],
    zone: Zone,
    model: IndexModel,
    *,
    status: int = 200,
    found: Estimate | None = None,
    other_formula: bool = False,
) -> Response[bytes]:
    link = f"{SIMULATOR}?{link_query(form.answers, model.name)}" if found else ""
    live = request.headers.get("hx-request") == "true"
    return page(
        request,
        "simulator/questions.html",
        status=200 if live else status,
        block="estimate",
        form=form,
        zone=zone,
        estimate=found,
        link=link,
        # The other languages show what a link shows; the answers of a form are never put into an address by us.
        path=link if link and request.query_params else SIMULATOR,
        site=request.portal.settings.public_url,
        other_formula=other_formula,
        model=model,
        regions=[(option.code, option.text) for option in options(None, request.lang)],
        educations=_words(request, Education),
        occupations=_words(request, Occupation),
        counted=[(line.code, gettext(request.lang, VARIABLES[line.code])) for line in counted(zone, model)],
        by_school=any(isinstance(line, MembersWho) for line in model.zones[zone].variables),
        ticked=ticked_facts(zone, model),
        written=written_facts(zone, model),
        choices={
            fact: [(each.value, label(request.lang, each)) for each in choices_of(fact)]
            for fact in written_facts(zone, model)
        },
    )


def _words(request: PortalRequest, kind: Any) -> list[tuple[str, str]]:
    return [(member.value, label(request.lang, member)) for member in kind]


def _estimate(request: PortalRequest, facts: Facts, model: IndexModel) -> Estimate:
    today = local_date(request.now)
    index = index_of(facts, model)
    decisions = [written_decision(each) for each in decide(index.index, facts, today)]
    about = Explained(lang=request.lang, region=index.region, source="")
    return Estimate(
        index=index,
        programmes=programme_words(decisions, request.lang),
        scale=gauge(index.index, thresholds(today), request.lang),
        telling=most_telling(index.lines, about),
        balance=balance_words(decisions, request.lang),
        order_matters=order_matters(facts),
    )


HANDLERS = [show_simulator, estimate]
