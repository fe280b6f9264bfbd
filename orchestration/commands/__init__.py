"""What each ``peilstok`` command does; every function returns an exit code and prints for people."""
