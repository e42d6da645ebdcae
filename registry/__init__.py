"""What the service is about: households, what they declare, the index and what it opens, and how it is contested."""
