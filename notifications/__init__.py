"""Telling people: messages in three languages, an outbox, and the providers that carry them."""
