"""Why a file is not accepted."""

from registry.errors import Refused


class DocumentRefused(Refused):
    """`code`: empty, too_large, type, name, unreadable, too_many_pixels, encrypted or active_content."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code
