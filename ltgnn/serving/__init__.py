"""What a finished model is for: lists for users, rules, reasons, export."""
