"""Every table of Tiwizi, gathered in one metadata, and the rule that names its constraints.

The rule comes first: a constraint without a name could not be changed by a later migration.
"""

import contextlib
import importlib

from sqlmodel import SQLModel

SQLModel.metadata.naming_convention = {
    "pk": "pk_%(table_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
}

for module in ("notifications.tables", "identity.tables", "registry.tables", "app.posts"):
    with contextlib.suppress(ModuleNotFoundError):
        importlib.import_module(module)
