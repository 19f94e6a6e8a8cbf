"""Invoices, receipts and statements of a patient on paper: the same facts as the desk's, as the patient's own role."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from flask import Response, url_for

from webapp import activity, hypermedia
from webapp.billing import documents_on_paper
from webapp.billing.queries import own
from webapp.cycle import scope
from webapp.db import Role
from webapp.errors import NotFound
from webapp.identity.permissions import Permission
from webapp.portal.views.door import blueprint
from webapp.practice import queries as practice
from webapp.practice.letterhead import letterhead
from webapp.routing import requires

if TYPE_CHECKING:
    from webapp.billing.paper import Paper

MONEY = Permission.OWN_MONEY


@blueprint.get("/me/<uuid:patient_id>/invoices/<uuid:invoice_id>/print")
@requires(MONEY, role=Role.PATIENT)
def invoice_print(patient_id: UUID, invoice_id: UUID) -> Response:
    """An invoice as a page that prints."""
    pdf = url_for("portal.invoice_pdf", patient_id=patient_id, invoice_id=invoice_id)
    return _page(_invoice(patient_id, invoice_id), pdf)


@blueprint.get("/me/<uuid:patient_id>/invoices/<uuid:invoice_id>/pdf")
@requires(MONEY, role=Role.PATIENT)
def invoice_pdf(patient_id: UUID, invoice_id: UUID) -> Response:
    """The same as a PDF file."""
    return _file(_invoice(patient_id, invoice_id))


@blueprint.get("/me/<uuid:patient_id>/receipts/<uuid:receipt_id>")
@requires(MONEY, role=Role.PATIENT)
def receipt(patient_id: UUID, receipt_id: UUID) -> Response:
    """What was paid in one coming, as a page that prints."""
    pdf = url_for("portal.receipt_pdf", patient_id=patient_id, receipt_id=receipt_id)
    return _page(_receipt(patient_id, receipt_id), pdf)


@blueprint.get("/me/<uuid:patient_id>/receipts/<uuid:receipt_id>/pdf")
@requires(MONEY, role=Role.PATIENT)
def receipt_pdf(patient_id: UUID, receipt_id: UUID) -> Response:
    """The same as a PDF file."""
    return _file(_receipt(patient_id, receipt_id))


@blueprint.get("/me/<uuid:patient_id>/statement")
@requires(MONEY, role=Role.PATIENT)
def statement(patient_id: UUID) -> Response:
    """What is owed and was paid, as a page that prints."""
    return _page(_statement(patient_id), url_for("portal.statement_pdf", patient_id=patient_id))


@blueprint.get("/me/<uuid:patient_id>/statement/pdf")
@requires(MONEY, role=Role.PATIENT)
def statement_pdf(patient_id: UUID) -> Response:
    """The same as a PDF file."""
    return _file(_statement(patient_id))


def _invoice(patient_id: UUID, invoice_id: UUID) -> Paper:
    own.own_invoice(patient_id, invoice_id)
    return documents_on_paper.invoice(invoice_id, scope().at)


def _receipt(patient_id: UUID, receipt_id: UUID) -> Paper:
    own.own_receipt(patient_id, receipt_id)
    return documents_on_paper.receipt(receipt_id, scope().at)


def _statement(patient_id: UUID) -> Paper:
    site = next(iter(practice.locations()), None)
    if site is None:
        raise NotFound
    return documents_on_paper.statement(own.own_record(patient_id), site, scope().at)


def _page(paper: Paper, pdf: str) -> Response:
    activity.note("exported", listed=paper.people, detail=f"portal.{paper.name}")
    return hypermedia.page("billing/paper.html", clinic=letterhead(paper.site), paper=paper.data(), pdf=pdf)


def _file(paper: Paper) -> Response:
    activity.note("exported", listed=paper.people, detail=f"portal.{paper.name}")
    response = Response(paper.pdf(), mimetype="application/pdf")
    response.headers["Content-Disposition"] = f'inline; filename="{paper.filename}"'
    return response
