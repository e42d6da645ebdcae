"""What a recomputation request can be about: an index, its lines, the facts behind a line; and its form."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from litestar.datastructures import UploadFile

from app.explanations.ledger import Explained, LedgerLine, told_line
from app.forms.base import Answer, Form
from app.forms.declaration import ANSWER_OF_FACT, ANSWER_OF_MEMBER_FACT
from app.forms.recomputation import RecomputationAnswers, recomputation_answers
from app.i18n.catalogues import gettext
from app.i18n.variables import GROUPS, VARIABLES
from app.requests import PortalRequest
from identity.people import register
from registry.households import find_household
from registry.indexes import ledger
from registry.requests.documents import CleanDocument, TooManyDocuments, clean_document
from registry.requests.refused_documents import DocumentRefused
from registry.rules.index_models import model_named
from registry.rules.measures.of_members import HeadIs
from registry.rules.scoring import Line
from registry.rules.variables import FACTS_OF_VARIABLE, questions, zone_of
from registry.tables import Household, IndexEvent, RequestReason
from registry.versions import Version, VersionMember, membership_ids, read_version

# What was answered about the facts of one line says nothing about another's.
ABOUT_FACT = ("fact", "proposed_value")


@dataclass(frozen=True)
class Concerned:
    """A fact behind a line, as it stands. `name` is how a request names it, `who` is empty for the household's own."""

    name: str
    fact: str
    who: str
    value: Any


@dataclass(frozen=True)
class Asking:
    """The index that a request would be about, with the version of the facts that it was computed from."""

    household: Household
    event: IndexEvent
    version: Version
    lines: tuple[Line, ...]
    lang: str

    def line(self, code: str | None) -> LedgerLine | None:
        about = Explained(lang=self.lang, region=self.event.region, source="")
        return told_line(self.lines, code, about) if code else None

    def line_groups(self) -> list[tuple[str, list[tuple[str, str]]]]:
        """Every line that can be doubted, as people think of their life."""
        groups = []
        for title, codes in GROUPS.values():
            of_group = [
                (line.code, gettext(self.lang, VARIABLES[line.code]))
                for line in self.lines
                if line.code in codes and self.line(line.code)
            ]
            if of_group:
                groups.append((gettext(self.lang, title), of_group))
        return groups

    def facts_of(self, code: str) -> tuple[str, ...]:
        return FACTS_OF_VARIABLE.get(code, ())


async def read_asking(request: PortalRequest) -> Asking | None:
    """None without a household, and while there is no index."""
    household = await find_household(request.db, person_id=request.signed_in.citizen_id)
    if household is None or household.current_index_id is None:
        return None
    event = await request.db.get_one(IndexEvent, household.current_index_id)
    version = await read_version(request.db, declaration_id=event.declaration_id)
    return Asking(household, event, version, ledger(event.lines), request.lang)


async def concerned(request: PortalRequest, asking: Asking, code: str | None) -> tuple[Concerned, ...]:
    """The facts of a line that can be given a right answer here, all of one kind.

    The head, who declared them, sees those of every member; a member sees the household's and their own.
    """
    of_line = asking.facts_of(code) if code else ()
    home = [fact for fact in of_line if fact in ANSWER_OF_FACT]
    facts = [Concerned(fact, fact, "", getattr(asking.version.household, fact)) for fact in home]
    of_members = [fact for fact in of_line if fact in ANSWER_OF_MEMBER_FACT]
    if not of_members or facts:
        return tuple(facts)
    references = {key: name for name, key in (await membership_ids(request.db, asking.version)).items()}
    shown = list(_shown_members(request, asking, str(code), of_members[0]))
    people = await register.people(request.db, [person_id for _, person_id in shown])
    return tuple(
        Concerned(
            f"{references[member.membership_id]}.{of_members[0]}",
            of_members[0],
            register.names(people[person_id], request.lang).full,
            getattr(member.answers, of_members[0]),
        )
        for member, person_id in shown
    )


def _shown_members(
    request: PortalRequest, asking: Asking, code: str, fact: str
) -> Iterator[tuple[VersionMember, int]]:
    facts, model = asking.version.facts(), model_named(asking.event.model)
    asked, head_alone = questions(zone_of(facts), model), _is_about_head(asking, code)
    ages = {member.person_id: facts.age(member) for member in facts.members}
    reader = request.signed_in.citizen_id
    for member in asking.version.members:
        person_id = member.person_id
        if person_id is None or (head_alone and person_id != facts.head.person_id):
            continue
        if reader in (asking.household.head_person_id, person_id) and fact in asked.of_member(
            member.relation, ages[person_id]
        ):
            yield member, person_id


def _is_about_head(asking: Asking, code: str) -> bool:
    variables = {variable.code: variable for variable in model_named(asking.event.model).variables}
    return isinstance(variables.get(code), HeadIs)


async def read_asked(
    request: PortalRequest, asking: Asking, sent: dict[str, Answer]
) -> tuple[tuple[Concerned, ...], Form[RecomputationAnswers]]:
    """The form as it was sent, and the facts that its line offers."""
    line = sent.get("line")
    if line != sent.get("shown_line"):
        sent = {name: value for name, value in sent.items() if name not in ABOUT_FACT}
    facts = await concerned(request, asking, line if isinstance(line, str) else None)
    form = Form(recomputation_answers(facts[0].fact if facts else None), request.lang, sent)
    if form.valid:
        _check_line_and_fact(form, asking, facts)
    return facts, form


def _check_line_and_fact(
    form: Form[RecomputationAnswers], asking: Asking, facts: tuple[Concerned, ...]
) -> None:
    answers = form.data
    if answers.line and not asking.line(answers.line):
        form.refuse("line", "enum")
    elif not answers.line and answers.reason is RequestReason.WRONG_LINE:
        form.refuse("line", "missing")
    if answers.fact and answers.fact not in {each.name for each in facts}:
        form.refuse("fact", "enum")
    elif answers.proposed_value is not None and not answers.fact:
        form.refuse("fact", "missing")


def shows_other_line(form: Form[RecomputationAnswers], facts: tuple[Concerned, ...]) -> bool:
    """A line was chosen whose facts the page did not show yet: they are asked before going on."""
    return bool(facts) and form.typed("line") != form.typed("shown_line")


async def joined_document(sent: Mapping[str, Answer]) -> tuple[CleanDocument | None, str | None]:
    """The file of the post, cleaned, or the code of why it is not taken; neither when there is none."""
    file = sent.get("document")
    if not isinstance(file, UploadFile):
        return None, None
    try:
        return await clean_document(name=file.filename, content=await file.read()), None
    except (DocumentRefused, TooManyDocuments) as refused:
        return None, refused.code
