"""Sessions that outlive their terminals: one program holds them, and terminals come and go."""
