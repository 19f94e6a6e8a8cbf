"""Every change of money: one verb a function; each flushes, none commits."""
