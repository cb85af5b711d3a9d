"""What a node makes of whom its owner follows: who is in scope, and how much what they say weighs. Pure computing."""
