"""Work on files over there that moves no content: remove, rename, permissions, copies, searches."""
