"""What may be asked, who may look at it, and on what terms."""

from datetime import date, timedelta
from io import BytesIO

import pytest
from PIL import Image
from sqlalchemy import event

from identity.roles import Role
from identity.tables import AuditEntry
from notifications.sealing import Sealer
from registry.accesses import accesses
from registry.acts import Act
from registry.centres.officers import NotAllowed, OwnFile
from registry.errors import ChangedMeanwhile, NoHousehold, NotFound
from registry.facts import IncompleteFacts
from registry.household_views import household_view
from registry.indexes import written_decision
from registry.requests.asking import InvalidRequest, NoIndex, request_recomputation
from registry.requests.corrections import InvalidCorrection, NothingChanged
from registry.requests.decisions import AlreadyDecided, correct_facts, foresee_correction, refuse_request
from registry.requests.documents import clean_document
from registry.requests.reviews import open_request, queue, read_request_document
from registry.requests.timelines import LIST_LENGTH, request_timeline, requests_of
from registry.tables import Document, RequestReason, RequestStatus
from tests.registry.family import (
    add_family,
    add_officer,
    add_person,
    answer,
    declare,
    invite,
    rows,
    settled_family,
    told,
)
from tests.registry.worked_households import BENI_MELLAL, RURAL_FES_MEKNES, urban_home

SEALER = Sealer(bytes(range(32)))


async def ask(session, person, now, **options):
    asked = {"reason": RequestReason.OTHER, "words": "Look again.", **options}
    return await request_recomputation(session, person_id=person.id, now=now, **asked)


async def test_a_request_needs_an_index(session, now):
    family = await add_family(session, now)
    with pytest.raises(NoHousehold):
        await ask(session, family.hassan, now)
    await session.flush()
    settled = await settled_family(session, now)
    assert (await ask(session, settled.hassan, now)).due_on == date(2026, 3, 17)


async def test_no_index_while_somebody_is_awaited(session, now):
    family = await add_family(session, now)
    await invite(session, family, now)
    await declare(session, family.hassan, now)
    with pytest.raises(NoIndex):
        await ask(session, family.hassan, now)


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"words": "  "}, "words"),
        ({"words": "x" * 2001}, "words"),
        ({"reason": RequestReason.WRONG_LINE}, "line"),
        ({"reason": RequestReason.WRONG_LINE, "line_code": "R1"}, "line"),
        ({"fact": "person_id"}, "fact"),
        ({"fact": "M-00000000.birth_date"}, "fact"),
        ({"proposed_value": "x" * 201}, "value"),
    ],
)
async def test_a_request_that_says_nothing_usable_is_refused(session, now, wrong, code):
    family = await settled_family(session, now)
    with pytest.raises(InvalidRequest) as refused:
        await ask(session, family.hassan, now, **wrong)
    assert refused.value.code == code
    assert await requests_of(session, person_id=family.hassan.id) == ()


async def test_a_timeline_is_for_the_household_and_its_words_for_the_writer(session, now):
    family = await settled_family(session, now)
    stranger = await add_person(session, "Omar", date(1980, 1, 1))
    request = await ask(session, family.fatima, now)
    timeline = await request_timeline(session, person_id=family.fatima.id, reference=request.reference)
    assert (timeline.words, timeline.is_open, timeline.status) == (
        "Look again.",
        True,
        RequestStatus.RECEIVED,
    )
    seen = await request_timeline(session, person_id=family.hassan.id, reference=request.reference)
    assert (seen.words, seen.is_own) == (None, False)
    with pytest.raises(NotFound):
        await request_timeline(session, person_id=stranger.id, reference=request.reference)
    assert (await told(session, family.fatima))[-1] == "request_received"


