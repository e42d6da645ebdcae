"""Public names of things: short enough to read over the telephone, random so that nobody can guess the next one."""

import secrets

# Crockford's base 32 has no I, L, O or U; A and E go too, so that no reference spells a word.
ALPHABET = "0123456789BCDFGHJKMNPQRSTVWXYZ"
LENGTH = 8


def new_reference(prefix: str) -> str:
    """A reference such as `R-7K2M9QXZ`. 6.5 × 10^11 exist for a prefix: the column needs a unique constraint."""
    return f"{prefix}-{''.join(secrets.choice(ALPHABET) for _ in range(LENGTH))}"
