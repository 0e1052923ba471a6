"""File work common to both ends: names, walking, listing, one sender and one receiver."""
