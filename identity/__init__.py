"""Who is asking: the population register, accounts, one-time codes, staff and sessions. It knows no household."""
