"""Photos for the demo: cut from pictures that were painted once and are kept in `config/demo`."""
