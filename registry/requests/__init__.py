"""Requests for recomputation: asked by a citizen, reviewed by an officer, decided once."""
