"""User pools and what belongs to a whole pool: settings, domains, resource servers, groups, tags."""
