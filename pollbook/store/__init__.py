"""The book on the disk: one encrypted SQLite file, one writer, one thread."""
