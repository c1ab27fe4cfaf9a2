"""What file formats have in common: letters of an encoding, debit and credit pairs, master data from files."""
