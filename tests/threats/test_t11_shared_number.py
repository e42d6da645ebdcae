"""T-11: one telephone of five people, which is normal, or a number that belongs to somebody else now.

Taking a number off: `tests/identity/test_phones.py`.
"""

from itertools import permutations

from sqlmodel import col, select

from identity.limits import DAY
from identity.proofs import codes
from identity.proofs.challenges import CodeRefused
from identity.proofs.tables import Challenge, OneTimeCode, Purpose
from tests.identity.world import PHONE, add_person, ask, last_code

PEOPLE = 5


async def opened_by_another(session, keys, now) -> int:
    """Of the twenty pairs of people, in how many the code of one opened the challenge of the other."""
    people = [
        await add_person(session, identifier=f"{number:010}", document_number=f"SH{number}", phone=PHONE)
        for number in range(PEOPLE)
    ]
    opened = 0
    for day, (one, other) in enumerate(permutations(people, 2), start=1):
        at = now + day * DAY
        hers = await ask(session, other, keys, at, subject=f"{day} other", browser=f"{day}")
        await ask(session, one, keys, at + DAY / 1000, subject=f"{day} one", browser=f"{day}")
        code = await last_code(session, keys)
        facts = {"challenge_id": hers.id, "purpose": Purpose.SIGN_IN, "browser": f"{day}", "keys": keys}
        try:
            await codes.check_code(session, **facts, code=code, now=at + DAY / 1000)
            opened += 1
        except CodeRefused:
            pass
    return opened


async def test_a_code_of_one_opens_nothing_of_another(session, keys, now):
    assert await opened_by_another(session, keys, now) == 0


async def test_the_same_people_where_a_code_belongs_to_the_number(session, keys, now, monkeypatch):
    async def of_the_number(session, challenge, code, *, keys, now):
        sent = select(OneTimeCode.digest).join(Challenge).where(Challenge.address == challenge.address)
        return list(await session.exec(sent.where(col(OneTimeCode.expires_at) > now)))

    def bound_to_the_number(challenge, code, keys):
        return keys.lookup_hash("naive", challenge.address or "", code)

    monkeypatch.setattr(codes, "_past_the_gate", of_the_number)
    monkeypatch.setattr(codes, "_digest", bound_to_the_number)
    assert await opened_by_another(session, keys, now) == PEOPLE * (PEOPLE - 1)
