"""The book: rules, entries, ledger, custody and the local store. No Qt, no network, no devices."""
