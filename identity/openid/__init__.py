"""A national identity service that speaks OpenID Connect, such as eSignet before a MOSIP register.

The portal is a relying party by the book: discovery alone says where things are, the authorization code comes with
PKCE, the client signs instead of having a secret, and nothing that arrives is believed before it is checked.
"""
