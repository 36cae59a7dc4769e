"""Stage 5: runs that outlive their caller: submitted, persisted, followed, cancelled."""
