"""What pages of money read."""
