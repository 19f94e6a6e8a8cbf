"""People and organizations known from imported records."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from webapp.db import Base


class Organization(Base):
    """An organization known from imported records (FHIR Organization); not a site of ours."""

    __tablename__ = "organization"
    __table_args__ = (UniqueConstraint("identifier_system", "identifier_value"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    identifier_system: Mapped[str]
    identifier_value: Mapped[str]
    name: Mapped[str]
    phone: Mapped[str] = mapped_column(server_default=text("''"))
    line: Mapped[str] = mapped_column(server_default=text("''"))
    city: Mapped[str] = mapped_column(server_default=text("''"))
    state: Mapped[str] = mapped_column(server_default=text("''"))
    postal_code: Mapped[str] = mapped_column(server_default=text("''"))


class Practitioner(Base):
    """A practitioner known from imported records (FHIR Practitioner); providers are those whose time we book."""

    __tablename__ = "practitioner"
    __table_args__ = (UniqueConstraint("identifier_system", "identifier_value"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    identifier_system: Mapped[str]
    identifier_value: Mapped[str]
    family: Mapped[str]
    given: Mapped[str]
    prefix: Mapped[str] = mapped_column(server_default=text("''"))
