"""Who may talk to whom: certificates, fingerprints, the authorized and known_hosts files."""
