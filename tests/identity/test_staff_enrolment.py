"""A colleague who joins: two managers, one e-mail, and secrets that nobody else has seen."""

from datetime import timedelta
from functools import partial

import pyotp
import pytest
from sqlmodel import col, select

from identity import sessions
from identity.desk_tables import EnrolmentStatus, StaffEnrolment
from identity.entering.recovery import parse_recovery_code
from identity.proofs.passwords import PasswordRefused
from identity.proofs.totp import new_secret
from identity.roles import Role
from identity.staff import colleagues, joining
from identity.staff import enrolment as staff_enrolment
from identity.staff import sign_in as staff_sign_in
from identity.staff.colleagues import EnrolmentRefused
from identity.staff.enrolment import CODE_LIFE, Proposed
from identity.staff.officers import add_staff
from identity.tables import Staff
from notifications.tables import Delivery
from tests.identity.world import ADDRESS, BROWSER, add_person, all_at_once, count, last_code

EMAIL, PASSWORD = "hind@centre.example.ma", "sept figues sous la lune de mai"
CENTRE, ELSEWHERE = "C-1", "C-2"


async def add(session, hasher, keys, now, name, role, centre=CENTRE, **facts) -> int:
    added = await add_staff(
        session,
        email=f"{name}@centre.example.ma",
        name_ar="مسؤولة",
        name_latin="Amina Bennani",
        password="une longue phrase",
        role=role,
        centre_code=centre,
        hasher=hasher,
        keys=keys,
        now=now,
        **facts,
    )
    return added.staff.id


@pytest.fixture
async def people(session, hasher, keys, now):
    """A supervisor, an administrator and another of each, with Hind who is to join."""
    await add_person(session, identifier="0000000002", document_number="HH1")
    roles = {
        "supervisor": Role.SUPERVISOR,
        "second": Role.SUPERVISOR,
        "admin": Role.ADMINISTRATOR,
        "agent": Role.AGENT,
    }
    found = {name: await add(session, hasher, keys, now, name, role) for name, role in roles.items()}
    found["elsewhere"] = await add(session, hasher, keys, now, "elsewhere", Role.SUPERVISOR, ELSEWHERE)
    return found


def proposed(**changed) -> Proposed:
    known = {
        "email": EMAIL,
        "name_ar": "هند",
        "name_latin": "Hind",
        "role": Role.AGENT,
        "centre_code": CENTRE,
        "identifier": "0000000002",
    }
    return Proposed(**(known | changed))


@pytest.fixture
def propose(session, people, now):
    async def run(by="supervisor", **changed):
        return await staff_enrolment.propose_officer(
            session, manager_id=people[by], proposed=proposed(**changed), language="fr", now=now
        )

    return run


@pytest.fixture
def approve(session, people, hasher, keys, now):
    async def run(enrolment, by="admin"):
        return await staff_enrolment.approve_enrolment(
            session,
            manager_id=people[by],
            reference=enrolment.reference,
            hasher=hasher,
            keys=keys,
            now=now,
        )

    return run


@pytest.fixture
def enrol(session, hasher, keys):
    async def run(now, code, *, secret=None, password=PASSWORD, totp=None):
        known = {"hasher": hasher, "keys": keys, "now": now}
        found = await joining.check_enrolment_code(
            session, email=EMAIL, code=parse_recovery_code(code), address=ADDRESS, **known
        )
        secret = secret or new_secret()
        return await joining.finish_enrolment(
            session,
            reference=found.reference,
            secret=secret,
            totp=totp or pyotp.TOTP(secret).at(now),
            password=password,
            **known,
        )

    return run


async def refusal(work) -> str:
    with pytest.raises(EnrolmentRefused) as refused:
        await work
    return refused.value.code