async def test_the_oldest_request_can_be_opened_and_a_long_list_costs_no_more_than_a_short_one(
    session, now, engine
):
    family = await settled_family(session, now)
    references = []
    for day in range(LIST_LENGTH + 1):
        request = await ask(session, family.hassan, now + timedelta(days=day))
        request.status, request.decided_at = RequestStatus.REFUSED, now + timedelta(days=day)
        references.append(request.reference)
    await session.flush()
    session.expunge_all()
    statements = []

    @event.listens_for(engine.sync_engine, "before_cursor_execute")
    def note(_c, _k, statement, *_):
        statements.append(statement)

    listed = await requests_of(session, person_id=family.hassan.id)
    assert [each.reference for each in listed] == references[:0:-1]
    assert len(statements) <= 4
    oldest = await request_timeline(session, person_id=family.hassan.id, reference=references[0])
    assert oldest.index_before is not None


async def test_the_queue_shows_the_oldest_deadline_first_a_page_at_a_time(session, now):
    expected = []
    for day in (2, 0, 1):
        family = await settled_family(session, now)
        request = await ask(session, family.hassan, now + timedelta(days=day))
        expected.append((day, request.reference))
    elsewhere = await add_person(session, "Omar", date(1980, 1, 1))
    await declare(session, elsewhere, now, home=urban_home(commune=BENI_MELLAL))
    await ask(session, elsewhere, now)
    agent = await add_officer(session, request.centre_code, now)
    references = [reference for _, reference in sorted(expected)]
    first = await queue(session, staff_id=agent, now=now, limit=2)
    assert [entry.reference for entry in first] == references[:2]
    rest = await queue(session, staff_id=agent, now=now + timedelta(days=17), after=references[1])
    assert [(entry.reference, entry.is_late) for entry in rest] == [(references[2], False)]


async def test_who_may_open_a_request(session, now):
    family = await settled_family(session, now)
    request = await ask(session, family.hassan, now)
    centre = request.centre_code
    sister = await add_person(session, "Hind", date(1990, 1, 1), father_id=family.hassan.id)
    member = await add_officer(session, centre, now, person=family.fatima)
    daughter = await add_officer(session, centre, now, person=sister)
    elsewhere = await add_officer(session, "elsewhere", now)
    administrator = await add_officer(session, centre, now, role=Role.ADMINISTRATOR)
    for staff_id, refusal in (
        (member, OwnFile),
        (daughter, OwnFile),
        (elsewhere, NotFound),
        (administrator, NotAllowed),
    ):
        with pytest.raises(refusal):
            await open_request(session, staff_id=staff_id, reference=request.reference, now=now)
        with pytest.raises(refusal):
            await refuse_request(
                session, staff_id=staff_id, reference=request.reference, words="No.", now=now
            )
    assert await accesses(session, person_id=family.hassan.id) == ()


async def test_an_auditor_reads_and_decides_nothing(session, now):
    family = await settled_family(session, now)
    request = await ask(session, family.hassan, now)
    auditor = await add_officer(session, "elsewhere", now, role=Role.AUDITOR)
    review = await open_request(session, staff_id=auditor, reference=request.reference, now=now)
    assert (review.may_decide, review.request.status) == (False, RequestStatus.RECEIVED)
    with pytest.raises(NotAllowed):
        await refuse_request(session, staff_id=auditor, reference=request.reference, words="No.", now=now)


