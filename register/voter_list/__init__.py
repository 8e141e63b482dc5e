"""The ministry's list on its way into the register: read, judged row by row, loaded whole or not at all."""
