"""Every way in: claiming an identifier, signing in, coming back, and proving more while signed in."""
