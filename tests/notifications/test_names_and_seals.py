import re

import pytest

from notifications.references import apart_from_words, new_reference
from notifications.sealing import SealBroken, Sealer

KEY = bytes(range(32))


def test_references_are_short_unambiguous_and_do_not_repeat() -> None:
    references = {new_reference("R") for _ in range(5_000)}
    assert len(references) == 5_000
    assert all(re.fullmatch(r"R-[0-9BCDFGHJKMNPQRSTVWXYZ]{10}", reference) for reference in references)


@pytest.mark.parametrize("value", ["123456", "", "ⴰⵎⴰⵣⵉⵖ", "سر"])
def test_a_sealed_text_opens_only_in_its_context(value: str) -> None:
    sealed = Sealer(KEY).seal(value, "delivery:1")
    assert Sealer(KEY).unseal_text(sealed, "delivery:1") == value
    with pytest.raises(SealBroken):
        Sealer(KEY).unseal(sealed, "delivery:2")
    with pytest.raises(SealBroken):
        Sealer(bytes(32)).unseal(sealed, "delivery:1")


def test_sealing_twice_gives_different_bytes_without_the_value() -> None:
    first, second = (Sealer(KEY).seal(b"123456", "x") for _ in range(2))
    assert first != second
    assert b"123456" not in first


@pytest.mark.parametrize("position", [0, 1, 13, -1])
def test_an_altered_byte_is_noticed(position: int) -> None:
    sealed = bytearray(Sealer(KEY).seal("a document", "document:7"))
    sealed[position] ^= 1
    with pytest.raises(SealBroken):
        Sealer(KEY).unseal(bytes(sealed), "document:7")


@pytest.mark.parametrize("sealed", [b"", b"\x01", b"\x01" + bytes(12), b"\x01" + bytes(20)])
def test_what_was_never_sealed_does_not_open(sealed: bytes) -> None:
    with pytest.raises(SealBroken):
        Sealer(KEY).unseal(sealed, "x")


def test_a_short_key_is_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        Sealer(b"short")


def test_a_reference_is_told_apart_from_the_words_around_it() -> None:
    reference = new_reference("R")
    assert apart_from_words(f"توصلنا بطلبكم {reference}.") == ["توصلنا بطلبكم ", reference, "."]
    assert apart_from_words("E-mail, R-12, 06-12") == ["E-mail, R-12, 06-12"]
