"""What the tables of money have in common."""

from __future__ import annotations

from typing import Annotated

from sqlalchemy import BigInteger
from sqlalchemy.orm import mapped_column

CURRENCY = "currency ~ '^[A-Z]{3}$'"
"""ISO 4217, as the checks of the tables spell it."""

RECEIPT = "receipt in ('preferred','email','sms','print','none')"
"""How the receipt of a payment goes, as `receipts.By` has it."""

MOST_CENTS = 1_000_000_000
"""Ten million in the clinic's currency: nobody owes or pays more at once, and a slip of the finger is caught."""

Cents = Annotated[int, mapped_column(BigInteger)]
