"""The prompt: where lines come from, what becomes of them, and all that lives on between them."""