async def test_what_an_officer_corrects(session, now):
    family = await settled_family(session, now)
    request = await ask(session, family.hassan, now)
    agent = await add_officer(session, request.centre_code, now)
    review = await open_request(session, staff_id=agent, reference=request.reference, now=now)
    fatima = next(
        member for member in review.members if member.person.person_id == family.fatima.id
    ).reference

    async def correct(**changed):
        names = {name.replace("__", "."): value for name, value in changed.items()}
        return await correct_facts(
            session,
            staff_id=agent,
            reference=request.reference,
            changed=names,
            words="Seen.",
            now=now,
        )

    for changed, refusal in (
        ({"bath": True}, NothingChanged),
        ({"rooms": "many"}, InvalidCorrection),
        ({"index": "1"}, InvalidCorrection),
        ({"M-00000000__diploma": "higher"}, InvalidCorrection),
        ({"commune": RURAL_FES_MEKNES}, IncompleteFacts),
    ):
        with pytest.raises(refusal):
            async with session.begin_nested():
                await correct(**changed)
    changed = {f"{fatima}.active": "true", "rooms": "2"}
    foreseen = await foresee_correction(
        session, staff_id=agent, reference=request.reference, changed=changed, now=now
    )
    correction = await correct_facts(
        session,
        staff_id=agent,
        reference=request.reference,
        changed=changed,
        words="Seen.",
        now=now,
    )
    assert foreseen.index.index == correction.index.index
    assert [written_decision(each) for each in foreseen.decisions] == correction.index.decisions
    with pytest.raises(AlreadyDecided):
        await foresee_correction(
            session, staff_id=agent, reference=request.reference, changed=changed, now=now
        )
    [spouse] = [member for member in correction.version.members if member.person_id == family.fatima.id]
    assert spouse.answers.active is True
    assert correction.version.household.rooms == 2
    assert correction.version.declaration.staff_id == agent
    entry = AuditEntry.action == Act.REQUEST_CORRECTED
    assert await rows(session, AuditEntry, entry) == 1


async def test_a_file_that_changed_since_it_was_shown_is_not_decided_blindly(session, now):
    family = await settled_family(session, now)
    request = await ask(session, family.hassan, now)
    agent = await add_officer(session, request.centre_code, now)
    review = await open_request(session, staff_id=agent, reference=request.reference, now=now)
    await declare(session, family.hassan, now, home=urban_home(rooms=3))
    with pytest.raises(ChangedMeanwhile):
        await correct_facts(
            session,
            staff_id=agent,
            reference=request.reference,
            changed={"bath": False},
            words="Seen.",
            household_version=review.household_version,
            now=now,
        )


async def test_a_correction_keeps_waiting_for_whom_the_declaration_awaits(session, now):
    family = await add_family(session, now)
    await declare(session, family.hassan, now)
    invitation = await invite(session, family, now)
    await declare(session, family.hassan, now)
    request = await ask(session, family.hassan, now)
    agent = await add_officer(session, request.centre_code, now)
    correction = await correct_facts(
        session,
        staff_id=agent,
        reference=request.reference,
        changed={"bath": False},
        words="Seen.",
        now=now,
    )
    assert not correction.version.declaration.complete
    await answer(session, family.fatima, invitation, now)
    view = await household_view(session, person_id=family.fatima.id, now=now)
    assert (view.members, view.complete) == (2, True)
    [line] = [line for line in view.lines if line["code"] == "U4"]
    assert line["value"] == "0"


async def test_a_document_is_sealed_and_read_on_the_record(session, now):
    family = await settled_family(session, now)
    photo = BytesIO()
    Image.new("RGB", (8, 8), "teal").save(photo, "JPEG")
    clean = await clean_document(name="facture.jpeg", content=photo.getvalue())
    request = await ask(session, family.hassan, now, document=clean, sealer=SEALER)
    agent = await add_officer(session, request.centre_code, now)
    review = await open_request(session, staff_id=agent, reference=request.reference, now=now)
    [listed] = review.documents
    assert (listed.name, listed.media_type) == ("facture.jpg", "image/jpeg")
    read = await read_request_document(
        session,
        staff_id=agent,
        reference=request.reference,
        document=listed.reference,
        sealer=SEALER,
        now=now,
    )
    assert read == clean
    assert [access.action for access in await accesses(session, person_id=family.hassan.id)] == [
        "document_read",
        "request_opened",
    ]
    assert await rows(session, Document, Document.sealed == clean.content) == 0
    with pytest.raises(NotFound):
        await read_request_document(
            session,
            staff_id=agent,
            reference=request.reference,
            document="F-00000000",
            sealer=SEALER,
            now=now,
        )
