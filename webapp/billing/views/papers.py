"""Papers about money: a page that prints, and the same as a PDF; either is recorded as an export of who is on it."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING
from uuid import UUID

from flask import Response, request, url_for

from webapp import activity, hypermedia
from webapp.billing import day_on_paper, documents_on_paper
from webapp.billing.day_forms import id_of
from webapp.billing.views.door import blueprint
from webapp.cycle import scope
from webapp.db import Role
from webapp.errors import NotFound
from webapp.identity.permissions import Permission
from webapp.patients.queries import desk_record
from webapp.practice import queries as practice
from webapp.practice.letterhead import letterhead
from webapp.routing import requires

if TYPE_CHECKING:
    from webapp.billing.paper import Paper
    from webapp.practice.models import Location

VIEW = Permission.BILLING_VIEW
PDF = "application/pdf"
YEARS = range(2000, 2200)


@blueprint.get("/billing/invoices/<uuid:invoice_id>/print")
@requires(VIEW, role=Role.DESK)
def invoice_print(invoice_id: UUID) -> Response:
    """An issued invoice or credit note as a page that prints."""
    paper = documents_on_paper.invoice(invoice_id, scope().at)
    return _page(paper, url_for("billing.invoice_pdf", invoice_id=invoice_id))


@blueprint.get("/billing/invoices/<uuid:invoice_id>/pdf")
@requires(VIEW, role=Role.DESK)
def invoice_pdf(invoice_id: UUID) -> Response:
    """The same as a PDF file."""
    return _file(documents_on_paper.invoice(invoice_id, scope().at))


@blueprint.get("/billing/receipts/<uuid:receipt_id>")
@requires(VIEW, role=Role.DESK)
def receipt_print(receipt_id: UUID) -> Response:
    """What was paid in one coming, as a page that prints."""
    paper = documents_on_paper.receipt(receipt_id, scope().at)
    return _page(paper, url_for("billing.receipt_pdf", receipt_id=receipt_id))


@blueprint.get("/billing/receipts/<uuid:receipt_id>/pdf")
@requires(VIEW, role=Role.DESK)
def receipt_pdf(receipt_id: UUID) -> Response:
    """The same as a PDF file."""
    return _file(documents_on_paper.receipt(receipt_id, scope().at))


@blueprint.get("/patients/<uuid:patient_id>/statement")
@requires(VIEW, role=Role.DESK)
def statement_print(patient_id: UUID) -> Response:
    """What somebody owes and paid, as a page that prints."""
    return _page(_statement(patient_id), url_for("billing.statement_pdf", patient_id=patient_id))


@blueprint.get("/patients/<uuid:patient_id>/statement/pdf")
@requires(VIEW, role=Role.DESK)
def statement_pdf(patient_id: UUID) -> Response:
    """The same as a PDF file."""
    return _file(_statement(patient_id))


@blueprint.get("/billing/day/<day:day>/report")
@requires(Permission.DAY_CLOSE, role=Role.DESK)
def day_report(day: date) -> Response:
    """A day of a site with its drawers, as a page that prints."""
    site = _site()
    paper = day_on_paper.day_report(site, _within(day), scope().at)
    return _page(paper, url_for("billing.day_report_pdf", day=day, location=site.id))


@blueprint.get("/billing/day/<day:day>/report/pdf")
@requires(Permission.DAY_CLOSE, role=Role.DESK)
def day_report_pdf(day: date) -> Response:
    """The same as a PDF file."""
    return _file(day_on_paper.day_report(_site(), _within(day), scope().at))


def _statement(patient_id: UUID) -> Paper:
    site = next(iter(practice.locations()), None)
    patient = desk_record(patient_id)
    if site is None:
        raise NotFound
    return documents_on_paper.statement(patient, site, scope().at)


def _site() -> Location:
    wanted = id_of(request.args, "location")
    sites = practice.locations()
    site = next((site for site in sites if site.id == wanted), None) or next(iter(sites), None)
    if site is None:
        raise NotFound
    return site


def _within(day: date) -> date:
    if day.year not in YEARS:
        raise NotFound
    return day


def _page(paper: Paper, pdf: str) -> Response:
    _note(paper)
    return hypermedia.page("billing/paper.html", clinic=letterhead(paper.site), paper=paper.data(), pdf=pdf)


def _file(paper: Paper) -> Response:
    _note(paper)
    response = Response(paper.pdf(), mimetype=PDF)
    response.headers["Content-Disposition"] = f'inline; filename="{paper.filename}"'
    return response


def _note(paper: Paper) -> None:
    activity.note("exported", listed=paper.people, detail=f"billing.{paper.name}")
