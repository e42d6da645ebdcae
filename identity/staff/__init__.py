"""Officers: who they are, how a colleague joins, and their own door."""
