"""What goes out: messages, their publication, and the CRM feed."""
