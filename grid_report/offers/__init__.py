"""What points can be redeemed for: offers at stations, vouchers, and what became of them."""
