"""What belongs to somebody who has an account: telephone, e-mail address, authenticator, password, sessions."""
