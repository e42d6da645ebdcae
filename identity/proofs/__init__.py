"""What one browser is asked and how it proves it: challenges, one-time codes, passwords, authenticators' steps."""
