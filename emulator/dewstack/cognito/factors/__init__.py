"""What users can prove themselves by beside a password: apps, codes, passkeys, devices."""
