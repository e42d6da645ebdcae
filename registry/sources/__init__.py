"""Administrative sources: what they say of a household is kept beside what it declared, and never instead of it."""
