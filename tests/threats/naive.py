"""What the portal must not be: the obvious way to write each control, which the tests of the threats must find out."""


async def note_nothing(_session: object, **_facts: object) -> None:
    """Every account is counted for itself alone."""
