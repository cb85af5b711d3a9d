"""What comes in from other tools' files and what goes out to them."""
