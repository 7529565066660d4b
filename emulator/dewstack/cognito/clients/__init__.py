"""App clients: who may sign users in, and how they prove to be who they are."""
