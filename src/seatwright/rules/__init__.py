"""What is true without a database: money, periods, windows, proration, quotes, differences."""