async def test_two_managers_a_code_and_the_officer_is_in(session, propose, approve, enrol, hasher, keys, now):
    enrolment = await propose()
    assert await count(session, Delivery) == 0
    await approve(enrolment)
    code, secret = await last_code(session, keys, address=EMAIL), new_secret()
    assert code not in (await session.get(StaffEnrolment, enrolment.id)).code_hash
    officer = await enrol(now, code, secret=secret)
    assert (officer.role, officer.centre_code, officer.person_id) == (
        Role.AGENT,
        CENTRE,
        enrolment.person_id,
    )
    later = now + timedelta(minutes=1)
    facts = {"browser": BROWSER, "address": ADDRESS, "hasher": hasher, "keys": keys, "now": later}
    assert await staff_sign_in.sign_in_staff(
        session, email=EMAIL, password=PASSWORD, totp=pyotp.TOTP(secret).at(later), **facts
    )
    assert await refusal(enrol(later, code)) == "wrong"


@pytest.mark.parametrize(
    ("by", "then", "outcome"),
    [
        ("supervisor", "admin", None),
        ("admin", "supervisor", None),
        ("supervisor", "supervisor", "same_manager"),
        ("supervisor", "second", "no_manager"),
        ("admin", "admin", "same_manager"),
        ("supervisor", "agent", "not_allowed"),
        ("supervisor", "elsewhere", "not_found"),
    ],
)
async def test_who_approves_what_another_proposed(session, propose, approve, by, then, outcome):
    enrolment = await propose(by)
    if outcome is None:
        assert (await approve(enrolment, then)).status == EnrolmentStatus.APPROVED
    else:
        assert await refusal(approve(enrolment, then)) == outcome
        assert await count(session, Delivery) == 0


async def test_two_accounts_of_one_human_are_one_manager(session, people, propose, approve):
    human = await add_person(session, identifier="0000000003", document_number="HH2")
    for name in ("supervisor", "admin"):
        (await session.get(Staff, people[name])).person_id = human.id
    await session.flush()
    assert await refusal(approve(await propose())) == "same_manager"


@pytest.mark.parametrize(
    ("changed", "outcome"),
    [
        ({"centre_code": ELSEWHERE}, "other_centre"),
        ({"identifier": "0000000099"}, "unknown_person"),
        ({"email": "Agent@centre.example.ma"}, "email_used"),
    ],
)
async def test_what_cannot_be_proposed(propose, changed, outcome):
    assert await refusal(propose(**changed)) == outcome


async def test_one_proposal_an_address_and_one_officer_a_human(session, propose, approve, enrol, keys, now):
    await approve(await propose())
    assert await refusal(propose()) == "already_proposed"
    await enrol(now, await last_code(session, keys, address=EMAIL))
    assert await refusal(propose(email="other@centre.example.ma")) == "person_used"


async def test_agents_propose_nobody(propose):
    assert await refusal(propose("agent")) == "not_allowed"


async def test_the_code_lives_a_day_and_five_wrong_ones_wait(session, propose, approve, enrol, keys, now):
    await approve(await propose())
    code = await last_code(session, keys, address=EMAIL)
    for _ in range(5):
        assert await refusal(enrol(now, "0000-0000-0000-0000")) == "wrong"
    assert await refusal(enrol(now + timedelta(minutes=1), code)) == "wait"
    assert await refusal(enrol(now + CODE_LIFE, code)) == "wrong"


async def test_weak_secrets_leave_the_code_good(session, propose, approve, enrol, keys, now):
    await approve(await propose())
    code = await last_code(session, keys, address=EMAIL)
    with pytest.raises(PasswordRefused):
        await enrol(now, code, password="quatorze signe")
    assert await refusal(enrol(now, code, totp="000000")) == "not_current"
    assert await enrol(now, code)


