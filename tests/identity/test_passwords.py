"""Which secrets are taken, how they are kept, and what happens when too many are checked at once."""

import asyncio
import base64

import argon2
import pytest

from identity.keys import Keys
from identity.proofs.passwords import (
    COMMON_PASSWORDS,
    MEMORY_KIB,
    SEALED_AS,
    Busy,
    PasswordHasher,
    PasswordRefused,
    ShortestPassword,
    check_password,
)
from tests.identity.world import CountingHasher

PERSONAL = (
    "0849302716",
    "+212612345678",
    "AB123456",
    "فاطمة",
    "الإدريسي",
    "Fatima",
    "El Idrissi",
    "fatima@example.ma",
)


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("", "too_short"),
        ("1234567", "too_short"),
        ("x" * 129, "too_long"),
        ("12345678", "common"),
        ("password", "common"),
        ("PASSWORD1", "common"),
        ("motdepasse", "common"),
        ("azertyuiop", "common"),
        ("aaaaaaaa", "common"),
        ("abcabcabc", "common"),
        ("abcdefgh", "common"),
        ("87654321", "common"),
        ("passwordpassword", "common"),
        ("tiwizi2026", "common"),
        ("Tiwizi-RSU!", "common"),
        ("ⵜⵉⵡⵉⵣⵉ12", "common"),
        ("المغرب2026", "common"),
        ("0849302716", "personal"),
        ("0612345678", "personal"),
        ("212612345678", "personal"),
        ("fatima84!", "personal"),
        ("idrissi-1", "personal"),
        ("Fatima.Idrissi", "personal"),
        ("الإدريسي84", "personal"),
    ],
)
def test_what_a_stranger_would_try_first_is_refused(password, code):
    with pytest.raises(PasswordRefused) as refused:
        check_password(password, shortest=ShortestPassword.CITIZEN, personal=PERSONAL)
    assert refused.value.code == code


@pytest.mark.parametrize(
    "password",
    [
        "trois figues",
        "صباح الخير يا أمي",
        "ⴰⵣⵓⵍ ⴼⵍⵍⴰⵡⵏ",
        "xK9!vbnQ",
        "fatima aime les figues",
        "é" * 7 + "ab",
        "🍋🍊🍐🍎 panier",
    ],
)
def test_any_characters_will_do(password):
    check_password(password, shortest=ShortestPassword.CITIZEN, personal=PERSONAL)


def test_staff_need_fifteen_characters():
    with pytest.raises(PasswordRefused) as refused:
        check_password("trois figues", shortest=ShortestPassword.STAFF)
    assert (refused.value.code, refused.value.shortest) == ("too_short", 15)
    check_password("trois figues mûres", shortest=ShortestPassword.STAFF)


def test_every_common_password_on_the_list_is_refused():
    listed = COMMON_PASSWORDS.read_text(encoding="utf-8").split()
    assert len(listed) > 3000
    for password in listed:
        with pytest.raises(PasswordRefused):
            check_password(password, shortest=ShortestPassword.CITIZEN)


async def test_a_secret_fits_its_hash_alone(hasher):
    hashed = await hasher.hash("trois figues")
    assert await hasher.verify(hashed, "trois figues")
    assert not await hasher.verify(hashed, "trois figue")
    assert not await hasher.verify("no hash", "trois figues")
    assert not await hasher.verify(None, "nobody has this secret")


async def test_composed_and_decomposed_letters_are_the_same(hasher):
    assert await hasher.verify(await hasher.hash("cafe\u0301 noir"), "caf\u00e9 noir")


async def test_without_the_key_no_hash_can_be_checked(hasher):
    hashed = await hasher.hash("trois figues")
    stranger = PasswordHasher(
        Keys.from_secret(b"another secret of the tests, as long"), memory_kib=8, passes=1
    )
    assert not await stranger.verify(hashed, "trois figues")
    with pytest.raises(argon2.exceptions.InvalidHashError):
        argon2.PasswordHasher().verify(hashed, "trois figues")
    assert "argon2" not in hashed


async def test_the_real_parameters_are_those_of_owasp(hasher, keys):
    real = PasswordHasher(keys)
    hashed = await real.hash("trois figues")
    opened = keys.sealer.unseal_text(base64.b64decode(hashed.partition(".")[2]), SEALED_AS)
    assert opened.startswith(f"$argon2id$v=19$m={MEMORY_KIB},t=2,p=1$")
    assert real.is_outdated(await hasher.hash("trois figues"))
    assert not real.is_outdated(hashed)


async def test_too_many_at_once_are_asked_to_come_back(keys):
    hasher = CountingHasher(keys, at_once=1, queue=3)
    results = await asyncio.gather(*(hasher.hash("x") for _ in range(10)), return_exceptions=True)
    refused = [result for result in results if isinstance(result, Busy)]
    assert len(refused) == 6
    assert {busy.retry_after for busy in refused} == {3}
    assert await hasher.hash("x")
