"""Money: whole minor units of a currency, each with the decimal places that currency has."""