async def test_a_lost_authenticator_takes_two_again_and_the_old_secrets_are_out(
    session, people, approve, hasher, keys, now
):
    colleague = await session.get(Staff, people["agent"])
    human = await add_person(session, identifier="0000000004", document_number="HH3")
    colleague.person_id = human.id
    await session.flush()
    before = colleague.password_hash
    token = await sessions.open_staff_session(session, staff_id=colleague.id, now=now)
    enrolment = await staff_enrolment.propose_again(
        session, manager_id=people["supervisor"], reference=colleague.reference, language="fr", now=now
    )
    await approve(enrolment)
    code, secret = await last_code(session, keys, address=colleague.email), new_secret()
    known = {"hasher": hasher, "keys": keys, "now": now}
    assert await joining.check_enrolment_code(
        session, email=colleague.email, code=parse_recovery_code(code), address=ADDRESS, **known
    )
    await joining.finish_enrolment(
        session,
        reference=enrolment.reference,
        secret=secret,
        totp=pyotp.TOTP(secret).at(now),
        password=PASSWORD,
        **known,
    )
    await session.refresh(colleague)
    assert colleague.password_hash != before
    assert await sessions.find_session(session, token=token, now=now) is None


async def test_a_service_ends_at_once(session, people, now):
    colleague = await session.get(Staff, people["agent"])
    token = await sessions.open_staff_session(session, staff_id=colleague.id, now=now)
    facts = {"reference": colleague.reference, "now": now}
    assert (
        await refusal(colleagues.disable_officer(session, manager_id=people["elsewhere"], **facts))
        == "not_found"
    )
    await colleagues.disable_officer(session, manager_id=people["supervisor"], **facts)
    assert await sessions.find_session(session, token=token, now=now) is None


async def test_two_managers_always_stay_and_nobody_ends_the_own_service(session, people, now):
    admin = people["admin"]
    names = {name: (await session.get(Staff, staff_id)).reference for name, staff_id in people.items()}
    end = partial(colleagues.disable_officer, session, manager_id=admin, now=now)
    assert await refusal(end(reference=names["admin"])) == "same_manager"
    await end(reference=names["supervisor"])
    await end(reference=names["second"])
    assert await refusal(end(reference=names["elsewhere"])) == "last_managers"


async def test_managers_who_end_each_others_service_at_once_leave_two(sessions, hasher, keys, now):
    async with sessions() as session, session.begin():
        ids = [
            await add(session, hasher, keys, now, f"admin{number}", Role.ADMINISTRATOR) for number in range(4)
        ]
        names = [(await session.get_one(Staff, staff_id)).reference for staff_id in ids]
    tries = [
        partial(colleagues.disable_officer, manager_id=ids[place], reference=names[place - 1], now=now)
        for place in range(4)
    ]
    await all_at_once(sessions, tries, kept=(EnrolmentRefused,))
    async with sessions() as session:
        assert await count(session, Staff, col(Staff.disabled_at).is_(None)) >= 2


async def test_of_ten_approvals_at_once_one_counts(sessions, hasher, keys, now):
    async with sessions() as session, session.begin():
        await add_person(session, identifier="0000000002", document_number="HH1")
        by = await add(session, hasher, keys, now, "supervisor", Role.SUPERVISOR)
        admins = [
            await add(session, hasher, keys, now, f"admin{number}", Role.ADMINISTRATOR)
            for number in range(10)
        ]
        enrolment = await staff_enrolment.propose_officer(
            session, manager_id=by, proposed=proposed(), language="fr", now=now
        )
    roomy = type(hasher)(keys, at_once=2, queue=20)
    known = {"reference": enrolment.reference, "hasher": roomy, "keys": keys, "now": now}
    tries = [partial(staff_enrolment.approve_enrolment, manager_id=staff_id, **known) for staff_id in admins]
    results = await all_at_once(sessions, tries, kept=(EnrolmentRefused,))
    assert sum(isinstance(result, StaffEnrolment) for result in results) == 1
    async with sessions() as session:
        sent = await session.exec(select(Delivery).where(col(Delivery.address) == EMAIL))
        assert len(list(sent)) == 1
