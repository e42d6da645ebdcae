"""Three languages, one table: locales, catalogues, formats, words for closed sets and template environments."""
