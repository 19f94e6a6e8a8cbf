"""A clinic that does not exist, with people who do not exist, busy around whatever day it is."""
