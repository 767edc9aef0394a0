"""Server state: queries and mutations, and the policies that they follow and that are useful alone."""
