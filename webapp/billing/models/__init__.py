"""Documents, payments, drawers and the ledger that all of them are written into."""

from webapp.billing.models.attempts import Attempt, AttemptAllocation, AttemptEvent, GatewayEvent
from webapp.billing.models.documents import Invoice, InvoiceCounter, InvoiceLine
from webapp.billing.models.drawers import Drawer, DrawerDay, DrawerDayStep
from webapp.billing.models.ledger import LedgerEntry, LedgerTransaction
from webapp.billing.models.links import PaymentLink
from webapp.billing.models.payments import CardOnFile, CardSetup, Payment, Refund
from webapp.billing.models.simulated import SimulatedCall, SimulatedCharge, SimulatedPage, SimulatedReader

__all__ = [
    "Attempt",
    "AttemptAllocation",
    "AttemptEvent",
    "CardOnFile",
    "CardSetup",
    "Drawer",
    "DrawerDay",
    "DrawerDayStep",
    "GatewayEvent",
    "Invoice",
    "InvoiceCounter",
    "InvoiceLine",
    "LedgerEntry",
    "LedgerTransaction",
    "Payment",
    "PaymentLink",
    "Refund",
    "SimulatedCall",
    "SimulatedCharge",
    "SimulatedPage",
    "SimulatedReader",
]
