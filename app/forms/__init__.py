"""Forms: what each page asks, how an answer is read, and the words for what is wrong with it."""
