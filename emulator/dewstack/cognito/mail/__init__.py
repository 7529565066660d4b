"""What a pool writes to its users, and where it goes."""
