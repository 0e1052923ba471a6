"""One sender and one receiver of files and trees, for both directions."""
