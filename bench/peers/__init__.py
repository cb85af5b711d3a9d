"""What people would use instead, set up on this computer and given the same work."""
