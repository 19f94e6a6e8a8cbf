"""What people are told: who is owed which message, how it reaches them, and that it does so once."""
