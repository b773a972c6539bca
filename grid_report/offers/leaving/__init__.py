"""What becomes of bookings, places in queues and cards when their rider leaves."""
