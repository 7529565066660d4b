"""The life of users: signing up, being made, found, changed, verified, recovered, locked out."""
