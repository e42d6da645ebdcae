"""The demonstration world: named families with a story, officers of two centres, and a synthetic population."""
