"""Every table of Tiwizi, gathered in one metadata, and the rule that names its constraints.

Without a name a constraint could not be changed by a later migration; a table asks for the rule when it is
declared, so the rule comes before the imports.
"""

from sqlmodel import SQLModel

SQLModel.metadata.naming_convention = {
    "pk": "pk_%(table_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
}

import app.posts
import identity.desk_tables
import identity.people.tables
import identity.proofs.tables
import identity.tables
import notifications.tables
import registry.appointments.tables
import registry.centres.tables
import registry.model_life.tables
import registry.national.tables
import registry.sources.tables
import registry.tables
