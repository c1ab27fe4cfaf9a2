"""Plans for master data: what to create, update and archive at Pleo. The entry point is `make.make_plan`."""
