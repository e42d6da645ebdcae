"""What people see: pages, forms, languages, the service centre."""
