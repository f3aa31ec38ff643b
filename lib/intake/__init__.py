"""Reading deliveries: profiles, readers, the ledger of every byte and the quarantine."""
