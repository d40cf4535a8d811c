"""Facts of a customer that are no sums of days: attributes, invoices, product lines."""
