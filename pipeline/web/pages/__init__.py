"""The parts of the review page, each with the routes that lead to it."""
