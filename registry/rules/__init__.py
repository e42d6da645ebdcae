"""What decides: the model of the index and the programmes, as data and as plain functions without a database."""
