"""What is on a disk: names, places, walks, contents, and files that appear whole or not at all."""
