"""Places outside of our database that the desk writes to."""
