"""Whoever carries messages out of the house, behind one Protocol."""
