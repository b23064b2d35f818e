"""One module per section of the page, each with a function `section(warehouse)`."""
