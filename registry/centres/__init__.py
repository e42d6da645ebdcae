"""Service centres: where they are, what an officer may do there, and acting for a person who is present."""
