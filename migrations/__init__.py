"""The history of the database's shape, applied by `tiwizi db upgrade`."""
