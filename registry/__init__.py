"""What the service is about: households, what they declare, their index and what it opens, requests to review it."""
