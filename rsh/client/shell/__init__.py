"""Programs and the living shell over there, in the hands of whoever has the terminal here."""
