"""One file a threat: what is tried, and that it fails.

Where it can be shown, a portal without the guard stands beside it, and the same test catches that one.
"""
