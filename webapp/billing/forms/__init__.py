"""What pages of money send, as frozen requests; all that is wrong is said at once."""
