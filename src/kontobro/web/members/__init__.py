"""Members: invitations, roles, sign-up, the first visit."""
