"""A recomputation of the whole country, in the database and in resumable chunks."""
