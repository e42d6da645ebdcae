"""An index and its decisions as a page tells them: values already made, words already chosen."""
