"""People of the population register: who exists, how they are named and numbered, and who is added."""
