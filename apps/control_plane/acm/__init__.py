"""What clients ask of AWS Certificate Manager before they name a certificate by its ARN. Certificates that are requested, not brought, are not here."""
