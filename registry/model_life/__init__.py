"""The life of a model of the index, or of a programme: drafted, compared, approved by two, in force, replaced."""
