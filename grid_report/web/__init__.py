"""What every page shares: sign-in to Actor, problem answers, paging, CSRF, template filters."""
